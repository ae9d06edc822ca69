//! `xray-ecs traces`, `trace` and `map`: what X-Ray knows, in the terminal.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tracing_xray::{Clock, Timestamp, TraceId};
use xray_daemon::XrayClient;

use super::print;
use crate::outcome::ExitStatus;
use crate::query::{self, Window};
use crate::spec::Environment;
use crate::{aws, local, spec, view, xray};

/// Which X-Ray to ask, and how to answer.
#[derive(Debug, clap::Args)]
struct Common {
    /// Ask the local X-Ray over the state in DIR [default: AWS, or AWS_ENDPOINT_URL_XRAY]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,

    /// Answer in the shapes of the X-Ray API
    #[arg(long)]
    json: bool,
}

/// What of X-Ray to look at.
#[derive(Debug, clap::Args)]
struct Recent {
    /// How far back to look
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = spec::parse_duration)]
    since: Duration,
}

impl Recent {
    fn window(&self) -> Window {
        let now = Clock::System.now();
        let since = now
            .as_micros()
            .saturating_sub(u64::try_from(self.since.as_micros()).unwrap_or(u64::MAX));
        Window {
            start: Timestamp::from_micros(since),
            // X-Ray rounds to seconds; a trace of this moment is within.
            end: now.after(Duration::from_secs(1)),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TracesArgs {
    #[command(flatten)]
    recent: Recent,
    /// Only traces that match this filter expression of X-Ray
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    /// The trace's id, or `latest`
    #[arg(value_name = "ID|latest", value_parser = parse_which)]
    which: Which,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MapArgs {
    #[command(flatten)]
    recent: Recent,
    #[command(flatten)]
    common: Common,
}

/// How far back the latest trace may lie: as far as X-Ray answers in one question.
const LATEST: Recent = Recent {
    since: Duration::from_secs(6 * 3600),
};

#[derive(Clone, Copy, Debug)]
enum Which {
    Latest,
    Id(TraceId),
}

fn parse_which(text: &str) -> Result<Which, String> {
    match text {
        "latest" => Ok(Which::Latest),
        id => id
            .parse()
            .map(Which::Id)
            .map_err(|error| format!("{error}; `latest` is the latest trace")),
    }
}

pub(crate) fn traces(args: &TracesArgs, environment: &Environment) -> anyhow::Result<ExitStatus> {
    ask(&args.common, environment, async |client| {
        let filter = args.filter.as_deref();
        let summaries = query::trace_summaries(client, args.recent.window(), filter).await?;
        if args.common.json {
            print::json(&json!({ "TraceSummaries": summaries }))?;
        } else {
            print::result(&view::trace_list(&summaries, print::style()))?;
        }
        Ok(found(&summaries))
    })
}

pub(crate) fn trace(args: &TraceArgs, environment: &Environment) -> anyhow::Result<ExitStatus> {
    ask(&args.common, environment, async |client| {
        let id = match args.which {
            Which::Id(id) => Some(id.to_string()),
            Which::Latest => {
                let summaries = query::trace_summaries(client, LATEST.window(), None).await?;
                summaries
                    .first()
                    .and_then(|summary| Some(summary["Id"].as_str()?.to_owned()))
            }
        };
        let traces = match &id {
            Some(id) => query::traces(client, &[id]).await?,
            None => Vec::new(),
        };
        if args.common.json {
            print::json(&json!({ "Traces": traces }))?;
        } else if let Some(trace) = traces.first() {
            print::result(&view::timeline(trace, Clock::System.now(), print::style()))?;
        } else {
            let which = id.unwrap_or_else(|| "of the last six hours".to_owned());
            print::note(format_args!("no trace {which}"));
        }
        Ok(found(&traces))
    })
}

pub(crate) fn map(args: &MapArgs, environment: &Environment) -> anyhow::Result<ExitStatus> {
    ask(&args.common, environment, async |client| {
        let services = query::service_graph(client, args.recent.window()).await?;
        if args.common.json {
            print::json(&json!({ "Services": services }))?;
        } else {
            print::result(&view::service_map(&services, print::style()))?;
        }
        Ok(found(&services))
    })
}

fn found(items: &[Value]) -> ExitStatus {
    if items.is_empty() {
        ExitStatus::Failed
    } else {
        ExitStatus::Done
    }
}

/// Asks the X-Ray that the arguments name. That of a directory is served for the time of the
/// question, unless it is served already.
fn ask(
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
