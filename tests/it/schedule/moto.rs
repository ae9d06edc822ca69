//! The schedule against moto, an AWS that others wrote: what both agree on. Moto takes every
//! expression, whoever has signed, and its RunTask wants instances, so only rules, targets, tags and
//! what ECS describes are asked for.
//!
//! It is that of `XRAY_ECS_TEST_PYTHON`, else of `python3`. Without it the test skips and says so.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ACCOUNT, REGION, file, rule, task_definition};
use crate::program::{Ended, Place, Running, ended, interpreter, repository};

/// A server of moto, and a directory where commands run.
pub(crate) struct Moto {
    _server: Running,
    pub(crate) endpoint: String,
    place: Place,
}

impl Moto {
    pub(crate) fn start(python: &Path) -> Self {
        let place = Place::new();
        let mut command = Command::new(python);
        command
            .arg(repository().join("tests/it/python/moto_server.py"))
            .args(["-p", "0"])
            .current_dir(place.path())
            .env("PYTHONUNBUFFERED", "1")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        let server = Running::start(command);
        let line = server.line(" * Running on ");
        let endpoint = line.trim_start_matches(" * Running on ").trim().to_owned();
        Self {
            _server: server,
            endpoint,
            place,
        }
    }

    fn environment(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
    }

    /// A command of the schedule. Of the account STS is asked.
    #[track_caller]
    fn schedule(&self, args: &[&str], code: i32) -> Ended {
        let mut command = self.place.command(&[&["schedule"], args].concat());
        self.environment(&mut command);
        let ended = ended(&mut command);
        assert_eq!(
            ended.code, code,
            "{args:?}: {}\n{}",
            ended.stdout, ended.stderr
        );
        ended
    }

    /// Makes the cluster and the task definition through boto3.
    fn make_cluster(&self, python: &Path) {
        let mut command = Command::new(python);
        self.environment(&mut command);
        let mut child = command
            .arg(repository().join("tests/it/python/moto_cluster.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let text = task_definition().to_string();
        let written = child.stdin.take().unwrap().write_all(text.as_bytes());
        written.unwrap();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn moto_s_rules_are_what_the_file_says() {
    let Some(python) = interpreter("boto3, flask, moto.server") else {
        return;
    };
    let moto = Moto::start(&python);
    let mut weekly = rule("weekly", "cron(0 3 ? * SUN *)");
    weekly["enabled"] = json!(false);
    weekly["description"] = json!("checks every bucket");
    weekly["tags"] = json!({ "team": "data" });
    let rules = |all: &[&Value]| file(json!(all)).to_string();
    let nightly = rule("nightly", "cron(0 3 * * ? *)");
    moto.place.write("s.json", rules(&[&nightly, &weekly]));

    moto.schedule(&["diff", "--exit-code", "s.json"], 1);
    let refused = moto.schedule(&["validate", "--aws", "s.json"], 2);
    assert!(
        refused.stderr.contains("there is no cluster "),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("there is no task definition "),
        "{}",
        refused.stderr
    );
    moto.make_cluster(&python);
    let valid = moto.schedule(&["validate", "--aws", "s.json"], 0);
    assert_eq!(valid.stderr, "");

    moto.schedule(&["apply", "--yes", "s.json"], 0);
    let same = moto.schedule(&["diff", "--exit-code", "s.json"], 0);
    assert_eq!(
        same.stdout,
        "0 to create, 0 to change, 0 to delete, 2 unchanged\n"
    );
    let dumped = moto.schedule(&["dump", "--owner", "nightly"], 0);
    assert_eq!(dumped.stderr, "");
    moto.place.write("dumped.json", &dumped.stdout);
    moto.schedule(&["diff", "--exit-code", "--prune", "dumped.json"], 0);
    assert!(
        dumped.stdout.contains("checks every bucket"),
        "{}",
        dumped.stdout
    );
    assert!(
        !dumped.stdout.contains(ACCOUNT),
        "names are short in their own account"
    );

    // A change, what is no longer in the file, and all of it.
    let mut later = nightly;
    later["schedule"] = json!("cron(0 4 * * ? *)");
    later["targets"][0]["worker"]["environment"] = json!({ "STAGE": "test" });
    moto.place.write("s.json", rules(&[&later]));
    let changed = moto.schedule(&["apply", "--yes", "s.json"], 0);
    assert!(
        changed
            .stdout
            .ends_with("0 to create, 1 to change, 0 to delete, 0 unchanged, 1 kept\n"),
        "{}",
        changed.stdout
    );
    moto.schedule(&["diff", "--exit-code", "s.json"], 0);
    let pruned = moto.schedule(&["apply", "--yes", "--prune", "s.json"], 0);
    assert!(
        pruned.stdout.contains("- weekly  delete"),
        "{}",
        pruned.stdout
    );
    moto.schedule(&["diff", "--exit-code", "--prune", "s.json"], 0);
    moto.schedule(&["delete", "--yes", "s.json"], 0);
    moto.schedule(&["diff", "--exit-code", "s.json"], 1);
    assert_eq!(moto.schedule(&["dump"], 1).stdout, "");
}
