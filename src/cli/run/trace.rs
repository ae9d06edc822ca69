//! The run's own trace: a segment for the run and, before it, one for the schedule that fired it,
//! from the scheduled time to the start of this process.

use chrono::{DateTime, Utc};
use serde_json::json;
use tracing::{Id, Span, field, info_span};
use tracing_xray::ecs::Metadata;
use tracing_xray::{
    Entity, Sampled, Segment, SpanExt, Subsegment, Timestamp, TraceHeader, legal_name,
};

use super::wanted::{TraceChoice, Wanted};
use crate::firing::Firing;
use crate::report::RunReport;
use crate::telemetry::Telemetry;

/// The run's segment, open until the run ends.
pub(super) struct RunTrace {
    span: Span,
}

impl RunTrace {
    /// Opens the run's segment. The caller's trace wins over the firing's, and that over a new one.
    pub(super) fn open(
        service: &str,
        wanted: &Wanted,
        ecs: Option<&Metadata>,
        telemetry: &Telemetry,
    ) -> Self {
        let mut header = wanted.trace_header.clone().unwrap_or_default();
        let schedule = wanted.firing.as_ref();
        if let Some(firing) = schedule {
            header.root = header.root.or(firing.trace_id());
            let segment = schedule_segment(firing, &header, wanted.start, ecs);
            if let Some(segment) = segment.filter(|_| header.sampled != Some(Sampled::No)) {
                header.parent = Some(segment.entity.id);
                telemetry.emit(segment);
            }
        }
        let header = header.root.map(|_| header.to_string());
        let name = legal_name(&format!("{service} run")).into_owned();
        let span = info_span!(
            parent: None,
            "run",
            xray.segment = name,
            xray.trace_header = header,
            run_id = wanted.run_id,
            schedule = schedule.map(Firing::rule_name),
            scheduled_time = schedule.map(|firing| firing.scheduled_time.to_rfc3339()),
            event_id = schedule.and_then(|firing| firing.event_id.as_deref()),
            shard = wanted.shard.map(|shard| shard.to_string()),
            task_arn = ecs.and_then(|ecs| ecs.task.task_arn.as_deref()),
            outcome = field::Empty,
        );
        Self { span }
    }

    /// The span of the run's segment, which jobs link to.
    pub(super) fn span_id(&self) -> Option<Id> {
        self.span.id()
    }

    /// The header that jobs continue when they belong into the run's trace.
    pub(super) fn header(&self, wanted: &Wanted) -> Option<String> {
        let context = self.span.trace_context()?;
        (wanted.trace() == TraceChoice::Run).then(|| context.header().to_string())
    }

    /// The trace's id, when it is traced.
    pub(super) fn id(&self) -> Option<String> {
        let context = self.span.trace_context()?;
        Some(context.trace_id.to_string())
    }

    /// Ends the run's segment with what became of the run.
    pub(super) fn close(self, report: &RunReport) {
        self.span.record("outcome", report.status.word());
        self.span.edit_entity(|entity: &mut Entity| {
            entity.fault = report.status.code() != 0;
            entity.add_metadata("default", "totals", json!(report.totals));
        });
        // A segment ends when its span is last left.
        self.span.in_scope(|| {});
    }
}

/// From the scheduled time to the start of this process, with the parts that ECS knows. Nothing
/// when the clocks disagree about which came first.
fn schedule_segment(
    firing: &Firing,
    header: &TraceHeader,
    start: DateTime<Utc>,
    ecs: Option<&Metadata>,
) -> Option<Segment> {
    let begin = timestamp(firing.scheduled_time)?;
    let end = timestamp(start)?;
    if begin > end {
        return None;
    }
    let mut entity = Entity::new(&format!("schedule:{}", firing.rule_name()), begin);
    entity.end_time = Some(end);
    let parts = ecs.into_iter().flat_map(|ecs| {
        let (created, started) = (ecs.container.created_at, ecs.task.pull_started_at);
        let pulled = ecs.task.pull_stopped_at;
        [
            // Before it pulls the image, ECS has placed the task and given it a network.
            ("delivery", Some(begin), started.or(created)),
            ("image pull", started, pulled),
            ("container start", pulled.or(created), Some(end)),
        ]
    });
    for (name, from, to) in parts {
        if let (Some(from), Some(to)) = (from, to)
            && from <= to
        {
            let mut part = Entity::new(name, from);
            part.end_time = Some(to);
            entity.subsegments.push(Subsegment::new(part));
        }
    }
    Some(Segment {
        parent_id: header.parent,
        ..Segment::new(header.root?, entity)
    })
}

fn timestamp(time: DateTime<Utc>) -> Option<Timestamp> {
    let micros = u64::try_from(time.timestamp_micros()).ok()?;
    Some(Timestamp::from_micros(micros))
}
