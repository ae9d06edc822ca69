//! The bars: what is known of the run at any moment, drawn ten times a second.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::lines;
use crate::runner::Event;
use crate::view::{self, RunState, RunningJob, Style};

/// How often the bars are drawn.
const INTERVAL: Duration = Duration::from_millis(100);

/// Running jobs that have a line of their own.
const RUNNING_MAX: usize = 8;

/// The bars of a run. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Bars {
    run: Arc<Mutex<Run>>,
    bar: ProgressBar,
}

/// What is known of the run.
struct Run {
    started: Instant,
    jobs: u64,
    skipped: u64,
    ended: u64,
    failed: u64,
    /// By the id of the invocation; as many as run at once.
    running: HashMap<String, Running>,
}

struct Running {
    place: usize,
    job: String,
    started: Instant,
    /// The ids and names of the spans that are open, the outermost first.
    steps: Vec<(u64, String)>,
}

impl Bars {
    pub(super) fn start(jobs: u64, colour: bool) -> Self {
        let run = Arc::new(Mutex::new(Run::new(jobs, Instant::now())));
        let bar = ProgressBar::with_draw_target(Some(jobs), ProgressDrawTarget::stderr());
        let drawn = Arc::clone(&run);
        let draw = move |_: &ProgressState, text: &mut dyn fmt::Write| {
            let state = lock(&drawn).state(Instant::now());
            let _ = text.write_str(&view::progress(&state, style(colour)));
        };
        // The only fault that a template can have is in its text.
        if let Ok(style) = ProgressStyle::with_template("{run}") {
            bar.set_style(style.with_key("run", draw));
        }
        bar.enable_steady_tick(INTERVAL);
        Self { run, bar }
    }

    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Takes what happened; answers the lines to print above, for a job that is not done.
    pub(super) fn take(&self, event: &Event<'_>) -> String {
        lock(&self.run).take(event, Instant::now());
        match event {
            Event::Ended { report, .. } | Event::Skipped { report, .. }
                if !report.outcome.is_done() =>
            {
                lines::ended(report) + "\n"
            }
            _ => String::new(),
        }
    }

    pub(super) fn open_step(&self, request_id: &str, id: u64, name: String) {
        if let Some(running) = lock(&self.run).running.get_mut(request_id) {
            running.steps.push((id, name));
        }
    }

    pub(super) fn close_step(&self, request_id: &str, id: u64) {
        if let Some(running) = lock(&self.run).running.get_mut(request_id) {
            running.steps.retain(|step| step.0 != id);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn lock(run: &Mutex<Run>) -> MutexGuard<'_, Run> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As wide as the terminal is now, but for the last column, at which some terminals wrap.
fn style(colour: bool) -> Style {
    let width = terminal_size::terminal_size_of(std::io::stderr())
        .map_or(Style::default().width, |(width, _)| usize::from(width.0));
    Style {
        colour,
        width: width.saturating_sub(1),
    }
}

impl Run {
    fn new(jobs: u64, now: Instant) -> Self {
        Self {
            started: now,
            jobs,
            skipped: 0,
            ended: 0,
            failed: 0,
            running: HashMap::new(),
        }
    }

    fn take(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Started {
                place,
                job,
                request_id,
                ..
            } => {
                let running = Running {
                    place: *place,
                    job: (*job).to_owned(),
                    started: now,
                    steps: Vec::new(),
                };
                self.running.insert((*request_id).to_owned(), running);
            }
            Event::TimedOut { .. } => {}
            Event::Skipped { report } => {
                self.skipped += 1;
                self.failed += u64::from(!report.outcome.is_done());
            }
            Event::Ended { report, .. } => {
                self.ended += 1;
                self.failed += u64::from(!report.outcome.is_done());
                self.running
                    .remove(report.request_id.as_deref().unwrap_or_default());
            }
        }
    }

    /// What is to be drawn: of the running jobs those that began first.
    fn state(&self, now: Instant) -> RunState {
        let mut running: Vec<&Running> = self.running.values().collect();
        running.sort_unstable_by_key(|running| (running.started, running.place));
        let more = running.len().saturating_sub(RUNNING_MAX);
        running.truncate(RUNNING_MAX);
        let job = |running: &&Running| RunningJob {
            job: running.job.clone(),
            step: running
                .steps
                .iter()
                .map(|(_, name)| name.as_str())
                .collect::<Vec<_>>()
                .join(" › "),
            elapsed: now.saturating_duration_since(running.started),
        };
        RunState {
            jobs: self.jobs,
            skipped: self.skipped,
            ended: self.ended,
            failed: self.failed,
            elapsed: now.saturating_duration_since(self.started),
            running: running.iter().map(job).collect(),
            more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::progress::tests::{ended, report, started};

    #[test]
    fn the_jobs_that_began_first_are_shown_with_their_step() {
        let start = Instant::now();
        let bars = Bars {
            run: Arc::new(Mutex::new(Run::new(12, start))),
            bar: ProgressBar::hidden(),
        };
        let ids: Vec<String> = (0..10).map(|number| format!("id-{number}")).collect();
        for (place, id) in ids.iter().enumerate() {
            let at = start + Duration::from_secs(place as u64);
            lock(&bars.run).take(&started(place, "job", id), at);
        }
        bars.open_step("id-0", 1, "attempt 1".to_owned());
        bars.open_step("id-0", 2, "observe".to_owned());
        bars.close_step("id-0", 2);
        bars.open_step("id-0", 3, "put tags".to_owned());
        bars.open_step("gone", 4, "nobody's".to_owned());
        for _ in 0..2 {
            let report = &report(Outcome::DoneBefore);
            assert_eq!(bars.take(&Event::Skipped { report }), "");
        }
        let state = lock(&bars.run).state(start + Duration::from_secs(20));
        assert_eq!((state.running.len(), state.more), (8, 2));
        assert_eq!(state.running[0].step, "attempt 1 › put tags");
        assert_eq!(state.running[7].elapsed, Duration::from_secs(13));

        let text = ended("id-0", false, |event| bars.take(&event));
        assert!(text.starts_with("job logs: failed in "), "{text}");
        assert_eq!(ended("id-1", true, |event| bars.take(&event)), "");
        let state = lock(&bars.run).state(start + Duration::from_secs(20));
        assert_eq!((state.ended, state.failed, state.skipped), (2, 1, 2));
        assert_eq!((state.running.len(), state.more), (8, 0));
    }
}
