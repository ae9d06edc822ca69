//! The START, END and REPORT lines of an invocation, as Lambda writes them, so that what reads
//! Lambda's logs reads ours; after them a line on how its job ended.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing_xray::TraceContext;

use crate::outcome::Outcome;
use crate::report::JobReport;
use crate::runner::Event;
use crate::view::{count, duration as for_people, neutralise};

/// The lines of an event, each with its end.
pub(super) fn text(event: &Event<'_>) -> String {
    match event {
        Event::Started { request_id, .. } => format!("{}\n", Line::Start { request_id }),
        Event::TimedOut {
            request_id,
            at,
            limit,
        } => {
            let (at, limit) = (*at, *limit);
            let line = Line::TimedOut {
                request_id,
                at,
                limit,
            };
            format!("{line}\n")
        }
        Event::Skipped { report } if report.outcome.is_done() => String::new(),
        Event::Skipped { report } => ended(report) + "\n",
        Event::Ended {
            report,
            usage,
            trace,
            ..
        } => {
            let request_id = report.request_id.as_deref().unwrap_or_default();
            let end = Line::End { request_id };
            let took = Line::Report {
                request_id,
                duration: report.duration,
                init_duration: usage.init_duration,
                memory_size_mb: usage.memory_size_mb,
                max_memory_used_mb: usage.max_memory_used_mb,
                trace: *trace,
            };
            format!("{end}\n{took}\n{}\n", ended(report))
        }
    }
}

/// How a job ended, in one line: `job logs: changed in 84.0 ms (1 attempt) trace 1-…`.
pub(super) fn ended(report: &JobReport) -> String {
    let mut line = format!(
        "job {}: {} in {} ({})",
        report.job,
        report.outcome.word(),
        for_people(report.duration.as_secs_f64()),
        count(report.attempts.into(), "attempt")
    );
    if let Some(trace_id) = report.trace_id.as_deref().filter(|_| !report.unsampled) {
        line.push_str(" trace ");
        line.push_str(trace_id);
    }
    if let Some(failure) = report.outcome.failure() {
        let before = match report.outcome {
            Outcome::TimedOut { .. } => "before that: ",
            _ => "",
        };
        line.push_str(&format!(": {before}{}", failure.message));
    }
    neutralise(&line).into_owned()
}

/// Milliseconds as Lambda bills them: those of the start-up too, rounded up.
pub(super) fn billed_ms(duration: Duration, init_duration: Option<Duration>) -> u64 {
    let billed = duration.saturating_add(init_duration.unwrap_or_default());
    u64::try_from(billed.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// One line, or two where Lambda writes two.
#[derive(Clone, Debug)]
enum Line<'a> {
    /// An invocation begins.
    Start {
        /// Its id.
        request_id: &'a str,
    },
    /// Its time was up.
    TimedOut {
        /// Its id.
        request_id: &'a str,
        /// When.
        at: DateTime<Utc>,
        /// The time it had.
        limit: Duration,
    },
    /// It is over.
    End {
        /// Its id.
        request_id: &'a str,
    },
    /// What it took.
    Report {
        /// Its id.
        request_id: &'a str,
        /// From its start to its end.
        duration: Duration,
        /// From the start of the process to its first invocation; of the first one only.
        init_duration: Option<Duration>,
        /// What the process may use.
        memory_size_mb: u64,
        /// The most that the process has used so far.
        max_memory_used_mb: u64,
        /// Its segment, when it is traced.
        trace: Option<&'a TraceContext>,
    },
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { request_id } => {
                write!(f, "START RequestId: {request_id} Version: $LATEST")
            }
            Self::End { request_id } => write!(f, "END RequestId: {request_id}"),
            Self::TimedOut {
                request_id,
                at,
                limit,
            } => write!(
                f,
                "{} {request_id} Task timed out after {:.2} seconds",
                at.to_rfc3339_opts(SecondsFormat::Millis, true),
                limit.as_secs_f64()
            ),
            Self::Report {
                request_id,
                duration,
                init_duration,
                memory_size_mb,
                max_memory_used_mb,
                trace,
            } => {
                let millis = |duration: &Duration| duration.as_secs_f64() * 1e3;
                let billed = billed_ms(*duration, *init_duration);
                write!(
                    f,
                    "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\t\
                     Memory Size: {memory_size_mb} MB\tMax Memory Used: {max_memory_used_mb} MB\t",
                    millis(duration)
                )?;
                if let Some(init) = init_duration {
                    write!(f, "Init Duration: {:.2} ms\t", millis(init))?;
                }
                if let Some(trace) = trace {
                    write!(
                        f,
                        "\nXRAY TraceId: {}\tSegmentId: {}\tSampled: {}\t",
                        trace.trace_id, trace.id, trace.sampled
                    )?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Failure;
    use crate::progress::tests::{REQUEST_ID, report as job_report, trace};
    use serde_json::Value;

    fn report<'a>(
        micros: u64,
        init: Option<Duration>,
        used: u64,
        trace: Option<&'a TraceContext>,
    ) -> Line<'a> {
        Line::Report {
            request_id: REQUEST_ID,
            duration: Duration::from_micros(micros),
            init_duration: init,
            memory_size_mb: 128,
            max_memory_used_mb: used,
            trace,
        }
    }

    #[test]
    fn the_lines_are_lambda_s() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/lambda_log_lines.json"))
                .unwrap();
        let trace = trace();
        for case in vectors["cases"].as_array().unwrap() {
            let kind = case["kind"].as_str().unwrap();
            let line = match kind {
                "START" => Line::Start {
                    request_id: REQUEST_ID,
                },
                "END" => Line::End {
                    request_id: REQUEST_ID,
                },
                "timeout" => Line::TimedOut {
                    request_id: REQUEST_ID,
                    at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
                    limit: Duration::from_secs(3),
                },
                "REPORT cold" => report(15_740, Some(Duration::from_micros(130_490)), 56, None),
                "REPORT warm" => report(79_670, None, 73, None),
                "REPORT traced, next line" => report(1, None, 1, Some(&trace)),
                other => panic!("unknown kind {other}"),
            };
            let text = line.to_string();
            let text = match kind {
                "REPORT traced, next line" => text.split_once('\n').unwrap().1,
                _ => &text,
            };
            assert_eq!(text, case["text"].as_str().unwrap());
        }
    }
    #[test]
    fn a_job_s_end_is_one_line_whatever_its_error_says() {
        let error = Failure {
            message: "no such\nbucket \x1b[31m".to_owned(),
            ..Failure::default()
        };
        let changes = vec!["bucket: create in eu-west-1".to_owned()];
        let limit = Duration::from_secs(3);
        let mut unsampled = job_report(Outcome::Unchanged);
        unsampled.unsampled = true;
        let lines = [
            ended(&job_report(Outcome::Changed { changes })),
            ended(&unsampled),
            ended(&job_report(Outcome::Failed {
                error: error.clone(),
            })),
            ended(&job_report(Outcome::TimedOut {
                limit,
                error: Some(error),
            })),
        ];
        insta::assert_snapshot!("job_lines", lines.join("\n"));
    }
}
