//! `xray-ecs trace`: one trace as a timeline, or beside another.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use local_xray::compare::Order;
use serde_json::{Value, json};
use tracing_xray::{Clock, TraceId};
use xray_daemon::XrayClient;

use super::{Common, Recent, Since, ask};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::TimeRangeType;
use crate::spec::Environment;
use crate::view::{ComparisonDetail, TraceDetail};
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
    /// Show what differs between this trace (A) and another (B)
    #[arg(long, value_name = "ID|latest", value_parser = parse_which, conflicts_with_all = ["svg", "exceptions", "metadata"])]
    compare: Option<Which>,
    /// Which row of a comparison comes first: in their order, or the one with the greatest difference of durations
    #[arg(long, value_name = "ORDER", requires = "compare", conflicts_with = "json", value_parser = parse_order())]
    sort: Option<Order>,
}

fn parse_order() -> impl TypedValueParser<Value = Order> {
    PossibleValuesParser::new(Order::ALL.map(|(word, _)| word)).map(|word| {
        let named = Order::ALL.into_iter().find(|(known, _)| *known == word);
        named.map(|(_, order)| order).unwrap_or_default()
    })
}

impl Args {
    fn level_max(&self) -> Option<usize> {
        self.level.and_then(|level| level.try_into().ok())
    }

    fn detail(&self) -> TraceDetail {
        TraceDetail {
            level_max: self.level_max(),
            stacks: self.exceptions,
            metadata: self.metadata,
        }
    }
}

/// How far back the latest trace of AWS may lie: as far as X-Ray answers in one question.
const LATEST: Recent = Recent {
    since: Some(Since::Period(Duration::from_secs(6 * 3600))),
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

impl Which {
    async fn id(self, client: &XrayClient, common: &Common) -> anyhow::Result<Option<String>> {
        let latest = match (self, &common.local) {
            (Self::Id(id), _) => return Ok(Some(id.to_string())),
            (Self::Latest, Some(_)) => query::newest_trace(client).await?,
            (Self::Latest, None) => {
                let window = LATEST.window()?;
                let range = TimeRangeType::Event;
                let summaries = query::trace_summaries(client, window, range, None).await?;
                summaries.into_iter().next()
            }
        };
        Ok(latest.and_then(|summary| Some(summary["Id"].as_str()?.to_owned())))
    }
}

/// A trace, or in words which one is not there.
type Found = Result<Value, String>;

async fn trace(client: &XrayClient, common: &Common, which: Which) -> anyhow::Result<Found> {
    let Some(id) = which.id(client, common).await? else {
        return Ok(Err(match common.local {
            Some(_) => "no trace yet".to_owned(),
            None => "no trace of the last six hours".to_owned(),
        }));
    };
    let traces = query::traces(client, &[&id]).await?;
    let trace = traces.into_iter().next();
    Ok(trace.ok_or_else(|| format!("no trace {id}")))
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let common = &args.common;
    ask(common, environment, async |client| {
        let found = trace(client, common, args.which).await?;
        if let Some(other) = args.compare {
            return compare(args, &[found, trace(client, common, other).await?]);
        }
        match (&found, &args.svg) {
            _ if common.json => {
                print::json(&json!({ "Traces": found.iter().collect::<Vec<_>>() }))?;
            }
            (Ok(trace), Some(file)) => {
                let svg = view::timeline_svg(trace, Clock::System.now(), args.detail());
                print::drawing(file, &svg)?;
            }
            (Ok(trace), None) => {
                let (now, style) = (Clock::System.now(), print::style());
                print::result(&view::timeline(trace, now, args.detail(), style))?;
            }
            (Err(missing), _) => print::note(missing),
        }
        Ok(match found {
            Ok(_) => ExitStatus::Done,
            Err(_) => ExitStatus::Failed,
        })
    })
}

fn compare(args: &Args, found: &[Found; 2]) -> anyhow::Result<ExitStatus> {
    let now = Clock::System.now();
    if args.common.json {
        let traces = found.each_ref().map(|found| found.as_ref().ok());
        print::json(&view::comparison_json(traces, now, args.level_max()))?;
    } else if let [Ok(a), Ok(b)] = found {
        let detail = ComparisonDetail {
            level_max: args.level_max(),
            order: args.sort.unwrap_or_default(),
        };
        print::result(&view::comparison([a, b], now, detail, print::style()))?;
    }
    for (letter, found) in ["A", "B"].into_iter().zip(found) {
        if let Err(missing) = found {
            print::note(format!("{letter}: {missing}"));
        }
    }
    Ok(match found.iter().all(Result::is_ok) {
        true => ExitStatus::Done,
        false => ExitStatus::Failed,
    })
}
