//! `xray-ecs schedule delete`: deletes the rules of a schedule file.

use anyhow::bail;
use chrono::Utc;
use scheduler::diff::diff;

use super::apply::perform;
use super::confirm::{Answer, CHANGED_MEANWHILE, confirm};
use super::diff::{Scope, show};
use super::source::File;
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
}

/// Deletes every rule that is tagged with the file's name, also those that it no longer has.
pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let now = Utc::now();
    wait_for(async {
        let Some(online) = args.file.read_online(environment, now).await? else {
            return Ok(ExitStatus::NotStarted);
        };
        let file = &online.file;
        let remote = online.remote().await?;
        let ours = diff(&[], &remote, &file.name);
        for (name, found) in &remote.rules {
            if found.rule.owner.as_deref() != Some(file.name.as_str()) {
                print::foreign(&format!("rule `{name}` is not of this schedule, and stays"));
            }
        }
        let scope = Scope {
            prune: true,
            adopt: false,
        };
        show(&ours, scope, now, false)?;
        if ours.rules.is_empty() {
            return Ok(ExitStatus::Done);
        }
        let rules = view::count(ours.rules.len() as u64, "rule");
        let place = &file.place;
        let what = format!(
            "delete {rules} in account {}, {}",
            place.account, place.region
        );
        match confirm(&what, args.yes)? {
            Answer::No => {
                print::note("nothing was changed");
                Ok(ExitStatus::NotStarted)
            }
            Answer::Yes if diff(&[], &online.remote().await?, &file.name) != ours => {
                bail!(CHANGED_MEANWHILE)
            }
            Answer::Given | Answer::Yes => perform(&online.eventbridge, &ours, "deleted").await,
        }
    })
}
