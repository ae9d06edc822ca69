//! The report of a run to take away, made of its traces: as Markdown, as JSON.

use axum::response::Response;
use maud::html;
use serde::Serialize;
use tracing_xray::Timestamp;

use super::detail::Detail;
use super::run::{Told, read, whole};
use super::standing::Standing;
use super::work::{Invocation, Run};
use super::{annotation_flag, markdown, run_address, work};
use crate::console::answer::{Failure, document, download};
use crate::console::page::{Nav, Page};
use crate::console::parts::Name;
use crate::console::window::{self, Window};
use crate::console::{Address, Console, Request};

/// A run as JSON tells it.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) run_id: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_time: Option<&'a str>,
    pub(super) started_at: String,
    pub(super) duration_ms: f64,
    pub(super) outcome: &'a str,
    /// What it was made of: jobs without traces are not in it.
    made_of: &'static str,
    /// What the run itself counted.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    totals: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
    pub(super) jobs: Vec<Job<'a>>,
}

/// A job of it.
#[derive(Serialize)]
pub(super) struct Job<'a> {
    pub(super) job: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    job_type: Option<&'a str>,
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    pub(super) outcome: &'a str,
    #[serde(skip)]
    pub(super) standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempts: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retried: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Cause>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    pub(super) trace_id: String,
    segment_id: String,
}

/// Why an attempt or a job failed.
#[derive(Serialize)]
pub(super) struct Cause {
    pub(super) message: String,
}

/// The report as Markdown in a page, to be copied, and where it is downloaded.
pub(super) fn page(console: &Console, request: &Request, id: &str) -> Result<Response, Failure> {
    let run = read(console, request, id)?;
    let report = markdown::written(&report(console, &run)?);
    let now = console.now();
    let address = &request.address;
    let whole = Window::read(&whole(address, &run, now)?, now)?;
    let content = html! {
        p class="way" { a href=(run_address(address, id)) { "Run " (Name(id)) } }
        h1 { "Report" }
        p {
            a class="button" href=(report_address(address, id, "report.md")) download { "Download Markdown" } " "
            a class="button" href=(report_address(address, id, "report.json")) download { "Download JSON" }
        }
        p class="quiet" { "Made of the traces: a job whose segments did not arrive is not in it." }
        div class="sent" {
            pre id="report" data-scrolls tabindex="0" role="group" aria-label="Report as Markdown" { (report) }
            button type="button" data-copy aria-label="Copy: the report" hidden { "Copy" }
        }
    };
    let title = format!("Report of run {id}");
    let page = Page {
        title: &title,
        nav: Nav::Runs,
        sheet: "runs.css",
        window: None,
        command: Some(
            [
                vec!["traces".to_owned()],
                annotation_flag("run_id", id).to_vec(),
                whole.flags(),
            ]
            .concat(),
        ),
        content,
    };
    Ok(document(page.render(console, request)))
}

/// A page beneath that of a run.
pub(super) fn report_address(address: &Address, id: &str, name: &str) -> Address {
    let run = run_address(address, id);
    let path = format!("{}/{name}", run.only(&[]));
    run.at(path)
}

pub(super) fn markdown(
    console: &Console,
    request: &Request,
    id: &str,
) -> Result<Response, Failure> {
    let run = read(console, request, id)?;
    let report = report(console, &run)?;
    let kind = "text/markdown; charset=utf-8";
    Ok(download(
        kind,
        &file_name(id, "md"),
        markdown::written(&report),
    ))
}

pub(super) fn json(console: &Console, request: &Request, id: &str) -> Result<Response, Failure> {
    let run = read(console, request, id)?;
    let report = serde_json::to_string_pretty(&report(console, &run)?);
    let report =
        report.map_err(|error| Failure::BadRequest(format!("the report is no JSON: {error}")))?;
    Ok(download(
        "application/json",
        &file_name(id, "json"),
        report + "\n",
    ))
}

fn file_name(id: &str, end: &str) -> String {
    format!("run-{}.{end}", id.replace('/', "-"))
}

fn report<'r>(console: &Console, run: &'r Run) -> Result<Report<'r>, Failure> {
    let now = console.now();
    let (told, details) = Told::read(&console.store, run, run.jobs.iter())?;
    let jobs = run.jobs.iter();
    let jobs = jobs
        .map(|job| Job::new(job, details.of(job), now))
        .collect();
    let own = run.own.as_ref();
    let text =
        |member: fn(&work::Own) -> &Option<String>| own.and_then(|own| member(own).as_deref());
    Ok(Report {
        run_id: &run.id,
        name: run.name(),
        shard: text(|own| &own.shard),
        schedule: run.schedule(),
        scheduled_time: text(|own| &own.scheduled_time),
        started_at: window::rfc_3339(run.start),
        duration_ms: milliseconds(run.seconds(now)),
        outcome: match run.standing() {
            Standing::Running => Standing::Running.word(),
            standing => text(|own| &own.outcome).unwrap_or_else(|| standing.word()),
        },
        made_of: "traces",
        totals: told
            .totals
            .into_iter()
            .map(|(word, number)| (word, number.into()))
            .collect(),
        trace_id: own.map(|own| own.trace_id.to_string()),
        jobs,
    })
}

impl<'a> Job<'a> {
    fn new(job: &'a Invocation, detail: Option<&Detail>, now: Timestamp) -> Self {
        let cause = |message: &str| Cause {
            message: message.to_owned(),
        };
        let attempts = detail.map_or(&[][..], |detail| &detail.attempts);
        // The last one's is the job's own.
        let before = attempts.iter().take(attempts.len().saturating_sub(1));
        Self {
            job: &job.job,
            job_type: job.job_type.as_deref(),
            service: &job.service,
            bucket: job.bucket.as_deref(),
            region: job.region.as_deref(),
            outcome: job.word(),
            standing: job.standing,
            attempts: job.attempts,
            retried: before
                .filter_map(|attempt| attempt.error.as_deref())
                .map(cause)
                .collect(),
            duration_ms: job.seconds(now).map(milliseconds),
            error: detail.and_then(|detail| detail.error.as_deref()).map(cause),
            changes: detail.map_or_else(Vec::new, |detail| detail.changes.clone()),
            request_id: job.request_id.as_deref(),
            trace_id: job.trace_id.to_string(),
            segment_id: job.segment_id.to_string(),
        }
    }

    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_ref().map(|cause| cause.message.as_str())
    }
}

fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
