//! Questions on a terminal: before rules are changed, and when Ctrl-C comes while tasks run. The
//! terminal is a pseudo-terminal of Python's; without Python these tests skip and say so.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use serde_json::json;

use super::stop::Played;
use super::{Scene, file, rule};
use crate::program::{PATIENCE, interpreter, repository};

const CTRL_C: &str = "\u{3}";

/// A command on a terminal; it is killed when it is dropped.
struct Terminal {
    bridge: Child,
    typed: ChildStdin,
    shown: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Starts a command of the schedule, if there is a Python to do it.
    fn start(scene: &Scene, args: &[&str]) -> Option<Self> {
        let python = interpreter("pty")?;
        let command = scene.command(args);
        let mut bridge = Command::new(python);
        bridge
            .arg(repository().join("tests/it/python/terminal.py"))
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(scene.place.path())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("NO_COLOR", "1");
        let mut bridge = bridge
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = bridge.stdout.take().unwrap();
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(length @ 1..) = stdout.read(&mut piece) {
                let _ = sender.send(piece[..length].to_vec());
            }
        });
        let typed = bridge.stdin.take().unwrap();
        Some(Self {
            bridge,
            typed,
            shown,
            seen: String::new(),
        })
    }

    fn types(&mut self, text: &str) {
        self.typed.write_all(text.as_bytes()).unwrap();
        self.typed.flush().unwrap();
    }

    /// Waits until this is shown, after what was waited for before; answers what came before it.
    fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(piece) => self.seen += &String::from_utf8_lossy(&piece),
                Err(error) => panic!("no `{text}` ({error}) in {}", self.seen),
            }
        }
    }

    /// Its exit code, and all that was not waited for.
    fn end(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(piece) => self.seen += &String::from_utf8_lossy(&piece),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it runs on ({error}) after {}", self.seen),
            }
        }
        let code = self.bridge.wait().unwrap().code().unwrap();
        (code, std::mem::take(&mut self.seen))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

fn write(scene: &Scene) {
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
}

#[test]
fn a_change_is_made_once_somebody_says_yes() {
    let scene = Scene::new();
    write(&scene);
    for answer in ["n\n", "\n", "maybe\n"] {
        let Some(mut terminal) = Terminal::start(&scene, &["apply", "s.json"]) else {
            return;
        };
        terminal.until("Really change 1 rule in account 123456789012, eu-west-1? [y/N] ");
        terminal.types(answer);
        let (code, shown) = terminal.end();
        assert_eq!(code, 2, "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
        assert_eq!(scene.aws.writes().len(), 0);
    }
    let mut terminal = Terminal::start(&scene, &["apply", "s.json"]).unwrap();
    terminal.until("[y/N] ");
    terminal.types("y\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("1 rule applied"), "{shown}");
    scene.refused(&["diff", "--exit-code", "s.json"], 0);

    let mut terminal = Terminal::start(&scene, &["delete", "s.json"]).unwrap();
    terminal.until("Really delete 1 rule in account 123456789012, eu-west-1? [y/N] ");
    terminal.types("y\n");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(scene.rules(), [""; 0]);
}

#[test]
fn a_yes_to_what_is_no_longer_so_changes_nothing() {
    let scene = Scene::new();
    write(&scene);
    let Some(mut terminal) = Terminal::start(&scene, &["apply", "s.json"]) else {
        return;
    };
    terminal.until("[y/N] ");
    let other = json!({ "Name": "nightly", "ScheduleExpression": "rate(1 day)" });
    scene.aws.seed_rule(other).unwrap();
    terminal.types("y\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, 2, "{shown}");
    assert!(
        shown.contains("somebody has changed the rules meanwhile"),
        "{shown}"
    );
    assert_eq!(scene.aws.writes().len(), 0);
}

#[test]
fn a_yes_to_a_deletion_does_not_delete_what_came_meanwhile() {
    let scene = Scene::new();
    write(&scene);
    scene.done(&["apply", "--yes", "s.json"]);
    let Some(mut terminal) = Terminal::start(&scene, &["delete", "s.json"]) else {
        return;
    };
    terminal.until("[y/N] ");
    let theirs = json!({ "Name": "nightly", "ScheduleExpression": "rate(1 day)",
        "Tags": [{ "Key": "xray-ecs:schedule", "Value": "weekly" }] });
    scene.aws.seed_rule(theirs).unwrap();
    terminal.types("y\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, 2, "{shown}");
    assert_eq!(scene.rules(), ["nightly"]);
}

fn running(played: &Played) -> Option<Terminal> {
    let args = ["run", "s.json", "--interval", "10ms"];
    let mut terminal = Terminal::start(&played.scene, &args)?;
    played.next().set_running();
    terminal.until("nightly/worker: running");
    Some(terminal)
}

#[test]
fn ctrl_c_asks_and_yes_stops_the_task() {
    let played = Played::new();
    let Some(mut terminal) = running(&played) else {
        return;
    };
    terminal.types(CTRL_C);
    terminal.until("Stop 1 task? [y/N]");
    terminal.types("y\n");
    terminal.until("stopping 1 task");
    let task = played.last();
    assert!(task.wait_for_stop(PATIENCE));
    task.finish(143);
    drop(task);
    let (code, shown) = terminal.end();
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("nightly/worker: exit code 143"), "{shown}");
}

#[test]
fn ctrl_c_and_no_goes_on_watching() {
    let played = Played::new();
    let Some(mut terminal) = running(&played) else {
        return;
    };
    for _ in 0..2 {
        terminal.types(CTRL_C);
        terminal.until("[y/N]");
        terminal.types("n\n");
        terminal.until("they run on");
    }
    let task = played.last();
    assert!(!task.stop_requested());
    task.finish(7);
    assert_eq!(terminal.end().0, 7);
}

#[test]
fn a_second_ctrl_c_leaves_the_task_running() {
    let played = Played::new();
    let Some(mut terminal) = running(&played) else {
        return;
    };
    terminal.types(CTRL_C);
    terminal.until("[y/N]");
    terminal.types(CTRL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, 3, "{shown}");
    let task = played.last();
    assert!(
        shown.contains(&format!("may still run: {}", task.arn())),
        "{shown}"
    );
    assert!(!task.stop_requested());
}

#[test]
fn a_task_that_ends_needs_no_answer_any_more() {
    let played = Played::new();
    let Some(mut terminal) = running(&played) else {
        return;
    };
    terminal.types(CTRL_C);
    terminal.until("[y/N]");
    played.last().finish(0);
    assert_eq!(terminal.end().0, 0);
}
