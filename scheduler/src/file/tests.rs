//! Schedule files, right and wrong, and there and back.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::input::{Input, Sent};
use crate::place::Place;
use crate::rule::Rule;

fn read_with(text: &str, account: Option<&str>) -> Result<CheckedFile, String> {
    let variable = |name: &str| match name {
        "STAGE" => Ok(Some("prod".to_owned())),
        "BAD" => Err("environment variable `BAD` is not UTF-8".to_owned()),
        _ => Ok(None),
    };
    let context = Context {
        region: Some("eu-west-1".to_owned()),
        account: account.map(str::to_owned),
        variable: &variable,
        now: "2026-11-28T00:00:00Z".parse().unwrap(),
    };
    read(Path::new("schedule.json"), text.as_bytes(), &context).map_err(|faults| faults.to_string())
}

fn read_text(text: &str) -> Result<CheckedFile, String> {
    read_with(text, Some("111122223333"))
}

fn file(rules: &Value) -> String {
    let defaults = json!({ "cluster": "batch", "task_definition": "worker", "role": "events" });
    json!({ "version": 1, "name": "nightly", "defaults": defaults, "rules": rules }).to_string()
}

fn rule(extra: Value) -> Value {
    let mut rule = json!({
        "name": "buckets",
        "schedule": "cron(0 3 * * ? *)",
        "targets": [{ "worker": { "job_file": "s3://acme/jobs.json" } }],
    });
    merge(&mut rule, extra);
    rule
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn target(extra: Value) -> Value {
    let mut target = json!({ "worker": { "job_file": "jobs/a.json" } });
    merge(&mut target, extra);
    rule(json!({ "targets": [target] }))
}

#[test]
fn every_keyword_of_the_schema_is_checked() {
    let schema = checked_json::schema::schema_for::<FileFields>();
    let shapes = checked_json::Shapes::compile(&schema);
    let none: [String; 0] = [];
    assert_eq!(shapes.unknown_keywords(), none);
}

#[test]
fn a_rule_is_what_goes_to_aws() {
    let text = file(&json!([target(json!({
        "launch_type": "FARGATE",
        "network": { "subnets": ["subnet-2", "subnet-1"], "assign_public_ip": true },
        "retry_policy": { "maximum_event_age": "1h", "maximum_retry_attempts": 2 },
        "dead_letter_queue": "lost",
        "worker": { "environment": { "STAGE": "{env:STAGE}", "AT": "{region}/{account}" } },
    }))]));
    let file = read_text(&text).unwrap();
    assert_eq!(file.warnings, Vec::<String>::new());
    insta::assert_json_snapshot!(file.rules[0].meaning());
    let target = &file.rules[0].targets["worker"];
    let Sent::Transformer(transformer) = target.input.to_sent() else {
        panic!("{target:?}")
    };
    insta::assert_snapshot!(transformer.template);
}

#[test]
fn defaults_stand_where_a_target_says_nothing() {
    let text = json!({
        "version": 1, "name": "nightly", "tags": { "team": "data", "stage": "dev" },
        "defaults": {
            "cluster": "batch", "task_definition": "worker", "role": "events",
            "launch_type": "EC2", "worker": { "environment": { "A": "1", "B": "2" } },
        },
        "rules": [rule(json!({
            "tags": { "stage": "prod" },
            "targets": [
                { "worker": { "environment": { "B": "3" } } },
                { "id": "raw", "input": { "x": 1 }, "capacity_providers": [{ "name": "mine", "weight": 1 }] },
            ],
        }))],
    });
    let file = read_text(&text.to_string()).unwrap();
    let rule = &file.rules[0];
    assert_eq!(rule.tags["stage"], "prod");
    assert_eq!(rule.tags["team"], "data");
    let worker = &rule.targets["worker"];
    let environment = &worker.input.overrides().unwrap().containers["worker"].environment;
    assert_eq!(json!(environment)["A"], "1");
    assert_eq!(json!(environment)["B"], "3");
    let raw = &rule.targets["raw"];
    assert_eq!(
        raw.input,
        Input::Constant {
            input: json!({ "x": 1 })
        }
    );
    assert_eq!(raw.tasks.as_ref().unwrap().launch_type, None);
}

#[test]
fn every_fault_is_told_at_once() {
    let text = r#"{
  "version": 2,
  "name": "nightly schedule",
  "regoin": "eu-west-1",
  "tags": { "aws:x": "1", "xray-ecs:schedule": "me" },
  "defaults": { "cluster": "arn:aws:s3:::bucket", "id": "x" },
  "rules": [
    {
      "name": "a b",
      "schedule": "cron(*/60 10 * * * *)",
      "targets": [
        {
          "task_definition": "worker:latest", "role": "arn:aws:iam::999999999999:role/e",
          "launch_type": "FARGATE", "platform_version": "1.4.0",
          "capacity_providers": [{ "name": "FARGATE", "weight": 0 }],
          "placement_strategy": [{ "type": "binpack", "field": "disk" }],
          "retry_policy": { "maximum_event_age": "30s", "maximum_retry_attempts": 200 },
          "dead_letter_queue": "lost.fifo",
          "worker": {
            "container": "main", "job_file": "-",
            "environment": { "JOB_EVENT_ID": "1", "JOB_SPEC": "{env:NOPE}", "X": "{acount}" }
          },
          "containers": { "main": { "cpu": 1 } }
        }
      ]
    },
    { "name": "same", "schedule": "rate(1 hours)", "targets": [{ "task_count": 11 }, { "input": 1, "input_path": "time" }] },
    { "name": "same", "schedule": "rate(1 hour)", "enabled": "no", "targets": [] }
  ]
}"#;
    insta::assert_snapshot!(read_text(text).unwrap_err());
}

#[test]
fn what_aws_would_refuse_is_told_with_its_mend() {
    let wrong = [
        target(json!({ "launch_type": "FARGATE" })),
        target(
            json!({ "launch_type": "FARGATE", "network": { "subnets": ["subnet-1"] }, "placement_constraints": [{ "type": "memberOf" }] }),
        ),
        target(json!({ "launch_type": "MANAGED_INSTANCES" })),
        target(
            json!({ "launch_type": "EC2", "platform_version": "1.4.0", "network": { "subnets": ["vpc-1"], "assign_public_ip": true } }),
        ),
        target(
            json!({ "capacity_providers": [{ "name": "FARGATE", "weight": 1, "base": 1 }, { "name": "mine", "base": 2 }] }),
        ),
        target(json!({ "cluster": "arn:aws:ecs:eu-west-2:111122223333:cluster/batch" })),
        target(json!({ "cluster": "arn:aws:ecs:eu-west-1:999999999999:cluster/batch" })),
        target(json!({ "input": {}, "worker": {} })),
        target(json!({ "worker": { "environment": { "BIG": "x".repeat(9000) } } })),
        target(json!({ "worker": { "environment": { "JOB_TYPE": "command" } } })),
        target(
            json!({ "worker": { "environment_files": ["a.env"], "memory": 64, "memory_reservation": 128 } }),
        ),
        rule(
            json!({ "targets": [{ "input_transformer": { "paths": { "t": "$.a[0]" }, "template": "<t> <u>" } }] }),
        ),
        rule(json!({ "schedule": "cron(0 0 30 2 ? *)" })),
        rule(json!({ "targets": [{}, {}] })),
    ];
    let told: Vec<String> = wrong
        .iter()
        .map(|rule| read_text(&file(&json!([rule]))).unwrap_err())
        .map(|told| told.replace("schedule.json:1:", "")) // the columns say nothing here
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_nobody_filled_in_is_told_and_what_is_meant_so_is_not() {
    let text = json!({
        "version": 1, "name": "nightly", "region": "${AWS_REGION}", "account": "<account-id>",
        "tags": { "team": "${TEAM}" },
        "defaults": {
            "cluster": "YOUR_CLUSTER",
            "task_definition": "arn:aws:ecs:eu-west-1:XXXXXXXXXXXX:task-definition/worker",
            "role": "arn:aws:iam::${AWS_ACCOUNT_ID}:role/events",
            "network": { "subnets": ["subnet-xxxx", "subnet-0a1b2c3d"] },
            "worker": { "environment": { "XRAY_ECS_REPORT": "s3://runs-${AWS_ACCOUNT_ID}/{{run_id}}.json" } },
        },
        "rules": [
            rule(json!({ "targets": [{ "dead_letter_queue": "REPLACE_ME", "worker": { "job_file": "s3://<bucket>/a.json" } }] })),
            rule(json!({ "name": "raw", "targets": [{ "input": { "containerOverrides": [
                { "name": "worker", "environment": [{ "name": "JOB_FILE", "value": "<file>" }] },
            ] } }] })),
        ],
    });
    let text = serde_json::to_string_pretty(&text).unwrap();
    insta::assert_snapshot!(read_with(&text, None).unwrap_err());

    let meant = target(json!({
        "worker": {
            "job_file": null,
            "command": ["run", "--only", "<x>"],
            "environment": {
                "JOB_SPEC": "{{\"command\": [\"sh\", \"-c\", \"echo ${HOME} <x>\"]}}",
                "GREETING": "${NAME}",
                "XRAY_ECS_REPORT": "s3://${aws:PrincipalTag/team}/r.json",
            },
        },
    }));
    let mut meant = json!([
        meant,
        rule(json!({
            "name": "raw",
            "description": "for <team>, TODO",
            "targets": [{
                "input_transformer": {
                    "paths": { "t": "$.time" },
                    "template": "{\"containerOverrides\": [{\"name\": \"w\", \"environment\": [\
                        {\"name\": \"JOB_FILE\", \"value\": <t>}, {\"name\": \"A\", \"value\": <aws.events.rule-arn>}]}]}",
                },
            }],
        }))
    ]);
    meant[0]["targets"][0]["worker"]
        .as_object_mut()
        .unwrap()
        .remove("job_file");
    meant[1]["targets"][0]
        .as_object_mut()
        .unwrap()
        .remove("worker");
    read_text(&file(&meant)).unwrap();
}

#[test]
fn what_will_be_regretted_is_a_warning() {
    let rules = json!([
        rule(json!({ "schedule": "cron(0 3 ? * 1 *)" })),
        rule(json!({ "name": "plain", "targets": [{}] })),
    ]);
    insta::assert_snapshot!(read_text(&file(&rules)).unwrap().warnings.join("\n"));
}

#[test]
fn without_an_account_references_are_not_compared() {
    let rule = target(json!({ "cluster": "arn:aws:ecs:eu-west-1:999999999999:cluster/batch" }));
    let file = read_with(&file(&json!([rule])), None).unwrap();
    assert_eq!(file.place.account, crate::place::ACCOUNT_PLACEHOLDER);
}

#[test]
fn what_is_not_json_is_told() {
    for text in [
        "",
        "[]",
        "{",
        "\u{feff}{}",
        "{\"version\": 1, \"version\": 1}",
        "7",
    ] {
        let told = read_text(text).unwrap_err();
        assert!(told.starts_with("schedule.json:"), "{told}");
    }
}

#[test]
fn the_schema_for_editors_takes_what_is_read_and_refuses_what_is_not() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let good = file(&json!([target(
        json!({ "worker": { "environment": { "A": "{env:STAGE}" } } })
    )]));
    let good: Value = serde_json::from_str(&good).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&good)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    for wrong in [
        target(json!({ "luanch_type": "EC2" })),
        target(json!({ "worker": { "job_flie": "x" } })),
        target(json!({ "launch_type": "LAMBDA" })),
        rule(json!({ "targets": [] })),
    ] {
        let wrong: Value = serde_json::from_str(&file(&json!([wrong]))).unwrap();
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

fn place() -> Place {
    Place {
        region: "eu-west-1".to_owned(),
        account: "111122223333".to_owned(),
    }
}

#[test]
fn what_no_file_can_say_is_left_out_of_a_dump_and_hides_no_other() {
    let mut good = read_text(&file(&json!([rule(json!({}))])))
        .unwrap()
        .rules
        .remove(0);
    good.owner = Some("nightly".to_owned());
    let with = |name: &str, spoil: &dyn Fn(&mut Rule)| {
        let mut rule = good.clone();
        rule.name = name.to_owned();
        spoil(&mut rule);
        rule
    };
    let rules = [
        with("commas", &|rule| {
            rule.schedule = Some("cron(0/5, 9-18, ?, *, MON-FRI, *)".to_owned());
        }),
        with("pattern", &|rule| {
            rule.event_pattern = Some(json!({ "source": ["x"] }));
        }),
        with("roleless", &|rule| {
            rule.targets.get_mut("worker").unwrap().role = None;
        }),
        with("lambda", &|rule| {
            rule.targets.get_mut("worker").unwrap().tasks = None;
        }),
        with("constant", &|rule| {
            let input = json!({ "containerOverrides": [{ "name": "w", "environment": [{ "name": "JOB_TARGET_ID", "value": "x" }] }] });
            rule.targets.get_mut("worker").unwrap().input = Input::of_constant(input);
        }),
    ];
    let written = write("nightly", &place(), &rules).unwrap();
    insta::assert_snapshot!(written.left_out.join("\n"));
    let again = read_text(&written.text).unwrap();
    assert_eq!(again.rules, rules[4..]);
}

fn text() -> impl Strategy<Value = String> {
    "[ -~äß√{}$<>\"\\\\]{0,12}"
}

prop_compose! {
    fn any_target()(
        cluster in prop::sample::select(vec!["batch", "arn:aws:ecs:eu-west-1:111122223333:cluster/x"]),
        count in 1..=10,
        fargate: bool,
        tags in prop::collection::btree_map("[a-z]{1,4}", "[a-z {}]{0,4}", 0..3),
        group in prop::option::of("[a-z{}]{1,6}"),
        age in prop::option::of(60_u32..=86_400),
        environment in prop::collection::btree_map("[A-Z]{1,4}", text(), 0..4),
        command in prop::option::of(prop::collection::vec(text(), 1..3)),
        job_file in prop::option::of("[a-z/{}]{1,8}"),
        trigger: bool,
        container in prop::sample::select(vec!["worker", "main"]),
        memory in prop::option::of(6..4096),
        task in prop::option::of("[1-9][0-9]{2}"),
        raw in 0..8,
    ) -> Value {
        let escaped = |text: &String| checked_json::template::escape(text);
        let mut target = json!({
            "cluster": cluster, "task_definition": "worker:3", "role": "events", "task_count": count,
        });
        if fargate {
            target["launch_type"] = "FARGATE".into();
            target["network"] = json!({ "subnets": ["subnet-1"], "security_groups": ["sg-1"] });
        }
        if !tags.is_empty() {
            let tags = tags.iter().filter_map(|(key, value)| Some((key, escaped(value)?)));
            target["task_tags"] = tags.map(|(key, value)| (key.clone(), value.replace(['{', '}'], "").into())).collect::<serde_json::Map<_, _>>().into();
        }
        if let Some(group) = group.as_ref().and_then(escaped) {
            target["group"] = group.into();
        }
        if let Some(age) = age {
            target["retry_policy"] = json!({ "maximum_event_age": format!("{age}s") });
        }
        match raw {
            0 => target["input"] = json!({ "any": [1, "{x}"] }),
            1 => target["input_transformer"] = json!({ "paths": { "when": "$.time" }, "template": "{\"containerOverrides\":[{\"name\":\"w\",\"environment\":[{\"name\":\"A\",\"value\":<when>}]}]}" }),
            _ => {
                let environment = environment.iter().filter_map(|(key, value)| Some((key.clone(), escaped(value)?.into())));
                let mut worker = json!({
                    "container": container, "trigger": trigger,
                    "environment": environment.collect::<serde_json::Map<_, _>>(),
                });
                let command: Option<Vec<String>> = command.map(|words| words.iter().filter_map(escaped).collect());
                if let Some(command) = command.filter(|words| !words.is_empty()) {
                    worker["command"] = command.into();
                }
                if let Some(file) = job_file.as_ref().and_then(escaped) {
                    worker["job_file"] = file.into();
                }
                if let Some::<i32>(memory) = memory {
                    worker["memory"] = json!(memory);
                }
                target["worker"] = worker;
                if let Some(cpu) = task {
                    target["task"] = json!({ "cpu": cpu, "task_role": "jobs" });
                }
            }
        }
        target
    }
}

prop_compose! {
    fn any_rules()(
        targets in prop::collection::vec(prop::collection::vec(any_target(), 1..4), 1..4),
        enabled: bool,
        description in "[a-z {}]{0,8}",
        tags in prop::collection::btree_map("[a-z]{1,4}", "[a-z ]{0,4}", 0..3),
    ) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (index, mut targets) in targets.into_iter().enumerate() {
            for (index, target) in targets.iter_mut().enumerate() {
                target["id"] = format!("t{index}").into();
            }
            let description = checked_json::template::escape(&description).unwrap_or_default();
            rules.push(json!({
                "name": format!("rule-{index}"), "schedule": "rate(1 hour)", "enabled": enabled,
                "description": description, "tags": tags, "targets": targets,
            }));
        }
        let text = json!({ "version": 1, "name": "nightly", "rules": rules });
        read_text(&text.to_string()).unwrap().rules
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_dumped_reads_as_the_same_rules(rules in any_rules()) {
        let written = write("nightly", &place(), &rules).unwrap();
        prop_assert_eq!(&written.left_out, &Vec::<String>::new());
        let again = read_text(&written.text).map_err(|told| TestCaseError::fail(format!("{told}\n{}", written.text)))?;
        prop_assert_eq!(again.rules, rules);
    }

    #[test]
    fn what_is_sent_is_read_back_as_the_same(rules in any_rules()) {
        for rule in &rules {
            for target in rule.targets.values() {
                let sent = target.input.to_sent();
                prop_assert_eq!(&Input::of_sent(sent, &place().rule(&rule.name)), &target.input);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "(\\{|\\}|\\[|\\]|,|:|\"(version|name|rules|targets|worker|schedule|defaults|input|\\PC)\"|1|null){0,24}") {
        let _ = read_text(&text);
    }
}
