//! The schedule expressions of EventBridge rules: what they mean, when they fire, what surprises.
//!
//! EventBridge accepts expressions that never fire, and reads some as nobody meant them.
//! [`Expression::never_fires`] tells the ones, so that whoever wants to can refuse them, and
//! [`Expression::warnings`] what is legal and still surprises. All times are UTC, as a rule's are.
//! `at()` and time zones are EventBridge Scheduler's and not here.
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use scheduler::expression::Expression;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let expression: Expression = "cron(30 8 ? * MON-FRI *)".parse()?;
//! let saturday = Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap();
//! let next = expression.firings(saturday).next();
//! assert_eq!(next, Utc.with_ymd_and_hms(2026, 11, 30, 8, 30, 0).single());
//!
//! let error = Expression::parse("cron(*/60 10 * * * *)").unwrap_err();
//! assert_eq!(error.faults().len(), 2);
//! # Ok(())
//! # }
//! ```

mod calendar;
mod cron;
mod day;
mod error;
mod field;
mod firings;
mod lint;
mod mend;
mod rate;
#[cfg(test)]
mod tests;
mod wrapper;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

pub use cron::Cron;
pub use error::{ExpressionError, ExpressionFault};
pub use firings::Firings;
pub use rate::Rate;

/// The most characters of an expression: the limit of PutRule.
pub const EXPRESSION_CHARS_MAX: usize = 256;

/// A schedule expression of an EventBridge rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `cron(minutes hours day-of-month month day-of-week year)`, in UTC.
    Cron(Cron),
    /// `rate(value unit)`, counted from the rule's creation.
    Rate(Rate),
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Every fault of the text, each with its place: also what PutRule may take though only Quartz
    /// reads it, such as `*-30`, or though it has no one meaning, such as the weekday `L-2`. What
    /// is legal and never fires is no fault here, see [`Self::never_fires`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        wrapper::parse(text)
    }

    /// The firings strictly after a time, in order, found as they are asked for.
    ///
    /// A cron ends with its last year, at most 2199; one that never fires has none. A rate fires at
    /// `after` and one period, two periods and so on: EventBridge counts from the rule's creation,
    /// which no call of AWS tells.
    pub fn firings(&self, after: DateTime<Utc>) -> Firings {
        match self {
            Self::Cron(cron) => Firings::of_cron(cron.calendar, after),
            Self::Rate(rate) => Firings::of_rate(rate.period(), after),
        }
    }

    /// How many firings are at or after `from` and before `to`, without listing them.
    ///
    /// Of a rate it is how many whole periods fit between them: one more may fall there, by the
    /// time of the rule's creation.
    pub fn count(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        match self {
            Self::Cron(cron) => cron.calendar.count(from, to),
            Self::Rate(rate) => rate.count(from, to),
        }
    }

    /// Why it fires at no time though every field is legal: no day of its months and years matches,
    /// as on the 30th of February. `None` too when all its firings are past.
    ///
    /// EventBridge takes it, so it is read; what is stricter refuses it by this fault.
    pub fn never_fires(&self) -> Option<ExpressionError> {
        match self {
            Self::Cron(cron) => {
                let fault = cron.never_fires()?;
                Some(ExpressionError::new(cron.text(), vec![fault]))
            }
            Self::Rate(_) => None,
        }
    }

    /// What is legal and will surprise, one sentence each; `now` decides which firings are past.
    pub fn warnings(&self, now: DateTime<Utc>) -> Vec<String> {
        match self {
            Self::Cron(cron) => lint::warnings(cron, now),
            Self::Rate(rate) => vec![rate.warning()],
        }
    }

    /// The text, exactly as AWS is to get it.
    pub fn text(&self) -> &str {
        match self {
            Self::Cron(cron) => cron.text(),
            Self::Rate(rate) => rate.text(),
        }
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
