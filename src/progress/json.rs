//! An invocation in Lambda's JSON log format: `platform.start`, `platform.runtimeDone` and
//! `platform.report` (Lambda developer guide, "Telemetry API Event schema reference"), each with the
//! job's name and outcome beside what Lambda writes.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tracing_xray::TraceContext;

use super::lines::billed_ms;
use crate::outcome::{Failure, Outcome};
use crate::report::{JobReport, RunReport};
use crate::runner::{Event, Usage};

/// One object a line; none for what another line says as well, or the report of the run.
pub(super) fn text(event: &Event<'_>, now: DateTime<Utc>) -> String {
    match event {
        Event::Started {
            job,
            request_id,
            trace,
            ..
        } => {
            let mut record = json!({
                "requestId": request_id,
                "version": "$LATEST",
                "job": job,
            });
            add_tracing(&mut record, *trace);
            line(now, "platform.start", &record)
        }
        Event::TimedOut { .. } | Event::Skipped { .. } => String::new(),
        Event::Ended {
            report,
            usage,
            trace,
            ..
        } => {
            let done = record(report, &runtime_metrics(report), *trace);
            let all = record(report, &metrics(report, *usage), *trace);
            line(now, "platform.runtimeDone", &done) + &line(now, "platform.report", &all)
        }
    }
}

/// What became of the run, without its jobs, which have told of themselves.
pub(super) fn run(report: &RunReport, now: DateTime<Utc>) -> String {
    line(now, "run.report", &json!(report))
}

/// A line that is no invocation's, like a log line.
pub(super) fn note(message: &str, now: DateTime<Utc>) -> String {
    let note = json!({"timestamp": time(now), "level": "INFO", "message": message});
    format!("{note}\n")
}

fn line(now: DateTime<Utc>, kind: &str, record: &Value) -> String {
    let line = json!({"time": time(now), "type": kind, "record": record});
    format!("{line}\n")
}

fn time(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn record(report: &JobReport, metrics: &Value, trace: Option<&TraceContext>) -> Value {
    let mut record = json!({
        "requestId": report.request_id,
        "status": status(&report.outcome),
        "metrics": metrics,
        "job": report.job,
        "outcome": report.outcome.word(),
        "attempts": report.attempts,
    });
    if let Some(Failure { message, code, .. }) = report.outcome.failure() {
        record["errorMessage"] = message.as_str().into();
        if let Some(code) = code {
            record["errorType"] = code.as_str().into();
        }
    }
    add_tracing(&mut record, trace);
    record
}

/// Lambda's four words: an `error` is the job's own, a `failure` that of the world around it.
fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        outcome if outcome.is_done() => "success",
        Outcome::TimedOut { .. } => "timeout",
        Outcome::Failed { .. } => "error",
        _ => "failure",
    }
}

fn runtime_metrics(report: &JobReport) -> Value {
    json!({"durationMs": millis(report.duration)})
}

fn metrics(report: &JobReport, usage: Usage) -> Value {
    let mut metrics = json!({
        "durationMs": millis(report.duration),
        "billedDurationMs": billed_ms(report.duration, usage.init_duration),
        "memorySizeMB": usage.memory_size_mb,
        "maxMemoryUsedMB": usage.max_memory_used_mb,
    });
    if let Some(init) = usage.init_duration {
        metrics["initDurationMs"] = millis(init).into();
    }
    metrics
}

fn add_tracing(record: &mut Value, trace: Option<&TraceContext>) {
    if let Some(trace) = trace {
        record["tracing"] = json!({
            "spanId": trace.id.to_string(),
            "type": "X-Amzn-Trace-Id",
            "value": trace.header().to_string(),
        });
    }
}

/// Milliseconds with at most two decimals.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 1e2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::tests::{REQUEST_ID, report, trace};

    /// All that Lambda writes stands in ours, with the same values.
    fn assert_within(theirs: &Value, ours: &Value) {
        match theirs {
            Value::Object(theirs) => {
                for (key, value) in theirs {
                    assert_within(value, &ours[key]);
                }
            }
            _ => assert_eq!(theirs, ours),
        }
    }

    #[test]
    fn lambda_s_objects_are_within_ours() {
        let vectors = include_str!("../../tests/vectors/lambda_log_lines.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let trace = trace();
        let mut report = report(Outcome::Unchanged);
        report.duration = Duration::from_micros(79_670);
        let start = Event::Started {
            place: 0,
            job: "logs",
            request_id: REQUEST_ID,
            trace: Some(&trace),
        };
        let end = Event::Ended {
            report: &report,
            usage: Usage {
                init_duration: Some(Duration::from_micros(130_490)),
                memory_size_mb: 128,
                max_memory_used_mb: 73,
            },
            trace: Some(&trace),
        };
        let mut told = String::new();
        for (event, case) in [start, end].iter().zip(vectors["json"].as_array().unwrap()) {
            let at = case["time"].as_str().unwrap().parse().unwrap();
            let text = text(event, at);
            let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            let mut case = case.clone();
            // This vector bills no start-up; that of the text, and what Lambda bills, do.
            if case["record"]["metrics"].is_object() {
                case["record"]["metrics"]["billedDurationMs"] = 211.into();
            }
            assert_within(&case, &line);
            told.push_str(&text);
        }
        insta::assert_snapshot!("json_done", told);
    }

    #[test]
    fn a_failure_tells_what_and_why() {
        let error = Failure {
            message: "taken\nby somebody".to_owned(),
            code: Some("BucketAlreadyExists".to_owned()),
            ..Failure::default()
        };
        let limit = Duration::from_secs(3);
        let at: DateTime<Utc> = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let mut told = note("stopping", at);
        for outcome in [
            Outcome::Failed { error },
            Outcome::TimedOut { limit, error: None },
            Outcome::Interrupted,
        ] {
            let event = Event::Ended {
                report: &report(outcome),
                usage: Usage {
                    init_duration: None,
                    memory_size_mb: 128,
                    max_memory_used_mb: 73,
                },
                trace: None,
            };
            told.push_str(&text(&event, at));
        }
        insta::assert_snapshot!("json_failed", told);
    }
}
