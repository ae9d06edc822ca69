//! Surprises of the years: firings that are past, rare or far off.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::expression::calendar::Calendar;
use crate::expression::firings::Firings;

/// How far an expression is looked at, in years: Quartz looks no further.
const HORIZON: i32 = 100;

pub(super) fn warnings(calendar: &Calendar, now: DateTime<Utc>) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(last) = calendar.last() else {
        return warnings;
    };
    let firings: Vec<DateTime<Utc>> = Firings::of_cron(*calendar, now).take(3).collect();
    let Some(first) = firings.first() else {
        warnings.push(format!(
            "it never fires again, its last firing was on {}",
            at(last)
        ));
        return warnings;
    };
    if first.year() > now.year() + HORIZON {
        warnings.push(format!(
            "it first fires on {}, in more than a hundred years",
            at(*first)
        ));
    }
    let years = firings.iter().map(Datelike::year);
    if let [next, then, ..] = firings.as_slice()
        && years.is_sorted_by(|year, later| year < later)
    {
        let how = if only_in_leap_years(calendar, now.year()) {
            "it fires in leap years alone"
        } else {
            "it fires once a year at most"
        };
        warnings.push(format!(
            "{how}: next on {}, then on {}",
            at(*next),
            at(*then)
        ));
    }
    if last.year() < now.year() + HORIZON {
        warnings.push(format!("its years end, the last firing is on {}", at(last)));
    }
    warnings
}

/// Every year from now on in which it fires is a leap year, though its years are not all so.
fn only_in_leap_years(calendar: &Calendar, from: i32) -> bool {
    let leap = |year: i32| {
        NaiveDate::from_ymd_opt(year, 1, 1).is_some_and(|first_day| first_day.leap_year())
    };
    let mut years = calendar.years.iter().filter(|year| *year >= from);
    let all_leap = years.all(|year| leap(year) || !calendar.fires_in(year));
    let some_not = calendar
        .years
        .iter()
        .any(|year| year >= from && !leap(year));
    all_leap && some_not
}

fn at(firing: DateTime<Utc>) -> String {
    firing.format("%Y-%m-%d %H:%M UTC").to_string()
}
