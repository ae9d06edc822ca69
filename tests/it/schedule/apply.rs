//! `schedule apply`, `diff --exit-code` and `delete`: there and back, and what is never touched.

use fake_aws::{Fault, When};
use serde_json::{Value, json};

use super::{Scene, file, rule};
use crate::program::ended;

const APPLY: [&str; 3] = ["apply", "--yes", "s.json"];

fn rules_of(names: &[&str]) -> Value {
    let rules = names.iter().map(|name| rule(name, "cron(0 3 * * ? *)"));
    file(rules.collect())
}

fn write(scene: &Scene, names: &[&str]) {
    scene.place.write("s.json", rules_of(names).to_string());
}

fn seed(scene: &Scene, name: &str, tags: &Value) {
    let rule = json!({
        "Name": name,
        "ScheduleExpression": "rate(1 day)",
        "Tags": tags,
        "Targets": [{ "Id": "t", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f" }],
    });
    scene.aws.seed_rule(rule).unwrap();
}

fn of_schedule(name: &str) -> Value {
    json!([{ "Key": "xray-ecs:schedule", "Value": name }])
}

#[test]
fn what_was_applied_no_longer_differs() {
    let scene = Scene::new();
    let path = "config/schedule.json";
    let before = scene.refused(&["diff", "--exit-code", path], 1);
    assert!(
        before
            .stdout
            .ends_with("1 to create, 0 to change, 0 to delete, 0 unchanged\n")
    );
    scene.refused(&["diff", path], 0);
    let applied = scene.done(&["apply", "--yes", path]);
    assert_eq!(applied.stdout, before.stdout);
    assert_eq!(applied.stderr, "1 rule applied\n");
    let rule = scene.rule("nightly-buckets");
    assert_eq!(rule["ScheduleExpression"], "cron(0 3 * * ? *)");
    assert_eq!(
        rule["Tags"],
        json!({ "team": "data", "xray-ecs:schedule": "nightly" })
    );
    let target = &rule["Targets"]["worker"];
    assert_eq!(
        target["RetryPolicy"],
        json!({ "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3 })
    );
    assert_eq!(target["EcsParameters"]["LaunchType"], "FARGATE");

    let after = scene.refused(&["diff", "--exit-code", path], 0);
    assert_eq!(
        after.stdout,
        "0 to create, 0 to change, 0 to delete, 1 unchanged\n"
    );
    let again = scene.refused(&["apply", "--yes", path], 0);
    assert_eq!((again.stdout, again.stderr), (after.stdout, String::new()));
    // Nothing differs, so nobody need be asked.
    scene.refused(&["apply", path], 0);
}

#[test]
fn where_nobody_can_be_asked_nothing_is_changed() {
    let scene = Scene::new();
    write(&scene, &["a", "b"]);
    let refused = scene.refused(&["apply", "s.json"], 2);
    assert_eq!(
        refused.stderr,
        "error: nobody can be asked whether to change 2 rules in account 123456789012, eu-west-1: add --yes\n"
    );
    scene.done(&APPLY);
    let refused = scene.refused(&["delete", "s.json"], 2);
    assert!(
        refused
            .stderr
            .contains("whether to delete 2 rules in account 123456789012, eu-west-1: add --yes"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_rule_of_somebody_else_stops_the_whole_apply() {
    let scene = Scene::new();
    write(&scene, &["a", "b", "c"]);
    seed(&scene, "b", &json!([]));
    seed(&scene, "c", &of_schedule("weekly"));
    let refused = scene.refused(&APPLY, 2);
    assert_eq!(
        refused.stderr,
        "error: rule `b` is there and not of a schedule file: name yours otherwise, or take it over with --adopt\n\
         error: rule `c` is of the schedule `weekly`: name yours otherwise, or take it over with --adopt\n\
         nothing was changed\n"
    );
    let json = scene.refused(&["diff", "--json", "s.json"], 0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["rules"][0]["action"], "create");
    assert_eq!(json["rules"][1]["foreign"], json!({}));
    assert_eq!(json["rules"][2]["foreign"], json!({ "schedule": "weekly" }));

    let adopted = scene.done(&["apply", "--yes", "--adopt", "s.json"]);
    assert!(
        adopted.stderr.ends_with("3 rules applied\n"),
        "{}",
        adopted.stderr
    );
    for name in ["a", "b", "c"] {
        assert_eq!(scene.rule(name)["Tags"]["xray-ecs:schedule"], "nightly");
        let targets = scene.rule(name)["Targets"].as_object().unwrap().clone();
        assert_eq!(targets.keys().collect::<Vec<_>>(), ["worker"]);
    }
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
}

#[test]
fn a_rule_that_a_service_manages_is_never_taken_over() {
    let scene = Scene::new();
    write(&scene, &["a", "b"]);
    let managed = json!({ "Name": "b", "ScheduleExpression": "rate(1 day)", "ManagedBy": "batch.amazonaws.com" });
    scene.aws.seed_rule(managed).unwrap();
    let refused = scene.refused(&["apply", "--yes", "--adopt", "s.json"], 2);
    assert!(
        refused
            .stderr
            .contains("rule `b` is batch.amazonaws.com's own"),
        "{}",
        refused.stderr
    );
}

#[test]
fn only_our_own_rules_are_pruned() {
    let scene = Scene::new();
    write(&scene, &["a", "b"]);
    scene.done(&APPLY);
    seed(&scene, "other", &json!([]));
    seed(&scene, "weekly", &of_schedule("weekly"));
    write(&scene, &["a"]);
    let kept = scene.refused(&APPLY, 0);
    assert!(
        kept.stdout
            .contains("- b  is no longer in the file, and kept: --prune deletes it"),
        "{}",
        kept.stdout
    );
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
    scene.refused(&["diff", "--exit-code", "--prune", "s.json"], 1);
    let pruned = scene.done(&["apply", "--yes", "--prune", "s.json"]);
    assert!(
        pruned
            .stdout
            .ends_with("0 to create, 0 to change, 1 to delete, 1 unchanged\n"),
        "{}",
        pruned.stdout
    );
    assert_eq!(scene.rules(), ["a", "other", "weekly"]);
}

#[test]
fn delete_leaves_what_is_not_of_the_file() {
    let scene = Scene::new();
    write(&scene, &["a", "b", "once"]);
    scene.done(&APPLY);
    seed(&scene, "c", &json!([]));
    seed(&scene, "weekly", &of_schedule("weekly"));
    // `c` is in the file and of nobody; `once` is of the file's schedule, and no longer in it.
    write(&scene, &["a", "b", "c"]);
    let deleted = scene.done(&["delete", "--yes", "s.json"]);
    assert!(
        deleted
            .stderr
            .contains("rule `c` is not of this schedule, and stays"),
        "{}",
        deleted.stderr
    );
    assert!(
        deleted.stderr.ends_with("3 rules deleted\n"),
        "{}",
        deleted.stderr
    );
    assert_eq!(scene.rules(), ["c", "weekly"]);
    scene.refused(&["delete", "--yes", "s.json"], 0);
}

#[test]
fn what_failed_is_told_and_the_next_apply_finishes_it() {
    let scene = Scene::new();
    write(&scene, &["a", "b", "c"]);
    let of_b = When::operation("PutTargets").with(|body| body["Rule"] == "b");
    scene.aws.fail(of_b.always(), Fault::access_denied());
    let of_c = When::operation("PutTargets").with(|body| body["Rule"] == "c");
    let entry = Fault::failed_entry("worker", "InternalFailure", "such things happen");
    scene.aws.fail(of_c.always(), entry);
    let failed = scene.schedule(&APPLY);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    insta::assert_snapshot!("apply_failed", failed.stderr);
    assert_eq!(scene.rule("b")["Targets"], json!({}));

    scene.aws.heal();
    let before = scene.aws.writes().len();
    let finished = scene.done(&APPLY);
    assert!(
        finished
            .stdout
            .ends_with("0 to create, 2 to change, 0 to delete, 1 unchanged\n"),
        "{}",
        finished.stdout
    );
    let operations: Vec<String> = scene.aws.writes()[before..]
        .iter()
        .map(|call| call.operation.clone())
        .collect();
    assert_eq!(operations, ["PutTargets", "PutTargets"]);
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
}

#[test]
fn calls_that_are_throttled_or_cut_off_are_made_again() {
    let scene = Scene::new();
    write(&scene, &["a"]);
    scene.aws.fail("ListRules", Fault::throttling());
    scene.aws.fail("PutRule", Fault::internal());
    scene.aws.fail("PutTargets", Fault::LostAnswer);
    scene.done(&APPLY);
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
}

#[test]
fn pages_are_read_to_the_end() {
    let scene = Scene::with(fake_aws::FakeAws::builder().page_size(2));
    write(&scene, &["a", "b", "c", "d", "e"]);
    scene.done(&APPLY);
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
    scene.done(&["delete", "--yes", "s.json"]);
    assert_eq!(scene.rules(), [""; 0]);
}

#[test]
fn two_that_apply_at_once_leave_what_the_file_says() {
    let scene = Scene::new();
    write(&scene, &["a", "b", "c"]);
    std::thread::scope(|scope| {
        let both: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| ended(&mut scene.command(&APPLY))))
            .collect();
        for one in both {
            let ended = one.join().unwrap();
            assert_eq!(ended.code, 0, "{}", ended.stderr);
        }
    });
    scene.refused(&["diff", "--exit-code", "s.json"], 0);
}
