//! Surprises of the day fields.

use crate::expression::calendar::{Calendar, Days, Years};
use crate::expression::cron::Cron;
use crate::expression::field::{Base, Field, MONTHS, WEEKDAYS};

/// How many days the months have in most years.
const MONTH_DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The forms of day-of-month, and days that short months lack.
pub(super) fn of_month(cron: &Cron) -> Option<String> {
    let written = cron.field(Field::DayOfMonth);
    let told = match cron.calendar.days {
        Days::WorkdayBeforeLast(0) => format!(
            "`{written}` is the last day from Monday to Friday, which Quartz knows and EventBridge \
             does not document"
        ),
        Days::WorkdayBeforeLast(back) => format!(
            "`{written}` is the day from Monday to Friday nearest to {back} before the last, which \
             is undocumented"
        ),
        Days::BeforeLast(back) if back > 0 => format!(
            "`{written}` is the last day less {back}, which is undocumented{}",
            skips(&cron.calendar, back + 1).map_or(String::new(), |skips| format!(", and {skips}"))
        ),
        Days::WorkdayNear(day) => format!(
            "`{written}` {}, which implementations read differently, write `LW` for the last day \
             from Monday to Friday",
            skips(&cron.calendar, day)?
        ),
        Days::OfMonth(days) => {
            // A day that stands alone was chosen: after its neighbour it is the end of a range.
            let chosen = cron
                .terms(Field::DayOfMonth)
                .iter()
                .filter(|term| term.step.is_none() && term.base != Base::Any)
                .flat_map(|term| term.values(Field::DayOfMonth))
                .find(|day| *day > 28 && days >> (day - 1) & 1 == 0)?;
            format!(
                "day {chosen} {}, write `L` for the last day of each month",
                skips(&cron.calendar, chosen)?
            )
        }
        _ => return None,
    };
    Some(format!("day-of-month: {told}"))
}

/// Which months of a calendar have no such day: `skips FEB, APR`.
fn skips(calendar: &Calendar, day: u32) -> Option<String> {
    let months: Vec<&str> = (1..)
        .zip(MONTHS.into_iter().zip(MONTH_DAYS))
        .filter(|(month, (_, days))| calendar.months >> month & 1 == 1 && *days < day)
        .map(|(_, (name, _))| name)
        .collect();
    match months.as_slice() {
        [] => None,
        ["FEB"] if day == 29 => Some("skips FEB of most years".to_owned()),
        months => Some(format!("skips {}", months.join(", "))),
    }
}

/// The letters `L` and `W` in lower case, which only some implementations read.
pub(super) fn letter_case(cron: &Cron, field: Field) -> Option<String> {
    let written = cron.field(field);
    let is_lower = match field {
        Field::DayOfMonth => written.contains(['l', 'w']),
        Field::DayOfWeek => written.ends_with('l'),
        _ => false,
    };
    is_lower.then(|| {
        format!(
            "{}: `{written}` is in lower case, which is undocumented, write `{}`",
            field.name(),
            written.to_ascii_uppercase()
        )
    })
}

/// The forms of day-of-week.
pub(super) fn of_week(cron: &Cron) -> Option<String> {
    let written = cron.field(Field::DayOfWeek);
    match cron.calendar.days {
        Days::OfWeek(_) if written.eq_ignore_ascii_case("L") => Some(format!(
            "day-of-week: `{written}` is every Saturday, write `SATL` for the last of the month"
        )),
        Days::NthOfWeek { weekday, nth: 5 } => Some(format!(
            "day-of-week: `{written}` skips the months with only four {}",
            name(weekday)
        )),
        _ => None,
    }
}

/// Weekdays by number, which Unix counts from 0.
pub(super) fn numbers(cron: &Cron) -> Option<String> {
    let written = cron.field(Field::DayOfWeek);
    let mut numbers: Vec<u32> = match cron.calendar.days {
        Days::LastOfWeek(weekday) | Days::NthOfWeek { weekday, .. } => written
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some(weekday)
            .into_iter()
            .collect(),
        _ => cron
            .terms(Field::DayOfWeek)
            .iter()
            .flat_map(|term| term.written())
            .filter(|value| !value.named)
            .map(|value| value.number)
            .collect(),
    };
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return None;
    }
    let named: Vec<String> = numbers
        .into_iter()
        .map(|number| format!("{number} is {}", name(number)))
        .collect();
    Some(format!(
        "day-of-week: in `{written}` {}: EventBridge counts from 1, a Sunday, and Unix from 0",
        named.join(", ")
    ))
}

/// Hours that wrap belong to the days that match, not to the night after them.
pub(super) fn hours_of_other_days(
    cron: &Cron,
    written: &str,
    from: u32,
    to: u32,
) -> Option<String> {
    let every_day = Calendar {
        years: Years::all(),
        ..cron.calendar
    };
    // A year that is no leap year.
    let is_every_day = (1..)
        .zip(MONTH_DAYS)
        .all(|(month, days)| every_day.days_of(2026, month).count_ones() == days);
    if is_every_day {
        return None;
    }
    let mut warning =
        format!("hours: `{written}` is {from} to 23 and the hours 0 to {to} of the same days");
    if let Days::OfWeek(weekdays) = cron.calendar.days {
        let fires = |day: u32| weekdays >> ((day + 6) % 7 + 1) & 1 == 1;
        let begins = (1..=7).find(|day| fires(*day) && !fires(day + 6));
        let ends = (1..=7).find(|day| !fires(*day) && fires(day + 6));
        if let (Some(begins), Some(ends)) = (begins, ends) {
            warning.push_str(&format!(
                ": it also fires {} from 00:00, and not {}",
                name(begins),
                name(ends)
            ));
        }
    } else {
        warning.push_str(", not of the days after them");
    }
    Some(warning)
}

fn name(weekday: u32) -> &'static str {
    let index = weekday.saturating_sub(1) as usize;
    WEEKDAYS.get(index).copied().unwrap_or_default()
}
