//! Clusters and task definitions, as ECS tells them.

use fake_aws::Fault;
use serde_json::{Value, json};

use crate::fixture::{Aws, place};

fn definition() -> Value {
    json!({
        "family": "worker",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {
                "name": "daemon", "image": "daemon:1", "essential": false, "stopTimeout": 30,
                "portMappings": [{ "containerPort": 2000, "protocol": "udp" }, { "containerPort": 80 }],
                "healthCheck": { "command": ["CMD", "true"] },
            },
            {
                "name": "worker", "image": "worker:1", "command": ["run"],
                "environment": [{ "name": "MODE", "value": "batch" }],
                "dependsOn": [{ "containerName": "daemon", "condition": "HEALTHY" }],
                "logConfiguration": { "logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/worker", "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "run",
                } },
            },
        ],
    })
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_there_or_not() {
    let aws = Aws::start();
    let found = aws.ecs.cluster(&place().cluster("default")).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.status, "ACTIVE");
    assert_eq!(found.capacity_providers, ["FARGATE", "FARGATE_SPOT"]);
    let missing = aws.ecs.cluster(&place().cluster("other")).await.unwrap();
    assert_eq!(missing, None);
}

#[tokio::test(start_paused = true)]
async fn a_task_definition_is_told_as_far_as_a_schedule_must_fit_it() {
    let aws = Aws::start();
    aws.fake.seed_task_definition(definition()).unwrap();
    let arn = place().task_definition("worker");
    let found = aws.ecs.task_definition(&arn).await.unwrap().unwrap();
    insta::assert_debug_snapshot!(found);
}

#[tokio::test(start_paused = true)]
async fn a_family_stands_for_its_latest_revision_that_is_active() {
    let aws = Aws::start();
    let first = aws.fake.seed_task_definition(definition()).unwrap();
    let second = aws.fake.seed_task_definition(definition()).unwrap();
    let told = async |name: &str| {
        let arn = place().task_definition(name);
        let found = aws.ecs.task_definition(&arn).await.unwrap();
        found.map(|found| (found.arn, found.status))
    };
    let active = |arn: &str| Some((arn.to_owned(), "ACTIVE".to_owned()));
    assert_eq!(told("worker").await, active(&second));
    assert_eq!(told("worker:1").await, active(&first));
    assert!(aws.fake.deregister_task_definition(&second));
    assert_eq!(told("worker").await, active(&first));
    let inactive = told("worker:2").await.unwrap();
    assert_eq!(inactive.1, "INACTIVE");
    assert!(aws.fake.deregister_task_definition(&first));
    for missing in ["worker", "worker:3", "other"] {
        assert_eq!(told(missing).await, None, "{missing}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_looked_at_is_no_missing_one() {
    let aws = Aws::start();
    aws.fake
        .fail("DescribeTaskDefinition", Fault::access_denied());
    let arn = place().task_definition("worker");
    let denied = aws.ecs.task_definition(&arn).await.unwrap_err();
    let allow = "allow ecs:DescribeTaskDefinition to these credentials";
    assert!(denied.to_string().contains(allow), "{denied}");
    aws.fake.fail("DescribeClusters", Fault::access_denied());
    let denied = aws.ecs.cluster(&arn).await.unwrap_err();
    assert!(
        denied.to_string().contains("allow ecs:DescribeClusters"),
        "{denied}"
    );
}
