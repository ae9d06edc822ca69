//! Tags, over HTTP.

use serde_json::json;

use crate::api::{check_invalid, pages};
use crate::api_groups::ARN;
use crate::api_rules::rule;
use crate::local::Local;

#[test]
fn tags_are_set_listed_and_removed() {
    let local = Local::start();
    let tags = json!([{ "Key": "b", "Value": "" }, { "Key": "a", "Value": "1" }]);
    let mut create = rule("mine", &json!({}));
    create["Tags"] = tags;
    local.post("/CreateSamplingRule", &create);
    let arn = format!("{ARN}sampling-rule/mine");
    let list =
        || local.post("/ListTagsForResource", &json!({ "ResourceARN": arn }))["Tags"].clone();
    assert_eq!(
        list(),
        json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "" }])
    );
    let tag = json!({ "ResourceARN": arn, "Tags": [{ "Key": "a", "Value": "2" }] });
    assert_eq!(local.post("/TagResource", &tag), json!({}));
    let untag = json!({ "ResourceARN": arn, "TagKeys": ["b", "unknown"] });
    assert_eq!(local.post("/UntagResource", &untag), json!({}));
    assert_eq!(list(), json!([{ "Key": "a", "Value": "2" }]));
    // A rule of the same name has tags of its own.
    local.post("/DeleteSamplingRule", &json!({ "RuleName": "mine" }));
    local.post("/CreateSamplingRule", &rule("mine", &json!({})));
    assert_eq!(list(), json!([]));
}

#[test]
fn too_many_tags_and_tags_of_nothing_are_refused() {
    let local = Local::start();
    let arn = format!("{ARN}group/Default");
    let tags = |from: usize, to: usize| {
        let tags = (from..to).map(|number| json!({ "Key": format!("{number:02}"), "Value": "" }));
        json!({ "ResourceARN": arn, "Tags": tags.collect::<Vec<_>>() })
    };
    local.post("/TagResource", &tags(0, 50));
    let line = "POST /TagResource HTTP/1.1";
    let answer = local.request(line, "", &tags(49, 51).to_string());
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .head
            .contains("x-amzn-errortype: toomanytagsexception")
    );
    assert_eq!(answer.body["ResourceName"], arn.as_str());
    let by_arn = json!({ "ResourceARN": arn });
    let listed = pages(&local, "/ListTagsForResource", by_arn, "Tags");
    assert_eq!(
        listed.iter().map(Vec::len).collect::<Vec<_>>(),
        [20, 20, 10],
        "none was added"
    );
    assert!(
        listed
            .concat()
            .iter()
            .map(|tag| tag["Key"].as_str())
            .is_sorted()
    );

    let unknown = format!("{ARN}group/none");
    for (path, body) in [
        (
            "/TagResource",
            json!({ "ResourceARN": unknown, "Tags": [] }),
        ),
        (
            "/UntagResource",
            json!({ "ResourceARN": unknown, "TagKeys": [] }),
        ),
        ("/ListTagsForResource", json!({ "ResourceARN": unknown })),
    ] {
        let answer = local.request(&format!("POST {path} HTTP/1.1"), "", &body.to_string());
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer
                .head
                .contains("x-amzn-errortype: resourcenotfoundexception"),
            "{path}"
        );
        assert_eq!(answer.body["ResourceName"], unknown.as_str(), "{path}");
    }
    for (tags, named) in [
        (json!([{ "Key": "aws:a", "Value": "" }]), "Tags[0].Key"),
        (
            json!([{ "Key": "a", "Value": "" }, { "Key": "a", "Value": "" }]),
            "Tags[1].Key",
        ),
        (json!([{ "Key": "", "Value": "" }]), "Tags[0].Key"),
        (
            json!([{ "Key": "a", "Value": "x".repeat(257) }]),
            "Tags[0].Value",
        ),
        (json!([{ "Key": "a;", "Value": "" }]), "Tags[0].Key"),
        (json!(["a"]), "Tags[0]"),
    ] {
        let body = json!({ "ResourceARN": arn, "Tags": tags }).to_string();
        check_invalid(&local, "/TagResource", &body, named);
    }
    check_invalid(
        &local,
        "/ListTagsForResource",
        r#"{"ResourceARN":"a"}"#,
        "ResourceARN",
    );
}
