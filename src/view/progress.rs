//! A run that goes on: a bar for all of it, and a line for each job that runs.

use std::time::Duration;

use super::style::{Line, Paint, Status, Style};
use super::text::{clip, columns, count};
use super::time::duration;

/// Columns of the bar.
const BAR: usize = 24;

/// The most columns that the jobs' names take.
const NAMES_MAX: usize = 30;

/// What is known of a run that goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunState {
    /// All its jobs.
    pub(crate) jobs: u64,
    /// Those that were done before it began.
    pub(crate) skipped: u64,
    /// Those that it has ended.
    pub(crate) ended: u64,
    /// Those of them that are not done.
    pub(crate) failed: u64,
    /// Since its beginning.
    pub(crate) elapsed: Duration,
    /// Jobs that run.
    pub(crate) running: Vec<RunningJob>,
    /// How many run beside them.
    pub(crate) more: usize,
}

/// A job that runs.
#[derive(Clone, Debug)]
pub(crate) struct RunningJob {
    /// Its name.
    pub(crate) job: String,
    /// What it does; empty when that is not known.
    pub(crate) step: String,
    /// Since its beginning.
    pub(crate) elapsed: Duration,
}

/// The bar and the running jobs; lines without an end after the last one.
pub(crate) fn progress(state: &RunState, style: Style) -> String {
    let names = state.running.iter().map(|job| columns(&job.job));
    let names = names.max().unwrap_or(0).min(NAMES_MAX);
    let mut lines = vec![overall(state, style)];
    let running = state.running.iter();
    lines.extend(running.map(|job| running_job(job, names, style)));
    if state.more > 0 {
        let mut line = Line::new(style);
        let text = format!("  … {} more", state.more);
        line.push(Paint::Quiet, &text);
        lines.push(line.into_text());
    }
    lines.join("\n")
}

fn overall(state: &RunState, style: Style) -> String {
    let over = state.skipped + state.ended;
    let share = over as f64 / state.jobs.max(1) as f64;
    let halves = (share.clamp(0.0, 1.0) * (2 * BAR) as f64).floor() as usize;
    let full = "━".repeat(halves / 2);
    let half = if halves % 2 == 1 { "╸" } else { "" };
    let mut line = Line::new(style);
    line.push(Paint::Status(Status::Ok), &format!("{full}{half}"));
    let rest = "─".repeat(BAR - halves.div_ceil(2));
    line.push(Paint::Quiet, &rest).space(2);
    let jobs = count(state.jobs, "job");
    line.push(Paint::Strong, &format!("{over}/{jobs}"));
    if state.failed > 0 {
        line.push(Paint::Plain, ", ");
        let failed = format!("{} failed", state.failed);
        line.push(Paint::Status(Status::Fault), &failed);
    }
    let seconds = state.elapsed.as_secs_f64();
    if state.ended > 0 && seconds > 0.0 {
        let rate = state.ended as f64 / seconds;
        let mut pieces = vec![(Paint::Plain, per_time(rate))];
        let left = state.jobs.saturating_sub(over);
        if left > 0 {
            let left = duration(left as f64 / rate);
            pieces.push((Paint::Quiet, format!("{left} left")));
        }
        for (paint, piece) in pieces {
            line.space(2);
            if line.fits(&piece) {
                line.push(paint, &piece);
            }
        }
    }
    line.into_text()
}

fn per_time(rate: f64) -> String {
    match rate {
        rate if rate >= 9.95 => format!("{rate:.0}/s"),
        rate if rate >= 0.995 => format!("{rate:.1}/s"),
        rate => format!("{:.1}/min", rate * 60.0),
    }
}

fn running_job(job: &RunningJob, names: usize, style: Style) -> String {
    let mut line = Line::new(style);
    let elapsed = duration(job.elapsed.as_secs_f64());
    line.space(2).push(Paint::Plain, &clip(&job.job, names));
    line.pad_to(2 + names + 2).push(Paint::Quiet, &elapsed);
    line.pad_to(2 + names + 2 + 12);
    line.push(Paint::Plain, &job.step);
    line.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(job: &str, step: &str, millis: u64) -> RunningJob {
        RunningJob {
            job: job.to_owned(),
            step: step.to_owned(),
            elapsed: Duration::from_millis(millis),
        }
    }

    #[test]
    fn a_run_shows_its_share_its_rate_and_what_it_does() {
        let style = Style::default();
        let colour = Style {
            colour: true,
            width: 60,
        };
        let start = RunState {
            jobs: 1,
            ..RunState::default()
        };
        let middle = RunState {
            jobs: 200,
            skipped: 40,
            ended: 63,
            failed: 2,
            elapsed: Duration::from_secs(7),
            running: vec![
                job("logs", "attempt 1 › observe", 84),
                job("photos-of-\x1b[31ma-very-long-name-indeed", "", 1200),
                job("桶", "attempt 12 › put public access block", 83_000),
            ],
            more: 4,
        };
        let slow = RunState {
            jobs: 3,
            ended: 3,
            elapsed: Duration::from_secs(70),
            ..RunState::default()
        };
        let drawn = [
            progress(&start, style),
            progress(&middle, style),
            progress(&middle, colour).replace('\x1b', "␛"),
            progress(&slow, style),
        ];
        insta::assert_snapshot!("progress", drawn.join("\n\n"));
    }
}
