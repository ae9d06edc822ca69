//! Log lines as they are written. Each test has a process of its own: a log line finds its trace
//! through the subscriber of the process, which can be set once.

use std::process::Command;

use serde_json::Value;
use tracing_xray::{ContextMissing, Settings};

use super::*;
use crate::progress::Mode;

/// What an ignored test of this binary writes to stderr in a process of its own.
fn stderr_of(name: &str) -> String {
    let name = format!("telemetry::tests::{name}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--nocapture", "--exact", &name]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Logs in and outside a job.
fn log_in(mode: Mode) {
    let settings = Settings::from_env(|_| None).unwrap();
    assert_eq!(settings.context_missing, ContextMissing::LogError);
    let progress = Progress::new(mode, 1, io::stderr());
    let filter = parse_filter(None).unwrap();
    let telemetry = start(Some(&settings), LayerOptions::default(), filter, &progress).unwrap();
    tracing::warn!("outside");
    let job = tracing::info_span!(
        "invocation",
        xray.segment = "s",
        job = "logs",
        request_id = "r-1",
        xray.trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793"
    );
    job.in_scope(|| {
        tracing::info_span!("attempt").in_scope(|| {
            tracing::warn!(attempt = 2, share = 0.5, bucket = %"acme", "another\nfollows");
        });
        tracing::info!("not logged");
    });
    drop(job);
    assert_eq!(telemetry.close().unwrap().dropped, 0);
}

#[test]
#[ignore = "run by the test of the JSON lines"]
fn json_logs() {
    log_in(Mode::Json);
}

#[test]
#[ignore = "run by the test of the text lines"]
fn text_logs() {
    log_in(Mode::Lines);
}

#[test]
fn json_lines_say_which_job_and_trace_they_belong_to() {
    let text = stderr_of("json_logs");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [outside, inside] = &lines[..] else {
        panic!("{text}")
    };
    assert_eq!(outside["message"], "outside");
    assert_eq!(outside["level"], "WARN");
    assert!(outside.get("trace_id").is_none() && outside.get("job").is_none());
    assert_eq!(inside["message"], "another\nfollows");
    assert_eq!(inside["target"], "xray_ecs::telemetry::tests");
    assert_eq!(inside["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!(inside["segment_id"].as_str().unwrap().len(), 16);
    assert_eq!(
        (&inside["job"], &inside["request_id"]),
        (&"logs".into(), &"r-1".into())
    );
    assert_eq!(
        inside["fields"],
        serde_json::json!({"attempt": 2, "share": 0.5, "bucket": "acme"})
    );
    let timestamp = inside["timestamp"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(timestamp).is_ok());
}

#[test]
fn text_lines_name_the_trace_at_their_end() {
    let text = stderr_of("text_logs");
    let (outside, inside) = text.split_once('\n').unwrap();
    assert!(
        outside.ends_with("WARN xray_ecs::telemetry::tests: outside"),
        "{text}"
    );
    assert!(inside.contains("attempt=2"), "{text}");
    assert!(
        inside.ends_with(" trace_id=1-5759e988-bd862e3fe1be46a994272793\n"),
        "{text}"
    );
}
