//! When the rules of a diff will fire: before the change and after it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::diff::RuleDiff;
use crate::expression::Expression;
use crate::rule::Rule;

/// How many firings are shown.
const SHOWN: usize = 5;

/// The firings of both sides of a diff; nothing for a side that is not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// As the rule is on AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Firings>,
    /// As it is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Firings>,
}

/// When a rule fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Firings {
    /// The next firings, at most five; a rule that is off has none. Those of a rate count from now.
    pub next: Vec<DateTime<Utc>>,
    /// How many there are a month: a twelfth of the coming year's.
    pub a_month: f64,
}

impl Preview {
    /// The firings of a rule from `now` on.
    pub fn of(rule: &RuleDiff, now: DateTime<Utc>) -> Self {
        Self {
            before: rule.before.as_ref().map(|rule| Firings::of(rule, now)),
            after: rule.after.as_ref().map(|rule| Firings::of(rule, now)),
        }
    }
}

impl Firings {
    /// The firings of a rule from `now` on.
    pub fn of(rule: &Rule, now: DateTime<Utc>) -> Self {
        let expression = rule.schedule.as_deref().map(Expression::parse);
        match expression {
            Some(Ok(expression)) if rule.is_enabled() => Self {
                next: expression.firings(now).take(SHOWN).collect(),
                a_month: expression.count(now, now + TimeDelta::days(365)) as f64 / 12.0,
            },
            _ => Self::default(),
        }
    }
}
