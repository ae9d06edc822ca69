//! `xray-ecs schedule validate`: a file's faults and warnings, offline; with `--aws` also what does
//! not fit what is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use scheduler::ecs::{Cluster, TaskDefinition};
use scheduler::file::CheckedFile;
use scheduler::rule::Rule;
use scheduler::verify::{self, Finding};
use serde_json::json;

use super::source::{File, Known, Online, warn};
use super::wait_for;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::{Environment, Faults};
use crate::view;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: File,

    /// Also look at AWS: the clusters, the task definitions and their containers, the quota of rules
    #[arg(long)]
    aws: bool,

    /// Print faults and warnings as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let bytes = args.file.bytes()?;
    let known = Known::of_environment(environment)?;
    let now = Utc::now();
    let file = match args.file.check(&bytes, environment, known, now) {
        Ok(file) => file,
        Err(faults) => return refuse(args, &faults),
    };
    if !args.aws {
        return tell(args, &file, &BTreeSet::new());
    }
    wait_for(async {
        let online = match args.file.online(&bytes, environment, now).await? {
            Ok(online) => online,
            Err(faults) => return refuse(args, &faults),
        };
        let findings = look(&online).await?;
        tell(args, &online.file, &findings)
    })
}

/// Tells the faults of the file.
fn refuse(args: &Args, faults: &Faults) -> anyhow::Result<ExitStatus> {
    if !args.json {
        print::foreign(&faults.to_string());
        return Ok(ExitStatus::NotStarted);
    }
    let told = faults.told.iter().map(|fault| {
        json!({
            "file": fault.source_name,
            "line": fault.position.map(|position| position.line),
            "column": fault.position.map(|position| position.column),
            "field": fault.field,
            "message": fault.message,
        })
    });
    let told: Vec<_> = told.collect();
    print::json(&json!({ "faults": told, "untold": faults.untold, "warnings": [] }))?;
    Ok(ExitStatus::NotStarted)
}

/// Tells what was found: faults of what is on AWS make the file one that cannot be used.
fn tell(
    args: &Args,
    file: &CheckedFile,
    findings: &BTreeSet<Finding>,
) -> anyhow::Result<ExitStatus> {
    let of = |wanted: fn(&Finding) -> Option<&String>| findings.iter().filter_map(wanted);
    let faults: Vec<&String> = of(|finding| match finding {
        Finding::Fault(text) => Some(text),
        Finding::Warning(_) => None,
    })
    .collect();
    let warnings = of(|finding| match finding {
        Finding::Warning(text) => Some(text),
        Finding::Fault(_) => None,
    });
    let status = match faults[..] {
        [] => ExitStatus::Done,
        _ => ExitStatus::NotStarted,
    };
    if args.json {
        let faults: Vec<_> = faults
            .iter()
            .map(|text| json!({ "message": text }))
            .collect();
        let warnings: Vec<_> = file.warnings.iter().chain(warnings).collect();
        print::json(&json!({ "faults": faults, "untold": 0, "warnings": warnings }))?;
        return Ok(status);
    }
    warn(file);
    for warning in warnings {
        print::foreign(&format!("warning: {warning}"));
    }
    for fault in &faults {
        print::foreign(fault);
    }
    if status == ExitStatus::Done {
        let targets: usize = file.rules.iter().map(|rule| rule.targets.len()).sum();
        let rules = view::count(file.rules.len() as u64, "rule");
        let targets = view::count(targets as u64, "target");
        let name = args.file.path.display().to_string();
        let name = view::neutralise(&name);
        print::result(&format!("{name}: {rules}, {targets}, no fault\n"))?;
    }
    Ok(status)
}

/// Looks at everything that the rules refer to, each thing once.
async fn look(online: &Online) -> anyhow::Result<BTreeSet<Finding>> {
    let mut clusters: BTreeMap<&str, Option<Cluster>> = BTreeMap::new();
    let mut definitions: BTreeMap<&str, Option<TaskDefinition>> = BTreeMap::new();
    let mut findings = BTreeSet::new();
    for rule in &online.file.rules {
        for (id, target) in &rule.targets {
            let Some(tasks) = &target.tasks else { continue };
            let cluster = target.cluster.as_str();
            if !clusters.contains_key(cluster) {
                clusters.insert(cluster, online.ecs.cluster(cluster).await?);
            }
            let definition = tasks.task_definition.as_str();
            if !definitions.contains_key(definition) {
                definitions.insert(definition, online.ecs.task_definition(definition).await?);
            }
            let known = verify::Known {
                cluster: clusters.get(cluster).and_then(Option::as_ref),
                definition: definitions.get(definition).and_then(Option::as_ref),
            };
            let worker = online.file.worker(&rule.name, id);
            findings.extend(verify::target(rule, (id, target), worker, known));
        }
    }
    let remote = online.remote().await?;
    let is_new = |rule: &&Rule| !remote.rules.contains_key(&rule.name);
    let new = online.file.rules.iter().filter(is_new).count();
    findings.extend(verify::quota(
        remote.rule_count,
        new,
        &online.file.place.region,
    ));
    Ok(findings)
}
