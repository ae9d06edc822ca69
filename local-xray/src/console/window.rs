//! The window of time that a page looks at, as its address says it: `since=1h`, or `start` and `end`.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use tracing_xray::Timestamp;

use super::Address;
use super::answer::Failure;
use crate::time::{before, timestamp};
pub(super) use crate::time::{date_time, formatted, parsed, rfc_3339};

/// What a page offers, and what it takes where the address says nothing.
pub(super) const CHOICES: [(&str, &str); 8] = [
    ("5m", "Last 5 minutes"),
    ("15m", "Last 15 minutes"),
    ("1h", "Last hour"),
    ("3h", "Last 3 hours"),
    ("12h", "Last 12 hours"),
    ("1d", "Last day"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
];

const DEFAULT: &str = "1h";

/// The keys of an address that say it.
pub(super) const KEYS: [&str; 3] = ["since", "start", "end"];

/// An address with one window alone: `start` and `end` stand before `since`, unless the form was shown with
/// them, as its `between` says: then who chose a `since` wants it.
pub(super) fn plain(address: &Address) -> Address {
    let is_chosen = address.get("since").is_some() && address.get("between").is_some();
    let has_ends = address.get("start").or(address.get("end")).is_some();
    let dropped: &[&str] = match (is_chosen, has_ends) {
        (true, _) => &["between", "start", "end"],
        (false, true) => &["between", "since"],
        (false, false) => &["between"],
    };
    address.without(dropped)
}

/// A window of time, both ends within.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    spelled: Spelled,
}

#[derive(Clone, Debug, PartialEq)]
enum Spelled {
    Since(String),
    Between,
}

impl Window {
    /// The window that an address names; the last hour when it names none.
    pub(super) fn read(address: &Address, now: Timestamp) -> Result<Self, Failure> {
        let (start, end) = (address.get("start"), address.get("end"));
        if start.is_none() && end.is_none() {
            return Self::since(address.get("since").unwrap_or(DEFAULT), now);
        }
        let end = end.map_or(Ok(now), |text| read_time("end", text))?;
        let start = match start {
            Some(text) => read_time("start", text)?,
            None => before(end, Duration::from_secs(3600)),
        };
        if start > end {
            return Err(Failure::BadRequest(
                "the window ends before it starts".to_owned(),
            ));
        }
        Ok(Self {
            start,
            end,
            spelled: Spelled::Between,
        })
    }

    fn since(text: &str, now: Timestamp) -> Result<Self, Failure> {
        let Some(length) = read_length(text) else {
            return Err(Failure::BadRequest(format!(
                "since={text} is no length of time: write such as 15m, 6h or 7d"
            )));
        };
        Ok(Self {
            start: before(now, length),
            // A trace of this moment is within, even if the sender's clock is ahead.
            end: now.after(Duration::from_secs(1)),
            spelled: Spelled::Since(text.to_owned()),
        })
    }

    /// How long it is, in minutes.
    pub(super) fn minutes(&self) -> f64 {
        self.end.since(self.start).as_secs_f64() / 60.0
    }

    /// The choice that says it, if one does: `1h`.
    pub(super) fn choice(&self) -> Option<&str> {
        match &self.spelled {
            Spelled::Since(text) => Some(text),
            Spelled::Between => None,
        }
    }

    /// The window in words: `the last hour`, or both times.
    pub(super) fn words(&self) -> String {
        match &self.spelled {
            Spelled::Since(text) => {
                let known = CHOICES.iter().find(|(choice, _)| choice == text);
                let words =
                    known.map_or_else(|| format!("last {text}"), |(_, words)| words.to_lowercase());
                format!("the {words}")
            }
            Spelled::Between => format!("{} to {}", date_time(self.start), date_time(self.end)),
        }
    }

    /// The flags of a command that looks at the same.
    pub(super) fn flags(&self) -> Vec<String> {
        match &self.spelled {
            Spelled::Since(text) if text == DEFAULT => Vec::new(),
            Spelled::Since(text) => vec!["--since".to_owned(), text.clone()],
            Spelled::Between => {
                let (start, end) = (rfc_3339(self.start), rfc_3339(self.end));
                vec!["--since".to_owned(), start, "--until".to_owned(), end]
            }
        }
    }
}

/// `90s`, `15m`, `6h`, `7d`.
fn read_length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    // A sign is a number's, too.
    let digits = Some(number).filter(|number| number.bytes().all(|b| b.is_ascii_digit()))?;
    let number: u32 = digits.parse().ok().filter(|&number| number > 0)?;
    Some(Duration::from_secs(u64::from(number) * seconds))
}

/// `2026-11-29T02:00:00Z`, or without a zone, which is UTC, or without seconds: what forms send.
fn read_time(name: &str, text: &str) -> Result<Timestamp, Failure> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let plain = |format| NaiveDateTime::parse_from_str(text, format).map(|time| time.and_utc());
    let time = zoned
        .or_else(|_| plain("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| plain("%Y-%m-%dT%H:%M"));
    time.ok().and_then(timestamp).ok_or_else(|| {
        Failure::BadRequest(format!(
            "{name}={text} is no time: write such as 2026-11-29T02:00:00Z"
        ))
    })
}

/// The first full second that is not before a time: forms have no fractions, and what ends a window stays
/// within it.
pub(super) fn full_second(time: Timestamp) -> Timestamp {
    let seconds = time.as_micros().div_ceil(1_000_000);
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

/// As the inputs of forms have it: `2026-11-29T02:00:00`, in UTC.
pub(super) fn input_value(time: Timestamp) -> String {
    formatted(time, "%Y-%m-%dT%H:%M:%S")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Window, Failure> {
        let now = Timestamp::from_micros(1_763_790_000_000_000);
        Window::read(&Address::of(&format!("/?{query}").parse().unwrap()), now)
    }

    #[test]
    fn a_window_is_what_the_address_says() {
        for (query, seconds, flags) in [
            ("", 3601, ""),
            ("since=15m", 901, "--since 15m"),
            ("since=7d", 7 * 86_400 + 1, "--since 7d"),
            (
                "start=2025-11-22T05:00:00Z&end=2025-11-22T05:30",
                1800,
                "--since 2025-11-22T05:00:00Z --until 2025-11-22T05:30:00Z",
            ),
            (
                "end=2025-11-22T05:30:00.5",
                3600,
                "--since 2025-11-22T04:30:00.500Z --until 2025-11-22T05:30:00.500Z",
            ),
        ] {
            let window = read(query).unwrap();
            assert_eq!(window.end.since(window.start).as_secs(), seconds, "{query}");
            assert_eq!(window.flags().join(" "), flags, "{query}");
        }
    }

    #[test]
    fn a_window_that_is_chosen_stands_before_the_one_that_was_shown() {
        for (query, expected) in [
            (
                "since=1h&start=2025-11-22T05:00",
                "/?start=2025-11-22T05%3A00",
            ),
            (
                "since=1h&start=2025-11-22T05:00&between=shown",
                "/?since=1h",
            ),
            (
                "since=&start=2025-11-22T05:00&between=shown&filter=ok",
                "/?start=2025-11-22T05%3A00&filter=ok",
            ),
            ("since=1h&start=&end=", "/?since=1h&start=&end="),
            ("between=shown", "/"),
        ] {
            let address = plain(&Address::of(&format!("/?{query}").parse().unwrap()));
            let expected = Address::of(&expected.parse().unwrap());
            assert_eq!(address, expected, "{query}");
        }
    }

    #[test]
    fn a_form_holds_the_whole_window() {
        for (micros, value) in [
            (1_763_790_000_000_000, "2025-11-22T05:40:00"),
            (1_763_790_000_000_001, "2025-11-22T05:40:01"),
            (1_763_790_059_999_999, "2025-11-22T05:41:00"),
        ] {
            let end = full_second(Timestamp::from_micros(micros));
            assert_eq!(input_value(end), value);
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for query in [
            "since=1x",
            "since=0m",
            "since=m",
            "since=-1h",
            "since=%2B5m",
            "since=+5m",
            "since=é",
            "start=x",
            "end=1",
            "start=2025-11-22T06:00&end=2025-11-22T05:00",
        ] {
            assert!(
                matches!(read(query), Err(Failure::BadRequest(_))),
                "{query}"
            );
        }
    }
}
