//! `rate(value unit)`: every so many minutes, hours or days from the rule's creation on.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{ExpressionFault, shown};
use super::field::number;

/// The units, singular and plural, in minutes.
const UNITS: [(&str, &str, u32); 3] = [
    ("minute", "minutes", 1),
    ("hour", "hours", 60),
    ("day", "days", 24 * 60),
];

/// The longest period: a hundred years. EventBridge tells no limit.
const MINUTES_MAX: u64 = 36_525 * 24 * 60;

/// A rate of an EventBridge rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    text: String,
    minutes: u32,
}

impl Rate {
    /// Reads what stands between the brackets, without blanks around it.
    pub(super) fn read(
        text: &str,
        body: Range<usize>,
        faults: &mut Vec<ExpressionFault>,
    ) -> Option<Self> {
        match minutes(&text[body.clone()]) {
            Ok(minutes) => Some(Self {
                text: text.to_owned(),
                minutes,
            }),
            Err(message) => {
                faults.push(ExpressionFault::new(body, format!("rate: {message}")));
                None
            }
        }
    }

    /// The time from one firing to the next, at most a hundred years.
    pub fn period(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.minutes))
    }

    /// The text, exactly as AWS is to get it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn count(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        let seconds = (to - from).num_seconds() / (i64::from(self.minutes) * 60);
        u64::try_from(seconds).unwrap_or_default()
    }

    pub(super) fn warning(&self) -> String {
        "rate: it counts from the rule's creation, which AWS does not tell, so that the firings fall \
         on other minutes than these; write a cron() for fixed times"
            .to_owned()
    }
}

fn minutes(body: &str) -> Result<u32, String> {
    let split = body
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(body.len());
    let (digits, rest) = body.split_at(split);
    let word = rest.trim_start();
    let Some(value) = number(digits).filter(|_| !rest.starts_with('.')) else {
        return Err(format!(
            "`{}` begins with no whole number, write one such as `5 minutes`",
            shown(body)
        ));
    };
    if word.is_empty() {
        return Err(format!(
            "`{digits}` has no unit, write `{digits} {}`",
            if value == 1 { "minute" } else { "minutes" }
        ));
    }
    let lower = word.to_ascii_lowercase();
    let Some((singular, plural, unit)) = UNITS
        .into_iter()
        .find(|(singular, plural, _)| lower == *singular || lower == *plural)
    else {
        let mend = match lower.as_str() {
            "week" | "weeks" if value < 1_000 => format!("write `{} days`", value * 7),
            _ => "give minutes, hours or days".to_owned(),
        };
        return Err(format!("`{}` is no unit, {mend}", shown(word)));
    };
    if value == 0 {
        return Err(format!("0 {plural}, give at least `1 {singular}`"));
    }
    let total = u64::from(value) * u64::from(unit);
    let Some(total) = u32::try_from(total)
        .ok()
        .filter(|total| u64::from(*total) <= MINUTES_MAX)
    else {
        return Err(format!(
            "{digits} {plural} is longer than a hundred years, give less"
        ));
    };
    let written = format!("{value} {}", if value == 1 { singular } else { plural });
    if body != written {
        return Err(format!("`{}`, write `{written}`", shown(body)));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_their_period() {
        for (body, expected) in [
            ("1 minute", 1),
            ("5 minutes", 5),
            ("1 hour", 60),
            ("12 hours", 720),
            ("1 day", 1_440),
            ("365 days", 525_600),
        ] {
            assert_eq!(minutes(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn faults_tell_the_mend() {
        for (body, part) in [
            ("1 minutes", "write `1 minute`"),
            ("5 hour", "write `5 hours`"),
            ("5minutes", "write `5 minutes`"),
            ("5  minutes", "write `5 minutes`"),
            ("05 Minutes", "write `5 minutes`"),
            ("0 minutes", "give at least `1 minute`"),
            ("-1 minutes", "no whole number"),
            ("1.5 hours", "no whole number"),
            ("", "no whole number"),
            ("5", "write `5 minutes`"),
            ("30 seconds", "give minutes, hours or days"),
            ("2 weeks", "write `14 days`"),
            ("36526 days", "longer than a hundred years"),
            ("99999999999999999999 days", "longer than a hundred years"),
            ("5 \u{1b}[1m", "`\\u{1b}[1m` is no unit"),
        ] {
            let error = minutes(body).unwrap_err();
            assert!(error.contains(part), "{body}: {error}");
        }
    }
}
