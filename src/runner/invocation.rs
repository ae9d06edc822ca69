//! One invocation of a job: its segment, its time limit, its attempts.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Span, info_span};
use tracing_xray::{Entity, Exception, SpanExt, TraceContext, in_span};

use super::{Event, Memory, Shared, Usage};
use crate::aws::request_ids::RequestIds;
use crate::bucket::Made;
use crate::job::{self, Attempt, Done, JobContext, Mode};
use crate::ledger::Entry;
use crate::outcome::{Failure, JobError, Outcome};
use crate::report::JobReport;
use crate::shutdown::Phase;
use crate::spec::{JobSpec, RetrySpec};

/// How long a job may take, all its attempts together, when it does not say.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5 * 60);

/// The most failed attempts of a job that the report tells of.
const RETRIED_LEN_MAX: usize = 10;

/// Runs a job to its end, whatever that is.
pub(super) async fn invoke(
    place: usize,
    service: &str,
    spec: &JobSpec,
    shared: &Shared,
    is_first: bool,
) -> JobReport {
    let request_id = request_id();
    let options = &shared.options;
    let init_duration = is_first.then(|| since_start(shared)).flatten();
    let span = options
        .tracing
        .segment(service, spec, &options.run_id, &request_id);
    let trace = span.trace_context();
    (options.watch)(Event::Started {
        place,
        job: &spec.name,
        request_id: &request_id,
        trace: trace.as_ref(),
    });
    let started = Instant::now();
    let limit = spec.timeout.unwrap_or(TIMEOUT_DEFAULT);
    let context = context(spec, shared, &request_id, limit, trace.as_ref());
    let mut tries = Tries::default();
    let request_ids = RequestIds::default();
    let made = Made::default();
    let ended = {
        let (cancel, is_cancelled) = watch::channel(false);
        let first = Attempt {
            context: &context,
            mode: options.mode,
            made: &made,
            cancel: is_cancelled,
        };
        let work = try_until_done(spec, first, shared, &mut tries);
        let work = request_ids.keep(in_span(span.clone(), work));
        let mut work = std::pin::pin!(work);
        let ended = tokio::select! {
            biased;
            ended = &mut work => ended,
            () = tokio::time::sleep(limit) => Ended::TimedOut,
            () = shared.stop.reached(Phase::Cut) => Ended::Stopped,
        };
        if let Ended::TimedOut = ended {
            (options.watch)(Event::TimedOut {
                request_id: &request_id,
                at: Utc::now(),
                limit,
            });
        }
        if let Ended::TimedOut | Ended::Stopped = ended {
            cancel.send_replace(true);
            let _ = tokio::time::timeout(job::wind_down(&spec.kind), work).await;
        }
        ended
    };
    let duration = started.elapsed();
    let Tries { attempts, retried } = tries;
    let outcome = match ended {
        Ended::Done(done) => conclude(&span, spec, done, options.mode),
        Ended::Failed(error) => {
            span.edit_entity(|entity| fail(entity, spec, &error));
            Outcome::Failed {
                error: failure(spec, &error),
            }
        }
        Ended::Stopped => {
            span.interrupt("the run was stopped");
            Outcome::Interrupted
        }
        Ended::TimedOut => {
            let why = format!("timed out after {:.2} seconds", limit.as_secs_f64());
            span.interrupt(&why);
            let error = retried.last().cloned();
            Outcome::TimedOut { limit, error }
        }
    };
    let partial_changes = match outcome.is_done() {
        true => Vec::new(),
        false => partial_changes(&span, spec, &made),
    };
    span.record("outcome", outcome.word());
    span.record("attempt", attempts);
    drop(span);
    let report = JobReport {
        attempts,
        retried,
        duration,
        partial_changes,
        s3_request_ids: request_ids.take(),
        request_id: Some(request_id),
        trace_id: trace.as_ref().map(|trace| trace.trace_id.to_string()),
        segment_id: trace.as_ref().map(|trace| trace.id.to_string()),
        unsampled: trace.as_ref().is_some_and(|trace| !trace.sampled),
        ..JobReport::without_attempt(service, spec, outcome)
    };
    note_in_ledger(shared, spec, &report);
    (options.watch)(Event::Ended {
        report: &report,
        usage: Usage {
            init_duration,
            memory_size_mb: shared.memory.size_mb,
            max_memory_used_mb: Memory::max_used_mb(),
        },
        trace: trace.as_ref(),
    });
    report
}

fn context(
    spec: &JobSpec,
    shared: &Shared,
    request_id: &str,
    limit: Duration,
    trace: Option<&TraceContext>,
) -> JobContext {
    let of_run = shared
        .options
        .deadline
        .map(|at| at.saturating_duration_since(Instant::now()));
    let left = of_run.map_or(limit, |of_run| of_run.min(limit));
    JobContext {
        job: spec.name.clone(),
        run_id: shared.options.run_id.clone(),
        request_id: request_id.to_owned(),
        attempt: 0,
        deadline: Utc::now() + left,
        trace_header: trace.map(|trace| trace.header().to_string()),
    }
}

/// A job that is done is done for every later start of the run. Another plan is another question.
fn note_in_ledger(shared: &Shared, spec: &JobSpec, report: &JobReport) {
    let options = &shared.options;
    if let Some(ledger) = &options.ledger
        && report.outcome.is_done()
        && options.mode == Mode::Apply
    {
        ledger.record(Entry::new(&spec.digest(), report));
    }
}

/// What is known of the attempts when they are cut short.
#[derive(Default)]
struct Tries {
    attempts: u32,
    retried: Vec<Failure>,
}

/// How the attempts ended.
enum Ended {
    Done(Done),
    Failed(JobError),
    TimedOut,
    Stopped,
}

fn conclude(span: &Span, spec: &JobSpec, done: Done, mode: Mode) -> Outcome {
    let Done {
        creates,
        changes,
        diff,
        output,
        ..
    } = done;
    let redacted = |lines: Vec<String>| lines.iter().map(|line| spec.redact(line)).collect();
    let (changes, diff): (Vec<String>, Vec<String>) = (redacted(changes), redacted(diff));
    span.edit_entity(|entity| {
        entity.add_metadata("default", "changes", changes.clone().into());
        if let Some(output) = output {
            entity.add_metadata("default", "output", spec.redact_value(output));
        }
    });
    match mode {
        _ if changes.is_empty() => Outcome::Unchanged,
        Mode::Apply => Outcome::Changed { changes },
        Mode::Plan => Outcome::Planned {
            creates,
            changes,
            diff,
        },
    }
}

/// What a job changed that is not done: noted in its segment too.
fn partial_changes(span: &Span, spec: &JobSpec, made: &Made) -> Vec<String> {
    let lines = made
        .changes()
        .into_iter()
        .map(|change| spec.redact(&change.to_string()));
    let changes: Vec<String> = lines.collect();
    if !changes.is_empty() {
        span.edit_entity(|entity| {
            entity.add_metadata("default", "changes", changes.clone().into());
        });
    }
    changes
}

async fn try_until_done(
    spec: &JobSpec,
    first: Attempt<'_>,
    shared: &Shared,
    tries: &mut Tries,
) -> Ended {
    loop {
        tries.attempts += 1;
        let context = JobContext {
            attempt: tries.attempts,
            ..first.context.clone()
        };
        let name = format!("attempt {}", tries.attempts);
        let span = info_span!("attempt", xray.name = name);
        let attempt = Attempt {
            context: &context,
            ..first.clone()
        };
        let result = in_span(span, self::attempt(spec, &attempt, shared)).await;
        let error = match result {
            Ok(done) => return Ended::Done(done),
            Err(error) => error,
        };
        if *first.cancel.borrow() {
            // Its time is up, or the run's; what it said at its end is worth telling.
            tries.retried.push(failure(spec, &error));
            return Ended::Stopped;
        }
        if !error.is_retried(&spec.retry.on) || tries.attempts >= spec.retry.max_attempts.get() {
            return Ended::Failed(error);
        }
        let delay = retry_delay(&spec.retry, tries.attempts, rand::random());
        tracing::warn!(
            job = spec.name,
            attempt = tries.attempts,
            delay_ms = delay.as_millis() as u64,
            "attempt failed, another follows: {}",
            spec.redact(&error.to_string())
        );
        if tries.retried.len() < RETRIED_LEN_MAX {
            tries.retried.push(failure(spec, &error));
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shared.stop.reached(Phase::Draining) => return Ended::Stopped,
        }
    }
}

/// One attempt; a failure is its subsegment's fault, and so is a panic.
async fn attempt(spec: &JobSpec, attempt: &Attempt<'_>, shared: &Shared) -> Result<Done, JobError> {
    let mut job = std::pin::pin!(job::run(spec, attempt, &shared.resources));
    let result = std::future::poll_fn(|context| {
        std::panic::catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(context))).unwrap_or_else(
            |panic| std::task::Poll::Ready(Err(JobError::Panic(panic_text(&*panic)))),
        )
    })
    .await;
    if let Err(error) = &result {
        Span::current().edit_entity(|entity| fail(entity, spec, error));
    }
    result
}

/// A failure as the report tells it, without the job's secrets.
fn failure(spec: &JobSpec, error: &JobError) -> Failure {
    let failure = Failure::from(error);
    Failure {
        message: spec.redact(&failure.message),
        ..failure
    }
}

fn fail(entity: &mut Entity, spec: &JobSpec, error: &JobError) {
    let mut exceptions = Exception::chain(error);
    for exception in &mut exceptions {
        exception.message = exception.message.as_deref().map(|text| spec.redact(text));
    }
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
    (Utc::now() - shared.options.start).to_std().ok()
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
