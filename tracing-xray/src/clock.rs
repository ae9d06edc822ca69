//! Time as X-Ray counts it: microseconds since the Unix epoch, written as seconds with a fraction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in microseconds since the Unix epoch.
///
/// X-Ray advises microseconds for segments and milliseconds for subsegments; we keep microseconds
/// everywhere. In JSON it is a number of seconds with a fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time so many microseconds after the Unix epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds since the Unix epoch, with a fraction.
    pub fn as_secs_f64(self) -> f64 {
        // 2^53 microseconds reach the year 2255, so the conversion loses nothing until then.
        self.0 as f64 / 1e6
    }

    /// The time that has passed since `earlier`, or zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This time and `duration` more.
    pub fn after(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before the epoch becomes the epoch.
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_micros(time.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=9e12).contains(&seconds) {
            return Err(serde::de::Error::custom(
                "a time in seconds since the epoch",
            ));
        }
        Ok(Self((seconds * 1e6).round() as u64))
    }
}

/// Where the time comes from: the system, or a test's own hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands until somebody sets it.
    Manual(ManualClock),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => SystemTime::now().into(),
            Self::Manual(clock) => clock.now(),
        }
    }
}

/// A clock that a test moves by hand; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `time`.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(time.0)))
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Acquire))
    }

    /// Moves it forward.
    pub fn advance(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_add(micros, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_seconds_with_microseconds() {
        let time = Timestamp::from_micros(1_763_790_000_123_456);
        assert_eq!(serde_json::to_string(&time).unwrap(), "1763790000.123456");
        assert_eq!(
            serde_json::from_str::<Timestamp>("1763790000.123456").unwrap(),
            time
        );
        assert_eq!(
            serde_json::from_str::<Timestamp>("1763790000").unwrap(),
            Timestamp::from_micros(1_763_790_000_000_000)
        );
        assert!(serde_json::from_str::<Timestamp>("-1").is_err());
    }

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let hand = ManualClock::at(Timestamp::from_micros(5));
        let clock = Clock::Manual(hand.clone());
        assert_eq!(clock.now(), Timestamp::from_micros(5));
        hand.advance(Duration::from_micros(3));
        assert_eq!(clock.now(), Timestamp::from_micros(8));
    }
}
