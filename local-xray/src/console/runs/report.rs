//! The report of a run, made of its traces: as a page, and to take away as Markdown and as JSON.

use axum::response::Response;
use maud::{Markup, html};

use super::run::read;
use super::{of_run, run_address, scheduled_time, table};
use crate::console::answer::{Failure, document, download};
use crate::console::page::{Nav, Page};
use crate::console::parts::{Name, count, duration, time, trace_address};
use crate::console::{Address, Console, Request, jobs, window};
use crate::runs::{
    self, Counts, JobReport, REPORTED_FAILURES_MAX, REPORTED_JOBS_MAX, Report, Run, Standing,
};

/// The report as a page, with its Markdown to be copied, and where it is downloaded.
pub(super) fn page(console: &Console, request: &Request, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let report = Report::read(&console.store, &run, run.jobs.iter(), console.now())?;
    let address = &request.address;
    let content = html! {
        p class="way" { a href=(run_address(address, id)) { "Run " (Name(id)) } }
        h1 { "Report" }
        p {
            a class="button" href=(report_address(address, id, "report.md")) download { "Download Markdown" } " "
            a class="button" href=(report_address(address, id, "report.json")) download { "Download JSON" }
        }
        (head(&run, &report))
        (failures(&report))
        (changes(&report))
        (table_of(address, &report))
        details id="markdown" {
            summary { "The same as Markdown" }
            div class="sent" {
                pre id="report" data-scrolls tabindex="0" role="group" aria-label="Report as Markdown" { (runs::markdown(&report)) }
                button type="button" data-copy aria-label="Copy: the report" hidden { "Copy" }
            }
        }
    };
    let flags = ["--report", "markdown"].map(str::to_owned).to_vec();
    let title = format!("Report of run {id}");
    let page = Page {
        title: &title,
        nav: Nav::Runs,
        sheet: "runs.css",
        window: None,
        command: of_run(id, flags),
        content,
    };
    Ok(document(page.render(console, request)))
}

/// What became of the run.
fn head(run: &Run, report: &Report<'_>) -> Markup {
    let counts: Counts = report.jobs.iter().map(|job| job.standing).collect();
    html! {
        p class="standing" { (run.standing().sign(report.outcome)) (counts.bar()) }
        dl class="facts" {
            div { dt { "Run" } dd { (Name(report.name)) " " span class="id quiet" { (Name(report.run_id)) } } }
            div { dt { "Began" } dd { (time(run.start)) } }
            div { dt { "Took" } dd { (duration(report.duration_ms / 1e3)) } }
            @if let Some(schedule) = report.schedule { div { dt { "Schedule" } dd { (Name(schedule)) } } }
            @if let Some(time) = report.scheduled_time { div { dt { "Scheduled for" } dd { (scheduled_time(time)) } } }
            @if let Some(shard) = report.shard { div { dt { "Shard" } dd { (Name(shard)) } } }
            div { dt { "Jobs" } dd { (count(report.jobs.len(), "job")) ": " (counts.words()) } }
        }
        p class="quiet" { "Made of the traces: a job whose segments did not arrive is not in it." }
    }
}

/// Why jobs failed, each with its trace.
fn failures(report: &Report<'_>) -> Markup {
    let failed = report
        .jobs
        .iter()
        .filter(|job| job.standing == Standing::Failed);
    let failed: Vec<&JobReport<'_>> = failed.collect();
    html! { @if !failed.is_empty() {
        h2 { "Failures" }
        ul class="report" { @for job in failed.iter().take(REPORTED_FAILURES_MAX) { li {
            strong { (Name(job.job)) } " " (job.standing.sign(job.outcome))
            @if let Some(error) = job.error() { ": " (Name(error)) }
            " " span class="quiet" {
                @if let Some(attempts) = job.attempts { (count(attempts as usize, "attempt")) ", " }
                (trace_link(job, "failed"))
            }
        } } }
        (rest(failed.len(), REPORTED_FAILURES_MAX))
    } }
}

/// What was changed, job by job.
fn changes(report: &Report<'_>) -> Markup {
    let changed = report.jobs.iter().filter(|job| !job.changes.is_empty());
    let changed: Vec<&JobReport<'_>> = changed.collect();
    html! { @if !changed.is_empty() {
        h2 { "Changes" }
        ul class="report" { @for job in changed.iter().take(REPORTED_JOBS_MAX) { li {
            strong { (Name(job.job)) } " " span class="quiet" { (Name(job.outcome)) }
            (table::changes(&job.changes))
        } } }
        (rest(changed.len(), REPORTED_JOBS_MAX))
    } }
}

fn table_of(address: &Address, report: &Report<'_>) -> Markup {
    let has_buckets = report.jobs.iter().any(|job| job.bucket.is_some());
    html! { @if !report.jobs.is_empty() {
        h2 { "Jobs" }
        div class="table" id="report-table" data-scrolls tabindex="0" role="region" aria-label="Jobs of the report" {
            table class="runs" {
                thead { tr {
                    th scope="col" { "Job" }
                    @if has_buckets { th scope="col" { "Bucket" } }
                    th scope="col" { "Outcome" }
                    th scope="col" class="number" { "Attempts" }
                    th scope="col" class="number" { "Duration" }
                    th scope="col" { "Trace" }
                } }
                tbody { @for job in report.jobs.iter().take(REPORTED_JOBS_MAX) { tr {
                    th scope="row" class="what" { a href=(jobs::job_address(&address.only(&window::KEYS), job.job).with("service", job.service)) { (Name(job.job)) } }
                    @if has_buckets { td class="what" { @if let Some(bucket) = job.bucket { span class="id" { (Name(bucket)) } } } }
                    td { (job.standing.sign(job.outcome)) }
                    td class="number" { @if let Some(attempts) = job.attempts { (attempts) } @else { "–" } }
                    td class="number" { @if let Some(ms) = job.duration_ms { (duration(ms / 1e3)) } @else { "–" } }
                    td { (trace_link(job, "job")) }
                } } }
            }
        }
        (rest(report.jobs.len(), REPORTED_JOBS_MAX))
    } }
}

fn trace_link(job: &JobReport<'_>, place: &str) -> Markup {
    html! {
        a id={ (place) "-" (job.segment_id) } class="id" href=(trace_address(job.trace_id).with("segment", job.segment_id)) { (job.trace_id) }
    }
}

fn rest(all: usize, told: usize) -> Markup {
    html! { @if all > told { p class="quiet" { "… " (all - told) " more; the report as JSON has them all." } } }
}

/// A page beneath that of a run.
pub(super) fn report_address(address: &Address, id: &str, name: &str) -> Address {
    let run = run_address(address, id);
    let path = format!("{}/{name}", run.only(&[]));
    run.at(path)
}

pub(super) fn markdown(console: &Console, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let report = Report::read(&console.store, &run, run.jobs.iter(), console.now())?;
    let kind = "text/markdown; charset=utf-8";
    Ok(download(
        kind,
        &file_name(id, "md"),
        runs::markdown(&report),
    ))
}

pub(super) fn json(console: &Console, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let report = serde_json::to_string_pretty(&Report::read(
        &console.store,
        &run,
        run.jobs.iter(),
        console.now(),
    )?);
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
