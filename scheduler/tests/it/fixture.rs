//! A fake AWS with those who talk to it, and schedule files in few words.

use std::path::Path;

use fake_aws::{Builder, FakeAws};
use scheduler::apply::{Applied, apply};
use scheduler::diff::{Diff, Remote, diff};
use scheduler::ecs::Ecs;
use scheduler::eventbridge::EventBridge;
use scheduler::file::{CheckedFile, Context, read};
use scheduler::place::Place;
use serde_json::{Value, json};

use crate::sdk;

/// The name of the schedule files.
pub(crate) const OWNER: &str = "nightly";

pub(crate) struct Aws {
    pub(crate) fake: FakeAws,
    pub(crate) eventbridge: EventBridge,
    pub(crate) ecs: Ecs,
}

impl Aws {
    pub(crate) fn start() -> Self {
        Self::with(FakeAws::builder())
    }

    pub(crate) fn with(builder: Builder) -> Self {
        let fake = builder.start().unwrap();
        let config = sdk::config(&fake);
        Self {
            eventbridge: EventBridge::new(&config, place()),
            ecs: Ecs::new(&config, &place()),
            fake,
        }
    }

    pub(crate) async fn remote(&self, file: &CheckedFile) -> Remote {
        let names: Vec<&str> = file.rules.iter().map(|rule| rule.name.as_str()).collect();
        self.eventbridge.read(&names, &file.name).await.unwrap()
    }

    pub(crate) async fn diff(&self, file: &CheckedFile) -> Diff {
        diff(&file.rules, &self.remote(file).await, &file.name)
    }

    /// Reads, compares and applies all that differs, also what the file no longer has.
    pub(crate) async fn apply(&self, file: &CheckedFile) -> Vec<Applied> {
        apply(&self.eventbridge, &self.diff(file).await).await
    }

    /// Applies, which has to succeed and to leave no difference.
    pub(crate) async fn make_true(&self, file: &CheckedFile) {
        assert_eq!(errors(&self.apply(file).await), [""; 0]);
        assert_eq!(self.diff(file).await.rules, []);
    }

    /// A rule of the fake, or null.
    pub(crate) fn rule(&self, name: &str) -> Value {
        self.fake.snapshot()["default"][name].take()
    }

    /// The operations of the writing calls so far, in their order.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.fake.writes().into_iter();
        writes.map(|call| call.operation).collect()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        let calls = self.fake.calls().into_iter();
        calls.filter(|call| call.operation == operation).count()
    }
}

pub(crate) fn errors(applied: &[Applied]) -> Vec<String> {
    let errors = applied.iter().flat_map(|one| &one.errors);
    errors.map(ToString::to_string).collect()
}

/// Where the fake is.
pub(crate) fn place() -> Place {
    Place {
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// A schedule file with these rules, whose targets need say nothing.
pub(crate) fn file(rules: &[Value]) -> CheckedFile {
    read_file(&json!({
        "version": 1,
        "name": OWNER,
        "defaults": { "cluster": "default", "task_definition": "worker", "role": "events" },
        "rules": rules,
    }))
}

pub(crate) fn read_file(file: &Value) -> CheckedFile {
    read_text(&file.to_string())
}

pub(crate) fn read_text(text: &str) -> CheckedFile {
    let context = Context {
        region: Some(place().region),
        account: Some(place().account),
        variable: &|_| Ok(None),
        now: "2026-11-28T00:00:00Z".parse().unwrap(),
    };
    let read = read(Path::new("schedule.json"), text.as_bytes(), &context);
    read.unwrap_or_else(|faults| panic!("{faults}"))
}

/// A rule with one target, and what is given of other members.
pub(crate) fn rule(name: &str, members: Value) -> Value {
    with(
        json!({
            "name": name,
            "schedule": "rate(1 hour)",
            "targets": [target("worker", json!({}))],
        }),
        members,
    )
}

/// A target whose worker is given a job file.
pub(crate) fn target(id: &str, members: Value) -> Value {
    with(
        json!({ "id": id, "worker": { "job_file": "jobs/a.json" } }),
        members,
    )
}

/// Members of an object over others; null takes one away.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    let (Some(all), Value::Object(members)) = (object.as_object_mut(), members) else {
        panic!("members of an object are wanted");
    };
    all.extend(members);
    all.retain(|_, member| !member.is_null());
    object
}
