//! Questions to the X-Ray API, page by page, answered in the API's own shapes.

#[cfg(feature = "local")]
use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tracing_xray::Timestamp;
use xray_daemon::XrayClient;

#[cfg(feature = "local")]
mod merge;

/// The most traces that BatchGetTraces and GetTraceGraph take at once (X-Ray API reference).
const TRACES_PER_CALL: usize = 5;

/// How many calls for traces are under way at once: X-Ray throttles more.
const CALLS_AT_ONCE: usize = 5;

/// The longest time between two moments of one question (X-Ray API reference, GetTraceSummaries).
#[cfg(feature = "local")]
const WINDOW_MAX: Duration = Duration::from_secs(6 * 3600);

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

/// How long AWS's X-Ray keeps a trace (X-Ray developer guide, quotas).
#[cfg(feature = "local")]
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The part of a window in which AWS can have traces, where that is not all of it.
#[cfg(feature = "local")]
pub(crate) fn kept(window: Window, now: Timestamp) -> Option<Window> {
    let first = now.as_micros().saturating_sub(KEPT.as_micros() as u64);
    let start = Timestamp::from_micros(first);
    (window.start < start).then_some(Window { start, ..window })
}

/// Which time of a trace lies in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeRangeType {
    /// That of its id: when it began.
    #[cfg(feature = "schedule")]
    TraceId,
    /// Any: it was active then.
    #[cfg(feature = "local")]
    Event,
}

/// The summaries of the traces in a window, newest first.
///
/// # Errors
/// A call failed.
pub(crate) async fn trace_summaries(
    client: &XrayClient,
    window: Window,
    range: TimeRangeType,
    filter: Option<&str>,
) -> anyhow::Result<Vec<Value>> {
    let mut fields = window.fields();
    fields.insert("TimeRangeType".into(), format!("{range:?}").into());
    if let Some(filter) = filter {
        fields.insert("FilterExpression".into(), filter.into());
    }
    let mut summaries = pages(client, "/TraceSummaries", fields, "TraceSummaries").await?;
    summaries.sort_by(|a, b| start(b).total_cmp(&start(a)));
    Ok(summaries)
}

/// When a trace began.
fn start(summary: &Value) -> f64 {
    summary["StartTime"].as_f64().unwrap_or_default()
}

/// The newest of all traces. Only a local X-Ray answers a question about all time.
///
/// # Errors
/// The call failed.
#[cfg(feature = "local")]
pub(crate) async fn newest_trace(client: &XrayClient) -> anyhow::Result<Option<Value>> {
    let always = Window {
        start: Timestamp::default(),
        end: Timestamp::from_micros(u64::from(u32::MAX) * 1_000_000),
    };
    let mut answer = page(client, "/TraceSummaries", &always.fields()).await?;
    let Value::Array(newest) = answer["TraceSummaries"].take() else {
        return Ok(None);
    };
    // They stand in the order of their ids, which have but seconds.
    Ok(newest
        .into_iter()
        .max_by(|a, b| start(a).total_cmp(&start(b))))
}

/// The traces of these ids that X-Ray knows.
///
/// # Errors
/// A call failed.
pub(crate) async fn traces(client: &XrayClient, ids: &[&str]) -> anyhow::Result<Vec<Value>> {
    let mut answers: Vec<(usize, Vec<Value>)> = Vec::new();
    let mut asking = JoinSet::new();
    for (place, some) in ids.chunks(TRACES_PER_CALL).enumerate() {
        if asking.len() == CALLS_AT_ONCE
            && let Some(answer) = asking.join_next().await
        {
            answers.push(answer.context("ask X-Ray")??);
        }
        let mut fields = Map::new();
        fields.insert("TraceIds".into(), json!(some));
        let client = client.clone();
        asking.spawn(async move {
            let traces = pages(&client, "/Traces", fields, "Traces").await?;
            anyhow::Ok((place, traces))
        });
    }
    while let Some(answer) = asking.join_next().await {
        answers.push(answer.context("ask X-Ray")??);
    }
    // In the order in which they were asked for.
    answers.sort_by_key(|(place, _)| *place);
    Ok(answers.into_iter().flat_map(|(_, traces)| traces).collect())
}

/// The documents of a trace as X-Ray answers it, without the segments that it inferred itself. Each names
/// the trace.
#[cfg(feature = "local")]
pub(crate) fn documents(trace: &Value) -> impl Iterator<Item = Value> {
    let segments = trace["Segments"].as_array().into_iter().flatten();
    let documents = segments.filter_map(|segment| segment["Document"].as_str());
    let parsed = documents.filter_map(|document| serde_json::from_str(document).ok());
    parsed.filter_map(|mut document: Value| {
        let is_sent = document["inferred"] != true;
        let members = document.as_object_mut().filter(|_| is_sent)?;
        let named = members.entry("trace_id");
        named.or_insert_with(|| trace["Id"].clone());
        Some(document)
    })
}

/// The ids of traces that were active in a window and match a filter, those of the newest hours first, and
/// whether there are more than `most`.
///
/// # Errors
/// A call failed.
#[cfg(feature = "local")]
pub(crate) async fn trace_ids(
    client: &XrayClient,
    window: Window,
    filter: &str,
    most: usize,
) -> anyhow::Result<(Vec<String>, bool)> {
    if window.start > window.end {
        return Ok((Vec::new(), false));
    }
    let mut ids = Vec::new();
    let mut known = HashSet::new();
    let mut end = window.end;
    loop {
        let longest = end
            .as_micros()
            .saturating_sub(WINDOW_MAX.as_micros() as u64);
        let start = window.start.max(Timestamp::from_micros(longest));
        let mut fields = Window { start, end }.fields();
        let range = format!("{:?}", TimeRangeType::Event);
        fields.insert("TimeRangeType".into(), range.into());
        fields.insert("FilterExpression".into(), filter.into());
        loop {
            let mut answer = page(client, "/TraceSummaries", &fields).await?;
            let summaries = answer["TraceSummaries"].as_array().into_iter().flatten();
            let page = summaries.filter_map(|summary| summary["Id"].as_str());
            // What lasts is in several windows.
            ids.extend(
                page.map(str::to_owned)
                    .filter(|id| known.insert(id.clone())),
            );
            if ids.len() > most {
                ids.truncate(most);
                return Ok((ids, true));
            }
            match answer["NextToken"].take() {
                token @ Value::String(_) => fields.insert("NextToken".into(), token),
                _ => break,
            };
        }
        if start <= window.start {
            return Ok((ids, false));
        }
        end = start;
    }
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

/// The services of these traces and the calls between them. X-Ray takes five traces at a time, so
/// that links between traces of different questions are missing; a local X-Ray takes all at once.
///
/// # Errors
/// A call failed.
#[cfg(feature = "local")]
pub(crate) async fn trace_graph(
    client: &XrayClient,
    ids: &[&str],
    is_local: bool,
) -> anyhow::Result<Vec<Value>> {
    let mut merged = merge::Merged::default();
    let per_call = if is_local {
        usize::MAX
    } else {
        TRACES_PER_CALL
    };
    for some in ids.chunks(per_call) {
        let mut fields = Map::new();
        fields.insert("TraceIds".into(), json!(some));
        merged.add(pages(client, "/TraceGraph", fields, "Services").await?);
    }
    Ok(merged.into_services())
}

/// Waits until X-Ray knows all of these traces and none of their segments is in progress, at most
/// `timeout`; answers what it knows by then.
///
/// # Errors
/// A call failed.
pub(crate) async fn arrived(
    client: &XrayClient,
    ids: &[&str],
    timeout: Duration,
) -> anyhow::Result<Vec<Value>> {
    let deadline = tokio::time::Instant::now() + timeout;
    loop {
        let found = traces(client, ids).await?;
        let has_all = found.len() >= ids.len() && !found.iter().any(is_in_progress);
        if has_all || tokio::time::Instant::now() >= deadline {
            return Ok(found);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Whether a segment of the trace has not ended, as far as X-Ray knows.
fn is_in_progress(trace: &Value) -> bool {
    let segments = trace["Segments"].as_array().into_iter().flatten();
    segments
        .filter_map(|segment| segment["Document"].as_str())
        .filter_map(|document| serde_json::from_str::<Value>(document).ok())
        .any(|document| document["in_progress"] == true)
}

async fn pages(
    client: &XrayClient,
    path: &str,
    mut fields: Map<String, Value>,
    member: &str,
) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    loop {
        let mut answer = page(client, path, &fields).await?;
        if let Value::Array(page) = answer[member].take() {
            items.extend(page);
        }
        match answer["NextToken"].take() {
            token @ Value::String(_) => fields.insert("NextToken".into(), token),
            _ => return Ok(items),
        };
    }
}

async fn page(
    client: &XrayClient,
    path: &str,
    fields: &Map<String, Value>,
) -> anyhow::Result<Value> {
    let body = serde_json::to_vec(fields)?;
    let answer = client.call(path, body).await.context("ask X-Ray")?;
    serde_json::from_slice(&answer).with_context(|| format!("X-Ray's answer to {path}"))
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_where_traces_are_kept() {
        let at = |day: u64| Timestamp::from_micros(day * 24 * 3600 * 1_000_000);
        let kept_of = |start| {
            let window = Window {
                start: at(start),
                end: at(100),
            };
            kept(window, at(100)).map(|kept| (kept.start, kept.end))
        };
        assert_eq!(kept_of(1), Some((at(70), at(100))));
        assert_eq!(kept_of(70), None);
    }
}
