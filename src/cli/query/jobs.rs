//! `xray-ecs jobs`: the jobs that left traces, and each with its history.

use local_xray::runs::{self, Details, Invocation, Job, JobReport, is_found, milliseconds};
use local_xray::{Store, term};
use serde::Serialize;
use serde_json::{Value, json};
use tracing_xray::{Clock, Timestamp};

use super::copy::{Most, ask_store};
use super::runs::{standing, standings};
use super::{Common, Recent};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::Window;
use crate::spec::Environment;
use crate::view;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The job whose history to show [default: list them]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    recent: Recent,
    /// Only jobs whose last outcome is so: running, failed, `no end seen`, done; of one job, only times with this
    /// outcome
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Only jobs of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only jobs with this in their names
    #[arg(long, value_name = "TEXT", conflicts_with = "name")]
    find: Option<String>,
    /// List at most so many
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    common: Common,
}

impl Args {
    fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    fn is_of_service(&self, job: &Job) -> bool {
        let known = job.last().map(|last| last.service.as_str());
        self.service.is_none() || self.service.as_deref() == known
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let of_job = term::annotation("job").unwrap_or_default();
    let filter = match args.name.as_deref() {
        None => of_job,
        Some(name) => format!("{of_job} = {}", term::quoted(name)),
    };
    if let (None, Some(word)) = (&args.name, &args.outcome) {
        standing(word)?;
    }
    let asked = (&args.common, &args.recent, &args.most);
    ask_store(asked, environment, &filter, |store, window| {
        match &args.name {
            None => list(args, store, window),
            Some(name) => one(args, name, store, window),
        }
    })
}

fn list(args: &Args, store: &Store, window: Window) -> anyhow::Result<ExitStatus> {
    let find = args.find.as_deref().unwrap_or_default();
    let all = runs::jobs(store, (window.start, window.end), |name| {
        is_found(find, name)
    })?;
    let wanted = args.outcome.as_deref().map(standing).transpose()?;
    let is_so = |job: &&Job| {
        let last = job.last().map(|last| last.standing);
        args.is_of_service(job) && (wanted.is_none() || last == wanted)
    };
    let found: Vec<&Job> = all.iter().filter(is_so).collect();
    if args.common.json {
        let listed = found.iter().take(args.limit()).filter_map(|job| told(job));
        print::json(&json!({ "jobs": listed.collect::<Vec<_>>() }))?;
    } else if !found.is_empty() {
        print::result(&view::job_list(&found, args.limit(), print::style()))?;
    } else if all.is_empty() && find.is_empty() {
        print::note(format_args!("no jobs were run {}", args.recent.words()));
    } else if all.is_empty() {
        let words = args.recent.words();
        print::foreign(&format!(
            "no job with {find:?} in its name was run {words}: --since looks further back"
        ));
    } else {
        print::note("no job is so");
    }
    Ok(super::found(&found))
}

/// A job as JSON, with the last time that it was run.
fn told(job: &Job) -> Option<Value> {
    let last = job.last()?;
    let took = job.durations();
    Some(json!({
        "job": last.job,
        "type": last.job_type,
        "service": last.service,
        "bucket": last.bucket,
        "region": last.region,
        "outcome": last.word(),
        "run_id": last.run_id,
        "started_at": runs::rfc_3339(last.start),
        "times": standings(&job.counts),
        "average_ms": took.average().map(milliseconds),
        "percentile_95_ms": took.percentile(95).map(milliseconds),
    }))
}

/// One time that a job was run, as JSON.
#[derive(Serialize)]
struct InvocationReport<'a> {
    run_id: &'a str,
    #[serde(flatten)]
    job: JobReport<'a>,
}

fn one(args: &Args, name: &str, store: &Store, window: Window) -> anyhow::Result<ExitStatus> {
    let found = runs::jobs(store, (window.start, window.end), |known| known == name)?;
    let is_of_another = !found.is_empty();
    let of_service = found.into_iter().filter(|job| args.is_of_service(job));
    let job = Job::new(of_service.flat_map(|job| job.invocations).collect());
    let is_so = |one: &&Invocation| {
        let outcome = args.outcome.as_deref();
        outcome.is_none_or(|outcome| one.word() == outcome)
    };
    let invocations: Vec<&Invocation> = job.invocations.iter().filter(is_so).collect();
    let shown = invocations.iter().take(args.limit()).copied();
    let details = Details::read(store, shown.clone())?;
    let now = Clock::System.now();
    if args.common.json {
        let times = shown.map(|one| in_run(one, &details, now));
        let times: Vec<InvocationReport<'_>> = times.collect();
        print::json(&json!({ "job": name, "runs": times }))?;
    } else if !invocations.is_empty() {
        let style = print::style();
        print::result(&view::job(
            &job,
            &invocations,
            &details,
            args.limit(),
            now,
            style,
        ))?;
    } else if !job.invocations.is_empty() {
        print::note("it never went so");
    } else if let Some(service) = args.service.as_ref().filter(|_| is_of_another) {
        let words = args.recent.words();
        print::foreign(&format!(
            "job {name} was run {words}, but not of service {service}"
        ));
    } else {
        let is_known = args.common.local.is_some() && runs::has_job(store, name)?;
        let words = args.recent.words();
        print::foreign(&match is_known {
            true => format!("job {name} was not run {words}: --since looks further back"),
            false => format!(
                "no job {name}{}",
                match args.common.local {
                    Some(_) => String::new(),
                    None => format!(" {words}: --since looks further back"),
                }
            ),
        });
    }
    Ok(super::found(&invocations))
}

fn in_run<'a>(one: &'a Invocation, details: &Details, now: Timestamp) -> InvocationReport<'a> {
    InvocationReport {
        run_id: &one.run_id,
        job: JobReport::new(one, details.of(one), now),
    }
}
