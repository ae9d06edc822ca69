//! A container's health check, run in it again and again as its definition says.

use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::super::definition::HealthCheck;

/// The checks of a container, which end when it is dropped.
pub(super) struct Health {
    shared: Arc<Shared>,
    _stop: Sender<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    was_healthy: bool,
    /// Failures in a row, and what the last one said.
    failures: u32,
    said: String,
}

impl Health {
    /// Begins to check.
    pub(super) fn mind(docker_id: &str, check: &HealthCheck) -> Self {
        let Some(("CMD", command)) = check
            .command
            .split_first()
            .map(|(kind, rest)| (kind.as_str(), rest))
        else {
            panic!("a health check without a shell, not {:?}", check.command);
        };
        let mut args = vec!["exec".to_owned(), docker_id.to_owned()];
        args.extend(command.iter().cloned());
        let interval = Duration::from_secs(check.interval);
        let shared = Arc::<Shared>::default();
        let (stop, stopped) = channel();
        let told = Arc::clone(&shared);
        std::thread::spawn(move || {
            // The first one comes at once: a test has no time for the interval.
            loop {
                let output = Command::new("docker")
                    .args(&args)
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                told.note(
                    output.status.success(),
                    &String::from_utf8_lossy(&output.stdout),
                );
                // A check that failed is repeated soon; a healthy container is left alone.
                let pause = if output.status.success() {
                    interval
                } else {
                    Duration::from_millis(100)
                };
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self {
            shared,
            _stop: stop,
        }
    }

    pub(super) fn was_healthy(&self) -> bool {
        self.shared.state.lock().unwrap().was_healthy
    }

    /// Waits until a check passes.
    pub(super) fn wait_until_healthy(&self, patience: Duration) {
        let state = self.shared.state.lock().unwrap();
        let waits = |state: &mut State| !state.was_healthy;
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(state, patience, waits)
            .unwrap();
        assert!(
            !waited.timed_out(),
            "never healthy: {} failures, `{}`",
            state.failures,
            state.said
        );
    }
}

impl Shared {
    fn note(&self, passed: bool, said: &str) {
        let mut state = self.state.lock().unwrap();
        state.was_healthy |= passed;
        state.failures = if passed { 0 } else { state.failures + 1 };
        said.trim().clone_into(&mut state.said);
        self.changed.notify_all();
    }
}
