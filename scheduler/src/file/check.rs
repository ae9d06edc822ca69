//! What a schedule file says beyond its shape: names, references, combinations and budgets; and the
//! rules that come of it.

mod placement;
mod rule;
mod target;
mod worker;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::FileFields;
use super::read::{Context, Merged, target_id};
use crate::place::{Arn, Place};
use crate::rule::Rule;

pub(super) use rule::rules;

/// What is found while a file is checked.
pub(super) struct Findings<'a> {
    place: &'a Place,
    is_region_known: bool,
    is_account_known: bool,
    now: DateTime<Utc>,
    merged: &'a Merged,
    /// The fields that were taken out for their faults: nobody misses them.
    removed: &'a [String],
    pub(super) faults: Vec<Finding>,
    pub(super) warnings: Vec<String>,
    /// The container of each target's worker.
    pub(super) workers: BTreeMap<(String, String), String>,
}

/// A fault and where it is.
pub(super) struct Finding {
    pub(super) path: String,
    pub(super) message: String,
    /// A field whose line stands for `{line}` in the message.
    pub(super) other: Option<String>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        place: &'a Place,
        context: &Context<'_>,
        fields: &FileFields,
        merged: &'a Merged,
        removed: &'a [String],
    ) -> Self {
        Self {
            place,
            is_region_known: context.region.is_some() || fields.region.is_some(),
            is_account_known: context.account.is_some() || fields.account.is_some(),
            now: context.now,
            merged,
            removed,
            faults: Vec::new(),
            warnings: Vec::new(),
            workers: BTreeMap::new(),
        }
    }

    fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Finding {
            path: path.into(),
            message: message.into(),
            other: None,
        });
    }

    fn twice(&mut self, path: String, other: String, message: String) {
        self.faults.push(Finding {
            path,
            message,
            other: Some(other),
        });
    }

    fn warn(&mut self, rule: &Rule, warning: impl std::fmt::Display) {
        let warning = format!("rule `{}`: {warning}", rule.name);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// That a name is one, or an ARN of this kind in the rule's region and account.
    fn reference(&mut self, path: String, text: &str, kind: &Reference) {
        let Some(arn) = Arn::parse(text) else {
            if text.starts_with("arn:") || !text.chars().all(|c| kind.is_of_name(c)) {
                let message = format!(
                    "`{}` is no {}, give its name or its ARN",
                    text.escape_debug(),
                    kind.what
                );
                self.fault(path, message);
            }
            return;
        };
        let Place { region, account } = self.place;
        let name = arn.resource.strip_prefix(kind.resource);
        if arn.service != kind.service || name.is_none_or(str::is_empty) {
            let wanted = format!("arn:aws:{}:...:{}NAME", kind.service, kind.resource);
            let message = format!("`{text}` is no ARN of a {}, write {wanted}", kind.what);
            self.fault(path, message);
        } else if self.is_region_known && !arn.region.is_empty() && arn.region != region {
            let message = format!(
                "is in {}, and the rule in {region}: a rule starts tasks in its own region",
                arn.region
            );
            self.fault(path, message);
        } else if self.is_account_known && arn.account != account && kind.is_of_account {
            let message = format!(
                "is of account {}, and the rule of {account}: a rule starts tasks in its own account",
                arn.account
            );
            self.fault(path, message);
        }
    }
}

/// A kind of thing that a target refers to.
struct Reference {
    what: &'static str,
    service: &'static str,
    resource: &'static str,
    /// What its name may hold beside letters and digits.
    characters: &'static str,
    /// Whether it must be in the rule's account.
    is_of_account: bool,
}

const CLUSTER: Reference = Reference {
    what: "cluster",
    service: "ecs",
    resource: "cluster/",
    characters: "-_",
    is_of_account: true,
};

const TASK_DEFINITION: Reference = Reference {
    what: "task definition",
    service: "ecs",
    resource: "task-definition/",
    characters: "-_:",
    is_of_account: true,
};

const ROLE: Reference = Reference {
    what: "role",
    service: "iam",
    resource: "role/",
    characters: "+=,.@-_/",
    is_of_account: true,
};

const QUEUE: Reference = Reference {
    what: "queue",
    service: "sqs",
    resource: "",
    characters: "-_.",
    is_of_account: false, // another account's queue may let EventBridge send
};

impl Reference {
    fn is_of_name(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || self.characters.contains(c)
    }
}

/// What tags are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tagged {
    Rule,
    Tasks,
}

/// The faults of tags, which AWS has the same rules for everywhere.
fn tags(tags: &BTreeMap<String, String>, path: &str, of: Tagged, findings: &mut Findings<'_>) {
    let most = match of {
        Tagged::Rule => 49, // beside our own
        Tagged::Tasks => 50,
    };
    if tags.len() > most {
        findings.fault(path, format!("{} tags, AWS takes {most} here", tags.len()));
    }
    for (key, value) in tags {
        let path = format!("{path}.{key}");
        let is_legal = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            findings.fault(
                path,
                "AWS takes 1 to 128 characters as a tag's key and up to 256 as its value",
            );
        } else if !key.chars().chain(value.chars()).all(is_legal) {
            findings.fault(
                path,
                "AWS takes letters, digits, spaces and `_ . : / = + - @` in tags",
            );
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            findings.fault(
                path,
                "tags that begin with `aws:` are AWS's own, name it otherwise",
            );
        } else if of == Tagged::Rule && key == crate::rule::OWNER_TAG {
            findings.fault(path, "is set from the file's name, leave it out");
        }
    }
}
