//! The image in containers, as ECS runs them: config/task-definition.json, played by an agent of the
//! tests on this machine's Docker engine. S3 and X-Ray are `xray-ecs local`, outside of the task.
//!
//! They need root on Linux, Docker, and an image of the Dockerfile, named by `XRAY_ECS_TEST_IMAGE`; without
//! them they say why they skip. `.ci/run` makes one.

mod agent;
mod aws;
mod compose;
mod definition;
mod docker;
mod forwarder;
mod https;
mod image;
mod loss;
mod network;
mod schedule;
mod start;
mod stop;
mod task;

use std::sync::Arc;

use serde_json::Value;

use agent::{Ended, Overrides, Task};
use aws::Aws;
use definition::TaskDefinition;
use network::Network;

use crate::program::Place;

/// The worker with the daemon beside it, and the worker with the daemon in it.
const SIDECAR: &str = "config/task-definition.json";
const EMBEDDED: &str = "config/task-definition-embedded.json";

/// All that a task needs around it. One at a time: the network has an address that is the same for
/// every task on ECS.
struct Scene {
    place: Place,
    network: Arc<Network>,
    aws: Aws,
    image: String,
}

impl Scene {
    /// `None`, which is told, when there is no image to test.
    fn new() -> Option<Self> {
        Self::with(|_| forwarder::Turn::Pass)
    }

    /// With this done to the calls of X-Ray and S3, which are told by the first lines of their
    /// requests.
    fn with(turn: impl Fn(&str) -> forwarder::Turn + Clone + Send + 'static) -> Option<Self> {
        let image = docker::image()?;
        let network = Arc::new(Network::new());
        let place = Place::new();
        let aws = Aws::start(&place, turn);
        Some(Self {
            place,
            network,
            aws,
            image,
        })
    }

    /// The task definition of the project, with this scene's image in it.
    fn definition(&self, file: &str) -> TaskDefinition {
        TaskDefinition::read(&self.place.read(file), &self.image)
    }

    /// What points the task at this scene's AWS.
    fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::default();
        for (name, value) in self.aws.variables() {
            overrides.set("worker", name, &value);
            overrides.set("xray-daemon", name, &value);
        }
        overrides
    }

    /// The same, with this job file inline.
    fn overrides_with(&self, jobs: &Value) -> Overrides {
        let mut overrides = self.overrides();
        overrides.set("worker", "JOB_SPEC", &jobs.to_string());
        overrides
    }

    /// Runs config/task-definition.json to its end.
    fn run(&self, overrides: &Overrides) -> Ended {
        self.start(&self.definition(SIDECAR), overrides).wait()
    }

    fn start(&self, definition: &TaskDefinition, overrides: &Overrides) -> Task {
        Task::start(
            &self.network,
            &self.place.path().join("logs"),
            definition,
            overrides,
        )
    }

    /// All documents in X-Ray.
    fn documents(&self) -> Vec<Value> {
        self.aws.documents(&self.place)
    }
}
