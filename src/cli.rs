//! The command line: arguments in, an exit code out. One file a command.

#[cfg(any(feature = "local", feature = "schedule"))]
mod amount;
#[cfg(feature = "local")]
mod completions;
mod daemon;
#[cfg(feature = "local")]
mod export;
#[cfg(feature = "local")]
mod import;
#[cfg(feature = "local")]
mod local;
mod print;
#[cfg(feature = "local")]
mod query;
mod run;
#[cfg(feature = "schedule")]
mod schedule;
mod schema;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

use crate::job::Handlers;
use crate::outcome::ExitStatus;
use crate::spec::Environment;

/// Batch jobs on ECS on a schedule, every one of them visible in AWS X-Ray.
#[derive(Debug, Parser)]
#[command(name = "xray-ecs", version = env!("XRAY_ECS_VERSION"), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run jobs, each in an X-Ray segment of its own
    Run(Box<run::Args>),
    /// The X-Ray daemon: segments in by UDP, uploaded to X-Ray
    Daemon(Box<daemon::Args>),
    /// A local S3, X-Ray daemon and X-Ray, until stopped
    #[cfg(feature = "local")]
    Local(local::Args),
    /// List traces
    #[cfg(feature = "local")]
    Traces(query::traces::Args),
    /// Show a trace: its timeline, annotations and errors
    #[cfg(feature = "local")]
    Trace(query::trace::Args),
    /// Show the service map
    #[cfg(feature = "local")]
    Map(query::map::Args),
    /// List runs, or show one with its jobs
    #[cfg(feature = "local")]
    Runs(query::runs::Args),
    /// List jobs, or show the history of one
    #[cfg(feature = "local")]
    Jobs(query::jobs::Args),
    /// List what a local X-Ray refused and how to mend it, and what daemons counted
    #[cfg(feature = "local")]
    Rejects(query::rejects::Args),
    /// Write segment documents, one a line
    #[cfg(feature = "local")]
    Export(export::Args),
    /// Take segment documents, one a line, into a local X-Ray
    #[cfg(feature = "local")]
    Import(import::Args),
    /// EventBridge schedules for tasks on ECS, as code
    #[cfg(feature = "schedule")]
    Schedule(Box<schedule::Args>),
    /// Print the JSON Schema of a file
    Schema(schema::Args),
    /// Print the script that completes this command line in a shell
    #[cfg(feature = "local")]
    Completions(completions::Args),
}

/// Runs the program with the process's arguments and environment, and with these job kinds beside its
/// own.
pub(crate) fn main(handlers: Arc<Handlers>) -> ExitCode {
    // Prints its own errors and exits with 2 when the arguments are wrong.
    let cli = Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    let environment = Environment::from_os(std::env::vars_os());
    let ended_with = match cli.command {
        #[cfg(feature = "schedule")]
        Command::Schedule(args) => {
            return ended(schedule::run(&args, &environment));
        }
        Command::Run(args) => run::run(
            &args,
            &run::Surroundings {
                environment: &environment,
                kinds: handlers.kinds(),
                handlers,
            },
        ),
        Command::Daemon(args) => daemon::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Local(args) => local::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Traces(args) => query::traces::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Trace(args) => query::trace::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Map(args) => query::map::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Runs(args) => query::runs::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Jobs(args) => query::jobs::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Rejects(args) => query::rejects::run(&args),
        #[cfg(feature = "local")]
        Command::Export(args) => export::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Import(args) => import::run(&args),
        Command::Schema(args) => schema::run(&args, &handlers.kinds()),
        #[cfg(feature = "local")]
        Command::Completions(args) => completions::run(&args),
    };
    ended(ended_with.map(ExitStatus::code))
}

/// Tells what is wrong with the arguments and exits; also of a command that another build has, and of
/// a directory after `--local`.
fn refuse(error: &clap::Error) -> ! {
    if let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::UnknownArgument
        && std::env::args().any(|arg| arg == "--local")
        && !argument.starts_with('-')
    {
        print::error(&anyhow!(
            "unexpected argument '{argument}': for the state of a local run write --local={argument}"
        ));
        std::process::exit(ExitStatus::NotStarted.code().into());
    }
    if let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(feature) = feature_of(name)
    {
        print::error(&anyhow!(
            "this program was built without `{name}`: build it with the feature `{feature}`, an image with \
             --build-arg FEATURES={feature}"
        ));
        std::process::exit(ExitStatus::NotStarted.code().into());
    }
    error.exit()
}

/// The feature that a command which is not in this program comes with.
fn feature_of(command: &str) -> Option<&'static str> {
    match command {
        "schedule" => Some("schedule"),
        "completions" | "export" | "import" | "jobs" | "local" | "map" | "rejects" | "runs"
        | "trace" | "traces" => Some("local"),
        _ => None,
    }
}

/// The code to exit with; an error is told.
fn ended(code: anyhow::Result<u8>) -> ExitCode {
    ExitCode::from(code.unwrap_or_else(|error| {
        print::error(&error);
        ExitStatus::NotStarted.code()
    }))
}
