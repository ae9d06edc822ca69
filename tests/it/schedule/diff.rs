//! `schedule diff` as people read it, at 80 columns.

use serde_json::{Value, json};

use super::{Scene, file, rule};

/// Fires never again, and once in a future that is further away than any test.
const PAST: &str = "cron(0 10 1 1 ? 2020)";
const FAR: &str = "cron(0 10 1 1 ? 2199)";

/// Applies one set of rules, and shows what differs when there is another.
fn between(before: &Value, after: &Value, args: &[&str]) -> String {
    let scene = Scene::new();
    scene
        .place
        .write("s.json", file(before.clone()).to_string());
    scene.done(&["apply", "--yes", "s.json"]);
    scene.place.write("s.json", file(after.clone()).to_string());
    let ended = scene.refused(&[&["diff", "s.json"], args].concat(), 0);
    ended.stdout
}

#[test]
fn a_rule_that_is_new() {
    let scene = Scene::new();
    let mut nightly = rule("nightly", FAR);
    nightly["description"] = json!("creates and checks the buckets of every team");
    nightly["tags"] = json!({ "team": "data" });
    nightly["targets"][0]["worker"]["environment"] = json!({ "STAGE": "test" });
    scene
        .place
        .write("s.json", file(json!([nightly])).to_string());
    insta::assert_snapshot!("diff_create", scene.refused(&["diff", "s.json"], 0).stdout);
}

#[test]
fn a_rule_that_fires_at_other_times() {
    let mut after = rule("nightly", FAR);
    after["enabled"] = json!(true);
    let text = between(&json!([rule("nightly", PAST)]), &json!([after]), &[]);
    insta::assert_snapshot!("diff_schedule", text);
    let mut off = rule("nightly", FAR);
    off["enabled"] = json!(false);
    let text = between(&json!([rule("nightly", FAR)]), &json!([off]), &[]);
    insta::assert_snapshot!("diff_disabled", text);
}

#[test]
fn what_a_worker_is_given_is_told_by_its_meaning() {
    let mut before = rule("nightly", FAR);
    before["targets"][0]["worker"]["environment"] = json!({ "STAGE": "test", "OLD": "1" });
    let mut after = rule("nightly", FAR);
    after["targets"][0]["worker"] = json!({
        "job_file": "s3://acme-jobs/nightly.json",
        "environment": { "STAGE": "production" },
        "command": ["run", "--tolerate", "5%"],
    });
    let text = between(&json!([before]), &json!([after]), &[]);
    insta::assert_snapshot!("diff_input", text);
}

#[test]
fn a_rule_that_the_file_no_longer_has() {
    let before = json!([rule("kept", FAR), rule("gone", PAST)]);
    let after = json!([rule("kept", FAR)]);
    insta::assert_snapshot!("diff_orphan", between(&before, &after, &[]));
    insta::assert_snapshot!("diff_prune", between(&before, &after, &["--prune"]));
}

#[test]
fn rules_of_others() {
    let scene = Scene::new();
    let names = ["a", "b", "c"];
    let rules: Vec<Value> = names.iter().map(|name| rule(name, FAR)).collect();
    scene.place.write("s.json", file(json!(rules)).to_string());
    for more in [
        json!({ "Name": "a" }),
        json!({ "Name": "b", "Tags": [{ "Key": "xray-ecs:schedule", "Value": "weekly" }] }),
        json!({ "Name": "c", "ManagedBy": "batch.amazonaws.com" }),
    ] {
        let mut rule = json!({ "ScheduleExpression": PAST });
        rule.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        scene.aws.seed_rule(rule).unwrap();
    }
    insta::assert_snapshot!("diff_foreign", scene.refused(&["diff", "s.json"], 0).stdout);
    let adopting = scene.refused(&["diff", "--adopt", "s.json"], 0);
    assert!(
        adopting
            .stdout
            .contains("it is of the schedule `weekly`, and is taken over")
    );
}

#[test]
fn what_means_the_same_is_no_difference() {
    let scene = Scene::new();
    scene
        .place
        .write("s.json", file(json!([rule("nightly", FAR)])).to_string());
    scene.done(&["apply", "--yes", "s.json"]);
    // Somebody writes the same through the console, which orders and spells JSON in its own way.
    let mut seeded = scene.rule("nightly");
    let mut target = seeded["Targets"]["worker"].clone();
    let input = &mut target["InputTransformer"]["InputTemplate"];
    assert!(input.is_string(), "{target:#}");
    let spaced = input
        .as_str()
        .unwrap()
        .replace("\":", "\" : ")
        .replace(",\"", ",\n  \"");
    *input = json!(spaced);
    seeded["Targets"] = json!([target]);
    seeded["Tags"] = json!([{ "Key": "xray-ecs:schedule", "Value": "nightly" }]);
    for member in ["Arn", "EventBusName", "CreatedBy"] {
        seeded.as_object_mut().unwrap().remove(member);
    }
    scene.aws.seed_rule(seeded).unwrap();
    let text = scene.refused(&["diff", "--exit-code", "s.json"], 0).stdout;
    assert_eq!(text, "0 to create, 0 to change, 0 to delete, 1 unchanged\n");
}

#[test]
fn differences_are_json_too() {
    let scene = Scene::new();
    let rules = json!([rule("nightly", FAR)]);
    scene.place.write("s.json", file(rules).to_string());
    let json = |args: &[&str]| -> Value {
        let ended = scene.done(&[&["diff", "--json", "s.json"], args].concat());
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let created = json(&[]);
    assert_eq!(created["rules"][0]["action"], "create");
    assert_eq!(
        created["rules"][0]["firings"]["after"]["next"],
        json!(["2199-01-01T10:00:00Z"])
    );
    scene.done(&["apply", "--yes", "s.json"]);
    assert_eq!(json(&[]), json!({ "rules": [], "unchanged": 1 }));
    scene
        .place
        .write("s.json", file(json!([rule("other", FAR)])).to_string());
    let action = |json: Value| json["rules"][1]["action"].clone();
    assert_eq!(action(json(&[])), "keep");
    assert_eq!(action(json(&["--prune"])), "delete");
}
