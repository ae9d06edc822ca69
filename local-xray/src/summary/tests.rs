//! Summaries of traces that were made to have large ones.

use serde_json::{Map, Value, json};

use super::*;

const TRACE_ID: &str = "1-69214cb0-000000000000000000000001";

fn summary(documents: &[Value]) -> Value {
    let detailed = DetailedTrace::of_documents(TRACE_ID.parse().unwrap(), documents);
    serde_json::to_value(TraceSummary::new(&detailed, 1).unwrap()).unwrap()
}

/// A segment that starts in its number's order.
fn segment(number: usize, more: Value) -> Value {
    let mut segment = json!({
        "trace_id": TRACE_ID, "id": format!("{:016x}", number + 1), "name": "shop",
        "start_time": 1000 + number, "end_time": 1_000_000,
    });
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    segment.as_object_mut().unwrap().extend(more);
    segment
}

#[test]
fn users_and_places_stand_once_each_in_the_order_of_their_segments() {
    let of = |number: usize| {
        let place = number % 3;
        json!({
            "name": (["b", "a"][number % 2]), "user": (["zoe", "al", "mo"][place]),
            "resource_arn": (["arn:z", "arn:a", "arn:m"][place]),
            "aws": { "ec2": {
                "instance_id": (["i-z", "i-a", "i-m"][place]),
                "availability_zone": (["z", "a", "m"][place]),
            } },
        })
    };
    let segments: Vec<_> = (0..12).map(|number| segment(number, of(number))).collect();
    let summary = summary(&segments);
    let named = |names: [&str; 3], member: &str| json!(names.map(|name| json!({ member: name })));
    assert_eq!(
        summary["ResourceARNs"],
        named(["arn:z", "arn:a", "arn:m"], "ARN")
    );
    assert_eq!(summary["InstanceIds"], named(["i-z", "i-a", "i-m"], "Id"));
    assert_eq!(summary["AvailabilityZones"], named(["z", "a", "m"], "Name"));
    let users = summary["Users"].as_array().unwrap();
    let names: Vec<_> = users.iter().map(|user| &user["UserName"]).collect();
    assert_eq!(names, ["zoe", "al", "mo"]);
    let services = |user: usize| {
        let services = users[user]["ServiceIds"].as_array().unwrap().iter();
        services
            .map(|s| s["Name"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!([services(0), services(1)], [["b", "a"], ["a", "b"]]);
}

#[test]
fn values_of_an_annotation_stand_once_each_and_are_told_apart_by_type() {
    let values = [
        json!("1"),
        json!(1),
        json!(true),
        json!("true"),
        json!(0.0),
        json!(-0.0),
        json!(1.0),
    ];
    let segments = values.iter().enumerate();
    let segments = segments.map(|(n, value)| segment(n, json!({ "annotations": { "a": value } })));
    let summary = summary(&segments.collect::<Vec<_>>());
    let found = summary["Annotations"]["a"].as_array().unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|value| &value["AnnotationValue"])
        .collect();
    let expected = [
        json!({ "StringValue": "1" }),
        json!({ "NumberValue": 1.0 }),
        json!({ "BooleanValue": true }),
        json!({ "StringValue": "true" }),
        json!({ "NumberValue": 0.0 }),
    ];
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
}

#[test]
fn of_many_annotations_those_set_first_are_listed() {
    let of = |number: usize| {
        // The key that is set last is the first by name.
        let own = format!("k{:04}", 9999 - number);
        json!({ "annotations": { own: "x", "same": number } })
    };
    let segments: Vec<_> = (0..2000).map(|n| segment(n, of(n))).collect();
    let summary = summary(&segments);
    let annotations = summary["Annotations"].as_object().unwrap();
    assert_eq!(annotations.len(), 50);
    let first = annotations.keys().next().map(String::as_str);
    assert_eq!(first, Some("k9951"), "the 49th of its own");
    let same = annotations["same"].as_array().unwrap();
    assert_eq!(same.len(), 1000);
    assert_eq!(
        same[999]["AnnotationValue"],
        json!({ "NumberValue": 999.0 })
    );
}

#[test]
fn annotations_do_not_multiply_the_text_of_the_service_that_sets_them() {
    let annotations: Map<String, Value> = (0..40)
        .map(|number| (format!("k{number}"), json!(number)))
        .collect();
    let origin = "x".repeat(200_000);
    let summary = summary(&[segment(
        0,
        json!({ "annotations": annotations, "origin": origin }),
    )]);
    let annotations = summary["Annotations"].as_object().unwrap();
    assert_eq!(annotations.len(), 40);
    let len = summary["Annotations"].to_string().len();
    assert!((1 << 20..2 << 20).contains(&len), "{len}");
}

#[test]
fn causes_do_not_multiply_the_exceptions_on_their_way() {
    // Sixty segments in a chain, and a hundred that failed under the last.
    let message = "m".repeat(60_000);
    let of = |number: usize| {
        let many = if number == 0 { 15 } else { 1 };
        let exceptions = vec![json!({ "type": "T", "message": message }); many];
        let mut more = json!({ "fault": true, "cause": { "exceptions": exceptions } });
        if number > 0 {
            more["parent_id"] = format!("{:016x}", number.min(60)).into();
        }
        more
    };
    let segments: Vec<_> = (0..160).map(|number| segment(number, of(number))).collect();
    let summary = summary(&segments);
    let causes = summary["FaultRootCauses"].as_array().unwrap();
    assert_eq!(causes.len(), 100);
    for cause in causes {
        assert_eq!(cause["Services"].as_array().unwrap().len(), 61);
    }
    let path = |service: usize| &causes[0]["Services"][service]["EntityPath"][0];
    let first = path(0)["Exceptions"].as_array().unwrap();
    assert_eq!(first.len(), 10);
    let shortened = first[0]["Message"].as_str().unwrap();
    assert_eq!(shortened.chars().count(), 1000);
    assert!(shortened.ends_with("m…"), "{shortened}");
    assert_eq!(path(60)["Exceptions"], json!([]), "the budget is spent");
    let len = summary.to_string().len();
    assert!(len < 2 << 20, "{len}");
}

#[test]
fn causes_do_not_multiply_the_services_on_their_way() {
    let origin = "x".repeat(100_000);
    let of = |number: usize| match number {
        0 => json!({ "origin": origin }),
        _ => json!({ "fault": true, "parent_id": "0000000000000001" }),
    };
    let segments: Vec<_> = (0..100).map(|number| segment(number, of(number))).collect();
    let summary = summary(&segments);
    assert_eq!(summary["FaultRootCauses"].as_array().unwrap().len(), 11);
}

#[test]
fn a_message_that_fits_stays_whole() {
    let of = |message: &str| {
        let cause = json!({ "exceptions": [{ "type": "T", "message": message }] });
        let summary = summary(&[segment(0, json!({ "fault": true, "cause": cause }))]);
        let entity = &summary["FaultRootCauses"][0]["Services"][0]["EntityPath"][0];
        entity["Exceptions"][0]["Message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let whole = "é".repeat(1000);
    assert_eq!(of(&whole), whole);
    assert_eq!(of(&"é".repeat(1001)), "é".repeat(999) + "…");
}
