//! Why entities failed: their exceptions, each followed by what caused it.

use std::collections::{BTreeMap, BTreeSet};

use local_xray::timeline::{Status, Timeline};
use serde_json::Value;

use super::json::{items, text, whole};
use super::style::{Line, Paint, Style, note};
use super::text::wrap;

/// Frames of a stack that are shown, unless all are asked for.
const FRAMES_MAX: usize = 3;
/// Lines of one message that are shown, unless all are asked for.
const MESSAGE_LINES_MAX: usize = 6;
/// Different causes that are shown.
const CAUSES_MAX: usize = 10;

/// The causes of a trace, one paragraph for each that differs; empty when nothing failed.
///
/// A cause that is only the id of an exception refers to one that another entity carries. With
/// `whole`, messages and stacks are not cut.
pub(super) fn causes(timeline: &Timeline<'_>, whole: bool, style: Style) -> Vec<String> {
    let mut paragraphs: Vec<Paragraph<'_>> = Vec::new();
    let mut untold = 0;
    for entity in &timeline.entities {
        let chain = chain(items(&entity.document["cause"]["exceptions"]));
        if chain.is_empty() {
            continue;
        }
        match paragraphs.iter().position(|known| known.tells(&chain)) {
            Some(known) => paragraphs[known].others += 1,
            None if paragraphs.len() == CAUSES_MAX => untold += 1,
            None => paragraphs.push(Paragraph {
                first: entity.head(),
                others: 0,
                status: entity.status,
                chain,
            }),
        }
    }
    let mut lines = Vec::new();
    for paragraph in &paragraphs {
        let mut title = Line::new(style);
        title
            .push(Paint::Quiet, "Cause in ")
            .push(Paint::Strong, &paragraph.first);
        if paragraph.others > 0 {
            title.push(Paint::Quiet, &format!(" and {} more", paragraph.others));
        }
        lines.push(String::new());
        lines.push(title.into_text());
        for link in &paragraph.chain {
            lines.extend(exception_lines(link, paragraph.status, whole, style));
        }
    }
    if untold > 0 {
        lines.push(String::new());
        lines.push(note(&format!("… {untold} more with other causes"), style));
    }
    lines
}

struct Paragraph<'a> {
    first: String,
    others: usize,
    status: Status,
    chain: Vec<Link<'a>>,
}

impl Paragraph<'_> {
    /// Whether this says all that `chain` would: a failed call's exception is often the last cause
    /// of the exception of the segment around it.
    fn tells(&self, chain: &[Link<'_>]) -> bool {
        let Some(skipped) = self.chain.len().checked_sub(chain.len()) else {
            return false;
        };
        self.chain[skipped..].iter().zip(chain).all(|(known, new)| {
            let (known, new) = (known.exception, new.exception);
            let frames = items(&new["stack"]);
            known["type"] == new["type"]
                && known["message"] == new["message"]
                && (frames.is_empty() || frames == items(&known["stack"]))
        })
    }
}

/// One exception of a chain.
struct Link<'a> {
    exception: &'a Value,
    /// Whether it caused the one before it.
    is_cause: bool,
}

/// Exceptions in the order of causation: what was thrown, then what caused it.
fn chain(exceptions: &[Value]) -> Vec<Link<'_>> {
    let mut by_id = BTreeMap::new();
    for (index, exception) in exceptions.iter().enumerate() {
        text(exception, "id").map(|id| by_id.entry(id).or_insert(index));
    }
    let cause = |index: usize| {
        let id = text(&exceptions[index], "cause")?;
        by_id.get(id).copied()
    };
    let caused: BTreeSet<usize> = (0..exceptions.len()).filter_map(cause).collect();
    let mut waiting: Vec<usize> = (0..exceptions.len()).collect();
    // What nobody names as a cause was thrown, and comes first.
    waiting.sort_by_key(|index| caused.contains(index));
    let mut told = vec![false; exceptions.len()];
    let mut chain = Vec::new();
    for thrown in waiting {
        let (mut at, mut is_cause) = (Some(thrown), false);
        while let Some(index) = at.filter(|&index| !told[index]) {
            told[index] = true;
            chain.push(Link {
                exception: &exceptions[index],
                is_cause,
            });
            (at, is_cause) = (cause(index), true);
        }
    }
    chain
}

fn exception_lines(link: &Link<'_>, status: Status, is_whole: bool, style: Style) -> Vec<String> {
    let exception = link.exception;
    let intro = if link.is_cause { "caused by " } else { "" };
    let kind = text(exception, "type").unwrap_or("exception");
    let message = text(exception, "message").unwrap_or_default();
    let whole_text = format!("{intro}{kind}: {message}");
    let mut message = wrap(whole_text.trim_end_matches(": "), style.columns() - 4);
    let (lines_max, frames_max) = match is_whole {
        true => (usize::MAX, usize::MAX),
        false => (MESSAGE_LINES_MAX, FRAMES_MAX),
    };
    let hidden = message.len().saturating_sub(lines_max);
    message.truncate(lines_max);
    let mut lines = Vec::new();
    for (number, part) in message.iter().enumerate() {
        let mut line = Line::new(style);
        let indent = if number == 0 { 2 } else { 4 };
        line.space(indent).push(Paint::Status(status.into()), part);
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
    for frame in frames.iter().take(frames_max) {
        quiet(frame_text(frame));
    }
    let left = frames.len().saturating_sub(frames_max) as u64;
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
        let links = chain(items(exceptions));
        let lines = links
            .iter()
            .map(|link| exception_lines(link, Status::Fault, false, Style::default()));
        lines.flatten().collect()
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
    fn an_inner_cause_is_not_repeated_unless_it_knows_more() {
        let inner = json!({"exceptions": [{"type": "Io", "message": "refused"}]});
        let mut document = json!({"name": "job", "subsegments": [{"name": "call", "cause": inner}],
            "cause": {"exceptions": [{"type": "Job", "cause": "b"},
                {"id": "b", "type": "Io", "message": "refused"}]}});
        let lines = |document: &Value| {
            let timeline = Timeline::read(std::slice::from_ref(document), 0.0);
            causes(&timeline, false, Style::default()).join("\n")
        };
        let expected = "\nCause in job and 1 more\n  Job\n  caused by Io: refused";
        assert_eq!(lines(&document), expected);
        document["subsegments"][0]["cause"]["exceptions"][0]["stack"] = json!([{"label": "f"}]);
        assert!(lines(&document).ends_with("Cause in call\n  Io: refused\n    at f"));
    }

    #[test]
    fn of_many_causes_the_rest_is_counted() {
        let documents: Vec<Value> = (0..CAUSES_MAX + 3)
            .map(|i| json!({"cause": {"exceptions": [{"message": i.to_string()}]}}))
            .collect();
        let lines = causes(&Timeline::read(&documents, 0.0), false, Style::default());
        assert_eq!(lines.last().unwrap(), "… 3 more with other causes");
        assert_eq!(lines.len(), CAUSES_MAX * 3 + 2);
    }

    #[test]
    fn asked_for_stacks_and_messages_are_whole() {
        let frames: Vec<Value> = (0..FRAMES_MAX + 4).map(|_| json!({"label": "f"})).collect();
        let message = "a line\n".repeat(MESSAGE_LINES_MAX + 1);
        let documents = [json!({"cause": {"exceptions": [{"message": message, "stack": frames}]}})];
        let timeline = Timeline::read(&documents, 0.0);
        let whole = causes(&timeline, true, Style::default());
        assert_eq!(whole.len(), 2 + MESSAGE_LINES_MAX + 1 + FRAMES_MAX + 4);
        let cut = causes(&timeline, false, Style::default());
        assert_eq!(cut.len(), 2 + MESSAGE_LINES_MAX + 1 + FRAMES_MAX + 1);
        assert!(cut.contains(&"    … 4 more frames".to_owned()), "{cut:#?}");
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
