//! `xray-ecs schedule diff`: what an apply would do.

use chrono::{DateTime, Utc};
use scheduler::diff::{Diff, RuleDiff, diff};
use scheduler::preview::Preview;
use serde_json::{Value, json};

use super::source::{File, Online, warn};
use super::wait_for;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::{self, Environment};
use crate::view::schedule::{self, DiffView};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: File,

    /// Exit with 1 when something differs
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    scope: Scope,

    /// Print the differences as JSON
    #[arg(long)]
    json: bool,
}

/// What else than the rules of the file is changed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Scope {
    /// Delete the rules of this schedule that the file no longer has
    #[arg(long)]
    pub(super) prune: bool,

    /// Take over rules of the same names that are not of this schedule
    #[arg(long)]
    pub(super) adopt: bool,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let now = Utc::now();
    wait_for(async {
        let Some(online) = args.file.read_online(environment, now).await? else {
            return Ok(ExitStatus::NotStarted);
        };
        warn(&online.file);
        let diff = read(&online).await?;
        show(&diff, args.scope, now, args.json)?;
        let differs = !args.scope.of(&diff).rules.is_empty();
        Ok(match args.exit_code && differs {
            true => ExitStatus::Failed,
            false => ExitStatus::Done,
        })
    })
}

/// What differs now.
pub(super) async fn read(online: &Online) -> anyhow::Result<Diff> {
    let file = &online.file;
    let remote = online.remote().await?;
    Ok(diff(&file.rules, &remote, &file.name))
}

impl Scope {
    /// The part of a diff that is to be made true.
    pub(super) fn of(self, diff: &Diff) -> Diff {
        let is_of = |rule: &&RuleDiff| rule.after.is_some() || self.prune;
        Diff {
            rules: diff.rules.iter().filter(is_of).cloned().collect(),
            unchanged: diff.unchanged,
        }
    }
}

/// Prints a diff.
pub(super) fn show(
    diff: &Diff,
    scope: Scope,
    now: DateTime<Utc>,
    as_json: bool,
) -> anyhow::Result<()> {
    let diff = &without_secrets(diff);
    if as_json {
        return print::json(&to_json(diff, scope, now));
    }
    let view = DiffView {
        diff,
        now,
        prune: scope.prune,
        adopt: scope.adopt,
    };
    print::result(&schedule::diff(&view, print::style()))
}

/// The diff as it may be seen: of variables whose names look secret, only that they differ.
fn without_secrets(diff: &Diff) -> Diff {
    let mut diff = diff.clone();
    for change in diff.rules.iter_mut().flat_map(|rule| &mut rule.changes) {
        let name = change
            .path
            .rsplit_once(".environment.")
            .map(|(_, name)| name);
        let is_secret = name.is_some_and(spec::is_secret_name);
        let differs = change.from.is_some() && change.to.is_some();
        for (value, shown) in [
            (&mut change.from, "***"),
            (
                &mut change.to,
                if differs { "*** (another)" } else { "***" },
            ),
        ] {
            match value {
                Some(value) if is_secret => *value = shown.into(),
                Some(value) => mask(value),
                None => {}
            }
        }
    }
    diff
}

fn mask(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        match value {
            Value::Object(variables) if name == "environment" => {
                let secret = variables
                    .iter_mut()
                    .filter(|(name, _)| spec::is_secret_name(name));
                secret.for_each(|(_, value)| *value = "***".into());
            }
            value => mask(value),
        }
    }
}

fn to_json(diff: &Diff, scope: Scope, now: DateTime<Utc>) -> Value {
    let rules = diff.rules.iter().map(|rule| {
        let action = match (&rule.before, &rule.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "change",
            (Some(_), None) if scope.prune => "delete",
            (Some(_), None) => "keep",
        };
        let mut json = json!({
            "rule": rule.name,
            "action": action,
            "changes": rule.changes,
            "firings": Preview::of(rule, now),
        });
        if let Some(foreign) = &rule.foreign {
            json["foreign"] = foreign_json(foreign);
        }
        json
    });
    let rules: Vec<Value> = rules.collect();
    json!({ "rules": rules, "unchanged": diff.unchanged })
}

fn foreign_json(foreign: &scheduler::diff::Foreign) -> Value {
    use scheduler::diff::Foreign;
    match foreign {
        Foreign::Untagged => json!({}),
        Foreign::Schedule(name) => json!({ "schedule": name }),
        Foreign::Managed(service) => json!({ "managed_by": service }),
    }
}
