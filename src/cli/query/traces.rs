//! `xray-ecs traces`: the traces that X-Ray knows, as a list.

use serde_json::json;

use super::{Common, Recent, ask, found};
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::spec::Environment;
use crate::{query, view};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recent: Recent,
    /// Only traces that match this filter expression of X-Ray
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
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
