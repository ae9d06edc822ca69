//! How log lines look: as text, or as JSON. Both name the trace that they belong to.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Span, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_xray::{SpanExt as _, TraceContext};

use crate::progress::Invocation;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line.
    Json,
}

/// What is no log format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("log format `{0}`: write `text` or `json`")]
pub(crate) struct LogFormatError(String);

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError(word.to_owned())),
        }
    }
}

/// Lines for people, with the id of the trace at their end.
pub(super) struct TextFormat(pub(super) Format<Full>);

impl<S, N> FormatEvent<S, N> for TextFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(trace) = Span::current().trace_context() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        writeln!(
            writer,
            "{} trace_id={}",
            line.trim_end_matches('\n'),
            trace.trace_id
        )
    }
}

/// An object a line: `timestamp`, `level`, `target`, `message`, the event's other `fields`, and of
/// the span that it is in `trace_id`, `segment_id`, `request_id` and `job`.
pub(super) struct JsonFormat;

impl<S, N> FormatEvent<S, N> for JsonFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let place = Place {
            trace: Span::current().trace_context(),
            invocation: Invocation::current(),
        };
        writeln!(
            writer,
            "{}",
            line(event.metadata(), fields.0, &place, Utc::now())
        )
    }
}

/// Where in a run something is logged.
struct Place {
    trace: Option<TraceContext>,
    invocation: Option<Invocation>,
}

fn line(
    metadata: &Metadata<'_>,
    mut fields: Map<String, Value>,
    place: &Place,
    now: DateTime<Utc>,
) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put(
        "timestamp",
        now.to_rfc3339_opts(SecondsFormat::Millis, true).into(),
    );
    put("level", metadata.level().as_str().into());
    put("target", metadata.target().into());
    put(
        "message",
        fields.remove("message").unwrap_or_else(|| "".into()),
    );
    if let Some(trace) = &place.trace {
        put("trace_id", trace.trace_id.to_string().into());
        put("segment_id", trace.id.to_string().into());
    }
    if let Some(Invocation { job, request_id }) = &place.invocation {
        put("request_id", (&**request_id).into());
        put("job", (&**job).into());
    }
    if !fields.is_empty() {
        put("fields", fields.into());
    }
    line.into()
}

/// The fields of an event, with their types.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}
