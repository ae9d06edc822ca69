//! `xray-ecs traces`, `trace`, `map`, `runs`, `jobs` and `rejects`: what X-Ray knows, in the terminal.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use checked_json::format_duration;
use chrono::{DateTime, Utc};
use local_xray::FilterExpression;
use tracing_xray::{Clock, Timestamp};
use xray_daemon::XrayClient;

use super::amount::{parse_period, parse_time};
use super::print;
use crate::outcome::ExitStatus;
use crate::query::{self, Window};
use crate::spec::Environment;
use crate::{aws, local, view, xray};

mod copy;
pub(crate) mod jobs;
pub(crate) mod map;
mod refine;
pub(crate) mod rejects;
pub(crate) mod runs;
pub(crate) mod trace;
pub(crate) mod traces;

/// Which X-Ray to ask, and how to answer.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Ask the local X-Ray over the state in DIR [default: AWS, or AWS_ENDPOINT_URL_XRAY]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,

    /// Answer as JSON, in the shapes of the X-Ray API where it has them
    #[arg(long)]
    json: bool,
}

impl Common {
    /// AWS, or what stands in for it.
    pub(super) fn of_service() -> Self {
        Self {
            local: None,
            json: false,
        }
    }
}

/// Checks a filter expression before anything is asked. AWS may know words that are not known here,
/// so what it is asked is sent anyway.
fn check_filter(common: &Common, filter: &str) -> anyhow::Result<()> {
    // Which groups there are is known where they are.
    let Err(error) = FilterExpression::parse(filter, &|_| Some(String::new())) else {
        return Ok(());
    };
    print::foreign(&error.caret(filter));
    if common.local.is_some() {
        bail!("no filter expression: {error}");
    }
    print::foreign(&format!("this may be no filter expression: {error}"));
    Ok(())
}

/// What of X-Ray to look at.
#[derive(Debug, clap::Args)]
struct Recent {
    /// How far back to look, or from when on, such as 2026-01-01T00:00:00Z [default: 1h]
    #[arg(long, value_name = "DURATION|TIME", value_parser = parse_since)]
    since: Option<Since>,
    /// Look at what was before this moment [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Since {
    Period(Duration),
    Time(DateTime<Utc>),
}

fn parse_since(text: &str) -> Result<Since, String> {
    // Only a time has a T.
    if text.contains('T') {
        return parse_time(text).map(Since::Time);
    }
    let period = parse_period(text).map(Since::Period);
    period.map_err(|error| format!("{error}, or a time such as `2026-01-01T00:00:00Z`"))
}

/// How far back is looked where nothing is said.
const SINCE: Since = Since::Period(Duration::from_secs(3600));

impl Recent {
    /// Whether the window was asked for.
    fn is_given(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    fn window(&self) -> anyhow::Result<Window> {
        let end = match self.until {
            Some(until) => timestamp(until),
            // X-Ray rounds to seconds; a trace of this moment is within.
            None => Clock::System.now().after(Duration::from_secs(1)),
        };
        let start = match self.since.unwrap_or(SINCE) {
            Since::Time(time) => timestamp(time),
            Since::Period(period) => {
                let micros = u64::try_from(period.as_micros()).unwrap_or(u64::MAX);
                Timestamp::from_micros(end.as_micros().saturating_sub(micros))
            }
        };
        if start > end {
            match self.until {
                Some(_) => bail!(
                    "the window ends before it begins: give --since a time before that of --until"
                ),
                None => bail!("--since is in the future: give a time that has passed"),
            }
        }
        Ok(Window { start, end })
    }

    /// The window in words.
    fn words(&self) -> String {
        let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let until = self.until.map(time);
        match (self.since.unwrap_or(SINCE), until) {
            (Since::Period(period), None) => format!("in the last {}", format_duration(period)),
            (Since::Period(period), Some(until)) => {
                format!("in the {} until {until}", format_duration(period))
            }
            (Since::Time(since), None) => format!("since {}", time(since)),
            (Since::Time(since), Some(until)) => format!("from {} to {until}", time(since)),
        }
    }

    /// That the newest of all began then, though none is in the window, and what shows it.
    fn tell_newest(&self, noun: &str, began: f64) {
        // A period would be counted back from the end that was given.
        let mend = match self.until {
            Some(_) => {
                let time = view::utc(began, "%Y-%m-%dT%H:%M:%SZ");
                format!("--since {time} without --until")
            }
            None => {
                let days = (Clock::System.now().as_secs_f64() - began) / (24.0 * 3600.0);
                format!("--since {}d", days.max(0.0) as u64 + 1)
            }
        };
        print::note(format_args!(
            "no {noun} {}; the newest began at {}: {mend} shows it",
            self.words(),
            view::utc(began, "%Y-%m-%d %H:%M:%S UTC"),
        ));
    }
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_micros(u64::try_from(time.timestamp_micros()).unwrap_or_default())
}

/// Says that there are traces, though none in the window. Only a local X-Ray can be asked for that.
async fn tells_of_older(
    client: &XrayClient,
    common: &Common,
    recent: &Recent,
) -> anyhow::Result<bool> {
    if common.local.is_none() {
        return Ok(false);
    }
    let newest = query::newest_trace(client).await?;
    let began = newest.and_then(|newest| newest["StartTime"].as_f64());
    let Some(began) = began else {
        return Ok(false);
    };
    recent.tell_newest("traces", began);
    Ok(true)
}

/// What a question exits with: not to have found anything is a failure.
fn found<T>(items: &[T]) -> ExitStatus {
    if items.is_empty() {
        ExitStatus::Failed
    } else {
        ExitStatus::Done
    }
}

/// Asks the X-Ray that the arguments name. That of a directory is served for the time of the
/// question, unless it is served already.
pub(super) fn ask(
    common: &Common,
    environment: &Environment,
    question: impl AsyncFnOnce(&XrayClient) -> anyhow::Result<ExitStatus>,
) -> anyhow::Result<ExitStatus> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        let Some(dir) = &common.local else {
            environment.check_text("AWS_")?;
            let config = aws::config_of_environment(environment).await?;
            let client = xray::client(&config, environment)
                .context("ask X-Ray (--local asks the one of a local run)")?;
            aws::credentials(&config, aws::OR_LOCAL).await?;
            return question(&client).await;
        };
        if let Some(endpoints) = local::find_running(dir)? {
            return question(&endpoints.xray_client()?).await;
        }
        let (xray, endpoints) = local::serve_traces(dir).await?;
        let answered = question(&endpoints.xray_client()?).await;
        xray.stop().await;
        answered
    })
}
