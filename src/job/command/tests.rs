//! Real processes: how they are fed, read, timed and ended.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::time::Instant;

use rustix::process::{Pid, test_kill_process};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tracing_subscriber::layer::SubscriberExt as _;

use super::run::run_until;
use super::*;

/// Far more than anything here takes, so that only a hang meets it.
const LIMIT: Duration = Duration::from_secs(30);

fn spec(command: &[&str]) -> CommandSpec {
    serde_json::from_value(json!({ "command": command })).unwrap()
}

fn shell(script: &str) -> CommandSpec {
    spec(&["sh", "-c", script])
}

fn context() -> CommandContext<'static> {
    CommandContext {
        redact: &str::to_owned,
        variables: &[],
        path: Some("/the/path"),
        lines: None,
        grace: LIMIT,
        pipe_wait: LIMIT,
    }
}

async fn run_here(spec: &CommandSpec) -> Result<CommandOutput, CommandError> {
    let context = CommandContext {
        grace: GRACE_DEFAULT,
        pipe_wait: PIPE_WAIT_DEFAULT,
        ..context()
    };
    tokio::time::timeout(LIMIT, run_to_end(spec, &context))
        .await
        .unwrap()
}

/// Lines as they come.
fn lines() -> (LineSink, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (
        Arc::new(move |_, line| sender.send(line.to_owned()).unwrap()),
        receiver,
    )
}

/// Whether a process runs: one that has ended but that nobody has waited for does not.
/// Runs the program; nobody stops it.
async fn run_to_end(
    spec: &CommandSpec,
    context: &CommandContext<'_>,
) -> Result<CommandOutput, CommandError> {
    run_until(spec, context, std::future::pending()).await
}

fn runs(id: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat"));
    let is_zombie = state.is_ok_and(|stat| {
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.starts_with('Z')
    });
    !is_zombie && test_kill_process(Pid::from_raw(id).unwrap()).is_ok()
}

/// SIGKILL is sent when a call returns; the kernel may take a moment more.
fn has_ended(id: i32) -> bool {
    let start = Instant::now();
    while runs(id) && start.elapsed() < LIMIT {
        std::thread::yield_now();
    }
    !runs(id)
}

#[tokio::test]
async fn a_program_gets_its_arguments_environment_directory_and_input() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let mut spec = shell(r#"cat; echo "$0 $OWN $HANDED_ON $BOTH"; pwd; echo warn >&2"#);
    spec.command.push("argument".into());
    spec.environment = [("OWN", "own"), ("BOTH", "of the job")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    spec.working_directory = Some(directory.to_str().unwrap().to_owned());
    spec.stdin = Some(StdinSpec::Json(json!({ "a": [1] })));
    let variables = [("HANDED_ON", "handed on"), ("BOTH", "of the run")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = CommandContext {
        variables: &variables,
        ..context()
    };
    let output = run_to_end(&spec, &context).await.unwrap();
    let expected = format!(
        "{{\"a\":[1]}}\nargument own handed on of the job\n{}\n",
        directory.display()
    );
    assert_eq!(output.stdout.text, expected);
    assert_eq!(output.stderr.text, "warn\n");
    assert!(output.stdout.is_complete && output.stderr.is_complete);
    assert_eq!(output.exit_code, Some(0));
}

#[tokio::test]
async fn the_environment_of_the_run_can_be_kept_from_it() {
    let mut spec = spec(&["/usr/bin/env"]);
    let inherited = run_here(&spec).await.unwrap().stdout.text;
    assert!(inherited.contains("PATH="), "{inherited}");
    spec.inherit_environment = false;
    spec.environment.insert("A".into(), "1".into());
    assert_eq!(run_here(&spec).await.unwrap().stdout.text, "A=1\n");
}

#[tokio::test]
async fn much_goes_in_and_out_at_once() {
    let mut spec = spec(&["cat"]);
    let text = "0123456789abcde\n".repeat(5 * 1024 * 1024 / 16);
    spec.stdin = Some(StdinSpec::Text(text.clone()));
    spec.output_len_max = 64;
    let output = run_here(&spec).await.unwrap();
    assert_eq!(output.stdout.len, text.len() as u64);
    let half = "0123456789abcde\n".repeat(2);
    let expected = format!(
        "{half}\n[... {} bytes left out ...]\n{half}",
        text.len() - 64
    );
    assert_eq!(output.stdout.text, expected);
}

#[tokio::test]
async fn input_that_is_not_read_is_no_error() {
    for script in ["exit 0", "exec <&-; echo done", "read -r line; echo $line"] {
        let mut spec = shell(script);
        spec.stdin = Some(StdinSpec::Text("line\n".repeat(1024 * 1024)));
        assert_eq!(
            run_here(&spec).await.unwrap().exit_code,
            Some(0),
            "{script}"
        );
    }
}

#[tokio::test]
async fn an_exit_code_is_a_failure_that_tells_the_last_words() {
    let spec = shell("echo out; printf 'first\\n\\033[31mbad\\007 thing\\033[0m\\n' >&2; exit 3");
    let error = run_here(&spec).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`sh` exited with code 3: first | bad  thing"
    );
    assert_eq!(error.type_name(), "ExitCode");
    assert!(error.may_pass());
    assert_eq!(error.output().unwrap().stdout.text, "out\n");
    let error = run_here(&shell("echo only out; exit 1")).await.unwrap_err();
    assert_eq!(error.to_string(), "`sh` exited with code 1: only out");
}

#[tokio::test]
async fn other_codes_may_be_a_success() {
    let mut spec = shell("exit 3");
    spec.success_codes = vec![0, 3];
    assert_eq!(run_here(&spec).await.unwrap().exit_code, Some(3));
    spec.success_codes = vec![7];
    assert!(run_here(&spec).await.is_err());
    assert!(
        run_here(&{
            let mut spec = shell("exit 0");
            spec.success_codes = vec![7];
            spec
        })
        .await
        .is_err()
    );
}

#[tokio::test]
async fn a_signal_is_named() {
    let error = run_here(&shell("kill -KILL $$")).await.unwrap_err();
    assert_eq!(error.to_string(), "`sh` was killed by SIGKILL");
    assert_eq!((error.type_name(), error.may_pass()), ("Signal", true));
}

#[tokio::test]
async fn what_cannot_be_started_says_what_to_mend() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let no_interpreter = file("script", "#!/no/such/interpreter\n", 0o755);
    let not_executable = file("text", "text", 0o644);
    let mut nowhere = spec(&["true"]);
    nowhere.working_directory = Some("/no/such/directory".into());
    for (spec, expected) in [
        (
            spec(&["no-such-program"]),
            "start `no-such-program`: not found in PATH (/the/path): install it in the image, or write its whole path",
        ),
        (
            spec(&["/no/such/program"]),
            "start `/no/such/program`: no such file: check the path, and that the image holds it",
        ),
        (
            spec(&[&no_interpreter]),
            "the interpreter or loader that it names does not exist: check its first line",
        ),
        (
            spec(&[&not_executable]),
            "permission denied: make it executable, and its directories readable, for this user",
        ),
        (
            nowhere,
            "start `true`: working directory `/no/such/directory` is no directory: make it, or mend `working_directory`",
        ),
        (spec(&[]), "start ``: the command is empty, name a program"),
    ] {
        let error = run_here(&spec).await.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!((error.type_name(), error.may_pass()), ("Spawn", false));
    }
}

#[tokio::test]
async fn lines_come_while_it_runs() {
    let (sink, mut lines) = lines();
    // It goes on only when its first line was seen.
    let fifo = tempfile::tempdir().unwrap();
    let path = fifo.path().join("go");
    let spec = shell(&format!(
        "mkfifo {0}; echo ready; read -r go < {0}; echo $go",
        path.display()
    ));
    let context = CommandContext {
        lines: Some(sink),
        ..context()
    };
    let answer = async {
        assert_eq!(lines.recv().await.unwrap(), "ready");
        tokio::task::spawn_blocking(move || std::fs::write(path, "go on\n").unwrap())
            .await
            .unwrap();
        assert_eq!(lines.recv().await.unwrap(), "go on");
    };
    let (output, ()) = tokio::time::timeout(LIMIT, async {
        tokio::join!(run_to_end(&spec, &context), answer)
    })
    .await
    .unwrap();
    assert_eq!(output.unwrap().stdout.text, "ready\ngo on\n");
}

/// Stops the program when its first line comes; answers that line and how it ended.
async fn stop_at_first_line(script: &str, grace: Duration) -> (String, CommandError) {
    let (sink, mut lines) = lines();
    let spec = shell(script);
    let context = CommandContext {
        lines: Some(sink),
        grace,
        ..context()
    };
    let (first, line) = oneshot::channel();
    let stop = async { first.send(lines.recv().await.unwrap()).unwrap() };
    let ended = tokio::time::timeout(LIMIT, run_until(&spec, &context, stop))
        .await
        .unwrap();
    (line.await.unwrap(), ended.unwrap_err())
}

#[tokio::test]
async fn a_stop_lets_a_program_clean_up() {
    let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let (_, error) = stop_at_first_line(script, LIMIT).await;
    // Of its `sleep`, which got the signal as well, the shell may say something on standard error.
    assert!(
        error.to_string().starts_with("`sh` was stopped: "),
        "{error}"
    );
    assert_eq!(error.output().unwrap().stdout.text, "ready\nbye\n");
    assert!(matches!(
        error,
        CommandError::Stopped {
            is_killed: false,
            ..
        }
    ));
    assert_eq!(error.output().unwrap().exit_code, Some(0));
}

#[tokio::test]
async fn a_stop_kills_a_grandchild_that_ignores_it() {
    let script = "(trap '' TERM; exec sleep 1000) & echo $!; wait";
    let (line, error) = stop_at_first_line(script, Duration::from_millis(50)).await;
    assert!(
        matches!(
            error,
            CommandError::Stopped {
                is_killed: true,
                ..
            }
        ),
        "{error}"
    );
    assert!(has_ended(line.parse().unwrap()));
    assert!(error.output().unwrap().stdout.is_complete);
}

#[tokio::test]
async fn a_dropped_program_is_killed_with_all_it_started() {
    let (sink, mut lines) = lines();
    let spec = shell("(trap '' TERM; exec sleep 1000) & echo $!; echo $$; wait");
    let context = CommandContext {
        lines: Some(sink),
        ..context()
    };
    let two_lines = async { [lines.recv().await.unwrap(), lines.recv().await.unwrap()] };
    let ids = tokio::select! {
        ended = run_to_end(&spec, &context) => panic!("{ended:?}"),
        ids = two_lines => ids,
    };
    for id in ids {
        assert!(has_ended(id.parse().unwrap()));
    }
}

#[tokio::test]
async fn a_process_left_behind_holds_nothing_up_and_ends_with_the_job() {
    let spec = shell("sleep 1000 & echo $!");
    let context = CommandContext {
        pipe_wait: Duration::from_millis(50),
        ..context()
    };
    let output = tokio::time::timeout(LIMIT, run_to_end(&spec, &context))
        .await
        .unwrap()
        .unwrap();
    let left_behind: i32 = output.stdout.text.trim().parse().unwrap();
    assert!(!output.stdout.is_complete);
    assert!(has_ended(left_behind));
}

#[tokio::test]
async fn no_zombies_are_left() {
    let seen = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&seen);
    let lines: LineSink = Arc::new(move |_, line| line.clone_into(&mut sink.lock().unwrap()));
    let context = CommandContext {
        lines: Some(lines),
        ..context()
    };
    run_to_end(&shell("echo $$"), &context).await.unwrap();
    let id = seen.lock().unwrap().parse().unwrap();
    assert!(test_kill_process(Pid::from_raw(id).unwrap()).is_err());
}

#[tokio::test]
async fn the_program_is_a_subsegment_and_the_parent_of_what_it_traces() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_read_timeout(Some(LIMIT)).unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let variable = |name: &str| (name == "AWS_XRAY_DAEMON_ADDRESS").then(|| address.clone());
    let settings = tracing_xray::Settings::from_env(variable).unwrap();
    let (emitter, guard) = tracing_xray::Emitter::start(&settings, Default::default()).unwrap();
    let layer = tracing_xray::layer(emitter, &settings, Default::default());
    let subscriber = tracing_subscriber::registry().with(layer);
    // With a single dispatcher alive, tracing asks the thread that meets a span first whether it is
    // wanted, and that may be a test beside this one, which has no subscriber. With two, it asks
    // all dispatchers.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing::subscriber::set_default(subscriber);
    let job = tracing::info_span!("job", xray.segment = "job");
    let spec = shell("echo $_X_AMZN_TRACE_ID; echo went wrong >&2; exit 4");
    let error = tracing_xray::in_span(job, run_here(&spec))
        .await
        .unwrap_err();
    drop(subscriber);
    guard.close();

    let mut datagram = vec![0; 65_536];
    let len = daemon.recv(&mut datagram).unwrap();
    let body = datagram[..len].split(|byte| *byte == b'\n').nth(1).unwrap();
    let segment: serde_json::Value = serde_json::from_slice(body).unwrap();
    let command = &segment["subsegments"][0];
    assert_eq!(command["name"], "sh");
    assert_eq!(command["fault"], true);
    assert_eq!(command["annotations"]["program"], "sh");
    assert_eq!(command["annotations"]["exit_code"], 4);
    assert!(
        command["annotations"]["pid"]
            .as_u64()
            .is_some_and(|pid| pid > 1)
    );
    assert_eq!(
        command["metadata"]["default"]["stderr"]["last_lines"],
        "went wrong"
    );
    assert_eq!(command["cause"]["exceptions"][0]["type"], "ExitCode");
    let header = error.output().unwrap().stdout.text.trim();
    let expected = format!(
        "Root={};Parent={};Sampled=1",
        segment["trace_id"].as_str().unwrap(),
        command["id"].as_str().unwrap()
    );
    assert_eq!(header, expected);
}

#[test]
fn a_spec_is_read_with_its_defaults_and_unknown_fields_are_errors() {
    let spec = spec(&["true"]);
    assert!(spec.inherit_environment && spec.stdin.is_none());
    assert_eq!(spec.success_codes, [0]);
    assert_eq!(spec.output_len_max, 64 * 1024);
    assert!(spec.faults().is_empty());
    let text = r#"{ "command": ["true"], "enviroment": {} }"#;
    let error = serde_json::from_str::<CommandSpec>(text).unwrap_err();
    assert!(error.to_string().contains("enviroment"), "{error}");
}

#[test]
fn all_faults_are_told_at_once() {
    let spec: CommandSpec = serde_json::from_value(json!({
        "command": ["", "a\0b"],
        "environment": { "A=B": "", "C": "\0" },
        "working_directory": "",
        "success_codes": [],
        "output_len_max": OUTPUT_LEN_MAX + 1,
    }))
    .unwrap();
    let fields: Vec<&str> = spec.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        [
            "command",
            "command",
            "environment",
            "environment",
            "working_directory",
            "success_codes",
            "output_len_max"
        ]
    );
}

#[test]
fn the_schema_tells_each_field() {
    let schema = schemars::schema_for!(CommandSpec).to_value();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), 7);
    assert!(
        properties
            .values()
            .all(|property| property["description"].is_string()),
        "{schema:#}"
    );
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["command"]));
}
