//! What was probably meant: the crons of Unix and Quartz, nicknames, and what lacks its brackets.

use super::cron::Cron;
use super::field::{Field, WEEKDAYS, number};
use super::rate::Rate;

/// The nicknames of Unix crons.
const NICKNAMES: [(&str, &str); 7] = [
    ("@annually", "cron(0 0 1 1 ? *)"),
    ("@daily", "cron(0 0 * * ? *)"),
    ("@hourly", "cron(0 * * * ? *)"),
    ("@midnight", "cron(0 0 * * ? *)"),
    ("@monthly", "cron(0 0 1 * ? *)"),
    ("@weekly", "cron(0 0 ? * SUN *)"),
    ("@yearly", "cron(0 0 1 1 ? *)"),
];

/// The mend of a text without brackets; `None` when it resembles nothing.
pub(super) fn bare(text: &str) -> Option<String> {
    if text.starts_with('@') {
        let lower = text.to_ascii_lowercase();
        let nickname = NICKNAMES.into_iter().find(|(name, _)| *name == lower);
        return Some(match nickname {
            Some((name, cron)) => format!("`{name}` is no expression of a rule, write `{cron}`"),
            None => {
                "nicknames with `@` are no expressions of a rule, write cron() or rate()".to_owned()
            }
        });
    }
    let around = |name: &str| format!("{name}() is missing around it, write `{name}({text})`");
    let candidate = format!("rate({text})");
    if Rate::read(&candidate, 5..candidate.len() - 1, &mut Vec::new()).is_some() {
        return Some(around("rate"));
    }
    if is_cron(text) {
        return Some(around("cron"));
    }
    let written: Vec<&str> = text.split_whitespace().collect();
    fields(&written)
}

/// The mend of fields that are not EventBridge's: Unix has five, Quartz has seconds before them.
pub(super) fn fields(written: &[&str]) -> Option<String> {
    let (meant, body) = match written {
        [minutes, hours, of_month, month, of_week] => {
            let year_missing = format!("{} *", written.join(" "));
            if is_cron(&year_missing) {
                ("the year is missing", year_missing)
            } else {
                if *of_month != "*" && *of_week != "*" {
                    return two_rules(written);
                }
                let (of_month, of_week) = unix_days(of_month, of_week)?;
                (
                    "a cron of Unix has no year and counts weekdays from 0",
                    format!("{minutes} {hours} {of_month} {month} {of_week} *"),
                )
            }
        }
        [_, rest @ ..] if rest.len() == 6 => {
            ("a cron of Quartz begins with seconds", rest.join(" "))
        }
        ["0", rest @ ..] if rest.len() == 5 => (
            "a cron of Quartz begins with seconds",
            format!("{} *", rest.join(" ")),
        ),
        _ => return None,
    };
    is_cron(&body).then(|| format!("{meant}, write `cron({body})`"))
}

/// Unix fires on a day that matches either day field, which EventBridge cannot say in one rule.
fn two_rules(written: &[&str]) -> Option<String> {
    let [minutes, hours, of_month, month, of_week] = written else {
        return None;
    };
    let with = |of_month: &str, of_week: &str| fields(&[minutes, hours, of_month, month, of_week]);
    let both = with(of_month, "*").is_some() && with("*", of_week).is_some();
    both.then(|| {
        "a cron of Unix fires on the days of either field, make a rule for each of the two"
            .to_owned()
    })
}

fn is_cron(body: &str) -> bool {
    let candidate = format!("cron({body})");
    body == body.trim() && Cron::read(&candidate, 5..candidate.len() - 1, &mut Vec::new()).is_some()
}

/// The day fields of a Unix cron as EventBridge wants them, when one of them is `*`.
fn unix_days(of_month: &str, of_week: &str) -> Option<(String, String)> {
    match (of_month, of_week) {
        (_, "*") => Some((of_month.to_owned(), "?".to_owned())),
        ("*", _) => {
            let days: Option<Vec<String>> = of_week.split(',').map(unix_weekdays).collect();
            Some(("?".to_owned(), days?.join(",")))
        }
        _ => None,
    }
}

/// An item of a Unix day-of-week: numbers become names, or numbers from 1 where a step follows.
fn unix_weekdays(item: &str) -> Option<String> {
    let (base, step) = match item.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (item, None),
    };
    let day = |text: &str| -> Option<String> {
        let index = match number(text) {
            Some(day) => day.checked_rem(7).filter(|_| day <= 7)? as usize,
            None => WEEKDAYS
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text))?,
        };
        let name = Field::DayOfWeek.names().get(index)?;
        Some(match step {
            Some(_) => (index + 1).to_string(),
            None => (*name).to_owned(),
        })
    };
    let base = match base.split_once('-') {
        _ if base == "*" => base.to_owned(),
        Some((from, to)) => format!("{}-{}", day(from)?, day(to)?),
        None => day(base)?,
    };
    Some(match step {
        Some(step) => format!("{base}/{step}"),
        None => base,
    })
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn other_dialects_are_told_what_to_write() {
        for (text, part) in [
            ("0 10 * * ? *", "write `cron(0 10 * * ? *)`"),
            ("5 minutes", "write `rate(5 minutes)`"),
            ("Cron(0 10 * * ? *)", "`Cron(`, write `cron(`"),
            ("cron (0 10 * * ? *)", "`cron (`, write `cron(`"),
            ("@Daily", "write `cron(0 0 * * ? *)`"),
            ("@reboot", "nicknames"),
            ("*/5 * * * *", "write `cron(*/5 * * * ? *)`"),
            (
                "cron(0 10 * * ?)",
                "the year is missing, write `cron(0 10 * * ? *)`",
            ),
            ("0 8 * * 1-5", "write `cron(0 8 ? * MON-FRI *)`"),
            ("0 8 * * 5-7,TUE", "write `cron(0 8 ? * FRI-SUN,TUE *)`"),
            ("cron(0 8 * * 1-5/2)", "write `cron(0 8 ? * 2-6/2 *)`"),
            ("0 8 1 * 1", "make a rule for each of the two"),
            ("0 8 1 * 9", "neither cron() nor rate()"),
            ("cron(0 0 10 * * ? *)", "write `cron(0 10 * * ? *)`"),
            ("cron(0 0 10 * * ?)", "write `cron(0 10 * * ? *)`"),
            ("at(2026-11-20T13:00:00)", "EventBridge Scheduler's"),
            ("every day", "neither cron() nor rate()"),
            ("", "neither cron() nor rate()"),
            ("every(1 day)", "`every(`, a rule takes cron() or rate()"),
            ("cron()", "0 fields"),
            ("cron(0 10 * * ? *) UTC", "` UTC` after the closing bracket"),
            ("cron(0\t10 * * ? *)", "`\\t` between fields"),
        ] {
            let error = Expression::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
