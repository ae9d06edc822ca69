//! `xray-ecs schedule apply`: makes the rules on AWS what the file says.

use anyhow::bail;
use chrono::Utc;
use scheduler::apply::{Applied, apply};
use scheduler::diff::{Diff, Foreign};
use scheduler::eventbridge::EventBridge;

use super::confirm::{Answer, CHANGED_MEANWHILE, confirm};
use super::diff::{Scope, read, show};
use super::source::{File, Online, warn};
use super::wait_for;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::Environment;
use crate::view;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: File,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    scope: Scope,

    /// Print the differences as JSON
    #[arg(long)]
    json: bool,
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
        let wanted = args.scope.of(&diff);
        if !may_change(&wanted, args.scope) {
            return Ok(ExitStatus::NotStarted);
        }
        if wanted.rules.is_empty() {
            return Ok(ExitStatus::Done);
        }
        let place = &online.file.place;
        let what = format!(
            "change {} in account {}, {}",
            view::count(wanted.rules.len() as u64, "rule"),
            place.account,
            place.region
        );
        match confirm(&what, args.yes)? {
            Answer::Given => {}
            Answer::No => {
                print::note("nothing was changed");
                return Ok(ExitStatus::NotStarted);
            }
            Answer::Yes => check_again(&online, args.scope, &wanted).await?,
        }
        perform(&online.eventbridge, &wanted, "applied").await
    })
}

/// Whether every rule may be changed; tells of those that may not.
fn may_change(diff: &Diff, scope: Scope) -> bool {
    let mut may = true;
    for rule in &diff.rules {
        let why = match &rule.foreign {
            None => continue,
            Some(Foreign::Managed(service)) => {
                format!("is {service}'s own and nobody else can change it: name yours otherwise")
            }
            Some(_) if scope.adopt => continue,
            Some(Foreign::Untagged) => {
                "is there and not of a schedule file: name yours otherwise, or take it over with --adopt".to_owned()
            }
            Some(Foreign::Schedule(name)) => {
                format!("is of the schedule `{name}`: name yours otherwise, or take it over with --adopt")
            }
        };
        print::foreign(&format!("error: rule `{}` {why}", rule.name));
        may = false;
    }
    if !may {
        print::note("nothing was changed");
    }
    may
}

/// That what was agreed to is still what differs.
async fn check_again(online: &Online, scope: Scope, agreed: &Diff) -> anyhow::Result<()> {
    if scope.of(&read(online).await?) != *agreed {
        bail!(CHANGED_MEANWHILE);
    }
    Ok(())
}

/// Makes all calls, and tells what failed.
pub(super) async fn perform(
    eventbridge: &EventBridge,
    diff: &Diff,
    done: &str,
) -> anyhow::Result<ExitStatus> {
    let applied = apply(eventbridge, diff).await;
    let failed: Vec<&Applied> = applied
        .iter()
        .filter(|rule| !rule.errors.is_empty())
        .collect();
    for rule in &failed {
        for error in &rule.errors {
            print::foreign(&format!("error: rule `{}`: {error}", rule.name));
        }
    }
    print::note(view::schedule::applied(done, applied.len(), failed.len()));
    Ok(match failed[..] {
        [] => ExitStatus::Done,
        _ => ExitStatus::Failed,
    })
}
