//! What segments carry beside their times: links, annotations, metadata, a paragraph each.

use local_xray::timeline::{Entity, Row, RowKind, Timeline};
use serde_json::Value;

use super::json::plain;
use super::style::{Line, Paint, Style, flow, note};
use super::text::{elide, wrap};

/// How many segments show their annotations, or their metadata.
const ENTITIES_MAX: usize = 20;
/// How many links are shown.
const LINKS_MAX: usize = 20;
/// Lines of one segment's metadata that are shown.
const METADATA_LINES_MAX: usize = 200;

/// The traces that segments link to, the id first, since people copy it.
pub(super) fn links(timeline: &Timeline<'_>, style: Style) -> Vec<String> {
    let entities = timeline.entities.iter();
    let links = entities.flat_map(|entity| entity.links().map(move |link| (entity, link)));
    let links: Vec<_> = links.collect();
    let lines = links.iter().take(LINKS_MAX).flat_map(|(entity, link)| {
        let mut line = Line::new(style);
        line.space(2).push(Paint::Strong, link.trace_id);
        let what = match link.reference {
            Some("parent") => "is the parent of",
            Some("child") => "is a child of",
            _ => "is linked from",
        };
        let name = elide(entity.name, style.columns() / 2);
        let mut pieces = vec![(Paint::Plain, format!("{what} {name}"))];
        if let Some(id) = link.id {
            pieces.push((Paint::Quiet, format!("there segment {id}")));
        }
        if !line.fits(&format!("  {}", pieces[0].1)) {
            let first = line.into_text();
            let mut line = Line::new(style);
            line.space(4);
            let rest = flow(line, &pieces, ", ", 4, style);
            return [vec![first], rest].concat();
        }
        line.space(2);
        flow(line, &pieces, ", ", 4, style)
    });
    let lines: Vec<String> = lines.collect();
    paragraph("Links", lines, links.len(), LINKS_MAX, style)
}

/// The annotations of the rows that are shown.
pub(super) fn annotations(timeline: &Timeline<'_>, rows: &[Row<'_>], style: Style) -> Vec<String> {
    let annotated = shown(timeline, rows).filter_map(|entity| {
        let annotations = entity.document["annotations"].as_object()?;
        let pairs = annotations.iter();
        let pairs: Vec<_> = pairs
            .map(|(key, value)| (Paint::Plain, format!("{key}={}", plain(value))))
            .collect();
        (!pairs.is_empty()).then_some((entity, pairs))
    });
    let mut lines = Vec::new();
    for (entity, pairs) in annotated.clone().take(ENTITIES_MAX) {
        let mut line = Line::new(style);
        line.space(2)
            .push(Paint::Strong, &elide(entity.name, style.columns() / 3))
            .space(2);
        lines.extend(flow(line, &pairs, "  ", 4, style));
    }
    paragraph("Annotations", lines, annotated.count(), ENTITIES_MAX, style)
}

/// The metadata of the rows that are shown, as JSON.
pub(super) fn metadata(timeline: &Timeline<'_>, rows: &[Row<'_>], style: Style) -> Vec<String> {
    let told = |entity: &&Entity<'_>| match &entity.document["metadata"] {
        Value::Null => false,
        Value::Object(metadata) => !metadata.is_empty(),
        _ => true,
    };
    let with_metadata = shown(timeline, rows).filter(told);
    let mut lines = Vec::new();
    for entity in with_metadata.clone().take(ENTITIES_MAX) {
        let mut name = Line::new(style);
        name.space(2).push(Paint::Strong, &entity.head());
        lines.push(name.into_text());
        lines.extend(json_lines(&entity.document["metadata"], style));
    }
    paragraph(
        "Metadata",
        lines,
        with_metadata.count(),
        ENTITIES_MAX,
        style,
    )
}

fn json_lines(value: &Value, style: Style) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut lines = Vec::new();
    for json in text.lines() {
        // Deep nesting may not push the text off the right side.
        let indent = (json.len() - json.trim_start().len()).min(style.columns() / 3);
        for (number, part) in wrap(json, style.columns() - indent - 6).iter().enumerate() {
            let mut line = Line::new(style);
            let hang = if number == 0 { 0 } else { 2 };
            line.space(4 + indent + hang).push(Paint::Plain, part);
            lines.push(line.into_text());
        }
        if lines.len() > METADATA_LINES_MAX {
            lines.truncate(METADATA_LINES_MAX);
            lines.push(note("    … more: --json has all of it", style));
            break;
        }
    }
    lines
}

fn shown<'t, 'a>(
    timeline: &'t Timeline<'a>,
    rows: &'t [Row<'a>],
) -> impl Iterator<Item = &'t Entity<'a>> + Clone {
    rows.iter().filter_map(|row| match row.kind {
        RowKind::Entity(index) => Some(&timeline.entities[index]),
        RowKind::Alike(_) => None,
    })
}

/// Lines under a heading, and how many more there are; nothing without lines.
fn paragraph(
    heading: &str,
    lines: Vec<String>,
    number: usize,
    number_max: usize,
    style: Style,
) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut all = vec![String::new(), note(heading, style)];
    all.extend(lines);
    if let Some(more) = number.checked_sub(number_max + 1) {
        let mut line = Line::new(style);
        line.space(2)
            .push(Paint::Quiet, &format!("… {} more", more + 1));
        all.push(line.into_text());
    }
    all
}
