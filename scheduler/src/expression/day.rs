//! The forms of the day fields that stand alone: `?`, and days by `L`, `W` and `#`.

use super::calendar::Days;
use super::error::shown;
use super::field::{self, Field, number};

/// What stands alone in a day field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `?`: the other day field decides.
    Unset,
    Days(Days),
}

/// Reads a field that is no list; `None` when it is one.
pub(super) fn form(field: Field, text: &str) -> Option<Result<Form, String>> {
    let days = match field {
        Field::DayOfMonth | Field::DayOfWeek if text == "?" => return Some(Ok(Form::Unset)),
        Field::DayOfMonth => day_of_month(text),
        Field::DayOfWeek => day_of_week(text),
        _ => None,
    };
    days.map(|days| days.map(Form::Days))
}

/// `L`, `L-n`, `LW`, `L-nW` and `nW`.
fn day_of_month(text: &str) -> Option<Result<Days, String>> {
    let upper = text.to_ascii_uppercase();
    if !upper.contains(['L', 'W']) {
        return None;
    }
    if let Some(message) = in_list(text) {
        return Some(Err(message));
    }
    let (day, workday) = match upper.strip_suffix('W') {
        Some(day) => (day, true),
        None => (upper.as_str(), false),
    };
    let back = match day.strip_prefix('L') {
        Some("") => Some(0),
        Some(back) => back
            .strip_prefix('-')
            .and_then(number)
            .filter(|back| (1..=30).contains(back)),
        None => None,
    };
    let near = number(day).filter(|day| (1..=31).contains(day));
    Some(match (back, near, workday) {
        (Some(back), _, false) => Ok(Days::BeforeLast(back)),
        (Some(back), _, true) => Ok(Days::WorkdayBeforeLast(back)),
        (None, Some(day), true) => Ok(Days::WorkdayNear(day)),
        _ => Err(format!(
            "`{}` is no day, give 1 to 31, `L`, `L-1` to `L-30`, `LW` or `1W` to `31W`",
            shown(text)
        )),
    })
}

/// `L`, a day with `L`, and a day with `#`.
fn day_of_week(text: &str) -> Option<Result<Days, String>> {
    let value = |text: &str| field::value(Field::DayOfWeek, text).map(|value| value.number);
    let has_form = |item: &str| {
        item.contains('#') || item.ends_with(['L', 'l']) || item.starts_with(['L', 'l'])
    };
    if !text.split(',').any(has_form) {
        return None;
    }
    if let Some(message) = in_list(text) {
        return Some(Err(message));
    }
    let form = if text.contains('#') {
        nth_of_week(text)
    } else if text.eq_ignore_ascii_case("L") {
        Ok(Days::OfWeek(1 << 7))
    } else if let Some(day) = text.strip_suffix(['L', 'l']) {
        value(day).map(Days::LastOfWeek)
    } else {
        Err(format!(
            "`{}` is read in two ways, write a day and `L`, such as `FRIL` for the last Friday",
            shown(text)
        ))
    };
    Some(form)
}

fn nth_of_week(text: &str) -> Result<Days, String> {
    let (day, nth) = text.split_once('#').unwrap_or_default();
    let weekday = field::value(Field::DayOfWeek, day)?.number;
    match number(nth).filter(|nth| (1..=5).contains(nth)) {
        Some(nth) => Ok(Days::NthOfWeek { weekday, nth }),
        None => Err(format!(
            "`{}` counts to no week, give 1 to 5 after `#`",
            shown(text)
        )),
    }
}

fn in_list(text: &str) -> Option<String> {
    text.contains(',').then(|| {
        format!(
            "`{}` lists a form with `L`, `W` or `#`, which stands alone, make a rule of each",
            shown(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_days_of_a_month() {
        for (text, expected) in [
            ("L", Days::BeforeLast(0)),
            ("L-30", Days::BeforeLast(30)),
            ("LW", Days::WorkdayBeforeLast(0)),
            ("l-3w", Days::WorkdayBeforeLast(3)),
            ("31W", Days::WorkdayNear(31)),
        ] {
            assert_eq!(day_of_month(text), Some(Ok(expected)), "{text}");
        }
        for text in [
            "W", "32W", "0W", "L-0", "L-31", "LL", "L1", "1-15W", "1,L", "1L", "L-",
        ] {
            assert!(matches!(day_of_month(text), Some(Err(_))), "{text}");
        }
        assert_eq!(day_of_month("1,15"), None);
    }

    #[test]
    fn a_question_mark_is_for_day_fields() {
        assert_eq!(form(Field::DayOfMonth, "?"), Some(Ok(Form::Unset)));
        assert_eq!(form(Field::DayOfWeek, "?"), Some(Ok(Form::Unset)));
        assert_eq!(form(Field::Year, "?"), None);
    }

    #[test]
    fn forms_are_days_of_a_week() {
        for (text, expected) in [
            ("L", Days::OfWeek(1 << 7)),
            ("6L", Days::LastOfWeek(6)),
            ("FRIL", Days::LastOfWeek(6)),
            ("mon#5", Days::NthOfWeek { weekday: 2, nth: 5 }),
        ] {
            assert_eq!(day_of_week(text), Some(Ok(expected)), "{text}");
        }
        for text in [
            "8L", "0#1", "2#6", "2#", "#1", "2#1#1", "2#1,FRI", "L,1", "FRIL,MON", "L-2", "-L",
        ] {
            assert!(matches!(day_of_week(text), Some(Err(_))), "{text}");
        }
        assert_eq!(day_of_week("MON-FRI"), None);
    }
}
