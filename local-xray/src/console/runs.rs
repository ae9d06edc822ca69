//! The runs of the window, and each with its jobs.
//!
//! They are put together from segments that name a run and a job (`runs`).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::answer::{Failure, document};
use super::page::{Nav, Page, toolbar};
use super::pages::{Choice, Paged, choices};
use super::parts::{Name, duration, time, trace_address};
use super::window::{self, Window};
use super::{Address, Console, Request, command};
use crate::runs::{self, Run, Standing};
use crate::term;

mod report;
mod run;
pub(super) mod standing;
pub(super) mod table;

use standing::by_outcome;

/// The most runs that are listed, the newest.
const RUNS_MAX: usize = 1000;

const PAGE_LEN: usize = 50;

/// The most names that are offered to narrow the list.
const NAMES_MAX: usize = 8;

/// The list of runs, or what stands beneath it.
pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let parts = request.address.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        [_] => list(console, request),
        [_, id] => run::page(console, request, id),
        [_, id, "report"] => report::page(console, request, id),
        [_, id, "report.md"] => report::markdown(console, id),
        [_, id, "report.json"] => report::json(console, id),
        _ => Err(Failure::NotFound(
            "there is no such page of a run".to_owned(),
        )),
    }
}

fn list(console: &Console, request: &Request) -> Result<Response, Failure> {
    let now = console.now();
    let address = &request.address;
    let window = Window::read(address, now)?;
    let mut runs = runs::all(&console.store, (window.start, window.end))?;
    let found = runs.len();
    runs.truncate(RUNS_MAX);
    let wanted = standing::asked(address)?;
    let name = address.get("name");
    let is_named = |run: &&Run| name.is_none_or(|name| run.name() == name);
    let is_so = |run: &&Run| wanted.is_none_or(|wanted| run.standing() == wanted);
    let shown: Vec<&Run> = runs.iter().filter(is_named).filter(is_so).collect();
    let paged = Paged::of(&shown, address, PAGE_LEN);
    let content = html! {
        h1 { "Runs" }
        div id="tools" data-live { (toolbar(address, &window, None, &["page"])) }
        div id="runs" data-live data-follows="traces" data-moves=[moves(&runs, now)] {
            @if runs.is_empty() { (no_runs(console, request, &window)) }
            @else {
                div class="narrow" {
                    (by_outcome(address, "By outcome", runs.iter().filter(is_named).map(|run| (run.standing(), run.standing().word()))))
                    (by_name(address, &runs.iter().filter(is_so).collect::<Vec<_>>()))
                }
                @if shown.is_empty() { p class="quiet" { "No run is so. " a href=(address.without(&["outcome", "name", "page"])) data-place { "Show all" } } }
                @else { (table_of(address, paged.items, now)) }
                (paged.links(address, "runs"))
                @if found > RUNS_MAX { p class="quiet" { "These are the newest " (RUNS_MAX) " of " (found) " runs." } }
            }
        }
    };
    let flags = command::flags(address, &["outcome", "name"]);
    let page = Page {
        title: "Runs",
        nav: Nav::Runs,
        sheet: "runs.css",
        window: Some(&window),
        command: Some([vec!["runs".to_owned()], flags, window.flags()].concat()),
        content,
    };
    Ok(document(page.render(console, request)))
}

/// How many seconds a page may stay as it is while something runs: what began long ago moves slowly.
fn moves(runs: &[Run], now: Timestamp) -> Option<u32> {
    let running = runs
        .iter()
        .filter(|run| run.standing() == Standing::Running);
    let youngest = running.map(|run| now.since(run.start).as_secs()).min()?;
    Some(if youngest < 600 { 1 } else { 15 })
}

/// Of few names all, of many those with the most runs.
fn by_name(address: &Address, runs: &[&Run]) -> Markup {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let chosen = address.get("name");
    names.extend(chosen.map(|name| (name, 0)));
    runs.iter()
        .for_each(|run| *names.entry(run.name()).or_default() += 1);
    if names.len() < 2 && chosen.is_none() {
        return html! {};
    }
    let mut most: Vec<(&str, usize)> = names.into_iter().collect();
    most.sort_by_key(|&(name, count)| (Some(name) != chosen, std::cmp::Reverse(count)));
    most.truncate(NAMES_MAX);
    let all = Choice {
        value: "",
        label: html! { "All names" },
        count: runs.len(),
    };
    let named = most.into_iter().map(|(name, count)| Choice {
        value: name,
        label: html! { (Name(name)) },
        count,
    });
    choices(
        address,
        "name",
        "By name",
        std::iter::once(all).chain(named),
    )
}

fn table_of(address: &Address, runs: &[&Run], now: Timestamp) -> Markup {
    html! {
        div class="table" id="runs-table" data-scrolls tabindex="0" role="region" aria-label="Runs" {
            table class="runs" {
                thead { tr {
                    th scope="col" { "Run" }
                    th scope="col" { "Outcome" }
                    th scope="col" class="number" { "Jobs" }
                    th scope="col" { "Started" }
                    th scope="col" class="number" { "Duration" }
                    th scope="col" { "Look at" }
                } }
                tbody { @for run in runs { (row(address, run, now)) } }
            }
        }
    }
}

fn row(address: &Address, run: &Run, now: Timestamp) -> Markup {
    let key = key(&run.id);
    html! {
        tr {
            th scope="row" class="what" {
                a id={ "run-" (key) } class="title" href=(run_address(address, &run.id)) { (Name(run.name())) }
                span class="id quiet" { (Name(&run.id)) }
                @if let Some(schedule) = run.schedule() {
                    span class="quiet" { "by " (Name(schedule)) (scheduled(run)) }
                }
            }
            td { div class="standing" { (run.standing().sign(&run.words())) (run.counts.bar()) } }
            td class="number" { (run.counts.all()) }
            td class="when" { (time(run.start)) }
            td class="number" {
                (duration(run.seconds(now)))
                @if run.standing() == Standing::Running { span class="quiet" { " so far" } }
            }
            td class="links" {
                @if let Some(own) = &run.own {
                    a id={ "trace-" (key) } href=(trace_address(own.trace_id)) aria-label={ "Trace of run " (run.id) } { "Trace" }
                }
                a id={ "traces-" (key) } href=(traces_of(address, &run.id)) aria-label={ "All traces of run " (run.id) } { "Traces" }
            }
        }
    }
}

/// `, for 02:00:00`, where the run says for which time it was.
fn scheduled(run: &Run) -> Markup {
    let time = run
        .own
        .as_ref()
        .and_then(|own| own.scheduled_time.as_deref());
    html! { @if let Some(time) = time { ", for " (scheduled_time(time)) } }
}

/// A time as an annotation has it; what is none stays as it is.
fn scheduled_time(text: &str) -> Markup {
    match window::parsed(text) {
        Some(parsed) => time(parsed),
        None => html! { (Name(text)) },
    }
}

fn no_runs(console: &Console, request: &Request, window: &Window) -> Markup {
    let is_wide = window.choice() == Some("30d");
    html! {
        section class="empty" {
            h2 { "No runs in " (window.words()) }
            @if !is_wide {
                p { a class="button" href=(request.address.only(&[]).with("since", "30d")) data-place { "Show the last 30 days" } }
            }
            p { "Run some jobs; they show here while they run:" }
            (command::copied("A first run", &command::first_run(&console.surroundings)))
            p class="quiet" {
                "Segments of any program show here that are annotated with " code { "run_id" } " and " code { "job" } "."
            }
        }
    }
}

/// The command that shows a run; none of one that is called what the command calls the newest.
fn of_run(id: &str, flags: Vec<String>) -> Option<Vec<String>> {
    (id != "latest").then(|| command::of("runs", id, flags))
}

/// The page of a run, looking at the same window.
pub(super) fn run_address(address: &Address, id: &str) -> Address {
    address
        .only(&window::KEYS)
        .at(Address::under("/runs", id).to_string())
}

/// The traces of a run.
fn traces_of(address: &Address, id: &str) -> Address {
    let keyword = term::annotation("run_id").unwrap_or_default();
    let filter = format!("{keyword} = {}", term::quoted(id));
    address
        .only(&window::KEYS)
        .at("/traces")
        .with("filter", filter)
}

/// What makes an element's id of a text that may hold anything.
pub(super) fn key(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
