//! EventBridge, ECS, CloudWatch Logs and STS for tests, as far as schedules need them: over real HTTP
//! on a free loopback port, in the services' own protocols, with their rules and errors, and failing
//! on order.
//!
//! - **EventBridge**: rules, targets and tags on event buses; [`FakeAws::fire`] does what EventBridge
//!   does when a rule is due.
//! - **ECS**: clusters, task definitions, and tasks that a [`TaskRunner`] of the test plays, as it
//!   likes: a real program can be the container.
//! - **Logs**: GetLogEvents of what tasks logged.
//! - **STS**: GetCallerIdentity.
//!
//! ```
//! use fake_aws::{FakeAws, Fault, When};
//! use serde_json::json;
//!
//! let fake = FakeAws::builder()
//!     .task_runner(|task| {
//!         task.set_running();
//!         task.log("worker", "hello");
//!         task.finish(0);
//!     })
//!     .start()?;
//! fake.seed_task_definition(json!({
//!     "family": "worker", "containerDefinitions": [{"name": "worker", "image": "worker"}],
//! }))?;
//! fake.fail(When::writes().nth(3), Fault::LostAnswer);
//! // ... point the program under test to it ...
//! let endpoint = fake.endpoint();
//! assert!(fake.writes().is_empty());
//! assert_eq!(fake.snapshot(), json!({}));
//! # let _ = endpoint;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every call must be signed for the right service and region, but any signature is taken. Faults are
//! ordered with [`FakeAws::fail`], and [`FakeAws::calls`] tells what was called. All state is in
//! memory and visible at once, unlike on AWS.

mod ecs;
mod events;
mod faults;
mod logs;
mod protocol;
mod server;
mod sts;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use ecs::{StartedTask, TaskRunner};
pub use events::{Delivery, Firing};
pub use faults::{Call, Fault, When};
pub use protocol::Service;
pub use server::StartError;

use server::Server;

/// What is fixed at the start.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) page_size: usize,
    pub(crate) log_page_size: usize,
    pub(crate) rule_quota: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            page_size: 100,
            log_page_size: 10_000,
            rule_quota: 300,
        }
    }
}

impl Settings {
    /// An ARN of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            account, region, ..
        } = self;
        format!("arn:aws:{service}:{region}:{account}:{resource}")
    }
}

/// All that the services remember.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) faults: faults::Faults,
    pub(crate) events: events::Events,
    pub(crate) ecs: ecs::Ecs,
    pub(crate) logs: logs::Logs,
}

/// The state, shared by the server, the tasks and the test.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Told whenever a task changes.
    pub(crate) task_changed: Condvar,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change of any task, at most so long.
    pub(crate) fn wait_for_task<'a>(
        &self,
        state: MutexGuard<'a, State>,
        at_most: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.task_changed.wait_timeout(state, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// What a fake starts with.
#[derive(Clone, Default)]
pub struct Builder {
    settings: Settings,
    runner: Option<TaskRunner>,
}

impl Builder {
    /// The account, 12 digits; 123456789012 unless set.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.settings.account);
        self
    }

    /// The region; us-east-1 unless set. Calls signed for another are refused.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.settings.region);
        self
    }

    /// How many rules, targets or tasks are on a page; 100 unless set, as on AWS.
    #[must_use]
    pub fn page_size(mut self, size: usize) -> Self {
        self.settings.page_size = size.clamp(1, 100);
        self
    }

    /// How many log events are on a page; 10,000 unless set, as on AWS.
    #[must_use]
    pub fn log_page_size(mut self, size: usize) -> Self {
        self.settings.log_page_size = size.clamp(1, 10_000);
        self
    }

    /// How many rules a bus may have; 300 unless set, as on AWS.
    #[must_use]
    pub fn rule_quota(mut self, rules: usize) -> Self {
        self.settings.rule_quota = rules;
        self
    }

    /// Who plays the tasks. Unless set, a task runs at once, logs nothing and exits with 0.
    #[must_use]
    pub fn task_runner(mut self, runner: impl Fn(StartedTask) + Send + Sync + 'static) -> Self {
        self.runner = Some(Arc::new(runner));
        self
    }

    /// Starts the fake on a free port of 127.0.0.1, on a thread of its own: the caller needs no
    /// runtime. There is one cluster, `default`, no task definition and no rule.
    ///
    /// # Errors
    /// When no port or thread is to be had.
    pub fn start(self) -> Result<FakeAws, StartError> {
        let shared = Arc::new(Shared::default());
        {
            let mut state = shared.lock();
            state.settings = self.settings;
            state.ecs.set_runner(self.runner);
            ecs::seed_cluster(&mut state, "default");
        }
        let server = Server::start(Arc::clone(&shared))?;
        Ok(FakeAws { shared, server })
    }
}

/// A running fake; stopped when it is dropped.
#[derive(Debug)]
pub struct FakeAws {
    shared: Arc<Shared>,
    server: Server,
}

impl FakeAws {
    /// What it starts with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The endpoint URL of all services.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The account of the fake.
    pub fn account(&self) -> String {
        self.shared.lock().settings.account.clone()
    }

    /// The region of the fake.
    pub fn region(&self) -> String {
        self.shared.lock().settings.region.clone()
    }

    /// Orders a fault, beside those ordered before.
    pub fn fail(&self, when: impl Into<When>, fault: Fault) {
        self.shared.lock().faults.order(when.into(), fault);
    }

    /// Takes back every fault that is still ordered.
    pub fn heal(&self) {
        self.shared.lock().faults.clear();
    }

    /// Every call since the start that was signed and addressed as it has to be, the oldest first,
    /// with those that were refused or cut off.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().faults.calls().to_vec()
    }

    /// Of the calls, those that mean to change something.
    pub fn writes(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(Call::is_write);
        calls
    }

    /// All of EventBridge: by bus and rule name, the rule as DescribeRule tells it, with `Targets` by
    /// id and `Tags` by key.
    pub fn snapshot(&self) -> Value {
        events::snapshot(&self.shared.lock())
    }

    /// Makes a rule on the default bus as somebody else would, with members as of PutRule and with
    /// `Targets` as of PutTargets; no call is logged. A member `ManagedBy` makes it a rule that an AWS
    /// service manages.
    ///
    /// # Errors
    /// When AWS would refuse it: code and message.
    pub fn seed_rule(&self, rule: Value) -> Result<(), String> {
        events::seed_rule(&mut self.shared.lock(), rule)
    }

    /// Makes an event bus beside `default`.
    pub fn seed_event_bus(&self, name: &str) {
        self.shared.lock().events.add_bus(name);
    }

    /// Makes a cluster, and tells its ARN.
    pub fn seed_cluster(&self, name: &str) -> String {
        ecs::seed_cluster(&mut self.shared.lock(), name)
    }

    /// Registers a task definition, with members as of RegisterTaskDefinition, as the next revision of
    /// its family, and tells its ARN.
    ///
    /// # Errors
    /// When it has no family, or no container with a name.
    pub fn seed_task_definition(&self, definition: Value) -> Result<String, String> {
        ecs::seed_task_definition(&mut self.shared.lock(), definition)
    }

    /// Makes a revision INACTIVE, as DeregisterTaskDefinition does; tells whether there is one.
    pub fn deregister_task_definition(&self, arn: &str) -> bool {
        ecs::deregister_task_definition(&mut self.shared.lock(), arn)
    }

    /// The tasks of all clusters as DescribeTasks tells them, the oldest first.
    pub fn tasks(&self) -> Vec<Value> {
        ecs::all_tasks(&self.shared.lock())
    }

    /// Forgets the tasks that have stopped, as ECS does about an hour after their end.
    pub fn forget_stopped_tasks(&self) {
        ecs::forget_stopped_tasks(&mut self.shared.lock());
    }

    /// Waits until the tasks are as wanted, at most so long, and tells them as [`FakeAws::tasks`] does;
    /// whether they are as wanted is for the caller to see.
    pub fn wait_for_tasks(
        &self,
        at_most: Duration,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let deadline = Instant::now() + at_most;
        let mut state = self.shared.lock();
        loop {
            let tasks = ecs::all_tasks(&state);
            let left = deadline.saturating_duration_since(Instant::now());
            if wanted(&tasks) || left.is_zero() {
                return tasks;
            }
            state = self.shared.wait_for_task(state, left);
        }
    }

    /// Does what EventBridge does when a rule of the default bus is due at `time`: makes the event,
    /// and for each target its input, and runs the task. A rule that is missing or disabled does
    /// nothing.
    pub fn fire(&self, rule: &str, time: DateTime<Utc>) -> Firing {
        self.fire_times(rule, time, 1)
    }

    /// Like [`FakeAws::fire`], but delivers the same event so many times, as at-least-once delivery
    /// may.
    pub fn fire_times(&self, rule: &str, time: DateTime<Utc>, deliveries: usize) -> Firing {
        events::fire(&self.shared, rule, time, deliveries)
    }
}
