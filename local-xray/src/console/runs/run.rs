//! One run: what it tells of itself, and its jobs with what each did.

use std::collections::BTreeSet;

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::report::report_address;
use super::standing::by_outcome;
use super::table;
use super::{of_run, scheduled_time, traces_of};
use crate::console::answer::{Failure, document};
use crate::console::page::{Nav, Page};
use crate::console::pages::{Paged, find, is_found};
use crate::console::parts::{Name, count, duration, time, trace_address};
use crate::console::window::{self, Window};
use crate::console::{Address, Console, Request, command, jobs};
use crate::runs::{self, Details, Invocation, Own, Run, Standing, Told};

const PAGE_LEN: usize = 100;

/// What runs for so long may be what a killed worker left.
const LONG_SECONDS: f64 = 3600.0;

pub(super) fn page(console: &Console, request: &Request, id: &str) -> Result<Response, Failure> {
    let now = console.now();
    let address = &request.address;
    let mut run = read(console, id)?;
    run.jobs.sort_by_key(|job| job.standing);
    let around = whole(address, &run, now)?;
    let outcome = address.get("outcome");
    let is_named = |job: &&Invocation| is_found(address, &job.job);
    let is_so = |job: &&Invocation| outcome.is_none_or(|outcome| job.word() == outcome);
    let named: Vec<&Invocation> = run.jobs.iter().filter(is_named).collect();
    let shown: Vec<&Invocation> = named.iter().copied().filter(is_so).collect();
    let paged = Paged::of(&shown, address, PAGE_LEN);
    let (told, details) = Told::read(&console.store, &run, paged.items.iter().copied())?;
    let moves = super::moves(std::slice::from_ref(&run), now);
    let content = html! {
        p class="way" { a href=(address.only(&window::KEYS).at("/runs")) { "Runs" } }
        h1 { (Name(run.name())) }
        div id="run" data-live data-follows="traces" data-moves=[moves] { (head(&around, &run, &told, now)) }
        div class="bar-of-tools" {
            (find(address, "Job"))
            div id="narrow" data-live { (by_outcome(address, "By outcome", named.iter().map(|job| (job.standing, job.word())))) }
        }
        div id="jobs" data-live {
            @if shown.is_empty() {
                p class="quiet" { @if run.jobs.is_empty() { "No job of it has been seen yet." } @else { "No job is so." } }
            } @else { (table_of(&around, paged.items, &details, now)) }
            (paged.links(address, "jobs"))
        }
    };
    let flags = command::flags(address, &["outcome", "find"]);
    let title = format!("Run {id}");
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

/// The window of an address where the run is within, else one that holds the run: links look there.
fn whole(address: &Address, run: &Run, now: Timestamp) -> Result<Address, Failure> {
    let address = address.only(&window::KEYS);
    let window = Window::read(&address, now)?;
    let is_within = run.start >= window.start && run.end().unwrap_or(now) <= window.end;
    if is_within {
        return Ok(address);
    }
    let from = address
        .without(&window::KEYS)
        .with("start", window::rfc_3339(run.start));
    // Without an end it goes on up to now.
    Ok(match run.end() {
        Some(end) => from.with("end", window::rfc_3339(end)),
        None => from,
    })
}

/// The run that an address names.
pub(super) fn read(console: &Console, id: &str) -> Result<Run, Failure> {
    let run = runs::find(&console.store, id)?;
    run.ok_or_else(|| Failure::NotFound(format!("no segment here is of a run {id:?}")))
}

fn head(address: &Address, run: &Run, told: &Told, now: Timestamp) -> Markup {
    let is_running = run.standing() == Standing::Running;
    html! {
        p class="standing" { (run.standing().sign(&run.words())) (run.counts.bar()) }
        dl class="facts" {
            div { dt { "Run" } dd { (command::copied("Run id", &run.id)) } }
            div { dt { "Started" } dd { (time(run.start)) } }
            div { dt { "Duration" } dd {
                (duration(run.seconds(now))) @if is_running { span class="quiet" { " so far" } }
            } }
            @if let Some(schedule) = run.schedule() { div { dt { "Schedule" } dd { (Name(schedule)) } } }
            @if let Some(own) = &run.own { (facts(own)) }
            @if !told.waited.is_empty() { div { dt { "Before its start" } dd {
                @for (place, (name, seconds)) in told.waited.iter().enumerate() {
                    @if place > 0 { ", " } (Name(name)) " " (duration(*seconds))
                }
            } } }
            @let regions: BTreeSet<&str> = run.jobs.iter().filter_map(|job| job.region.as_deref()).collect();
            @if !regions.is_empty() { div { dt { @if regions.len() == 1 { "Region" } @else { "Regions" } } dd {
                @for (place, region) in regions.iter().enumerate() { @if place > 0 { ", " } (Name(region)) }
            } } }
            @if let Some(version) = &told.version { div { dt { "Program" } dd { (Name(version)) } } }
            div { dt { "Traces" } dd {
                @if let Some(own) = &run.own { a id="run-trace" href=(trace_address(own.trace_id)) { "Of the run" } " · " }
                a id="run-traces" href=(traces_of(address, &run.id)) { "Of its jobs" }
            } }
            div { dt { "Report" } dd {
                a id="report" href=(report_address(address, &run.id, "report")) { "Show" } " · "
                a id="report-md" href=(report_address(address, &run.id, "report.md")) download { "Markdown" } " · "
                a id="report-json" href=(report_address(address, &run.id, "report.json")) download { "JSON" }
            } }
        }
        (made_of(run, told))
        @if is_running && run.seconds(now) > LONG_SECONDS {
            p class="quiet" { "A worker that was killed tells nobody: what it left running stays so here." }
        }
    }
}

fn facts(own: &Own) -> Markup {
    html! {
        @if let Some(time) = &own.scheduled_time { div { dt { "Scheduled for" } dd { (scheduled_time(time)) } } }
        @if let Some(id) = &own.event_id { div { dt { "Event" } dd class="id" { (Name(id)) } } }
        @if let Some(shard) = &own.shard { div { dt { "Shard" } dd { (Name(shard)) } } }
        @if let Some(arn) = &own.task_arn { div { dt { "Task" } dd class="id" { (Name(arn)) } } }
    }
}

/// What the page is made of, and whether something is missing.
fn made_of(run: &Run, told: &Told) -> Markup {
    let missing = told.missing(run);
    html! {
        p class="quiet" {
            "Made of the traces of its jobs."
            @if let Some(totals) = told.totals_in_words() { " The run itself counted " (totals) "." }
            @if run.starts > 1 { " It was started " (run.starts) " times; of each job the latest invocation is shown." }
            @else if run.earlier > 0 { " Of each job the latest invocation is shown; " (run.earlier) " came before." }
        }
        @if missing > 0 {
            p { (Standing::Unknown.sign(&ran_and_missing(missing))) span class="quiet" {
                ": not sampled, dropped on the way, or removed since. Dropped ones are counted under "
                a href="/rejects" { "Rejects" } "."
            } }
        }
    }
}

fn ran_and_missing(missing: usize) -> String {
    let are = if missing == 1 { "is" } else { "are" };
    format!("{} that ran {are} not here", count(missing, "job"))
}

fn table_of(address: &Address, jobs: &[&Invocation], details: &Details, now: Timestamp) -> Markup {
    let has_place = jobs
        .iter()
        .any(|job| job.bucket.is_some() || job.region.is_some());
    html! {
        div class="table" id="jobs-table" data-scrolls tabindex="0" role="region" aria-label="Jobs of the run" {
            table class="runs" {
                thead { tr {
                    th scope="col" { "Job" }
                    th scope="col" { "Outcome" }
                    th scope="col" { "What it did" }
                    @if has_place { th scope="col" { "Works on" } }
                    th scope="col" class="number" { "Attempts" }
                    th scope="col" class="number" { "Duration" }
                    th scope="col" { "Look at" }
                } }
                tbody { @for job in jobs { tr {
                    th scope="row" class="what" {
                        a id={ "job-" (job.segment_id) } class="title" href=(jobs::job_address(address, &job.job).with("service", &job.service)) { (Name(&job.job)) }
                        @if let Some(job_type) = &job.job_type { span class="quiet" { (Name(job_type)) } }
                    }
                    td { (table::outcome(job)) }
                    td class="told" { (table::told(job, details.of(job))) }
                    @if has_place { td class="what" { (table::place(job)) } }
                    td class="number" { @if let Some(attempts) = job.attempts { (attempts) } @else { "–" } }
                    td class="number" { (table::took(job, now)) }
                    td class="links" { (table::trace_link(job)) }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Store;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros((1_763_790_000 + seconds) * 1_000_000)
    }

    /// A run of a job that ended, if it did, with an outcome, if it tells one.
    fn run_of((start, end): (u64, Option<u64>), outcome: Option<&str>) -> Run {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let start = at(start).as_secs();
        let document = json!({ "id": "0000000000000001", "trace_id": format!("1-{start:08x}-{:024x}", 1),
            "name": "fleet", "start_time": start, "end_time": end.map(|end| at(end).as_secs()),
            "in_progress": end.is_none(), "annotations": { "run_id": "r", "job": "a", "outcome": outcome } });
        let refused = store.put_trace_segments(&[document.to_string()], at(0));
        assert_eq!(refused.unwrap(), []);
        runs::find(&store, "r").unwrap().unwrap()
    }

    #[test]
    fn links_of_a_run_look_where_it_is() {
        for (times, query, expected) in [
            ((9_000, Some(9_060)), "since=1h&page=2", "/?since=1h"),
            ((9_000, None), "", "/"),
            (
                (1_000, Some(1_060)),
                "since=1h",
                "/?start=2025-11-22T05%3A56%3A40Z&end=2025-11-22T05%3A57%3A40Z",
            ),
            (
                (1_000, None),
                "since=1h",
                "/?start=2025-11-22T05%3A56%3A40Z",
            ),
        ] {
            let address = Address::of(&format!("/?{query}").parse().unwrap());
            let around = whole(&address, &run_of(times, None), at(10_000)).unwrap();
            assert_eq!(around.to_string(), expected);
        }
    }
}
