//! `schedule next`: when rules and expressions fire.

use serde_json::{Value, json};

use super::{ACCOUNT, REGION, file, rule};
use crate::program::{Ended, Place, ended};

fn next(place: &Place, args: &[&str]) -> Ended {
    place.run(&[&["schedule", "next"], args].concat())
}

fn json_of(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn of_expression(place: &Place, expression: &str, count: &str) -> Ended {
    let from = "2026-01-01T00:00:00Z";
    let args = ["--expression", expression, "--from", from, "--count", count];
    next(place, &[&args[..], &["--json"]].concat())
}

#[test]
fn an_expression_s_firings_are_an_array_of_times() {
    let place = Place::new();
    let eight = of_expression(&place, "cron(0 10 * * ? *)", "8");
    let expected: Vec<String> = (1..=8)
        .map(|day| format!("2026-01-{day:02}T10:00:00Z"))
        .collect();
    assert_eq!(json_of(&eight), json!(expected));
    assert_eq!(eight.stderr, "");
    let few = of_expression(&place, "cron(0 10 1 1 ? 2026-2027)", "8");
    let expected = ["2026-01-01T10:00:00Z", "2027-01-01T10:00:00Z"];
    assert_eq!(json_of(&few), json!(expected));
    let over = of_expression(&place, "cron(0 10 * * ? 2020-2025)", "8");
    assert_eq!(json_of(&over), json!([]));
    assert!(over.stderr.starts_with("warning: "), "{}", over.stderr);
    // A rate counts from the moment that is asked about.
    let rate = of_expression(&place, "rate(5 minutes)", "2");
    let expected = ["2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"];
    assert_eq!(json_of(&rate), json!(expected));
}

#[test]
fn what_is_no_expression_is_shown_with_carets() {
    let place = Place::new();
    let refused = of_expression(&place, "cron(*/60 25 * * ? *)", "1");
    assert_eq!(refused.code, 2);
    assert_eq!(refused.stdout, "");
    assert_eq!(
        refused.stderr,
        "cron(*/60 25 * * ? *)\n     ^^^^ ^^\n\
         minutes: step 60 in `*/60`, give 1 to 59\nhours: 25, give 0 to 23\n"
    );
}

#[test]
fn arguments_that_are_none_are_refused_with_their_mend() {
    let place = Place::new();
    let hourly = ["--expression", "cron(0 * * * ? *)"];
    for (args, mend) in [
        (
            &["--zone", "Europe/Berln"][..],
            "did you mean `Europe/Berlin`?",
        ),
        (&["--count", "0"], "write a whole number from 1 to 100000"),
        (
            &["--from", "yesterday"],
            "write a time such as `2026-01-01T00:00:00Z`",
        ),
        (&["--rule", "r"], "cannot be used with"),
    ] {
        let refused = next(&place, &[&hourly[..], args].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{args:?}");
        assert!(refused.stderr.contains(mend), "{}", refused.stderr);
    }
    let refused = next(&place, &[]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("<FILE>"), "{}", refused.stderr);
}

fn two_rules(place: &Place) {
    let rules = json!([
        rule("hourly", "cron(0 * * * ? *)"),
        rule("nightly", "cron(0 1 * * ? *)"),
        { "name": "off", "schedule": "cron(* * * * ? *)", "enabled": false,
            "targets": [{ "worker": { "job_file": "j.json" } }] },
    ]);
    place.write("s.json", file(rules).to_string());
}

#[test]
fn the_rules_of_a_file_come_in_the_order_of_time_and_collisions_are_told() {
    let place = Place::new();
    two_rules(&place);
    // Over the night in which Berlin has an hour less.
    let args = ["s.json", "--from", "2026-03-28T23:30:00Z", "--count", "4"];
    let table = next(&place, &[&args[..], &["--zone", "Europe/Berlin"]].concat());
    assert_eq!(table.code, 0, "{}", table.stderr);
    insta::assert_snapshot!("next_table", table.stdout);

    let json = json_of(&next(
        &place,
        &[&args[..], &["--zone", "Europe/Berlin", "--json"]].concat(),
    ));
    let of = |field: &str| -> Vec<Value> {
        json.as_array()
            .unwrap()
            .iter()
            .map(|firing| firing[field].clone())
            .collect()
    };
    assert_eq!(of("rule"), ["hourly", "hourly", "nightly", "hourly"]);
    assert_eq!(of("at_once"), [1, 2, 2, 1]);
    assert_eq!(of("local")[0], "2026-03-29T01:00:00+01:00");
    assert_eq!(of("local")[1], "2026-03-29T03:00:00+02:00");

    // A count within the minute of a collision still tells it.
    let cut = [
        "s.json",
        "--from",
        "2026-03-28T23:30:00Z",
        "--count",
        "2",
        "--json",
    ];
    assert_eq!(json_of(&next(&place, &cut))[1]["at_once"], 2);
}

#[test]
fn only_the_rules_that_are_named_are_shown() {
    let place = Place::new();
    two_rules(&place);
    let from = ["--from", "2026-01-01T00:00:00Z", "--json"];
    let one = json_of(&next(
        &place,
        &[&["s.json", "--rule", "nightly", "--count", "1"], &from[..]].concat(),
    ));
    assert_eq!(
        one,
        json!([{ "time": "2026-01-01T01:00:00Z", "rule": "nightly", "at_once": 1 }])
    );
    let off = next(&place, &["s.json", "--rule", "off"]);
    assert_eq!(
        (off.code, off.stdout.as_str()),
        (0, "no firings to come\n"),
        "{}",
        off.stderr
    );
    let refused = next(&place, &["s.json", "--rule", "nightli"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert_eq!(
        refused.stderr,
        "error: the file has no rule `nightli`, did you mean `nightly`?\n"
    );
}

#[test]
fn the_ids_of_a_firing_are_those_that_its_worker_makes() {
    let place = Place::new();
    two_rules(&place);
    let mut command = place.command(&[
        "schedule",
        "next",
        "s.json",
        "--rule",
        "nightly",
        "--from",
        "2026-01-01T00:00:00Z",
        "--count",
        "1",
        "--trace",
        "--json",
    ]);
    command
        .env("AWS_REGION", REGION)
        .env("AWS_ACCOUNT_ID", ACCOUNT);
    let firing = json_of(&ended(&mut command))[0].clone();

    // No daemon is there, which fails nothing.
    let jobs = r#"{"version": 1, "name": "j", "jobs": [{ "name": "one", "type": "command", "command": ["true"] }]}"#;
    place.write("j.json", jobs);
    let mut command = place.command_at(
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        &["run", "--allow-command", "--report", "r.json", "j.json"],
    );
    command.envs([
        ("PATH", "/usr/bin:/bin"),
        (
            "JOB_RULE_ARN",
            &format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"),
        ),
        ("JOB_TARGET_ID", "worker"),
        ("JOB_SCHEDULED_TIME", "2026-01-01T01:00:00Z"),
        ("JOB_EVENT_ID", "0-1-2"),
    ]);
    let run = ended(&mut command);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    let target = &firing["targets"][0];
    assert_eq!(target["target"], "worker");
    assert_eq!(target["run_id"], report["run_id"]);
    assert_eq!(target["trace_id"], report["trace_id"]);

    // Without the account, which is a part of the rule's ARN, there is no id to show.
    let mut command = place.command(&["schedule", "next", "s.json", "--trace"]);
    let refused = ended(command.env("AWS_REGION", REGION));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains("set AWS_ACCOUNT_ID"),
        "{}",
        refused.stderr
    );
}
