//! What a list of traces can be narrowed by, as X-Ray's console shows it: the values that occur, most
//! frequent first, under the flags that choose them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::json::{items, plain, text};
use super::style::{Line, Paint, Style, flow, note};
use super::text::{columns, elide};
use super::trace_list::{service, telling};

/// Values of one refiner that are shown.
const VALUES_MAX: usize = 5;
/// Annotations that are offered, most telling first.
const ANNOTATIONS_MAX: usize = 4;

/// How many traces have each value of one refiner.
type Counts = BTreeMap<String, usize>;

/// A line for each flag that would narrow these summaries; nothing if none would.
pub(super) fn refiners(summaries: &[Value], style: Style) -> Vec<String> {
    let all = summaries.len();
    let mut refiners: Vec<(String, Counts)> = vec![(
        "--service".to_owned(),
        counts(summaries, |summary| {
            service(summary).map(str::to_owned).into_iter().collect()
        }),
    )];
    refiners.extend(annotations(summaries));
    refiners.push(("--url".to_owned(), counts(summaries, url)));
    refiners.push(("--user".to_owned(), counts(summaries, users)));
    refiners.retain(|(_, counts)| counts.values().any(|&count| count < all));
    if refiners.is_empty() {
        return Vec::new();
    }
    let widest = refiners.iter().map(|(flag, _)| columns(flag)).max();
    let flag_columns = widest.unwrap_or(0).min(style.columns() / 2);
    let mut lines = vec![
        String::new(),
        note("Narrow by (or --status, --min-duration)", style),
    ];
    for (flag, counts) in &refiners {
        let mut line = Line::new(style);
        line.space(2)
            .push(Paint::Strong, &elide(flag, flag_columns));
        line.pad_to(2 + flag_columns + 2);
        let indent = if style.columns() < 60 {
            4
        } else {
            4 + flag_columns
        };
        lines.extend(flow(line, &values(counts, style), ", ", indent, style));
    }
    lines
}

fn counts(summaries: &[Value], values: impl Fn(&Value) -> BTreeSet<String>) -> Counts {
    let mut counts = Counts::new();
    for value in summaries.iter().flat_map(values) {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// The annotations that divide the traces best: those known to be telling, then those that most traces
/// have. One with nearly as many values as traces, such as an id, divides nothing.
fn annotations(summaries: &[Value]) -> Vec<(String, Counts)> {
    let mut by_key: BTreeMap<&str, Counts> = BTreeMap::new();
    for summary in summaries {
        let annotations = summary["Annotations"].as_object().into_iter().flatten();
        for (key, values) in annotations {
            let values: BTreeSet<String> = items(values).iter().filter_map(annotation).collect();
            let counts = by_key.entry(key).or_default();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
    }
    let mut by_key: Vec<(&str, Counts)> = by_key.into_iter().collect();
    let all = summaries.len();
    by_key.retain(|(_, counts)| {
        let traces: usize = counts.values().sum();
        let divides = counts.values().any(|&count| count < all);
        traces > 1 && divides && counts.len() <= VALUES_MAX.max(all / 4)
    });
    by_key.sort_by_key(|(key, counts)| {
        let traces: usize = counts.values().sum();
        (telling(key), std::cmp::Reverse(traces), *key)
    });
    by_key.truncate(ANNOTATIONS_MAX);
    let lines = by_key.into_iter();
    lines
        .map(|(key, counts)| (format!("--annotation {key}="), counts))
        .collect()
}

/// A value as the flag takes it: a text that would be read as something else is quoted.
fn annotation(value: &Value) -> Option<String> {
    let value = value["AnnotationValue"].as_object()?.values().next()?;
    let text = plain(value);
    let looks_otherwise = text.parse::<f64>().is_ok() || matches!(&*text, "true" | "false" | "");
    match value.is_string() && (looks_otherwise || text.starts_with('"')) {
        true => Some(Value::from(text).to_string()),
        false => Some(text),
    }
}

/// The URL without its query, which may hold secrets.
fn url(summary: &Value) -> BTreeSet<String> {
    let url = text(&summary["Http"], "HttpURL");
    let url = url.and_then(|url| url.split(['?', '#']).next());
    url.map(str::to_owned).into_iter().collect()
}

fn users(summary: &Value) -> BTreeSet<String> {
    let users = items(&summary["Users"]).iter();
    users
        .filter_map(|user| text(user, "UserName"))
        .map(str::to_owned)
        .collect()
}

/// `api.example.com (5)`, the most frequent first, and how many there are beyond.
fn values(counts: &Counts, style: Style) -> Vec<(Paint, String)> {
    let mut values: Vec<(&String, usize)> = counts.iter().map(|(value, &n)| (value, n)).collect();
    // A stable sort: equals stay in the order of their names.
    values.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let more = values.len().saturating_sub(VALUES_MAX);
    let value_columns = style.columns() / 2 - 8;
    let shown = values.into_iter().take(VALUES_MAX).map(|(value, count)| {
        let text = format!("{} ({count})", elide(value, value_columns));
        (Paint::Plain, text)
    });
    let more = (more > 0).then(|| (Paint::Quiet, format!("{more} more")));
    shown.chain(more).collect()
}
