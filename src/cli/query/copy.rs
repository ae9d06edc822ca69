//! The store that runs and jobs are put together from: that of a directory, or, of AWS, a copy of the traces
//! that are asked about, for the time of the question.

use std::collections::BTreeSet;

use anyhow::Context as _;
use local_xray::Store;
use serde_json::Value;
use tracing_xray::{Clock, TraceId};
use xray_daemon::XrayClient;

use super::{Common, Recent, ask};
use crate::cli::print;
use crate::local;
use crate::outcome::ExitStatus;
use crate::query::{self, Window};
use crate::spec::Environment;
use crate::view::count;

/// How many traces are held at once: as many as are asked for at once.
const BATCH: usize = 25;

/// How much of AWS's X-Ray to look at.
#[derive(Debug, clap::Args)]
pub(super) struct Most {
    /// Look at so many traces of AWS at most, those of the newest hours first
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "local", value_parser = clap::value_parser!(u32).range(1..))]
    max_traces: u32,
}

/// Asks the store of a directory, or a copy of the traces of AWS that match a filter.
pub(super) fn ask_store(
    (common, recent, most): (&Common, &Recent, &Most),
    environment: &Environment,
    filter: &str,
    question: impl FnOnce(&Store, Window) -> anyhow::Result<ExitStatus>,
) -> anyhow::Result<ExitStatus> {
    let window = recent.window()?;
    if let Some(dir) = &common.local {
        // Whether it is served meanwhile does not matter.
        return question(&local::open_traces(dir)?, window);
    }
    ask(common, environment, async |client| {
        let dir = tempfile::tempdir().context("make a directory for a copy of the traces")?;
        let store = local::make_traces(dir.path())?;
        let most = usize::try_from(most.max_traces).unwrap_or(usize::MAX);
        let is_of_aws = client.endpoint().is_of_aws();
        let kept = query::kept(window, Clock::System.now()).filter(|_| is_of_aws);
        if kept.is_some() {
            print::note("X-Ray keeps traces for 30 days: it is asked for no older ones");
        }
        let asked = kept.unwrap_or(window);
        let (ids, has_more) = query::trace_ids(client, asked, filter, most).await?;
        if has_more {
            print::note(format_args!(
                "only {} of these {}: narrow the time, or raise --max-traces",
                count(most as u64, "trace"),
                recent.words(),
            ));
        }
        let (runs, refused) = copy(client, &ids, &store).await?;
        // Whether a run is over, its own trace tells.
        let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let runs: Vec<String> = runs
            .into_iter()
            .filter(|id| !known.contains(id.as_str()))
            .collect();
        let (_, refused_of_runs) = copy(client, &runs, &store).await?;
        if let refused @ 1.. = refused + refused_of_runs {
            print::note(format_args!(
                "{} of X-Ray left out: a local X-Ray refuses such",
                count(refused as u64, "document"),
            ));
        }
        question(&store, window)
    })
}

/// Copies traces. Tells which traces the runs stand in whose jobs have not ended, and how many documents were
/// refused.
async fn copy(
    client: &XrayClient,
    ids: &[String],
    store: &Store,
) -> anyhow::Result<(BTreeSet<String>, usize)> {
    let mut runs = BTreeSet::new();
    let mut refused = 0;
    for some in ids.chunks(BATCH) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        let traces = query::traces(client, &some).await?;
        let documents: Vec<Value> = traces.iter().flat_map(query::documents).collect();
        runs.extend(documents.iter().flat_map(runs_of_open));
        refused += put(store, &documents)?;
    }
    Ok((runs, refused))
}

/// Stores documents, and tells how many were refused.
fn put(store: &Store, documents: &[Value]) -> anyhow::Result<usize> {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let refused = store.put_trace_segments(&texts, Clock::System.now());
    Ok(refused.context("copy the traces")?.len())
}

/// The traces that the segment of a job links to, unless it has ended.
fn runs_of_open(document: &Value) -> impl Iterator<Item = String> {
    let is_open = document["in_progress"] == true && document["annotations"]["job"].is_string();
    let links = document["links"].as_array().filter(|_| is_open);
    let ids = links.into_iter().flatten();
    let ids = ids.filter_map(|link| link["trace_id"].as_str()?.parse::<TraceId>().ok());
    ids.map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_refused_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let store = local::make_traces(dir.path()).unwrap();
        let document = |id: &str| {
            json!({ "id": id, "trace_id": "1-69214cb0-00000000000000000000000a",
                "name": "fleet", "start_time": 1, "end_time": 2 })
        };
        let documents = [document("0000000000000001"), document("none")];
        assert_eq!(put(&store, &documents).unwrap(), 1);
    }
}
