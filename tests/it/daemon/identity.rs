//! Before the region is found: what is sent is received already, and an end in that time
//! loses nothing unsaid.

use super::stop::counts;
use super::*;

/// The daemon of an ECS task whose metadata never come, with neither region nor instance.
fn start(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Daemon {
    let url = format!("{}/v4/id", Endpoint::silent().url());
    let variables = [
        &[("ECS_CONTAINER_METADATA_URI_V4", url.as_str())],
        variables,
    ]
    .concat();
    Daemon::start_with(place, args, &variables)
}

/// The same, on an instance that never answers either: it goes on looking for some seconds.
fn start_on_silent_instance(place: &Place, args: &[&str]) -> Daemon {
    let url = Endpoint::silent().url();
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
    ];
    start(place, args, &variables)
}

#[test]
fn segments_that_come_before_the_region_is_found_arrive() {
    let place = Place::new();
    let xray = Endpoint::start();
    let daemon = start(&place, &[], &[("AWS_ENDPOINT_URL_XRAY", &xray.url())]);
    ["1", "2"].iter().for_each(|document| daemon.send(document));
    // The page waits with it: a check that comes so early passes.
    let tcp = daemon.tcp.to_string();
    let check = place.run(&["daemon", "-t", &tcp, "--healthcheck"]);
    assert_eq!(check.stdout, format!("healthy: {tcp}\n"));
    // It listened before it gave the metadata up.
    daemon.running.line_with("the task's region is not known");
    daemon.running.line_with("x-ray daemon uploads");
    xray.wait_for_calls(1);
    let lines = daemon.terminate();
    assert_eq!(counts(&lines), ("INFO", [2, 2, 0, 0, 0, 0, 0, 0]));
    assert_eq!(xray.documents(), ["1", "2"]);
}

#[test]
fn a_region_that_is_found_after_sigterm_is_still_of_use() {
    let place = Place::new();
    let xray = Endpoint::start();
    let daemon = start(&place, &[], &[("AWS_ENDPOINT_URL_XRAY", &xray.url())]);
    daemon.send("{}");
    daemon.running.signal("TERM");
    daemon.running.line_with("the task's region is not known");
    let (code, lines) = daemon.running.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert_eq!(counts(&lines), ("INFO", [1, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(xray.documents(), ["{}"]);
}

#[test]
fn a_stop_does_not_wait_for_the_region_beyond_the_deadline() {
    let place = Place::new();
    let daemon = start_on_silent_instance(&place, &["--drain-deadline", "300ms"]);
    (0..3).for_each(|_| daemon.send("{}"));
    daemon.send_raw(b"no segment");
    let started = Instant::now();
    let lines = daemon.terminate();
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(counts(&lines), ("WARN", [4, 0, 1, 0, 0, 0, 3, 0]));
    let said = "stopped before the region was found";
    assert!(lines.iter().any(|line| line.contains(said)), "{lines:#?}");
}

#[test]
fn a_second_signal_ends_the_search_at_once() {
    let place = Place::new();
    let daemon = start_on_silent_instance(&place, &["--drain-deadline", "1h"]);
    daemon.send("{}");
    // Two of a kind could reach it as one.
    daemon.running.signal("INT");
    let lines = daemon.terminate();
    assert_eq!(counts(&lines), ("WARN", [1, 0, 0, 0, 0, 0, 1, 0]));
}

#[test]
fn without_a_region_it_ends_with_the_counts_and_what_to_set() {
    let place = Place::new();
    let daemon = start_on_silent_instance(&place, &[]);
    daemon.send("{}");
    let (code, mut lines) = daemon.running.wait();
    assert_eq!(code, Some(2), "{lines:#?}");
    let error = "error: no AWS region: set AWS_REGION, or a region in the profile";
    assert_eq!(lines.pop().as_deref(), Some(error));
    assert_eq!(counts(&lines), ("WARN", [1, 0, 0, 0, 0, 0, 1, 0]));
}
