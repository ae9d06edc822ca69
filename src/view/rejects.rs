//! What PutTraceSegments refused, and what is to be mended, in words. Alike documents stand together.

use local_xray::Reject;

use super::style::{Line, Paint, Status, Style, flow, note};
use super::text::{clip, count, wrap};
use super::time::utc;

/// Groups of alike rejects that are shown.
const GROUPS_MAX: usize = 20;
/// Documents of one group that are named.
const DOCUMENTS_MAX: usize = 3;
/// Lines of the newest document of a group.
const DOCUMENT_LINES_MAX: usize = 3;

/// Rejects that came the newest first: a paragraph for each thing to mend, with how many documents
/// it was wrong in, which those are, and the start of the newest. Of none, how many others there are.
pub fn rejects(rejects: &[Reject], others: usize, style: Style) -> String {
    if rejects.is_empty() {
        let told = match others {
            0 => "No documents were refused.".to_owned(),
            others => format!("No documents were refused with this code, {others} with others."),
        };
        return note(&told, style) + "\n";
    }
    let mut groups: Vec<(String, Vec<&Reject>)> = Vec::new();
    let mut untold = 0;
    for reject in rejects {
        let mend = reject.mend();
        let known = groups
            .iter()
            .position(|(known, alike)| *known == mend && alike[0].error_code == reject.error_code);
        match known {
            Some(known) => groups[known].1.push(reject),
            None if groups.len() == GROUPS_MAX => untold += 1,
            None => groups.push((mend, vec![reject])),
        }
    }
    let mut heading = Line::new(style);
    let documents = count(rejects.len() as u64, "document");
    heading.push(Paint::Strong, &format!("{documents} refused"));
    let mut lines = vec![heading.into_text()];
    for (mend, alike) in &groups {
        lines.push(String::new());
        lines.extend(group(mend, alike, style));
    }
    if untold > 0 {
        lines.push(String::new());
        let documents = count(untold, "document");
        lines.push(note(&format!("… {documents} with other faults"), style));
    }
    lines.join("\n") + "\n"
}

fn group(mend: &str, alike: &[&Reject], style: Style) -> Vec<String> {
    let newest = alike[0];
    let mut first = Line::new(style);
    first
        .push(Paint::Status(Status::Fault), &newest.error_code)
        .push(Paint::Plain, ":")
        .space(1);
    let number = count(alike.len() as u64, "document");
    let last = utc(newest.arrived.as_secs_f64(), "%Y-%m-%d %H:%M:%S UTC");
    let facts = [
        (Paint::Plain, number),
        (Paint::Quiet, format!("the last at {last}")),
    ];
    let mut lines = flow(first, &facts, ", ", 2, style);
    for part in wrap(mend, style.columns() - 2) {
        let mut line = Line::new(style);
        line.space(2).push(Paint::Plain, &part);
        lines.push(line.into_text());
    }
    for reject in alike.iter().take(DOCUMENTS_MAX) {
        lines.extend(keys(reject, style));
    }
    if let Some(more) = alike.len().checked_sub(DOCUMENTS_MAX + 1) {
        lines.push(quiet(&format!("… {} more", more + 1), style));
    }
    let start = wrap(&newest.document, style.columns() - 2);
    for part in start.iter().take(DOCUMENT_LINES_MAX) {
        lines.push(quiet(part, style));
    }
    if start.len() > DOCUMENT_LINES_MAX {
        lines.push(quiet("… --json has all of it", style));
    }
    lines
}

/// What names a document. People copy the trace's id: it is first, and whole on any terminal.
fn keys(reject: &Reject, style: Style) -> Vec<String> {
    let known = [&reject.trace_id, &reject.id, &reject.name];
    let pieces: Vec<(Paint, String)> = known
        .into_iter()
        .flatten()
        .map(|text| (Paint::Strong, clip(text, style.columns() - 4).into_owned()))
        .collect();
    if pieces.is_empty() {
        return vec![quiet("neither id nor name could be read", style)];
    }
    let mut line = Line::new(style);
    line.space(2);
    flow(line, &pieces, "  ", 4, style)
}

fn quiet(text: &str, style: Style) -> String {
    let mut line = Line::new(style);
    line.space(2).push(Paint::Quiet, text);
    line.into_text()
}
