//! The API on the wire: operations, errors, pages, and who may ask.

use serde_json::{Value, json};

use crate::local::{Local, entity, trace_id};

/// Asks with a body that is wrong and expects the service's error, whose text names `named`.
pub(crate) fn check_invalid(local: &Local, path: &str, body: &str, named: &str) {
    let answer = local.request(&format!("POST {path} HTTP/1.1"), "", body);
    assert_eq!(answer.status, 400, "{path} {body}");
    assert!(
        answer
            .head
            .contains("x-amzn-errortype: invalidrequestexception")
    );
    let message = answer.body["Message"].as_str().unwrap();
    assert!(message.contains(named), "{path} {body}: {message}");
}

#[test]
fn wrong_parameters_are_named() {
    let local = Local::start();
    for (path, body, named) in [
        ("/TraceSegments", "", "TraceSegmentDocuments"),
        (
            "/TraceSegments",
            r#"{"TraceSegmentDocuments":{}}"#,
            "TraceSegmentDocuments",
        ),
        ("/TraceSegments", r#"{"TraceSegmentDocuments":"#, "JSON"),
        ("/TraceSegments", "[]", "JSON object"),
        ("/Traces", "{}", "TraceIds"),
        ("/Traces", r#"{"TraceIds":"1-69214cb0"}"#, "TraceIds"),
        ("/Traces", r#"{"TraceIds":[],"NextToken":"x"}"#, "NextToken"),
        ("/TraceGraph", "", "TraceIds"),
        ("/TraceSummaries", r#"{"EndTime":2}"#, "StartTime"),
        (
            "/TraceSummaries",
            r#"{"StartTime":"1","EndTime":2}"#,
            "StartTime",
        ),
        (
            "/TraceSummaries",
            r#"{"StartTime":-1,"EndTime":2}"#,
            "StartTime",
        ),
        (
            "/TraceSummaries",
            r#"{"StartTime":3,"EndTime":2}"#,
            "EndTime",
        ),
        (
            "/TraceSummaries",
            r#"{"StartTime":1,"EndTime":2,"TimeRangeType":"Id"}"#,
            "TimeRangeType",
        ),
        (
            "/TraceSummaries",
            r#"{"StartTime":1,"EndTime":2,"FilterExpression":"eror"}"#,
            "FilterExpression",
        ),
        (
            "/TraceSummaries",
            r#"{"StartTime":1,"EndTime":2,"NextToken":"x"}"#,
            "NextToken",
        ),
        ("/ServiceGraph", r#"{"StartTime":1}"#, "EndTime"),
        (
            "/ServiceGraph",
            r#"{"StartTime":1,"EndTime":2,"GroupName":"mine"}"#,
            "group \"mine\"",
        ),
        ("/SamplingTargets", "{}", "SamplingStatisticsDocuments"),
        (
            "/SamplingTargets",
            r#"{"SamplingStatisticsDocuments":[{}]}"#,
            "RuleName",
        ),
        ("/TelemetryRecords", "", "TelemetryRecords"),
    ] {
        check_invalid(&local, path, body, named);
    }
}

#[test]
fn other_paths_and_methods_are_unknown_operations() {
    let local = Local::start();
    for line in [
        "POST /GetGroups",
        "POST /Group",
        "GET /Traces",
        "PUT /TraceSegments",
    ] {
        let answer = local.request(&format!("{line} HTTP/1.1"), "", "");
        assert_eq!(answer.status, 404, "{line}");
        assert!(
            answer
                .head
                .contains("x-amzn-errortype: unknownoperationexception")
        );
        assert!(answer.body["Message"].is_string());
    }
}

#[test]
fn refused_documents_are_told_and_the_others_stored() {
    let local = Local::start();
    let mut good = entity("00000000000000a0", 1.0, 2.0, json!({}));
    good["trace_id"] = trace_id(1).into();
    let bad = json!({ "id": "00000000000000a1", "trace_id": trace_id(1) });
    let documents = [bad.to_string(), good.to_string()];
    let answer = local.post(
        "/TraceSegments",
        &json!({ "TraceSegmentDocuments": documents }),
    );
    assert_eq!(
        answer["UnprocessedTraceSegments"],
        json!([{
            "Id": "00000000000000a1",
            "ErrorCode": "MissingName",
            "Message": "Invalid segment. ErrorCode: MissingName",
        }])
    );
    let unknown = [trace_id(1), trace_id(2), "no id".into()];
    let answer = local.post("/Traces", &json!({ "TraceIds": unknown }));
    assert_eq!(answer["Traces"][0]["Id"], trace_id(1));
    assert_eq!(answer["Traces"][0]["LimitExceeded"], false);
    assert_eq!(answer["UnprocessedTraceIds"], json!([trace_id(2), "no id"]));
    assert_eq!(answer.get("NextToken"), None);
    let stored = answer["Traces"][0]["Segments"][0]["Document"].as_str();
    assert_eq!(stored, Some(good.to_string().as_str()), "as it was sent");
}

#[test]
fn a_document_that_is_no_string_is_refused_and_the_others_stored() {
    let local = Local::start();
    let mut good = entity("00000000000000a0", 1.0, 2.0, json!({}));
    good["trace_id"] = trace_id(1).into();
    // An object is no string either, though it be a document.
    let documents = json!([7, good.to_string(), null, ["a"], good]);
    let answer = local.post(
        "/TraceSegments",
        &json!({ "TraceSegmentDocuments": documents }),
    );
    let refused = json!({
        "ErrorCode": "ParseError", "Message": "Invalid segment. ErrorCode: ParseError",
    });
    assert_eq!(
        answer["UnprocessedTraceSegments"],
        json!([refused, refused, refused, refused])
    );
    let rejects = local.store.rejects(10).unwrap();
    let texts: Vec<_> = rejects.iter().map(|r| r.document.as_str()).collect();
    assert_eq!(texts[3], "TraceSegmentDocuments[0] is no string: 7");
    assert_eq!(texts.len(), 4);
    let answer = local.post("/Traces", &json!({ "TraceIds": [trace_id(1)] }));
    assert_eq!(answer["Traces"][0]["Segments"].as_array().unwrap().len(), 1);
}

/// Follows `NextToken` to the end and collects a member of each page.
pub(crate) fn pages(local: &Local, path: &str, mut body: Value, member: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    loop {
        let answer = local.post(path, &body);
        pages.push(answer[member].as_array().unwrap().clone());
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => return pages,
        }
        assert!(pages.len() < 100, "{path} pages without end");
    }
}

#[test]
fn pages_hold_every_trace_once() {
    let local = Local::start();
    let ids: Vec<_> = (1..=250).map(trace_id).collect();
    let documents: Vec<_> = ids
        .iter()
        .map(|id| {
            entity(
                "00000000000000a0",
                1763790000.0,
                1763790001.0,
                json!({ "trace_id": id }),
            )
        })
        .collect();
    local.put(&documents);
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    for range in ["TraceId", "Event", "Service"] {
        let window =
            json!({ "StartTime": 1763790000, "EndTime": 1763790001, "TimeRangeType": range });
        let summaries = pages(&local, "/TraceSummaries", window, "TraceSummaries");
        assert_eq!(summaries.len(), 3, "{range}");
        let found: Vec<_> = summaries
            .iter()
            .flatten()
            .map(|summary| &summary["Id"])
            .collect();
        assert_eq!(found, newest_first.iter().collect::<Vec<_>>(), "{range}");
    }
    let traces = pages(&local, "/Traces", json!({ "TraceIds": ids }), "Traces");
    assert_eq!(traces.len(), 5);
    let found: Vec<_> = traces.iter().flatten().map(|trace| &trace["Id"]).collect();
    assert_eq!(found, ids.iter().collect::<Vec<_>>());
}

#[test]
fn a_graph_of_very_many_services_comes_in_pages() {
    let local = Local::start();
    let calls = (0..2100).map(|number| {
        let name = format!("service-{number}");
        let more = json!({ "name": name, "namespace": "remote" });
        entity(&format!("{:016x}", number + 1), 1.0, 2.0, more)
    });
    let more = json!({ "trace_id": trace_id(1), "subsegments": calls.collect::<Vec<_>>() });
    local.put(&[entity("ffffffffffffffff", 1.0, 2.0, more)]);
    let ids = json!({ "TraceIds": [trace_id(1)] });
    let window = json!({ "StartTime": 1, "EndTime": 2 });
    for (path, body) in [("/TraceGraph", ids), ("/ServiceGraph", window)] {
        let pages = pages(&local, path, body, "Services");
        assert_eq!(pages.len(), 2, "{path}");
        let references = pages
            .iter()
            .flatten()
            .map(|node| node["ReferenceId"].as_u64());
        assert!(references.eq((0..2102).map(Some)), "{path}");
    }
}

#[test]
fn each_time_range_looks_at_its_own_time() {
    let local = Local::start();
    // The id says 1763790000; the segment ran from 1763800000 to 1763800100.
    let id = trace_id(1);
    local.put(&[entity(
        "00000000000000a0",
        1763800000.0,
        1763800100.0,
        json!({ "trace_id": id }),
    )]);
    for (range, start, end, found) in [
        ("TraceId", 1763790000, 1763790000, true),
        ("TraceId", 1763790001, 1763900000, false),
        ("Event", 1763800050, 1763800060, true),
        ("Event", 1763790000, 1763799999, false),
        ("Event", 1763800101, 1763900000, false),
        ("Service", 1763800100, 1763800100, true),
        ("Service", 1763800000, 1763800099, false),
    ] {
        let window = json!({ "StartTime": start, "EndTime": end, "TimeRangeType": range });
        let answer = local.post("/TraceSummaries", &window);
        let summaries = answer["TraceSummaries"].as_array().unwrap();
        assert_eq!(!summaries.is_empty(), found, "{range} {start} {end}");
        if range == "Event" && found {
            assert_eq!(summaries[0]["MatchedEventTime"], 1763800050.0);
        }
    }
    let graph = |start, end| {
        let graph = local.post(
            "/ServiceGraph",
            &json!({ "StartTime": start, "EndTime": end }),
        );
        graph["Services"].as_array().unwrap().len()
    };
    assert_eq!(graph(1763800050, 1763800060), 2);
    assert_eq!(graph(1763800101, 1763900000), 0);
}

#[test]
fn strangers_are_turned_away() {
    let local = Local::start();
    let line = "POST /GetSamplingRules HTTP/1.1";
    for headers in ["Host: evil.example\r\n", "Origin: https://evil.example\r\n"] {
        let answer = local.request(line, headers, "{}");
        assert_eq!(answer.status, 403, "{headers}");
        assert!(
            answer
                .head
                .contains("x-amzn-errortype: accessdeniedexception")
        );
    }
    let port = local.address.port();
    let headers = format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n");
    let answer = local.request(line, &headers, "");
    assert_eq!(answer.status, 200);
    assert!(
        !answer.head.contains("access-control"),
        "no other origin may read"
    );
}

#[test]
fn a_stopped_server_takes_no_more_requests() {
    let mut local = Local::start();
    local.post("/GetSamplingRules", &json!({}));
    let idle = std::net::TcpStream::connect(local.address).unwrap();
    let before = std::time::Instant::now();
    local.stop();
    // Five seconds would be the limit for requests underway; an idle connection is none.
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
    drop(idle);
    assert!(std::net::TcpStream::connect(local.address).is_err());
    assert!(
        local.store.trace_graph(&[]).unwrap().is_empty(),
        "the store lives on"
    );
}
