//! How long it takes from the start of a container to the first segment in X-Ray, beyond what the
//! engine itself takes. Printed, beside the budget; no test asserts a time.

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::agent::{Task, pause};
use super::docker::{LABEL, Removed, docker};
use super::forwarder::Turn;
use super::network::HOST;
use super::task::{buckets, numbered};
use super::{EMBEDDED, SIDECAR, Scene};
use crate::program::PATIENCE;

const ROUNDS: usize = 5;

/// What the engine takes to start a program that does nothing but to connect.
fn engine(scene: &Scene) -> Duration {
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (connected, connections) = channel();
    std::thread::spawn(move || {
        let connection = listener.accept();
        let _ = connected.send((Instant::now(), connection));
    });
    // In a network namespace that is there, as the containers of a task are.
    let around = pause::start(
        scene.network.name(),
        &format!("{:032x}", rand::random::<u128>()),
    );
    let network = format!("container:{}", around.name);
    let create = ["create", "--label", LABEL, "--network", &network];
    let container = docker(&[&create[..], &[pause::image(), &address]].concat());
    let container = Removed::container(container);
    let began = Instant::now();
    docker(&["start", &container.name]);
    let (at, connection) = connections.recv_timeout(PATIENCE).unwrap();
    connection.unwrap();
    at - began
}

/// From the start of the worker's container, the last one, to the first upload.
fn first_segment(scene: &Scene, file: &str, arrivals: &Receiver<Instant>) -> Duration {
    let overrides = scene.overrides_with(&buckets(&numbered(1)));
    let task = Task::start(
        &scene.network,
        &scene.place.path().join("logs"),
        &scene.definition(file),
        &overrides,
    );
    let took = arrivals.recv_timeout(PATIENCE).unwrap() - task.started_at("worker");
    assert_eq!(task.wait().exit_code(), 0);
    while arrivals.try_recv().is_ok() {}
    took
}

#[test]
fn the_first_segment_arrives_soon_after_the_start() {
    let (arrived, arrivals) = channel();
    let watched = move |line: &str| {
        if line.contains("/TraceSegments") {
            let _ = arrived.send(Instant::now());
        }
        Turn::Pass
    };
    let Some(scene) = Scene::with(watched) else {
        return;
    };
    let median = |measure: &mut dyn FnMut() -> Duration| {
        let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| measure()).collect();
        rounds.sort();
        rounds[ROUNDS / 2]
    };
    let engine = median(&mut || engine(&scene));
    let sidecar = median(&mut || first_segment(&scene, SIDECAR, &arrivals));
    let embedded = median(&mut || first_segment(&scene, EMBEDDED, &arrivals));
    eprintln!(
        "start to first segment, median of {ROUNDS}: engine alone {engine:.0?}; beyond it, at most 150 ms: \
         {:.0?} with the daemon beside the worker, {:.0?} with the daemon in it",
        sidecar.saturating_sub(engine),
        embedded.saturating_sub(engine),
    );
}
