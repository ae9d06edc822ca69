//! The report as JUnit XML: a suite for each job file, a case for each job. A job that failed, was
//! out of time or cut off is a failure; one whose turn never came is skipped.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use chrono::SecondsFormat;

use super::{JobReport, RunReport};
use crate::outcome::Outcome;

/// Counts of the jobs that stand one after another and are of one file.
#[derive(Default)]
struct Suite {
    service: String,
    cases: u64,
    failures: u64,
    skipped: u64,
    time: Duration,
}

impl Suite {
    fn add(&mut self, job: &JobReport) {
        self.cases += 1;
        match &job.outcome {
            Outcome::NotRun => self.skipped += 1,
            outcome => self.failures += u64::from(!outcome.is_done()),
        }
        self.time += job.duration;
    }
}

pub(super) fn write(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    // A suite's counts stand before its cases: the jobs are read twice.
    let suites = suites(report)?;
    let total = |count: fn(&Suite) -> u64| suites.iter().map(count).sum::<u64>();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="{}" tests="{}" failures="{}" errors="0" skipped="{}" time="{}" timestamp="{}">"#,
        Text(&format!("run {}", report.run_id)),
        total(|suite| suite.cases),
        total(|suite| suite.failures),
        total(|suite| suite.skipped),
        seconds(report.duration),
        timestamp(report),
    )?;
    let mut jobs = report.jobs.iter();
    for suite in &suites {
        open_suite(report, suite, out)?;
        for _ in 0..suite.cases {
            if let Some(job) = jobs.next() {
                write_case(report, &job?, out)?;
            }
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites(report: &RunReport) -> io::Result<Vec<Suite>> {
    let mut suites: Vec<Suite> = Vec::new();
    for job in report.jobs.iter() {
        let job = job?;
        if let Some(suite) = suites.last_mut()
            && suite.service == job.service
        {
            suite.add(&job);
        } else {
            let service = job.service.clone();
            let mut suite = Suite {
                service,
                ..Suite::default()
            };
            suite.add(&job);
            suites.push(suite);
        }
    }
    Ok(suites)
}

fn open_suite(report: &RunReport, suite: &Suite, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        r#"  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}" time="{}" timestamp="{}">"#,
        Text(&suite.service),
        suite.cases,
        suite.failures,
        suite.skipped,
        seconds(suite.time),
        timestamp(report),
    )?;
    let mut properties = vec![("run_id", report.run_id.clone())];
    properties.extend(report.shard.clone().map(|shard| ("shard", shard)));
    properties.extend(report.trace_id.clone().map(|id| ("trace_id", id)));
    properties.extend(report.console_url().map(|url| ("console_url", url)));
    write_properties(&properties, "    ", out)
}

fn write_case(report: &RunReport, job: &JobReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        r#"    <testcase classname="{}" name="{}" time="{}">"#,
        Text(&job.service),
        Text(&job.job),
        seconds(job.duration),
    )?;
    let mut properties = vec![
        ("type", job.kind.clone()),
        ("outcome", job.outcome.word().to_owned()),
        ("attempts", job.attempts.to_string()),
    ];
    properties.extend(job.bucket.clone().map(|bucket| ("bucket", bucket)));
    properties.extend(job.request_id.clone().map(|id| ("request_id", id)));
    properties.extend(job.trace_id.clone().map(|id| ("trace_id", id)));
    properties.extend(report.console_url_of(job).map(|url| ("console_url", url)));
    let ids = job.s3_request_ids.iter();
    properties.extend(ids.map(|id| ("s3_request_id", id.clone())));
    if let Some(failure) = job.outcome.failure() {
        let failed = failure.request_id.clone();
        properties.extend(failed.map(|id| ("failed_s3_request_id", id)));
        let extended = failure.extended_request_id.clone();
        properties.extend(extended.map(|id| ("failed_s3_extended_request_id", id)));
    }
    write_properties(&properties, "      ", out)?;
    write_ending(job, out)?;
    writeln!(out, "    </testcase>")
}

/// Why it is not done, or what it changed.
fn write_ending(job: &JobReport, out: &mut impl Write) -> io::Result<()> {
    let failure = job.outcome.failure();
    let code = failure.and_then(|failure| failure.code.as_deref());
    let (kind, message) = match &job.outcome {
        Outcome::NotRun => {
            return writeln!(
                out,
                r#"      <skipped message="the run ended before its turn"/>"#
            );
        }
        Outcome::Failed { error } => (code.unwrap_or("Failed"), error.message.clone()),
        Outcome::TimedOut { limit, error } => {
            let had = format!("timed out after {:.2} seconds", limit.as_secs_f64());
            let before = error
                .as_ref()
                .map(|error| format!("; before that: {}", error.message));
            ("TimedOut", had + &before.unwrap_or_default())
        }
        Outcome::Interrupted => ("Interrupted", "the run was stopped".to_owned()),
        Outcome::Changed { changes } | Outcome::Planned { changes, .. } => {
            let changes = changes.join("\n");
            return writeln!(out, "      <system-out>{}</system-out>", Text(&changes));
        }
        Outcome::Unchanged | Outcome::DoneBefore => return Ok(()),
    };
    let mut text = message.clone();
    for (number, failure) in job.retried.iter().enumerate() {
        text.push_str(&format!("\nattempt {}: {}", number + 1, failure.message));
    }
    writeln!(
        out,
        r#"      <failure type="{}" message="{}">{}</failure>"#,
        Text(kind),
        Text(&message),
        Text(&text)
    )
}

fn write_properties(
    properties: &[(&str, String)],
    indent: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{indent}<properties>")?;
    for (name, value) in properties {
        let value = Text(value);
        writeln!(
            out,
            r#"{indent}  <property name="{name}" value="{value}"/>"#
        )?;
    }
    writeln!(out, "{indent}</properties>")
}

fn seconds(duration: Duration) -> impl Display {
    format!("{:.3}", duration.as_secs_f64())
}

fn timestamp(report: &RunReport) -> String {
    report.started_at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Text that may stand in an element and in an attribute. What XML 1.0 has no way to write (section
/// 2.2, "Characters") becomes `\u{fffd}`.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write as _;
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;"),
                '<' => f.write_str("&lt;"),
                '>' => f.write_str("&gt;"),
                '"' => f.write_str("&quot;"),
                // As themselves they would become spaces in an attribute.
                '\n' | '\t' | '\r' => write!(f, "&#{};", u32::from(character)),
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}'),
                _ => f.write_char(character),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::samples;

    fn text_of(run: &RunReport) -> String {
        let mut text = Vec::new();
        write(run, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn each_file_is_a_suite_and_each_job_a_case() {
        let text = text_of(&samples::run());
        insta::assert_snapshot!("junit", text);
        let document = roxmltree::Document::parse(&text).unwrap();
        let suites = document
            .root_element()
            .children()
            .filter(|node| node.is_element());
        for suite in suites {
            let count = |name: &str| {
                let found = suite.descendants().filter(|node| node.has_tag_name(name));
                found.count().to_string()
            };
            assert_eq!(suite.attribute("tests").unwrap(), count("testcase"));
            assert_eq!(suite.attribute("failures").unwrap(), count("failure"));
            assert_eq!(suite.attribute("skipped").unwrap(), count("skipped"));
        }
    }

    proptest! {
        #[test]
        fn whatever_things_are_called_it_is_xml_and_says_so(
            name in any::<String>(), message in "[\\x00-\\x7f\\x85\\u{2028}\u{fffe}\u{ffff}]{0,20}",
        ) {
            let text = text_of(&samples::named(&name, &message));
            let document = roxmltree::Document::parse(&text).unwrap();
            let legal = |text: &str| -> String {
                let shown = |c: char| match c {
                    '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => c,
                    _ => '\u{fffd}',
                };
                text.chars().map(shown).collect()
            };
            let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
            prop_assert_eq!(case.attribute("name").unwrap(), legal(&name));
            let failure = case.descendants().find(|node| node.has_tag_name("failure")).unwrap();
            prop_assert_eq!(failure.attribute("message").unwrap(), legal(&message));
            prop_assert_eq!(failure.text().unwrap_or_default(), legal(&message));
        }
    }
}
