//! Jobs as a list, and the history of one.

use local_xray::runs::{Counts, Details, Invocation, Job, Standing};
use tracing_xray::Timestamp;

use super::report::JOB_LAYOUT;
use super::runs::{beyond, job_cells, paint, standings_of, under_date, with_details};
use super::style::{Line, Paint, Style, flow, note};
use super::table::{Align, Cell, Column, table};
use super::text::count;
use super::time::{duration, utc};

const LAYOUT: [Column; 8] = [
    Column {
        head: "JOB",
        align: Align::Left,
        floor: Some(12),
        importance: 9,
    },
    Column {
        head: "OUTCOME",
        align: Align::Left,
        floor: None,
        importance: 8,
    },
    Column {
        head: "LAST RUN",
        align: Align::Left,
        floor: None,
        importance: 5,
    },
    Column {
        head: "TIMES",
        align: Align::Right,
        floor: None,
        importance: 4,
    },
    Column {
        head: "FAILED",
        align: Align::Right,
        floor: None,
        importance: 6,
    },
    Column {
        head: "AVERAGE",
        align: Align::Right,
        floor: None,
        importance: 3,
    },
    Column {
        head: "95 %",
        align: Align::Right,
        floor: None,
        importance: 2,
    },
    Column {
        head: "SERVICE",
        align: Align::Left,
        floor: Some(8),
        importance: 1,
    },
];

/// The table of a history: when, in which run, and what a run tells of a job.
const HISTORY_LAYOUT: [Column; 6] = {
    let [_, outcome, attempts, duration, trace] = JOB_LAYOUT;
    let utc = Column {
        head: "UTC",
        align: Align::Left,
        floor: None,
        importance: 7,
    };
    let run = Column {
        head: "RUN",
        align: Align::Left,
        floor: None, // to be copied
        importance: 6,
    };
    [utc, run, outcome, attempts, duration, trace]
};

/// Jobs in their order, one line each, at most `limit`; beneath them how all of them stand.
pub fn job_list(jobs: &[&Job], limit: usize, style: Style) -> String {
    let shown = &jobs[..jobs.len().min(limit)];
    let lasts = || shown.iter().filter_map(|job| Some((job, job.last()?)));
    let mut lines = under_date(lasts().map(|(_, last)| last.start), style, |time| {
        let rows: Vec<Vec<Cell>> = lasts().map(|(job, last)| cells(job, last, time)).collect();
        table(&LAYOUT, &rows, style)
    });
    lines.extend(beyond(jobs.len() - shown.len(), "job", style));
    lines.push(String::new());
    let standings: Counts = jobs
        .iter()
        .filter_map(|job| Some(job.last()?.standing))
        .collect();
    lines.extend(standings_of(
        &count(jobs.len() as u64, "job"),
        &standings,
        style,
    ));
    lines.join("\n") + "\n"
}

fn cells(job: &Job, last: &Invocation, time: &str) -> Vec<Cell> {
    let took = job.durations();
    let cell = |seconds: Option<f64>| seconds.map_or_else(|| "–".to_owned(), duration);
    let failed = job.counts.of(Standing::Failed);
    vec![
        (Paint::Strong, last.job.clone()),
        (paint(last.standing), last.word().to_owned()),
        (Paint::Quiet, utc(last.start.as_secs_f64(), time)),
        (Paint::Plain, job.counts.all().to_string()),
        (Paint::Plain, failed.to_string()),
        (Paint::Plain, cell(took.average())),
        (Paint::Plain, cell(took.percentile(95))),
        (Paint::Quiet, last.service.clone()),
    ]
}

/// A job, and some of the times that it was run, newest first, at most `limit`, with what each did.
pub fn job(
    job: &Job,
    invocations: &[&Invocation],
    details: &Details,
    limit: usize,
    now: Timestamp,
    style: Style,
) -> String {
    let mut lines = head(job, style);
    let shown = &invocations[..invocations.len().min(limit)];
    if !shown.is_empty() {
        lines.push(String::new());
        lines.extend(under_date(
            shown.iter().map(|one| one.start),
            style,
            |time| {
                let rows: Vec<Vec<Cell>> = shown
                    .iter()
                    .map(|one| {
                        let when = utc(one.start.as_secs_f64(), time);
                        let mut cells = job_cells(&when, one, now);
                        cells.insert(1, (Paint::Plain, one.run_id.clone()));
                        cells
                    })
                    .collect();
                with_details(table(&HISTORY_LAYOUT, &rows, style), shown, details, style)
            },
        ));
    }
    lines.extend(beyond(invocations.len() - shown.len(), "invocation", style));
    lines.join("\n") + "\n"
}

fn head(job: &Job, style: Style) -> Vec<String> {
    let Some(last) = job.last() else {
        return Vec::new();
    };
    let mut first = Line::new(style);
    first.push(Paint::Strong, &last.job);
    let of = [
        Some(&last.service),
        last.job_type.as_ref(),
        last.bucket.as_ref(),
    ];
    let of = of.into_iter().flatten();
    let of: Vec<(Paint, String)> = of.map(|text| (Paint::Quiet, text.clone())).collect();
    first.space(2);
    let mut lines = flow(first, &of, "  ", 2, style);
    let times = count(job.counts.all() as u64, "time");
    lines.extend(standings_of(&times, &job.counts, style));
    let took = job.durations();
    if let (Some(average), Some(most)) = (took.average(), took.percentile(95)) {
        let text = format!(
            "{} on average, 95 % within {}",
            duration(average),
            duration(most)
        );
        lines.push(note(&text, style));
    }
    lines
}
