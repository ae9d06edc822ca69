//! Cells that the table of a run's jobs and that of a job's history share.

use maud::{Markup, html};
use tracing_xray::Timestamp;

use crate::console::parts::{Name, duration, trace_address};
use crate::runs::{Detail, Invocation, Standing};

/// The most changes of a job that a page shows.
const CHANGES_MAX: usize = 100;

pub(in crate::console) fn outcome(job: &Invocation) -> Markup {
    job.standing.sign(job.word())
}

pub(in crate::console) fn took(job: &Invocation, now: Timestamp) -> Markup {
    html! {
        @match job.seconds(now) {
            Some(seconds) => (duration(seconds)),
            None => "–",
        }
        @if job.standing == Standing::Running { span class="quiet" { " so far" } }
    }
}

/// The bucket and where it is.
pub(in crate::console) fn place(job: &Invocation) -> Markup {
    html! {
        @if let Some(bucket) = &job.bucket { span class="id" { (Name(bucket)) } " " }
        @if let Some(region) = &job.region { span class="quiet" { (Name(region)) } }
    }
}

/// Why it failed, its attempts where there was more than one, and what it changed.
pub(in crate::console) fn told(job: &Invocation, detail: Option<&Detail>) -> Markup {
    let Some(detail) = detail else {
        return html! {};
    };
    let is_failed = job.standing == Standing::Failed;
    html! {
        @if let Some(error) = &detail.error { p class=(if is_failed { "fault" } else { "quiet" }) { (Name(error)) } }
        @if detail.attempts.len() > 1 || detail.told_apart().any(|(_, error)| error.is_some()) {
            ol class="attempts" {
                @for (attempt, error) in detail.told_apart() { li {
                    (attempt.standing.sign(&attempt.name))
                    @if let Some(seconds) = attempt.seconds { " " span class="quiet" { (duration(seconds)) } }
                    @if let Some(error) = error { " " span class="quiet" { (Name(error)) } }
                } }
            }
        }
        @if !detail.changes.is_empty() { (changes(&detail.changes)) }
    }
}

/// What a job changed.
pub(in crate::console) fn changes(changes: &[String]) -> Markup {
    html! {
        ul class="changes" {
            @for change in changes.iter().take(CHANGES_MAX) { li { (Name(change)) } }
            @if changes.len() > CHANGES_MAX {
                li class="quiet" { "and " (changes.len() - CHANGES_MAX) " more, see the trace" }
            }
        }
    }
}

pub(in crate::console) fn trace_link(job: &Invocation) -> Markup {
    html! {
        a id={ "trace-" (job.segment_id) } href=(trace_address(job.trace_id).with("segment", job.segment_id)) aria-label={ "Trace of " (job.job) } { "Trace" }
    }
}
