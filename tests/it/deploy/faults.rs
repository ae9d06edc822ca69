//! What is wrong with a task definition: what ECS refuses when it is registered, or what would be regretted
//! at night, and what neither the API's model nor cfn-lint finds.

use std::collections::BTreeSet;

use serde_json::Value;

/// The most that Fargate waits, and what it gives after a notice of Spot, in seconds.
const STOP_MAX_S: u64 = 120;

/// What a run may need after its stop budget, in seconds: 2 until programs are killed, 2 for the last
/// segments, 3 for a daemon of the same process, 2 for the reports, 3 for the ledger.
const AFTER_BUDGET_S: u64 = 12;

pub(super) fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// What is wrong with a task definition that was filled in.
pub(super) fn faults(definition: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let containers = list(definition, "containerDefinitions");
    names(definition, containers, &mut faults);
    dependencies(containers, &mut faults);
    sizes(definition, containers, &mut faults);
    volumes(definition, containers, &mut faults);
    ports(containers, &mut faults);
    stops(containers, &mut faults);
    for container in containers {
        let name = text(container, "name");
        let mut fault = |is_wrong: bool, what: &str| {
            if is_wrong {
                faults.push(format!("{name}: {what}"));
            }
        };
        let user = text(container, "user");
        fault(
            user.is_empty() || user == "0" || user == "root",
            "it is root",
        );
        fault(
            container["readonlyRootFilesystem"] != true,
            "it writes into its image",
        );
        let check = &container["healthCheck"];
        let is_off = |field: &str, range: std::ops::RangeInclusive<u64>| {
            check[field]
                .as_u64()
                .is_none_or(|value| !range.contains(&value))
        };
        if check.is_object() {
            // The image has no shell.
            fault(
                check["command"][0] != "CMD",
                "its health check needs a shell",
            );
            fault(
                check["command"][1] != "/xray-ecs",
                "its health check runs what is not there",
            );
            let is_off = is_off("interval", 5..=300)
                || is_off("timeout", 2..=60)
                || is_off("retries", 1..=10)
                || is_off("startPeriod", 0..=300);
            fault(is_off, "ECS takes no such health check");
        }
        let options = &container["logConfiguration"]["options"];
        for option in ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"] {
            fault(options[option].as_str().is_none(), &format!("no {option}"));
        }
    }
    unfilled(definition, &mut faults);
    faults
}

fn is_name(name: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    (1..=255).contains(&name.len()) && name.chars().all(is_of_name)
}

fn names(definition: &Value, containers: &[Value], faults: &mut Vec<String>) {
    let names = containers.iter().map(|container| text(container, "name"));
    for name in std::iter::once(text(definition, "family")).chain(names.clone()) {
        if !is_name(name) {
            faults.push(format!("`{name}` is no name"));
        }
    }
    if names.clone().collect::<BTreeSet<_>>().len() < containers.len() {
        faults.push("two containers have one name".to_owned());
    }
    if !containers
        .iter()
        .any(|container| container["essential"] != false)
    {
        faults.push("no container is essential".to_owned());
    }
    for container in containers {
        let variables = list(container, "environment");
        let names: BTreeSet<_> = variables
            .iter()
            .map(|variable| text(variable, "name"))
            .collect();
        if names.len() < variables.len() {
            faults.push(format!(
                "{}: a variable stands twice",
                text(container, "name")
            ));
        }
    }
}

pub(super) fn named<'v>(containers: &'v [Value], name: &str) -> Option<&'v Value> {
    containers
        .iter()
        .find(|container| text(container, "name") == name)
}

fn dependencies(containers: &[Value], faults: &mut Vec<String>) {
    for container in containers {
        let name = text(container, "name");
        for dependency in list(container, "dependsOn") {
            let other = text(dependency, "containerName");
            let condition = text(dependency, "condition");
            match named(containers, other) {
                None => faults.push(format!("{name}: depends on `{other}`, which is not there")),
                Some(other) if condition == "HEALTHY" && other["healthCheck"].is_null() => {
                    faults.push(format!("{name}: waits for the health that nobody checks"));
                }
                Some(other)
                    if ["COMPLETE", "SUCCESS"].contains(&condition)
                        && other["essential"] != false =>
                {
                    faults.push(format!("{name}: waits for the end of what must not end"));
                }
                Some(_) => {}
            }
        }
        // Whoever is reached by as many steps as there are containers is in a cycle.
        let mut reached = BTreeSet::from([name]);
        for _ in containers {
            let next = reached.iter().filter_map(|name| named(containers, name));
            let next = next.flat_map(|container| list(container, "dependsOn"));
            reached = next
                .map(|dependency| text(dependency, "containerName"))
                .collect();
        }
        if !reached.is_empty() && reached.iter().any(|name| named(containers, name).is_some()) {
            faults.push(format!("{name}: its dependencies go in a circle"));
        }
    }
}

fn sizes(definition: &Value, containers: &[Value], faults: &mut Vec<String>) {
    let of_task = |field: &str| text(definition, field).parse::<u64>().unwrap_or(0);
    let sum = |of: fn(&Value) -> u64| containers.iter().map(of).sum::<u64>();
    if sum(|container| container["cpu"].as_u64().unwrap_or(0)) > of_task("cpu") {
        faults.push("the containers have more cpu than the task".to_owned());
    }
    let memory = sum(|container| {
        let memory = container["memory"].as_u64();
        memory
            .or(container["memoryReservation"].as_u64())
            .unwrap_or(0)
    });
    if memory > of_task("memory") {
        faults.push("the containers have more memory than the task".to_owned());
    }
    for container in containers {
        let (hard, soft) = (&container["memory"], &container["memoryReservation"]);
        if let (Some(hard), Some(soft)) = (hard.as_u64(), soft.as_u64())
            && soft > hard
        {
            let name = text(container, "name");
            faults.push(format!("{name}: its reservation is more than its memory"));
        }
    }
}

fn volumes(definition: &Value, containers: &[Value], faults: &mut Vec<String>) {
    let volumes = list(definition, "volumes")
        .iter()
        .map(|volume| text(volume, "name"));
    let volumes: BTreeSet<_> = volumes.collect();
    let mounts = containers
        .iter()
        .flat_map(|container| list(container, "mountPoints"));
    let mounted: BTreeSet<_> = mounts.map(|mount| text(mount, "sourceVolume")).collect();
    for name in mounted.difference(&volumes) {
        faults.push(format!("no volume `{name}`"));
    }
    for name in volumes.difference(&mounted) {
        faults.push(format!("nobody mounts volume `{name}`"));
    }
}

fn ports(containers: &[Value], faults: &mut Vec<String>) {
    let mut taken = BTreeSet::new();
    for mapping in containers
        .iter()
        .flat_map(|container| list(container, "portMappings"))
    {
        let port = &mapping["containerPort"];
        let host = &mapping["hostPort"];
        if !host.is_null() && host != port {
            faults.push(format!("port {port}: in awsvpc it is no other on the host"));
        }
        if !taken.insert((port.to_string(), text(mapping, "protocol"))) {
            faults.push(format!("port {port} is taken twice"));
        }
    }
}

fn stops(containers: &[Value], faults: &mut Vec<String>) {
    let stop_s = |container: &Value| container["stopTimeout"].as_u64().unwrap_or(30);
    for container in containers {
        let name = text(container, "name");
        if !(2..=STOP_MAX_S).contains(&stop_s(container)) {
            faults.push(format!("{name}: Fargate takes no such stopTimeout"));
        }
        let mut variables = list(container, "environment").iter();
        let budget = variables.find(|variable| variable["name"] == "XRAY_ECS_STOP_BUDGET");
        let budget =
            budget.and_then(|variable| text(variable, "value").strip_suffix('s')?.parse().ok());
        if budget.is_some_and(|budget: u64| budget + AFTER_BUDGET_S > stop_s(container)) {
            faults.push(format!(
                "{name}: its stop budget does not fit into its stopTimeout"
            ));
        }
    }
    if containers.iter().map(stop_s).sum::<u64>() > STOP_MAX_S {
        faults.push("the stop timeouts are more than Fargate Spot gives".to_owned());
    }
}

fn unfilled(value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("${") || text.contains('<') => {
            faults.push(format!("`{text}` was not filled in"));
        }
        Value::Array(values) => values.iter().for_each(|value| unfilled(value, faults)),
        Value::Object(fields) => fields.values().for_each(|value| unfilled(value, faults)),
        _ => {}
    }
}
