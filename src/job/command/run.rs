//! Starts a program, feeds and reads it, and says how it ended.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;
use tracing::{Span, field, info_span};
use tracing_xray::{Exception, SpanExt as _, in_span, legal_name};

use super::capture::Capture;
use super::error::{CommandError, SpawnFault};
use super::group::Group;
use super::text::last_lines;
use super::{CommandContext, CommandOutput, CommandSpec, StdinSpec, Stream};

/// The variable that AWS's SDKs read their parent from.
const TRACE_VARIABLE: &str = "_X_AMZN_TRACE_ID";

/// Runs the program to its end, or until `stop` is done: then its process group gets SIGTERM, and
/// SIGKILL after the grace. Dropped before, it and its process group are killed at once.
///
/// # Errors
/// It could not be started, ended without success, or was stopped.
pub(super) async fn run_until(
    spec: &CommandSpec,
    context: &CommandContext<'_>,
    stop: impl Future<Output = ()>,
) -> Result<CommandOutput, CommandError> {
    let Some(program) = spec.command.first() else {
        return Err(CommandError::Spawn {
            program: String::new(),
            fault: SpawnFault::NoProgram,
        });
    };
    let file_name = program.rsplit('/').next().unwrap_or(program);
    let name = legal_name(file_name);
    let span = info_span!(
        "command",
        xray.name = &*name,
        program,
        pid = field::Empty,
        exit_code = field::Empty,
    );
    let mut result = in_span(span.clone(), run_process(program, spec, context, stop)).await;
    let output = match &mut result {
        Ok(output) => Some(output),
        Err(error) => error.output_mut(),
    };
    if let Some(output) = output {
        output.stdout.text = (context.redact)(&output.stdout.text);
        output.stderr.text = (context.redact)(&output.stderr.text);
    }
    tell(&span, &result);
    result
}

async fn run_process(
    program: &str,
    spec: &CommandSpec,
    context: &CommandContext<'_>,
    stop: impl Future<Output = ()>,
) -> Result<CommandOutput, CommandError> {
    let mut child = spawn(program, spec, context)?;
    // Declared after the child, so dropped before it: the group is killed while its leader, not
    // yet waited for, still keeps its number from being given to others.
    let group = Group::of(&child);
    Span::current().record("pid", child.id().unwrap_or_default());

    let len_max = spec.output_len_max;
    let mut stdout = Capture::new(Stream::Stdout, len_max, context.lines.clone());
    let mut stderr = Capture::new(Stream::Stderr, len_max, context.lines.clone());
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (status, stopped) = {
        let mut feeding = pin!(feed(pipes.0, spec.stdin.as_ref()));
        let mut reading = pin!(async {
            tokio::join!(stdout.read(pipes.1), stderr.read(pipes.2));
        });
        let mut stop = pin!(stop);
        let (mut is_fed, mut is_read) = (false, false);
        let status = loop {
            tokio::select! {
                status = child.wait() => break Some(status),
                () = &mut stop => break None,
                () = &mut feeding, if !is_fed => is_fed = true,
                () = &mut reading, if !is_read => is_read = true,
            }
        };
        let mut read_within = async |limit| {
            if !is_read {
                let _ = timeout(limit, &mut reading).await;
            }
        };
        if let Some(status) = status {
            read_within(context.pipe_wait).await;
            drop(group); // what the program left behind ends with the job
            (status, None)
        } else {
            // It may have to write before it ends.
            let limit = context.grace + context.pipe_wait;
            let terminated = group.terminate(&mut child, context.grace);
            let (is_killed, ()) = tokio::join!(terminated, read_within(limit));
            (child.wait().await, Some(is_killed))
        }
    };
    let output = |status: &ExitStatus| CommandOutput {
        exit_code: status.code(),
        stdout: stdout.finish(),
        stderr: stderr.finish(),
    };
    conclude(program, spec, status, stopped, output)
}

/// What the program's end means. `stopped` tells, of one that was stopped, whether it was killed.
fn conclude(
    program: &str,
    spec: &CommandSpec,
    status: io::Result<ExitStatus>,
    stopped: Option<bool>,
    output: impl FnOnce(&ExitStatus) -> CommandOutput,
) -> Result<CommandOutput, CommandError> {
    let program = program.to_owned();
    let status = match status {
        Ok(status) => status,
        Err(source) => return Err(CommandError::Wait { program, source }),
    };
    let output = output(&status);
    let is_success = |code| u8::try_from(code).is_ok_and(|code| spec.success_codes.contains(&code));
    match (stopped, status.code(), status.signal()) {
        (Some(is_killed), ..) => Err(CommandError::Stopped {
            program,
            is_killed,
            output: Box::new(output),
        }),
        (None, Some(code), _) if is_success(code) => Ok(output),
        (None, Some(code), _) => Err(CommandError::ExitCode {
            program,
            code,
            output: Box::new(output),
        }),
        (None, None, signal) => Err(CommandError::Signal {
            program,
            signal: signal.unwrap_or_default(),
            output: Box::new(output),
        }),
    }
}

fn spawn(
    program: &str,
    spec: &CommandSpec,
    context: &CommandContext<'_>,
) -> Result<Child, CommandError> {
    let mut command = Command::new(program);
    command
        .args(&spec.command[1..])
        .stdin(if spec.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if !spec.inherit_environment {
        command.env_clear();
    }
    command.envs(context.variables.iter().map(|(name, value)| (name, value)));
    if let Some(trace) = Span::current().trace_context() {
        command.env(TRACE_VARIABLE, trace.header().to_string());
    }
    command.envs(&spec.environment);
    if let Some(directory) = &spec.working_directory {
        command.current_dir(directory);
    }
    command.spawn().map_err(|error| CommandError::Spawn {
        program: program.to_owned(),
        fault: SpawnFault::new(spec, searched_path(spec, context), error),
    })
}

/// The PATH that the program was looked for in.
fn searched_path(spec: &CommandSpec, context: &CommandContext<'_>) -> Option<String> {
    let handed_on = || {
        let mut variables = context.variables.iter();
        variables.find_map(|(name, value)| (name == "PATH").then_some(value.as_str()))
    };
    let inherited = || context.path.filter(|_| spec.inherit_environment);
    let own = spec.environment.get("PATH").map(String::as_str);
    own.or_else(handed_on).or_else(inherited).map(str::to_owned)
}

/// Writes the input. A program that closes it early has read enough.
async fn feed(pipe: Option<ChildStdin>, stdin: Option<&StdinSpec>) {
    let (Some(mut pipe), Some(stdin)) = (pipe, stdin) else {
        return;
    };
    let written = match stdin {
        StdinSpec::Text(text) => pipe.write_all(text.as_bytes()).await,
        StdinSpec::Json(value) => pipe.write_all(format!("{value}\n").as_bytes()).await,
    };
    if let Err(error) = written {
        tracing::debug!("standard input was not read to its end: {error}");
    }
}

/// Tells the program's subsegment how it ended.
fn tell(span: &Span, result: &Result<CommandOutput, CommandError>) {
    let output = match result {
        Ok(output) => Some(output),
        Err(error) => error.output(),
    };
    if let Some(code) = output.and_then(|output| output.exit_code) {
        span.record("exit_code", code);
    }
    span.edit_entity(|entity| {
        for (key, stream) in output
            .iter()
            .flat_map(|output| [("stdout", &output.stdout), ("stderr", &output.stderr)])
        {
            if stream.len > 0 {
                let told = json!({ "bytes": stream.len, "last_lines": last_lines(&stream.text) });
                entity.add_metadata("default", key, told);
            }
        }
        if let Err(error) = result {
            let mut exceptions = Exception::chain(error);
            if let Some(first) = exceptions.first_mut() {
                first.type_name = Some(error.type_name().to_owned());
            }
            entity.fault = true;
            entity.add_exceptions(exceptions);
        }
    });
}
