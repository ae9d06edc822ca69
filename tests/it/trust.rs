//! Whom the program trusts over https: `AWS_CA_BUNDLE`, else the system's authorities, and nobody else.

use std::process::Command;

use serde_json::Value;

use crate::program::{Ended, Place, Running, ended};
use crate::s3::{NO_DAEMON, S3};
use crate::serve::serve;
use crate::tls::{Authority, TlsFront};

const BUNDLE: &str = "AWS_CA_BUNDLE";

/// What a bucket job with a rate limit, and so another client, runs by.
const JOB_FILE: &str = r#"{"version": 1, "name": "trust", "rate_limits": {"CreateBucket": 100},
    "jobs": [{"name": "j", "type": "create-bucket", "bucket": "trusted"}]}"#;

/// A place with `job.json` and the certificates `ours.pem` and `theirs.pem`, and TLS in front of a server
/// that `ours.pem` vouches for.
fn tls(behind: &str) -> (Place, TlsFront) {
    let place = Place::new();
    let ours = Authority::new("ours");
    place.write("ours.pem", ours.pem());
    place.write("theirs.pem", Authority::new("theirs").pem());
    place.write("job.json", JOB_FILE);
    let front = TlsFront::start(
        "127.0.0.1:0",
        ours.server(&["127.0.0.1", "localhost"]),
        behind,
    );
    (place, front)
}

/// The program, where the system trusts others only.
fn command(place: &Place, s3: &str, args: &[&str]) -> Command {
    let mut command = place.command_at(s3, NO_DAEMON, args);
    command.env("SSL_CERT_FILE", "theirs.pem");
    command
}

fn assert_told(ended: &Ended, code: i32, texts: &[&str]) {
    let told = format!("{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, code, "{told}");
    for text in texts {
        assert!(told.contains(text), "no `{text}` in\n{told}");
    }
}

#[test]
fn a_run_trusts_the_bundle_in_the_place_of_the_system() {
    let s3 = S3::start();
    let (place, front) = tls(&s3.url());
    let run = |variables: &[(&str, &str)]| {
        let args = ["run", "--report", "report.json", "job.json"];
        ended(command(&place, &front.url(), &args).envs(variables.iter().copied()))
    };
    let host = front.address().to_string();
    let untrusted = format!("the certificate of {host} is not trusted");

    let refused = run(&[]);
    let mend = "name a PEM file with its authority in AWS_CA_BUNDLE";
    assert_told(&refused, 1, &[&untrusted, mend]);
    let report: Value = serde_json::from_str(&place.read("report.json")).unwrap();
    assert_eq!(report["jobs"][0]["attempts"], 1, "{report:#}"); // it does not pass by itself
    // An empty variable is as good as none.
    assert_told(&run(&[(BUNDLE, "")]), 1, &[&untrusted, mend]);
    let refused = run(&[(BUNDLE, "theirs.pem")]);
    assert_told(
        &refused,
        1,
        &[&untrusted, "no authority in AWS_CA_BUNDLE, `theirs.pem`"],
    );
    // What the system trusts does not count beside a bundle.
    let refused = run(&[(BUNDLE, "theirs.pem"), ("SSL_CERT_FILE", "ours.pem")]);
    assert_told(&refused, 1, &[&untrusted]);
    assert!(s3.buckets().is_empty());

    assert_told(&run(&[(BUNDLE, "ours.pem")]), 0, &["create in eu-west-1"]);
    assert_eq!(s3.buckets(), ["trusted"]);
    assert_told(&run(&[("SSL_CERT_FILE", "ours.pem")]), 0, &["unchanged"]);
    place.write(
        "both.pem",
        place.read("theirs.pem") + &place.read("ours.pem"),
    );
    assert_told(&run(&[(BUNDLE, "both.pem")]), 0, &["unchanged"]);
}

#[test]
fn a_certificate_that_is_not_the_servers_is_told() {
    let s3 = S3::start();
    let place = Place::new();
    let ours = Authority::new("ours");
    place.write("ours.pem", ours.pem());
    place.write("job.json", JOB_FILE);
    let name = "certificate not valid for name \"127.0.0.1\"; certificate is only valid for";
    let authority = "it is an authority's own (CA:TRUE)";
    for (tls, told) in [
        (ours.server(&["s3.example.com"]), name),
        (ours.as_server(), authority),
    ] {
        let front = TlsFront::start("127.0.0.1:0", tls, &s3.url());
        let mut command = place.command_at(&front.url(), NO_DAEMON, &["run", "job.json"]);
        let refused = ended(command.env(BUNDLE, "ours.pem").env("COLUMNS", "1000"));
        assert_told(&refused, 1, &[&format!("is not trusted: {told}")]);
    }
}

#[test]
fn the_daemon_and_the_queries_trust_the_bundle() {
    let server = Place::new();
    let served = serve(&server);
    let (place, front) = tls(&served.xray);
    let with = |args: &[&str], bundle: Option<&str>| {
        let mut command = command(&place, &served.s3, args);
        command.env("AWS_ENDPOINT_URL_XRAY", front.url());
        command.envs(bundle.map(|bundle| (BUNDLE, bundle)));
        command
    };
    let daemon_args = [
        "daemon",
        "--bind",
        "127.0.0.1:0",
        "--bind-tcp",
        "127.0.0.1:0",
    ];
    let daemon = |bundle| {
        let daemon = Running::start(with(&daemon_args, bundle));
        let line = daemon.line("");
        let udp = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("udp="));
        let address = udp
            .unwrap_or_else(|| panic!("no address in {line}"))
            .to_owned();
        (daemon, address)
    };
    let run = |address: &str| {
        let mut command = command(&place, &served.s3, &["run", "job.json"]);
        let run = ended(command.env("AWS_XRAY_DAEMON_ADDRESS", address));
        assert_told(&run, 0, &["segments: 2 sent"]);
    };
    let untrusted = format!("the certificate of {} is not trusted", front.address());

    let (distrustful, address) = daemon(None);
    run(&address);
    while !distrustful.line("").contains(&untrusted) {}
    drop(distrustful); // it would go on trying
    assert_told(&ended(&mut with(&["map"], None)), 2, &[&untrusted, BUNDLE]);
    let ours = Some("ours.pem");
    assert_told(&ended(&mut with(&["traces"], ours)), 1, &[]); // there is none yet

    let (trustful, address) = daemon(ours);
    run(&address);
    trustful.signal("TERM");
    let (code, lines) = trustful.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    let list = ended(&mut with(&["traces", "--json"], ours));
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["TraceSummaries"].as_array().unwrap().len(), 2);
    let embedded = ["run", "--daemon", "embedded", "job.json"];
    assert_told(&ended(&mut with(&embedded, ours)), 0, &["2 in X-Ray"]);
}

#[test]
fn a_bundle_that_is_none_is_refused_before_anything_is_done() {
    let s3 = S3::start();
    let (place, front) = tls(&s3.url());
    place.write("empty.pem", "");
    let cut = place.read("ours.pem");
    place.write("cut.pem", &cut[..cut.len() / 2]);
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    place.write("junk.pem", place.read("ours.pem") + junk);
    let commands: [&[&str]; 6] = [
        &["run", "job.json"],
        &["run", "--daemon", "embedded", "--plan", "job.json"],
        &[
            "daemon",
            "--bind",
            "127.0.0.1:0",
            "--bind-tcp",
            "127.0.0.1:0",
        ],
        &["traces"],
        &["trace", "latest"],
        &["map"],
    ];
    let refuse = |args: &[&str], bundle: &str, told: &str| {
        let refused = ended(command(&place, &front.url(), args).env(BUNDLE, bundle));
        assert_told(&refused, 2, &[&format!("AWS_CA_BUNDLE: {told}")]);
        assert_eq!(refused.stdout, "");
    };
    for args in commands {
        refuse(args, "no-such.pem", "read `no-such.pem`: No such file");
    }
    #[cfg(feature = "schedule")]
    refuse(
        &["schedule", "diff", "config/schedule.json"],
        "no-such.pem",
        "read `no-such.pem`",
    );
    let run = commands[0];
    refuse(run, "config", "read `config`: Is a directory");
    refuse(run, "empty.pem", "`empty.pem`: no certificate in it");
    refuse(run, "cut.pem", "`cut.pem`: certificate 1: ");
    refuse(run, "junk.pem", "`junk.pem`: certificate 2: ");
    assert_eq!(s3.changes(), 0);
    assert!(s3.buckets().is_empty());
    // A local run has nothing to do with it.
    let mut local = command(&place, &front.url(), &["run", "--local", "job.json"]);
    assert_told(&ended(local.env(BUNDLE, "no-such.pem")), 0, &[]);
}
