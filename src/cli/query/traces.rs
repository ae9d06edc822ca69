//! `xray-ecs traces`: the traces that X-Ray knows, as a list.

use anyhow::{Context as _, bail};
use serde_json::json;

use super::refine::Refiners;
use super::{Common, Recent, ask, check_filter, found, tells_of_older};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::query::{TimeRangeType, Window};
use crate::spec::Environment;
use crate::view::{Listing, Sort};
use crate::{local, query, view};

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
    /// List the documents that a local X-Ray refused, and why
    #[arg(long, conflicts_with_all = ["filter", "Refiners", "sort", "reverse"])]
    rejected: bool,
    #[command(flatten)]
    common: Common,
}

impl Args {
    fn listing(&self) -> Listing {
        Listing {
            sort: self.sort,
            reverse: self.reverse,
            limit: self.limit(),
        }
    }

    fn limit(&self) -> Option<usize> {
        self.limit.and_then(|limit| limit.try_into().ok())
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if args.rejected {
        return run_rejected(args);
    }
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

/// What the X-Ray of a directory refused. No API tells of it: the store is read itself, which may be
/// served meanwhile.
fn run_rejected(args: &Args) -> anyhow::Result<ExitStatus> {
    let Some(dir) = &args.common.local else {
        bail!("--rejected needs --local: X-Ray itself keeps nothing of what it refuses");
    };
    let Window { start, end } = args.recent.window()?;
    let mut rejects = local::open_traces(dir)?
        .rejects(usize::MAX)
        .context("read what was refused")?;
    rejects.retain(|reject| (start..=end).contains(&reject.arrived));
    rejects.truncate(args.limit().unwrap_or(usize::MAX));
    if args.common.json {
        print::json(&json!({ "Rejects": rejects }))?;
    } else {
        print::result(&view::rejects(&rejects, print::style()))?;
    }
    // That nothing was refused is what people hope for.
    Ok(ExitStatus::Done)
}
