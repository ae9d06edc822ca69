//! Why entities failed: their exceptions, each followed by what caused it.

use serde_json::Value;

use super::entity::Tree;
use super::json::{items, text, whole};
use super::style::{Line, Paint, Status, Style, note, wrap};
use super::timeline::head;

/// Frames of a stack that are shown.
const FRAMES_MAX: usize = 3;
/// Lines of one message that are shown.
const MESSAGE_LINES_MAX: usize = 6;
/// Different causes that are shown.
const CAUSES_MAX: usize = 10;

/// The causes of a trace, one paragraph for each that differs; empty when nothing failed.
///
/// A cause that is only the id of an exception refers to one that another entity carries.
pub(super) fn causes(tree: &Tree<'_>, style: Style) -> Vec<String> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for entity in &tree.entities {
        let exceptions = items(&entity.document["cause"]["exceptions"]);
        if exceptions.is_empty() {
            continue;
        }
        let lines = chain(exceptions, entity.status, style);
        match paragraphs.iter_mut().find(|known| known.lines == lines) {
            Some(known) => known.others += 1,
            None => paragraphs.push(Paragraph {
                first: head(entity),
                others: 0,
                lines,
            }),
        }
    }
    let mut lines = Vec::new();
    for paragraph in paragraphs.iter().take(CAUSES_MAX) {
        let mut title = Line::new(style);
        title
            .push(Paint::Quiet, "Cause in ")
            .push(Paint::Strong, &paragraph.first);
        if paragraph.others > 0 {
            title.push(Paint::Quiet, &format!(" and {} more", paragraph.others));
        }
        lines.push(String::new());
        lines.push(title.into_text());
        lines.extend(paragraph.lines.iter().cloned());
    }
    if paragraphs.len() > CAUSES_MAX {
        lines.push(String::new());
        let more = format!("… {} more causes", paragraphs.len() - CAUSES_MAX);
        lines.push(note(&more, style));
    }
    lines
}

struct Paragraph {
    first: String,
    others: usize,
    lines: Vec<String>,
}

/// Exceptions in the order of causation: what was thrown, then what caused it.
fn chain(exceptions: &[Value], status: Status, style: Style) -> Vec<String> {
    let position = |id: &Value| {
        id.as_str().and_then(|id| {
            exceptions
                .iter()
                .position(|other| text(other, "id") == Some(id))
        })
    };
    let causes: Vec<Option<usize>> = exceptions
        .iter()
        .map(|exception| position(&exception["cause"]))
        .collect();
    let mut waiting: Vec<usize> = (0..exceptions.len()).collect();
    // What nobody names as a cause was thrown, and comes first.
    waiting.sort_by_cached_key(|&index| causes.contains(&Some(index)));
    let mut told = vec![false; exceptions.len()];
    let mut lines = Vec::new();
    for thrown in waiting {
        let (mut at, mut intro) = (Some(thrown), "");
        while let Some(index) = at.filter(|&index| !told[index]) {
            told[index] = true;
            lines.extend(exception_lines(&exceptions[index], intro, status, style));
            (at, intro) = (causes[index], "caused by ");
        }
    }
    lines
}

fn exception_lines(exception: &Value, intro: &str, status: Status, style: Style) -> Vec<String> {
    let kind = text(exception, "type").unwrap_or("exception");
    let message = text(exception, "message").unwrap_or_default();
    let whole_text = format!("{intro}{kind}: {message}");
    let mut message = wrap(whole_text.trim_end_matches(": "), style.columns() - 4);
    let hidden = message.len().saturating_sub(MESSAGE_LINES_MAX);
    message.truncate(MESSAGE_LINES_MAX);
    let mut lines = Vec::new();
    for (number, part) in message.iter().enumerate() {
        let mut line = Line::new(style);
        let indent = if number == 0 { 2 } else { 4 };
        line.space(indent).push(Paint::Status(status), part);
        lines.push(line.into_text());
    }
    let mut quiet = |text: String| {
        let mut line = Line::new(style);
        line.space(4).push(Paint::Quiet, &text);
        lines.push(line.into_text());
    };
    if hidden > 0 {
        quiet(format!("… {hidden} more lines"));
    }
    let frames = items(&exception["stack"]);
    for frame in frames.iter().take(FRAMES_MAX) {
        quiet(frame_text(frame));
    }
    let left = frames.len().saturating_sub(FRAMES_MAX) as u64;
    let left = left.saturating_add(whole(exception, "truncated").unwrap_or(0));
    if left > 0 {
        quiet(format!("… {left} more frames"));
    }
    lines
}

/// `at run (src/bucket.rs:12)`.
fn frame_text(frame: &Value) -> String {
    let label = text(frame, "label").filter(|label| !label.is_empty());
    let place = match (text(frame, "path"), whole(frame, "line")) {
        (Some(path), Some(line)) => Some(format!("{path}:{line}")),
        (path, _) => path.map(str::to_owned),
    };
    match (label, place) {
        (Some(label), Some(place)) => format!("at {label} ({place})"),
        (Some(label), None) => format!("at {label}"),
        (None, place) => format!("at {}", place.as_deref().unwrap_or("–")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(exceptions: &Value) -> Vec<String> {
        chain(items(exceptions), Status::Fault, Style::default())
    }

    #[test]
    fn an_exception_is_followed_by_its_cause_whatever_their_order() {
        let exceptions = json!([
            {"id": "b", "type": "Io", "message": "refused"},
            {"id": "a", "type": "Job", "message": "failed", "cause": "b"}]);
        assert_eq!(
            told(&exceptions),
            ["  Job: failed", "  caused by Io: refused"]
        );
    }

    #[test]
    fn causes_in_a_loop_are_told_once() {
        let exceptions = json!([
            {"id": "a", "type": "A", "cause": "b"}, {"id": "b", "type": "B", "cause": "a"}]);
        assert_eq!(told(&exceptions), ["  A", "  caused by B"]);
    }

    #[test]
    fn frames_name_what_they_know() {
        for (frame, expected) in [
            (
                json!({"label": "run", "path": "a.rs", "line": 7}),
                "at run (a.rs:7)",
            ),
            (json!({"label": "run"}), "at run"),
            (json!({"path": "a.rs", "label": ""}), "at a.rs"),
            (json!(null), "at –"),
        ] {
            assert_eq!(frame_text(&frame), expected);
        }
    }
}
