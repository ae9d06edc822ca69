//! Starts the program in a directory and an environment of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What must come comes within this; a test fails after it, it never passes by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What config/schedule.json takes from the environment.
pub(crate) const NETWORK: [(&str, &str); 3] = [
    ("SUBNET_A", "subnet-0a1b2c3d"),
    ("SUBNET_B", "subnet-4e5f6a7b"),
    ("SECURITY_GROUP", "sg-0a1b2c3d"),
];

/// A directory with the project's job files and configuration in it, where commands run.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["jobs", "config"] {
            let copy = dir.path().join(folder);
            std::fs::create_dir(&copy).unwrap();
            for file in std::fs::read_dir(repository().join(folder)).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The program, with nothing of the tester's own environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xray-ecs"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("COLUMNS", "80")
            .envs(NETWORK)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// Against local endpoints, as the exports of `xray-ecs local` have them.
    pub(crate) fn command_at(&self, s3: &str, daemon: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command
            .env("AWS_ENDPOINT_URL_S3", s3)
            .env("AWS_XRAY_DAEMON_ADDRESS", daemon)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCOUNT_ID", "000000000000")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local");
        command
    }
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().expect("an exit code, no signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that runs beside the test; it is killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it and reads the lines that it writes to stderr or stdout.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let of_stderr = sender.clone();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = of_stderr.send(line);
            }
        });
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line that begins so; answers it.
    pub(crate) fn line(&self, start: &str) -> String {
        self.line_that(start, |line| line.starts_with(start))
    }

    /// Waits for a line with this in it; answers it.
    pub(crate) fn line_with(&self, part: &str) -> String {
        self.line_that(part, |line| line.contains(part))
    }

    fn line_that(&self, what: &str, is_meant: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if is_meant(&line) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("no line `{what}` ({error}), but {seen:#?}"),
            }
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends the signal once the process catches it, as /proc tells; before, it would just die of it.
    pub(crate) fn signal_once_caught(&self, name: &str) {
        let path = format!("/proc/{}/status", self.child.id());
        let deadline = Instant::now() + PATIENCE;
        let catches = || {
            let status = std::fs::read_to_string(&path).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            caught.unwrap_or(0) & (1 << 14) != 0 // SIGTERM is 15
        };
        while !catches() {
            assert!(Instant::now() < deadline, "it never catches {name}");
        }
        self.signal(name);
    }

    /// Its exit code, `None` after a signal, and the lines that were not read.
    pub(crate) fn wait(mut self) -> (Option<i32>, Vec<String>) {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        // Its pipes close when it ends, and with them the channel.
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => lines.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it runs on ({error}) after {lines:#?}"),
            }
        }
        (self.child.wait().unwrap().code(), lines)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python of `XRAY_ECS_TEST_PYTHON`, else `python3`, when it has these modules; else it is told
/// that a test skips.
#[cfg(any(feature = "local", feature = "schedule"))]
pub(crate) fn interpreter(modules: &str) -> Option<PathBuf> {
    let python = std::env::var_os("XRAY_ECS_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let needed = format!("import sys, {modules}; print(sys.executable)");
    let output = Command::new(&python).args(["-c", &needed]).output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8(output.stdout).unwrap().trim().into())
        }
        _ => {
            eprintln!(
                "skipped: {} lacks one of {modules}; set XRAY_ECS_TEST_PYTHON",
                python.display()
            );
            None
        }
    }
}
