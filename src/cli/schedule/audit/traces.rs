//! The runs that left traces in X-Ray. A firing of a cron has a trace whose id is known; that of a rate is
//! found by the annotation `schedule`. Which of its segments are runs, their annotations tell.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use scheduler::audit::{End, Run, Source};
use serde_json::Value;
use tracing_xray::Timestamp;
use xray_daemon::XrayClient;

use super::reports::base;
use crate::query::{self, TimeRangeType, Window};

/// The longest time between two moments of one question (X-Ray API reference, GetTraceSummaries).
const WINDOW_MAX: TimeDelta = TimeDelta::hours(6);

/// The runs of these traces, as far as X-Ray knows them.
pub(super) async fn read(client: &XrayClient, ids: &BTreeSet<String>) -> anyhow::Result<Vec<Run>> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let traces = query::traces(client, &ids).await?;
    Ok(traces.iter().flat_map(runs).collect())
}

/// The traces whose annotation `schedule` names one of the rules.
pub(super) async fn of_rules(
    client: &XrayClient,
    rules: &[&str],
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    if rules.is_empty() {
        return Ok(ids);
    }
    let names = rules
        .iter()
        .map(|rule| format!("annotation.schedule = \"{rule}\""));
    let filter = names.collect::<Vec<_>>().join(" OR ");
    let mut start = since;
    while start < until {
        let end = (start + WINDOW_MAX).min(until);
        let window = Window {
            start: timestamp(start),
            end: timestamp(end),
        };
        let found =
            match query::trace_summaries(client, window, TimeRangeType::TraceId, Some(&filter))
                .await
            {
                Ok(found) => found,
                // A local X-Ray may know no filters; all it has is looked through.
                Err(_) => {
                    query::trace_summaries(client, window, TimeRangeType::TraceId, None).await?
                }
            };
        let of_rules = found.iter().filter(|summary| names_one(summary, rules));
        ids.extend(of_rules.filter_map(|summary| Some(summary["Id"].as_str()?.to_owned())));
        start = end;
    }
    Ok(ids)
}

/// Whether a trace's annotations name one of the rules.
fn names_one(summary: &Value, rules: &[&str]) -> bool {
    let values = summary["Annotations"]["schedule"]
        .as_array()
        .into_iter()
        .flatten();
    let mut names = values.filter_map(|value| value["AnnotationValue"]["StringValue"].as_str());
    names.any(|name| rules.contains(&name))
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_micros(time.timestamp_micros().unsigned_abs())
}

/// The runs of a trace: several where a firing was delivered more than once, or has shards.
fn runs(trace: &Value) -> Vec<Run> {
    let id = trace["Id"].as_str().unwrap_or_default();
    let segments = trace["Segments"].as_array().into_iter().flatten();
    let documents = segments.filter_map(|segment| segment["Document"].as_str());
    let documents = documents.filter_map(|document| serde_json::from_str(document).ok());
    documents
        .filter_map(|document: Value| run(&document, id))
        .collect()
}

/// The run of a segment, if it is one: those of jobs and of the schedule stand in the trace, too.
fn run(segment: &Value, trace_id: &str) -> Option<Run> {
    let annotations = &segment["annotations"];
    if annotations.get("job").is_some() {
        return None;
    }
    let run_id = annotations["run_id"].as_str()?;
    let shard = annotations["shard"].as_str();
    let end = match (segment["in_progress"] == true, segment["fault"] == true) {
        (true, _) => End::Running,
        (false, true) => End::Fault,
        (false, false) => End::Done,
    };
    Some(Run {
        run_id: base(run_id, shard),
        shard: shard.map(str::to_owned),
        started_at: time(&segment["start_time"])?,
        ended_at: time(&segment["end_time"]),
        end,
        source: Source::Trace(trace_id.to_owned()),
    })
}

fn time(seconds: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros((seconds.as_f64()? * 1e6) as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_segments_of_runs_are_runs() {
        let segment = |document: Value| json!({ "Id": "a", "Document": document.to_string() });
        let trace = json!({ "Id": "1-x", "Segments": [
            segment(json!({ "name": "schedule:nightly", "start_time": 1.0, "end_time": 2.0 })),
            segment(json!({ "name": "b run", "start_time": 2.0, "end_time": 3.5, "fault": true, "annotations": { "run_id": "abc/1/2", "shard": "1/2" } })),
            segment(json!({ "name": "b", "start_time": 2.0, "annotations": { "run_id": "abc/1/2", "job": "logs" } })),
            segment(json!({ "name": "b run", "start_time": 9.0, "in_progress": true, "annotations": { "run_id": "abc" } })),
            json!({ "Document": "no JSON" }),
        ] });
        let found = runs(&trace);
        let ends: Vec<_> = found
            .iter()
            .map(|run| (run.run_id.as_str(), run.end))
            .collect();
        assert_eq!(ends, [("abc", End::Fault), ("abc", End::Running)]);
        assert_eq!(found[0].ended_at.unwrap().timestamp_millis(), 3500);
    }
}
