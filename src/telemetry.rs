//! What the program tells while it runs: traces to the daemon, logs to stderr.

mod format;

use std::io;

use anyhow::Context as _;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_xray::{
    Emitter, EmitterCounts, EmitterOptions, FlushGuard, LayerOptions, Segment, Service, Settings,
};

use crate::progress::Progress;
use format::{JsonFormat, TextFormat};

pub(crate) use format::{LogFormat, LogFormatError};

/// What is logged when nobody says otherwise. The local S3 logs each request that it refuses.
const LOG_DEFAULT: &str = "warn,s3s=off";

/// Keeps telling until it is closed.
#[derive(Debug)]
pub(crate) struct Telemetry(Option<(Emitter, FlushGuard)>);

/// Reads a log filter: levels, by target where one is named, such as `xray_ecs=debug,warn`.
///
/// # Errors
/// It is malformed.
pub(crate) fn parse_filter(filter: Option<&str>) -> anyhow::Result<Targets> {
    let filter = filter.unwrap_or(LOG_DEFAULT);
    let parsed = filter.parse::<Targets>();
    parsed.with_context(|| {
        format!("log filter `{filter}`: write a level, or targets with levels, such as `warn` or `xray_ecs=debug,warn`")
    })
}

/// Begins to log to stderr, for a command that traces nothing.
///
/// # Errors
/// Logging has begun before.
pub(crate) fn start_logs(format: LogFormat, filter: Targets) -> anyhow::Result<()> {
    start_logs_to(format, filter, io::stderr)
}

/// Begins to log to `writer`, for a command that traces nothing.
///
/// # Errors
/// Logging has begun before.
pub(crate) fn start_logs_to<W>(format: LogFormat, filter: Targets, writer: W) -> anyhow::Result<()>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry()
        .with(logs(format, writer).with_filter(filter))
        .try_init()
        .context("begin to log")
}

/// Begins to tell of a run: traces as `tracing` says, none when it is disabled or `None`; logs where
/// and how `progress` tells its lines; and to `progress` what jobs do. `base` is what every segment
/// says of where it was made.
///
/// # Errors
/// A thread cannot be had, or telling has begun before.
pub(crate) fn start(
    tracing: Option<&Settings>,
    base: LayerOptions,
    filter: Targets,
    progress: &Progress,
) -> anyhow::Result<Telemetry> {
    let (layer, guard) = match tracing.filter(|settings| settings.enabled) {
        Some(settings) => {
            let (emitter, guard) = Emitter::start(settings, EmitterOptions::default())
                .context("start the thread that sends segments")?;
            let options = LayerOptions {
                service: Some(service()),
                ..base
            };
            let layer = tracing_xray::layer(emitter.clone(), settings, options);
            (Some(layer), Some((emitter, guard)))
        }
        None => (None, None),
    };
    let screen = progress.screen();
    let logs = logs(progress.log_format(), move || screen.clone());
    tracing_subscriber::registry()
        .with(layer)
        .with(progress.layer())
        .with(logs.with_filter(filter))
        .try_init()
        .context("begin to log")?;
    Ok(Telemetry(guard))
}

fn service() -> Service {
    Service {
        version: Some(env!("CARGO_PKG_VERSION").into()),
        name: Some("xray-ecs".into()),
        runtime: Some("rust".into()),
        ..Service::default()
    }
}

fn logs<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    match format {
        LogFormat::Text => layer.event_format(TextFormat(Format::default())).boxed(),
        LogFormat::Json => layer.event_format(JsonFormat).boxed(),
    }
}

impl Telemetry {
    /// Sends a segment that no span has made, when there is tracing at all.
    pub(crate) fn emit(&self, segment: Segment) {
        if let Some((emitter, _)) = &self.0 {
            emitter.emit(segment);
        }
    }

    /// Sends what waits and says what became of every segment; `None` when nothing was traced.
    pub(crate) fn close(self) -> Option<EmitterCounts> {
        self.0.map(|(_, guard)| guard.close())
    }
}

#[cfg(test)]
mod tests;
