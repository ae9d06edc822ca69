//! Moments as people read them, and programs: all in UTC.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing_xray::Timestamp;

/// A time with a zone, as annotations hold it.
pub(crate) fn parsed(text: &str) -> Option<Timestamp> {
    timestamp(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// Microseconds since the epoch; none for what was before it.
pub(crate) fn timestamp(time: DateTime<Utc>) -> Option<Timestamp> {
    let micros = u64::try_from(time.timestamp_micros()).ok()?;
    Some(Timestamp::from_micros(micros))
}

/// The moment so long before another, at the earliest the epoch.
pub(crate) fn before(time: Timestamp, length: Duration) -> Timestamp {
    let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
    Timestamp::from_micros(time.as_micros().saturating_sub(micros))
}

fn utc(time: Timestamp) -> DateTime<Utc> {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A moment as JSON has it: `2026-11-29T02:00:00Z`, with a fraction where there is one.
pub fn rfc_3339(time: Timestamp) -> String {
    utc(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// `2026-11-29 02:00:00 UTC`.
pub(crate) fn date_time(time: Timestamp) -> String {
    formatted(time, "%Y-%m-%d %H:%M:%S UTC")
}

/// A time as a format of `strftime` says.
pub(crate) fn formatted(time: Timestamp, format: &str) -> String {
    utc(time).format(format).to_string()
}
