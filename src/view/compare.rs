//! Two traces beside each other as text: what each was, what differs, and a table of their segments.

use local_xray::compare::{Annotation, Calls, Comparison, Order, Row};
use local_xray::timeline::{Timeline, documents};
use serde_json::{Value, json};
use tracing_xray::Timestamp;

use super::json::plain;
use super::style::{Line, Paint, Style, flow, note};
use super::table::{Align, Cell, Column, table};
use super::text::{count, wrap};
use super::time::{duration, utc};

/// How many rows are shown; of more, few levels where nothing else is said.
const ROWS_MAX: usize = 500;
/// How many annotations are shown.
const ANNOTATIONS_MAX: usize = 50;

/// How much of a comparison to show, and in which order.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComparisonDetail {
    /// How many levels of the trees; none: as many as give few rows.
    pub level_max: Option<usize>,
    /// Which row comes first.
    pub order: Order,
}

/// Two traces of BatchGetTraces' `Traces`, A and B: id, start, duration and status of both; how many rows
/// differ; annotations of the roots that differ; the rows. What is in progress lasts until `now`.
pub fn comparison(
    traces: [&Value; 2],
    now: Timestamp,
    detail: ComparisonDetail,
    style: Style,
) -> String {
    let read = traces.map(|trace| documents(trace).0);
    let timelines = read
        .each_ref()
        .map(|documents| Timeline::read(documents, now.as_secs_f64()));
    let [a, b] = &timelines;
    let comparison = Comparison::of(a, b);
    let mut lines = Vec::new();
    for ((letter, trace), timeline) in ["A", "B"].into_iter().zip(traces).zip(&timelines) {
        lines.extend(head(letter, trace, timeline, style));
    }
    lines.push(String::new());
    let [took, rows] = comparison.verdict();
    lines.extend(wrap(
        &format!("From A to B: {took}; {rows}"),
        style.columns(),
    ));
    lines.extend(annotations(&comparison, style));
    let level_max = detail.level_max.or_else(|| comparison.levels_of(ROWS_MAX));
    let rows = comparison.ordered(detail.order, level_max);
    if !rows.is_empty() {
        lines.push(String::new());
        let shown = rows.iter().take(ROWS_MAX);
        let shown: Vec<Vec<Cell>> = shown
            .map(|row| cells(&comparison, row, detail.order, level_max, style))
            .collect();
        lines.extend(table(&COLUMNS, &shown, style));
    }
    let more = rows.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        let told = format!(
            "… {} more; --level N shows fewer levels, --sort difference what differs most",
            count(more as u64, "row")
        );
        lines.extend(
            wrap(&told, style.columns())
                .iter()
                .map(|line| note(line, style)),
        );
    }
    lines.join("\n") + "\n"
}

/// The same for machines, all rows in their order. Durations are seconds. A trace that is missing is null,
/// and then nothing is compared.
pub fn comparison_json(
    traces: [Option<&Value>; 2],
    now: Timestamp,
    level_max: Option<usize>,
) -> Value {
    let read = traces.map(|trace| trace.map(|trace| documents(trace).0));
    let timelines = read.each_ref().map(|documents| {
        let documents = documents.as_ref()?;
        Some(Timeline::read(documents, now.as_secs_f64()))
    });
    let of = |side: usize| {
        let (trace, timeline) = traces[side].zip(timelines[side].as_ref())?;
        Some(
            json!({ "Id": trace["Id"], "StartTime": timeline.start, "Duration": timeline.seconds(),
            "Status": timeline.status().word() }),
        )
    };
    let [Some(a), Some(b)] = &timelines else {
        return json!({ "A": of(0), "B": of(1), "Annotations": [], "Rows": [] });
    };
    let comparison = Comparison::of(a, b);
    let annotation = |one: &Annotation<'_>| json!({ "Key": one.key, "A": one.a, "B": one.b });
    let calls = |calls: &Calls<'_>| {
        json!({ "Calls": calls.number, "Duration": calls.seconds, "Status": calls.status.word(),
            "LongestId": calls.longest })
    };
    let row = |row: &&Row<'_>| {
        json!({ "Name": row.head, "Depth": row.depth, "A": row.a.as_ref().map(calls), "B": row.b.as_ref().map(calls),
            "Difference": row.seconds() })
    };
    let annotations = comparison.annotations.iter().map(annotation);
    let rows = comparison.ordered(Order::Place, level_max);
    json!({
        "A": of(0),
        "B": of(1),
        "Annotations": annotations.collect::<Vec<_>>(),
        "Rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn head(letter: &str, trace: &Value, timeline: &Timeline<'_>, style: Style) -> Vec<String> {
    let mut line = Line::new(style);
    line.push(Paint::Quiet, letter).space(1);
    line.push(Paint::Strong, trace["Id"].as_str().unwrap_or("–"));
    let first = line.into_text();
    let root = timeline.root().map(|root| (Paint::Plain, root.head()));
    let status = timeline.status();
    let facts = [
        (
            Paint::Plain,
            utc(timeline.start, "%Y-%m-%d %H:%M:%S%.3f UTC"),
        ),
        (Paint::Plain, duration(timeline.seconds())),
        (Paint::Status(status.into()), timeline.status_words()),
    ];
    let facts: Vec<_> = root.into_iter().chain(facts).collect();
    let mut line = Line::new(style);
    line.space(2);
    [vec![first], flow(line, &facts, " · ", 2, style)].concat()
}

fn annotations(comparison: &Comparison<'_>, style: Style) -> Vec<String> {
    let differing = &comparison.annotations;
    if differing.is_empty() {
        return Vec::new();
    }
    let value = |value: Option<&Value>| match value {
        Some(value) => (Paint::Plain, plain(value)),
        None => (Paint::Quiet, "–".to_owned()),
    };
    let rows = differing.iter().take(ANNOTATIONS_MAX);
    let rows: Vec<Vec<Cell>> = rows
        .map(|one| {
            vec![
                (Paint::Plain, one.key.to_owned()),
                value(one.a),
                value(one.b),
            ]
        })
        .collect();
    let mut lines = vec![String::new()];
    lines.extend(table(&ANNOTATION_COLUMNS, &rows, style));
    let more = differing.len().saturating_sub(ANNOTATIONS_MAX);
    if more > 0 {
        lines.push(note(&format!("… {more} more"), style));
    }
    lines
}

const fn column(head: &'static str, align: Align, floor: Option<usize>, importance: u8) -> Column {
    Column {
        head,
        align,
        floor,
        importance,
    }
}

const ANNOTATION_COLUMNS: [Column; 3] = [
    column("ANNOTATION", Align::Left, Some(8), 3),
    column("A", Align::Left, Some(8), 2),
    column("B", Align::Left, Some(8), 2),
];

const COLUMNS: [Column; 6] = [
    column("SEGMENT", Align::Left, Some(20), 9),
    column("WITHIN", Align::Right, None, 3),
    column("A", Align::Right, None, 5),
    column("B", Align::Right, None, 5),
    column("FROM A TO B", Align::Left, None, 8),
    column("STATUS", Align::Left, None, 4),
];

fn cells(
    comparison: &Comparison<'_>,
    row: &Row<'_>,
    order: Order,
    level_max: Option<usize>,
    style: Style,
) -> Vec<Cell> {
    let both = [&row.a, &row.b].map(Option::as_ref);
    let name = match order {
        Order::Place => format!("{}{}", indent(row.depth, style), row.head),
        Order::Difference => match comparison.ancestors(row).next() {
            Some(above) => format!("{} › {}", above.head, row.head),
            None => row.head.clone(),
        },
    };
    let name = name + &number(both);
    let is_cut = level_max == Some(row.depth + 1) && order == Order::Place && row.within > 0;
    let within = match is_cut {
        true => format!("+{}", row.within),
        false => String::new(),
    };
    let took = |calls: Option<&Calls<'_>>| match calls {
        Some(calls) => (Paint::Plain, duration(calls.seconds)),
        None => (Paint::Quiet, "–".to_owned()),
    };
    let worst = both.into_iter().flatten().map(|calls| calls.status).max();
    let is_in_both = both.iter().all(Option::is_some);
    vec![
        (Paint::Plain, name),
        (Paint::Quiet, within),
        took(both[0]),
        took(both[1]),
        (
            if is_in_both {
                Paint::Plain
            } else {
                Paint::Strong
            },
            row.words(),
        ),
        (
            worst.map_or(Paint::Plain, |worst| Paint::Status(worst.into())),
            status(both),
        ),
    ]
}

/// At most a fifth of the columns: what is deeper shares the last indent, with the number of its level.
fn indent(depth: usize, style: Style) -> String {
    let depth_max = style.columns() / 5 / 2;
    let indent = "  ".repeat(depth.min(depth_max));
    match depth > depth_max {
        true => format!("{indent}{}: ", depth + 1),
        false => indent,
    }
}

/// How often it is there, where that is not once: ` ×12`, ` ×12 | ×14`.
fn number(both: [Option<&Calls<'_>>; 2]) -> String {
    let [a, b] = both.map(|calls| calls.map(|calls| calls.number));
    match (a, b) {
        (Some(a), Some(b)) if a != b => format!(" ×{a} | ×{b}"),
        (Some(1), _) | (_, Some(1)) | (None, None) => String::new(),
        (Some(number), _) | (_, Some(number)) => format!(" ×{number}"),
    }
}

/// How it went in both, or in A and in B: `ok`, `ok | fault`, `– | ok`.
fn status(both: [Option<&Calls<'_>>; 2]) -> String {
    let [a, b] = both.map(|calls| calls.map_or("–", |calls| calls.status.word()));
    match a == b {
        true => a.to_owned(),
        false => format!("{a} | {b}"),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::super::samples::{START, faulted, hostile, many_calls, now, retried, trace};
    use super::super::tests::{COLOUR, NARROW, WIDE, visible};
    use super::*;

    fn shown(traces: [&Value; 2], detail: ComparisonDetail, style: Style) -> String {
        comparison(traces, now(), detail, style)
    }

    #[test]
    fn comparisons() {
        let (a, b) = (faulted(), retried());
        let detail = ComparisonDetail::default();
        for (name, width) in [("40", 40), ("80", 80), ("120", 120)] {
            let style = Style {
                colour: false,
                width,
            };
            insta::assert_snapshot!(format!("comparison_{name}"), shown([&a, &b], detail, style));
        }
        insta::assert_snapshot!(
            "comparison_colour",
            visible(&shown([&a, &b], detail, COLOUR))
        );
        let by_difference = ComparisonDetail {
            level_max: Some(2),
            order: Order::Difference,
        };
        insta::assert_snapshot!(
            "comparison_by_difference",
            shown([&a, &b], by_difference, Style::default())
        );
        insta::assert_snapshot!("comparison_same", shown([&a, &a], detail, Style::default()));
        let levels = ComparisonDetail {
            level_max: Some(1),
            ..detail
        };
        insta::assert_snapshot!(
            "comparison_level",
            shown([&many_calls(), &b], levels, Style::default())
        );
        insta::assert_snapshot!(
            "comparison_hostile",
            shown([&hostile(), &b], detail, NARROW)
        );
    }

    #[test]
    fn machines_read_the_same_rows() {
        let (a, b) = (faulted(), retried());
        let told = comparison_json([Some(&a), Some(&b)], now(), None);
        assert_eq!((&told["A"]["Id"], &told["B"]["Id"]), (&a["Id"], &b["Id"]));
        let rows = told["Rows"].as_array().unwrap();
        assert_eq!(rows[0]["Depth"], 0);
        let text = shown([&a, &b], ComparisonDetail::default(), WIDE);
        for row in rows {
            let name = row["Name"].as_str().unwrap();
            assert!(text.contains(name), "{name} in {text}");
        }
        let first = comparison_json([Some(&a), Some(&b)], now(), Some(1));
        assert!(first["Rows"].as_array().unwrap().len() < rows.len());
        let missing = comparison_json([None, Some(&b)], now(), None);
        assert_eq!((&missing["A"], &missing["B"]), (&Value::Null, &told["B"]));
        assert_eq!(missing["Rows"], json!([]));
    }

    #[test]
    fn deep_nesting_stops_indenting() {
        let documents = (0..100_u32).map(|at| {
            json!({"id": at.to_string(), "name": "n", "parent_id": at.wrapping_sub(1).to_string(),
                "start_time": START, "end_time": START})
        });
        let trace = trace(
            "1-69214cb0-00000000000000000000000a",
            &documents.collect::<Vec<_>>(),
        );
        let text = shown([&trace, &trace], ComparisonDetail::default(), NARROW);
        for line in [
            "n ",
            "  n ",
            "        n ",
            "        6: n ",
            "        100: n ",
        ] {
            let is_there = text.lines().any(|shown| shown.starts_with(line));
            assert!(is_there, "{line:?} in {text}");
        }
    }

    #[test]
    fn of_very_many_rows_some_are_shown_and_the_rest_is_told() {
        let parts = (0..600).map(|at| {
            json!({"id": format!("{at}"), "name": format!("n{at}"), "start_time": START, "end_time": START})
        });
        let root = json!({"id": "r", "name": "root", "start_time": START, "end_time": START + 1.0,
            "subsegments": parts.collect::<Vec<_>>()});
        let trace = trace("1-69214cb0-00000000000000000000000a", &[root]);
        let text = shown(
            [&trace, &trace],
            ComparisonDetail::default(),
            Style::default(),
        );
        assert!(text.contains("… 101 rows more;"), "{text}");
    }

    #[test]
    fn whatever_a_trace_says_no_line_is_too_long() {
        let odd = [
            hostile(),
            json!(null),
            json!({"Segments": 1}),
            trace("x", &[json!({"name": 1}), json!({})]),
        ];
        for a in &odd {
            for b in &odd {
                for line in shown([a, b], ComparisonDetail::default(), NARROW).lines() {
                    assert!(line.width() <= 40, "{line:?}");
                    assert!(!line.contains(char::is_control), "{line:?}");
                }
            }
        }
    }
}
