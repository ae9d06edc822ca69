//! What is legal in a cron and will surprise whoever wrote it.
//!
//! The rules look at how the expression is written, and tell too where implementations of cron
//! disagree: EventBridge validates as Quartz does, and nobody outside AWS knows what it fires by.

mod days;
mod future;

use chrono::{DateTime, Utc};

use super::cron::Cron;
use super::field::{Base, Field, Term};

/// The warnings of a cron, one sentence each, in the order of its fields.
pub(super) fn warnings(cron: &Cron, now: DateTime<Utc>) -> Vec<String> {
    let mut warnings = Vec::new();
    let never_fires = cron.never_fires();
    for field in Field::ALL {
        for term in cron.terms(field) {
            let written = &cron.text()[term.range.clone()];
            let told = [
                step(field, term, written),
                names(field, term, written),
                leading_zeros(field, written),
                wrap(cron, field, term, written),
            ];
            warnings.extend(told.into_iter().flatten());
        }
        warnings.extend(match field {
            Field::Minutes => every_minute(cron),
            // That some months are skipped misleads where all are.
            Field::DayOfMonth | Field::DayOfWeek if never_fires.is_some() => None,
            Field::DayOfMonth => days::of_month(cron),
            Field::DayOfWeek => days::of_week(cron),
            Field::Hours | Field::Month | Field::Year => None,
        });
        if field == Field::DayOfWeek {
            warnings.extend(days::numbers(cron));
        }
        warnings.extend(days::letter_case(cron, field));
    }
    match never_fires {
        Some(fault) => warnings.push(fault.message),
        None => warnings.extend(future::warnings(&cron.calendar, now)),
    }
    warnings
}

/// A step that does nothing, or whose last gap is another.
fn step(field: Field, term: &Term, written: &str) -> Option<String> {
    let step = term.step.filter(|step| *step > 1)?;
    let name = field.name();
    let values: Vec<u32> = term.values(field).collect();
    let (first, last) = (*values.first()?, *values.last()?);
    if values.len() == 1 {
        return Some(format!(
            "{name}: `{written}` is {first} alone, its step does nothing"
        ));
    }
    let (least, greatest) = field.bounds();
    let gap = first + (greatest - least + 1) - last;
    let whole = match field {
        Field::Minutes => "hour",
        Field::Hours => "day",
        Field::DayOfMonth => "month",
        Field::Month => "year",
        Field::DayOfWeek => "week",
        Field::Year => return None,
    };
    let ends_by_itself = matches!(term.base, Base::Span(..));
    if ends_by_itself || (gap == step && field != Field::DayOfMonth) {
        return None;
    }
    Some(if field == Field::DayOfMonth {
        format!("{name}: `{written}` begins anew at {first} in each month, so the last gap differs")
    } else {
        format!(
            "{name}: `{written}` is uneven, from {last} to {first} of the next {whole} it is {gap} \
             and not {step}"
        )
    })
}

/// A name with a step, or with a number in one range: most implementations, and this one, read the
/// name as its number.
fn names(field: Field, term: &Term, written: &str) -> Option<String> {
    let named = term.written().filter(|value| value.named).count();
    let (what, quartz) = if named == 0 {
        return None;
    } else if named < term.written().count() {
        ("mixes a name and a number", "refuses it")
    } else if term.step.is_some() {
        ("has a step after a name", "ignores the step")
    } else {
        return None;
    };
    Some(format!(
        "{}: `{written}` {what}, about which implementations disagree (Quartz, whose validation \
         EventBridge follows, {quartz}), write `{}`",
        field.name(),
        term.by_number(field)
    ))
}

/// Implementations differ about `007`; `05` they all read.
fn leading_zeros(field: Field, written: &str) -> Option<String> {
    let mut numbers = written.split(|c: char| !c.is_ascii_digit());
    let has_zeros = numbers.any(|digits| digits.len() > 2 && digits.starts_with('0'));
    has_zeros.then(|| {
        format!(
            "{}: `{written}` has leading zeros, which are undocumented, leave them out",
            field.name()
        )
    })
}

/// A range that goes on at the least value: it stays within the same hour, day, month or year.
fn wrap(cron: &Cron, field: Field, term: &Term, written: &str) -> Option<String> {
    if !term.wraps() {
        return None;
    }
    let name = field.name();
    if term.step.is_some() {
        return Some(format!(
            "{name}: `{written}` wraps with a step, which implementations read differently, write \
             `{}`",
            term.by_number(field)
        ));
    }
    let Base::Span(from, to) = term.base else {
        return None;
    };
    let (from, to) = (from.number, to.number);
    match field {
        Field::Minutes if !is_full(cron, Field::Hours) => Some(format!(
            "minutes: `{written}` is 0 to {to} and {from} to 59 of the same hours, not of the next"
        )),
        Field::Hours => days::hours_of_other_days(cron, written, from, to),
        Field::DayOfMonth => Some(format!(
            "day-of-month: `{written}` is 1 to {to} and {from} to the last day of the same month, \
             which is undocumented, write `1-{to},{from}-31`"
        )),
        Field::Month if !is_full(cron, Field::Year) => Some(format!(
            "month: `{written}` wraps within the years of `{}`: months up to {to} come before \
             those from {from}",
            cron.field(Field::Year)
        )),
        _ => None,
    }
}

/// `*` in the minutes of chosen hours, where a 0 was probably meant.
fn every_minute(cron: &Cron) -> Option<String> {
    (cron.field(Field::Minutes) == "*" && !is_full(cron, Field::Hours)).then(|| {
        format!(
            "minutes: `*` fires at every minute of the hours `{}`, 60 times an hour, write 0 for \
             once an hour",
            cron.field(Field::Hours)
        )
    })
}

/// The field names all its values.
fn is_full(cron: &Cron, field: Field) -> bool {
    let (first, last) = field.bounds();
    let mut values: Vec<u32> = cron
        .terms(field)
        .iter()
        .flat_map(|term| term.values(field))
        .collect();
    values.sort_unstable();
    values.dedup();
    values.len() as u32 == last - first + 1
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use crate::expression::Expression;

    fn warnings(text: &str) -> Vec<String> {
        let now = Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap();
        Expression::parse(text).unwrap().warnings(now)
    }

    #[test]
    fn plain_expressions_have_no_warning() {
        for text in [
            "cron(0 10 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0/15 8-17 1,15 * ? *)",
            "cron(0 0 L * ? *)",
            "cron(0 */6 15W * ? *)",
            "cron(0 9 ? * MON#1 *)",
            "cron(0 9 ? * FRIL *)",
            "cron(0 22-2 * * ? *)",
            "cron(0 0 20-31 * ? *)",
            "cron(05 08 ? * FRI-MON *)",
        ] {
            assert_eq!(warnings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_never_fires_is_told_and_not_what_it_skips() {
        for (text, expected) in [
            (
                "cron(0 0 31 4 ? 2026-2030)",
                "day-of-month: month `4` has no day `31`, so it never fires",
            ),
            (
                "cron(0 0 29 2 ? 2026,2100)",
                "year: in `2026,2100` no day matches day-of-month `29` and month `2`, so it never \
                 fires",
            ),
            (
                "cron(0 0 ? FEB MON#5 2026)",
                "year: in `2026` no day matches day-of-week `MON#5` and month `FEB`, so it never \
                 fires",
            ),
        ] {
            assert_eq!(warnings(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_surprises_is_told() {
        for (text, part) in [
            (
                "cron(*/7 * * * ? *)",
                "minutes: `*/7` is uneven, from 56 to 0 of the next hour it is 4 and not 7",
            ),
            ("cron(0 */5 * * ? *)", "from 20 to 0 of the next day"),
            (
                "cron(59/15 * * * ? *)",
                "is 59 alone, its step does nothing",
            ),
            ("cron(0 0 */2 * ? *)", "begins anew at 1 in each month"),
            (
                "cron(0 0 ? * */2 *)",
                "from 7 to 1 of the next week it is 1",
            ),
            (
                "cron(0 0 1 APR/2 ? *)",
                "month: `APR/2` has a step after a name, about which implementations disagree \
                 (Quartz, whose validation EventBridge follows, ignores the step), write `4/2`",
            ),
            ("cron(0 0 1 FEB-JUN/2 ? *)", "write `2-6/2`"),
            ("cron(0 0 ? * MON/1 *)", "write `2/1`"),
            (
                "cron(0 0 1 NOV-FEB/2 ? *)",
                "ignores the step), write `11,1`",
            ),
            (
                "cron(0 0 ? * TUE-7 *)",
                "day-of-week: `TUE-7` mixes a name and a number, about which implementations \
                 disagree (Quartz, whose validation EventBridge follows, refuses it), write `3-7`",
            ),
            ("cron(0 0 1 1,5-SEP/2 ? *)", "refuses it), write `5-9/2`"),
            ("cron(007 8 * * ? *)", "leading zeros"),
            ("cron(50-10/5 12 * * ? *)", "write `50,55,0,5,10`"),
            (
                "cron(50-10 12 * * ? *)",
                "0 to 10 and 50 to 59 of the same hours",
            ),
            ("cron(0 0 28-3 * ? *)", "write `1-3,28-31`"),
            (
                "cron(0 0 1 NOV-FEB ? 2027,2028)",
                "months up to 2 come before those from 11",
            ),
            ("cron(* 1 * * ? *)", "every minute of the hours `1`"),
            (
                "cron(0/30 20-2 ? * MON-FRI *)",
                "hours 0 to 2 of the same days: it also fires MON from 00:00, and not SAT",
            ),
            ("cron(0 22-1 1 * ? *)", "hours 0 to 1 of the same days"),
            ("cron(0 0 ? * L *)", "every Saturday"),
            ("cron(0 0 ? * 6L *)", "6 is FRI"),
            ("cron(0 0 ? * 2-6 *)", "2 is MON, 6 is FRI"),
            ("cron(0 0 ? * 2#1 *)", "2 is MON"),
            ("cron(0 0 ? * FRI#5 *)", "months with only four FRI"),
            ("cron(0 0 L-3 * ? *)", "the last day less 3"),
            ("cron(0 0 L-3W * ? *)", "undocumented"),
            (
                "cron(0 0 L-28 * ? *)",
                "undocumented, and skips FEB of most years",
            ),
            ("cron(0 0 LW * ? *)", "does not document"),
            ("cron(0 0 l * ? *)", "write `L`"),
            ("cron(0 0 15w * ? *)", "write `15W`"),
            ("cron(0 0 ? * fril *)", "write `FRIL`"),
            ("cron(0 0 31W * ? *)", "skips FEB, APR, JUN, SEP, NOV"),
            ("cron(0 0 31 * ? *)", "skips FEB, APR, JUN, SEP, NOV"),
            ("cron(0 0 1,30 * ? *)", "day 30 skips FEB"),
            ("cron(0 0 29 2,3 ? *)", "day 29 skips FEB of most years"),
            (
                "cron(0 0 29 2 ? *)",
                "fires in leap years alone: next on 2028-02-29 00:00 UTC, then on 2032-02-29 00:00 UTC",
            ),
            (
                "cron(0 0 ? FEB 1#5 *)",
                "next on 2032-02-29 00:00 UTC, then on 2060-02-29 00:00",
            ),
            ("cron(0 0 1 1 ? *)", "once a year at most"),
            (
                "cron(0 0 1 1 ? 2020)",
                "never fires again, its last firing was on 2020-01-01 00:00",
            ),
            (
                "cron(0 0 * * ? 2026-2027)",
                "the last firing is on 2027-12-31 00:00",
            ),
            ("cron(0 0 1 1 ? 2150/2)", "more than a hundred years"),
            ("rate(5 minutes)", "the rule's creation"),
        ] {
            let warnings = warnings(text);
            assert!(
                warnings.iter().any(|warning| warning.contains(part)),
                "{text}: {warnings:?}"
            );
        }
    }
}
