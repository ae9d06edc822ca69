//! `xray-ecs schema`: what other programs need to know of our files.

use clap::Subcommand;

use super::print;
use crate::outcome::ExitStatus;
use crate::spec::{CustomKinds, job_file_schema};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    file: FileType,
}

#[derive(Debug, Subcommand)]
enum FileType {
    /// The JSON Schema of the job file, for editors: `xray-ecs schema job > job.schema.json`, and in
    /// the job file `"$schema": "job.schema.json"`
    Job,
    /// The JSON Schema of the schedule file, likewise
    #[cfg(feature = "schedule")]
    Schedule,
}

pub(crate) fn run(args: &Args, kinds: &CustomKinds) -> anyhow::Result<ExitStatus> {
    match args.file {
        FileType::Job => print::json(&job_file_schema(kinds))?,
        #[cfg(feature = "schedule")]
        FileType::Schedule => print::json(&scheduler::file::schema())?,
    }
    Ok(ExitStatus::Done)
}
