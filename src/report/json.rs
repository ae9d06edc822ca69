//! The report as JSON: all of it, with the console's page of each trace where there is one.

use std::io::{self, Write};

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::{JobReport, RunReport};

pub(super) fn write(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    let document = Document {
        report,
        console_url: report.console_url(),
        jobs: Jobs(report),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a RunReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<String>,
    jobs: Jobs<'a>,
}

/// The jobs, read and written one by one.
struct Jobs<'a>(&'a RunReport);

#[derive(Serialize)]
struct Job {
    #[serde(flatten)]
    report: JobReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<String>,
}

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut jobs = serializer.serialize_seq(None)?;
        for report in self.0.jobs.iter() {
            let report = report.map_err(S::Error::custom)?;
            jobs.serialize_element(&Job {
                console_url: self.0.console_url_of(&report),
                report,
            })?;
        }
        jobs.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::samples;

    #[test]
    fn the_report_is_one_document_of_all_jobs() {
        let mut text = Vec::new();
        write(&samples::run(), &mut text).unwrap();
        insta::assert_snapshot!("json", String::from_utf8(text).unwrap());
    }

    #[test]
    fn very_many_jobs_are_written_one_by_one() {
        let run = samples::large(20_000);
        let mut text = Vec::new();
        write(&run, &mut text).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        let jobs = document["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), 20_000);
        assert_eq!(jobs[19_999]["job"], "job-19999");
    }
}
