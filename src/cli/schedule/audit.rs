//! `xray-ecs schedule audit`: the firings that were due against the runs that there were.

mod reports;
mod traces;

use std::collections::BTreeSet;
#[cfg(feature = "local")]
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use scheduler::audit::{Ids, Limits, Run, Schedule, audit, due};
use scheduler::expression::Expression;
use scheduler::file::CheckedFile;
use scheduler::input::EnvironmentValue;
use scheduler::place::Place;
use scheduler::rule::Rule;
use xray_daemon::XrayClient;

use super::source::{File, Known, place_as_said, told};
use super::wait_for;
use crate::cli::amount::parse_period;
use crate::cli::amount::parse_time;
use crate::cli::print;
use crate::firing::Firing;
use crate::outcome::ExitStatus;
use crate::spec::{self, Environment};
use crate::{view, xray};
use reports::Prefix;

/// How long X-Ray keeps traces: nothing tells of what was before.
const SINCE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: File,

    /// How far back to look, such as 7d or 12h, at most 30d
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = parse_since)]
    since: Duration,

    /// The moment up to which firings are looked at [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<DateTime<Utc>>,

    /// Where the reports of the runs are; may be repeated
    /// [default: where XRAY_ECS_REPORT of the file's workers puts them, such as
    /// s3://acme/runs/{{run_id}}.json]
    #[arg(long, value_name = "s3://BUCKET/PREFIX")]
    reports: Vec<Prefix>,

    /// Also look for the traces of the runs in X-Ray; without reports that is all there is
    #[arg(long)]
    traces: bool,

    /// How long after it was due a run may begin
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = spec::parse_duration)]
    late: Duration,

    /// Look at a local S3 and X-Ray, with their state in DIR
    #[cfg(feature = "local")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,

    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

fn parse_since(text: &str) -> Result<Duration, String> {
    match parse_period(text)? {
        since if since > SINCE_MAX => {
            Err("is longer than X-Ray keeps traces, write at most `30d`".to_owned())
        }
        since => Ok(since),
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let now = Utc::now();
    let until = args.until.unwrap_or(now).min(now);
    wait_for(async {
        let bytes = args.file.bytes()?;
        let known = Known::of_environment(environment)?;
        let Some(file) = told(args.file.check(&bytes, environment, known, until)) else {
            return Ok(ExitStatus::NotStarted);
        };
        let around = Around::find(args, environment, &file).await?;
        // Now that the account is known, which the names of buckets may hold.
        let known = Known {
            region: Some(around.place.region.clone()),
            account: Some(around.place.account.clone()),
        };
        let answered = match told(args.file.check(&bytes, environment, known, until)) {
            Some(file) => look(args, environment, &around, &file, until).await,
            None => Ok(ExitStatus::NotStarted),
        };
        around.stop().await;
        answered
    })
}

/// Where the workers of a file put their reports.
fn reports_of(file: &CheckedFile) -> BTreeSet<Prefix> {
    let targets = file.rules.iter().flat_map(|rule| rule.targets.values());
    let overrides = targets.filter_map(|target| target.input.overrides());
    let containers = overrides.flat_map(|overrides| overrides.containers.values());
    let values = containers.filter_map(|container| container.environment.get("XRAY_ECS_REPORT"));
    values
        .filter_map(|value| match value {
            EnvironmentValue::Text(text) => text.parse().ok(),
            EnvironmentValue::Event(_) => None,
        })
        .collect()
}

/// Where reports and traces are.
struct Around {
    place: Place,
    config: SdkConfig,
    #[cfg(feature = "local")]
    local: Option<crate::cli::local::Local>,
}

impl Around {
    async fn find(
        args: &Args,
        environment: &Environment,
        file: &CheckedFile,
    ) -> anyhow::Result<Self> {
        #[cfg(feature = "local")]
        if let Some(dir) = &args.local {
            let local = crate::cli::local::Local::find_or_start(dir).await?;
            let own = Known::of_environment(environment)?;
            let named = |of_file: &Option<String>, known: Option<String>, default: &str| {
                of_file
                    .clone()
                    .or(known)
                    .unwrap_or_else(|| default.to_owned())
            };
            return Ok(Self {
                place: Place {
                    region: named(&file.region, own.region, crate::local::REGION),
                    account: named(&file.account, own.account, crate::local::ACCOUNT),
                },
                config: crate::local::sdk_config(local.endpoints()),
                local: Some(local),
            });
        }
        let (config, place) = place_as_said(environment, file.region.clone()).await?;
        args.file.check_account(file.account.as_deref(), &place)?;
        Ok(Self {
            place,
            config,
            #[cfg(feature = "local")]
            local: None,
        })
    }

    /// The X-Ray that has the traces.
    fn xray(&self, environment: &Environment) -> anyhow::Result<XrayClient> {
        #[cfg(feature = "local")]
        if let Some(local) = &self.local {
            return local.endpoints().xray_client();
        }
        xray::client(&self.config, environment)
    }

    async fn stop(self) {
        #[cfg(feature = "local")]
        if let Some(local) = self.local {
            local.stop().await;
        }
    }
}

/// The ids that the worker makes of a firing.
struct OfPlace<'a>(&'a Place);

impl Ids for OfPlace<'_> {
    fn of(&self, rule: &str, target: &str, time: DateTime<Utc>) -> (String, Option<String>) {
        let firing = Firing::new(&self.0.rule(rule), target, time);
        (firing.run_id(), firing.trace_id().map(|id| id.to_string()))
    }
}

async fn look(
    args: &Args,
    environment: &Environment,
    around: &Around,
    file: &CheckedFile,
    until: DateTime<Utc>,
) -> anyhow::Result<ExitStatus> {
    let since = until - TimeDelta::from_std(args.since).unwrap_or_default();
    let schedule = Schedule {
        rules: &file.rules,
        since,
        until,
    };
    let ids = OfPlace(&around.place);
    let prefixes = match &args.reports[..] {
        [] => reports_of(file),
        named => named.iter().cloned().collect(),
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut known = BTreeSet::new();
    for prefix in &prefixes {
        let read = reports::read(prefix, &around.config, since).await?;
        // A prefix may hold another one.
        runs.extend(
            read.into_iter()
                .filter(|run| known.insert(run.source.clone())),
        );
    }
    if args.traces || prefixes.is_empty() {
        // What was due by now tells which traces there may be.
        let seen = seen(&runs);
        let due = due(schedule, &ids, &seen);
        let firings = due.iter().flat_map(|target| &target.firings);
        let mut ids: BTreeSet<String> = firings
            .filter_map(|firing| firing.trace_id.clone())
            .collect();
        let client = around.xray(environment)?;
        let rates = rates(&file.rules);
        let found = traces::of_rules(&client, &rates, (since, until)).await;
        ids.extend(found.context("look for the traces of rates")?);
        let of_traces = traces::read(&client, &ids).await;
        runs.extend(of_traces.context("look for the traces")?);
    }
    let due = due(schedule, &ids, &seen(&runs));
    let limits = Limits {
        late: args.late,
        now: until,
    };
    let found = audit(&due, &runs, limits);
    if args.json {
        let mut json = serde_json::to_value(&found)?;
        json["since"] = since.to_rfc3339_opts(SecondsFormat::Secs, true).into();
        json["until"] = until.to_rfc3339_opts(SecondsFormat::Secs, true).into();
        json["late_s"] = args.late.as_secs().into();
        print::json(&json)?;
    } else {
        print::result(&view::schedule::audit(&found, print::table_style()))?;
    }
    Ok(match found.is_clean() {
        true => ExitStatus::Done,
        false => ExitStatus::Failed,
    })
}

/// The rules whose firings only their runs tell.
fn rates(rules: &[Rule]) -> Vec<&str> {
    let is_rate = |rule: &&Rule| {
        let expression = rule.schedule.as_deref().map(Expression::parse);
        rule.is_enabled() && matches!(expression, Some(Ok(Expression::Rate(_))))
    };
    rules
        .iter()
        .filter(is_rate)
        .map(|rule| rule.name.as_str())
        .collect()
}

fn seen(runs: &[Run]) -> BTreeSet<&str> {
    runs.iter().map(|run| run.run_id.as_str()).collect()
}
