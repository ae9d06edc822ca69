//! Flags that narrow a list of traces for people who do not know X-Ray's filter language; what they say
//! becomes an expression of it, which is shown, so that it can be learned.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use local_xray::term::{self, quoted};

use crate::spec;

/// What traces must have in common. What stands in several flags holds at once.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Refiners {
    /// Only traces that went so; given twice, either
    #[arg(long, value_name = "STATUS")]
    status: Vec<Status>,
    /// Only traces with this service in them
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only traces with this annotation; 30 and true are no text, "30" is
    #[arg(long, value_name = "KEY=VALUE")]
    annotation: Vec<Annotation>,
    /// Only traces that took so long or longer
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    min_duration: Option<Duration>,
    /// Only traces of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only traces whose URL has this in it
    #[arg(long, value_name = "TEXT")]
    url: Option<String>,
}

/// The words of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Status {
    Ok,
    Error,
    Fault,
    Throttle,
    InProgress,
}

impl Status {
    fn term(self) -> &'static str {
        match self {
            // A trace in progress has no flags either, and is listed as such.
            Self::Ok => "(ok AND !partial)",
            Self::Error => "error",
            Self::Fault => "fault",
            Self::Throttle => "throttle",
            Self::InProgress => "partial",
        }
    }
}

/// The keyword of an annotation and the value it must have, of the type that it is written in.
#[derive(Clone, Debug, PartialEq)]
struct Annotation {
    keyword: String,
    value: Value,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    /// A number or a boolean, as it was written.
    Bare(String),
}

impl FromStr for Annotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .ok_or("no `=`: write KEY=VALUE, such as job=logs")?;
        let key = key.trim_matches(' ');
        if key.is_empty() {
            return Err("no key before the `=`".to_owned());
        }
        let keyword = term::annotation(key).ok_or_else(|| {
            format!("a filter expression cannot hold the key {key:?}: it has a bracket, a quote or a control character")
        })?;
        Ok(Self {
            keyword,
            value: typed(value)?,
        })
    }
}

/// X-Ray tells 30 from "30".
fn typed(value: &str) -> Result<Value, String> {
    if value.starts_with('"') {
        let text = serde_json::from_str(value);
        return text
            .map(Value::Text)
            .map_err(|_| "the value begins with `\"` but is no quoted text".to_owned());
    }
    let is_bare = matches!(value, "true" | "false") || is_number(value);
    Ok(match is_bare {
        true => Value::Bare(value.to_owned()),
        false => Value::Text(value.to_owned()),
    })
}

/// Whether the filter language takes it for a number: digits, perhaps with a sign and a fraction.
fn is_number(value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = value.strip_prefix('-').unwrap_or(value);
    match value.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(value),
    }
}

impl Refiners {
    /// All flags and the user's own expression as one; none if there is nothing to narrow.
    pub(super) fn expression(&self, filter: Option<&str>) -> Option<String> {
        let mut terms = self.terms();
        let filter = filter.filter(|filter| !filter.trim().is_empty());
        if terms.is_empty() {
            return filter.map(str::to_owned);
        }
        // It may hold an OR, which binds less than what joins it to the rest.
        terms.extend(filter.map(|filter| format!("({filter})")));
        Some(terms.join(" AND "))
    }

    fn terms(&self) -> Vec<String> {
        let mut terms = Vec::new();
        let statuses: Vec<&str> = self.status.iter().map(|status| status.term()).collect();
        match statuses.as_slice() {
            [] => {}
            [one] => terms.push((*one).to_owned()),
            some => terms.push(format!("({})", some.join(" OR "))),
        }
        if let Some(name) = &self.service {
            terms.push(format!("service({})", quoted(name)));
        }
        for annotation in &self.annotation {
            let key = &annotation.keyword;
            terms.push(match &annotation.value {
                Value::Text(text) => format!("{key} = {}", quoted(text)),
                Value::Bare(value) => format!("{key} = {value}"),
            });
        }
        if let Some(duration) = self.min_duration {
            terms.push(format!("duration >= {}", duration.as_secs_f64()));
        }
        if let Some(name) = &self.user {
            terms.push(format!("user = {}", quoted(name)));
        }
        if let Some(part) = &self.url {
            terms.push(format!("http.url CONTAINS {}", quoted(part)));
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use local_xray::FilterExpression;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        refiners: Refiners,
    }

    fn expression(args: &[&str], filter: Option<&str>) -> Option<String> {
        let args = [&["traces"], args].concat();
        let line = Line::try_parse_from(args).unwrap();
        line.refiners.expression(filter)
    }

    #[test]
    fn each_flag_is_a_term() {
        for (args, expected) in [
            (&["--status", "fault"][..], "fault"),
            (&["--status", "ok"], "(ok AND !partial)"),
            (
                &["--status", "in-progress", "--status", "throttle"],
                "(partial OR throttle)",
            ),
            (&["--service", "shop"], r#"service("shop")"#),
            (&["--annotation", "job=logs"], r#"annotation.job = "logs""#),
            (&["--annotation", "age=30"], "annotation.age = 30"),
            (&["--annotation", "age=-0.5"], "annotation.age = -0.5"),
            (&["--annotation", "age=\"30\""], r#"annotation.age = "30""#),
            (&["--annotation", "vip=true"], "annotation.vip = true"),
            (
                &["--annotation", "Request.ID=r=1"],
                r#"annotation[Request.ID] = "r=1""#,
            ),
            (&["--annotation", "a="], r#"annotation.a = """#),
            (&["--min-duration", "500ms"], "duration >= 0.5"),
            (&["--min-duration", "2m"], "duration >= 120"),
            (&["--user", r#"a"b\"#], r#"user = "a\"b\\""#),
            (&["--url", "/v2"], r#"http.url CONTAINS "/v2""#),
        ] {
            assert_eq!(expression(args, None).as_deref(), Some(expected));
            let parsed = FilterExpression::parse(expected, &|_| None);
            assert!(parsed.is_ok(), "{expected}: {parsed:?}");
        }
        assert_eq!(expression(&[], None), None);
    }

    proptest! {
        #[test]
        fn any_text_and_key_stay_one_term(key in "[^=\\[\\]]{1,20}", text in ".{0,40}", bytes in any::<String>()) {
            if let Ok(annotation) = format!("{key}={text}").parse::<Annotation>() {
                let refiners = Refiners {
                    annotation: vec![annotation],
                    user: Some(bytes),
                    ..Refiners::default()
                };
                let expression = refiners.expression(None).unwrap();
                let parsed = FilterExpression::parse(&expression, &|_| None);
                prop_assert!(parsed.is_ok(), "{expression}: {parsed:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for value in [
            "1e3", "inf", "NaN", "1.2.3", "-", "1-2", ".5", "5.", "+5", "0x1", "True",
        ] {
            let annotation: Annotation = format!("k={value}").parse().unwrap();
            assert_eq!(annotation.value, Value::Text(value.to_owned()));
        }
    }

    #[test]
    fn flags_and_an_expression_hold_at_once() {
        let args = ["--status", "fault", "--user", "a"];
        assert_eq!(
            expression(&args, Some("duration > 1 OR error")).as_deref(),
            Some(r#"fault AND user = "a" AND (duration > 1 OR error)"#)
        );
        assert_eq!(expression(&args[..2], Some(" ")).as_deref(), Some("fault"));
        assert_eq!(
            expression(&[], Some("error OR ok")).as_deref(),
            Some("error OR ok")
        );
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for text in ["job", "=logs", "a]b=1", "a[=1", "a=\"open", "a\n=1", " =1"] {
            assert!(text.parse::<Annotation>().is_err(), "{text}");
        }
    }
}
