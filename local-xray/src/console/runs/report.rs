//! The report of a run to take away, made of its traces: as Markdown, as JSON.

use axum::response::Response;
use maud::html;

use super::run::{read, whole};
use super::{annotation_flag, run_address};
use crate::console::answer::{Failure, document, download};
use crate::console::page::{Nav, Page};
use crate::console::parts::Name;
use crate::console::window::Window;
use crate::console::{Address, Console, Request};
use crate::runs::{self, Report};

/// The report as Markdown in a page, to be copied, and where it is downloaded.
pub(super) fn page(console: &Console, request: &Request, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let now = console.now();
    let report = runs::markdown(&Report::read(&console.store, &run, now)?);
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

pub(super) fn markdown(console: &Console, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let report = Report::read(&console.store, &run, console.now())?;
    let kind = "text/markdown; charset=utf-8";
    Ok(download(
        kind,
        &file_name(id, "md"),
        runs::markdown(&report),
    ))
}

pub(super) fn json(console: &Console, id: &str) -> Result<Response, Failure> {
    let run = read(console, id)?;
    let report = serde_json::to_string_pretty(&Report::read(&console.store, &run, console.now())?);
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
