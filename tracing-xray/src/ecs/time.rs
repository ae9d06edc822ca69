//! Times as ECS writes them: RFC 3339, with up to nanoseconds, such as
//! `2020-10-02T00:15:07.620912337Z`.

use crate::clock::Timestamp;

const SECS_PER_DAY: i64 = 86_400;

/// Reads a time, cut to microseconds. `None` when it is none, or lies before 1970.
pub(super) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let days = parse_date(date)?;
    let offset_at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = rest.split_at(offset_at);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let secs = parse_clock(clock)? - parse_offset(offset)?;
    let secs = u64::try_from(days * SECS_PER_DAY + secs).ok()?;
    Some(Timestamp::from_micros(
        secs * 1_000_000 + parse_micros(fraction)?,
    ))
}

/// `YYYY-MM-DD` as days since 1970-01-01.
fn parse_date(date: &str) -> Option<i64> {
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_len = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=month_len).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end, so that the days before a month
    // are a straight line: 153 days in five months.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1;
    // 1970-01-01 in this count.
    Some(days - 719_468)
}

/// `HH:MM:SS` as seconds; a leap second is the one after it.
fn parse_clock(clock: &str) -> Option<i64> {
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `Z` or `+HH:MM` as seconds east of UTC.
fn parse_offset(offset: &str) -> Option<i64> {
    let sign = match offset.chars().next()? {
        'Z' | 'z' => return (offset.len() == 1).then_some(0),
        '-' => -1,
        _ => 1,
    };
    let [hour, minute] = numbers(&offset[1..], ':', [2, 2])?;
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// The digits after the point as microseconds.
fn parse_micros(fraction: &str) -> Option<u64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(digits.fold(0, |micros, digit| micros * 10 + u64::from(digit - b'0')))
}

/// Numbers of exactly so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, lens: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (number, len) in found.iter_mut().zip(lens) {
        let part = parts.next().filter(|part| part.len() == len)?;
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
    use proptest::prelude::*;

    #[test]
    fn times_of_ecs_are_read() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2020-09-29T19:05:57.744432392Z", 1_601_406_357_744_432),
            ("2020-09-29T21:05:57.7+02:00", 1_601_406_357_700_000),
            ("2024-02-29T23:59:60Z", 1_709_251_200_000_000),
            ("2000-02-29t00:00:00z", 951_782_400_000_000),
        ] {
            let time = Timestamp::from_micros(micros);
            assert_eq!(parse_rfc3339(text), Some(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "0001-01-01T00:00:00Z",
            "2020-09-29",
            "2020-09-29T19:05:57",
            "2020-09-29 19:05:57Z",
            "2020-13-01T00:00:00Z",
            "2021-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2020-09-31T00:00:00Z",
            "2020-09-00T00:00:00Z",
            "2020-09-29T24:00:00Z",
            "2020-09-29T19:60:00Z",
            "2020-09-29T19:05:57.Z",
            "2020-09-29T19:05:57.+1Z",
            "2020-09-29T19:05:57Zulu",
            "2020-09-29T19:05:57+2:00",
            "2020-09-29T19:05:57+é0:00",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_reads_back(
            micros in 0..253_402_300_800_000_000_i64, // until the year 10000
            offset in -14 * 60..14 * 60_i32,
        ) {
            let time = DateTime::<Utc>::from_timestamp_micros(micros).unwrap();
            let expected = Some(Timestamp::from_micros(micros.unsigned_abs()));
            let utc = time.to_rfc3339_opts(SecondsFormat::Nanos, true);
            prop_assert_eq!(parse_rfc3339(&utc), expected, "{}", utc);
            let there = time.with_timezone(&FixedOffset::east_opt(offset * 60).unwrap());
            let there = there.to_rfc3339_opts(SecondsFormat::Micros, false);
            // Beyond the year 9999 RFC 3339 has no word.
            if there.starts_with(|first: char| first.is_ascii_digit()) {
                prop_assert_eq!(parse_rfc3339(&there), expected, "{}", there);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text: String) {
            let _ = parse_rfc3339(&text);
        }
    }
}
