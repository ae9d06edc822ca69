//! What differs between two JSON values, path by path.
//!
//! The elements of a list are matched by what names them (`id`, `Sid`, `key`) where all of them have
//! such a name; else equal ones are matched, and the others in their order where there are as many.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// A path at which two values differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Such as `rules[expire].expiration.days`; empty for the whole.
    pub path: String,
    /// What the first value has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What the second value has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// The names by which elements of lists are matched.
const NAMES: [&str; 3] = ["id", "Sid", "key"];

/// Every path at which the values differ, none below a path that only one of them has.
pub fn differences(from: Option<&Value>, to: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", from, to, &mut found);
    found
}

fn compare(path: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Difference>) {
    match (from, to) {
        (from, to) if from == to => {}
        (Some(Value::Object(from)), Some(Value::Object(to))) => {
            let keys: BTreeSet<_> = from.keys().chain(to.keys()).collect();
            for key in keys {
                compare(&joined(path, key), from.get(key), to.get(key), found);
            }
        }
        (Some(Value::Array(from)), Some(Value::Array(to))) => compare_lists(path, from, to, found),
        (from, to) => found.push(Difference {
            path: path.to_owned(),
            from: from.cloned(),
            to: to.cloned(),
        }),
    }
}

fn compare_lists(path: &str, from: &[Value], to: &[Value], found: &mut Vec<Difference>) {
    if let Some(name) = NAMES
        .into_iter()
        .find(|name| are_named(name, from) && are_named(name, to))
    {
        let names: BTreeSet<_> = from
            .iter()
            .chain(to)
            .map(|one| name_of(name, one))
            .collect();
        for one in names {
            let with_name = |list: &'_ [Value]| -> Option<Value> {
                list.iter()
                    .find(|value| name_of(name, value) == one)
                    .cloned()
            };
            let path = format!("{path}[{}]", one.unwrap_or_default());
            compare(
                &path,
                with_name(from).as_ref(),
                with_name(to).as_ref(),
                found,
            );
        }
        return;
    }
    let mut added: Vec<_> = to.iter().enumerate().collect();
    let mut removed = Vec::new();
    for (index, value) in from.iter().enumerate() {
        match added.iter().position(|(_, other)| *other == value) {
            Some(same) => drop(added.remove(same)),
            None => removed.push((index, value)),
        }
    }
    let are_parts = |list: &[(usize, &Value)]| list.iter().all(|(_, value)| value.is_object());
    if added.len() == removed.len() && are_parts(&added) && are_parts(&removed) {
        for ((_, from), (index, to)) in removed.into_iter().zip(added) {
            compare(&format!("{path}[{index}]"), Some(from), Some(to), found);
        }
        return;
    }
    for (index, value) in removed {
        compare(&format!("{path}[{index}]"), Some(value), None, found);
    }
    for (index, value) in added {
        compare(&format!("{path}[{index}]"), None, Some(value), found);
    }
}

fn name_of<'a>(name: &str, value: &'a Value) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// Whether every element has a name of its own.
fn are_named(name: &str, list: &[Value]) -> bool {
    let names: BTreeSet<_> = list
        .iter()
        .filter_map(|value| name_of(name, value))
        .collect();
    names.len() == list.len()
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

impl Difference {
    /// In a line with others: `+team=data`, `env: dev → prod`, `-old`.
    pub fn short(&self) -> String {
        let path = &self.path;
        match (&self.from, &self.to) {
            (None, Some(to)) if to.is_object() || to.is_array() => format!("+{path}"),
            (None, Some(to)) => format!("+{path}={}", text_of(to)),
            (_, None) => format!("-{path}"),
            (Some(from), Some(to)) if path.is_empty() => {
                format!("{} → {}", text_of(from), text_of(to))
            }
            (Some(from), Some(to)) => format!("{path}: {} → {}", text_of(from), text_of(to)),
        }
    }

    /// A line for what differs; for what is only on one side, a line for each value in it. `field` is
    /// what the paths begin with.
    pub fn lines(&self, field: &str) -> Vec<String> {
        let path = match self.path.as_str() {
            "" => field.to_owned(),
            path if field.is_empty() => path.to_owned(),
            path if path.starts_with('[') => format!("{field}{path}"),
            path => format!("{field}.{path}"),
        };
        let mut lines = Vec::new();
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                lines.push(format!("{path}: {} → {}", text_of(from), text_of(to)));
            }
            (None, Some(to)) => leaves(&path, to, &mut |line| lines.push(format!("+ {line}"))),
            (Some(from), None) => leaves(&path, from, &mut |line| lines.push(format!("- {line}"))),
            (None, None) => {}
        }
        lines
    }
}

fn leaves(path: &str, value: &Value, tell: &mut impl FnMut(String)) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                leaves(&joined(path, key), value, tell);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            let name = NAMES.into_iter().find(|name| are_named(name, list));
            for (index, value) in list.iter().enumerate() {
                let index = index.to_string();
                let own = name.and_then(|name| name_of(name, value)).unwrap_or(&index);
                leaves(&format!("{path}[{own}]"), value, tell);
            }
        }
        value => tell(format!("{path}: {}", text_of(value))),
    }
}

/// A text stands without quotes.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
