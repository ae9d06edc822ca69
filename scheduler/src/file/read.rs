//! From the text of a schedule file to its rules, or to every fault in it.

use std::collections::BTreeMap;
use std::path::Path;

use checked_json::{At, FaultLog, Faults, RawFault, Shapes, Texts};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::check::{self, Findings};
use super::unfilled;
use super::{FileFields, TARGET_ID_DEFAULT};
use crate::place::{ACCOUNT_PLACEHOLDER, Place, REGION_PLACEHOLDER};
use crate::rule::Rule;

/// What a schedule file is read with.
pub struct Context<'a> {
    /// The region of a file that names none.
    pub region: Option<String>,
    /// The account of a file that names none.
    pub account: Option<String>,
    /// The value of an environment variable, if it is set, or why it cannot be had.
    pub variable: &'a dyn Fn(&str) -> Result<Option<String>, String>,
    /// The moment from which on firings count.
    pub now: DateTime<Utc>,
}

/// A schedule file without a fault.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// The schedule's name, which its rules are tagged with.
    pub name: String,
    /// The region that the file names.
    pub region: Option<String>,
    /// The account that the file names.
    pub account: Option<String>,
    /// Where the rules are; placeholders stand for what is not known.
    pub place: Place,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The container of each target's worker, by rule and target.
    workers: BTreeMap<(String, String), String>,
    /// What is legal and may still be regretted, a line each.
    pub warnings: Vec<String>,
}

impl CheckedFile {
    /// The container of a target's worker, where it has one.
    pub fn worker(&self, rule: &str, target: &str) -> Option<&str> {
        let key = (rule.to_owned(), target.to_owned());
        self.workers.get(&key).map(String::as_str)
    }
}

/// Reads and checks a schedule file.
///
/// # Errors
/// Every fault, in the order of their places.
pub fn read(source: &Path, bytes: &[u8], context: &Context<'_>) -> Result<CheckedFile, Faults> {
    let source_name = source.display().to_string();
    let text = checked_json::text_of(bytes, &source_name)?;
    let mut log = FaultLog::new(text, 0);
    let file = checked_json::read(text, &mut log)
        .and_then(|value| checked(value, context, &mut log))
        .filter(|_| log.count() == 0);
    file.ok_or_else(|| log.finish(&source_name))
}

fn checked(value: Value, context: &Context<'_>, log: &mut FaultLog<'_>) -> Option<CheckedFile> {
    let shapes = Shapes::compile(&checked_json::schema::schema_for::<FileFields>());
    let of_shape = |value: &Value, texts| shapes.check(shapes.root(), value, At::Root(""), texts);
    let mut value = value;
    let mut faults = of_shape(&value, Texts::MayBeTemplates);
    let mut removed = without(&mut value, &faults);
    let place = place_of(&mut value, context, &mut faults);
    let scope = Scope {
        context,
        place: Some(&place),
    };
    let mut of_templates = Vec::new();
    expand(&mut value, At::Root(""), &scope, &mut of_templates);
    removed.extend(without(&mut value, &of_templates));
    faults.append(&mut of_templates);
    let mut of_nobody = Vec::new();
    unfilled::find(&value, At::Root(""), &mut of_nobody);
    removed.extend(without(&mut value, &of_nobody));
    faults.append(&mut of_nobody);
    // What a template has become may still be wrong; what was removed is missed by nobody.
    let mut expanded = of_shape(&value, Texts::Plain);
    expanded.retain(|fault| !removed.contains(&fault.path));
    removed.extend(without(&mut value, &expanded));
    faults.append(&mut expanded);
    for fault in faults {
        log.add(fault);
    }
    let (value, merged) = with_defaults(value);
    let fields: FileFields = match serde_json::from_value(value) {
        Ok(fields) => fields,
        // What is wrong was told before, unless the schema lets pass what the types do not.
        Err(_) if log.count() > 0 => return None,
        Err(error) => {
            log.value("", error.to_string());
            return None;
        }
    };
    let mut findings = Findings::new(&place, context, &fields, &merged, &removed);
    let rules = check::rules(&fields, &mut findings);
    for fault in std::mem::take(&mut findings.faults) {
        match fault.other {
            Some(other) => log.with_line_of(other, fault.path, fault.message),
            None => log.value(fault.path, fault.message),
        }
    }
    Some(CheckedFile {
        warnings: findings.warnings,
        workers: findings.workers,
        name: fields.name?,
        region: fields.region,
        account: fields.account,
        place,
        rules,
    })
}

/// Takes out the fields that have faults, so that they hide none of the others'; answers their paths.
fn without(value: &mut Value, faults: &[RawFault]) -> Vec<String> {
    let faults = faults.iter();
    faults
        .filter_map(|fault| remove(value, &fault.path))
        .collect()
}

/// Fields that need nothing that stands in them.
const OPEN: [&str; 5] = ["defaults", "worker", "environment", "task", "retry_policy"];

/// Takes out the smallest thing into which a path leads that the others around it can do without.
fn remove(value: &mut Value, path: &str) -> Option<String> {
    let mut value = value;
    let mut rest = path;
    loop {
        let (name, after) = match rest.find(['.', '[']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        let fields = value.as_object_mut()?;
        let index = after
            .strip_prefix('[')
            .and_then(|after| after.split_once(']'));
        (value, rest) = match (name, index) {
            (name, None) if OPEN.contains(&name) && after.starts_with('.') => {
                (fields.get_mut(name)?, &after[1..])
            }
            ("rules" | "targets", Some((index, after))) => {
                let index: usize = index.parse().ok()?;
                let element = fields.get_mut(name)?.get_mut(index)?;
                if after.is_empty() {
                    *element = Value::Object(Map::new()); // the others keep their places
                    return Some(path.to_owned());
                }
                (element, after.trim_start_matches('.'))
            }
            _ => {
                // A name may hold dots itself.
                let _ = fields.remove(name).or_else(|| fields.remove(rest));
                let end = path.len() - rest.len() + name.len();
                return Some(path[..end].to_owned());
            }
        };
    }
}

/// Where the rules are: what the file says, else what is known, else placeholders.
fn place_of(value: &mut Value, context: &Context<'_>, faults: &mut Vec<RawFault>) -> Place {
    let scope = Scope {
        context,
        place: None,
    };
    let mut of_file = |name: &str| {
        let field = value.get_mut(name)?;
        expand(field, At::Field(&At::Root(""), name), &scope, faults);
        field.as_str().map(str::to_owned)
    };
    let region = of_file("region").or_else(|| context.region.clone());
    let account = of_file("account").or_else(|| context.account.clone());
    Place {
        region: region.unwrap_or_else(|| REGION_PLACEHOLDER.to_owned()),
        account: account.unwrap_or_else(|| ACCOUNT_PLACEHOLDER.to_owned()),
    }
}

/// What the words of templates stand for.
struct Scope<'a> {
    context: &'a Context<'a>,
    /// None in the fields that say it.
    place: Option<&'a Place>,
}

/// The fields in which braces are no templates.
const PLAIN: [&str; 5] = [
    "$schema",
    "schedule",
    "input",
    "input_path",
    "input_transformer",
];

/// Expands the templates in every text of a value.
fn expand(value: &mut Value, at: At<'_>, scope: &Scope<'_>, faults: &mut Vec<RawFault>) {
    match value {
        Value::String(text) if text.contains(['{', '}']) => match expanded(text, scope) {
            Ok(becomes) => *text = becomes,
            Err(messages) => faults.extend(
                messages
                    .into_iter()
                    .map(|message| RawFault::of_value(at.to_string(), message)),
            ),
        },
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                expand(value, At::Element(&at, index), scope, faults);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if !PLAIN.contains(&name.as_str()) {
                    expand(value, At::Field(&at, name), scope, faults);
                }
            }
        }
        _ => {}
    }
}

fn expanded(text: &str, scope: &Scope<'_>) -> Result<String, Vec<String>> {
    use checked_json::template::{Piece, split};
    let mut becomes = String::new();
    let mut errors = Vec::new();
    for piece in split(text) {
        match piece {
            Ok(Piece::Literal(literal)) => becomes.push_str(&literal),
            Ok(Piece::Placeholder { word, argument }) => match word_value(word, argument, scope) {
                Ok(value) => becomes.push_str(&value),
                Err(error) => errors.push(error),
            },
            Err(error) => errors.push(error.to_string()),
        }
    }
    if errors.is_empty() {
        Ok(becomes)
    } else {
        Err(errors)
    }
}

fn word_value(word: &str, argument: Option<&str>, scope: &Scope<'_>) -> Result<String, String> {
    let plain = |value: &str| match argument {
        None => Ok(value.to_owned()),
        Some(_) => Err(format!(
            "template `{{{word}}}` takes nothing after `:`, write `{{{word}}}`"
        )),
    };
    match (word, scope.place) {
        ("env", _) => match argument {
            None | Some("") => {
                Err("template `{env}` needs a variable's name, write `{env:NAME}`".to_owned())
            }
            Some(name) => (scope.context.variable)(name)?.ok_or_else(|| {
                format!("environment variable `{name}` of template `{{env:{name}}}` is not set")
            }),
        },
        ("account" | "region", None) => Err("takes no template but `{env:NAME}`".to_owned()),
        ("account", Some(place)) => plain(&place.account),
        ("region", Some(place)) => plain(&place.region),
        _ => {
            let known = ["account", "region", "env"];
            let suggestion = checked_json::suggestion(word, &known);
            Err(format!("unknown template `{{{word}}}`{suggestion}"))
        }
    }
}

/// Which fields of which target come from the defaults: a fault in one is told there, once.
pub(super) type Merged = BTreeMap<(usize, usize), Vec<String>>;

/// The file with the defaults in each target that does not give them.
fn with_defaults(mut value: Value) -> (Value, Merged) {
    let mut merged = Merged::new();
    let Some(Value::Object(defaults)) = value.get("defaults").cloned() else {
        return (value, merged);
    };
    // What says the same in another way goes before the default.
    const INPUTS: [&str; 6] = [
        "worker",
        "containers",
        "task",
        "input",
        "input_path",
        "input_transformer",
    ];
    const PLACES: [&str; 2] = ["launch_type", "capacity_providers"];
    let rules = value.get_mut("rules").and_then(Value::as_array_mut);
    for (rule_index, rule) in rules.into_iter().flatten().enumerate() {
        let targets = rule.get_mut("targets").and_then(Value::as_array_mut);
        for (index, target) in targets.into_iter().flatten().enumerate() {
            let Value::Object(target) = target else {
                continue;
            };
            let (overrides, raw) = INPUTS.split_at(3);
            let has = |names: &[&str]| names.iter().any(|name| target.contains_key(*name));
            let (has_overrides, has_raw) = (has(overrides), has(raw));
            let has_place = PLACES.iter().any(|name| target.contains_key(*name));
            let mut taken = Vec::new();
            for (name, default) in &defaults {
                let is_said_otherwise = (has_raw && INPUTS.contains(&name.as_str()))
                    || (has_overrides && raw.contains(&name.as_str()))
                    || (has_place && PLACES.contains(&name.as_str()));
                match (target.get_mut(name), default) {
                    (None, _) if !is_said_otherwise => {
                        target.insert(name.clone(), default.clone());
                        taken.push(name.clone());
                    }
                    (Some(Value::Object(own)), Value::Object(default))
                        if ["worker", "task", "task_tags", "retry_policy"]
                            .contains(&name.as_str()) =>
                    {
                        merge(own, default);
                    }
                    _ => {}
                }
            }
            merged.insert((rule_index, index), taken);
        }
    }
    (value, merged)
}

/// Adds what is not there, also in the environment of a worker.
fn merge(own: &mut Map<String, Value>, default: &Map<String, Value>) {
    for (name, value) in default {
        match (own.get_mut(name), value) {
            (None, _) => drop(own.insert(name.clone(), value.clone())),
            (Some(Value::Object(own)), Value::Object(default)) => merge(own, default),
            _ => {}
        }
    }
}

/// The id that a target has in its rule.
pub(super) fn target_id(id: Option<&str>) -> &str {
    id.unwrap_or(TARGET_ID_DEFAULT)
}
