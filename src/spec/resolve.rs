//! From the JSON of one job to the job: checks its shape, merges the defaults, expands the
//! templates, reads it as its kind and finds wrong combinations.

use std::sync::Arc;

use checked_json::{At, RawFault, either, format_duration, suggestion};
use serde_json::{Map, Value};

use super::context::Context;
use super::expand::Expander;
use super::fields::JobFields;
use super::job::JobSpec;
use super::kind::Kinds;

/// The fields of jobs of every kind.
const COMMON: [&str; 4] = ["name", "type", "timeout", "retry"];

/// The fields that are merged key by key.
const MERGED: [&str; 2] = ["retry", "tags"];

/// Makes jobs of one file.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) context: Context,
    pub(super) kinds: Arc<Kinds>,
    pub(super) defaults: Map<String, Value>,
}

/// What was made of the JSON of one job.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// The job's name, also where there are faults.
    pub(super) name: Option<String>,
    /// The job, unless there are faults.
    pub(super) spec: Option<JobSpec>,
    /// The faults; paths begin with the job's, or with `defaults`.
    pub(super) faults: Vec<RawFault>,
    /// Whether a template asks for the account.
    pub(super) uses_account: bool,
}

/// Whether the JSON was checked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It comes from outside.
    None,
    /// It is what was checked before.
    Checked,
}

impl Resolver {
    /// The faults of the templates in the defaults, also where no job uses them.
    pub(super) fn check_defaults(&self) -> Vec<RawFault> {
        let mut expander = Expander::new(&self.context, "job");
        for (name, value) in &self.defaults {
            if self.kinds.is_of_kind(name) && name != "region" {
                let at = At::Field(&At::Root("defaults"), name);
                expander.value(&mut value.clone(), at);
            }
        }
        expander.faults
    }

    /// The job that stands at `path`.
    pub(super) fn resolve(&self, job: Value, path: &str, trust: Trust) -> Resolved {
        let at = At::Root(path);
        let mut resolved = Resolved::default();
        let Value::Object(mut job) = job else {
            let faults = self.kinds.check_shape(None, &job, at);
            resolved.faults = faults;
            return resolved;
        };
        resolved.name = job.get("name").and_then(Value::as_str).map(str::to_owned);
        let type_name = job.get("type").and_then(Value::as_str).map(str::to_owned);
        let kind = match &type_name {
            Some(name) => self.kinds.of_type(name),
            None => None,
        };
        // What a wrong word may mean is checked all the same: all faults at once.
        let known = kind.is_some();
        let kind = kind.or_else(|| self.kinds.guess(type_name.as_deref(), &job));
        if !known {
            resolved.faults.push(self.wrong_type(&job, at));
        }
        if trust == Trust::None {
            let value = Value::Object(job);
            let mut faults = self.kinds.check_shape(kind, &value, at);
            let Value::Object(object) = value else {
                return resolved;
            };
            job = object;
            if !known {
                let type_path = At::Field(&at, "type").to_string();
                faults.retain(|fault| fault.path != type_path);
            }
            resolved.faults.extend(faults);
        }
        let Some(kind) = kind else {
            return resolved;
        };
        let origin = Origin {
            job: &job,
            defaults: &self.defaults,
            path,
        };
        let wrong = resolved
            .faults
            .iter()
            .map(|fault| top_field(&fault.path, path));
        let mut wrong: Vec<_> = wrong.map(str::to_owned).collect();
        let mut fields = self.merged(&job, |name| self.kinds.has_field(kind, name));
        for name in COMMON {
            if wrong.iter().any(|wrong| wrong == name) {
                fields.remove(name);
            }
        }
        let common = self.common(&mut fields, &origin, &mut resolved.faults);
        let name = common.as_ref().and_then(|common| common.name.clone());
        // A fault in the name is told once, not again with each field that names the job.
        let job_name = name.as_deref().unwrap_or("job");
        let mut expander = Expander::new(&self.context, job_name);
        self.expand(&mut fields, &mut expander);
        let Expander {
            mut faults,
            has_changed,
            uses_account,
            secrets,
            ..
        } = expander;
        // A field with a fault does not hide those of the others.
        wrong.extend(
            faults
                .iter()
                .map(|fault| top_field(&fault.path, "").to_owned()),
        );
        fields.retain(|name, _| self.kinds.has_field(kind, name) && !wrong.contains(name));
        let fields = Value::Object(fields);
        if has_changed {
            faults.extend(self.kinds.check_fields(kind, &fields));
        }
        let is_whole = resolved.faults.is_empty() && faults.is_empty();
        let (made, of_kind) = self.kinds.read(kind, fields, &self.context, is_whole);
        faults.extend(of_kind);
        resolved
            .faults
            .extend(faults.into_iter().map(|fault| origin.place(fault)));
        resolved.uses_account = uses_account;
        if let (Some(kind), Some(common), Some(name), true) =
            (made, common, name, resolved.faults.is_empty())
        {
            resolved.spec = Some(JobSpec {
                name,
                kind,
                timeout: common.timeout.map(|text| text.0),
                retry: common.retry.unwrap_or_default().spec(),
                secrets,
            });
        }
        resolved
    }

    fn wrong_type(&self, job: &Map<String, Value>, at: At<'_>) -> RawFault {
        let names = self.kinds.type_names();
        let message = match job.get("type") {
            None => format!("missing, give {}", quoted(&names)),
            Some(Value::String(word)) => {
                format!(
                    "unknown value `{}`{}",
                    word.escape_debug(),
                    suggestion(word, &names)
                )
            }
            Some(_) => format!("wanted {}", quoted(&names)),
        };
        let path = At::Field(&at, "type").to_string();
        RawFault::of_value(path, message)
    }

    /// The job's fields, and those of the defaults that it does not give and its kind knows.
    fn merged(
        &self,
        job: &Map<String, Value>,
        is_known: impl Fn(&str) -> bool,
    ) -> Map<String, Value> {
        let mut fields = job.clone();
        for (name, default) in &self.defaults {
            if !is_known(name) {
                continue;
            }
            match (fields.get_mut(name), default) {
                (None, _) => {
                    fields.insert(name.clone(), default.clone());
                }
                (Some(Value::Object(own)), Value::Object(default))
                    if MERGED.contains(&name.as_str()) =>
                {
                    for (key, value) in default {
                        own.entry(key).or_insert_with(|| value.clone());
                    }
                }
                (Some(_), _) => {}
            }
        }
        fields
    }

    /// Takes what every job has out of the fields.
    fn common(
        &self,
        fields: &mut Map<String, Value>,
        origin: &Origin<'_>,
        faults: &mut Vec<RawFault>,
    ) -> Option<JobFields> {
        let common = COMMON.iter().filter_map(|name| fields.remove_entry(*name));
        let common = serde_json::from_value::<JobFields>(Value::Object(common.collect()));
        let mut fault = |path: &str, message: String| {
            let path = path.to_owned();
            faults.push(origin.place(RawFault {
                path,
                is_name: false,
                message,
            }));
        };
        let common = match common {
            Ok(common) => common,
            Err(error) => {
                fault("", error.to_string());
                return None;
            }
        };
        if common
            .name
            .as_deref()
            .is_some_and(|name| name.trim().is_empty())
        {
            fault(
                "name",
                "only spaces, give the job a name of its own".to_owned(),
            );
        }
        if let Some(retry) = &common.retry {
            let retry = retry.spec();
            if retry.base_delay > retry.max_delay {
                let [base, max] = [retry.base_delay, retry.max_delay].map(format_duration);
                let message =
                    format!("base_delay {base} is longer than max_delay {max}, raise max_delay");
                fault("retry", message);
            }
        }
        Some(common)
    }

    fn expand(&self, fields: &mut Map<String, Value>, expander: &mut Expander<'_>) {
        let root = At::Root("");
        let region = fields
            .get("region")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let region = match region {
            Some(text) => {
                let expanded = expander.region(&text, At::Field(&root, "region"));
                // A fault in the region is told once, not again with each field that names it.
                expanded.unwrap_or_else(|| "us-east-1".to_owned())
            }
            None => self
                .context
                .region
                .as_deref()
                .unwrap_or("us-east-1")
                .to_owned(),
        };
        expander.region = region;
        for (name, value) in fields.iter_mut() {
            if name != "region" {
                expander.value(value, At::Field(&root, name));
            } else if value.is_string() {
                *value = expander.region.as_str().into();
            }
        }
    }
}

/// Where the fields of a merged job came from.
struct Origin<'a> {
    job: &'a Map<String, Value>,
    defaults: &'a Map<String, Value>,
    path: &'a str,
}

impl Origin<'_> {
    /// A fault with a path in the job as one with a path in the file.
    fn place(&self, mut fault: RawFault) -> RawFault {
        let top = top_field(&fault.path, "");
        let is_of_defaults = match (self.job.get(top), self.defaults.get(top)) {
            (None, Some(_)) => true,
            (Some(Value::Object(own)), Some(Value::Object(defaults))) if MERGED.contains(&top) => {
                let inner = fault.path[top.len()..].trim_start_matches('.');
                let has = |fields: &Map<String, Value>| {
                    fields.contains_key(inner) || fields.contains_key(top_field(inner, ""))
                };
                !inner.is_empty() && !has(own) && has(defaults)
            }
            _ => false,
        };
        let root = if is_of_defaults {
            "defaults"
        } else {
            self.path
        };
        fault.path = match (root, fault.path.as_str()) {
            ("", path) => path.to_owned(),
            (root, "") => root.to_owned(),
            (root, path) => format!("{root}.{path}"),
        };
        fault
    }
}

/// The field of the job that a path beneath `root` leads to.
pub(super) fn top_field<'p>(path: &'p str, root: &str) -> &'p str {
    let inner = path.strip_prefix(root).unwrap_or(path);
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    inner.split(['.', '[']).next().unwrap_or(inner)
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    either(names)
}
