//! Which services a trace names, and the segments inferred for those that send none themselves.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::RawValue;
use tracing_xray::{SegmentId, TraceId};

use crate::document::{Entity, Fields, push_strict};
use crate::outline::Service;

/// How AWS writes the services that some SDKs send in lower case, by their endpoint prefixes.
const CANONICAL_NAMES: [(&str, &str); 32] = [
    ("apigateway", "APIGateway"),
    ("athena", "Athena"),
    ("batch", "Batch"),
    ("cloudformation", "CloudFormation"),
    ("cloudfront", "CloudFront"),
    ("cloudwatch", "CloudWatch"),
    ("cloudwatchlogs", "CloudWatchLogs"),
    ("dynamodb", "DynamoDB"),
    ("ec2", "EC2"),
    ("ecr", "ECR"),
    ("ecs", "ECS"),
    ("eks", "EKS"),
    ("events", "Events"),
    ("firehose", "Firehose"),
    ("glue", "Glue"),
    ("iam", "IAM"),
    ("kinesis", "Kinesis"),
    ("kms", "KMS"),
    ("lambda", "Lambda"),
    ("logs", "CloudWatchLogs"),
    ("monitoring", "CloudWatch"),
    ("rds", "RDS"),
    ("redshift", "Redshift"),
    ("s3", "S3"),
    ("scheduler", "Scheduler"),
    ("secretsmanager", "SecretsManager"),
    ("ses", "SES"),
    ("sns", "SNS"),
    ("sqs", "SQS"),
    ("ssm", "SSM"),
    ("states", "Sfn"),
    ("sts", "STS"),
];

/// The name as AWS writes it, or as it is when it is none of the table's.
pub(crate) fn canonical_name(name: &str) -> &str {
    let known = CANONICAL_NAMES
        .iter()
        .find(|(prefix, _)| prefix.eq_ignore_ascii_case(name));
    known.map_or(name, |&(_, canonical)| canonical)
}

/// The service that sent a segment.
pub(crate) fn sending_service<'a>(segment: &Fields<'a>, aws: &Fields<'a>) -> Service<'a> {
    Service {
        name: segment.text("name").unwrap_or_default(),
        kind: segment.text("origin").unwrap_or_default(),
        account: account(aws),
    }
}

/// The service that a subsegment calls, if it calls one: its namespace says so.
pub(crate) fn called_service<'a>(subsegment: &Fields<'a>, aws: &Fields<'a>) -> Option<Service<'a>> {
    let name = subsegment.text("name").unwrap_or_default();
    match subsegment.text("namespace")?.as_ref() {
        "aws" => Some(aws_service(&name, aws)),
        "remote" => Some(Service {
            name,
            kind: if subsegment.object("sql").is_empty() {
                "remote".into()
            } else {
                "Database::SQL".into()
            },
            account: account(aws),
        }),
        _ => None,
    }
}

fn account<'a>(aws: &Fields<'a>) -> Cow<'a, str> {
    aws.text("account_id").unwrap_or_default()
}

fn aws_service<'a>(name: &str, aws: &Fields<'a>) -> Service<'a> {
    let name = canonical_name(name);
    let (kind, resource) = resource(name, aws);
    Service {
        name: resource.unwrap_or_else(|| Cow::Owned(name.to_owned())),
        kind: Cow::Owned(kind),
        account: account(aws),
    }
}

/// The type of the node, and the name of the resource that it stands for, where one is known.
fn resource<'a>(service: &str, aws: &Fields<'a>) -> (String, Option<Cow<'a, str>>) {
    let (resource, kind) = match service {
        "DynamoDB" => {
            let table = aws.filled("table_name");
            (table.or_else(|| aws.first_text("table_names")), "::Table")
        }
        "S3" => {
            let bucket = aws.filled("bucket_name");
            (bucket.or_else(|| aws.filled("bucket")), "::Bucket")
        }
        "SQS" => {
            let queue = aws.filled("queue_url").and_then(|url| last_part(url, '/'));
            (queue.or_else(|| aws.filled("queue_name")), "::Queue")
        }
        "Lambda" => {
            let function = aws.filled("function_name");
            (function.and_then(|name| last_part(name, ':')), "")
        }
        _ => (None, ""),
    };
    let kind = resource.as_ref().map_or("", |_| kind);
    (format!("AWS::{service}{kind}"), resource)
}

/// What follows the last separator: the queue of a queue's URL, the function of an ARN.
fn last_part(text: Cow<'_, str>, separator: char) -> Option<Cow<'_, str>> {
    let last = text.rsplit(separator).next().unwrap_or_default();
    match last {
        "" => None,
        last if last.len() == text.len() => Some(text),
        last => Some(Cow::Owned(last.to_owned())),
    }
}

/// The id of the segment inferred for a call: always the same for the same call, and no other's.
pub(crate) fn inferred_id(call: SegmentId, taken: &BTreeSet<SegmentId>) -> SegmentId {
    let mut bits = call.to_bits();
    loop {
        // The finaliser of SplitMix64: a bijection that scatters neighbours.
        bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let id = SegmentId::from_bits(bits);
        if !taken.contains(&id) {
            return id;
        }
    }
}

/// The document of the segment inferred for a call that no segment answers.
///
/// Its members are those that AWS gives it (traces published in the developer guide): the call's
/// name, times, `http`, `aws`, flags and cause; an origin only for calls of AWS.
pub(crate) fn inferred_document(trace_id: TraceId, id: SegmentId, call: &Entity<'_>) -> String {
    let fields = &call.fields;
    let mut members = Members::default();
    members.text("id", &id.to_string());
    let name = fields.text("name").unwrap_or_default();
    let of_aws = fields
        .text("namespace")
        .is_some_and(|namespace| namespace == "aws");
    members.text("name", if of_aws { canonical_name(&name) } else { &name });
    members.copy(fields, "start_time");
    members.text("trace_id", &trace_id.to_string());
    members.copy(fields, "end_time");
    if call.end().is_none() {
        members.raw("in_progress", "true");
    }
    members.copy(fields, "id");
    members.raw("inferred", "true");
    members.copy(fields, "http");
    members.copy(fields, "aws");
    for flag in ["error", "throttle", "fault"] {
        if fields.flag(flag) {
            members.raw(flag, "true");
        }
    }
    if !is_empty_cause(fields) {
        members.copy(fields, "cause");
    }
    if let Some(service) = called_service(fields, &fields.object("aws")).filter(|_| of_aws) {
        members.text("origin", &service.kind);
    }
    members.object()
}

fn is_empty_cause(fields: &Fields<'_>) -> bool {
    let cause = fields.get("cause").map(RawValue::get).unwrap_or_default();
    cause.starts_with('{') && fields.object("cause").is_empty()
}

/// A JSON object being written.
#[derive(Default)]
struct Members(String);

impl Members {
    fn raw(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(value);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.raw(name, &serde_json::Value::from(value).to_string());
    }

    /// Copies the member; the call's own id becomes the parent's.
    fn copy(&mut self, fields: &Fields<'_>, name: &str) {
        if let Some(value) = fields.get(name) {
            let name = if name == "id" { "parent_id" } else { name };
            let mut strict = String::new();
            push_strict(value.get(), &mut strict);
            self.raw(name, &strict);
        }
    }

    fn object(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(subsegment: &str) -> (String, String) {
        let entity = Entity::parse(subsegment).unwrap();
        let service = called_service(&entity.fields, &entity.fields.object("aws")).unwrap();
        (service.name.into_owned(), service.kind.into_owned())
    }

    #[test]
    fn a_call_names_its_resource_where_one_is_known() {
        for (subsegment, name, kind) in [
            (
                r#"{"namespace":"aws","name":"s3","aws":{"bucket_name":"logs"}}"#,
                "logs",
                "AWS::S3::Bucket",
            ),
            (r#"{"namespace":"aws","name":"s3"}"#, "S3", "AWS::S3"),
            (
                r#"{"namespace":"aws","name":"DynamoDB","aws":{"table_names":["t","u"]}}"#,
                "t",
                "AWS::DynamoDB::Table",
            ),
            (
                r#"{"namespace":"aws","name":"sqs","aws":{"queue_url":"https://sqs.x/1/jobs"}}"#,
                "jobs",
                "AWS::SQS::Queue",
            ),
            (
                r#"{"namespace":"aws","name":"sqs","aws":{"queue_url":"https://sqs.x/"}}"#,
                "SQS",
                "AWS::SQS",
            ),
            (
                r#"{"namespace":"aws","name":"Lambda","aws":{"function_name":"arn:aws:lambda:r:1:function:f"}}"#,
                "f",
                "AWS::Lambda",
            ),
            (
                r#"{"namespace":"aws","name":"sns","aws":{"topic_arn":"arn:aws:sns:r:1:t"}}"#,
                "SNS",
                "AWS::SNS",
            ),
            (r#"{"namespace":"aws","name":"Sfn"}"#, "Sfn", "AWS::Sfn"),
            (r#"{"namespace":"remote","name":"s3"}"#, "s3", "remote"),
            (
                r#"{"namespace":"remote","name":"db@host","sql":{"url":"u"}}"#,
                "db@host",
                "Database::SQL",
            ),
        ] {
            assert_eq!(
                called(subsegment),
                (name.into(), kind.into()),
                "{subsegment}"
            );
        }
        let local = Entity::parse(r#"{"namespace":"local","name":"s3"}"#).unwrap();
        assert_eq!(
            called_service(&local.fields, &local.fields.object("aws")),
            None
        );
    }

    #[test]
    fn an_inferred_segment_carries_what_the_call_tells() {
        let call = r#"{"id":"00000000000000a1","name":"dynamodb","start_time":1.5,"end_time":2.25,
            "namespace":"aws","aws":{"table_name":"games"},"fault":true,"error":false,"cause":{},
            "metadata":{"x":1},"subsegments":[]}"#;
        let call = Entity::parse(call).unwrap();
        let id = inferred_id(call.id().unwrap(), &BTreeSet::new());
        let trace_id: TraceId = "1-69214cb0-000000000000000000000009".parse().unwrap();
        let document = inferred_document(trace_id, id, &call);
        assert_eq!(
            document,
            format!(
                r#"{{"id":"{id}","name":"DynamoDB","start_time":1.5,"trace_id":"{trace_id}","end_time":2.25,"parent_id":"00000000000000a1","inferred":true,"aws":{{"table_name":"games"}},"fault":true,"origin":"AWS::DynamoDB::Table"}}"#
            )
        );
        let another = inferred_id(call.id().unwrap(), &BTreeSet::from([id]));
        assert_ne!(another, id);
    }
}
