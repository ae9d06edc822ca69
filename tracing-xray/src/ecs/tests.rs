//! The documents of the endpoint, and what segments say of them.

use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/ecs_metadata.json")).unwrap()
}

fn task() -> Task {
    serde_json::from_str(include_str!("../../tests/vectors/ecs_task.json")).unwrap()
}

fn metadata_of(container: &Value, task: Task) -> Metadata {
    Metadata {
        container: serde_json::from_value(container.clone()).unwrap(),
        task,
        task_error: None,
        hostname: Some("<hostname>".to_owned()),
    }
}

#[test]
fn the_vectors_of_a_container_hold() {
    let vectors = vectors();
    let metadata = metadata_of(&vectors["container"], Task::default());
    let aws = serde_json::to_value(metadata.segment_aws()).unwrap();
    assert_eq!(aws, vectors["expect_aws"]);
    let container = &metadata.container;
    let extract = &vectors["java_extract"];
    assert_eq!(extract["CONTAINER_ARN"], json!(container.container_arn));
    assert_eq!(extract["LOG_GROUP_NAME"], json!(container.log_group));
    assert_eq!(extract["LOG_GROUP_REGION"], json!(container.log_region));
    assert_eq!(vectors["origin"], ORIGIN);
    assert_eq!(vectors["env"][0], ADDRESS_VARIABLE);
    assert_eq!(metadata.layer_options().origin.as_deref(), Some(ORIGIN));
}

#[test]
fn the_vectors_of_other_bodies_hold() {
    let cases = vectors()["cases"].as_array().unwrap().clone();
    let container: Container = serde_json::from_str(cases[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(container.docker_id.as_deref(), Some("efgh"));
    assert_eq!((container.container_arn, container.log_group), (None, None));
    assert!(serde_json::from_str::<Container>(cases[1]["body"].as_str().unwrap()).is_err());
    let mut container = json!({
        "ContainerARN": cases[2]["container_arn"],
        "LogDriver": "awslogs",
        "LogOptions": {"awslogs-group": cases[2]["log_group"], "awslogs-region": cases[2]["log_region"]},
    });
    let arn_of = |container: &Value| json!(metadata_of(container, Task::default()).log_group_arn());
    assert_eq!(arn_of(&container), cases[2]["expect_log_arn"]);
    container["LogDriver"] = "fluentd".into();
    assert_eq!(arn_of(&container), Value::Null);
}

#[test]
fn all_of_a_task_is_read() {
    let micros = |micros| Some(Timestamp::from_micros(micros));
    let task = task();
    assert_eq!(task.task_id(), Some("8f03e41243824aea923aca126495f665"));
    assert_eq!(task.cluster_name(), Some("default"));
    assert_eq!(task.revision.as_deref(), Some("24"));
    assert_eq!(task.pull_started_at, micros(1_601_406_340_339_728));
    assert_eq!(task.pull_stopped_at, micros(1_601_406_356_200_417));
    let limits = TaskLimits {
        vcpus: Some(0.25),
        memory_mib: Some(512),
    };
    assert_eq!(task.limits, Some(limits));
    let sidecar = &task.containers[0];
    assert_eq!(sidecar.started_at, micros(1_601_406_358_000_000));
    assert_eq!(sidecar.limits.as_ref().unwrap().cpu_units, Some(32.0));
    assert_eq!(sidecar.log_group, None);

    let metadata = metadata_of(&vectors()["container"], task);
    assert_eq!(metadata.container.created_at, micros(1_601_406_357_744_432));
    assert_eq!(metadata.region(), Some("ap-southeast-1"));
    assert_eq!(metadata.account_id(), Some("123456789012"));
    let ecs = serde_json::to_value(metadata.segment_aws().ecs).unwrap();
    assert_eq!(
        ecs,
        json!({
            "container": "<hostname>",
            "container_id": "efgh",
            "container_arn": "arn:aws:ecs:ap-southeast-1:123456789012:container/567",
            "cluster_arn": "arn:aws:ecs:ap-southeast-1:123456789012:cluster/default",
            "task_arn": "arn:aws:ecs:ap-southeast-1:123456789012:task/default/8f03e41243824aea923aca126495f665",
            "task_family": "bucket-runner",
            "launch_type": "FARGATE",
            "availability_zone": "ap-southeast-1a",
        })
    );
}

#[test]
fn other_partitions_and_a_cluster_s_own_arn_are_kept() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let arn = |resource: &str| format!("arn:{partition}:ecs:{region}:1:{resource}");
        let task = Task {
            cluster: Some(arn("cluster/night")),
            task_arn: Some(arn("task/night/5")),
            ..Task::default()
        };
        // No ARN of its own, and no region for its log: the task's serve.
        let container = json!({"LogDriver": "awslogs", "LogOptions": {"awslogs-group": "/ecs/a"}});
        let metadata = metadata_of(&container, task);
        assert_eq!(metadata.cluster_arn(), Some(arn("cluster/night")));
        assert_eq!(metadata.task.cluster_name(), Some("night"));
        let expected = format!("arn:{partition}:logs:{region}:1:log-group:/ecs/a");
        assert_eq!(metadata.log_group_arn(), Some(expected));
    }
}

#[test]
fn without_a_host_name_the_container_s_name_stands_in() {
    let mut metadata = metadata_of(&json!({"Name": "worker"}), Task::default());
    metadata.hostname = None;
    let ecs = metadata.segment_aws().ecs.unwrap();
    assert_eq!(ecs.container.as_deref(), Some("worker"));
    assert_eq!(metadata.cluster_arn(), None);
}

#[test]
fn nulls_and_times_that_are_none_cost_nothing_else() {
    let container: Container = serde_json::from_value(json!({
        "DockerId": "a", "CreatedAt": "0001-01-01T00:00:00Z", "StartedAt": null,
        "LogOptions": null, "Limits": {"CPU": 2},
    }))
    .unwrap();
    assert_eq!((container.created_at, container.started_at), (None, None));
    assert_eq!(container.limits.unwrap().memory_mib, None);
    let task: Task = serde_json::from_value(json!({
        "Family": "f", "PullStartedAt": null, "Limits": null, "Containers": null,
    }))
    .unwrap();
    assert_eq!(task.family.as_deref(), Some("f"));
    assert_eq!(task.containers, []);
}

#[test]
fn where_there_is_no_ecs_nothing_is_asked() {
    for value in [None, Some(String::new())] {
        let found = metadata(|_| value.clone(), Duration::ZERO);
        assert!(found.unwrap().is_none());
    }
}

#[test]
fn a_malformed_address_is_told_with_a_mend() {
    let error = metadata(|_| Some("https://h".to_owned()), Duration::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ECS_CONTAINER_METADATA_URI_V4: `https://h` does not begin with http://; ECS sets it itself, as in http://169.254.170.2/v4/ID"
    );
}
