//! The fields of a cron: their bounds and names, and the lists of values, ranges and steps in them.

use std::ops::Range;

use super::error::{ExpressionFault, shown};

pub(super) const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
pub(super) const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The years that a rule may name.
pub(super) const YEAR_FIRST: u32 = 1970;
pub(super) const YEAR_LAST: u32 = 2199;

/// A field, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Minutes,
    Hours,
    DayOfMonth,
    Month,
    DayOfWeek,
    Year,
}

impl Field {
    pub(super) const ALL: [Self; 6] = [
        Self::Minutes,
        Self::Hours,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
        Self::Year,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
            Self::Year => "year",
        }
    }

    /// The least and the greatest value.
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minutes => (0, 59),
            Self::Hours => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (1, 7),
            Self::Year => (YEAR_FIRST, YEAR_LAST),
        }
    }

    /// The greatest step: EventBridge refuses more, as Quartz does.
    fn step_max(self) -> u32 {
        match self {
            Self::Year => YEAR_LAST - YEAR_FIRST,
            _ => self.bounds().1,
        }
    }

    /// What the values are called, from the least on.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    /// What may be given, as a mend says it.
    fn choice(self) -> String {
        let (first, last) = self.bounds();
        match self.names() {
            [first_name, .., last_name] => {
                format!("give {first} to {last} or {first_name} to {last_name}")
            }
            _ => format!("give {first} to {last}"),
        }
    }
}

/// A value, and whether it was given by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) number: u32,
    pub(super) named: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Any,
    One(Value),
    /// From one value to another; it wraps when the first is the greater.
    Span(Value, Value),
}

/// One item of a list, such as `5`, `MON-FRI` or `0/15`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Its bytes in the expression.
    pub(super) range: Range<usize>,
    pub(super) base: Base,
    pub(super) step: Option<u32>,
}

impl Term {
    /// The values in the order in which they come; a range that wraps goes on from the least.
    pub(super) fn values(&self, field: Field) -> impl Iterator<Item = u32> + use<> {
        let (first, last) = field.bounds();
        let count = last - first + 1;
        let (from, to) = match self.base {
            Base::Any => (first, last),
            Base::One(value) if self.step.is_some() => (value.number, last),
            Base::One(value) => (value.number, value.number),
            Base::Span(from, to) if from.number <= to.number => (from.number, to.number),
            Base::Span(from, to) => (from.number, to.number + count),
        };
        (from..=to)
            .step_by(self.step.unwrap_or(1) as usize)
            .map(move |value| first + (value - first) % count)
    }

    /// The values that were written, without those of a step.
    pub(super) fn written(&self) -> impl Iterator<Item = Value> + use<> {
        let (one, other) = match self.base {
            Base::Any => (None, None),
            Base::One(value) => (Some(value), None),
            Base::Span(from, to) => (Some(from), Some(to)),
        };
        one.into_iter().chain(other)
    }

    /// The same by numbers alone, a list where a range wraps with a step: so all implementations read
    /// it alike.
    pub(super) fn by_number(&self, field: Field) -> String {
        if self.wraps() && self.step.is_some() {
            let values: Vec<String> = self.values(field).map(|value| value.to_string()).collect();
            return values.join(",");
        }
        let base = match self.base {
            Base::Any => "*".to_owned(),
            Base::One(value) => value.number.to_string(),
            Base::Span(from, to) => format!("{}-{}", from.number, to.number),
        };
        match self.step {
            Some(step) => format!("{base}/{step}"),
            None => base,
        }
    }

    /// The range goes over the end of the field and on from its least value.
    pub(super) fn wraps(&self) -> bool {
        matches!(self.base, Base::Span(from, to) if from.number > to.number)
    }
}

/// Reads a field that is a list; what is at fault is told and left out.
pub(super) fn terms(
    field: Field,
    text: &str,
    start: usize,
    faults: &mut Vec<ExpressionFault>,
) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut at = start;
    let mut fault = |range: Range<usize>, message: String| {
        let message = format!("{}: {message}", field.name());
        faults.push(ExpressionFault::new(range, message));
    };
    for item in text.split(',') {
        let range = at..at + item.len();
        at = range.end + 1;
        if item.is_empty() {
            continue;
        }
        match term(field, item, range.clone()) {
            Ok(term) => terms.push(term),
            Err(message) => fault(range, message),
        }
    }
    let comma = if text.starts_with(',') {
        Some(0)
    } else if text.ends_with(',') {
        Some(text.len() - 1)
    } else {
        text.find(",,")
    };
    if let Some(comma) = comma {
        let message = "a comma too many, commas separate values and blanks separate fields";
        fault(start + comma..start + comma + 1, message.to_owned());
    }
    terms
}

fn term(field: Field, item: &str, range: Range<usize>) -> Result<Term, String> {
    let (base_text, step_text) = match item.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (item, None),
    };
    let base = match base_text.split_once('-') {
        _ if base_text == "*" => Base::Any,
        Some((from, to)) if !from.is_empty() => span(field, item, from, to)?,
        _ => Base::One(value(field, base_text)?),
    };
    let step = step_text
        .map(|step_text| step(field, item, step_text))
        .transpose()?;
    Ok(Term { range, base, step })
}

fn span(field: Field, item: &str, from: &str, to: &str) -> Result<Base, String> {
    if from == "*" {
        return Err(format!(
            "`{}` goes from `*`, write the first value",
            shown(item)
        ));
    }
    let (from, to) = (value(field, from)?, value(field, to)?);
    if field == Field::Year && from.number > to.number {
        return Err(format!(
            "`{}` goes backwards, write `{}-{}`",
            shown(item),
            to.number,
            from.number
        ));
    }
    Ok(Base::Span(from, to))
}

fn step(field: Field, item: &str, text: &str) -> Result<u32, String> {
    let max = field.step_max();
    match number(text) {
        Some(step) if (1..=max).contains(&step) => Ok(step),
        Some(_) => Err(format!(
            "step {} in `{}`, give 1 to {max}",
            shown(text),
            shown(item)
        )),
        None => Err(format!("`{}` has no step, give 1 to {max}", shown(item))),
    }
}

/// One value, by number or name; the error tells what may be given.
pub(super) fn value(field: Field, text: &str) -> Result<Value, String> {
    let (first, last) = field.bounds();
    if let Some(number) = number(text) {
        return if (first..=last).contains(&number) {
            Ok(Value {
                number,
                named: false,
            })
        } else {
            Err(format!("{}, {}", shown(text), field.choice()))
        };
    }
    let names = first..;
    for (number, name) in names.zip(field.names()) {
        if text.eq_ignore_ascii_case(name) {
            return Ok(Value {
                number,
                named: true,
            });
        }
        let long = text.len() > name.len()
            && text.bytes().all(|byte| byte.is_ascii_alphabetic())
            && text
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name));
        if long {
            return Err(format!("`{}` is too long, write `{name}`", shown(text)));
        }
    }
    if text == "?" {
        return Err(match field {
            Field::DayOfMonth | Field::DayOfWeek => "`?` stands alone in its field".to_owned(),
            _ => "`?` is for one of the day fields alone, write `*`".to_owned(),
        });
    }
    Err(format!("`{}` is no value, {}", shown(text), field.choice()))
}

/// A number of digits alone; one too great for any field stays so.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(field: Field, text: &str) -> Result<Vec<u32>, String> {
        let mut faults = Vec::new();
        let terms = terms(field, text, 0, &mut faults);
        match faults.into_iter().next() {
            Some(fault) => Err(fault.message),
            None => Ok(terms.iter().flat_map(|term| term.values(field)).collect()),
        }
    }

    #[test]
    fn lists_ranges_and_steps_give_their_values() {
        use Field::{DayOfMonth, DayOfWeek, Hours, Minutes, Month, Year};
        let cases: [(Field, &str, &[u32]); 15] = [
            (Minutes, "5,0", &[5, 0]),
            (Minutes, "50-10/5", &[50, 55, 0, 5, 10]),
            (Minutes, "59/15", &[59]),
            (Hours, "*/6", &[0, 6, 12, 18]),
            (Hours, "22-2", &[22, 23, 0, 1, 2]),
            (DayOfMonth, "30-2", &[30, 31, 1, 2]),
            (Month, "nov-Feb", &[11, 12, 1, 2]),
            (DayOfWeek, "FRI-MON", &[6, 7, 1, 2]),
            (DayOfWeek, "1/2", &[1, 3, 5, 7]),
            (DayOfWeek, "TUE-7", &[3, 4, 5, 6, 7]),
            (Month, "5-MAY", &[5]),
            (Month, "APR/3", &[4, 7, 10]),
            (Month, "FEB-JUN/2", &[2, 4, 6]),
            (Month, "SEP-2/2", &[9, 11, 1]),
            (Year, "2180/10", &[2180, 2190]),
        ];
        for (field, text, expected) in cases {
            assert_eq!(values(field, text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn faults_tell_the_mend() {
        use Field::{DayOfWeek, Hours, Minutes, Month, Year};
        for (field, text, part) in [
            (Minutes, "*/60", "minutes: step 60 in `*/60`, give 1 to 59"),
            (Minutes, "0/", "`0/` has no step, give 1 to 59"),
            (Minutes, "0/0", "step 0"),
            (Minutes, "0,,5", "a comma too many"),
            (Minutes, "0,", "a comma too many"),
            (DayOfWeek, "?,", "stands alone"),
            (Minutes, "99999999999999999999", "give 0 to 59"),
            (Minutes, "*-30", "write the first value"),
            (Minutes, "?", "write `*`"),
            (Hours, "24", "hours: 24, give 0 to 23"),
            (Hours, "1-", "`` is no value"),
            (Month, "JAN/13", "month: step 13 in `JAN/13`, give 1 to 12"),
            (Month, "JAN-13", "month: 13, give 1 to 12 or JAN to DEC"),
            (DayOfWeek, "MONDAY", "write `MON`"),
            (DayOfWeek, "-1", "give 1 to 7 or SUN to SAT"),
            (Year, "2030-2026", "write `2026-2030`"),
        ] {
            let message = values(field, text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
