//! `xray-ecs import`: segment documents, one a line, into a local X-Ray.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use anyhow::Context as _;
use local_xray::Store;
use serde_json::Value;
use tracing_xray::Clock;

use super::print;
use crate::local;
use crate::outcome::ExitStatus;
use crate::view::count;

/// How many documents are stored at once.
const BATCH: usize = 500;

/// How many refused lines are told one by one.
const REFUSED_MAX: usize = 20;

/// Lines that X-Ray would refuse are told and left out; all others are taken in.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of segment documents, one JSON document a line [default: standard input]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,

    /// Import into the state in DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_value = ".xray-ecs", default_missing_value = ".xray-ecs")]
    local: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let name = args.file.display();
    let source: Box<dyn BufRead> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.file).with_context(|| format!("open {name}"))?;
        Box::new(BufReader::new(file))
    };
    let mut import = Import {
        store: local::make_traces(&args.local)?,
        lines: Vec::new(),
        documents: 0,
        traces: BTreeSet::new(),
        refused: 0,
    };
    for (index, line) in source.split(b'\n').enumerate() {
        let line = line.with_context(|| format!("read {name}"))?;
        // What is no text is no document either.
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            import.lines.push((index + 1, line.trim().to_owned()));
        }
        if import.lines.len() == BATCH {
            import.store_lines()?;
        }
    }
    import.store_lines()?;
    import.told()
}

struct Import {
    store: Store,
    /// Lines to be stored, with their numbers.
    lines: Vec<(usize, String)>,
    documents: u64,
    traces: BTreeSet<String>,
    refused: u64,
}

impl Import {
    fn store_lines(&mut self) -> anyhow::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        let documents: Vec<_> = lines.iter().map(|(_, document)| document).collect();
        let refused = self
            .store
            .put_trace_segments(&documents, Clock::System.now())?;
        let mut refused = refused.into_iter().peekable();
        for (index, (number, document)) in lines.iter().enumerate() {
            if let Some(refusal) = refused.next_if(|refusal| refusal.index == index) {
                self.refused += 1;
                if self.refused <= REFUSED_MAX as u64 {
                    print::foreign(&format!("line {number}: {}", refusal.message));
                }
                continue;
            }
            self.documents += 1;
            let document: Value = serde_json::from_str(document).unwrap_or_default();
            if let Some(id) = document["trace_id"].as_str() {
                self.traces.insert(id.to_owned());
            }
        }
        Ok(())
    }

    fn told(&self) -> anyhow::Result<ExitStatus> {
        let more = self.refused.saturating_sub(REFUSED_MAX as u64);
        if more > 0 {
            print::note(format_args!("and {more} more lines"));
        }
        let refused = match self.refused {
            0 => String::new(),
            refused => format!(", {} refused", count(refused, "line")),
        };
        print::result(&format!(
            "{} of {} imported{refused}\n",
            count(self.documents, "document"),
            count(self.traces.len() as u64, "trace"),
        ))?;
        Ok(match self.refused {
            0 => ExitStatus::Done,
            _ => ExitStatus::Failed,
        })
    }
}
