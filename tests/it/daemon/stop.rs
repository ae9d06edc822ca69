//! SIGTERM: what was received leaves, within a deadline, and the last line of the log has all counts.

use super::*;

/// The counts of the last line; that they add up is checked.
pub(super) fn counts(lines: &[String]) -> (&str, [u64; 8]) {
    let last = lines.last().unwrap();
    let names = [
        "received",
        "sent",
        "refused",
        "kernel_dropped",
        "queue_dropped",
        "failed",
        "abandoned",
        "forwarded",
    ];
    let counts = names.map(|name| count(last, name));
    let [received, sent, refused, _, dropped, failed, abandoned, _] = counts;
    assert_eq!(received, sent + refused + dropped + failed + abandoned);
    let start = last
        .find("x-ray daemon stopped")
        .unwrap_or_else(|| panic!("{lines:#?}"));
    let level = last[..start].split_whitespace().nth(1).unwrap();
    (level, counts)
}

#[test]
fn a_burst_before_sigterm_leaves_to_the_last_segment() {
    let place = Place::new();
    let xray = Endpoint::start();
    let url = xray.url();
    let variables = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_XRAY", url.as_str()),
        ("AWS_HOSTNAME", "host"),
    ];
    let daemon = Daemon::start_with(&place, &[], &variables);
    // As many as the smallest buffer of a socket holds, whoever gets the next turn on the CPU.
    let documents: Vec<_> = (100..250).map(|n| format!("{{\"n\":{n}}}")).collect();
    documents.iter().for_each(|document| daemon.send(document));
    let lines = daemon.terminate();
    assert_eq!(counts(&lines), ("INFO", [150, 150, 0, 0, 0, 0, 0, 0]));
    let mut seen = xray.documents();
    seen.sort();
    assert_eq!(seen, documents);
    // The record of telemetry comes after the last upload.
    let mut calls = xray.calls();
    let last = calls.pop().unwrap();
    assert_eq!(last.path, "/TelemetryRecords");
    assert!(
        last.body.contains("\"SegmentsSentCount\":150"),
        "{}",
        last.body
    );
    assert!(last.body.contains("\"Hostname\":\"host\""), "{}", last.body);
    for call in calls {
        assert_eq!(call.path, "/TraceSegments");
        let scope = "/eu-west-1/xray/aws4_request";
        assert!(call.authorization.contains(scope), "{}", call.authorization);
    }
    let drains = lines
        .iter()
        .find(|line| line.contains("x-ray daemon drains"));
    let drains = drains.unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(
        drains.contains(" INFO ") && drains.ends_with("deadline=20s"),
        "{drains}"
    );
}

#[test]
fn more_than_the_kernel_holds_is_counted_to_the_last() {
    let place = Place::new();
    let xray = Endpoint::start();
    let daemon = Daemon::start(&place, xray.address, &[]);
    let document = "d".repeat(1000);
    (0..20_000).for_each(|_| daemon.send(&document));
    let lines = daemon.terminate();
    let (level, counts) = counts(&lines);
    let [received, sent, _, kernel_dropped, ..] = counts;
    assert_eq!(received + kernel_dropped, 20_000);
    assert_eq!(xray.documents().len() as u64, sent);
    assert_eq!(
        level,
        if received == sent && kernel_dropped == 0 {
            "INFO"
        } else {
            "WARN"
        }
    );
}

#[test]
fn an_endpoint_that_does_not_answer_holds_up_a_stop_until_the_deadline() {
    let place = Place::new();
    let xray = Endpoint::silent();
    let daemon = Daemon::start(&place, xray.address, &["--drain-deadline", "300ms"]);
    daemon.send("{}");
    xray.wait_for_calls(1);
    (0..4).for_each(|_| daemon.send("{}"));
    daemon.send_raw(b"no segment");
    let started = Instant::now();
    let lines = daemon.terminate();
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert!(started.elapsed() < Duration::from_secs(10), "{lines:#?}");
    assert_eq!(counts(&lines), ("WARN", [6, 0, 1, 0, 0, 0, 5, 0]));
    let drains = lines.iter().any(|line| line.ends_with("deadline=300ms"));
    assert!(drains, "{lines:#?}");
}

#[test]
fn a_second_signal_ends_it_at_once_and_the_counts_are_still_told() {
    let place = Place::new();
    let xray = Endpoint::silent();
    let daemon = Daemon::start(&place, xray.address, &["--drain-deadline", "1h"]);
    daemon.send("{}");
    xray.wait_for_calls(1);
    daemon.running.signal("TERM");
    daemon.running.line_with("x-ray daemon drains");
    let lines = daemon.terminate();
    assert_eq!(counts(&lines), ("WARN", [1, 0, 0, 0, 0, 0, 1, 0]));
}
