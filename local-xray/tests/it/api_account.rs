//! What an account sets, and what its daemons report, over HTTP.

use serde_json::{Value, json};

use crate::api::check_invalid;
use crate::local::Local;

#[test]
fn indexing_destination_and_encryption_are_what_local_means() {
    let local = Local::start();
    let percentage = |answer: &Value| answer["Rule"]["Probabilistic"].clone();
    let rules = local.post("/GetIndexingRules", &json!({}));
    assert_eq!(rules["IndexingRules"][0]["Name"], "Default");
    let whole = json!({ "DesiredSamplingPercentage": 100.0, "ActualSamplingPercentage": 100.0 });
    assert_eq!(percentage(&rules["IndexingRules"][0]), whole);
    let rule = json!({ "Probabilistic": { "DesiredSamplingPercentage": 5 } });
    local.post(
        "/UpdateIndexingRule",
        &json!({ "Name": "Default", "Rule": rule }),
    );
    let rules = local.post("/GetIndexingRules", &json!({}));
    let kept = percentage(&rules["IndexingRules"][0]);
    assert_eq!(kept["DesiredSamplingPercentage"], 5.0);
    let body = json!({ "Name": "mine", "Rule": rule }).to_string();
    let answer = local.request("POST /UpdateIndexingRule HTTP/1.1", "", &body);
    assert_eq!(
        (answer.status, &answer.body["ResourceName"]),
        (404, &json!("mine"))
    );

    let destination = json!({ "Destination": "XRay", "Status": "ACTIVE" });
    for (path, body) in [
        ("/GetTraceSegmentDestination", json!({})),
        (
            "/UpdateTraceSegmentDestination",
            json!({ "Destination": "XRay" }),
        ),
    ] {
        assert_eq!(local.post(path, &body), destination);
    }
    for destination in ["CloudWatchLogs", "Elsewhere"] {
        let body = json!({ "Destination": destination }).to_string();
        check_invalid(
            &local,
            "/UpdateTraceSegmentDestination",
            &body,
            "Destination",
        );
    }
    let encryption = json!({ "EncryptionConfig": { "Type": "NONE", "Status": "ACTIVE" } });
    assert_eq!(local.post("/EncryptionConfig", &json!({})), encryption);
    assert_eq!(
        local.post("/PutEncryptionConfig", &json!({ "Type": "NONE" })),
        encryption
    );
    let kms = r#"{"Type":"KMS","KeyId":"alias/mine"}"#;
    check_invalid(
        &local,
        "/PutEncryptionConfig",
        kms,
        "local X-Ray does not encrypt",
    );
}

#[test]
fn the_newest_records_of_daemons_are_kept() {
    let local = Local::start();
    let record = |timestamp: u32| {
        json!({
            "Timestamp": timestamp, "SegmentsReceivedCount": 5, "SegmentsSentCount": 4,
            "SegmentsSpilloverCount": 1, "SegmentsRejectedCount": 0,
            "BackendConnectionErrors": { "TimeoutCount": 2, "HTTPCode4XXCount": 3 },
        })
    };
    let records: Vec<_> = (1..=70).map(record).collect();
    let report = json!({ "TelemetryRecords": records, "Hostname": "here" });
    assert_eq!(local.post("/TelemetryRecords", &report), json!({}));
    let kept = json!(local.store.telemetry().unwrap());
    assert_eq!(kept[0]["Hostname"], "here");
    assert_eq!(kept[0]["Records"].as_array().unwrap().len(), 60);
    let newest = &kept[0]["Records"][0];
    assert_eq!(newest["Timestamp"], 70.0);
    assert_eq!(newest["BackendConnectionErrors"]["HTTPCode4XXCount"], 3);
    for (report, named) in [
        (json!([{}]), "TelemetryRecords[0].Timestamp"),
        (json!([record(1), 1]), "TelemetryRecords[1]"),
        (
            json!([{ "Timestamp": 1, "SegmentsSentCount": -1 }]),
            "SegmentsSentCount",
        ),
        (
            json!([{ "Timestamp": 1, "BackendConnectionErrors": { "OtherCount": "1" } }]),
            "TelemetryRecords[0].BackendConnectionErrors.OtherCount",
        ),
    ] {
        let body = json!({ "TelemetryRecords": report }).to_string();
        check_invalid(&local, "/TelemetryRecords", &body, named);
    }
}
