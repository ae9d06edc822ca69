//! The jobs of the window, each with what became of it run by run.

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::answer::{Failure, document};
use super::page::{Nav, Page, toolbar};
use super::pages::{Paged, find, is_found};
use super::parts::{Name, duration, time};
use super::runs::standing::{Counts, Standing, by_outcome};
use super::runs::work::{Invocation, RunEnds};
use super::window::{self, Window};
use super::{Address, Console, Request, command};
use crate::term;

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

/// A job, by its service and name.
struct Job {
    /// Newest first.
    invocations: Vec<Invocation>,
    counts: Counts,
}

impl Job {
    fn new(mut invocations: Vec<Invocation>) -> Self {
        invocations.sort_by_key(|invocation| Reverse((invocation.start, invocation.segment_id)));
        let counts = invocations
            .iter()
            .map(|invocation| invocation.standing)
            .collect();
        Self {
            invocations,
            counts,
        }
    }

    fn last(&self) -> Option<&Invocation> {
        self.invocations.first()
    }
}

/// The jobs that were run in a window: failing first, then by name.
fn jobs(
    console: &Console,
    window: &Window,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Job>, Failure> {
    let mut ends = RunEnds::default();
    let mut by_name: HashMap<(String, String), Vec<Invocation>> = HashMap::new();
    console
        .store
        .each_work_segment((window.start, window.end), |segment| {
            ends.note(segment);
            if !segment.job().is_some_and(&is_wanted) {
                return;
            }
            if let Some(invocation) = Invocation::of(segment) {
                let key = (invocation.job.clone(), invocation.service.clone());
                by_name.entry(key).or_default().push(invocation);
            }
        })?;
    let found = by_name.values().flatten();
    ends.look_before(&console.store, window.start, found)?;
    let mut jobs: Vec<_> = by_name.into_iter().collect();
    jobs.sort_by(|(a, _), (b, _)| a.cmp(b));
    let jobs = jobs.into_iter().map(|(_, mut invocations)| {
        ends.apply(&mut invocations);
        Job::new(invocations)
    });
    let mut jobs: Vec<Job> = jobs.collect();
    jobs.sort_by_key(|job| {
        job.last()
            .map_or(Standing::Done, |last| urgency(last.standing))
    });
    Ok(jobs)
}

/// Here what failed comes before what runs: it is what is looked for.
fn urgency(standing: Standing) -> Standing {
    match standing {
        Standing::Running => Standing::Failed,
        Standing::Failed => Standing::Running,
        other => other,
    }
}

fn list(console: &Console, request: &Request) -> Result<Response, Failure> {
    let now = console.now();
    let address = &request.address;
    let window = Window::read(address, now)?;
    let jobs = jobs(console, &window, |name| is_found(address, name))?;
    let wanted = address.get("outcome").and_then(Standing::from_word);
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
            @if jobs.is_empty() && address.get("find").is_none() { (no_jobs(console, request, &window)) }
            @else {
                div class="narrow" { (by_outcome(address, "By last outcome", jobs.iter().filter_map(Job::last).map(|last| (last.standing, last.standing.word())))) }
                @if shown.is_empty() { p class="quiet" { "No job is so. " a href=(address.without(&["outcome", "find", "page"])) data-place { "Show all" } } }
                @else { (table_of(address, paged.items, now)) }
                (paged.links(address, "jobs"))
            }
        }
    };
    let filter = term::annotation("job").unwrap_or_default();
    let command = ["traces", "--filter", &filter].map(str::to_owned);
    let page = Page {
        title: "Jobs",
        nav: Nav::Jobs,
        sheet: "runs.css",
        window: Some(&window),
        command: Some([command.to_vec(), window.flags()].concat()),
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
    let mut took: Vec<f64> = ended(&job.invocations).collect();
    took.sort_by(f64::total_cmp);
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
            td class="number" { (cell(average(&took))) }
            td class="number" { (cell(percentile(&took, 95))) }
        }
    }
}

/// How long those took that are over.
fn ended(invocations: &[Invocation]) -> impl Iterator<Item = f64> {
    let over = invocations
        .iter()
        .filter(|invocation| invocation.end.is_some());
    over.filter_map(|invocation| invocation.seconds(invocation.start))
}

fn average(took: &[f64]) -> Option<f64> {
    (!took.is_empty()).then(|| took.iter().sum::<f64>() / took.len() as f64)
}

/// The nearest of the values, which are sorted, that so many of a hundred do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let place = (sorted.len() * percent).div_ceil(100);
    sorted.get(place.checked_sub(1)?).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_value() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 95), Some(95.0));
        assert_eq!(percentile(&sorted[..1], 95), Some(1.0));
        assert_eq!(percentile(&sorted[..3], 50), Some(2.0));
        assert_eq!(percentile(&[], 95), None);
        assert_eq!(average(&sorted[..3]), Some(2.0));
        assert_eq!(average(&[]), None);
    }
}
