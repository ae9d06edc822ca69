//! The jobs of the window, each with what became of it run by run.

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::answer::{Failure, document};
use super::page::{Nav, Page, toolbar};
use super::pages::{Paged, find, is_found};
use super::parts::{Name, duration, time};
use super::runs::standing::{self, by_outcome};
use super::window::{self, Window};
use super::{Address, Console, Request, command};
use crate::runs::{self, Counts, Invocation, Job, Standing};

mod history;

const PAGE_LEN: usize = 100;

/// How many outcomes of a job are shown, the last.
const STRIP_LEN: usize = 20;

/// The list of jobs, or the history of one.
pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    match request.address.parts().as_slice() {
        [_, name] => history::page(console, request, name),
        _ => list(console, request),
    }
}

/// The page of a job, looking at the same window.
pub(super) fn job_address(address: &Address, name: &str) -> Address {
    address
        .only(&window::KEYS)
        .at(Address::under("/jobs", name).to_string())
}

fn list(console: &Console, request: &Request) -> Result<Response, Failure> {
    let now = console.now();
    let address = &request.address;
    let window = Window::read(address, now)?;
    let mut jobs = runs::jobs(&console.store, (window.start, window.end), |name| {
        is_found(address, name)
    })?;
    if let Some(service) = address.get("service") {
        jobs.retain(|job| job.last().is_some_and(|last| last.service == service));
    }
    let wanted = standing::asked(address)?;
    let is_so = |job: &&Job| {
        let last = job.last().map(|last| last.standing);
        wanted.is_none() || last == wanted
    };
    let shown: Vec<&Job> = jobs.iter().filter(is_so).collect();
    let paged = Paged::of(&shown, address, PAGE_LEN);
    let is_running = |job: &Job| job.counts.of(Standing::Running) > 0;
    let moves = jobs.iter().any(is_running).then_some(5);
    let content = html! {
        h1 { "Jobs" }
        div class="bar-of-tools" {
            (find(address, "Job"))
            div id="tools" data-live { (toolbar(address, &window, None, &["page"])) }
        }
        div id="jobs" data-live data-follows="traces" data-moves=[moves] {
            @if jobs.is_empty() && ["find", "service"].iter().all(|key| address.get(key).is_none()) { (no_jobs(console, request, &window)) }
            @else {
                div class="narrow" { (by_outcome(address, "By last outcome", jobs.iter().filter_map(Job::last).map(|last| (last.standing, last.standing.word())))) }
                @if shown.is_empty() { p class="quiet" { "No job is so. " a href=(address.without(&["outcome", "find", "service", "page"])) data-place { "Show all" } } }
                @else { (table_of(address, paged.items, now)) }
                (paged.links(address, "jobs"))
            }
        }
    };
    let flags = command::flags(address, &["outcome", "find", "service"]);
    let page = Page {
        title: "Jobs",
        nav: Nav::Jobs,
        sheet: "runs.css",
        window: Some(&window),
        command: Some([vec!["jobs".to_owned()], flags, window.flags()].concat()),
        content,
    };
    Ok(document(page.render(console, request)))
}

fn table_of(address: &Address, jobs: &[&Job], now: Timestamp) -> Markup {
    html! {
        div class="table" id="jobs-table" data-scrolls tabindex="0" role="region" aria-label="Jobs" {
            table class="runs" {
                thead { tr {
                    th scope="col" { "Job" }
                    th scope="col" { "Last outcome" }
                    th scope="col" { "Last run" }
                    th scope="col" { "How it went" }
                    th scope="col" class="number" { "Times" }
                    th scope="col" class="number" { "Last" }
                    th scope="col" class="number" { "Average" }
                    th scope="col" class="number" { "95 %" }
                } }
                tbody { @for job in jobs { @if let Some(last) = job.last() { (row(address, job, last, now)) } } }
            }
        }
    }
}

fn row(address: &Address, job: &Job, last: &Invocation, now: Timestamp) -> Markup {
    let key = super::runs::key(&format!("{}\n{}", last.service, last.job));
    let to = job_address(address, &last.job).with("service", &last.service);
    let run = super::runs::run_address(address, &last.run_id);
    let took = job.durations();
    let cell = |seconds: Option<f64>| seconds.map_or_else(|| "–".to_owned(), duration);
    html! {
        tr {
            th scope="row" class="what" {
                a id={ "job-" (key) } class="title" href=(to) { (Name(&last.job)) }
                span class="quiet" { (Name(&last.service)) @if let Some(bucket) = &last.bucket { " · " (Name(bucket)) } }
            }
            td { (super::runs::table::outcome(last)) }
            td class="when" { a id={ "run-" (key) } href=(run) aria-label={ "Last run of " (last.job) } { (time(last.start)) } }
            td { (strip(&job.invocations)) }
            td class="number" { (job.counts.all()) }
            td class="number" { (super::runs::table::took(last, now)) }
            td class="number" { (cell(took.average())) }
            td class="number" { (cell(took.percentile(95))) }
        }
    }
}

/// The last outcomes, the oldest first, as signs, and in words.
fn strip(newest_first: &[Invocation]) -> Markup {
    const STEP: usize = 9;
    let last: Vec<&Invocation> = newest_first.iter().take(STRIP_LEN).rev().collect();
    let counts: Counts = last.iter().map(|invocation| invocation.standing).collect();
    let width = STRIP_LEN * STEP;
    html! {
        svg class="strip" width=(width) height="14" viewBox={ "0 0 " (width) " 14" } role="img"
            aria-label={ "Last " (last.len()) ": " (counts.words()) }
        {
            @for (place, invocation) in last.iter().enumerate() {
                // Height tells them apart where colours do not.
                @let (y, height) = match invocation.standing {
                    Standing::Failed => (0, 14),
                    Standing::Unknown => (3, 11),
                    Standing::Running => (5, 4),
                    Standing::Done => (7, 7),
                };
                rect class={ "bar-part " (invocation.standing.class()) } x=(place * STEP) y=(y) width=(STEP - 2) height=(height) rx="1" {
                    title { (invocation.word()) ", " (window::date_time(invocation.start)) }
                }
            }
        }
    }
}

fn no_jobs(console: &Console, request: &Request, window: &Window) -> Markup {
    html! {
        section class="empty" {
            h2 { "No jobs were run in " (window.words()) }
            @if window.choice() != Some("30d") {
                p { a class="button" href=(request.address.only(&[]).with("since", "30d")) data-place { "Show the last 30 days" } }
            }
            p { "Run some; they show here while they run:" }
            (command::copied("A first run", &command::first_run(&console.surroundings)))
            p class="quiet" {
                "Segments of any program show here that are annotated with " code { "run_id" } " and " code { "job" } "."
            }
        }
    }
}
