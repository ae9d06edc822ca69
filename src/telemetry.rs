//! What the program tells while it runs: traces to the daemon, logs to stderr.

use anyhow::Context as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_xray::{
    Emitter, EmitterCounts, EmitterOptions, FlushGuard, LayerOptions, Service, Settings,
};

/// What is logged when nobody says otherwise. The local S3 logs each request that it refuses.
const LOG_DEFAULT: &str = "warn,s3s=off";

/// Keeps telling until it is closed.
#[derive(Debug)]
pub(crate) struct Telemetry(Option<FlushGuard>);

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

/// Begins to tell: traces as `tracing` says, none when it is disabled or `None`; and logs.
///
/// # Errors
/// A thread cannot be had, or telling has begun before.
pub(crate) fn start(tracing: Option<&Settings>, filter: Targets) -> anyhow::Result<Telemetry> {
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_filter(filter);
    let (layer, guard) = match tracing.filter(|settings| settings.enabled) {
        Some(settings) => {
            let (emitter, guard) = Emitter::start(settings, EmitterOptions::default())
                .context("start the thread that sends segments")?;
            let options = LayerOptions {
                service: Some(Service {
                    version: Some(env!("CARGO_PKG_VERSION").into()),
                    name: Some("xray-ecs".into()),
                    runtime: Some("rust".into()),
                    ..Service::default()
                }),
                ..LayerOptions::default()
            };
            let layer = tracing_xray::layer(emitter, settings, options);
            (Some(layer), Some(guard))
        }
        None => (None, None),
    };
    tracing_subscriber::registry()
        .with(layer)
        .with(logs)
        .try_init()
        .context("begin to log")?;
    Ok(Telemetry(guard))
}

impl Telemetry {
    /// Sends what waits and says what became of every segment; `None` when nothing was traced.
    pub(crate) fn close(self) -> Option<EmitterCounts> {
        self.0.map(FlushGuard::close)
    }
}
