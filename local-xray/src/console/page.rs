//! What all pages have: the head, the ways to the other pages, the state of what is followed live.

use maud::{DOCTYPE, Markup, html};

use super::window::{self, Window};
use super::{Address, Console, Request, assets, command};

/// A page among those at the top of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nav {
    Map,
    Traces,
    Runs,
    Jobs,
    Rejects,
    /// None of them.
    None,
}

impl Nav {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Map, "/", "Service map"),
        (Self::Traces, "/traces", "Traces"),
        (Self::Runs, "/runs", "Runs"),
        (Self::Jobs, "/jobs", "Jobs"),
        (Self::Rejects, "/rejects", "Rejects"),
    ];

    /// What of an address holds for this page, too.
    fn kept(self) -> &'static [&'static str] {
        match self {
            Self::Map | Self::Traces => &["since", "start", "end", "filter"],
            _ => &window::KEYS,
        }
    }
}

/// The style sheets of all pages.
const SHEETS: [&str; 2] = ["drawing.css", "console.css"];

/// What pages of lists share stands in one sheet before their own.
fn lists(sheet: &str) -> Option<&'static str> {
    matches!(sheet, "runs.css" | "rejects.css" | "compare.css").then_some("lists.css")
}

/// What a page shows, and what is said of it above.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) nav: Nav,
    /// The style sheet of its view, which tells views apart, too: only pages of one are put in each other's
    /// place. What has none of its own names one of all pages.
    pub(super) sheet: &'static str,
    /// The window it looks at, where it looks at one.
    pub(super) window: Option<&'a Window>,
    /// The command that shows the same in a terminal.
    pub(super) command: Option<Vec<String>>,
    /// Below the head. Elements with an `id` and `data-live` are put in the place of those before when
    /// something has happened; nothing else is.
    pub(super) content: Markup,
}

impl Page<'_> {
    pub(super) fn render(self, console: &Console, request: &Request) -> Markup {
        let Self {
            title,
            nav,
            sheet,
            window,
            command,
            content,
        } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · xray-ecs" }
                    link rel="icon" href=(assets::url("icon.svg"));
                    @let own = Some(sheet).filter(|sheet| !SHEETS.contains(sheet));
                    @for sheet in SHEETS.into_iter().chain(lists(sheet)).chain(own) { link rel="stylesheet" href=(assets::url(sheet)); }
                    script src=(assets::url("theme.js")) {}
                    script type="module" src=(assets::url("console.js")) {}
                }
                body {
                    a class="skip" href="#content" { "Skip to content" }
                    header {
                        a class="brand" href="/" { span aria-hidden="true" { (mark()) } "xray-ecs" }
                        nav aria-label="Pages" { ul id="pages" data-live { @for (number, (page, path, name)) in Nav::ALL.into_iter().enumerate() {
                            @let address = request.address.only(page.kept()).at(path);
                            li { a href=(address) data-key=(number + 1) aria-current=[(page == nav).then_some("page")] { (name) } }
                        } } }
                        div class="state" {
                            // Scripts show what needs them.
                            span id="live" role="status" hidden {}
                            button id="pause" type="button" data-key="p" hidden { "Pause" }
                            button id="theme" type="button" hidden { "Theme" }
                            button id="help" type="button" aria-haspopup="dialog" data-key="?" hidden { "Keys" }
                        }
                    }
                    main id="content" tabindex="-1" data-view=(sheet) data-mark=[&request.mark] { (content) }
                    footer id="foot" data-live {
                        @if let Some(window) = window {
                            p { "Looking at " (window.words()) ". Times are UTC." }
                        }
                        @if let Some(command) = command {
                            (command::copied("In a terminal", &command::line(&console.surroundings, &command)))
                        }
                    }
                    p id="told" class="unseen" role="status" {}
                    (keys())
                }
            }
        }
    }
}

/// Where everything is that keys do.
fn keys() -> Markup {
    let keys = [
        ("1 … 5", "service map, traces, runs, jobs, rejects"),
        ("/", "to the filter, or find"),
        ("p", "pause, and go on"),
        (
            "[ ]",
            "previous and next page of a list, or match in a trace",
        ),
        ("+ − 0", "zoom the map, show all of it"),
        (
            "← ↑ → ↓",
            "along the edges of the map, through the rows of a trace",
        ),
        ("n N", "next and previous error of a trace"),
        ("Esc", "close what is open"),
        ("?", "these keys"),
    ];
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keys" }
            dl { @for (key, does) in keys { dt { kbd { (key) } } dd { (does) } } }
            p { label { input id="keys-act" type="checkbox" checked; " Keys act" } }
            form method="dialog" { button { "Close" } }
        }
    }
}

fn mark() -> Markup {
    html! {
        svg width="20" height="20" viewBox="0 0 20 20" {
            circle class="mark" cx="5" cy="10" r="3" {}
            circle class="mark" cx="15" cy="5" r="3" {}
            circle class="mark" cx="15" cy="15" r="3" {}
            path class="mark-line" d="M7.5 9 12.5 6M7.5 11 12.5 14" {}
        }
    }
}

/// The form above a page: the window and, where the page has one, the filter. What else the address says
/// is kept, but for what is named here.
pub(super) fn toolbar(
    address: &Address,
    window: &Window,
    filter: Option<&super::filter::Filter>,
    dropped: &[&str],
) -> Markup {
    let is_said =
        |key: &str| key == "filter" || window::KEYS.contains(&key) || dropped.contains(&key);
    html! {
        form class="toolbar" method="get" action=(address.only(&[])) data-place {
            @for (key, value) in address.pairs().filter(|(key, _)| !is_said(key)) {
                input type="hidden" name=(key) value=(value);
            }
            @if let Some(filter) = filter { (filter.input(address)) }
            div class="window" {
                label for="since" { "Time" }
                select id="since" name="since" data-submits {
                    @for (choice, words) in window::CHOICES {
                        option value=(choice) selected[window.choice() == Some(choice)] { (words) }
                    }
                    @if let Some(choice) = window.choice().filter(|choice| !is_offered(choice)) {
                        option value=(choice) selected { "Last " (choice) }
                    }
                    @if window.choice().is_none() { option value="" selected { "Between …" } }
                }
                details class="between" open[window.choice().is_none()] {
                    summary { "Between" }
                    div class="popover" {
                        @let shown = window.choice().is_none();
                        label { "From (UTC) "
                            input type="datetime-local" step="1" name="start"
                                value=[shown.then(|| window::input_value(window.start))]; }
                        label { "To (UTC) "
                            input type="datetime-local" step="1" name="end"
                                value=[shown.then(|| window::input_value(window::full_second(window.end)))]; }
                    }
                }
            }
            // Whoever has such a window before the eyes and chooses another means that.
            @if window.choice().is_none() { input type="hidden" name="between" value="shown"; }
            button id="apply" class="primary" { "Apply" }
        }
    }
}

fn is_offered(choice: &str) -> bool {
    window::CHOICES
        .iter()
        .any(|(offered, _)| *offered == choice)
}
