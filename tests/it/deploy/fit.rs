//! The task definitions and the schedule fit each other, as `schedule validate --aws` judges them.

use serde_json::Value;

use super::filled::{TASK_DEFINITIONS, filled};
use crate::program::{Ended, repository};
use crate::schedule::Scene;

/// What is told when ECS has this task definition.
fn validate(definition: Value) -> Ended {
    let scene = Scene::new();
    scene.aws.seed_cluster("xray-ecs");
    scene.aws.seed_task_definition(definition).unwrap();
    scene.schedule(&["validate", "--aws", "config/schedule.json"])
}

#[test]
fn there_is_neither_fault_nor_warning() {
    for name in TASK_DEFINITIONS {
        let told = validate(filled(name));
        assert_eq!((told.code, told.stderr.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn a_task_definition_that_nobody_filled_in_is_refused() {
    let text = std::fs::read_to_string(repository().join("config/task-definition.json")).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    definition["containerDefinitions"][0]["environment"][0]["value"] = "<daemon>:2000".into();
    let told = validate(definition);
    assert_eq!(told.code, 2);
    for words in [
        "container `worker`: its image has the placeholder `${AWS_ACCOUNT_ID}`",
        "container `xray-daemon`: its image has the placeholder `${AWS_ACCOUNT_ID}`",
        "container `worker`: its variable AWS_XRAY_DAEMON_ADDRESS has the placeholder `<daemon>`",
    ] {
        assert!(
            told.stderr.contains(words),
            "no `{words}` in {}",
            told.stderr
        );
    }
}
