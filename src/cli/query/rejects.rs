//! `xray-ecs rejects`: what PutTraceSegments refused and how to mend it, and what daemons counted.

use anyhow::{Context as _, bail};
use serde_json::json;
use tracing_xray::Clock;

use super::Common;
use crate::cli::print;
use crate::outcome::ExitStatus;
use crate::{local, view};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only documents that were refused with this code, such as InvalidName
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Look at so many of the newest at most [default: all of the thousand that are kept]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    common: Common,
}

/// No API tells of it: the store is read itself, which may be served meanwhile.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let Some(dir) = &args.common.local else {
        bail!("rejects needs --local: X-Ray itself keeps nothing of what it refuses");
    };
    let store = local::open_traces(dir)?;
    let mut rejects = store.rejects(usize::MAX).context("read what was refused")?;
    let all = rejects.len();
    if let Some(code) = &args.code {
        rejects.retain(|reject| reject.error_code == *code);
    }
    let others = all - rejects.len();
    let limit = args.limit.and_then(|limit| limit.try_into().ok());
    rejects.truncate(limit.unwrap_or(usize::MAX));
    let senders = store.telemetry().context("read what daemons counted")?;
    if args.common.json {
        print::json(&json!({ "Rejects": rejects, "Daemons": senders }))?;
    } else {
        let style = print::style();
        let refused = view::rejects(&rejects, others, style);
        let counted = view::daemons(&senders, Clock::System.now(), style);
        let gap = if counted.is_empty() { "" } else { "\n" };
        print::result(&format!("{refused}{gap}{counted}"))?;
    }
    // That nothing was refused is what people hope for.
    Ok(ExitStatus::Done)
}
