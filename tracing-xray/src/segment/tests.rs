//! Documents against the schema of the vectors.

use super::*;
use crate::clock::Timestamp;
use serde_json::{Value, json};

fn schema() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(include_str!("../../tests/vectors/segment_schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn entity(name: &'static str) -> Entity {
    let mut entity = Entity::start(name.into(), Timestamp::from_micros(1_763_790_000_000_000));
    entity.end_time = Some(Timestamp::from_micros(1_763_790_001_250_000));
    entity
}

fn segment(entity: Entity) -> Segment {
    Segment {
        trace_id: TraceId::from_parts(0x6921_4cb0, 7),
        parent_id: None,
        origin: None,
        resource_arn: None,
        user: None,
        service: None,
        aws: None,
        entity,
    }
}

fn subsegment(entity: Entity) -> Subsegment {
    Subsegment {
        namespace: None,
        aws: None,
        sql: None,
        precursor_ids: Vec::new(),
        entity,
    }
}

fn full_segment() -> Segment {
    let mut call = subsegment(entity("S3"));
    call.namespace = Some(Namespace::Aws);
    call.aws = Some(Box::new(SubsegmentAws {
        operation: Some("PutObject".into()),
        account_id: Some("123456789012".into()),
        region: Some("eu-west-1".into()),
        request_id: Some("ABC".into()),
        id_2: Some("xyz=".into()),
        retries: Some(2),
        queue_url: Some("https://sqs/q".into()),
        table_name: Some("t".into()),
        bucket_name: Some("b".into()),
        key: Some("k".into()),
        resource_names: vec!["b".into()],
        parameters: [("version_id".into(), json!("v1"))].into(),
    }));
    call.precursor_ids = vec![SegmentId::random()];
    call.entity.flag_http_status(429);
    call.entity.http_mut().response = HttpResponse {
        status: Some(429),
        content_length: Some(12),
    };
    let mut query = subsegment(entity("db@host"));
    query.namespace = Some(Namespace::Remote);
    query.sql = Some(Box::new(Sql {
        url: Some("postgresql://host/db".into()),
        preparation: Some("statement".into()),
        ..Sql::default()
    }));
    query.entity.end_time = None;

    let mut root = segment(entity("bucket creation"));
    root.parent_id = Some(SegmentId::from_bits(9));
    root.origin = Some("AWS::ECS::Container".into());
    root.resource_arn = Some("arn:aws:ecs:x".into());
    root.user = Some("alice".into());
    root.service = Some(Service {
        version: Some("1.0".into()),
        ..Service::default()
    });
    root.aws = Some(Box::new(SegmentAws {
        ecs: Some(Ecs {
            container: Some("worker".into()),
            ..Ecs::default()
        }),
        cloudwatch_logs: vec![CloudWatchLogs {
            log_group: Some("/ecs/x".into()),
            arn: None,
        }],
        xray: Some(XraySdk::default()),
        ..SegmentAws::default()
    }));
    let http = root.entity.http_mut();
    http.request.method = Some("GET".into());
    http.request.x_forwarded_for = Some(true);
    root.entity.annotate("job", "logs");
    root.entity.annotate("attempt", 2_u64);
    root.entity.annotate("share", 0.5);
    root.entity.annotate("vip", true);
    root.entity
        .add_metadata("default", "spec", json!({"bucket": "b", "tags": [1, 2]}));
    root.entity
        .fail(&std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
    root.entity.links.push(Link {
        trace_id: root.trace_id,
        id: SegmentId::from_bits(3),
        attributes: [("aws.xray.reserved.reference_type".into(), json!("parent"))].into(),
    });
    root.entity.subsegments = vec![call, query];
    root
}

#[test]
fn a_segment_with_every_block_is_valid() {
    let document = serde_json::to_value(full_segment()).unwrap();
    let errors: Vec<String> = schema()
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    assert_eq!(document["subsegments"][0]["throttle"], true);
    assert_eq!(document["subsegments"][1]["in_progress"], true);
    assert_eq!(document["aws"]["xray"], json!({}));
}

#[test]
fn the_schema_refuses_what_it_should() {
    let mut document = serde_json::to_value(full_segment()).unwrap();
    document["annotations"]["list"] = json!([1]);
    assert!(!schema().is_valid(&document));
}

#[test]
fn an_empty_segment_is_as_short_as_can_be() {
    let mut root = segment(entity("job"));
    root.entity.id = SegmentId::from_bits(1);
    assert_eq!(
        serde_json::to_string(&root).unwrap(),
        r#"{"trace_id":"1-69214cb0-000000000000000000000007","name":"job","id":"0000000000000001","start_time":1763790000.0,"end_time":1763790001.25}"#
    );
}

#[test]
fn the_vectors_of_status_flags_hold() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../tests/vectors/http_status_flags.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let mut entity = entity("x");
        entity.flag_http_status(case["status"].as_u64().unwrap() as u16);
        let flags = json!({"status": case["status"], "error": entity.error, "throttle": entity.throttle, "fault": entity.fault});
        assert_eq!(&flags, case);
    }
}

#[test]
fn what_cannot_be_an_annotation_becomes_metadata() {
    let mut entity = entity("x");
    entity.annotate("a key/with signs", "v");
    entity.annotate("long", "l".repeat(1001));
    entity.annotate("nan", f64::NAN);
    entity.annotate("twice", 1_u64);
    entity.annotate("twice", 2_u64);
    let document = serde_json::to_value(segment(entity)).unwrap();
    assert_eq!(
        document["annotations"],
        json!({"a_key_with_signs": "v", "twice": 2})
    );
    assert_eq!(document["metadata"]["default"]["nan"], "NaN");
    assert_eq!(
        document["metadata"]["default"]["long"]
            .as_str()
            .unwrap()
            .len(),
        1001
    );
}
