//! `xray-ecs schedule`: EventBridge rules for tasks on ECS, from a file. One file a command.

mod apply;
mod audit;
mod confirm;
mod delete;
mod diff;
mod dump;
mod next;
mod run;
mod source;
mod validate;

use std::future::Future;

use anyhow::Context as _;
use clap::Subcommand;

use crate::outcome::ExitStatus;
use crate::spec::Environment;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a schedule file; with --aws also against what is on AWS
    Validate(validate::Args),
    /// Show when the rules of a file, or an expression, fire next
    Next(next::Args),
    /// Show what differs between a schedule file and AWS
    Diff(diff::Args),
    /// Make the rules on AWS what the file says
    Apply(apply::Args),
    /// Delete the rules of a schedule file on AWS
    Delete(delete::Args),
    /// Write the schedules that are on AWS as a schedule file
    Dump(dump::Args),
    /// Start the tasks of a rule now, wait for them and show their log
    Run(run::Args),
    /// Hold the firings that were due against the runs that there were
    Audit(audit::Args),
}

/// Runs the command; answers the exit code, which of `run` is the worker's.
pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<u8> {
    let code = |status: anyhow::Result<ExitStatus>| status.map(ExitStatus::code);
    match &args.command {
        Command::Validate(args) => code(validate::run(args, environment)),
        Command::Next(args) => code(next::run(args, environment)),
        Command::Diff(args) => code(diff::run(args, environment)),
        Command::Apply(args) => code(apply::run(args, environment)),
        Command::Delete(args) => code(delete::run(args, environment)),
        Command::Dump(args) => code(dump::run(args, environment)),
        Command::Run(args) => run::run(args, environment),
        Command::Audit(args) => code(audit::run(args, environment)),
    }
}

/// Waits for what a command does on AWS.
fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(work)
}
