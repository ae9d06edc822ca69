//! What a cron means: the minutes, hours, days, months and years at which it fires.
//!
//! Sets are bits of a word, so that a month's firing days are one word and are found without
//! looking at its days one by one.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Timelike, Utc};

use super::field::{YEAR_FIRST, YEAR_LAST};

/// A set of numbers from 0 to 63.
pub(super) type Bits = u64;

/// The rule for the days of a month. Weekdays count from 1, a Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// These days of the month.
    OfMonth(Bits),
    /// So many days before the last day.
    BeforeLast(u32),
    /// The weekday from Monday to Friday nearest to a day before the last day.
    WorkdayBeforeLast(u32),
    /// The weekday from Monday to Friday nearest to a day, within the month.
    WorkdayNear(u32),
    /// These days of the week.
    OfWeek(Bits),
    /// The last such day of the week in the month.
    LastOfWeek(u32),
    /// The first to fifth such day of the week in the month.
    NthOfWeek { weekday: u32, nth: u32 },
}

/// A set of the years that a rule may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Years([u64; 4]);

impl Years {
    pub(super) fn all() -> Self {
        (YEAR_FIRST..=YEAR_LAST).collect()
    }

    pub(super) fn contains(&self, year: i32) -> bool {
        let Some(index) = u32::try_from(year)
            .ok()
            .and_then(|year| year.checked_sub(YEAR_FIRST))
        else {
            return false;
        };
        self.0
            .get(index as usize / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = i32> + '_ {
        (YEAR_FIRST as i32..=YEAR_LAST as i32).filter(|year| self.contains(*year))
    }
}

impl FromIterator<u32> for Years {
    fn from_iter<I: IntoIterator<Item = u32>>(years: I) -> Self {
        let mut set = Self::default();
        for year in years {
            let index = year.saturating_sub(YEAR_FIRST);
            if let Some(word) = set.0.get_mut(index as usize / 64) {
                *word |= 1 << (index % 64);
            }
        }
        set
    }
}

/// When a cron fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    pub(super) minutes: Bits,
    pub(super) hours: Bits,
    pub(super) days: Days,
    pub(super) months: Bits,
    pub(super) years: Years,
}

impl Calendar {
    /// The days of a month at which it fires; none in a month or year that it does not name.
    pub(super) fn days_of(&self, year: i32, month: u32) -> Bits {
        if self.months >> month & 1 == 0 || !self.years.contains(year) {
            return 0;
        }
        let Some(first_day) = NaiveDate::from_ymd_opt(year, month, 1) else {
            return 0;
        };
        let last = u32::from(first_day.num_days_in_month());
        let first_weekday = first_day.weekday().number_from_sunday();
        let weekday_of = |day: u32| (first_weekday + day - 2) % 7 + 1;
        let workday_near = |day: u32| match weekday_of(day) {
            7 if day == 1 => 3,
            7 => day - 1,
            1 if day == last => day - 2,
            1 => day + 1,
            _ => day,
        };
        let first_such = |weekday: u32| (weekday + 7 - first_weekday) % 7 + 1;
        let day = match self.days {
            Days::OfMonth(days) => return days & through(last),
            Days::OfWeek(weekdays) => {
                let week = (0..7).filter(|day| weekdays >> weekday_of(day + 1) & 1 == 1);
                let week = week.fold(0, |week: Bits, day| week | 1 << day);
                return (0..5).fold(0, |days, nth| days | week << (7 * nth + 1)) & through(last);
            }
            Days::BeforeLast(back) => last.checked_sub(back).filter(|day| *day > 0),
            Days::WorkdayBeforeLast(back) => last
                .checked_sub(back)
                .filter(|day| *day > 0)
                .map(workday_near),
            Days::WorkdayNear(day) => Some(day).filter(|day| *day <= last).map(workday_near),
            Days::LastOfWeek(weekday) => {
                let first = first_such(weekday);
                Some(first + (last - first) / 7 * 7)
            }
            Days::NthOfWeek { weekday, nth } => {
                Some(first_such(weekday) + 7 * (nth - 1)).filter(|day| *day <= last)
            }
        };
        day.map_or(0, |day| 1 << day)
    }

    /// Whether it fires at all in a year.
    pub(super) fn fires_in(&self, year: i32) -> bool {
        (1..=12).any(|month| self.days_of(year, month) != 0)
    }

    /// Whether it fires at all.
    pub(super) fn fires(&self) -> bool {
        self.years.iter().any(|year| self.fires_in(year))
    }

    /// The last firing of all; `None` when there is none.
    pub(super) fn last(&self) -> Option<DateTime<Utc>> {
        let year = self.years.iter().rev().find(|year| self.fires_in(*year))?;
        let month = (1..=12)
            .rev()
            .find(|month| self.days_of(year, *month) != 0)?;
        let day = highest(self.days_of(year, month))?;
        let (hour, minute) = (highest(self.hours)?, highest(self.minutes)?);
        Utc.with_ymd_and_hms(year, month, day, hour, minute, 0)
            .single()
    }

    /// How many firings are at or after `from` and before `to`.
    pub(super) fn count(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        let (Some(from), Some(to)) = (clamped(from), clamped(to)) else {
            return 0;
        };
        if from >= to {
            return 0;
        }
        let a_day = u64::from(self.hours.count_ones() * self.minutes.count_ones());
        let (mut year, mut month) = (from.year(), from.month());
        let mut days = 0;
        while (year, month) != (to.year(), to.month()) {
            days += u64::from(self.days_of(year, month).count_ones());
            (year, month) = month_after(year, month);
        }
        days * a_day + self.count_in_month_before(to) - self.count_in_month_before(from)
    }

    /// How many firings a month has before a time in it, which is a whole minute.
    fn count_in_month_before(&self, to: DateTime<Utc>) -> u64 {
        let before = |bits: Bits, number: u32| u64::from((bits & below(number)).count_ones());
        let has = |bits: Bits, number: u32| bits >> number & 1;
        let days = self.days_of(to.year(), to.month());
        let an_hour = u64::from(self.minutes.count_ones());
        let a_day = u64::from(self.hours.count_ones()) * an_hour;
        let in_hour = has(self.hours, to.hour()) * before(self.minutes, to.minute());
        let in_day = before(self.hours, to.hour()) * an_hour + in_hour;
        before(days, to.day()) * a_day + has(days, to.day()) * in_day
    }
}

/// The month after a month.
pub(super) fn month_after(year: i32, month: u32) -> (i32, u32) {
    if month < 12 {
        (year, month + 1)
    } else {
        (year + 1, 1)
    }
}

/// The first whole minute at or after a time, within the years of rules and the first minute after.
fn clamped(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let nanos = i64::from(time.timestamp_subsec_nanos() > 0);
    let minutes = time.timestamp().saturating_add(nanos + 59).div_euclid(60);
    let end = NaiveDate::from_ymd_opt(YEAR_LAST as i32 + 1, 1, 1)?.and_hms_opt(0, 0, 0)?;
    let seconds = (minutes * 60).clamp(0, end.and_utc().timestamp());
    DateTime::from_timestamp(seconds, 0)
}

/// The numbers below one.
pub(super) fn below(number: u32) -> Bits {
    (1 << number) - 1
}

/// The numbers up to one.
fn through(number: u32) -> Bits {
    below(number + 1)
}

fn highest(bits: Bits) -> Option<u32> {
    bits.checked_ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days_of(days: Days, year: i32, month: u32) -> Vec<u32> {
        let calendar = Calendar {
            minutes: 1,
            hours: 1,
            days,
            months: through(12),
            years: Years::all(),
        };
        let days = calendar.days_of(year, month);
        (1..=31).filter(|day| days >> day & 1 == 1).collect()
    }

    /// 2026-08 begins on a Saturday and ends on a Monday; 2026-02 is four whole weeks from a Sunday.
    #[test]
    fn days_of_a_month_follow_the_rule() {
        let sunday = 1;
        for (days, month, expected) in [
            (Days::OfMonth(1 << 31 | 1 << 5), 2, vec![5]),
            (Days::BeforeLast(0), 2, vec![28]),
            (Days::BeforeLast(30), 8, vec![1]),
            (Days::BeforeLast(30), 2, vec![]),
            (Days::WorkdayBeforeLast(0), 2, vec![27]),
            (Days::WorkdayBeforeLast(1), 8, vec![31]),
            (Days::WorkdayNear(1), 8, vec![3]),
            (Days::WorkdayNear(15), 8, vec![14]),
            (Days::WorkdayNear(31), 5, vec![29]),
            (Days::WorkdayNear(31), 6, vec![]),
            (Days::OfWeek(1 << sunday), 2, vec![1, 8, 15, 22]),
            (
                Days::OfWeek(1 << sunday | 1 << 7),
                8,
                vec![1, 2, 8, 9, 15, 16, 22, 23, 29, 30],
            ),
            (Days::LastOfWeek(sunday), 8, vec![30]),
            (Days::LastOfWeek(2), 8, vec![31]),
            (Days::NthOfWeek { weekday: 2, nth: 5 }, 8, vec![31]),
            (Days::NthOfWeek { weekday: 3, nth: 5 }, 8, vec![]),
        ] {
            assert_eq!(days_of(days, 2026, month), expected, "{days:?} in {month}");
        }
    }

    #[test]
    fn years_are_those_of_rules() {
        let years: Years = [1970, 2199, 2028].into_iter().collect();
        assert_eq!(years.iter().collect::<Vec<_>>(), [1970, 2028, 2199]);
        assert!(!years.contains(-1) && !years.contains(1969) && !years.contains(2226));
        assert_eq!(Years::all().iter().count(), 230);
    }
}
