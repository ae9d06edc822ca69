//! Clients of X-Ray against `xray-ecs local`, which take it for the real one: each a mode of
//! `tests/it/python/xray_clients.py`. Without Python and its modules they skip, as those of `python.rs`.

use crate::program::{Place, repository};
use crate::python::{python, run, script};
use crate::serve::serve;

fn check(client: &str) {
    let Some(python) = python() else { return };
    let place = Place::new();
    let served = serve(&place);
    let graph = repository().join("local-xray/tests/vectors/service_graph.json");
    let graph = graph.to_str().unwrap();
    let script = script(&python, "xray_clients.py", &[client, graph]);
    let ended = run(script, &place, &served);
    let checked = format!("checked: {client}");
    assert!(
        ended.stdout.lines().any(|line| line == checked),
        "{}",
        ended.stdout
    );
}

#[test]
fn boto3_and_its_paginators_use_every_operation() {
    check("boto3");
}

#[test]
fn the_aws_cli_uses_every_operation() {
    check("cli");
}

#[test]
fn the_official_sdk_samples_by_the_rules_that_are_set() {
    check("sdk");
}

#[test]
fn grafana_finds_what_it_relies_on() {
    check("grafana");
}
