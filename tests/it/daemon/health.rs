//! The health check, as a container's engine runs it.

use std::net::TcpListener;

use super::*;

fn check(place: &Place, tcp: &str) -> Ended {
    place.run(&["daemon", "-t", tcp, "--healthcheck"])
}

#[test]
fn a_running_daemon_is_healthy_and_a_stopped_one_is_not() {
    let place = Place::new();
    let daemon = Daemon::start(&place, NOWHERE, &["-t", "0.0.0.0:0"]);
    let tcp = daemon.tcp.to_string();
    assert!(tcp.starts_with("0.0.0.0:"), "{tcp}");
    let reached = tcp.replace("0.0.0.0", "127.0.0.1");
    let healthy = check(&place, &tcp);
    assert_eq!(healthy.stdout, format!("healthy: {reached}\n"));
    assert_eq!((healthy.code, healthy.stderr.as_str()), (0, ""));

    daemon.terminate();
    let unhealthy = check(&place, &tcp);
    assert_eq!(unhealthy.code, 1);
    let start = format!("unhealthy: GET http://{reached}/healthz: ");
    assert!(unhealthy.stdout.starts_with(&start), "{}", unhealthy.stdout);
    assert!(unhealthy.stdout.contains("refused"), "{}", unhealthy.stdout);
    assert_eq!(unhealthy.stdout.lines().count(), 1);
}

#[test]
fn a_daemon_that_does_not_answer_is_unhealthy_in_two_seconds() {
    let place = Place::new();
    // The kernel accepts, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let started = Instant::now();
    let unhealthy = check(&place, &address.to_string());
    assert!(started.elapsed() >= Duration::from_secs(2));
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(unhealthy.code, 1);
    let expected = format!("unhealthy: GET http://{address}/healthz: no answer within 2s\n");
    assert_eq!(unhealthy.stdout, expected);
}
