//! Bodies of requests, most members of which mean something to some operation.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON at all.
pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 40, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("\\PC{0,9}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One of these.
fn one_of(values: Value) -> BoxedStrategy<Value> {
    let Value::Array(values) = values else {
        panic!("{values} is no list")
    };
    proptest::sample::select(values).boxed()
}

fn list_of(value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let list = proptest::collection::vec(value, 0..4);
    list.prop_map(Value::from).boxed()
}

/// Values of a member that mean something to an operation that has it.
fn plausible(name: &str) -> BoxedStrategy<Value> {
    match name {
        "TraceSegmentDocuments" => list_of(any_document()),
        "StartTime" => one_of(json!([0, 999, 1000.5, 1_763_790_000])),
        "EndTime" => one_of(json!([1003, 1_763_790_001, 1_763_800_000.5])),
        "TimeRangeType" => one_of(json!(["Event", "TraceId", "Service"])),
        "TraceIds" => list_of(one_of(json!([
            TRACE_ID,
            "1-69214cb0-000000000000000000000002",
            "x"
        ]))),
        "FilterExpression" => one_of(json!([
            "",
            "fault",
            "!ok AND duration >= 0",
            "annotation[a] = \"b\"",
            "service(\"shop\") { error }",
            "edge(id(name: \"shop\", type: \"client\"), \"shop\")",
            "rootcause.fault.exception { message BEGINSWITH \"b\" }",
            "group.name = \"mine\"",
            "http.status != 200 OR user = \"u\"",
            "responsetime >",
        ])),
        "EntitySelectorExpression" => one_of(json!([
            "service(\"shop\")",
            "service() { fault }",
            "edge(\"shop\", \"bucket\")",
            "edge()",
            "fault",
            "service(",
        ])),
        "Period" => one_of(json!([60, 300, 1, 0, 86_400])),
        "Sampling"
        | "ForecastStatistics"
        | "IncludeAllGroups"
        | "InsightsEnabled"
        | "NotificationsEnabled" => any::<bool>().prop_map(Value::from).boxed(),
        "SamplingStrategy" => one_of(json!([
            {}, { "Name": "FixedRate", "Value": 0.5 }, { "Name": "FixedRate", "Value": 2 },
            { "Name": "PartialScan" },
        ])),
        "GroupName" => one_of(json!(["Default", "mine"])),
        "GroupARN" => one_of(json!([
            null,
            null,
            "arn:aws:xray:us-east-1:000000000000:group/mine"
        ])),
        "ResourceARN" => one_of(json!([
            "*",
            "arn:aws:xray:us-east-1:000000000000:group/Default",
            "arn:aws:xray:us-east-1:000000000000:sampling-rule/mine",
        ])),
        "InsightsConfiguration" => objects_of(&["InsightsEnabled", "NotificationsEnabled"]),
        "Tags" => list_of(objects_of(&["Key", "Value"])),
        "TagKeys" => list_of(one_of(json!(["a", "b"]))),
        "Key" => one_of(json!(["a", "b", "c", "d"])),
        "Value" => one_of(json!(["", "b"])),
        "Name" => one_of(json!(["Default", "mine"])),
        "SamplingRule" | "SamplingRuleUpdate" => objects_of(&[
            "RuleName",
            "RuleARN",
            "Priority",
            "FixedRate",
            "ReservoirSize",
            "ServiceName",
            "ServiceType",
            "Host",
            "HTTPMethod",
            "URLPath",
            "ResourceARN",
            "Version",
            "Attributes",
            "SamplingRateBoost",
        ]),
        "SamplingRateBoost" => objects_of(&["MaxRate", "CooldownWindowMinutes"]),
        "Attributes" => one_of(json!([{}, { "a": "b" }, { "a": "*" }])),
        "RuleName" => one_of(json!(["mine", "mine", "Default"])),
        "RuleARN" => one_of(json!([
            null,
            null,
            null,
            "arn:aws:xray:us-east-1:000000000000:sampling-rule/mine",
        ])),
        "ServiceName" | "ServiceType" | "Host" | "HTTPMethod" | "URLPath" => {
            one_of(json!(["*", "a?", ""]))
        }
        "FixedRate" | "MaxRate" => one_of(json!([0, 0.5, 1])),
        "DesiredSamplingPercentage" => one_of(json!([0, 0.5, 100])),
        "Version" => Just(json!(1)).boxed(),
        "SamplingStatisticsDocuments" | "SamplingBoostStatisticsDocuments" => {
            list_of(objects_of(&[
                "RuleName",
                "ServiceName",
                "ClientID",
                "Timestamp",
                "RequestCount",
                "SampledCount",
                "BorrowCount",
                "AnomalyCount",
                "TotalCount",
                "SampledAnomalyCount",
            ]))
        }
        "ClientID" => one_of(json!(["0123456789abcdef01234567", "x"])),
        "TelemetryRecords" => list_of(objects_of(&[
            "Timestamp",
            "SegmentsReceivedCount",
            "BackendConnectionErrors",
        ])),
        "BackendConnectionErrors" => {
            one_of(json!([{}, { "TimeoutCount": 1 }, { "OtherCount": 2 }]))
        }
        "Hostname" | "EC2InstanceId" => one_of(json!(["", "i-1", "host"])),
        "Rule" => objects_of(&["Probabilistic"]),
        "Probabilistic" => objects_of(&["DesiredSamplingPercentage"]),
        "Type" => one_of(json!(["NONE", "KMS"])),
        "Destination" => one_of(json!(["XRay", "CloudWatchLogs"])),
        "States" => list_of(one_of(json!(["ACTIVE", "CLOSED"]))),
        "NextToken" => one_of(json!([null, null, null, null, "", "", TRACE_ID])),
        "InsightId" | "RetrievalToken" | "PolicyName" | "PolicyDocument" | "KeyId" => {
            one_of(json!([
                "mine",
                "{}",
                "12345678-1234-1234-8234-123456789012"
            ]))
        }
        // Counts and times.
        _ => (0i64..100).prop_map(Value::from).boxed(),
    }
}

const TRACE_ID: &str = "1-69214cb0-000000000000000000000001";

/// A document as it is sent, in a string, or what is none.
fn any_document() -> BoxedStrategy<Value> {
    let entity = (0u64..6, 0u64..6, 0u32..4, any::<[bool; 4]>(), any_value());
    let entity = entity.prop_map(|(id, parent, end, [subsegment, open, fault, called], any)| {
        let mut entity = json!({
            "trace_id": TRACE_ID, "id": format!("{id:016x}"), "name": "shop", "start_time": 1000,
            "fault": fault, "annotations": { "a": "b", "any": any }, "cause": { "exceptions": [any] },
            "links": [{ "trace_id": TRACE_ID, "id": format!("{parent:016x}") }, any],
        });
        match open {
            true => entity["in_progress"] = true.into(),
            false => entity["end_time"] = (1000 + end).into(),
        }
        if subsegment {
            entity["type"] = "subsegment".into();
        }
        if subsegment || parent > 0 {
            entity["parent_id"] = format!("{parent:016x}").into();
        }
        if called {
            entity["namespace"] = "aws".into();
            entity["name"] = "S3".into();
            entity["aws"] = json!({ "bucket_name": "bucket", "operation": any });
        }
        Value::from(entity.to_string())
    });
    prop_oneof![
        8 => entity,
        1 => any_value().prop_map(|value| Value::from(value.to_string())),
        1 => any_value(),
    ]
    .boxed()
}

/// Objects with most of these members, most of them plausible.
fn objects_of(names: &[&'static str]) -> BoxedStrategy<Value> {
    let member = |name: &&'static str| {
        let name = *name;
        let value = prop_oneof![
            40 => plausible(name).prop_map(Some),
            1 => Just(None),
            1 => any_value().prop_map(Some),
        ];
        value.prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let members: Vec<_> = names.iter().map(member).collect();
    members
        .prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
        .boxed()
}

/// Bodies that mean something to every operation at once: each reads its own members.
pub(super) fn any_body() -> BoxedStrategy<Value> {
    objects_of(&[
        "TraceSegmentDocuments",
        "TelemetryRecords",
        "Hostname",
        "EC2InstanceId",
        "StartTime",
        "EndTime",
        "TimeRangeType",
        "TraceIds",
        "FilterExpression",
        "EntitySelectorExpression",
        "Period",
        "ForecastStatistics",
        "Sampling",
        "SamplingStrategy",
        "GroupName",
        "GroupARN",
        "InsightsConfiguration",
        "Tags",
        "TagKeys",
        "ResourceARN",
        "SamplingRule",
        "SamplingRuleUpdate",
        "RuleName",
        "RuleARN",
        "SamplingStatisticsDocuments",
        "SamplingBoostStatisticsDocuments",
        "Name",
        "Rule",
        "Type",
        "KeyId",
        "Destination",
        "States",
        "MaxResults",
        "NextToken",
        "IncludeAllGroups",
        "InsightId",
        "RetrievalToken",
        "PolicyName",
        "PolicyDocument",
    ])
}
