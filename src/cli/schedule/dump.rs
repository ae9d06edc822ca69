//! `xray-ecs schedule dump`: the schedules that are on AWS, as a schedule file.

use anyhow::Context as _;
use scheduler::eventbridge::EventBridge;
use scheduler::file::write;
use scheduler::rule::Rule;

use super::source::find_place;
use super::wait_for;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::Environment;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these rules
    #[arg(value_name = "RULE")]
    rules: Vec<String>,

    /// Only the rules of the schedule of this name, which becomes the file's
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// The name of the file's schedule [default: that of --owner, else `schedule`]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The region [default: AWS_REGION, or that of the profile]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    wait_for(async {
        let (config, place) = find_place(environment, args.region.clone()).await?;
        let eventbridge = EventBridge::new(&config, place.clone());
        let remote = eventbridge
            .read_schedules()
            .await
            .context("read the rules on AWS")?;
        let is_asked_for = |rule: &&Rule| {
            let by_name = args.rules.is_empty() || args.rules.contains(&rule.name);
            let by_owner = args.owner.is_none() || args.owner == rule.owner;
            by_name && by_owner
        };
        let rules = remote.rules.values().map(|found| &found.rule);
        let name = args.name.as_ref().or(args.owner.as_ref());
        let name = name.map_or("schedule", String::as_str);
        let written = write(name, &place, rules.filter(is_asked_for))?;
        for left_out in &written.left_out {
            print::foreign(&format!("left out: {left_out}"));
        }
        let mut status = ExitStatus::Done;
        for name in args
            .rules
            .iter()
            .filter(|name| !remote.rules.contains_key(*name))
        {
            print::foreign(&format!("error: there is no schedule `{name}` on AWS"));
            status = ExitStatus::Failed;
        }
        if written.rule_count == 0 {
            print::note("no schedules that a file could hold");
            return Ok(ExitStatus::Failed);
        }
        print::result(&written.text)?;
        Ok(status)
    })
}
