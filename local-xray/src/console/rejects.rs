//! What PutTraceSegments refused and why, and what daemons count.

use std::collections::BTreeMap;

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::TraceId;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::pages::{Choice, Paged, choices};
use super::parts::{Name, count, signed, time, trace_address};
use super::{Address, Console, Request, command};
use crate::store::Reject;

mod daemons;

/// As many as are kept.
const REJECTS_MAX: usize = 1000;

const PAGE_LEN: usize = 25;

/// How much of a document is shown, in characters.
const DOCUMENT_CHARS_MAX: usize = 16_000;

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let address = &request.address;
    let rejects = console.store.rejects(REJECTS_MAX)?;
    let senders = console.store.telemetry()?;
    let code = address.get("code");
    let is_so = |reject: &&Reject| code.is_none_or(|code| reject.error_code == code);
    let shown: Vec<&Reject> = rejects.iter().filter(is_so).collect();
    let paged = Paged::of(&shown, address, PAGE_LEN);
    // Whether a daemon is silent by now changes without news.
    let moves = (!senders.is_empty()).then_some(30);
    let content = html! {
        h1 { "Rejects" }
        div id="rejects" data-live data-follows="rejects telemetry" data-moves=[moves] {
            p class="head" {
                a id="to-refused" href="#refused" { (verdict(rejects.len())) }
                a id="to-daemons" href="#daemons" { (daemons::verdict(&senders, console.now())) }
            }
            section aria-labelledby="refused" {
                h2 id="refused" { "Refused documents" }
                @if rejects.is_empty() { (nothing_refused()) }
                @else {
                    (by_code(address, &rejects))
                    @if shown.is_empty() { p class="quiet" { "None has this code. " a href=(address.without(&["code", "page"])) data-place { "Show all" } } }
                    ul class="rejects" { @for reject in paged.items { li { (refused(reject)) } } }
                    (paged.links(address, "documents"))
                }
            }
            section aria-labelledby="daemons" {
                h2 id="daemons" { "Daemons" }
                (daemons::section(console, request, &senders))
            }
        }
    };
    let page = Page {
        title: "Rejects",
        nav: Nav::Rejects,
        sheet: "rejects.css",
        window: None,
        command: Some(
            [
                vec!["rejects".to_owned()],
                command::flags(address, &["code"]),
            ]
            .concat(),
        ),
        content,
    };
    Ok(document(page.render(console, request)))
}

fn verdict(refused: usize) -> Markup {
    match refused {
        0 => signed("ok", "Nothing was refused"),
        refused => signed("fault", &format!("{} refused", count(refused, "document"))),
    }
}

fn nothing_refused() -> Markup {
    html! {
        div class="good" {
            p {
                "X-Ray tells only the sender which documents it does not take, and many senders drop that answer. Here \
                 the newest thousand are kept, with why and what to mend."
            }
        }
    }
}

fn by_code(address: &Address, rejects: &[Reject]) -> Markup {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    rejects
        .iter()
        .for_each(|reject| *codes.entry(&reject.error_code).or_default() += 1);
    let all = Choice {
        value: "",
        label: html! { "All" },
        count: rejects.len(),
    };
    let each = codes.into_iter().map(|(code, count)| Choice {
        value: code,
        label: html! { (Name(code)) },
        count,
    });
    choices(address, "code", "By code", std::iter::once(all).chain(each))
}

fn refused(reject: &Reject) -> Markup {
    let key = super::runs::key(&format!(
        "{}{}",
        reject.arrived.as_micros(),
        reject.document
    ));
    let trace = reject
        .trace_id
        .as_deref()
        .map(|text| (text, text.parse::<TraceId>().ok()));
    html! {
        article {
            p class="head" {
                strong { (signed("fault", &reject.error_code)) }
                @if let Some(name) = &reject.name { span { (Name(name)) } }
                span class="quiet" { (time(reject.arrived)) }
            }
            p { (coded(&reject.mend())) }
            dl class="facts" {
                @if let Some(id) = &reject.id { div { dt { "Id" } dd class="id" { (Name(id)) } } }
                @match trace {
                    Some((_, Some(id))) => { div { dt { "Trace" } dd class="id" { a id={ "trace-" (key) } href=(trace_address(id)) { (id) } } } }
                    Some((text, None)) => { div { dt { "Trace" } dd class="id" { (Name(text)) } } }
                    None => {}
                }
                div { dt { "Answer" } dd class="id" { (Name(&reject.message)) } }
            }
            details id={ "document-" (key) } {
                summary { "Document, " (count(reject.document.chars().count(), "character")) }
                (sent(&reject.document, &key))
            }
        }
    }
}

/// The document, indented where it is JSON.
fn sent(document: &str, key: &str) -> Markup {
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(document);
    let pretty = parsed.and_then(|value| serde_json::to_string_pretty(&value));
    let text = pretty.unwrap_or_else(|_| document.to_owned());
    let end = text.char_indices().nth(DOCUMENT_CHARS_MAX);
    html! {
        div class="sent" {
            pre id={ "sent-" (key) } data-scrolls tabindex="0" role="group" aria-label="Document as it was sent" {
                @match end {
                    Some((end, _)) => (text[..end]),
                    None => (text),
                }
            }
            button type="button" data-copy aria-label="Copy: the document" hidden { "Copy" }
        }
        @if end.is_some() { p class="quiet" { "Only its start. The command below has all of it with " code { "--json" } "." } }
    }
}

/// A sentence in which backticks hold what is code.
fn coded(sentence: &str) -> Markup {
    html! {
        @for (number, part) in sentence.split('`').enumerate() {
            @if number % 2 == 1 { code { (Name(part)) } } @else { (Name(part)) }
        }
    }
}
