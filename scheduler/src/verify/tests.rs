//! Targets beside what is on AWS.

use super::*;
use crate::ecs::{AwsLogs, ContainerDefinition, Dependency};
use crate::input::{ContainerOverrides, EnvironmentValue, Input, Overrides};
use crate::rule::{CapacityProvider, Network};

fn worker() -> ContainerDefinition {
    ContainerDefinition {
        name: "worker".to_owned(),
        image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/xray-ecs:1".to_owned(),
        is_essential: true,
        depends_on: vec![Dependency {
            container: "daemon".to_owned(),
            condition: "START".to_owned(),
        }],
        logs: Some(AwsLogs {
            group: "/ecs/jobs".to_owned(),
            stream_prefix: Some("run".to_owned()),
            region: None,
        }),
        ..ContainerDefinition::default()
    }
}

fn daemon() -> ContainerDefinition {
    ContainerDefinition {
        name: "daemon".to_owned(),
        command: vec!["daemon".to_owned()],
        ..ContainerDefinition::default()
    }
}

fn definition() -> TaskDefinition {
    TaskDefinition {
        arn: "worker:3".to_owned(),
        status: "ACTIVE".to_owned(),
        network_mode: "awsvpc".to_owned(),
        compatibilities: vec!["FARGATE".to_owned()],
        memory: Some(512),
        containers: vec![worker(), daemon()],
    }
}

fn wanted() -> Target {
    let container = ContainerOverrides {
        memory: Some(256),
        ..ContainerOverrides::default()
    };
    Target {
        cluster: "batch".to_owned(),
        tasks: Some(Tasks {
            task_definition: "worker".to_owned(),
            launch_type: Some("FARGATE".to_owned()),
            network: Some(Network::default()),
            ..Tasks::default()
        }),
        input: Input::Overrides(Overrides {
            containers: [("worker".to_owned(), container)].into(),
            ..Overrides::default()
        }),
        ..Target::default()
    }
}

/// Gives the worker a variable of the target.
fn own(target: &mut Target, name: &str, value: &str) {
    let Input::Overrides(overrides) = &mut target.input else {
        panic!("no overrides");
    };
    let worker = overrides.containers.get_mut("worker").unwrap();
    let value = EnvironmentValue::Text(value.to_owned());
    worker.environment.insert(name.to_owned(), value);
}

fn findings(wanted: &Target, cluster: &Cluster, definition: &TaskDefinition) -> Vec<Finding> {
    let rule = Rule {
        name: "nightly".to_owned(),
        ..Rule::default()
    };
    let known = Known {
        cluster: Some(cluster),
        definition: Some(definition),
    };
    target(&rule, ("worker", wanted), Some("worker"), known)
}

fn active() -> Cluster {
    Cluster {
        status: "ACTIVE".to_owned(),
        capacity_providers: vec!["FARGATE_SPOT".to_owned()],
    }
}

#[test]
fn what_fits_is_silent() {
    assert_eq!(findings(&wanted(), &active(), &definition()), []);
}

#[test]
fn what_does_not_fit_is_told_with_its_mend() {
    type Spoil = fn(&mut Target, &mut Cluster, &mut TaskDefinition);
    let spoilt: [Spoil; 22] = [
        |_, cluster, _| cluster.status = "INACTIVE".to_owned(),
        |target, _, _| {
            let tasks = target.tasks.as_mut().unwrap();
            tasks.launch_type = None;
            tasks.capacity_providers.insert(CapacityProvider {
                name: "mine".to_owned(),
                weight: 1,
                base: 0,
            });
        },
        |_, _, definition| definition.status = "INACTIVE".to_owned(),
        |_, _, definition| definition.compatibilities = vec!["EC2".to_owned()],
        |target, _, _| target.tasks.as_mut().unwrap().network = None,
        |_, _, definition| definition.network_mode = "bridge".to_owned(),
        |_, _, definition| definition.memory = Some(128),
        |_, _, definition| definition.containers[0].name = "wroker".to_owned(),
        |_, _, definition| definition.containers[0].image = "<account>.dkr.ecr/x".to_owned(),
        |_, _, definition| definition.containers[1].image = "ACCOUNT_ID.dkr.ecr/x".to_owned(),
        |_, _, definition| definition.containers[0].stop_timeout_s = Some(180),
        |_, _, definition| definition.containers[0].is_essential = false,
        |_, _, definition| definition.containers[0].logs = None,
        |_, _, definition| {
            let text = ("XRAY_ECS_LOG_FORMAT".to_owned(), "text".to_owned());
            definition.containers[0].environment.extend([text]);
        },
        |target, _, _| own(target, "XRAY_ECS_REPORT", "-"),
        |_, _, definition| {
            let words = ["run", "--report=a.md", "--report", "-"];
            definition.containers[0].command = words.map(str::to_owned).into();
        },
        |_, _, definition| definition.containers[1].is_essential = true,
        |_, _, definition| definition.containers[0].depends_on.clear(),
        |_, _, definition| definition.containers[0].depends_on[0].condition = "HEALTHY".to_owned(),
        |_, _, definition| definition.containers[0].depends_on[0].condition = "SUCCESS".to_owned(),
        |_, _, definition| {
            definition.containers.pop();
        },
        |target, _, definition| {
            let tasks = target.tasks.as_mut().unwrap();
            tasks.launch_type = None;
            tasks.capacity_providers.insert(CapacityProvider {
                name: "FARGATE_SPOT".to_owned(),
                weight: 1,
                base: 0,
            });
            definition.containers[0].stop_timeout_s = Some(110);
        },
    ];
    let told: Vec<String> = spoilt
        .iter()
        .map(|spoil| {
            let (mut target, mut cluster, mut definition) = (wanted(), active(), definition());
            spoil(&mut target, &mut cluster, &mut definition);
            let found = findings(&target, &cluster, &definition);
            assert_ne!(found, []);
            found
                .iter()
                .map(|finding| format!("{finding:?}\n"))
                .collect()
        })
        .collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn a_daemon_within_the_worker_needs_none_beside_it() {
    let mut definition = definition();
    definition.containers.pop();
    definition.containers[0].depends_on.clear();
    definition.containers[0].command = ["run", "--daemon", "embedded"].map(str::to_owned).into();
    assert_eq!(findings(&wanted(), &active(), &definition), []);
}

#[test]
fn flags_and_variables_of_the_target_stand_for_variables_of_the_task_definition() {
    let mut definition = definition();
    let variables = [("XRAY_ECS_LOG_FORMAT", "text"), ("XRAY_ECS_REPORT", "-")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    definition.containers[0].environment.extend(variables);
    definition.containers[0].command = ["run", "--report", "r.md"].map(str::to_owned).into();
    let mut wanted = wanted();
    own(&mut wanted, "XRAY_ECS_LOG_FORMAT", "json");
    assert_eq!(findings(&wanted, &active(), &definition), []);
}

#[test]
fn what_is_missing_is_a_fault() {
    let rule = Rule::default();
    let found = target(&rule, ("worker", &wanted()), None, Known::default());
    assert!(
        matches!(&found[..], [Finding::Fault(_), Finding::Fault(_)]),
        "{found:?}"
    );
}

#[test]
fn the_quota_is_told_before_it_is_reached() {
    assert_eq!(quota(100, 10, "eu-west-1"), None);
    assert_eq!(quota(299, 0, "eu-west-1"), None);
    assert!(quota(268, 3, "eu-west-1").is_some());
    assert!(quota(80, 15, "af-south-1").is_some());
}
