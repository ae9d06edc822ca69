//! Time series of services and edges.

use serde_json::{Value, json};

use crate::filters::{window, with_traces};
use crate::local::{Local, entity, trace_id};

fn points(local: &Local, body: &Value) -> Vec<Value> {
    let mut answer = local.post("/TimeSeriesServiceStatistics", body);
    let Value::Array(points) = answer["TimeSeriesServiceStatistics"].take() else {
        panic!("{answer}")
    };
    points
}

/// One request each at these seconds after the beginning of a minute.
fn requests(local: &Local, seconds: &[f64]) {
    let documents = seconds.iter().enumerate().map(|(number, at)| {
        let start = 1_763_790_000.0 + at;
        let call = entity(
            "00000000000000a2",
            start,
            start + 0.25,
            json!({ "name": "DynamoDB", "namespace": "aws", "throttle": number == 0 }),
        );
        let more = json!({ "trace_id": trace_id(number), "name": "api", "subsegments": [call] });
        entity("00000000000000a1", start, start + 0.5, more)
    });
    local.put(&documents.collect::<Vec<_>>());
}

#[test]
fn periods_with_requests_have_their_statistics() {
    let local = Local::start();
    requests(&local, &[0.0, 10.0, 59.9, 60.0, 301.0]);
    let mut body = window();
    body["EntitySelectorExpression"] = "service(\"api\")".into();
    let minutes = points(&local, &body);
    let counts = |points: &[Value]| {
        let count = |point: &Value| {
            let total = &point["ServiceSummaryStatistics"]["TotalCount"];
            (
                point["Timestamp"].as_u64().unwrap() - 1_763_790_000,
                total.as_u64().unwrap(),
            )
        };
        points.iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(counts(&minutes), [(0, 3), (60, 1), (300, 1)]);
    assert_eq!(
        minutes[0]["ServiceSummaryStatistics"]["TotalResponseTime"],
        1.5
    );
    assert_eq!(
        minutes[0]["ResponseTimeHistogram"],
        json!([{ "Value": 0.5, "Count": 3 }])
    );
    body["Period"] = 300.into();
    assert_eq!(counts(&points(&local, &body)), [(0, 4), (300, 1)]);
    // Requests that began outside the window do not count, though their traces reach into it.
    body["StartTime"] = json!(1_763_790_010.0);
    body["EndTime"] = json!(1_763_790_060.0);
    body["Period"] = 60.into();
    assert_eq!(counts(&points(&local, &body)), [(0, 2), (60, 1)]);
}

#[test]
fn without_a_selector_they_are_those_of_the_edges() {
    let local = Local::start();
    requests(&local, &[0.0, 1.0]);
    let mut body = window();
    let all = points(&local, &body);
    // The clients' view of the service, and the service's view of its table.
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["EdgeSummaryStatistics"]["TotalCount"], 4);
    assert_eq!(all[0].get("ServiceSummaryStatistics"), None);
    body["EntitySelectorExpression"] = "edge(\"api\", \"DynamoDB\")".into();
    let edge = points(&local, &body);
    assert_eq!(edge[0]["EdgeSummaryStatistics"]["TotalCount"], 2);
    assert_eq!(
        edge[0]["EdgeSummaryStatistics"]["ErrorStatistics"]["ThrottleCount"],
        1
    );
    body["EntitySelectorExpression"] = "service(\"api\") { throttle }".into();
    assert_eq!(points(&local, &body), [] as [Value; 0]);
}

#[test]
fn many_periods_come_in_pages() {
    let local = with_traces();
    let many: Vec<_> = (0..1500).map(f64::from).collect();
    requests(&local, &many);
    let mut body = window();
    body["Period"] = 1.into();
    body["EntitySelectorExpression"] = "service(\"api\")".into();
    let first = local.post("/TimeSeriesServiceStatistics", &body);
    assert_eq!(
        first["TimeSeriesServiceStatistics"]
            .as_array()
            .unwrap()
            .len(),
        1000
    );
    body["NextToken"] = first["NextToken"].clone();
    let second = local.post("/TimeSeriesServiceStatistics", &body);
    assert_eq!(
        second["TimeSeriesServiceStatistics"]
            .as_array()
            .unwrap()
            .len(),
        500
    );
    assert_eq!(second.get("NextToken"), None);
}

#[test]
fn what_is_no_selector_is_refused() {
    let local = Local::start();
    for selector in [
        "",
        "fault",
        "service(",
        "edge(\"a\")",
        "service(\"a\") OR fault",
    ] {
        let mut body = window();
        body["EntitySelectorExpression"] = selector.into();
        let line = "POST /TimeSeriesServiceStatistics HTTP/1.1";
        let answer = local.request(line, "", &body.to_string());
        assert_eq!(answer.status, 400, "{selector}");
        let message = answer.body["Message"].as_str().unwrap();
        assert!(message.contains("EntitySelectorExpression"), "{message}");
    }
}
