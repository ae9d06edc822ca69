//! The firings of an expression, one after the other.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

use super::calendar::{Bits, Calendar, below, month_after};
use super::field::{YEAR_FIRST, YEAR_LAST};

/// The firings of an expression after a time, made by [`super::Expression::firings`].
#[derive(Clone, Debug)]
pub struct Firings(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Cron(CronFirings),
    Rate {
        last: DateTime<Utc>,
        period: TimeDelta,
    },
    Ended,
}

impl Firings {
    pub(super) fn of_cron(calendar: Calendar, after: DateTime<Utc>) -> Self {
        Self(CronFirings::after(calendar, after).map_or(Kind::Ended, Kind::Cron))
    }

    pub(super) fn of_rate(period: TimeDelta, after: DateTime<Utc>) -> Self {
        Self(Kind::Rate {
            last: after,
            period,
        })
    }
}

impl Iterator for Firings {
    type Item = DateTime<Utc>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.0 {
            Kind::Cron(firings) => firings.next(),
            Kind::Rate { last, period } => last
                .checked_add_signed(*period)
                .inspect(|next| *last = *next),
            Kind::Ended => None,
        };
        if next.is_none() {
            self.0 = Kind::Ended;
        }
        next
    }
}

impl std::iter::FusedIterator for Firings {}

/// A month, what is left of its days, of the hours of the first of these days, and of the minutes
/// of the first of these hours.
#[derive(Clone, Debug)]
struct CronFirings {
    calendar: Calendar,
    year: i32,
    month: u32,
    days: Bits,
    hours: Bits,
    minutes: Bits,
}

impl CronFirings {
    fn after(calendar: Calendar, after: DateTime<Utc>) -> Option<Self> {
        let earliest = NaiveDate::from_ymd_opt(YEAR_FIRST as i32, 1, 1)?.and_hms_opt(0, 0, 0)?;
        let minute_after = (after.timestamp().div_euclid(60)).checked_add(1)?;
        let start = DateTime::from_timestamp(minute_after.checked_mul(60)?, 0)?;
        let start = start.max(earliest.and_utc());
        let mut firings = Self {
            calendar,
            year: start.year(),
            month: start.month(),
            days: calendar.days_of(start.year(), start.month()) & !below(start.day()),
            hours: calendar.hours,
            minutes: calendar.minutes,
        };
        if firings.days >> start.day() & 1 == 1 {
            firings.hours &= !below(start.hour());
            if firings.hours >> start.hour() & 1 == 1 {
                firings.minutes &= !below(start.minute());
            }
        }
        Some(firings)
    }

    fn next(&mut self) -> Option<DateTime<Utc>> {
        loop {
            if self.days == 0 {
                self.next_month()?;
            } else if self.hours == 0 {
                self.days = without_lowest(self.days);
                self.hours = self.calendar.hours;
            } else if self.minutes == 0 {
                self.hours = without_lowest(self.hours);
                self.minutes = self.calendar.minutes;
            } else {
                break;
            }
        }
        let (day, hour, minute) = (
            self.days.trailing_zeros(),
            self.hours.trailing_zeros(),
            self.minutes.trailing_zeros(),
        );
        self.minutes = without_lowest(self.minutes);
        let date = NaiveDate::from_ymd_opt(self.year, self.month, day)?;
        Some(date.and_hms_opt(hour, minute, 0)?.and_utc())
    }

    /// Goes to the next month with firings, whose days are then whole.
    fn next_month(&mut self) -> Option<()> {
        while self.days == 0 {
            (self.year, self.month) = month_after(self.year, self.month);
            if self.year > YEAR_LAST as i32 {
                return None;
            }
            self.days = self.calendar.days_of(self.year, self.month);
        }
        self.hours = self.calendar.hours;
        self.minutes = self.calendar.minutes;
        Some(())
    }
}

fn without_lowest(bits: Bits) -> Bits {
    bits & bits.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;
    use crate::expression::Expression;

    #[test]
    fn the_ends_of_time_are_no_panic() {
        for text in ["cron(* * * * ? *)", "rate(36525 days)"] {
            let expression = Expression::parse(text).unwrap();
            let earliest = DateTime::<Utc>::MIN_UTC;
            let latest = DateTime::<Utc>::MAX_UTC;
            assert!(expression.firings(earliest).next().is_some(), "{text}");
            assert_eq!(expression.firings(latest).next(), None, "{text}");
            assert!(expression.count(earliest, latest) > 0);
            assert_eq!(expression.count(latest, earliest), 0);
        }
    }

    #[test]
    fn a_rate_counts_from_the_time_given() {
        let expression = Expression::parse("rate(90 minutes)").unwrap();
        let after = Utc.with_ymd_and_hms(2026, 11, 28, 23, 0, 30).unwrap();
        let firings: Vec<String> = expression
            .firings(after)
            .take(2)
            .map(|firing| firing.to_rfc3339())
            .collect();
        assert_eq!(
            firings,
            ["2026-11-29T00:30:30+00:00", "2026-11-29T02:00:30+00:00"]
        );
    }
}
