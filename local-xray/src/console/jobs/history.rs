//! A job's history: each time it was run in the window, and how long it took over time.

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::PAGE_LEN;
use crate::console::answer::{Failure, document};
use crate::console::page::{Nav, Page, toolbar};
use crate::console::pages::{Choice, Paged, choices};
use crate::console::parts::{Name, count, duration, time};
use crate::console::runs::run_address;
use crate::console::runs::standing::by_outcome;
use crate::console::runs::table;
use crate::console::window::{self, Window};
use crate::console::{Address, Console, Request, command};
use crate::runs::{self, Details, Invocation, Job, Standing};

pub(super) fn page(console: &Console, request: &Request, name: &str) -> Result<Response, Failure> {
    let now = console.now();
    let address = &request.address;
    let window = Window::read(address, now)?;
    let of_services = runs::jobs(&console.store, (window.start, window.end), |known| {
        known == name
    })?;
    if of_services.is_empty() && !runs::has_job(&console.store, name)? {
        let words = format!("no segment here is of a job {name:?}");
        return Err(Failure::NotFound(words));
    }
    let service = address.get("service");
    let is_of_service = |job: &&Job| {
        let known = job.last().map(|last| last.service.as_str());
        service.is_none() || known == service
    };
    let of_service = of_services.iter().filter(is_of_service);
    let job = Job::new(of_service.flat_map(|job| job.invocations.clone()).collect());
    let outcome = address.get("outcome");
    let is_so =
        |invocation: &&Invocation| outcome.is_none_or(|outcome| invocation.word() == outcome);
    let shown: Vec<&Invocation> = job.invocations.iter().filter(is_so).collect();
    let paged = Paged::of(&shown, address, PAGE_LEN);
    let details = Details::read(&console.store, paged.items.iter().copied())?;
    let moves = (job.counts.of(Standing::Running) > 0).then_some(1);
    let content = html! {
        p class="way" { a href=(address.only(&window::KEYS).at("/jobs")) { "Jobs" } }
        h1 { (Name(name)) }
        div id="tools" data-live { (toolbar(address, &window, None, &["page"])) }
        div id="history" data-live data-follows="traces" data-moves=[moves] {
            @if job.invocations.is_empty() { (nothing(request, &window)) }
            @else {
                @if of_services.len() > 1 { (by_service(address, &of_services)) }
                (head(&job))
                (by_outcome(address, "By outcome", job.invocations.iter().map(|one| (one.standing, one.word()))))
                @if shown.is_empty() { p class="quiet" { "It never went so." } }
                @else { (table_of(address, paged.items, &details, now)) }
                (paged.links(address, "invocations"))
            }
        }
    };
    let title = format!("Job {name}");
    let flags = [
        command::flags(address, &["outcome", "service"]),
        window.flags(),
    ];
    let page = Page {
        title: &title,
        nav: Nav::Jobs,
        sheet: "runs.css",
        window: Some(&window),
        command: Some(command::of("jobs", name, flags.concat())),
        content,
    };
    Ok(document(page.render(console, request)))
}

fn nothing(request: &Request, window: &Window) -> Markup {
    html! {
        section class="empty" {
            h2 { "It was not run in " (window.words()) }
            p { a class="button" href=(request.address.only(&["service"]).with("since", "30d")) data-place { "Show the last 30 days" } }
        }
    }
}

fn head(job: &Job) -> Markup {
    let took = job.durations();
    let last = job.last();
    html! {
        dl class="facts" {
            @if let Some(last) = last {
                div { dt { "Last outcome" } dd { (table::outcome(last)) } }
                div { dt { "Service" } dd { (Name(&last.service)) } }
                @if let Some(job_type) = &last.job_type { div { dt { "Type" } dd { (Name(job_type)) } } }
                @if last.bucket.is_some() || last.region.is_some() { div { dt { "Works on" } dd { (table::place(last)) } } }
            }
            div { dt { "In this window" } dd { (count(job.counts.all(), "time")) ": " (job.counts.words()) } }
            @if let (Some(average), Some(most)) = (took.average(), took.percentile(95)) {
                div { dt { "Duration" } dd { (duration(average)) " on average, 95 % within " (duration(most)) } }
            }
        }
        @if took.count() > 1 { (over_time(job)) }
    }
}

/// How long it took each time, the oldest first: the last hundred as columns.
fn over_time(job: &Job) -> Markup {
    const COLUMNS_MAX: usize = 100;
    const STEP: usize = 7;
    const HEIGHT: f64 = 48.0;
    let last: Vec<(&Invocation, f64)> = job.ended().take(COLUMNS_MAX).collect();
    let longest = last.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    let width = last.len() * STEP;
    let height = |seconds: f64| match longest > 0.0 {
        true => (seconds / longest * HEIGHT).max(2.0),
        false => 2.0,
    };
    let words = format!(
        "How long the last {} took, the oldest first: at most {}",
        last.len(),
        duration(longest)
    );
    html! {
        figure class="over-time" {
            svg width=(width) height=(HEIGHT) viewBox={ "0 0 " (width) " " (HEIGHT) } role="img" aria-label=(words) {
                @for (place, (invocation, seconds)) in last.iter().rev().enumerate() {
                    @let height = height(*seconds);
                    rect class={ "bar-part " (invocation.standing.class()) } x=(place * STEP) width=(STEP - 2)
                        y=(format!("{:.1}", HEIGHT - height)) height=(format!("{height:.1}"))
                    { title { (invocation.word()) ", " (duration(*seconds)) ", " (window::date_time(invocation.start)) } }
                }
            }
            figcaption class="quiet" { "Duration of the last " (last.len()) ", the oldest first; the longest " (duration(longest)) }
        }
    }
}

fn by_service(address: &Address, jobs: &[Job]) -> Markup {
    let count = jobs.iter().map(|job| job.counts.all()).sum();
    let all = Choice {
        value: "",
        label: html! { "All services" },
        count,
    };
    let each = jobs.iter().filter_map(|job| {
        let last = job.last()?;
        let count = job.counts.all();
        Some(Choice {
            value: &last.service,
            label: html! { (Name(&last.service)) },
            count,
        })
    });
    choices(
        address,
        "service",
        "By service",
        std::iter::once(all).chain(each),
    )
}

fn table_of(
    address: &Address,
    invocations: &[&Invocation],
    details: &Details,
    now: Timestamp,
) -> Markup {
    html! {
        div class="table" id="history-table" data-scrolls tabindex="0" role="region" aria-label="Invocations" {
            table class="runs" {
                thead { tr {
                    th scope="col" { "Run" }
                    th scope="col" { "Outcome" }
                    th scope="col" { "What it did" }
                    th scope="col" class="number" { "Attempts" }
                    th scope="col" class="number" { "Duration" }
                    th scope="col" { "Look at" }
                } }
                tbody { @for invocation in invocations { tr {
                    th scope="row" class="what" {
                        a id={ "run-" (invocation.segment_id) } href=(run_address(address, &invocation.run_id)) { (time(invocation.start)) }
                        span class="id quiet" { (Name(&invocation.run_id)) }
                    }
                    td { (table::outcome(invocation)) }
                    td class="told" { (table::told(invocation, details.of(invocation))) }
                    td class="number" { @if let Some(attempts) = invocation.attempts { (attempts) } @else { "–" } }
                    td class="number" { (table::took(invocation, now)) }
                    td class="links" { (table::trace_link(invocation)) }
                } } }
            }
        }
    }
}
