//! What is told, as those who watch see it.

use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::*;
use crate::outcome::{Failure, Outcome};
use crate::report::JobReport;
use crate::runner::Usage;
use tracing_xray::TraceContext;

pub(super) const REQUEST_ID: &str = "8f5a2a5e-7e3b-4c47-9d6e-6d1f3c1f0a11";

pub(super) fn trace() -> TraceContext {
    TraceContext {
        trace_id: "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap(),
        id: "53995c3f42cd8ad8".parse().unwrap(),
        sampled: true,
        extras: Vec::new(),
    }
}

pub(super) fn report(outcome: Outcome) -> JobReport {
    JobReport {
        job: "logs".to_owned(),
        kind: "create-bucket".to_owned(),
        service: "nightly".to_owned(),
        bucket: Some("acme-logs".to_owned()),
        outcome,
        attempts: 1,
        retried: Vec::new(),
        duration: Duration::from_millis(84),
        partial_changes: Vec::new(),
        s3_request_ids: Vec::new(),
        request_id: Some(REQUEST_ID.to_owned()),
        trace_id: Some("1-5759e988-bd862e3fe1be46a994272793".to_owned()),
        segment_id: Some("53995c3f42cd8ad8".to_owned()),
        unsampled: false,
    }
}

pub(super) fn started<'a>(place: usize, job: &'a str, request_id: &'a str) -> Event<'a> {
    Event::Started {
        place,
        job,
        request_id,
        trace: None,
    }
}

pub(super) fn ended<T>(request_id: &str, is_done: bool, take: impl FnOnce(Event<'_>) -> T) -> T {
    let error = Failure {
        message: "access denied".to_owned(),
        ..Failure::default()
    };
    let mut report = report(match is_done {
        true => Outcome::Unchanged,
        false => Outcome::Failed { error },
    });
    report.request_id = Some(request_id.to_owned());
    take(Event::Ended {
        report: &report,
        usage: Usage {
            init_duration: None,
            memory_size_mb: 128,
            max_memory_used_mb: 20,
        },
        trace: None,
    })
}

#[test]
fn the_mode_follows_flag_environment_and_terminal() {
    use LogFormat::{Json, Text};
    let bars = |colour| Ok(Mode::Bars { colour });
    let term = ("TERM", "xterm");
    let format = |word| ("XRAY_ECS_LOG_FORMAT", word);
    let ecs = (
        "ECS_CONTAINER_METADATA_URI_V4",
        "http://169.254.170.2/v4/id",
    );
    let bad = Err("xml".parse::<LogFormat>().unwrap_err());
    for (flag, variables, is_terminal, mode) in [
        (None, vec![term], true, bars(true)),
        (None, vec![term, ("NO_COLOR", "1")], true, bars(false)),
        (None, vec![term, ("NO_COLOR", "")], true, bars(true)),
        (None, vec![term, ("CI", "true")], true, Ok(Mode::Lines)),
        (None, vec![("TERM", "dumb")], true, Ok(Mode::Lines)),
        (None, vec![], true, Ok(Mode::Lines)),
        (None, vec![term], false, Ok(Mode::Lines)),
        (None, vec![term, ecs], false, Ok(Mode::Json)),
        (None, vec![ecs, format("text")], false, Ok(Mode::Lines)),
        (None, vec![format("json"), term], true, Ok(Mode::Json)),
        (Some(Text), vec![format("json")], false, Ok(Mode::Lines)),
        (Some(Text), vec![ecs, term], true, bars(true)),
        (Some(Json), vec![term], true, Ok(Mode::Json)),
        (Some(Json), vec![format("xml")], true, Ok(Mode::Json)),
        (None, vec![format("xml")], false, bad),
    ] {
        let variable = |name: &str| {
            let found = variables.iter().find(|variable| variable.0 == name);
            found.map(|variable| variable.1.to_owned())
        };
        assert_eq!(
            Mode::choose(flag, variable, is_terminal),
            mode,
            "{flag:?} {variables:?} {is_terminal}"
        );
    }
}

/// What is written, and then a reader that has gone away.
#[derive(Clone, Default)]
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    is_closed: bool,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bytes.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn off_a_terminal_each_job_has_its_lines() {
    let pipe = Pipe::default();
    let progress = Progress::new(Mode::Lines, 1, pipe.clone());
    let watch = progress.watch();
    watch(started(0, "logs", REQUEST_ID));
    ended(REQUEST_ID, false, |event| watch(event));
    progress.note("a note");
    progress.finish();
    let told = String::from_utf8(pipe.bytes.lock().unwrap().clone()).unwrap();
    insta::assert_snapshot!("lines", told);
}

#[test]
fn a_closed_stderr_fails_nothing() {
    let pipe = Pipe {
        is_closed: true,
        ..Pipe::default()
    };
    for mode in [Mode::Lines, Mode::Json, Mode::Bars { colour: true }] {
        let progress = Progress::new(mode, 1, pipe.clone());
        let watch = progress.watch();
        watch(started(0, "logs", REQUEST_ID));
        ended(REQUEST_ID, false, |event| watch(event));
        progress.note("a note");
        assert!(progress.screen().write_all(b"a log line\n").is_ok());
        progress.finish();
    }
}

/// Runs an ignored test of this binary in a process of its own.
fn child_test(name: &str) -> String {
    let program = std::env::current_exe().unwrap();
    format!(
        "{} --ignored --nocapture --exact progress::tests::{name}",
        program.display()
    )
}

/// A terminal of the test's own, which ends with it.
struct Terminal {
    socket: std::path::PathBuf,
    _dir: tempfile::TempDir,
}

impl Terminal {
    /// Nothing where there is no tmux.
    fn open(command: &str) -> Option<Self> {
        let found = Command::new("tmux").arg("-V").output();
        found.ok()?;
        let dir = tempfile::tempdir().unwrap();
        let terminal = Self {
            socket: dir.path().join("tmux"),
            _dir: dir,
        };
        let command = format!("env -u CI -u NO_COLOR {command}");
        // It stays until it is asked to go, so that what is left of the bars can be seen.
        // What is typed is not to move the cursor.
        let command = format!("stty -echo; {command}; cat");
        let size = ["-x", "72", "-y", "24"];
        let opened = terminal.tmux(
            &[
                &["-f", "/dev/null", "new-session", "-d"][..],
                &size[..],
                &[&command],
            ]
            .concat(),
        );
        assert!(opened.status.success(), "{opened:?}");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The screen once it is as wanted; else as it is after half a minute.
    fn screen(&self, is_as_wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.tmux(&["capture-pane", "-p"]).stdout;
            let screen = String::from_utf8(screen).unwrap();
            if is_as_wanted(&screen) || Instant::now() > end {
                return screen;
            }
            std::thread::yield_now();
        }
    }

    fn press_enter(&self) {
        self.tmux(&["send-keys", "Enter"]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "who runs the tests is told what is not tested"
)]
fn bars_stand_beneath_the_lines_and_vanish_at_the_end() {
    let Some(terminal) = Terminal::open(&child_test("on_a_terminal")) else {
        eprintln!("skipped: there is no tmux");
        return;
    };
    let first = terminal.screen(|screen| screen.contains("attempt 2 › put tags"));
    let lines: Vec<&str> = first.lines().filter(|line| !line.is_empty()).collect();
    let bars = lines
        .iter()
        .position(|line| line.contains("1/3 jobs, 1 failed"));
    let bars = bars.unwrap_or_else(|| panic!("{first}"));
    assert!(lines[bars + 1].contains("photos"), "{first}");
    assert!(lines[bars - 1].contains("WARN"), "{first}");
    assert!(first.contains("job logs: failed in 84.0 ms"), "{first}");
    assert_eq!(first.matches("/3 jobs").count(), 1, "{first}");

    terminal.press_enter();
    let last = terminal.screen(|screen| screen.contains("over"));
    assert!(last.contains("job logs: failed in 84.0 ms"), "{last}");
    assert!(
        !last.contains("/3 jobs") && !last.contains("photos"),
        "{last}"
    );
    assert_eq!(last.matches("another follows").count(), 5, "{last}");
}

#[test]
#[ignore = "runs on the terminal of the test above"]
fn on_a_terminal() {
    let variable = |name: &str| std::env::var(name).ok();
    let mode = Mode::choose(None, variable, true).unwrap();
    let progress = Progress::new(mode, 3, io::stderr());
    let screen = progress.screen();
    let logs = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_writer(move || screen.clone());
    let subscriber = tracing_subscriber::registry()
        .with(progress.layer())
        .with(logs);
    subscriber.init();
    let watch = progress.watch();
    watch(started(0, "logs", "id-0"));
    watch(started(1, "photos", "id-1"));
    ended("id-0", false, |event| watch(event));
    let job = tracing::info_span!("invocation", job = "photos", request_id = "id-1");
    let attempt = tracing::info_span!(parent: &job, "attempt", xray.name = "attempt 2");
    let attempt = attempt.entered();
    assert_eq!(&*Invocation::current().unwrap().job, "photos");
    tracing::info_span!("observe").in_scope(|| {});
    for _ in 0..4 {
        tracing::warn!(parent: None, "another follows");
    }
    let step = tracing::info_span!("put tags").entered();
    tracing::warn!(parent: None, "another follows");
    io::stdin().read_line(&mut String::new()).unwrap();
    drop((step, attempt));
    ended("id-1", true, |event| watch(event));
    progress.finish();
    progress.note("over");
}
