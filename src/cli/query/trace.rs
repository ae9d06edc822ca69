//! `xray-ecs trace`: one trace as a timeline.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tracing_xray::{Clock, TraceId};

use super::{Common, Recent, Since, ask, found};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::TimeRangeType;
use crate::spec::Environment;
use crate::view::TraceDetail;
use crate::{query, view};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trace's id, or `latest`
    #[arg(value_name = "ID|latest", value_parser = parse_which)]
    which: Which,
    #[command(flatten)]
    common: Common,
    /// Show only so many levels of the tree; what is deeper is counted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    level: Option<u32>,
    /// Show the exceptions with their whole messages and stacks
    #[arg(long)]
    exceptions: bool,
    /// Show the metadata
    #[arg(long)]
    metadata: bool,
    /// Write the timeline as an SVG instead; `-` is stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "exceptions", "metadata"])]
    svg: Option<PathBuf>,
}

impl Args {
    fn detail(&self) -> TraceDetail {
        TraceDetail {
            level_max: self.level.and_then(|level| level.try_into().ok()),
            stacks: self.exceptions,
            metadata: self.metadata,
        }
    }
}

/// How far back the latest trace of AWS may lie: as far as X-Ray answers in one question.
const LATEST: Recent = Recent {
    since: Since::Period(Duration::from_secs(6 * 3600)),
    until: None,
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

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    ask(&args.common, environment, async |client| {
        let id = match args.which {
            Which::Id(id) => Some(id.to_string()),
            Which::Latest => {
                let latest = match args.common.local {
                    Some(_) => query::newest_trace(client).await?,
                    None => {
                        let window = LATEST.window()?;
                        let range = TimeRangeType::Event;
                        let summaries = query::trace_summaries(client, window, range, None).await?;
                        summaries.into_iter().next()
                    }
                };
                latest.and_then(|summary| Some(summary["Id"].as_str()?.to_owned()))
            }
        };
        let traces = match &id {
            Some(id) => query::traces(client, &[id]).await?,
            None => Vec::new(),
        };
        if args.common.json {
            print::json(&json!({ "Traces": traces }))?;
        } else if let Some(trace) = traces.first() {
            let (now, detail) = (Clock::System.now(), args.detail());
            match &args.svg {
                Some(file) => print::drawing(file, &view::timeline_svg(trace, now, detail))?,
                None => print::result(&view::timeline(trace, now, detail, print::style()))?,
            }
        } else {
            let which = id.unwrap_or_else(|| match args.common.local {
                Some(_) => "yet".to_owned(),
                None => "of the last six hours".to_owned(),
            });
            print::note(format_args!("no trace {which}"));
        }
        Ok(found(&traces))
    })
}
