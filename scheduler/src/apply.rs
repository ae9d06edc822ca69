//! Makes a diff true on AWS: rules beside one another, the calls of one rule in their order. A rule
//! that fails stops no other, and the next apply finishes it.

use crate::calls::{RemoteError, concurrently};
use crate::diff::{Diff, RuleDiff, Step};
use crate::eventbridge::EventBridge;

/// What became of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The rule's name.
    pub name: String,
    /// The calls that were made, in their order.
    pub done: Vec<Step>,
    /// What failed; nothing where the rule is as it is wanted.
    pub errors: Vec<RemoteError>,
}

/// Makes all calls of a diff; answers in its order.
pub async fn apply(eventbridge: &EventBridge, diff: &Diff) -> Vec<Applied> {
    concurrently(diff.rules.clone(), |rule| {
        let eventbridge = eventbridge.clone();
        async move { one(&eventbridge, &rule).await }
    })
    .await
}

async fn one(eventbridge: &EventBridge, rule: &RuleDiff) -> Applied {
    let mut applied = Applied {
        name: rule.name.clone(),
        done: Vec::new(),
        errors: Vec::new(),
    };
    for step in rule.steps() {
        if let Err(errors) = eventbridge.perform(rule, &step).await {
            applied.errors = errors;
            break;
        }
        applied.done.push(step);
    }
    applied
}
