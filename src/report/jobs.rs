//! The reports of all jobs of a run, in the order of the files, in little memory: the first ones as
//! JSON in memory, all others in a temporary file that has no name.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use super::{JobReport, Totals};
use crate::outcome::Outcome;

/// What is kept in memory before it goes to the file.
const MEMORY_LEN_MAX: usize = 4 * 1024 * 1024;

/// The reports of a run's jobs. A job without one did not get its turn.
#[derive(Debug, Default)]
pub struct JobReports {
    places: Vec<Place>,
    memory: Vec<u8>,
    file: Option<File>,
    file_len: u64,
    totals: Totals,
    traces: Traces,
}

/// Where a report stands in the file with what is in memory appended; nowhere when `len` is 0.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    offset: u64,
    len: u32,
}

/// The traces of the jobs, as far as somebody asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    /// How many jobs have one.
    pub(crate) count: u64,
    /// That of the first job that is not done, else of the slowest.
    pub(crate) telling: Option<String>,
    /// That of the job which ended last.
    pub(crate) last: Option<String>,
    telling_rank: (bool, std::time::Duration),
}

impl JobReports {
    /// Takes the report of the job in this place, counted from 0; each place once.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(crate) fn put(&mut self, place: usize, report: &JobReport) -> io::Result<()> {
        if self.memory.len() > MEMORY_LEN_MAX {
            self.spill()?;
        }
        let start = self.memory.len();
        serde_json::to_writer(&mut self.memory, report)?;
        if self.places.len() <= place {
            self.places.resize(place + 1, Place::default());
        }
        self.places[place] = Place {
            offset: self.file_len + start as u64,
            len: u32::try_from(self.memory.len() - start).map_err(io::Error::other)?,
        };
        self.totals.add(&report.outcome);
        self.traces.add(report);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.memory)?;
        self.file_len += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// How many jobs ended how.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The traces of the jobs.
    #[cfg_attr(
        not(any(feature = "local", test)),
        expect(dead_code, reason = "a local run shows them")
    )]
    pub(crate) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Every report, in the order of the files.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<JobReport>> + '_ {
        let known = self.places.iter().filter(|place| place.len > 0);
        known.map(|place| self.read(*place))
    }

    fn read(&self, place: Place) -> io::Result<JobReport> {
        let len = place.len as usize;
        let report = match (&self.file, place.offset.checked_sub(self.file_len)) {
            (_, Some(start)) => {
                let start = usize::try_from(start).map_err(io::Error::other)?;
                serde_json::from_slice(&self.memory[start..start + len])
            }
            (Some(file), None) => {
                let mut bytes = vec![0; len];
                file.read_exact_at(&mut bytes, place.offset)?;
                serde_json::from_slice(&bytes)
            }
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(report?)
    }
}

impl Traces {
    fn add(&mut self, report: &JobReport) {
        let Some(trace_id) = report.trace_id.as_ref().filter(|_| !report.unsampled) else {
            return;
        };
        self.count += 1;
        self.last = Some(trace_id.clone());
        let is_failure = !report.outcome.is_done() && report.outcome != Outcome::NotRun;
        // Of failures the first, of others the slowest.
        let is_more_telling = match (is_failure, self.telling_rank.0) {
            (true, is_told) => !is_told,
            (false, true) => false,
            (false, false) => report.duration >= self.telling_rank.1,
        };
        if is_more_telling {
            self.telling_rank = (is_failure, report.duration);
            self.telling = Some(trace_id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report(number: usize, outcome: Outcome) -> JobReport {
        JobReport {
            job: format!("job-{number} {}", "x".repeat(300)),
            kind: "create-bucket".to_owned(),
            service: "test".to_owned(),
            bucket: None,
            outcome,
            attempts: 1,
            retried: Vec::new(),
            duration: Duration::from_micros(number as u64),
            partial_changes: Vec::new(),
            s3_request_ids: Vec::new(),
            request_id: None,
            trace_id: Some(format!("trace-{number}")),
            segment_id: None,
            unsampled: false,
        }
    }

    #[test]
    fn reports_come_back_in_the_order_of_the_files() {
        let count = 20_000; // more than memory takes
        let mut reports = JobReports::default();
        for place in (0..count).rev() {
            reports
                .put(place, &report(place, Outcome::Unchanged))
                .unwrap();
        }
        assert!(reports.file.is_some());
        for (place, read) in reports.iter().enumerate() {
            assert_eq!(read.unwrap(), report(place, Outcome::Unchanged));
        }
        assert_eq!(reports.iter().count(), count);
        assert_eq!(reports.totals().unchanged, count as u64);
        let slowest = format!("trace-{}", count - 1);
        assert_eq!(reports.traces().telling.as_deref(), Some(&*slowest));
        assert_eq!(reports.traces().last.as_deref(), Some("trace-0"));
    }

    #[test]
    fn the_first_failure_is_the_most_telling() {
        let mut reports = JobReports::default();
        reports.put(7, &report(7, Outcome::Unchanged)).unwrap();
        reports.put(3, &report(3, Outcome::Interrupted)).unwrap();
        reports.put(4, &report(4, Outcome::Interrupted)).unwrap();
        reports.put(9, &report(9, Outcome::Unchanged)).unwrap();
        assert_eq!(reports.traces().telling.as_deref(), Some("trace-3"));
        assert_eq!(reports.iter().count(), 4);
    }
}
