//! Amounts and times as arguments: durations that may be in days, moments, sizes in bytes.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::spec;

/// Reads `7d`, or a duration as in job files.
pub(super) fn parse_period(text: &str) -> Result<Duration, String> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u32>().ok());
    match days {
        Some(0) => Err("is nothing, write such as `7d`".to_owned()),
        Some(days) => Ok(Duration::from_secs(24 * 3600) * days),
        None => {
            spec::parse_duration(text).map_err(|error| format!("{error}; in days such as `7d`"))
        }
    }
}

/// Reads a moment, such as `2026-01-01T00:00:00Z`.
pub(crate) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "write a time such as `2026-01-01T00:00:00Z`".to_owned())?;
    Ok(time.to_utc())
}

#[cfg(feature = "local")]
const UNITS: [(&str, u64); 7] = [
    ("kB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a whole number with a unit, as in `2GB`, in either case; without one it is bytes.
#[cfg(feature = "local")]
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = (digits.trim_end(), &text[digits.len()..]);
    let known = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let factor = match unit {
        "" | "B" => Some(1),
        _ => known.map(|(_, factor)| *factor),
    };
    let bytes = number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    match bytes {
        Some(bytes) if bytes < local_xray::BYTES_MIN => {
            let least = local_xray::BYTES_MIN / 1_000_000;
            Err(format!("is too little, write at least `{least}MB`"))
        }
        Some(bytes) => Ok(bytes),
        None => Err("is no size, write such as `2GB` or `500MB`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_may_be_in_days() {
        assert_eq!(parse_period("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(parse_period("90m"), Ok(Duration::from_secs(5400)));
        for text in ["0d", "d", "-1d", "7", "", "1.5d"] {
            assert!(parse_period(text).is_err(), "{text}");
        }
    }

    #[cfg(feature = "local")]
    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("2GB", 2_000_000_000),
            ("500mb", 500_000_000),
            ("1 GiB", 1 << 30),
            ("30000000", 30_000_000),
            ("20000 kB", 20_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "GB",
            "0",
            "-1GB",
            "1.5GB",
            "2XB",
            "99999999999TB",
            "2é",
            "4096",
            "7B",
            "19MB",
        ] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
