//! The file of local sampling rules: from JSON to rules, or to every fault of it.

use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use super::reservoir::Reservoir;
use super::{LocalRules, Rule, Share};

const FILE_FIELDS: [&str; 3] = ["version", "rules", "default"];
const SHARE_FIELDS: [&str; 2] = ["fixed_target", "rate"];
const PATTERN_FIELDS: [&str; 2] = ["http_method", "url_path"];
/// Beside the host's, whose name depends on the version.
const RULE_FIELDS: [&str; 6] = [
    "description",
    "id",
    "http_method",
    "url_path",
    "fixed_target",
    "rate",
];
/// What version 1 and version 2 call the host.
const HOST_FIELDS: [&str; 2] = ["service_name", "host"];

/// The most characters of a rule's name: X-Ray takes no longer text.
const RULE_NAME_LEN_MAX: usize = 250;

/// One fault of a file of sampling rules.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {fault}")]
pub struct LocalRulesError {
    /// Where in the file, such as `rules[0].rate`; `sampling rules` for the file as a whole.
    pub path: String,
    /// What is wrong there, and what to write instead.
    pub fault: String,
}

/// Every fault of a file of sampling rules; displayed one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRulesErrors(pub Vec<LocalRulesError>);

impl fmt::Display for LocalRulesErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LocalRulesErrors {}

pub(super) fn parse(json: &str) -> Result<LocalRules, LocalRulesErrors> {
    let mut faults = FaultLog::default();
    let rules = match serde_json::from_str(json) {
        Ok(file) => read_file(&file, &mut faults),
        Err(error) => faults.report("", format!("is no JSON: {error}")),
    };
    match rules {
        Some(rules) if faults.0.is_empty() => Ok(rules),
        _ => Err(LocalRulesErrors(faults.0)),
    }
}

/// Gathers faults, so that reading goes on after each.
#[derive(Default)]
struct FaultLog(Vec<LocalRulesError>);

impl FaultLog {
    /// Notes a fault and answers nothing, as what was to be read there.
    fn report<T>(&mut self, path: &str, fault: impl Into<String>) -> Option<T> {
        let path = if path.is_empty() {
            "sampling rules"
        } else {
            path
        };
        self.0.push(LocalRulesError {
            path: path.to_owned(),
            fault: fault.into(),
        });
        None
    }
}

fn read_file(file: &Value, faults: &mut FaultLog) -> Option<LocalRules> {
    let Some(file) = file.as_object() else {
        return faults.report("", "write an object of `version`, `rules` and `default`");
    };
    report_unknown(file, "", &FILE_FIELDS, faults);
    let host_field = read_version(file, faults);
    let rules = match file.get("rules") {
        None => Vec::new(),
        Some(Value::Array(rules)) => {
            let rules = rules.iter().enumerate();
            let read =
                |(index, rule)| read_rule(rule, &format!("rules[{index}]"), host_field, faults);
            rules.filter_map(read).collect()
        }
        Some(_) => faults
            .report("rules", "write a list of rules")
            .unwrap_or_default(),
    };
    let default = match file.get("default") {
        None => faults.report(
            "default",
            "is missing; write what holds where no rule matches, such as {\"fixed_target\": 1, \"rate\": 0.05}",
        ),
        Some(Value::Object(default)) => {
            for field in default.keys() {
                if !SHARE_FIELDS.contains(&field.as_str()) {
                    let path = join("default", field);
                    let fault = "leave it out: the default holds only `fixed_target` and `rate`";
                    faults.report::<()>(&path, fault);
                }
            }
            read_share(default, "default", faults)
        }
        Some(_) => faults.report("default", "write an object of `fixed_target` and `rate`"),
    }?;
    Some(LocalRules { rules, default })
}

/// What the file's version calls the host; `None` when its version is none that we know.
fn read_version(file: &Map<String, Value>, faults: &mut FaultLog) -> Option<&'static str> {
    let Some(version) = file.get("version") else {
        return faults.report("version", "is missing; write 2");
    };
    match version.as_f64() {
        Some(1.0) => Some(HOST_FIELDS[0]),
        Some(2.0) => Some(HOST_FIELDS[1]),
        _ => faults.report("version", format!("`{version}` is not known; write 1 or 2")),
    }
}

fn read_rule(
    rule: &Value,
    path: &str,
    host_field: Option<&'static str>,
    faults: &mut FaultLog,
) -> Option<Rule> {
    let Some(rule) = rule.as_object() else {
        return faults.report(path, "write an object");
    };
    let mut known = RULE_FIELDS.to_vec();
    known.extend(HOST_FIELDS);
    report_unknown(rule, path, &known, faults);
    // One after another and not by `?` at each: all that is wrong with the rule is to be told.
    let host = read_host(rule, path, host_field, faults);
    let [http_method, url_path] =
        PATTERN_FIELDS.map(|field| read_pattern(rule, path, field, faults));
    let [id, description] = ["id", "description"].map(|field| read_text(rule, path, field, faults));
    let share = read_share(rule, path, faults);
    let name = id.or(description);
    Some(Rule {
        name: name.map(|name| name.chars().take(RULE_NAME_LEN_MAX).collect()),
        host: host?,
        http_method: http_method?,
        url_path: url_path?,
        share: share?,
    })
}

fn read_host(
    rule: &Map<String, Value>,
    path: &str,
    host_field: Option<&'static str>,
    faults: &mut FaultLog,
) -> Option<String> {
    // What a host is called in an unknown version cannot be wrong.
    let wanted = host_field?;
    let mut others = HOST_FIELDS.iter().filter(|field| **field != wanted);
    if let Some(other) = others.find(|field| rule.contains_key(**field)) {
        let fault = format!("this version calls it `{wanted}`");
        faults.report::<()>(&join(path, other), fault);
        if !rule.contains_key(wanted) {
            return None;
        }
    }
    read_pattern(rule, path, wanted, faults)
}

fn read_pattern(
    rule: &Map<String, Value>,
    path: &str,
    field: &str,
    faults: &mut FaultLog,
) -> Option<String> {
    match rule.get(field) {
        Some(Value::String(pattern)) if !pattern.is_empty() => Some(pattern.clone()),
        None => faults.report(&join(path, field), "is missing; write `*` for any"),
        Some(value) => {
            let fault = format!("`{value}` is no pattern; write a text, `*` for any");
            faults.report(&join(path, field), fault)
        }
    }
}

/// A text that need not be there; an empty one is none.
fn read_text(
    rule: &Map<String, Value>,
    path: &str,
    field: &str,
    faults: &mut FaultLog,
) -> Option<String> {
    match rule.get(field)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        _ => faults.report(&join(path, field), "write a text"),
    }
}

fn read_share(holder: &Map<String, Value>, path: &str, faults: &mut FaultLog) -> Option<Share> {
    let [fixed_target_path, rate_path] = SHARE_FIELDS.map(|field| join(path, field));
    let how =
        "how many traces a second are recorded whatever the rate: a whole number from 0, such as 1";
    let fixed_target = match holder.get("fixed_target") {
        None => faults.report(&fixed_target_path, format!("is missing; write {how}")),
        Some(value) => value.as_f64().and_then(as_count).or_else(|| {
            let fault = format!("`{value}` is no count; write {how}");
            faults.report(&fixed_target_path, fault)
        }),
    };
    let how =
        "the share of further traces that are recorded: a number from 0 to 1, such as 0.05 for 5 %";
    let rate = match holder.get("rate") {
        None => faults.report(&rate_path, format!("is missing; write {how}")),
        Some(value) => match value.as_f64() {
            Some(rate) if (0.0..=1.0).contains(&rate) => Some(rate),
            _ => faults.report(&rate_path, format!("`{value}` is no share; write {how}")),
        },
    };
    Some(Share {
        reservoir: Reservoir::new(fixed_target?),
        rate: rate?,
    })
}

/// A whole number, which JSON may also write as `1.0`.
fn as_count(number: f64) -> Option<u32> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    fits.then_some(number as u32)
}

fn report_unknown(object: &Map<String, Value>, path: &str, known: &[&str], faults: &mut FaultLog) {
    for field in object.keys() {
        if !known.contains(&field.as_str()) {
            let mend = match nearest(field, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are `{}`", known.join("`, `")),
            };
            faults.report::<()>(&join(path, field), format!("unknown field, {mend}"));
        }
    }
}

/// The known word that is near enough to be meant.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_lowercase();
    let distances = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&word, known), *known));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= near.len().div_ceil(3)).then_some(near)
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}
