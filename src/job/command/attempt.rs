//! One attempt at a command job: what the program gets from the run, and what is made of its end.

use std::sync::Arc;

use serde_json::json;

use super::run::run_until;
use super::{
    CommandContext, CommandError, CommandSpec, GRACE_DEFAULT, LineSink, PIPE_WAIT_DEFAULT,
};
use crate::job::{Attempt, Done, Mode, Resources};
use crate::spec::JobSpec;

/// Runs the program. A plan runs none: nobody knows what it would change.
///
/// # Errors
/// It could not be started, ended without success, or was stopped.
pub(crate) async fn attempt(
    command: &CommandSpec,
    job: &JobSpec,
    attempt: &Attempt<'_>,
    resources: &Resources,
) -> Result<Done, CommandError> {
    let change = format!("run {}", job.redact(&command.command.join(" ")));
    if attempt.mode == Mode::Plan {
        return Ok(Done {
            diff: vec![format!("+ {change}")],
            changes: vec![change],
            ..Done::default()
        });
    }
    let variables = variables(attempt, resources);
    let redact = |text: &str| job.redact(text);
    let lines: LineSink = {
        let job = job.clone();
        Arc::new(move |stream, line| tracing::debug!(?stream, "{}", job.redact(line)))
    };
    let context = CommandContext {
        variables: &variables,
        path: resources.path.as_deref(),
        redact: &redact,
        lines: Some(lines),
        grace: GRACE_DEFAULT,
        pipe_wait: PIPE_WAIT_DEFAULT,
    };
    let output = run_until(command, &context, attempt.cancelled()).await?;
    Ok(Done {
        changes: vec![change],
        output: Some(json!({ "exit_code": output.exit_code })),
        ..Done::default()
    })
}

/// What the run hands on: where its services are, and what the attempt is.
fn variables(attempt: &Attempt<'_>, resources: &Resources) -> Vec<(String, String)> {
    let context = attempt.context;
    let of_attempt = [
        ("JOB_NAME", context.job.clone()),
        ("JOB_RUN_ID", context.run_id.clone()),
        ("JOB_REQUEST_ID", context.request_id.clone()),
        ("JOB_ATTEMPT", context.attempt.to_string()),
        (
            "JOB_DEADLINE_MS",
            context.deadline.timestamp_millis().to_string(),
        ),
    ];
    let of_attempt = of_attempt.map(|(name, value)| (name.to_owned(), value));
    let of_run = resources.environment.iter();
    of_run
        .map(|(name, value)| (name.clone(), value.clone()))
        .chain(of_attempt)
        .collect()
}
