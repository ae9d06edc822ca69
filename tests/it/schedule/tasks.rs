//! Tasks as ECS runs them: the real program is the container `worker`, against local services.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use fake_aws::{FakeAws, StartedTask};
use serde_json::Value;

use super::{REGION, Scene, task_definition};
use crate::program::{Ended, PATIENCE, Place, ended};
use crate::serve::{Served, serve};

/// The variables of each worker that was started, in the order of the starts.
type Environments = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

/// A scene whose tasks are real workers.
pub(crate) struct Workers {
    pub(crate) served: Served,
    pub(crate) scene: Scene,
    environments: Environments,
}

impl Workers {
    pub(super) fn new() -> Self {
        Self::of(task_definition())
    }

    /// With tasks of this definition.
    pub(crate) fn of(definition: Value) -> Self {
        let place = Place::new();
        let served = serve(&place);
        let environments = Environments::default();
        let seen = Arc::clone(&environments);
        let container = Container {
            dir: place.path().to_owned(),
            s3: served.s3.clone(),
            daemon: served.daemon.clone(),
        };
        let builder = FakeAws::builder().task_runner(move |task| {
            let environment = task.environment("worker");
            seen.lock().unwrap().push(environment);
            container.run(&task);
        });
        let scene = Scene {
            place,
            ..Scene::with(builder)
        };
        scene.aws.seed_task_definition(definition).unwrap();
        Self {
            served,
            scene,
            environments,
        }
    }

    pub(super) fn environments(&self) -> Vec<BTreeMap<String, String>> {
        self.environments.lock().unwrap().clone()
    }

    /// Runs the worker in the place itself, as no task.
    pub(crate) fn worker(&self, args: &[&str]) -> Ended {
        let Served { s3, daemon, .. } = &self.served;
        ended(&mut self.scene.place.command_at(s3, daemon, args))
    }

    /// A command of the schedule, whose S3 and X-Ray are the local ones.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.scene.command(args);
        command
            .env("AWS_ENDPOINT_URL_S3", &self.served.s3)
            .env("AWS_ENDPOINT_URL_XRAY", &self.served.xray);
        command
    }
}

/// What the workers' containers have in common.
struct Container {
    dir: PathBuf,
    s3: String,
    daemon: String,
}

impl Container {
    /// Runs the worker of a task to its end.
    fn run(&self, task: &StartedTask) {
        let mut environment = task.environment("worker");
        // The folder jobs/ of the repository is /jobs in the image.
        if let Some(file) = environment.get_mut("JOB_FILE") {
            *file = file.replacen("/jobs/", "jobs/", usize::from(file.starts_with("/jobs/")));
        }
        let mut worker = Command::new(Path::new(env!("CARGO_BIN_EXE_xray-ecs")))
            .args(task.command("worker"))
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_S3", &self.s3)
            .env("AWS_REGION", REGION)
            .env("AWS_ACCOUNT_ID", "000000000000") // that of the local S3
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .envs(environment)
            .env("AWS_XRAY_DAEMON_ADDRESS", &self.daemon)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        task.set_running();
        let (stdout, stderr) = (worker.stdout.take().unwrap(), worker.stderr.take().unwrap());
        let pid = worker.id().to_string();
        std::thread::scope(|scope| {
            scope.spawn(|| log(task, stdout));
            scope.spawn(|| log(task, stderr));
            scope.spawn(|| {
                if task.wait_for_stop(PATIENCE) {
                    let _ = Command::new("kill").args(["-s", "TERM", &pid]).status();
                }
            });
            let status = worker.wait().unwrap();
            task.finish(status.code().unwrap_or(137));
        });
    }
}

fn log(task: &StartedTask, output: impl Read) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        task.log("worker", &line);
    }
}
