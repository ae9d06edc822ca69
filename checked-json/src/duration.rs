//! Durations as people write them: `250ms`, `30s`, `5m`, `1h`, `1h30m`.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The longest duration: a week.
pub const DURATION_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// A number without a unit.
    #[error("`{0}` has no unit, write `{0}s` for seconds or `{0}ms` for milliseconds")]
    NoUnit(String),
    /// Not numbers and units from the greatest to the smallest.
    #[error("`{0}` is no duration, write one such as `250ms`, `30s`, `5m` or `1h30m`")]
    Syntax(String),
    /// Nothing at all.
    #[error("`{0}` is zero, write at least `1ms`")]
    Zero(String),
    /// Longer than [`DURATION_MAX`].
    #[error("`{0}` is longer than a week, write at most `168h`")]
    TooLong(String),
}

/// The units from the greatest to the smallest, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads whole numbers with the units `h`, `m`, `s` and `ms`, each at most once and in this
/// order: from 1 ms to [`DURATION_MAX`].
///
/// # Errors
/// What is wrong with the text, and the mend.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let syntax = || DurationError::Syntax(text.to_owned());
    let too_long = || DurationError::TooLong(text.to_owned());
    if text.is_empty() {
        return Err(syntax());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let mut units = UNITS.into_iter();
    let mut rest = text;
    let mut total_ms = 0_u64;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit());
        let (word, after) = split_while(after, |c| c.is_ascii_alphabetic());
        let (_, unit_ms) = units.find(|(unit, _)| *unit == word).ok_or_else(syntax)?;
        if number.is_empty() {
            return Err(syntax());
        }
        let number: u64 = number.parse().map_err(|_| too_long())?;
        let part_ms = number.checked_mul(unit_ms).ok_or_else(too_long)?;
        total_ms = total_ms.checked_add(part_ms).ok_or_else(too_long)?;
        rest = after;
    }
    match Duration::from_millis(total_ms) {
        Duration::ZERO => Err(DurationError::Zero(text.to_owned())),
        duration if duration > DURATION_MAX => Err(too_long()),
        duration => Ok(duration),
    }
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Writes a duration so that [`parse_duration`] reads it; less than a millisecond is left out.
pub fn format_duration(duration: Duration) -> String {
    let mut rest_ms = duration.as_millis();
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        let unit_ms = u128::from(unit_ms);
        if rest_ms >= unit_ms {
            text.push_str(&format!("{}{unit}", rest_ms / unit_ms));
            rest_ms %= unit_ms;
        }
    }
    if text.is_empty() {
        text.push_str("0ms");
    }
    text
}

/// A field of a file that is a duration as text.
#[derive(Clone, Copy, Debug)]
pub struct DurationText(pub Duration);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let duration = parse_duration(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(duration))
    }
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_duration(self.0))
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whole numbers with the units h, m, s and ms, from 1ms to 168h.",
            "type": "string",
            "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "minLength": 1,
            "examples": ["250ms", "30s", "1h30m"],
            "x-duration": true,
            "x-wanted": "a duration as text, such as `30s`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse() {
        for (text, ms) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("1m1ms", 60_001),
            ("90s", 90_000),
            ("168h", 604_800_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_are_told_the_mend() {
        for (text, part) in [
            ("30", "write `30s`"),
            ("", "no duration"),
            ("s", "no duration"),
            ("1.5s", "no duration"),
            ("-1s", "no duration"),
            ("30 s", "no duration"),
            ("30sec", "no duration"),
            ("1m1h", "no duration"),
            ("1s1s", "no duration"),
            ("1h30", "no duration"),
            ("0s", "zero"),
            ("169h", "longer than a week"),
            ("99999999999999999999s", "longer than a week"),
            ("18446744073709551615h", "longer than a week"),
        ] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(ms in 1_u64..=604_800_000) {
            let duration = Duration::from_millis(ms);
            proptest::prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "[0-9hms.é -]{0,24}") {
            let _ = parse_duration(&text);
        }
    }
}
