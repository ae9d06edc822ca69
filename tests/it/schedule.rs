//! `xray-ecs schedule` against an EventBridge, ECS, logs and STS of the test's own.

mod apply;
#[cfg(feature = "local")]
mod audit;
mod diff;
mod dump;
pub(crate) mod moto;
mod next;
mod refused;
#[cfg(feature = "local")]
mod run;
mod stop;
#[cfg(feature = "local")]
pub(crate) mod tasks;
mod terminal;
mod validate;
mod vectors;

use std::process::Command;

use fake_aws::FakeAws;
use serde_json::{Value, json};

use crate::program::{Ended, Place, ended};

pub(super) const REGION: &str = "eu-west-1";
pub(super) const ACCOUNT: &str = "123456789012";

/// A directory where commands run, and the AWS that they talk to.
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) aws: FakeAws,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(FakeAws::builder())
    }

    pub(super) fn with(builder: fake_aws::Builder) -> Self {
        Self {
            place: Place::new(),
            aws: builder.account(ACCOUNT).region(REGION).start().unwrap(),
        }
    }

    /// A command of the schedule, with credentials of the account.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(&[&["schedule"], args].concat());
        command
            .env("AWS_ENDPOINT_URL", self.aws.endpoint())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ACCOUNT_ID", ACCOUNT);
        command
    }

    pub(super) fn schedule(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// What must succeed.
    #[track_caller]
    pub(super) fn done(&self, args: &[&str]) -> Ended {
        let ended = self.schedule(args);
        assert_eq!(
            ended.code, 0,
            "{args:?}: {}\n{}",
            ended.stdout, ended.stderr
        );
        ended
    }

    /// What must end with this code, having changed nothing.
    #[track_caller]
    pub(super) fn refused(&self, args: &[&str], code: i32) -> Ended {
        let (rules, writes) = (self.aws.snapshot(), self.aws.writes().len());
        let ended = self.schedule(args);
        assert_eq!(
            ended.code, code,
            "{args:?}: {}\n{}",
            ended.stdout, ended.stderr
        );
        assert_eq!(self.aws.writes().len(), writes, "{:#?}", self.aws.writes());
        assert_eq!(self.aws.snapshot(), rules);
        ended
    }

    /// A rule on AWS as DescribeRule tells it, with its targets and tags.
    pub(super) fn rule(&self, name: &str) -> Value {
        self.aws.snapshot()["default"][name].clone()
    }

    /// The names of the rules on AWS.
    pub(super) fn rules(&self) -> Vec<String> {
        let snapshot = self.aws.snapshot();
        let rules = snapshot["default"].as_object();
        rules.map_or_else(Vec::new, |rules| rules.keys().cloned().collect())
    }
}

/// A schedule file of these rules, with all that their targets need.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make the rules for this"
)]
pub(super) fn file(rules: Value) -> Value {
    json!({
        "version": 1,
        "name": "nightly",
        "defaults": {
            "cluster": "default",
            "task_definition": "xray-ecs",
            "role": "xray-ecs-trigger",
            "launch_type": "FARGATE",
            "network": { "subnets": ["subnet-0a1b2c3d"] },
            "retry_policy": { "maximum_event_age": "1h" },
            "dead_letter_queue": "lost-firings",
        },
        "rules": rules,
    })
}

/// A rule with one worker.
pub(super) fn rule(name: &str, schedule: &str) -> Value {
    json!({
        "name": name,
        "schedule": schedule,
        "targets": [{ "worker": { "job_file": "jobs/create-bucket.json" } }],
    })
}

/// The task definition that goes with the files, as README has it.
pub(super) fn task_definition() -> Value {
    let logs = json!({
        "logDriver": "awslogs",
        "options": { "awslogs-group": "/xray-ecs", "awslogs-region": REGION, "awslogs-stream-prefix": "run" },
    });
    json!({
        "family": "xray-ecs",
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "1024",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {
                "name": "daemon",
                "image": "xray-daemon",
                "essential": false,
                "memoryReservation": 64,
                "stopTimeout": 60,
            },
            {
                "name": "worker",
                "image": "xray-ecs",
                "command": ["run"],
                "memoryReservation": 256,
                "stopTimeout": 60,
                "dependsOn": [{ "containerName": "daemon", "condition": "START" }],
                "logConfiguration": logs,
            },
        ],
    })
}
