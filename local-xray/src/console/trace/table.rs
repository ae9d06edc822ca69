//! The timeline: its axis, and its rows in chunks. Of a long one only some chunks are in the page; the
//! others are as high as they will be, and are fetched as they are reached.

use maud::{Markup, html};

use super::super::Address;
use super::super::parts::duration;
use super::links;
use super::row::{Drawn, percent};
use super::view::View;
use crate::timeline::{Row, RowKind, ticks};

/// How many rows are fetched at once, and how many of them are laid out together.
const CHUNK: usize = 500;
const STRIP: usize = 50;

/// How many ticks the axis has at most.
const TICKS_MAX: f64 = 5.0;

/// The whole table.
pub(super) fn table(view: &View<'_>, rows: &[Row<'_>]) -> Markup {
    let drawn = Drawn::of(view);
    let starts = (0..rows.len()).step_by(CHUNK);
    let here = wanted(view, rows);
    html! {
        div class="timeline" role="treegrid" aria-label="Timeline" aria-rowcount=(rows.len() + 1)
            aria-readonly="true" {
            (axis(view, &drawn))
            div id="rows" class="rows" role="rowgroup" data-list {
                @for start in starts {
                    @if here.contains(&(start / CHUNK)) {
                        div id={ "rows-" (start) } data-live { (strips(&drawn, rows, start)) }
                    } @else {
                        (later(view, rows.len(), start))
                    }
                }
            }
        }
    }
}

/// The chunks that are in the page: the first, or that which was asked for, and that of the chosen entity.
fn wanted(view: &View<'_>, rows: &[Row<'_>]) -> [usize; 2] {
    let of_chosen = rows.iter().position(|row| match row.kind {
        RowKind::Entity(place) => view.chosen == Some(place),
        RowKind::Alike(_) => false,
    });
    let asked = view.from / CHUNK;
    [asked, of_chosen.map_or(asked, |at| at / CHUNK)]
}

/// The inside of one chunk, from a row on.
pub(super) fn chunk(view: &View<'_>, rows: &[Row<'_>], from: usize) -> Markup {
    strips(&Drawn::of(view), rows, from)
}

fn strips(drawn: &Drawn<'_, '_>, rows: &[Row<'_>], from: usize) -> Markup {
    let guides = drawn.guides(rows, from);
    let rows = rows.iter().enumerate().skip(from).take(CHUNK);
    let rows: Vec<_> = rows.zip(guides).collect();
    html! {
        @for strip in rows.chunks(STRIP) {
            div class="strip" { @for ((at, row), guide) in strip { (drawn.row(*at, row, guide)) } }
        }
    }
}

/// A chunk that is not there yet, as high as it will be.
fn later(view: &View<'_>, all: usize, start: usize) -> Markup {
    let number = CHUNK.min(all - start);
    // With each document that arrives, and while time goes on, the rows are others.
    let moving = if view.is_in_progress() {
        view.timeline.now
    } else {
        0.0
    };
    let address = view.address.with("from", start);
    let page = links::within(&address);
    let rows: Address = address.at(format!("/traces/{}/rows", view.read.id));
    let rows = rows.with("state", format_args!("{}-{moving}", view.read.revision));
    html! {
        div id={ "rows-" (start) } data-live data-later=(rows) {
            div class="waiting" role="row" {
                span role="gridcell" {
                    a href=(page) { "Rows " (start + 1) " to " (start + number) }
                }
            }
            @for _ in 0..number / STRIP { div class="gap strip-gap" {} }
            @for _ in 0..number % STRIP { div class="gap row-gap" {} }
        }
    }
}

fn axis(view: &View<'_>, drawn: &Drawn<'_, '_>) -> Markup {
    let seconds = drawn.axis_seconds();
    let ticks: Vec<(f64, String)> = ticks(seconds, TICKS_MAX)
        .into_iter()
        .map(|tick| match tick > 0.0 {
            true => (tick / seconds, duration(tick)),
            false => (0.0, "0".to_owned()),
        })
        .collect();
    let root = view.choice.root;
    let since = root.map_or("Time", |_| "Time within");
    html! {
        div id="axis" class="axis" role="rowgroup" data-live {
            div class="row" role="row" {
                span role="columnheader" { "Segment" }
                span class="http" role="columnheader" { "HTTP" }
                span class="duration" role="columnheader" { "Duration" }
                span class="state" role="columnheader" { "Status" }
                span class="bars" role="columnheader" {
                    span class="unseen" { (since) }
                    svg class="ticks" width="100%" height="16" aria-hidden="true" {
                        @for (share, label) in &ticks {
                            @let anchor = match share { s if *s < 0.05 => "start", s if *s > 0.9 => "end", _ => "middle" };
                            text x=(percent(*share)) y="12" text-anchor=(anchor) { (label) }
                        }
                    }
                }
            }
        }
        svg id="grid" class="grid" data-live aria-hidden="true" {
            @for (share, _) in &ticks {
                @let x = percent(*share);
                line x1=(x) x2=(x) y1="0" y2="100%" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::HttpBody as _;
    use tokio::sync::watch;
    use tracing_xray::Timestamp;

    use super::super::super::{Console, Request, Surroundings};
    use super::super::find;
    use super::super::read::Read;
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_deep_trace_has_a_page_of_a_few_megabytes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let now = Timestamp::from_micros(1_763_790_010_000_000);
        let id = "1-6921a2b0-000000000000000000000001";
        let url = format!("https://shop.example/{}", "x".repeat(3000));
        let segment = |number: u32| {
            let above = match number {
                1 => String::new(),
                _ => format!(r#""parent_id": "{:016x}","#, number - 1),
            };
            format!(
                r#"{{"id": "{number:016x}", {above} "trace_id": "{id}", "name": "n{number}",
                    "http": {{"request": {{"method": "GET", "url": "{url}"}}}},
                    "start_time": 1763790000, "end_time": 1763790001}}"#
            )
        };
        let documents: Vec<String> = (1..=2500).map(segment).collect();
        store.put_trace_segments(&documents, now).unwrap();
        let (_stop, stopped) = watch::channel(false);
        let console = Console::new(store, Surroundings::default(), stopped);
        let read = Read::of(&console, id.parse().unwrap()).unwrap();
        let timeline = read.timeline(now);
        let view = |query: &str| {
            let address = Address::of(&format!("/traces/{id}?{query}").parse().unwrap());
            View::of(&read, &timeline, &address).unwrap()
        };

        let deep = view(&format!("segment={:016x}", 2500));
        let rows = deep.rows();
        assert_eq!(rows.len(), 2500);
        let page = table(&deep, &rows).into_string();
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
        assert!(page.contains(&"x".repeat(100)) && !page.contains(&"x".repeat(201)));

        let request = Request {
            address: Address::of(
                &format!("/traces/{id}?segment={:016x}", 2500)
                    .parse()
                    .unwrap(),
            ),
            origin: String::new(),
            mark: None,
        };
        let whole = super::super::page(&console, &request).unwrap().into_body();
        let bytes = whole.size_hint().exact().unwrap();
        assert!((1_000..5_000_000).contains(&bytes), "{bytes} bytes");

        let found = find::next(&view("find=N2500&after=start"));
        let row = format!("{:016x}", 2500);
        let expected = format!("/traces/{id}?find=N2500&segment={row}#s-{row}");
        assert_eq!(found.as_deref(), Some(expected.as_str()));

        let near = view(&format!("segment={:016x}&level=2", 5));
        assert_eq!(near.address.all("open").count(), 3);
        let opened: String = (1..=300).map(|n| format!("open={n:016x}&")).collect();
        let opened = view(&format!("{opened}level=1&closed=no&more=roots&more=roots"));
        assert_eq!(opened.address.all("open").count(), 200);
        let one = view(&format!(
            "closed=no&more=roots&more=roots&open={0:016x}&open={0:016x}",
            1
        ));
        let kept = ["open", "closed", "more"].map(|key| one.address.all(key).count());
        assert_eq!(kept, [1, 0, 1]);
    }
}
