//! One invocation of a job: its segment, its time limit, its attempts.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Span, field, info_span};
use tracing_xray::{Entity, Exception, SpanExt, in_span};

use super::lines::Line;
use super::{Job, Memory, Shared};
use crate::job;
use crate::outcome::{Failure, JobError, Outcome};
use crate::report::JobReport;
use crate::shutdown::Phase;
use crate::spec::{JobKind, JobSpec, RetrySpec};

/// How long a job may take, all its attempts together, when it does not say.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5 * 60);

/// Runs a job to its end, whatever that is.
pub(super) async fn invoke(job: Job, shared: &Shared, is_first: bool) -> JobReport {
    let request_id = request_id();
    let options = &shared.options;
    let init_duration = is_first.then(|| since_start(shared)).flatten();
    let span = segment_span(&job, shared);
    let trace = span.trace_context();
    (options.log_line)(Line::Start {
        request_id: &request_id,
    });
    let started = Instant::now();
    let limit = job.spec.timeout.unwrap_or(TIMEOUT_DEFAULT);
    let mut tries = Tries::default();
    let ended = in_span(
        span.clone(),
        tokio::time::timeout(limit, try_until_done(&job.spec, shared, &mut tries)),
    )
    .await;
    let attempts = tries.attempts;
    let duration = started.elapsed();
    let outcome = match ended {
        Ok(ended) => conclude(&span, ended),
        Err(_) => {
            (options.log_line)(Line::TimedOut {
                request_id: &request_id,
                at: chrono::Utc::now(),
                limit,
            });
            let why = format!("timed out after {:.2} seconds", limit.as_secs_f64());
            span.interrupt(&why);
            Outcome::TimedOut {
                limit,
                error: tries.last_error.as_ref().map(Failure::from),
            }
        }
    };
    span.record("outcome", outcome.word());
    span.record("attempt", attempts);
    drop(span);
    (options.log_line)(Line::End {
        request_id: &request_id,
    });
    (options.log_line)(Line::Report {
        request_id: &request_id,
        duration,
        init_duration,
        memory_size_mb: shared.memory.size_mb,
        max_memory_used_mb: Memory::max_used_mb(),
        trace: trace.as_ref(),
    });
    JobReport {
        attempts,
        duration,
        request_id: Some(request_id),
        trace_id: trace.as_ref().map(|trace| trace.trace_id.to_string()),
        segment_id: trace.as_ref().map(|trace| trace.id.to_string()),
        ..JobReport::without_attempt(&job.spec, outcome)
    }
}

/// What is known of the attempts when they are cut short.
#[derive(Default)]
struct Tries {
    attempts: u32,
    last_error: Option<JobError>,
}

/// How the attempts ended, when nobody cut them short.
enum Ended {
    Done(Vec<String>),
    Failed(JobError),
    Stopped,
}

/// The job's segment: a trace of its own, unless the caller's header continues one.
fn segment_span(job: &Job, shared: &Shared) -> Span {
    let spec = &job.spec;
    let JobKind::CreateBucket(desired) = &spec.kind;
    let span = info_span!(
        parent: None,
        "invocation",
        xray.segment = &*job.file,
        xray.trace_header = shared.options.trace_header.as_deref(),
        job = spec.name,
        job_type = spec.kind.type_name(),
        run_id = shared.options.run_id,
        bucket = desired.bucket.as_str(),
        region = desired.region.as_str(),
        attempt = field::Empty,
        outcome = field::Empty,
    );
    span.edit_entity(|entity| {
        let spec = serde_json::to_value(&**spec).unwrap_or_default();
        entity.add_metadata("default", "spec", spec);
    });
    span
}

fn conclude(span: &Span, ended: Ended) -> Outcome {
    match ended {
        Ended::Done(changes) => {
            span.edit_entity(|entity| {
                entity.add_metadata("default", "changes", changes.clone().into());
            });
            if changes.is_empty() {
                Outcome::Unchanged
            } else {
                Outcome::Changed { changes }
            }
        }
        Ended::Failed(error) => {
            span.edit_entity(|entity| fail(entity, &error));
            Outcome::Failed {
                error: Failure::from(&error),
            }
        }
        Ended::Stopped => {
            span.interrupt("the run was stopped");
            Outcome::Interrupted
        }
    }
}

async fn try_until_done(spec: &JobSpec, shared: &Shared, tries: &mut Tries) -> Ended {
    loop {
        tries.attempts += 1;
        let attempts = tries.attempts;
        let name = format!("attempt {attempts}");
        let span = info_span!("attempt", xray.name = name);
        let attempt = in_span(span, attempt(spec, shared));
        let result = tokio::select! {
            result = attempt => result,
            () = shared.stop.reached(Phase::Cut) => return Ended::Stopped,
        };
        let error = match result {
            Ok(changes) => return Ended::Done(changes),
            Err(error) => error,
        };
        if !error.is_transient() || attempts >= spec.retry.max_attempts.get() {
            return Ended::Failed(error);
        }
        let delay = retry_delay(&spec.retry, attempts, rand::random());
        tracing::warn!(
            job = spec.name,
            attempt = attempts,
            delay_ms = delay.as_millis() as u64,
            "attempt failed, another follows: {error}"
        );
        tries.last_error = Some(error);
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shared.stop.reached(Phase::Draining) => return Ended::Stopped,
        }
    }
}

/// One attempt; a failure is its subsegment's fault, and so is a panic.
async fn attempt(spec: &JobSpec, shared: &Shared) -> Result<Vec<String>, JobError> {
    let mut job = std::pin::pin!(job::run(spec, &shared.resources));
    let result = std::future::poll_fn(|context| {
        std::panic::catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(context))).unwrap_or_else(
            |panic| std::task::Poll::Ready(Err(JobError::Panic(panic_text(&*panic)))),
        )
    })
    .await;
    if let Err(error) = &result {
        Span::current().edit_entity(|entity| fail(entity, error));
    }
    result
}

fn fail(entity: &mut Entity, error: &JobError) {
    let mut exceptions = Exception::chain(error);
    if let Some(first) = exceptions.first_mut() {
        first.type_name = Some(error.type_name().to_owned());
    }
    entity.fault = true;
    entity.add_exceptions(exceptions);
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}

/// The delay after the attempt of this number: up to twice as long each time, at most the cap, and
/// a random share of it, so that jobs which failed together do not come back together.
fn retry_delay(retry: &RetrySpec, attempt: u32, share: f64) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let ceiling = retry
        .base_delay
        .saturating_mul(doubled)
        .min(retry.max_delay);
    ceiling.mul_f64(share.clamp(0.0, 1.0))
}

/// From the start of the run to now.
fn since_start(shared: &Shared) -> Option<Duration> {
    (chrono::Utc::now() - shared.options.start).to_std().ok()
}

/// A random id in the form of Lambda's, a UUID of version 4.
fn request_id() -> String {
    let bits = rand::random::<u128>() & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        (bits >> 80) & 0xffff,
        (bits >> 64) & 0xffff,
        (bits >> 48) & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_are_jittered() {
        let retry = RetrySpec::default();
        assert_eq!(retry_delay(&retry, 1, 1.0), Duration::from_millis(200));
        assert_eq!(retry_delay(&retry, 3, 1.0), Duration::from_millis(800));
        assert_eq!(retry_delay(&retry, 3, 0.5), Duration::from_millis(400));
        assert_eq!(retry_delay(&retry, 4_000_000, 1.0), retry.max_delay);
        assert_eq!(retry_delay(&retry, 2, 0.0), Duration::ZERO);
    }

    #[test]
    fn a_request_id_is_a_uuid_of_version_4() {
        let id = request_id();
        let lens: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lens, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
        assert_ne!(id, request_id());
    }
}
