//! Jobs that were checked, given out one by one.

use std::sync::Arc;

use checked_json::{Fault, Position};

use super::document::Document;
use super::job::{JobKind, JobSpec};
use super::limits::RunLimits;
use super::lines::Lines;
use super::resolve::{Resolver, Trust};

/// All job files of a run, without a fault.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The files, at least one, in the order in which they were given.
    pub files: Vec<CheckedFile>,
    pub(super) uses_account: bool,
    pub(super) warnings: Warnings,
}

/// The most warnings that are told.
const WARNINGS_TOLD_MAX: usize = 20;

/// What is legal and may still be regretted, as far as it is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings {
    told: Vec<String>,
    untold: u64,
}

impl Warnings {
    /// Takes what there is to say of a job.
    pub(super) fn of(&mut self, job: &JobSpec) {
        let JobKind::CreateBucket(desired) = &job.kind else {
            return;
        };
        for warning in desired.warnings() {
            if self.told.len() < WARNINGS_TOLD_MAX {
                self.told.push(format!("job `{}`: {warning}", job.name));
            } else {
                self.untold += 1;
            }
        }
    }
}

/// One job file without a fault.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// What the trace map calls the jobs: a legal name of X-Ray.
    pub name: Arc<str>,
    /// The file, or what it came from.
    pub source_name: Arc<str>,
    /// What the file says of the run as a whole.
    pub limits: RunLimits,
    pub(super) jobs: JobsOfFile,
}

#[derive(Clone, Debug)]
pub(super) enum JobsOfFile {
    Held(Arc<[JobSpec]>),
    Lines(Arc<JobLines>),
}

/// Jobs that stand one a line and are read again when it is their turn.
#[derive(Debug)]
pub(super) struct JobLines {
    pub(super) document: Document,
    pub(super) resolver: Resolver,
    /// What the lines of the jobs were when they were checked.
    pub(super) fingerprints: Vec<u64>,
}

impl Checked {
    /// Whether a template stands for the account, so that it must be known before the jobs are right.
    pub fn uses_account(&self) -> bool {
        self.uses_account
    }

    /// What is legal and may still be regretted, a line each; of very many the first.
    pub fn warnings(&self) -> Vec<String> {
        let Warnings { told, untold } = &self.warnings;
        let rest = (*untold > 0).then(|| format!("{untold} more of the like"));
        told.iter().cloned().chain(rest).collect()
    }

    /// How many jobs there are in all files.
    pub fn job_count(&self) -> usize {
        self.files.iter().map(CheckedFile::len).sum()
    }
}

impl CheckedFile {
    /// How many jobs the file has, at least one.
    pub fn len(&self) -> usize {
        match &self.jobs {
            JobsOfFile::Held(jobs) => jobs.len(),
            JobsOfFile::Lines(lines) => lines.fingerprints.len(),
        }
    }

    /// Whether there are no jobs, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The jobs in the order of the file, exactly [`Self::len`] of them. A line that is no longer
    /// what was checked is the error of its job.
    pub fn jobs(&self) -> Jobs {
        let source = match &self.jobs {
            JobsOfFile::Held(jobs) => JobSource::Held(Arc::clone(jobs)),
            JobsOfFile::Lines(lines) => {
                let mut reader = Lines::new(lines.document.reader());
                // The header; what is wrong with it shows in the lines.
                let _ = reader.next();
                JobSource::Lines(Arc::clone(lines), reader)
            }
        };
        Jobs { source, next: 0 }
    }
}

/// The jobs of one file.
pub struct Jobs {
    source: JobSource,
    next: usize,
}

enum JobSource {
    Held(Arc<[JobSpec]>),
    Lines(Arc<JobLines>, Lines),
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Jobs({} of {})",
            self.next,
            self.next + self.size_hint().0
        )
    }
}

impl Iterator for Jobs {
    type Item = Result<JobSpec, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        let job = match &mut self.source {
            JobSource::Held(jobs) => Ok(jobs.get(index)?.clone()),
            JobSource::Lines(lines, reader) => {
                let fingerprint = *lines.fingerprints.get(index)?;
                lines.job(reader, fingerprint)
            }
        };
        self.next += 1;
        Some(job)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let all = match &self.source {
            JobSource::Held(jobs) => jobs.len(),
            JobSource::Lines(lines, _) => lines.fingerprints.len(),
        };
        (all - self.next, Some(all - self.next))
    }
}

impl ExactSizeIterator for Jobs {}

impl JobLines {
    fn job(&self, reader: &mut Lines, fingerprint: u64) -> Result<JobSpec, Fault> {
        let line = match reader.next() {
            Ok(Some(line)) => line,
            Ok(None) => return Err(self.fault(None, "the line is gone")),
            Err(error) => return Err(self.fault(None, &format!("cannot be read: {error}"))),
        };
        let changed = || self.fault(Some(line.number), "the line is another one");
        if line.fingerprint() != fingerprint {
            return Err(changed());
        }
        let value = line
            .text()
            .ok()
            .and_then(checked_json::parse)
            .ok_or_else(changed)?;
        let resolved = self.resolver.resolve(value, "", Trust::Checked);
        resolved.spec.ok_or_else(changed)
    }

    fn fault(&self, line: Option<usize>, what: &str) -> Fault {
        Fault {
            source_name: self.document.source_name().to_owned(),
            position: line.map(|line| Position { line, column: 1 }),
            field: String::new(),
            message: format!("{what} since the file was checked, start the run again"),
        }
    }
}
