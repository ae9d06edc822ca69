//! When the rules of a diff will fire: before the change and after it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::diff::RuleDiff;
use crate::expression::Expression;
use crate::rule::Rule;

/// How many firings are shown.
const SHOWN: usize = 5;

/// The firings of both sides of a diff; nothing for a side that is not there or whose firings are not
/// known: it fires for events, or by an expression that only AWS reads.
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
        let of = |rule: &Option<Rule>| rule.as_ref().and_then(|rule| Firings::of(rule, now));
        Self {
            before: of(&rule.before),
            after: of(&rule.after),
        }
    }
}

impl Firings {
    /// The firings of a rule from `now` on, where they are known.
    pub fn of(rule: &Rule, now: DateTime<Utc>) -> Option<Self> {
        if !rule.is_enabled() {
            return Some(Self::default());
        }
        let expression = Expression::parse(rule.schedule.as_deref()?).ok()?;
        let year = TimeDelta::days(365);
        Some(Self {
            next: expression.firings(now).take(SHOWN).collect(),
            a_month: expression.count(now, now + year) as f64 / 12.0,
        })
    }
}
