//! A container's health check, run in it again and again as its definition says.

use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

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
    was_unhealthy: bool,
    /// Failures in a row that count, and what the last check said.
    failures: u32,
    said: String,
}

impl Health {
    /// Begins to check.
    pub(super) fn mind(docker_id: &str, check: &HealthCheck) -> Self {
        let command = match check.command.split_first() {
            Some((kind, command)) if kind == "CMD" => command,
            _ => panic!("a health check without a shell, not {:?}", check.command),
        };
        let mut exec = Command::new("timeout");
        exec.args([&check.timeout.to_string(), "docker", "exec", docker_id])
            .args(command)
            .stdin(Stdio::null());
        let check = check.clone();
        let shared = Arc::<Shared>::default();
        let (stop, stopped) = channel();
        let told = Arc::clone(&shared);
        std::thread::spawn(move || {
            let began = Instant::now();
            // The first one comes at once: a test has no time for the interval.
            let mut pause = Duration::ZERO;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let output = exec.output().unwrap();
                let passed = output.status.success();
                let counts = began.elapsed() >= Duration::from_secs(check.start_period);
                told.note(passed, counts, check.retries, &output.stdout);
                // A container that does not listen yet is asked again soon.
                pause = match passed || counts {
                    true => Duration::from_secs(check.interval),
                    false => Duration::from_millis(100),
                };
            }
        });
        Self {
            shared,
            _stop: stop,
        }
    }

    /// Whether a check passed, and whether at no time too many failed in a row.
    pub(super) fn was_good(&self) -> bool {
        let state = self.shared.state.lock().unwrap();
        state.was_healthy && !state.was_unhealthy
    }

    /// Waits until a check passes.
    pub(super) fn wait_until_healthy(&self, patience: Duration) {
        let state = self.shared.state.lock().unwrap();
        let waits = |state: &mut State| !state.was_healthy;
        let changed = &self.shared.changed;
        let (state, waited) = changed.wait_timeout_while(state, patience, waits).unwrap();
        assert!(!waited.timed_out(), "never healthy: `{}`", state.said);
    }
}

impl Shared {
    fn note(&self, passed: bool, counts: bool, retries: u32, said: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state.was_healthy |= passed;
        state.failures = if passed {
            0
        } else {
            state.failures + u32::from(counts)
        };
        state.was_unhealthy |= state.failures >= retries;
        state.said = String::from_utf8_lossy(said).trim().to_owned();
        self.changed.notify_all();
    }
}
