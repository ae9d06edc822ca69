//! What flags and environment say of a run, checked before anything is done.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_xray::{DaemonAddress, Settings, TraceHeader};

use super::Args;
use crate::cli::daemon::DaemonChoice;
use crate::spec::{self, Environment};
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

/// What flags and environment say of a run, checked before anything is done.
pub(super) struct Wanted {
    pub(super) run_id: String,
    pub(super) start: DateTime<Utc>,
    pub(super) deadline: Option<Instant>,
    pub(super) concurrency: Option<NonZeroUsize>,
    pub(super) stop_budget: Duration,
    pub(super) trace_header: Option<TraceHeader>,
    pub(super) log: Targets,
    /// `None`: the flag turns tracing off. The address may be that of a daemon of this process later.
    pub(super) tracing: Option<Settings>,
}

impl Wanted {
    pub(super) fn read(args: &Args, environment: &Environment) -> anyhow::Result<Self> {
        for prefix in ["AWS_", "ECS_", "XRAY_ECS_", "_X_AMZN_"] {
            environment.check_text(prefix)?;
        }
        let duration = |text: &str| spec::parse_duration(text).map_err(|error| error.to_string());
        let timeout = setting(args.timeout, environment, "XRAY_ECS_TIMEOUT", duration)?;
        let stop_budget = setting(
            args.stop_budget,
            environment,
            "XRAY_ECS_STOP_BUDGET",
            duration,
        )?;
        let log = environment.get_non_empty("XRAY_ECS_LOG")?;
        // A header from outside that says nothing is no reason not to run.
        let upstream = environment.get_non_empty("_X_AMZN_TRACE_ID")?;
        let upstream = upstream.and_then(|text| parse_trace_header(text).ok());
        Ok(Self {
            run_id: match &args.run_id {
                Some(id) => id.clone(),
                None => format!("{:016x}", rand::random::<u64>()),
            },
            start: Utc::now(),
            deadline: timeout.map(|timeout| Instant::now() + timeout),
            concurrency: setting(
                args.concurrency,
                environment,
                "XRAY_ECS_CONCURRENCY",
                parse_concurrency,
            )?,
            stop_budget: stop_budget.unwrap_or(STOP_BUDGET_DEFAULT),
            trace_header: args.trace_header.clone().or(upstream),
            log: telemetry::parse_filter(args.log.as_deref().or(log))?,
            tracing: tracing_settings(args, environment)?,
        })
    }

    /// Sends segments to a daemon of our own, unless tracing is off.
    pub(super) fn send_to(&mut self, address: &str) -> anyhow::Result<()> {
        if let Some(tracing) = &mut self.tracing {
            tracing.daemon_address = address.parse()?;
        }
        Ok(())
    }
}

/// The flag's value, else the variable's.
fn setting<T>(
    flag: Option<T>,
    environment: &Environment,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    let text = match flag {
        Some(value) => return Ok(Some(value)),
        None => environment.get_non_empty(name)?,
    };
    let Some(text) = text else { return Ok(None) };
    let parsed = parse(text).map_err(|error| anyhow!("{name}: `{text}`: {error}"))?;
    Ok(Some(parsed))
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

    pub(super) fn report_is_stdout(&self) -> bool {
        self.report.as_deref() == Some(Path::new("-"))
    }
}
