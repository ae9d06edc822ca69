//! Questions to the X-Ray API, page by page, answered in the API's own shapes.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use tracing_xray::Timestamp;
use xray_daemon::XrayClient;

/// The most traces that BatchGetTraces takes at once (X-Ray API reference).
const TRACES_PER_CALL: usize = 5;

/// Between two looks for traces that have not arrived.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// From when to when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The first moment.
    pub start: Timestamp,
    /// The last.
    pub end: Timestamp,
}

impl Window {
    fn fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("StartTime".into(), self.start.as_secs_f64().into());
        fields.insert("EndTime".into(), self.end.as_secs_f64().into());
        fields
    }
}

/// The summaries of the traces in a window, newest first.
///
/// # Errors
/// A call failed.
pub(crate) async fn trace_summaries(
    client: &XrayClient,
    window: Window,
    filter: Option<&str>,
) -> anyhow::Result<Vec<Value>> {
    let mut fields = window.fields();
    if let Some(filter) = filter {
        fields.insert("FilterExpression".into(), filter.into());
    }
    let mut summaries = pages(client, "/TraceSummaries", fields, "TraceSummaries").await?;
    let start = |summary: &Value| summary["StartTime"].as_f64().unwrap_or_default();
    summaries.sort_by(|a, b| start(b).total_cmp(&start(a)));
    Ok(summaries)
}

/// The traces of these ids that X-Ray knows.
///
/// # Errors
/// A call failed.
pub(crate) async fn traces(client: &XrayClient, ids: &[&str]) -> anyhow::Result<Vec<Value>> {
    let mut traces = Vec::new();
    for some in ids.chunks(TRACES_PER_CALL) {
        let mut fields = Map::new();
        fields.insert("TraceIds".into(), json!(some));
        traces.extend(pages(client, "/Traces", fields, "Traces").await?);
    }
    Ok(traces)
}

/// The services of a window and the calls between them.
///
/// # Errors
/// A call failed.
pub(crate) async fn service_graph(
    client: &XrayClient,
    window: Window,
) -> anyhow::Result<Vec<Value>> {
    pages(client, "/ServiceGraph", window.fields(), "Services").await
}

/// Waits until X-Ray knows all these traces, at most `timeout`; answers those it knows by then.
///
/// # Errors
/// A call failed.
pub(crate) async fn arrived(
    client: &XrayClient,
    ids: &[&str],
    timeout: Duration,
) -> anyhow::Result<Vec<Value>> {
    let deadline = tokio::time::Instant::now() + timeout;
    let mut arrived = Vec::new();
    loop {
        let known = |id: &&str| arrived.iter().any(|trace: &Value| trace["Id"] == **id);
        let missing: Vec<&str> = ids.iter().copied().filter(|id| !known(id)).collect();
        if missing.is_empty() || tokio::time::Instant::now() >= deadline {
            return Ok(arrived);
        }
        let found = traces(client, &missing).await?;
        if found.is_empty() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        arrived.extend(found);
    }
}

async fn pages(
    client: &XrayClient,
    path: &str,
    mut fields: Map<String, Value>,
    member: &str,
) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    loop {
        let body = serde_json::to_vec(&fields)?;
        let answer = client
            .call(path, body)
            .await
            .with_context(|| format!("ask X-Ray at {}{path}", client.endpoint()))?;
        let mut answer: Value =
            serde_json::from_slice(&answer).with_context(|| format!("X-Ray's answer to {path}"))?;
        if let Value::Array(page) = answer[member].take() {
            items.extend(page);
        }
        match answer["NextToken"].take() {
            token @ Value::String(_) => fields.insert("NextToken".into(), token),
            _ => return Ok(items),
        };
    }
}
