//! The stack says the same as the files beside it: what it makes is what they make by hand.
//!
//! Its YAML is read by the Python of `XRAY_ECS_TEST_PYTHON`, else `python3`. Without it these tests skip
//! and say so.

use std::process::Command;

use serde_json::{Map, Value, json};

use super::filled::{ACCOUNT, REGION, filled};
use super::template::Stack;
use crate::program::{ended, interpreter, repository};

/// The parameters of a call, out of the properties of a resource.
fn parameters(properties: &Value) -> Value {
    let small = |name: &String| {
        let (first, rest) = name.split_at(1);
        first.to_lowercase() + rest
    };
    match properties {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (small(name), parameters(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(parameters).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_task_definition_is_that_of_the_file() {
    let Some(stack) = Stack::read() else { return };
    let of_stack = parameters(&stack.properties("TaskDefinition"));
    assert_eq!(of_stack, filled("task-definition.json"));
}

#[test]
fn the_roles_are_those_of_the_files() {
    let Some(stack) = Stack::read() else { return };
    for (resource, name) in [
        ("TaskRole", "task"),
        ("ExecutionRole", "execution"),
        ("TriggerRole", "trigger"),
    ] {
        let role = stack.properties(resource);
        assert_eq!(role["RoleName"], format!("xray-ecs-{name}"));
        let trust = filled(&format!("iam-{name}-trust.json"));
        assert_eq!(role["AssumeRolePolicyDocument"], trust, "{resource}");
        let policies = role["Policies"].as_array().unwrap();
        assert_eq!(policies.len(), 1, "{resource}");
        let policy = filled(&format!("iam-{name}-policy.json"));
        assert_eq!(policies[0]["PolicyDocument"], policy, "{resource}");
    }
}

#[test]
fn the_dead_letter_queue_is_that_of_the_file() {
    let Some(stack) = Stack::read() else { return };
    let file = filled("lost-firings-queue.json");
    let queue = stack.properties("LostFirings");
    assert_eq!(queue["QueueName"], file["QueueName"]);
    let attributes = &file["Attributes"];
    for attribute in ["MessageRetentionPeriod", "SqsManagedSseEnabled"] {
        assert_eq!(
            queue[attribute].to_string(),
            attributes[attribute].as_str().unwrap()
        );
    }
    let policy: Value = serde_json::from_str(attributes["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(
        stack.properties("LostFiringsPolicy")["PolicyDocument"],
        policy
    );
}

#[test]
fn the_schedule_names_what_the_stack_makes() {
    let Some(stack) = Stack::read() else { return };
    let text = std::fs::read_to_string(repository().join("config/schedule.json")).unwrap();
    let schedule: Value = serde_json::from_str(&text).unwrap();
    let defaults = &schedule["defaults"];
    for (field, resource, property) in [
        ("cluster", "Cluster", "ClusterName"),
        ("task_definition", "TaskDefinition", "Family"),
        ("role", "TriggerRole", "RoleName"),
        ("dead_letter_queue", "LostFirings", "QueueName"),
    ] {
        assert_eq!(
            defaults[field],
            stack.properties(resource)[property],
            "{field}"
        );
    }
    assert_eq!(schedule["rules"][0]["name"], stack.reference("RuleName"));
    let bucket = stack
        .reference("ReportsBucket")
        .replace(ACCOUNT, "{account}");
    let environment = &schedule["rules"][0]["targets"][0]["worker"]["environment"];
    for (variable, folder) in [("XRAY_ECS_REPORT", "runs"), ("XRAY_ECS_LEDGER", "ledgers")] {
        let url = environment[variable].as_str().unwrap();
        assert!(
            url.starts_with(&format!("s3://{bucket}/{folder}/")),
            "{url}"
        );
    }
}

#[test]
fn eventbridge_may_publish_without_a_condition() {
    let Some(stack) = Stack::read() else { return };
    let policy = stack.properties("AlarmsPolicy");
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    let of = |service: &str| {
        let mut statements = statements.iter();
        statements
            .find(|statement| statement["Principal"]["Service"] == service)
            .unwrap()
    };
    assert!(of("events.amazonaws.com")["Condition"].is_null());
    assert!(of("cloudwatch.amazonaws.com")["Condition"].is_object());
}

/// Whether an event matches a pattern, as far as this pattern goes: what stands in an object of a list
/// must match in one and the same of them (EventBridge user guide, "Event patterns").
fn matches(pattern: &Value, event: &Value) -> bool {
    let one = |wanted: &Value| match wanted.as_object().and_then(|wanted| wanted.iter().next()) {
        Some((word, Value::String(start))) if word == "prefix" => {
            event.as_str().is_some_and(|text| text.starts_with(start))
        }
        Some((word, Value::Array(others))) if word == "anything-but" => {
            !event.is_null() && !others.contains(event)
        }
        Some((word, _)) => panic!("{word} is not known here"),
        None => wanted == event,
    };
    match (pattern, event) {
        (Value::Object(_), Value::Array(events)) => {
            events.iter().any(|event| matches(pattern, event))
        }
        (Value::Object(fields), _) => fields.iter().all(|(name, pattern)| match pattern {
            Value::Array(patterns) if name == "$or" => {
                patterns.iter().any(|pattern| matches(pattern, event))
            }
            _ => matches(pattern, &event[name]),
        }),
        (Value::Array(wanted), _) => wanted.iter().any(one),
        _ => panic!("{pattern} is no pattern"),
    }
}

/// What ECS tells of a task that has stopped (ECS developer guide, "Amazon ECS task state change
/// events"); no exit code is one of a container that never ran.
fn stopped(worker: Option<i32>, daemon: Option<i32>, stop_code: &str) -> Value {
    let container = |name: &str, exit_code: Option<i32>| {
        let mut container = json!({ "name": name, "lastStatus": "STOPPED" });
        if let Some(code) = exit_code {
            container["exitCode"] = code.into();
        }
        container
    };
    let at = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:");
    json!({
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "detail": {
            "clusterArn": format!("{at}cluster/xray-ecs"),
            "taskDefinitionArn": format!("{at}task-definition/xray-ecs:7"),
            "lastStatus": "STOPPED",
            "stopCode": stop_code,
            "containers": [container("xray-daemon", daemon), container("worker", worker)],
        },
    })
}

#[test]
fn a_run_that_failed_is_told_and_one_that_did_not_is_not() {
    let Some(stack) = Stack::read() else { return };
    let rule = stack.properties("FailedRun");
    let is_told = |event: &Value| matches(&rule["EventPattern"], event);
    let ended = "EssentialContainerExited";
    for event in [
        stopped(Some(1), Some(0), ended),
        stopped(Some(137), None, ended),
        stopped(None, None, "TaskFailedToStart"),
        stopped(Some(3), Some(0), "SpotInterruption"),
        stopped(Some(3), Some(0), "UserInitiated"),
    ] {
        assert!(is_told(&event), "{event}");
    }
    let mut of_other = stopped(Some(1), Some(0), ended);
    of_other["detail"]["taskDefinitionArn"] = json!(format!(
        "arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/xray-ecs-other:1"
    ));
    let mut running = stopped(Some(1), Some(0), ended);
    running["detail"]["lastStatus"] = json!("DEPROVISIONING");
    // A daemon that fails fails no run.
    for event in [stopped(Some(0), Some(137), ended), of_other, running] {
        assert!(!is_told(&event), "{event}");
    }
}

#[test]
fn the_alarm_for_missing_runs_counts_what_the_worker_writes() {
    let Some(stack) = Stack::read() else { return };
    let filter = stack.properties("EndedRuns");
    // tests/it/ecs.rs holds that a worker on ECS ends with this line.
    assert_eq!(filter["FilterPattern"], "{ $.type = \"run.report\" }");
    let made = &filter["MetricTransformations"][0];
    let read = stack.properties("MissingRun");
    assert_eq!(
        (&made["MetricNamespace"], &made["MetricName"]),
        (&read["Namespace"], &read["MetricName"])
    );
    assert_eq!(made["MetricValue"], json!("1"));
    assert_eq!(read["TreatMissingData"], "breaching");
}

/// The values that EventBridge puts where variables stand alone are JSON.
#[test]
fn no_reason_breaks_the_mail_of_a_failed_run() {
    let Some(stack) = Stack::read() else { return };
    let rule = stack.properties("FailedRun");
    let transformer = &rule["Targets"][0]["InputTransformer"];
    let mut text = transformer["InputTemplate"].as_str().unwrap().to_owned();
    let reason = "CannotPullContainerError: \"manifest\" is \\ not\nthere";
    let paths = transformer["InputPathsMap"].as_object().unwrap();
    for name in paths.keys() {
        text = text.replace(&format!("<{name}>"), &json!(reason).to_string());
    }
    let mail: Value = serde_json::from_str(&text).unwrap();
    let told = mail.as_object().unwrap().values();
    assert_eq!(told.filter(|value| *value == reason).count(), paths.len());
}

#[test]
fn every_lost_firing_is_told_though_others_lie_in_the_queue() {
    let Some(stack) = Stack::read() else { return };
    let alarm = stack.properties("LostFiring");
    assert_eq!(alarm["MetricName"], "NumberOfMessagesSent");
    assert_eq!(alarm["Statistic"], "Sum");
    assert_eq!(alarm["DatapointsToAlarm"], 1);
}

#[test]
fn what_an_empty_query_prints_is_no_tag() {
    let Some(stack) = Stack::read() else { return };
    let Some(python) = interpreter("yaml") else {
        return;
    };
    let pattern = stack.parameter("ImageTag")["AllowedPattern"].clone();
    let is_taken = |tag: &str| {
        let script = "import re, sys; sys.exit(not re.fullmatch(sys.argv[1], sys.argv[2]))";
        let mut command = Command::new(&python);
        let pattern = pattern.as_str().unwrap();
        ended(command.args(["-c", script, pattern, tag])).code == 0
    };
    for tag in ["1a2b3c4", "v1.0.0", "None1", "nightly_2", "_"] {
        assert!(is_taken(tag), "{tag}");
    }
    for tag in ["None", "", "-a", "a b"] {
        assert!(!is_taken(tag), "{tag}");
    }
}

#[test]
fn what_the_reports_bucket_takes_goes_again() {
    let Some(stack) = Stack::read() else { return };
    let bucket = stack.properties("ReportsBucket");
    let rules = bucket["LifecycleConfiguration"]["Rules"]
        .as_array()
        .unwrap();
    let days = |prefix: &str| -> u64 {
        let rule = rules.iter().find(|rule| rule["Prefix"] == prefix).unwrap();
        rule["ExpirationInDays"].as_str().unwrap().parse().unwrap()
    };
    // A ledger must outlive the second delivery of a firing, which is a day at most.
    assert!(days("ledgers/") > days("runs/"));
}
