//! One trace as text: what it was, its timeline, then why something failed, what it links to and what
//! it is annotated with.

use local_xray::timeline::{Fold, Svg, Timeline, documents};
use serde_json::Value;
use tracing_xray::Timestamp;

use super::cause::causes;
use super::details::{annotations, links, metadata};
use super::json::{flag, text};
use super::rows::{chart, critical_path};
use super::style::{Line, Paint, Style, flow, note};
use super::text::{count, wrap};
use super::time::{duration, utc};

/// How much of a trace to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceDetail {
    /// How many levels of its tree; none: all.
    pub level_max: Option<usize>,
    /// Whether the exceptions come with whole messages and stacks.
    pub stacks: bool,
    /// Whether the metadata is shown.
    pub metadata: bool,
}

impl TraceDetail {
    fn fold(self) -> Fold {
        Fold {
            level_max: self.level_max,
            ..Fold::default()
        }
    }
}

/// A trace of BatchGetTraces' `Traces`: id, start, duration and status; the tree of its segments
/// with bars and the critical path; causes of what failed; links; annotations.
///
/// What is in progress lasts until `now`. More than 40 alike siblings fold into one row. Any
/// member may be absent or of another type than the API says; a document that is no JSON is
/// counted and left out.
pub fn timeline(trace: &Value, now: Timestamp, detail: TraceDetail, style: Style) -> String {
    let (documents, unreadable) = documents(trace);
    let timeline = Timeline::read(&documents, now.as_secs_f64());
    let mut lines = vec![title(&id(trace, &timeline), style)];
    if timeline.entities.is_empty() {
        lines.push(note("no segments yet", style));
    } else {
        let rows = timeline.rows(detail.fold());
        lines.extend(flow(Line::new(style), &facts(&timeline), " · ", 0, style));
        lines.push(String::new());
        lines.extend(chart(&timeline, &rows, style));
        lines.extend(critical_path(&timeline, &rows, style));
        lines.extend(causes(&timeline, detail.stacks, style));
        lines.extend(links(&timeline, style));
        lines.extend(annotations(&timeline, &rows, style));
        if detail.metadata {
            lines.extend(metadata(&timeline, &rows, style));
        }
    }
    lines.extend(notes(trace, &timeline, unreadable, style));
    lines.join("\n") + "\n"
}

/// The same timeline as an SVG, a file of its own: without causes, links and annotations, which are
/// text.
pub fn timeline_svg(trace: &Value, now: Timestamp, detail: TraceDetail) -> String {
    let (documents, _) = documents(trace);
    let timeline = Timeline::read(&documents, now.as_secs_f64());
    let facts = facts(&timeline).map(|(_, fact)| fact);
    let svg = Svg {
        timeline: &timeline,
        rows: &timeline.rows(detail.fold()),
        heading: &format!("Trace {}", id(trace, &timeline)),
        facts: &facts.join(" · "),
    };
    svg.file()
}

fn id(trace: &Value, timeline: &Timeline<'_>) -> String {
    let id = text(trace, "Id").or_else(|| text(timeline.entities.first()?.document, "trace_id"));
    id.unwrap_or("–").to_owned()
}

fn title(id: &str, style: Style) -> String {
    let mut line = Line::new(style);
    // People copy the id: it comes before the word.
    if line.fits(&format!("Trace {id}")) {
        line.push(Paint::Quiet, "Trace ");
    }
    line.push(Paint::Strong, id);
    line.into_text()
}

fn facts(timeline: &Timeline<'_>) -> [(Paint, String); 4] {
    let status = timeline.status();
    let segments = timeline.entities.iter().filter(|entity| entity.is_segment);
    [
        (
            Paint::Plain,
            utc(timeline.start, "%Y-%m-%d %H:%M:%S%.3f UTC"),
        ),
        (Paint::Plain, duration(timeline.seconds())),
        (Paint::Status(status.into()), timeline.status_words()),
        (Paint::Plain, count(segments.count() as u64, "segment")),
    ]
}

/// What is missing from this picture.
fn notes(trace: &Value, timeline: &Timeline<'_>, unreadable: u64, style: Style) -> Vec<String> {
    let entities = timeline.entities.iter();
    let orphans = entities.filter(|entity| entity.is_orphan()).count() as u64;
    let is_lone = timeline.roots.len() == 1 && timeline.entities[timeline.roots[0]].is_segment;
    let orphans = (orphans > 0).then(|| match is_lone {
        true => "its caller is no part of this trace as X-Ray knows it".to_owned(),
        false if orphans == 1 => "1 orphan: what called it has not arrived".to_owned(),
        false => format!("{orphans} orphans: what called them has not arrived"),
    });
    let unreadable =
        (unreadable > 0).then(|| format!("{} could not be read", count(unreadable, "document")));
    let too_large = flag(trace, "LimitExceeded")
        .then(|| "the trace is over 500 kB: AWS X-Ray leaves segments of it out".to_owned());
    let notes = [orphans, unreadable, too_large];
    let notes = notes.into_iter().flatten();
    let lines: Vec<String> = notes
        .flat_map(|text| wrap(&text, style.columns()))
        .map(|line| note(&line, style))
        .collect();
    let blank = (!lines.is_empty()).then(String::new);
    blank.into_iter().chain(lines).collect()
}
