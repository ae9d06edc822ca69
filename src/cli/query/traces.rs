//! `xray-ecs traces`: the traces that X-Ray knows, as a list.

use serde_json::json;

use super::refine::Refiners;
use super::{Common, Recent, ask, check_filter, found, tells_of_older};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::TimeRangeType;
use crate::spec::Environment;
use crate::view::{Listing, Sort};
use crate::{query, view};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recent: Recent,
    /// Only traces that match this filter expression of X-Ray
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    refiners: Refiners,
    /// What comes first: the newest, the longest, the worst, or the first by name
    #[arg(long, value_name = "BY", value_enum, default_value_t)]
    sort: Sort,
    /// Turn the order round
    #[arg(long)]
    reverse: bool,
    /// List at most so many traces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    common: Common,
}

impl Args {
    fn listing(&self) -> Listing {
        Listing {
            sort: self.sort,
            reverse: self.reverse,
            limit: self.limit.and_then(|limit| limit.try_into().ok()),
        }
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if let Some(filter) = &args.filter {
        check_filter(&args.common, filter)?;
    }
    let filter = args.refiners.expression(args.filter.as_deref());
    if let Some(expression) = filter.as_ref().filter(|_| filter != args.filter) {
        // So that people learn the language.
        print::foreign(&format!("filter: {expression}"));
    }
    ask(&args.common, environment, async |client| {
        let window = args.recent.window()?;
        let summaries =
            query::trace_summaries(client, window, TimeRangeType::Event, filter.as_deref()).await?;
        if args.common.json {
            let listed = view::listed(&summaries, args.listing());
            print::json(&json!({ "TraceSummaries": listed }))?;
        } else if summaries.is_empty() && filter.is_some() {
            print::note("no trace matches the filter");
        } else if !summaries.is_empty()
            || !tells_of_older(client, &args.common, &args.recent).await?
        {
            let list = view::trace_list(&summaries, args.listing(), print::style());
            print::result(&list)?;
        }
        Ok(found(&summaries))
    })
}
