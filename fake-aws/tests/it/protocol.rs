//! How calls are told apart, signed and refused.

use fake_aws::Service;
use serde_json::json;

use crate::fixture::{authorization, call, done, refused, send, started};

#[test]
fn every_answer_has_a_request_id_and_the_type_of_its_protocol() {
    let fake = started();
    let ok = call(&fake, "events", "ListRules", &json!({})).unwrap();
    assert!(ok.head.contains("x-amzn-requestid: "), "{}", ok.head);
    assert!(ok.head.contains("content-type: application/x-amz-json-1.1"));
    let wrong = call(&fake, "events", "DescribeRule", &json!({"Name": "none"})).unwrap();
    assert_eq!(wrong.status, 400);
    assert!(wrong.head.contains("x-amzn-requestid: "), "{}", wrong.head);
}

#[test]
fn what_is_not_signed_for_its_service_is_refused_and_not_logged() {
    let fake = started();
    let target = ("x-amz-target", "AWSEvents.PutRule");
    let unsigned = send(&fake, &[target], "{}").unwrap();
    assert_eq!(unsigned.status, 400);
    assert!(
        unsigned
            .body
            .contains("MissingAuthenticationTokenException")
    );
    let ecs = authorization("ecs");
    let stranger = send(&fake, &[target, ("authorization", &ecs)], "{}").unwrap();
    assert!(
        stranger.body.contains("InvalidSignatureException"),
        "{}",
        stranger.body
    );
    let unsigned = send(&fake, &[], "Action=GetCallerIdentity&Version=2011-06-15").unwrap();
    assert_eq!(unsigned.status, 403);
    assert!(
        unsigned
            .body
            .contains("<Code>MissingAuthenticationToken</Code>")
    );
    assert!(fake.calls().is_empty());
}

#[test]
fn the_caller_is_told_in_xml() {
    let fake = started();
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let answer = send(&fake, &[("authorization", &authorization("sts"))], body).unwrap();
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("<Account>123456789012</Account>"),
        "{}",
        answer.body
    );
    assert!(answer.head.contains("content-type: text/xml"));
    let calls = fake.calls();
    assert_eq!(calls[0].service, Service::Sts);
    assert_eq!(calls[0].operation, "GetCallerIdentity");
}

#[test]
fn what_is_no_operation_or_no_json_is_refused() {
    let fake = started();
    let (code, _) = refused(&fake, "events", "PutEvents", json!({}));
    assert_eq!(code, "UnknownOperationException");
    let events = authorization("events");
    let headers = [
        ("x-amz-target", "AWSEvents.PutRule"),
        ("authorization", events.as_str()),
    ];
    for body in ["{", "[]", r#"{"Name":7}"#] {
        let answer = send(&fake, &headers, body).unwrap();
        assert_eq!(answer.status, 400);
        assert!(
            answer.body.contains("SerializationException"),
            "{}",
            answer.body
        );
    }
}

#[test]
fn the_log_tells_every_call_with_its_signer_and_answer() {
    let fake = started();
    done(&fake, "events", "ListRules", json!({}));
    refused(&fake, "events", "PutRule", json!({"Name": "a"}));
    let calls = fake.calls();
    let told: Vec<_> = calls
        .iter()
        .map(|call| (call.operation.as_str(), call.status, call.is_write()))
        .collect();
    assert_eq!(
        told,
        [
            ("ListRules", Some(200), false),
            ("PutRule", Some(400), true)
        ]
    );
    assert_eq!(calls[1].body, json!({"Name": "a"}));
    assert_eq!(calls[1].access_key, "AKIDTEST");
    assert_eq!(fake.writes().len(), 1);
}
