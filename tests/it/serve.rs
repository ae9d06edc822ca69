//! `xray-ecs local`: a server that other commands and other clients find, and that may be killed.

use serde_json::Value;

use crate::program::{Place, Running, ended};

/// A running `xray-ecs local` on free ports, and the addresses that it printed.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) s3: String,
    pub(crate) xray: String,
    pub(crate) daemon: String,
}

pub(crate) const FREE: [&str; 7] = [
    "local",
    "--listen",
    "127.0.0.1:0",
    "--s3",
    "127.0.0.1:0",
    "--daemon",
    "127.0.0.1:0",
];

pub(crate) fn serve(place: &Place) -> Served {
    let running = Running::start(place.command(&FREE));
    let value = |name: &str| {
        let line = running.line(&format!("export {name}="));
        line.split_once('=')
            .unwrap()
            .1
            .trim_matches('\'')
            .to_owned()
    };
    let s3 = value("AWS_ENDPOINT_URL_S3");
    let xray = value("AWS_ENDPOINT_URL_XRAY");
    let daemon = value("AWS_XRAY_DAEMON_ADDRESS");
    Served {
        running,
        s3,
        xray,
        daemon,
    }
}

#[test]
fn the_worker_of_aws_runs_against_its_endpoints() {
    let place = Place::new();
    let served = serve(&place);
    let run = ended(&mut place.command_at(
        &served.s3,
        &served.daemon,
        &["run", "jobs/create-bucket.json"],
    ));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("create in eu-west-1"), "{}", run.stdout);
    assert!(run.stdout.contains("segments: 2 sent"));
    served.running.signal("TERM");
    let (code, lines) = served.running.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    // What had arrived is in the store, whether it was uploaded before the signal or after.
    let list = place.run(&["traces", "--local", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["TraceSummaries"].as_array().unwrap().len(), 2);
}

#[test]
fn local_commands_use_the_server_of_their_directory() {
    let place = Place::new();
    let served = serve(&place);
    let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("Clients"), "{}", run.stdout);
    let mut command = place.command(&["map", "--json"]);
    command
        .env("AWS_ENDPOINT_URL_XRAY", &served.xray)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    let of_server: Value = serde_json::from_str(&ended(&mut command).stdout).unwrap();
    // The client of both, the run, the jobs, the bucket.
    assert_eq!(of_server["Services"].as_array().unwrap().len(), 5);

    let second = place.run(&FREE);
    assert_eq!(second.code, 2);
    assert!(second.stderr.contains("--dir"), "{}", second.stderr);
}

#[test]
fn a_port_that_is_taken_is_told_with_the_flag() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, place_of_address) in [("--listen", 2), ("--s3", 4), ("--daemon", 6)] {
        let mut args = FREE;
        args[place_of_address] = &address;
        let refused = place.run(&args);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(&address), "{}", refused.stderr);
        assert!(refused.stderr.contains(flag), "{}", refused.stderr);
    }
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_a_store_that_opens() {
    let place = Place::new();
    for moment in [1, 3, 10, 40, 120] {
        let running = Running::start(place.command(&["run", "--local", "jobs/fleet.json"]));
        for _ in 0..moment {
            running.line("REPORT");
        }
        drop(running); // with SIGKILL
        let list = place.run(&["traces", "--local", "--json"]);
        assert!([0, 1].contains(&list.code), "{}", list.stderr);
        serde_json::from_str::<Value>(&list.stdout).unwrap();
    }
    // What the killed runs had done is not done again.
    let run = place.run(&["run", "--local", "--report", "-", "jobs/fleet.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(
        report["totals"]["unchanged"].as_u64() >= Some(100),
        "{report:#}"
    );
}

#[test]
fn a_server_that_is_killed_loses_nothing_that_it_showed() {
    let place = Place::new();
    for round in 1..=3 {
        let served = serve(&place);
        // It shows the trace only once X-Ray has it.
        let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        drop(served.running); // with SIGKILL
        let list = place.run(&["traces", "--local", "--json"]);
        let list: Value = serde_json::from_str(&list.stdout).unwrap();
        assert_eq!(list["TraceSummaries"].as_array().unwrap().len(), 2 * round);
    }
}

#[test]
fn the_daemon_command_uploads_what_it_receives() {
    let place = Place::new();
    let served = serve(&place);
    let mut command = place.command(&[
        "daemon",
        "--bind",
        "127.0.0.1:0",
        "--bind-tcp",
        "127.0.0.1:0",
    ]);
    command
        .env("AWS_ENDPOINT_URL_XRAY", &served.xray)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    let daemon = Running::start(command);
    let line = daemon.line("");
    let address = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("udp="))
        .unwrap_or_else(|| panic!("no address in {line}"));
    let run =
        ended(&mut place.command_at(&served.s3, address, &["run", "jobs/create-bucket.json"]));
    assert!(run.stdout.contains("segments: 2 sent"), "{}", run.stdout);
    daemon.signal("TERM");
    let (code, lines) = daemon.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    let list = place.run(&["traces", "--local", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["TraceSummaries"].as_array().unwrap().len(), 2);
}
