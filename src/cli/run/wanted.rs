//! What flags and environment say of a run, checked before anything is done.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_xray::sampling::{LocalRules, Request};
use tracing_xray::{Clock, DaemonAddress, Settings, TraceHeader};

use super::Args;
use super::output::Output;
use crate::cli::daemon::DaemonChoice;
use crate::firing::{self, Firing};
use crate::ledger::Location;
use crate::progress;
use crate::runner::{Sampler, Sampling, Tolerance};
use crate::shard::Shard;
use crate::spec::{self, Environment, JobSpec};
use crate::telemetry;

/// With it, the flush and the drain, a run ends before ECS kills it, 30 s after SIGTERM.
const STOP_BUDGET_DEFAULT: Duration = Duration::from_secs(20);

/// The most jobs at once, as in a job file.
pub(super) fn parse_concurrency(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().and_then(NonZeroUsize::new);
    number
        .filter(|number| number.get() <= spec::CONCURRENCY_MAX as usize)
        .ok_or_else(|| format!("write a whole number from 1 to {}", spec::CONCURRENCY_MAX))
}

pub(super) fn parse_trace_header(text: &str) -> Result<TraceHeader, String> {
    let header = TraceHeader::parse(text);
    match header.root {
        Some(_) => Ok(header),
        None => {
            Err("no trace id in it, write `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>`".to_owned())
        }
    }
}

pub(super) fn parse_run_id(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    if (1..=128).contains(&text.len()) && text.chars().all(legal) {
        return Ok(text.to_owned());
    }
    Err("write 1 to 128 letters, digits and `._:/-`".to_owned())
}

/// `N` jobs or `N%` of them.
pub(super) fn parse_tolerance(text: &str) -> Result<Tolerance, String> {
    let wrong = || "write a number of jobs such as `3`, or a share such as `5%`".to_owned();
    match text.strip_suffix('%') {
        Some(share) => {
            let share = share.trim().parse::<f64>().map_err(|_| wrong())?;
            if !(0.0..=100.0).contains(&share) {
                return Err("write a share from 0% to 100%".to_owned());
            }
            Ok(Tolerance {
                percentage: Some(share),
                ..Tolerance::default()
            })
        }
        None => Ok(Tolerance {
            count: Some(text.trim().parse().map_err(|_| wrong())?),
            ..Tolerance::default()
        }),
    }
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

/// What a run does when the same firing, or another run of its ledger, is running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OnOverlap {
    /// End well: the other one does the work.
    #[default]
    Skip,
    /// End with an error.
    Fail,
}

/// Which trace the jobs' segments are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TraceChoice {
    /// Each job in a trace of its own, with a link to the run's.
    #[default]
    Job,
    /// All jobs in the run's trace, as children of its segment.
    Run,
}

/// What flags and environment say of a run, checked before anything is done.
pub(super) struct Wanted {
    /// Random, unless the flag or the firing says it; a run that is resumed gets its own again.
    pub(super) run_id: String,
    /// Whether the flag or the firing says the run's id.
    pub(super) run_id_is_given: bool,
    pub(super) firing: Option<Firing>,
    /// When the process began to look.
    pub(super) start: DateTime<Utc>,
    /// For `{date:FORMAT}`: when the schedule wanted the run, else its start.
    pub(super) date: DateTime<Utc>,
    pub(super) deadline: Option<Instant>,
    pub(super) concurrency: Option<NonZeroUsize>,
    pub(super) stop_budget: Duration,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) fail_fast: Option<bool>,
    pub(super) shard: Option<Shard>,
    pub(super) ledger: Option<Location>,
    pub(super) on_overlap: OnOverlap,
    pub(super) outputs: Vec<Output>,
    trace: Option<TraceChoice>,
    pub(super) trace_header: Option<TraceHeader>,
    pub(super) sampling: Option<Arc<LocalRules>>,
    pub(super) log: Targets,
    /// How the run is told while it goes on.
    pub(super) progress: progress::Mode,
    /// `None`: the flag turns tracing off. The address may be that of a daemon of this process later.
    pub(super) tracing: Option<Settings>,
}

impl Wanted {
    pub(super) fn read(args: &Args, environment: &Environment) -> anyhow::Result<Self> {
        for prefix in ["AWS_", "ECS_", "XRAY_ECS_", "_X_AMZN_"] {
            environment.check_text(prefix)?;
        }
        let start = Utc::now();
        let settings = Reader(environment);
        let duration = |text: &str| spec::parse_duration(text).map_err(|error| error.to_string());
        let timeout = settings.get(args.timeout, "XRAY_ECS_TIMEOUT", duration)?;
        let stop_budget = settings.get(args.stop_budget, "XRAY_ECS_STOP_BUDGET", duration)?;
        let log = environment.get_non_empty("XRAY_ECS_LOG")?;
        // A header from outside that says nothing is no reason not to run.
        let upstream = environment.get_non_empty("_X_AMZN_TRACE_ID")?;
        let upstream = upstream.and_then(|text| parse_trace_header(text).ok());
        let firing = Firing::of_environment(environment)?;
        let shard = shard(args, environment)?;
        let named = settings.get(args.run_id.clone(), "XRAY_ECS_RUN_ID", parse_run_id)?;
        let given = named.or(firing.as_ref().map(Firing::run_id));
        let run_id_is_given = given.is_some();
        let run_id = given.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
        let ledger = settings.get(args.ledger.clone(), "XRAY_ECS_LEDGER", |text| {
            text.parse()
                .map_err(|error: crate::ledger::LocationError| error.to_string())
        })?;
        if ledger.is_some() && !args.only.is_empty() {
            bail!(
                "--only runs a part of the jobs, and a ledger tells of whole runs: leave out one of them"
            );
        }
        let switch = |is_set: bool, name| settings.get(is_set.then_some(true), name, parse_switch);
        let outputs = match &args.report[..] {
            [] => environment
                .get_non_empty("XRAY_ECS_REPORT")?
                .into_iter()
                .collect(),
            reports => reports.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        let outputs: Result<Vec<_>, _> = outputs.into_iter().map(str::parse).collect();
        Ok(Self {
            run_id: match shard {
                Some(shard) => format!("{run_id}/{shard}"),
                None => run_id,
            },
            run_id_is_given,
            firing,
            start,
            date: firing::scheduled_time(environment)?.unwrap_or(start),
            deadline: timeout.map(|timeout| Instant::now() + timeout),
            concurrency: settings.get(
                args.concurrency,
                "XRAY_ECS_CONCURRENCY",
                parse_concurrency,
            )?,
            stop_budget: stop_budget.unwrap_or(STOP_BUDGET_DEFAULT),
            tolerance: settings.get(args.tolerate, "XRAY_ECS_TOLERATE", parse_tolerance)?,
            fail_fast: switch(args.fail_fast, "XRAY_ECS_FAIL_FAST")?,
            shard,
            ledger,
            on_overlap: settings
                .get(args.on_overlap, "XRAY_ECS_ON_OVERLAP", parse_word)?
                .unwrap_or_default(),
            outputs: outputs?,
            trace: settings.get(args.trace, "XRAY_ECS_TRACE", parse_word)?,
            trace_header: args.trace_header.clone().or(upstream),
            sampling: sampling(args, environment)?,
            log: telemetry::parse_filter(args.log.as_deref().or(log))?,
            progress: progress::Mode::choose(
                args.log_format,
                |name| environment.get(name).ok().flatten().map(str::to_owned),
                std::io::stderr().is_terminal(),
            )?,
            tracing: tracing_settings(args, environment)?,
        })
    }

    /// Sends segments to a daemon of our own, unless tracing is off.
    pub(super) fn send_to(&mut self, address: &str) -> anyhow::Result<()> {
        if let Some(tracing) = &mut self.tracing {
            tracing.daemon_address = address.parse()?;
            tracing.beside_sidecar = false; // it is up, and we wait for it
        }
        Ok(())
    }

    /// Which trace the jobs are in. A caller that hands on its trace wants to see them there.
    pub(super) fn trace(&self) -> TraceChoice {
        let default = match self.trace_header {
            Some(_) => TraceChoice::Run,
            None => TraceChoice::Job,
        };
        self.trace.unwrap_or(default)
    }

    /// Decides by the sampling rules whether a job's trace is kept. Its random numbers are its own.
    pub(super) fn sampler(&self) -> Option<Arc<Sampler>> {
        let rules = Arc::clone(self.sampling.as_ref()?);
        Some(Arc::new(move |service: &str, spec: &JobSpec| {
            let method = spec.kind.type_name().to_uppercase();
            let path = format!("/{}", spec.name);
            let request = Request {
                host: Some(service),
                http_method: Some(&method),
                url_path: Some(&path),
            };
            let decision = rules.decide(&request, Clock::System.now(), rand::random());
            Sampling {
                sampled: decision.sampled,
                rule: decision.rule.map(str::to_owned),
            }
        }))
    }

    /// Whether the ledger or a report is in S3.
    pub(super) fn uses_s3(&self) -> bool {
        matches!(self.ledger, Some(Location::S3 { .. }))
            || self
                .outputs
                .iter()
                .any(|output| matches!(output, Output::S3 { .. }))
    }

    /// Whether a report takes stdout for itself.
    pub(super) fn stdout_is_taken(&self) -> bool {
        self.outputs.contains(&Output::Stdout)
    }
}

/// Reads settings: the flag's value, else the variable's.
struct Reader<'a>(&'a Environment);

impl Reader<'_> {
    fn get<T>(
        &self,
        flag: Option<T>,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<Option<T>> {
        let text = match flag {
            Some(value) => return Ok(Some(value)),
            None => self.0.get_non_empty(name)?,
        };
        let Some(text) = text else { return Ok(None) };
        let parsed = parse(text).map_err(|error| anyhow!("{name}: `{text}`: {error}"))?;
        Ok(Some(parsed))
    }
}

fn parse_word<T: clap::ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let words = T::value_variants().iter().filter_map(T::to_possible_value);
        let words: Vec<_> = words.map(|word| format!("`{}`", word.get_name())).collect();
        format!("write {}", words.join(" or "))
    })
}

/// The part of the jobs that this process runs: by the flag, by its variable, or as a child of an
/// array job of AWS Batch.
fn shard(args: &Args, environment: &Environment) -> anyhow::Result<Option<Shard>> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|error: crate::shard::ShardError| error.to_string())
    };
    if let Some(shard) = Reader(environment).get(args.shard, "XRAY_ECS_SHARD", parse)? {
        return Ok(Some(shard));
    }
    let number = |name| match environment.get_non_empty(name) {
        Ok(Some(text)) => match text.parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => bail!("{name}: `{text}` is no whole number"),
        },
        Ok(None) => Ok(None),
        Err(error) => Err(error.into()),
    };
    let index = number("AWS_BATCH_JOB_ARRAY_INDEX")?;
    let size = number("AWS_BATCH_JOB_ARRAY_SIZE")?;
    let Some(index) = index else { return Ok(None) };
    let Some(size) = size else {
        bail!(
            "AWS_BATCH_JOB_ARRAY_INDEX is set without AWS_BATCH_JOB_ARRAY_SIZE: set both, or use --shard"
        );
    };
    // Batch counts from 0.
    let shard = Shard::new(index.saturating_add(1), size);
    shard.map(Some).with_context(|| {
        format!("AWS_BATCH_JOB_ARRAY_INDEX {index} of AWS_BATCH_JOB_ARRAY_SIZE {size}")
    })
}

fn sampling(args: &Args, environment: &Environment) -> anyhow::Result<Option<Arc<LocalRules>>> {
    let of_environment = environment.get_non_empty("XRAY_ECS_SAMPLING_RULES")?;
    let Some(path) = args
        .sampling_rules
        .as_deref()
        .or(of_environment.map(std::path::Path::new))
    else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read sampling rules {}", path.display()))?;
    let rules =
        LocalRules::parse(&text).with_context(|| format!("sampling rules {}", path.display()))?;
    Ok(Some(Arc::new(rules)))
}

/// The SDK's settings; the flag's address goes before the environment's, which is not even read
/// where the daemon is one of our own.
fn tracing_settings(args: &Args, environment: &Environment) -> anyhow::Result<Option<Settings>> {
    let address = match &args.daemon {
        Some(DaemonChoice::Off) => return Ok(None),
        Some(DaemonChoice::At(address)) => Some(address.clone()),
        Some(DaemonChoice::Embedded) => Some(DaemonAddress::default()),
        None if args.is_local() => Some(DaemonAddress::default()),
        None => None,
    };
    let settings = Settings::from_env(|name| match (name, &address) {
        ("AWS_XRAY_DAEMON_ADDRESS", Some(address)) => Some(address.to_string()),
        _ => environment.get(name).ok().flatten().map(str::to_owned),
    })?;
    Ok(Some(settings))
}

impl Args {
    #[cfg(feature = "local")]
    pub(super) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    #[cfg(not(feature = "local"))]
    #[expect(clippy::unused_self, reason = "as where there is a local mode")]
    pub(super) fn is_local(&self) -> bool {
        false
    }
}
