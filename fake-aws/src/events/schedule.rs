//! Which schedule expressions PutRule takes: as AWS judges them, which is less strict than the meaning
//! of the expression asks for. A rule may be taken and never fire.

/// Bounds of the values and the largest step of each field of a cron expression, as Quartz has them,
/// whose judgement PutRule's is known to match.
const FIELDS: [Field; 6] = [
    Field::new(0, 59, 59, &[]),
    Field::new(0, 23, 23, &[]),
    Field::new(1, 31, 31, &[]),
    Field::new(1, 12, 12, &MONTHS),
    Field::new(1, 7, 7, &WEEKDAYS),
    Field::new(1970, 2199, 229, &[]),
];
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

struct Field {
    min: u32,
    max: u32,
    step_max: u32,
    names: &'static [&'static str],
}

impl Field {
    const fn new(min: u32, max: u32, step_max: u32, names: &'static [&'static str]) -> Self {
        Self {
            min,
            max,
            step_max,
            names,
        }
    }

    fn is_value(&self, text: &str) -> bool {
        let named = self
            .names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(text));
        named || number(text).is_some_and(|value| (self.min..=self.max).contains(&value))
    }

    /// One entry of a list: `*`, `a`, `a-b`, each with a step or without.
    fn is_entry(&self, entry: &str) -> bool {
        let (base, step) = match entry.split_once('/') {
            Some((base, step)) => (base, Some(step)),
            None => (entry, None),
        };
        let step_fits = step.is_none_or(|step| {
            number(step).is_some_and(|step| (1..=self.step_max).contains(&step))
        });
        let base_fits = base == "*"
            || base.split_once('-').map_or_else(
                || self.is_value(base),
                |(from, to)| self.is_value(from) && self.is_value(to),
            );
        step_fits && base_fits
    }
}

pub(super) fn is_valid(expression: &str) -> bool {
    let inner = |prefix: &str| {
        let inner = expression.strip_prefix(prefix)?.strip_suffix(')')?;
        (inner.trim() == inner).then_some(inner)
    };
    inner("cron(").is_some_and(is_cron) || inner("rate(").is_some_and(is_rate)
}

/// `1 minute`, but `5 minutes`.
fn is_rate(inner: &str) -> bool {
    let Some((value, unit)) = inner.split_once(' ') else {
        return false;
    };
    let singular = ["minute", "hour", "day"];
    match number(value) {
        None | Some(0) => false,
        Some(1) => singular.contains(&unit),
        Some(_) => unit
            .strip_suffix('s')
            .is_some_and(|unit| singular.contains(&unit)),
    }
}

fn is_cron(inner: &str) -> bool {
    let fields: Vec<&str> = inner.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return false;
    }
    let open_days = [DAY_OF_MONTH, DAY_OF_WEEK]
        .into_iter()
        .filter(|&day| fields[day].trim_end_matches(',') == "?")
        .count();
    open_days == 1 && (0..FIELDS.len()).all(|index| is_field(index, fields[index]))
}

fn is_field(index: usize, text: &str) -> bool {
    // A comma too many is taken; such a rule never fires.
    let entries: Vec<&str> = text.split(',').filter(|entry| !entry.is_empty()).collect();
    let day = index == DAY_OF_MONTH || index == DAY_OF_WEEK;
    // `L` is no part of a list, and `#` only once.
    if day && (entries.len() > 1 && text.contains('L') || text.matches('#').count() > 1) {
        return false;
    }
    !entries.is_empty()
        && entries.into_iter().all(|entry| {
            let special = match index {
                DAY_OF_MONTH => entry == "?" || is_special_day(entry),
                DAY_OF_WEEK => entry == "?" || is_special_weekday(entry),
                _ => false,
            };
            special || FIELDS[index].is_entry(entry)
        })
}

/// `L`, `LW`, `L-3`, `15W`.
fn is_special_day(entry: &str) -> bool {
    let up_to = |text: &str, max: u32| number(text).is_some_and(|day| (1..=max).contains(&day));
    matches!(entry, "L" | "LW")
        || entry
            .strip_prefix("L-")
            .is_some_and(|before| up_to(before, 30))
        || entry.strip_suffix('W').is_some_and(|day| up_to(day, 31))
}

/// `L`, `6L`, `FRIL`, `6#3`.
fn is_special_weekday(entry: &str) -> bool {
    let weekday = |text: &str| FIELDS[DAY_OF_WEEK].is_value(text);
    let nth = |(day, nth): (&str, &str)| {
        weekday(day) && number(nth).is_some_and(|nth| (1..=5).contains(&nth))
    };
    entry == "L"
        || entry.strip_suffix('L').is_some_and(weekday)
        || entry.split_once('#').is_some_and(nth)
}

/// Digits only: no sign.
fn number(text: &str) -> Option<u32> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn expressions_are_judged_as_aws_does() {
        for taken in [
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/10 * ? * MON-FRI *)",
            "cron(0 0 L * ? *)",
            "cron(0 0 3W * ? *)",
            "cron(0 0 LW JAN,mar ? 2026-2028)",
            "cron(0 0 ? * 3#2 *)",
            "cron(0 0 ? * 6L *)",
            "cron(0/30 20-2 ? * MON-FRI *)",
            "cron(0  10  *  *  ?  *)",
            "cron(0/5, 9-18, ?, *, MON-FRI, *)", // taken, though it never fires
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(1 day)",
            "rate(12 hours)",
        ] {
            assert!(is_valid(taken), "{taken}");
        }
        for refused in [
            "",
            "cron()",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(0 10 * * ?)",
            "cron(0 10 * * ? * *)",
            "cron( 0 10 * * ? *)",
            "cron(0 10 * * ? * )",
            "cron(60 10 * * ? *)",
            "cron(*/60 10 * * ? *)",
            "cron(0/0 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 0 0 * ? *)",
            "cron(0 0 1 13 ? *)",
            "cron(0 0 ? * 0 *)",
            "cron(0 0 ? * 8 *)",
            "cron(0 0 ? * 3#6 *)",
            "cron(0 0 ? * 3#1,6#3 *)",
            "cron(0 0 1,L * ? *)",
            "cron(0 0 L-31 * ? *)",
            "cron(15 12 ? * -1 *)",
            "cron(0 0 1 * ? 1969)",
            "cron(+1 0 1 * ? *)",
            "CRON(0 10 * * ? *)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(0 minutes)",
            "rate(5 seconds)",
            "rate(5  minutes)",
            "rate( 5 minutes)",
            "rate(-5 minutes)",
            "rate(1.5 hours)",
            "at(2026-01-01T00:00:00)",
            "0 10 * * ? *",
        ] {
            assert!(!is_valid(refused), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in ".{0,40}", inner in "[0-9*?/,LW# -]{0,30}") {
            is_valid(&text);
            is_valid(&format!("cron({inner})"));
        }
    }
}
