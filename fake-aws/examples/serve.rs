//! A fake AWS to try `xray-ecs schedule` against: prints the variables that point it there, with a
//! cluster and a task definition that fit config/schedule.json, and serves until it is killed. Each line
//! on its standard input is the name of a rule, which fires.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::io::BufRead as _;

use fake_aws::FakeAws;
use serde_json::json;

fn main() {
    let builder = FakeAws::builder()
        .account("111122223333")
        .region("eu-west-1");
    let runner = builder.task_runner(|task| {
        task.set_running();
        for (name, value) in task.environment("worker") {
            task.log("worker", &format!("{name}={value}"));
        }
        task.finish(0);
    });
    let aws = runner.start().expect("a free port");
    aws.seed_cluster("xray-ecs");
    let definition = json!({
        "family": "xray-ecs",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {
                "name": "worker",
                "image": "xray-ecs:1",
                "command": ["run"],
                "dependsOn": [{ "containerName": "daemon", "condition": "START" }],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/xray-ecs",
                        "awslogs-region": "eu-west-1",
                        "awslogs-stream-prefix": "run",
                    },
                },
            },
            { "name": "daemon", "image": "xray-ecs:1", "command": ["daemon"], "essential": false },
        ],
    });
    aws.seed_task_definition(definition)
        .expect("a task definition as ECS takes it");
    println!("export AWS_ENDPOINT_URL={}", aws.endpoint());
    println!("export AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=fake AWS_SECRET_ACCESS_KEY=fake");
    println!("export SUBNET_A=subnet-0a SUBNET_B=subnet-0b SECURITY_GROUP=sg-0a");
    for rule in std::io::stdin().lock().lines().map_while(Result::ok) {
        let fired = aws.fire(rule.trim(), chrono::Utc::now());
        println!("# started {:?}, failed {:?}", fired.tasks(), fired.errors());
    }
    // Standard input may end before somebody is done.
    loop {
        std::thread::park();
    }
}
