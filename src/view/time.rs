//! Durations and times as people read them.

#[cfg(feature = "local")]
use chrono::DateTime;

/// A duration in seconds as people read it: `412 µs`, `12.3 ms`, `1.24 s`, `2 min 3 s`, `1 h 2 min`,
/// `3 d 4 h`. Three digits, or two units; `–` for what is no duration.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    // Each limit is where the text would round up to the next unit.
    match seconds {
        s if s < 999.5e-6 => format!("{:.0} µs", s * 1e6),
        s if s < 999.5e-3 => three_digits(s * 1e3, "ms"),
        s if s < 59.95 => three_digits(s, "s"),
        s if s < 3599.5 => two_units(s, 60, "min", "s"),
        s if s < 86_370.0 => two_units(s / 60.0, 60, "h", "min"),
        s => two_units(s / 3600.0, 24, "d", "h"),
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

fn two_units(small: f64, per_large: u64, large_unit: &str, small_unit: &str) -> String {
    let small = small.round() as u64; // saturates
    match (small / per_large, small % per_large) {
        (large, 0) => format!("{large} {large_unit}"),
        (large, rest) => format!("{large} {large_unit} {rest} {small_unit}"),
    }
}

/// Seconds since the epoch in UTC, in a format of chrono; `–` for what is no time.
#[cfg(feature = "local")]
pub(crate) fn utc(seconds: f64, format: &str) -> String {
    let time = Some(seconds).filter(|seconds| seconds.is_finite());
    time.and_then(|seconds| DateTime::from_timestamp_micros((seconds * 1e6).round() as i64))
        .map_or_else(|| "–".to_owned(), |time| time.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_or_two_units() {
        for (seconds, text) in [
            (0.0, "0 µs"),
            (0.000_412, "412 µs"),
            (0.000_999_6, "1.00 ms"),
            (0.0123, "12.3 ms"),
            (0.009_996, "10.0 ms"),
            (0.099_96, "100 ms"),
            (0.5, "500 ms"),
            (0.9996, "1.00 s"),
            (1.24, "1.24 s"),
            (59.9, "59.9 s"),
            (59.96, "1 min"),
            (123.0, "2 min 3 s"),
            (3599.6, "1 h"),
            (3720.0, "1 h 2 min"),
            (86_399.0, "1 d"),
            (273_600.0, "3 d 4 h"),
            (-1.0, "–"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        assert!(duration(f64::MAX).ends_with(" h"));
    }
}
