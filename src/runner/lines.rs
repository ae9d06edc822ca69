//! The START, END and REPORT lines of an invocation, as Lambda writes them, so that what reads
//! Lambda's logs reads ours.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing_xray::TraceContext;

/// One line, or two where Lambda writes two.
#[derive(Clone, Debug)]
pub(crate) enum Line<'a> {
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
                let billed = duration
                    .saturating_add(init_duration.unwrap_or_default())
                    .as_micros()
                    .div_ceil(1000);
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
    use serde_json::Value;

    const REQUEST_ID: &str = "8f5a2a5e-7e3b-4c47-9d6e-6d1f3c1f0a11";

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
        let trace = TraceContext {
            trace_id: "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap(),
            id: "53995c3f42cd8ad8".parse().unwrap(),
            sampled: true,
            extras: Vec::new(),
        };
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
}
