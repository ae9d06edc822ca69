//! `xray-ecs export`: segment documents, one a line: from a store as they were sent, from X-Ray as it
//! answers them.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::bail;
use local_xray::StoreError;
use tracing_xray::TraceId;

use super::print;
use super::query::{Common, ask};
use crate::outcome::ExitStatus;
use crate::spec::Environment;
use crate::{local, query};

/// One JSON document a line, which `xray-ecs import` takes in again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The traces to export [default: all of the local X-Ray]
    #[arg(value_name = "TRACE_ID")]
    traces: Vec<TraceId>,

    /// Export from the state in DIR [default: AWS, or AWS_ENDPOINT_URL_XRAY]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let exported = match &args.local {
        Some(dir) => of_store(&local::open_traces(dir)?, &args.traces)?,
        None => return of_service(args, environment),
    };
    Ok(told(exported))
}

fn told(exported: u64) -> ExitStatus {
    if exported == 0 {
        print::note("no traces to export");
        return ExitStatus::Failed;
    }
    ExitStatus::Done
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Output(#[from] io::Error),
}

fn of_store(store: &local_xray::Store, traces: &[TraceId]) -> anyhow::Result<u64> {
    let (mut exported, mut failed) = (0, None);
    print::stream(|out| {
        let done = store.export(traces, |document| -> Result<(), Ended> {
            exported += 1;
            writeln!(out, "{document}")?;
            Ok(())
        });
        match done {
            Ok(_) => Ok(()),
            Err(Ended::Output(error)) => Err(error),
            Err(error @ Ended::Store(_)) => {
                failed = Some(error);
                Ok(())
            }
        }
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(exported),
    }
}

/// The documents that X-Ray answers, without the segments that it inferred itself.
fn of_service(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if args.traces.is_empty() {
        bail!("name the traces to export; --local exports all of a local run");
    }
    let common = Common::of_service();
    ask(&common, environment, async |client| {
        let ids: Vec<_> = args.traces.iter().map(TraceId::to_string).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut exported = 0;
        for trace in query::traces(client, &ids).await? {
            for document in query::documents(&trace) {
                print::result(&format!("{document}\n"))?;
                exported += 1;
            }
        }
        Ok(told(exported))
    })
}
