//! The task definitions have no fault, and what is broken in one is found.

use serde_json::{Value, json};

use super::faults::{faults, list, named};
use super::filled::{TASK_DEFINITIONS, filled};
use crate::program::Place;

#[test]
fn the_task_definitions_have_no_fault() {
    for name in TASK_DEFINITIONS {
        assert_eq!(faults(&filled(name)), Vec::<String>::new(), "{name}");
    }
}

/// A change that breaks a task definition, and words of the fault that is found.
type Break = (fn(&mut Value), &'static str);

#[test]
fn what_is_broken_is_found() {
    let breaks: [Break; 21] = [
        (|d| d["family"] = json!("xray ecs"), "is no name"),
        (
            |d| d["containerDefinitions"][1]["name"] = json!("worker"),
            "one name",
        ),
        (
            |d| d["containerDefinitions"][0]["essential"] = json!(false),
            "no container is essential",
        ),
        (
            |d| {
                d["containerDefinitions"][1]["dependsOn"] =
                    json!([{ "containerName": "worker", "condition": "START" }]);
            },
            "in a circle",
        ),
        (
            |d| d["containerDefinitions"][0]["dependsOn"][0]["containerName"] = json!("daemon"),
            "not there",
        ),
        (
            |d| {
                d["containerDefinitions"][0]["dependsOn"][0]["condition"] = json!("HEALTHY");
                d["containerDefinitions"][1]["healthCheck"] = Value::Null;
            },
            "nobody checks",
        ),
        (
            |d| {
                d["containerDefinitions"][0]["dependsOn"][0]["condition"] = json!("SUCCESS");
                d["containerDefinitions"][1]["essential"] = json!(true);
            },
            "must not end",
        ),
        (
            |d| d["containerDefinitions"][0]["stopTimeout"] = json!(121),
            "no such stopTimeout",
        ),
        (
            |d| d["containerDefinitions"][0]["stopTimeout"] = json!(100),
            "Fargate Spot",
        ),
        (
            |d| d["containerDefinitions"][0]["stopTimeout"] = json!(70),
            "stop budget",
        ),
        (
            |d| d["containerDefinitions"][0]["cpu"] = json!(256),
            "more cpu",
        ),
        (|d| d["memory"] = json!("256"), "more memory"),
        (
            |d| d["containerDefinitions"][1]["memoryReservation"] = json!(129),
            "reservation",
        ),
        (
            |d| d["volumes"][0]["name"] = json!("temp"),
            "no volume `tmp`",
        ),
        (
            |d| d["containerDefinitions"][1]["portMappings"][0]["hostPort"] = json!(2001),
            "no other on the host",
        ),
        (
            |d| d["containerDefinitions"][1]["portMappings"][0]["protocol"] = json!("tcp"),
            "taken twice",
        ),
        (
            |d| d["containerDefinitions"][1]["healthCheck"]["interval"] = json!(1),
            "no such health check",
        ),
        (
            |d| d["containerDefinitions"][1]["healthCheck"]["command"] = json!(["CMD-SHELL", "x"]),
            "a shell",
        ),
        (
            |d| d["containerDefinitions"][0]["user"] = json!("0"),
            "root",
        ),
        (
            |d| {
                d["containerDefinitions"][0]["environment"][0]["name"] =
                    json!("XRAY_ECS_STOP_BUDGET");
            },
            "stands twice",
        ),
        (
            |d| d["taskRoleArn"] = json!("arn:aws:iam::${AWS_ACCOUNT_ID}:role/x"),
            "not filled in",
        ),
    ];
    for (number, (break_it, words)) in breaks.iter().enumerate() {
        let mut definition = filled("task-definition.json");
        break_it(&mut definition);
        let found = faults(&definition);
        assert!(
            found.iter().any(|fault| fault.contains(words)),
            "{number}: no `{words}` in {found:#?}"
        );
    }
}

#[test]
fn the_program_takes_the_commands_of_the_containers() {
    let place = Place::new();
    for name in TASK_DEFINITIONS {
        for container in list(&filled(name), "containerDefinitions") {
            let words = list(container, "command").iter().filter_map(Value::as_str);
            // After all that stands before it was understood.
            let words: Vec<&str> = words.chain(["--help"]).collect();
            let taken = place.run(&words);
            assert_eq!(taken.code, 0, "{name}: {words:?}: {}", taken.stderr);
            // That of the health check begins with `CMD` and the program.
            let check = list(&container["healthCheck"], "command").iter();
            let words: Vec<&str> = check.skip(2).filter_map(Value::as_str).collect();
            if words.is_empty() {
                continue;
            }
            let taken = place.run(&words);
            // A daemon of somebody else may be there.
            assert!(taken.code <= 1, "{name}: {}", taken.stderr);
            assert!(taken.stdout.contains("healthy: "), "{}", taken.stdout);
        }
    }
}

#[test]
fn the_worker_sends_where_the_daemon_listens() {
    let definition = filled("task-definition.json");
    let containers = list(&definition, "containerDefinitions");
    let worker = named(containers, "worker").unwrap();
    let mut variables = list(worker, "environment").iter();
    let address = variables.find(|variable| variable["name"] == "AWS_XRAY_DAEMON_ADDRESS");
    let command = list(named(containers, "xray-daemon").unwrap(), "command");
    let bound = command.iter().position(|word| word == "-b").unwrap();
    assert_eq!(address.unwrap()["value"], command[bound + 1]);
}
