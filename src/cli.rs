//! The command line: arguments in, an exit code out. One file a command.

mod daemon;
#[cfg(feature = "local")]
mod local;
mod print;
#[cfg(feature = "local")]
mod query;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::outcome::ExitStatus;
use crate::spec::Environment;

/// Batch jobs on ECS on a schedule, every one of them visible in AWS X-Ray.
#[derive(Debug, Parser)]
#[command(name = "xray-ecs", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run jobs, each in an X-Ray segment of its own
    Run(run::Args),
    /// The X-Ray daemon: segments in by UDP, uploaded to X-Ray
    Daemon(daemon::Args),
    /// A local S3, X-Ray daemon and X-Ray, until stopped
    #[cfg(feature = "local")]
    Local(local::Args),
    /// List traces
    #[cfg(feature = "local")]
    Traces(query::TracesArgs),
    /// Show a trace: its timeline, annotations and errors
    #[cfg(feature = "local")]
    Trace(query::TraceArgs),
    /// Show the service map
    #[cfg(feature = "local")]
    Map(query::MapArgs),
}

/// Runs the program with the process's arguments and environment.
pub fn main() -> ExitCode {
    // Prints its own errors and exits with 2 when the arguments are wrong.
    let cli = Cli::parse();
    let environment = Environment::from_os(std::env::vars_os());
    let ended = match cli.command {
        Command::Run(args) => run::run(&args, &environment),
        Command::Daemon(args) => daemon::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Local(args) => local::run(&args, &environment),
        #[cfg(feature = "local")]
        Command::Traces(args) => query::traces(&args, &environment),
        #[cfg(feature = "local")]
        Command::Trace(args) => query::trace(&args, &environment),
        #[cfg(feature = "local")]
        Command::Map(args) => query::map(&args, &environment),
    };
    let status = ended.unwrap_or_else(|error| {
        print::error(&error);
        ExitStatus::NotStarted
    });
    ExitCode::from(status.code())
}
