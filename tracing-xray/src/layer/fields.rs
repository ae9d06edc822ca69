//! Which field goes where.
//!
//! | field | becomes |
//! |---|---|
//! | `xray.segment`, `xray.name` | the name |
//! | `xray.trace_header` | the caller's trace, parent and sampling (on a segment) |
//! | `xray.sampled` | whether the trace is recorded, whatever the caller's header says (on a segment) |
//! | `xray.sampling_rule` | the sampling rule that chose the trace (on a segment) |
//! | `xray.namespace` | `aws` or `remote` (on a subsegment) |
//! | `xray.origin`, `xray.resource_arn`, `user` | those of a segment; of a subsegment, annotations |
//! | `xray.error`, `xray.throttle`, `xray.fault` | the flags |
//! | `xray.interrupted` | a fault that tells why; all open beneath it are faults as well |
//! | `error` | a fault with cause; an error value gives its whole source chain |
//! | `http.request.*`, `http.response.*` | the http block; the status sets the flags |
//! | `aws.*` | the aws block of a subsegment |
//! | `annotation.KEY` | an annotation, whatever the value |
//! | `metadata.KEY`, `metadata.NAMESPACE.KEY` | metadata |
//! | any other text, number or boolean | an annotation |
//! | any other value recorded with `?` or `%` | metadata in the namespace `default` |

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::open::{Open, Work};
use crate::header::TraceHeader;
use crate::segment::{AnnotationValue, Entity, Exception, HttpRequest, Namespace};

/// The field that makes a span a segment.
pub(super) const SEGMENT_FIELD: &str = "xray.segment";

/// Records the fields of a span.
pub(super) struct FieldVisitor<'a>(pub(super) &'a mut Open);

impl Visit for FieldVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, AnnotationValue::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, AnnotationValue::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, AnnotationValue::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.record_text(field.name(), value) {
            self.annotate(field.name(), value.into());
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        match field.name() {
            "error" => self.0.work.entity_mut().fail(value),
            _ => self.record_debug(field, &format_args!("{value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        let text = format!("{value:?}");
        if self.record_text(name, &text) {
            return;
        }
        if name.starts_with("annotation.") {
            self.annotate(name, text.into());
        } else {
            let entity = self.0.work.entity_mut();
            entity.add_metadata("default", name, text.into());
        }
    }
}

impl FieldVisitor<'_> {
    fn record(&mut self, field: &Field, value: AnnotationValue) {
        let name = field.name();
        match (name.split_once('.'), &value) {
            (Some(("xray", flag)), &AnnotationValue::Bool(value)) => self.record_flag(flag, value),
            (Some(("http", part)), value) => record_http_number(self.0, part, value),
            (Some(("aws", "retries")), value) => record_retries(&mut self.0.work, value),
            (Some(("metadata", key)), value) => {
                let value = serde_json::to_value(value).unwrap_or_default();
                record_metadata(self.0.work.entity_mut(), key, value);
            }
            _ => self.annotate(name, value),
        }
    }

    fn annotate(&mut self, name: &'static str, value: AnnotationValue) {
        let key = name.strip_prefix("annotation.").unwrap_or(name);
        self.0.work.entity_mut().annotate(key, value);
    }

    fn record_flag(&mut self, flag: &str, value: bool) {
        let entity = self.0.work.entity_mut();
        match flag {
            "segment" => self.0.is_marked = value,
            "sampled" => self.0.sampled = Some(value),
            "error" => entity.error = value,
            "throttle" => entity.throttle = value,
            "fault" => entity.fault = value,
            _ => {}
        }
    }

    /// True when the name has a place of its own.
    fn record_text(&mut self, name: &'static str, value: &str) -> bool {
        match name {
            "error" => {
                let entity = self.0.work.entity_mut();
                entity.fault = true;
                entity.add_exceptions(vec![Exception::new("Error", value)]);
                return true;
            }
            "user" => {
                if let Work::Segment(segment) = &mut self.0.work {
                    segment.user = Some(value.to_owned());
                    return true;
                }
                return false;
            }
            _ => {}
        }
        match name.split_once('.') {
            Some(("xray", part)) => record_xray_text(self.0, part, value),
            Some(("http", part)) => record_http_text(self.0.work.entity_mut(), part, value),
            Some(("aws", part)) => return record_aws_text(&mut self.0.work, part, value),
            Some(("metadata", key)) => {
                record_metadata(self.0.work.entity_mut(), key, value.into());
            }
            _ => return false,
        }
        true
    }
}

fn record_xray_text(open: &mut Open, part: &str, value: &str) {
    match (part, &mut open.work) {
        ("segment", _) => {
            open.is_marked = true;
            open.rename(value);
        }
        ("name", _) => open.rename(value),
        ("interrupted", _) => open.interrupt(value),
        ("trace_header", _) => open.continue_from(TraceHeader::parse(value)),
        ("origin", Work::Segment(segment)) => segment.origin = Some(value.to_owned().into()),
        ("sampling_rule", Work::Segment(segment)) => {
            let xray = &mut segment.aws.get_or_insert_default().xray;
            xray.get_or_insert_default().sampling_rule_name = Some(value.to_owned());
        }
        ("resource_arn", Work::Segment(segment)) => segment.resource_arn = Some(value.to_owned()),
        ("namespace", Work::Subsegment(subsegment)) => {
            subsegment.namespace = match value {
                "aws" => Some(Namespace::Aws),
                "remote" => Some(Namespace::Remote),
                _ => None,
            };
        }
        _ => {}
    }
}

fn record_http_text(entity: &mut Entity, part: &str, value: &str) {
    if let Some(place) = http_request_text(&mut entity.http_mut().request, part) {
        *place = Some(value.to_owned());
    }
}

fn http_request_text<'a>(
    request: &'a mut HttpRequest,
    part: &str,
) -> Option<&'a mut Option<String>> {
    match part {
        "request.method" => Some(&mut request.method),
        "request.url" => Some(&mut request.url),
        "request.user_agent" => Some(&mut request.user_agent),
        "request.client_ip" => Some(&mut request.client_ip),
        _ => None,
    }
}

fn record_http_number(open: &mut Open, part: &str, value: &AnnotationValue) {
    let entity = open.work.entity_mut();
    match (part, value) {
        ("response.status" | "response.status_code", &AnnotationValue::Int(status)) => {
            let Ok(status) = u16::try_from(status) else {
                return;
            };
            entity.flag_http_status(status);
            entity.http_mut().response.status = Some(status);
        }
        ("response.content_length", &AnnotationValue::Int(length)) => {
            entity.http_mut().response.content_length = u64::try_from(length).ok();
        }
        ("request.x_forwarded_for", &AnnotationValue::Bool(forwarded)) => {
            entity.http_mut().request.x_forwarded_for = Some(forwarded);
        }
        ("request.traced", &AnnotationValue::Bool(traced)) => {
            entity.http_mut().request.traced = Some(traced);
        }
        _ => {}
    }
}

fn record_retries(work: &mut Work, value: &AnnotationValue) {
    if let (Work::Subsegment(subsegment), &AnnotationValue::Int(retries)) = (work, value) {
        subsegment.aws.get_or_insert_default().retries = u32::try_from(retries).ok();
    }
}

fn record_aws_text(work: &mut Work, part: &'static str, value: &str) -> bool {
    let Work::Subsegment(subsegment) = work else {
        return false;
    };
    let aws = subsegment.aws.get_or_insert_default();
    let place = match part {
        "operation" => &mut aws.operation,
        "account_id" => &mut aws.account_id,
        "region" => &mut aws.region,
        "request_id" => &mut aws.request_id,
        "id_2" => &mut aws.id_2,
        "queue_url" => &mut aws.queue_url,
        "table_name" => &mut aws.table_name,
        "bucket_name" => &mut aws.bucket_name,
        "key" => &mut aws.key,
        _ => {
            aws.parameters.insert(part.into(), value.into());
            return true;
        }
    };
    *place = Some(value.to_owned());
    true
}

fn record_metadata(entity: &mut Entity, key: &'static str, value: serde_json::Value) {
    let (namespace, key) = key.split_once('.').unwrap_or(("default", key));
    entity.add_metadata(namespace, key, value);
}

/// Records the error of an event, such as the one that `#[instrument(err)]` makes, on its span.
pub(super) struct ErrorVisitor<'a>(pub(super) &'a mut Open);

impl Visit for ErrorVisitor<'_> {
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if field.name() == "error" {
            self.0.work.entity_mut().fail(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "error" {
            let entity = self.0.work.entity_mut();
            entity.fault = true;
            entity.add_exceptions(vec![Exception::new("Error", format_args!("{value:?}"))]);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
