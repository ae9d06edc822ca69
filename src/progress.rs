//! What is told on stderr while a run goes on: bars on a terminal, the lines that Lambda writes
//! elsewhere, and on ECS its lines as JSON. Nobody may be there to read: no fault of stderr reaches
//! the run.

mod bars;
mod json;
mod lines;
mod screen;
mod steps;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use chrono::Utc;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::report::RunReport;
use crate::runner::Event;
use crate::telemetry::{LogFormat, LogFormatError};
use crate::view::{self, Style};
use bars::Bars;
pub(crate) use screen::Screen;
pub(crate) use steps::Invocation;

/// How a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Bars, for somebody who watches.
    Bars {
        /// Whether to write colours.
        colour: bool,
    },
    /// Lambda's lines, and one a job.
    Lines,
    /// Lambda's lines as JSON.
    Json,
}

impl Mode {
    /// Something that is told before the run begins or after it is over, in the form of its lines.
    pub(crate) fn line(self, text: impl fmt::Display) -> String {
        match self {
            Self::Json => json::note(&text.to_string(), Utc::now()),
            Self::Bars { .. } | Self::Lines => format!("{text}\n"),
        }
    }

    /// The result of a run: a table for people, or a line for the machine that reads the others.
    ///
    /// # Errors
    /// A job's report cannot be read back.
    pub(crate) fn result(self, report: &RunReport, style: Style) -> io::Result<String> {
        match self {
            Self::Json => Ok(json::run(report, Utc::now())),
            Self::Bars { .. } | Self::Lines => view::report(report, style),
        }
    }

    /// `format` is that of the command line; `variable` looks into the environment, which has
    /// XRAY_ECS_LOG_FORMAT beside what containers and terminals put there.
    ///
    /// # Errors
    /// The environment's log format is none.
    pub(crate) fn choose(
        format: Option<LogFormat>,
        variable: impl Fn(&str) -> Option<String>,
        stderr_is_terminal: bool,
    ) -> Result<Self, LogFormatError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let on_ecs = variable("ECS_CONTAINER_METADATA_URI_V4").is_some();
        let format = match (format, variable("XRAY_ECS_LOG_FORMAT")) {
            (Some(format), _) => format,
            (None, Some(word)) => word.parse()?,
            (None, None) if on_ecs => LogFormat::Json,
            (None, None) => LogFormat::Text,
        };
        // Without TERM nobody knows what the terminal can do.
        let is_dumb = variable("TERM").is_none_or(|term| term == "dumb");
        let can_draw = stderr_is_terminal && !is_dumb && variable("CI").is_none();
        Ok(match format {
            LogFormat::Json => Self::Json,
            LogFormat::Text if can_draw => Self::Bars {
                colour: variable("NO_COLOR").is_none(),
            },
            LogFormat::Text => Self::Lines,
        })
    }

    /// The form that logs have beside it.
    pub(crate) fn log_format(self) -> LogFormat {
        match self {
            Self::Bars { .. } | Self::Lines => LogFormat::Text,
            Self::Json => LogFormat::Json,
        }
    }
}

/// Tells of a run while it goes on. Clones tell of the same one.
#[derive(Clone)]
pub(crate) struct Progress {
    mode: Mode,
    screen: Screen,
    bars: Option<Bars>,
}

impl Progress {
    /// Begins to tell of so many jobs. Lines go to `out`, in whole lines; bars always to stderr.
    pub(crate) fn new(mode: Mode, jobs: usize, out: impl Write + Send + 'static) -> Self {
        let bars = match mode {
            Mode::Bars { colour } => Some(Bars::start(jobs as u64, colour)),
            Mode::Lines | Mode::Json => None,
        };
        Self {
            mode,
            screen: Screen::new(bars.as_ref().map(Bars::bar), out),
            bars,
        }
    }

    /// What the runner calls.
    pub(crate) fn watch(&self) -> Arc<dyn Fn(Event<'_>) + Send + Sync> {
        let progress = self.clone();
        Arc::new(move |event| progress.tell(&event))
    }

    fn tell(&self, event: &Event<'_>) {
        let text = match (&self.bars, self.mode) {
            (Some(bars), _) => bars.take(event),
            (None, Mode::Json) => json::text(event, Utc::now()),
            (None, _) => lines::text(event),
        };
        self.screen.print(text.as_bytes());
    }

    /// Tells something that is no job's.
    pub(crate) fn note(&self, line: impl fmt::Display) {
        self.screen.print(self.mode.line(line).as_bytes());
    }

    /// The form that logs are to have.
    pub(crate) fn log_format(&self) -> LogFormat {
        self.mode.log_format()
    }

    /// Where logs go, so that they do not tear the bars.
    pub(crate) fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Learns from the spans in which invocation and at which step a job is.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        steps::layer(self.bars.clone())
    }

    /// Takes the bars away; what is told later stands alone. Call it before results are written.
    pub(crate) fn finish(&self) {
        if let Some(bars) = &self.bars {
            bars.finish();
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.mode).finish()
    }
}

#[cfg(test)]
mod tests;
