//! `schedule dump`: what is on AWS becomes a file that wants just that.

use serde_json::{Value, json};

use super::{Scene, file, rule};

#[test]
fn a_file_that_was_dumped_differs_in_nothing() {
    let scene = Scene::new();
    let mut second = rule("weekly", "rate(7 days)");
    second["enabled"] = json!(false);
    second["description"] = json!("literally {{region}}, \"quoted\" and 日本語");
    second["tags"] = json!({ "team": "data" });
    second["targets"] = json!([
        { "id": "one", "task_count": 3, "worker": {
            "command": ["run", "--plan"], "environment": { "A": "a b", "Q": "\"x\" <y> \\ 😀" }, "memory": 512 } },
        { "id": "two", "containers": { "worker": { "environment": { "B": "1" } } }, "task": { "cpu": "512", "memory": "1 GB" } },
    ]);
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)"), second]);
    scene.place.write("s.json", file(rules).to_string());
    scene.done(&["apply", "--yes", "s.json"]);
    let other = json!({ "Name": "other", "ScheduleExpression": "rate(1 day)",
        "Targets": [{ "Id": "t", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f" }] });
    scene.aws.seed_rule(other).unwrap();

    let dumped = scene.done(&["dump", "--owner", "nightly"]);
    assert_eq!(dumped.stderr, "");
    scene.place.write("dumped.json", &dumped.stdout);
    let diff = scene.refused(&["diff", "--exit-code", "--prune", "dumped.json"], 0);
    assert_eq!(
        diff.stdout,
        "0 to create, 0 to change, 0 to delete, 2 unchanged\n"
    );
    scene.done(&["validate", "dumped.json"]);
    // Into an empty account, and from there again, it is the same.
    let rules = scene.aws.snapshot()["default"].clone();
    scene.done(&["delete", "--yes", "s.json"]);
    assert_eq!(scene.rules(), ["other"]);
    scene.done(&["apply", "--yes", "dumped.json"]);
    assert_eq!(scene.aws.snapshot()["default"], rules);
    assert_eq!(
        scene.done(&["dump", "--owner", "nightly"]).stdout,
        dumped.stdout
    );
}

#[test]
fn rules_are_chosen_by_their_names_and_what_no_file_could_hold_is_told() {
    let scene = Scene::new();
    let rules = json!([rule("a", "rate(1 day)"), rule("b", "rate(1 day)")]);
    scene.place.write("s.json", file(rules).to_string());
    scene.done(&["apply", "--yes", "s.json"]);
    let lambda = json!({ "Name": "lambda", "ScheduleExpression": "rate(1 day)",
        "Targets": [{ "Id": "t", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f" }] });
    scene.aws.seed_rule(lambda).unwrap();

    let all = scene.done(&["dump", "--name", "mine"]);
    assert_eq!(
        all.stderr,
        "left out: rule `lambda`: target `t`: it is no ECS cluster\n"
    );
    let file: Value = serde_json::from_str(&all.stdout).unwrap();
    assert_eq!(file["name"], "mine");
    assert_eq!(file["rules"].as_array().unwrap().len(), 2);
    // They are of another schedule, and --adopt makes them this one's.
    scene.place.write("mine.json", &all.stdout);
    scene.refused(&["apply", "--yes", "mine.json"], 2);
    scene.done(&["apply", "--yes", "--adopt", "mine.json"]);
    assert_eq!(scene.rule("a")["Tags"]["xray-ecs:schedule"], "mine");

    let one = scene.done(&["dump", "b"]);
    let file: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(file["rules"][0]["name"], "b");
    let missing = scene.schedule(&["dump", "b", "c"]);
    assert_eq!(missing.code, 1);
    assert_eq!(missing.stderr, "error: there is no schedule `c` on AWS\n");
    assert_eq!(missing.stdout, one.stdout);
    let none = scene.schedule(&["dump", "--owner", "nobody"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    assert_eq!(none.stderr, "no schedules that a file could hold\n");
}
