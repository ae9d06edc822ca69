//! `xray-ecs runs`: the runs that left traces, and each with its jobs.

use anyhow::bail;
use local_xray::runs::{
    self, Counts, Invocation, Report, Run, Standing, Told, is_found, milliseconds,
};
use local_xray::{Store, term};
use serde_json::{Value, json};
use tracing_xray::{Clock, Timestamp};

use super::copy::{Most, ask_store};
use super::{Common, Recent};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::Window;
use crate::spec::Environment;
use crate::view;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run's id, or `latest` [default: list them]
    #[arg(value_name = "RUN_ID|latest")]
    which: Option<String>,
    #[command(flatten)]
    recent: Recent,
    /// Only runs that stand so: running, failed, `no end seen`, done; of one run, only jobs with this outcome
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Only runs of this name
    #[arg(long, value_name = "NAME", conflicts_with = "which")]
    name: Option<String>,
    /// Of one run, only jobs with this in their names
    #[arg(long, value_name = "TEXT", requires = "which")]
    find: Option<String>,
    /// List at most so many
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print the report of the run, made of its traces
    #[arg(long, value_name = "FORMAT", requires = "which", conflicts_with_all = ["json", "outcome", "find", "limit"])]
    report: Option<Format>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    common: Common,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Markdown,
    Json,
}

impl Args {
    fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// Whether the latest run is that of the window. A store is looked through, unless a window is given; AWS
    /// is asked about a time.
    fn is_of_window(&self) -> bool {
        self.common.local.is_none() || self.recent.is_given()
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let of_run = term::annotation("run_id").unwrap_or_default();
    let filter = match args.which.as_deref() {
        None | Some("latest") => of_run,
        Some(id) => format!("{of_run} = {}", term::quoted(id)),
    };
    let standing = match (&args.which, &args.outcome) {
        (None, Some(word)) => Some(standing(word)?),
        _ => None,
    };
    let asked = (&args.common, &args.recent, &args.most);
    ask_store(asked, environment, &filter, |store, window| {
        let now = Clock::System.now();
        let Some(which) = &args.which else {
            return list(args, standing, store, window, now);
        };
        let found = match which.as_str() {
            "latest" if args.is_of_window() => runs::newest(store, (window.start, window.end))?,
            "latest" => runs::newest(store, (Timestamp::default(), now))?,
            id => runs::find(store, id)?,
        };
        match found {
            Some(run) => one(args, &run, store, now),
            None => {
                no_run(args, which);
                Ok(ExitStatus::Failed)
            }
        }
    })
}

/// How a run may stand, by its word.
pub(super) fn standing(word: &str) -> anyhow::Result<Standing> {
    let Some(standing) = Standing::from_word(word) else {
        let words = Standing::ALL.map(Standing::word).join("`, `");
        bail!("--outcome {word:?} is none: write one of `{words}`");
    };
    Ok(standing)
}

fn no_run(args: &Args, which: &str) {
    let (which, is_of_window) = match which {
        "latest" => (String::new(), args.is_of_window()),
        id => (format!(" {id}"), args.common.local.is_none()),
    };
    print::foreign(&match is_of_window {
        false => format!("no run{which}"),
        true => format!(
            "no run{which} {}: --since looks further back",
            args.recent.words()
        ),
    });
}

fn list(
    args: &Args,
    standing: Option<Standing>,
    store: &Store,
    window: Window,
    now: Timestamp,
) -> anyhow::Result<ExitStatus> {
    let all = runs::all(store, (window.start, window.end))?;
    let is_so = |run: &&Run| standing.is_none_or(|standing| run.standing() == standing);
    let is_named = |run: &&Run| args.name.as_deref().is_none_or(|name| run.name() == name);
    let found: Vec<&Run> = all.iter().filter(is_so).filter(is_named).collect();
    if args.common.json {
        let listed = found.iter().take(args.limit());
        let listed: Vec<Value> = listed.map(|run| told(run, now)).collect();
        print::json(&json!({ "runs": listed }))?;
    } else if !found.is_empty() {
        print::result(&view::run_list(&found, args.limit(), now, print::style()))?;
    } else if !all.is_empty() {
        print::note("no run is so");
    } else {
        // Of AWS only the window was copied.
        let newest = match args.common.local {
            Some(_) => runs::newest(store, (Timestamp::default(), now))?,
            None => None,
        };
        match newest {
            Some(newest) => (args.recent).tell_newest("runs", newest.start.as_secs_f64()),
            None => print::note(format_args!("no runs {}", args.recent.words())),
        }
    }
    Ok(super::found(&found))
}

/// A run as JSON, without its jobs.
fn told(run: &Run, now: Timestamp) -> Value {
    let own = run.own.as_ref();
    json!({
        "run_id": run.id,
        "name": run.name(),
        "shard": own.and_then(|own| own.shard.as_deref()),
        "schedule": run.schedule(),
        "scheduled_time": own.and_then(|own| own.scheduled_time.as_deref()),
        "started_at": runs::rfc_3339(run.start),
        "duration_ms": milliseconds(run.seconds(now)),
        "outcome": run.outcome(),
        "jobs": standings(&run.counts),
        "trace_id": own.map(|own| own.trace_id.to_string()),
    })
}

/// How many stand how.
pub(super) fn standings(counts: &Counts) -> Value {
    let each = Standing::ALL.map(|standing| {
        let word = standing.word().replace(' ', "_");
        (word, Value::from(counts.of(standing)))
    });
    Value::Object(each.into_iter().collect())
}

fn one(args: &Args, run: &Run, store: &Store, now: Timestamp) -> anyhow::Result<ExitStatus> {
    if let Some(format) = args.report {
        let report = Report::read(store, run, run.jobs.iter(), now)?;
        match format {
            Format::Markdown => print::result(&runs::markdown(&report))?,
            Format::Json => print::json(&report)?,
        }
        return Ok(ExitStatus::Done);
    }
    let mut jobs: Vec<&Invocation> = run.jobs.iter().filter(|job| is_so(args, job)).collect();
    let is_none_so = jobs.is_empty() && !run.jobs.is_empty();
    if args.common.json {
        let listed = jobs.iter().take(args.limit()).copied();
        print::json(&Report::read(store, run, listed, now)?)?;
    } else if is_none_so {
        print::note("no job is so");
    }
    if is_none_so {
        return Ok(ExitStatus::Failed);
    }
    if args.common.json {
        return Ok(ExitStatus::Done);
    }
    jobs.sort_by_key(|job| runs::urgency(job.standing));
    let shown = jobs.iter().take(args.limit()).copied();
    let (told, details) = Told::read(store, run, shown)?;
    let style = print::style();
    print::result(&view::run(
        run,
        &told,
        &jobs,
        &details,
        args.limit(),
        now,
        style,
    ))?;
    Ok(ExitStatus::Done)
}

fn is_so(args: &Args, job: &Invocation) -> bool {
    let find = args.find.as_deref().unwrap_or_default();
    args.outcome
        .as_deref()
        .is_none_or(|outcome| job.word() == outcome)
        && is_found(find, &job.job)
}
