//! `cron(minutes hours day-of-month month day-of-week year)`: the six fields and what they mean.

use std::ops::Range;

use super::calendar::{Bits, Calendar, Days, Years};
use super::day::{self, Form};
use super::error::ExpressionFault;
use super::field::{self, Field, Term};

/// A cron of an EventBridge rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pub(super) calendar: Calendar,
    fields: Box<[Part; 6]>,
}

/// A field as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    range: Range<usize>,
    /// The items of its list; none for `?` and the forms that stand alone, such as `L`.
    terms: Vec<Term>,
}

impl Cron {
    /// The text, exactly as AWS is to get it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A field as it was written.
    pub(super) fn field(&self, field: Field) -> &str {
        &self.text[self.fields[field as usize].range.clone()]
    }

    /// The items of a field's list.
    pub(super) fn terms(&self, field: Field) -> &[Term] {
        &self.fields[field as usize].terms
    }

    /// Reads what stands between the brackets, without blanks around it.
    pub(super) fn read(
        text: &str,
        body: Range<usize>,
        faults: &mut Vec<ExpressionFault>,
    ) -> Option<Self> {
        let faults_before = faults.len();
        other_blanks(text, body.clone(), faults);
        let ranges: [Range<usize>; 6] = match fields(text, body.clone()).try_into() {
            Ok(ranges) => ranges,
            Err(ranges) => {
                let message = format!(
                    "cron: {} fields, give six: minutes hours day-of-month month day-of-week year",
                    ranges.len()
                );
                faults.push(ExpressionFault::new(body, message));
                return None;
            }
        };
        let mut parts = ranges.map(|range| Part {
            range,
            terms: Vec::new(),
        });
        let mut days = Days::OfMonth(0);
        for (part, field) in parts.iter_mut().zip(Field::ALL) {
            let written = &text[part.range.clone()];
            match day::form(field, written) {
                Some(Ok(Form::Unset)) => {}
                Some(Ok(Form::Days(form))) => days = form,
                Some(Err(message)) => {
                    let message = format!("{}: {message}", field.name());
                    faults.push(ExpressionFault::new(part.range.clone(), message));
                }
                None => {
                    part.terms = field::terms(field, written, part.range.start, faults);
                    match field {
                        Field::DayOfMonth => days = Days::OfMonth(bits(part, field)),
                        Field::DayOfWeek => days = Days::OfWeek(bits(part, field)),
                        _ => {}
                    }
                }
            }
        }
        one_day_field(text, &parts, faults);
        let [minutes, hours, _, months, _, years] = &parts;
        let calendar = Calendar {
            minutes: bits(minutes, Field::Minutes),
            hours: bits(hours, Field::Hours),
            days,
            months: bits(months, Field::Month),
            years: values(years, Field::Year).collect(),
        };
        (faults.len() == faults_before).then(|| Self {
            text: text.to_owned(),
            calendar,
            fields: Box::new(parts),
        })
    }

    /// Why no day of any year matches though every field is legal.
    pub(super) fn never_fires(&self) -> Option<ExpressionFault> {
        if self.calendar.fires() {
            return None;
        }
        let any_year = Calendar {
            years: Years::all(),
            ..self.calendar
        };
        let field = match self.calendar.days {
            Days::OfWeek(_) | Days::LastOfWeek(_) | Days::NthOfWeek { .. } => Field::DayOfWeek,
            _ => Field::DayOfMonth,
        };
        let (name, day, month) = (field.name(), self.field(field), self.field(Field::Month));
        let (at_fault, message) = if any_year.fires() {
            let message = format!(
                "year: in `{}` no day matches {name} `{day}` and month `{month}`, so it never fires",
                self.field(Field::Year)
            );
            (Field::Year, message)
        } else {
            let message = format!("{name}: month `{month}` has no day `{day}`, so it never fires");
            (field, message)
        };
        let range = self.fields[at_fault as usize].range.clone();
        Some(ExpressionFault::new(range, message))
    }
}

/// EventBridge's fields are separated by blanks; a tab or a blank that looks like one is told.
fn other_blanks(text: &str, body: Range<usize>, faults: &mut Vec<ExpressionFault>) {
    let start = body.start;
    for (at, blank) in text[body].char_indices() {
        if blank.is_whitespace() && blank != ' ' {
            let at = start + at..start + at + blank.len_utf8();
            let message = format!(
                "cron: `{}` between fields, write a blank",
                blank.escape_default()
            );
            faults.push(ExpressionFault::new(at, message));
        }
    }
}

/// The places of the fields: what stands between blanks of any kind.
pub(super) fn fields(text: &str, body: Range<usize>) -> Vec<Range<usize>> {
    let mut at = body.start;
    let mut fields = Vec::new();
    for part in text[body].split(char::is_whitespace) {
        let range = at..at + part.len();
        // What follows is one blank, of one byte or more.
        at = range.end + text[range.end..].chars().next().map_or(0, char::len_utf8);
        if !part.is_empty() {
            fields.push(range);
        }
    }
    fields
}

fn values(part: &Part, field: Field) -> impl Iterator<Item = u32> + '_ {
    part.terms.iter().flat_map(move |term| term.values(field))
}

fn bits(part: &Part, field: Field) -> Bits {
    values(part, field).fold(0, |bits, value| bits | 1 << value)
}

/// Exactly one of the day fields is `?`.
fn one_day_field(text: &str, parts: &[Part; 6], faults: &mut Vec<ExpressionFault>) {
    let [_, _, of_month, _, of_week, _] = parts;
    // Commas at the end are told of already.
    let written = |part: &Part| text[part.range.clone()].trim_end_matches(',').to_owned();
    let (month_text, week_text) = (written(of_month), written(of_week));
    let rule = "one of the two day fields is `?`";
    let (part, field, mend) = match (month_text.as_str(), week_text.as_str()) {
        ("?", "?") => (
            of_month,
            Field::DayOfMonth,
            "but not both, write `*` for this one",
        ),
        ("?", _) | (_, "?") => return,
        (_, "*") => (of_week, Field::DayOfWeek, "write `?` for this one"),
        ("*", _) => (of_month, Field::DayOfMonth, "write `?` for this one"),
        _ => (
            of_week,
            Field::DayOfWeek,
            "write `?` for this one, or make a rule for each of the two",
        ),
    };
    let message = format!("{}: {rule}, {mend}", field.name());
    faults.push(ExpressionFault::new(part.range.clone(), message));
}
