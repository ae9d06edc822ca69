//! Groups, over HTTP.

use serde_json::{Value, json};

use crate::api::check_invalid;
use crate::local::Local;

/// How an ARN begins.
pub(crate) const ARN: &str = "arn:aws:xray:us-east-1:000000000000:";

fn create_group(name: &str) -> Value {
    json!({ "GroupName": name })
}

#[test]
fn a_group_is_made_found_changed_and_deleted() {
    let local = Local::start();
    let created = local.post(
        "/CreateGroup",
        &json!({
            "GroupName": "Slow", "FilterExpression": "responsetime > 5",
            "InsightsConfiguration": { "InsightsEnabled": true },
            "Tags": [{ "Key": "team", "Value": "a" }],
        }),
    );
    let arn = format!("{ARN}group/Slow");
    let mut group = json!({
        "GroupName": "Slow", "GroupARN": arn, "FilterExpression": "responsetime > 5",
        "InsightsConfiguration": { "InsightsEnabled": true, "NotificationsEnabled": false },
    });
    assert_eq!(created, json!({ "Group": group }));
    for by in [json!({ "GroupName": "Slow" }), json!({ "GroupARN": arn })] {
        assert_eq!(local.post("/GetGroup", &by), json!({ "Group": group }));
    }
    let changed = local.post(
        "/UpdateGroup",
        &json!({ "GroupARN": arn, "FilterExpression": "error" }),
    );
    group["FilterExpression"] = "error".into();
    assert_eq!(changed, json!({ "Group": group }));
    let default = json!({
        "GroupName": "Default", "GroupARN": format!("{ARN}group/Default"),
        "InsightsConfiguration": { "InsightsEnabled": false, "NotificationsEnabled": false },
    });
    let groups = local.post("/Groups", &json!({}));
    assert_eq!(groups, json!({ "Groups": [default, group] }));

    assert_eq!(
        local.post("/DeleteGroup", &json!({ "GroupName": "Slow" })),
        json!({})
    );
    let by_name = r#"{"GroupName":"Slow"}"#;
    for path in ["/GetGroup", "/UpdateGroup", "/DeleteGroup"] {
        check_invalid(&local, path, by_name, r#"no group "Slow""#);
    }
    assert_eq!(
        local.post("/Groups", &json!({})),
        json!({ "Groups": [default] })
    );
}

#[test]
fn wrong_groups_are_refused_by_member() {
    let local = Local::start();
    local.post("/CreateGroup", &create_group("mine"));
    local.post("/CreateGroup", &create_group("MINE"));
    let long = format!(r#"{{"GroupName":"{}"}}"#, "ü".repeat(33));
    for (path, body, named) in [
        ("/CreateGroup", r#"{"GroupName":""}"#, "GroupName"),
        ("/CreateGroup", &long, "GroupName"),
        ("/CreateGroup", r#"{"GroupName":"a\nb"}"#, "GroupName"),
        ("/CreateGroup", r#"{"GroupName":"mine"}"#, "already"),
        ("/CreateGroup", r#"{"GroupName":"Default"}"#, "already"),
        (
            "/CreateGroup",
            r#"{"GroupName":"a","FilterExpression":1}"#,
            "FilterExpression",
        ),
        (
            "/CreateGroup",
            r#"{"GroupName":"a","InsightsConfiguration":{"NotificationsEnabled":true}}"#,
            "InsightsEnabled",
        ),
        (
            "/CreateGroup",
            r#"{"GroupName":"a","InsightsConfiguration":{"InsightsEnabled":1}}"#,
            "InsightsConfiguration.InsightsEnabled",
        ),
        (
            "/CreateGroup",
            r#"{"GroupName":"a","Tags":[{"Key":"k"}]}"#,
            "Tags[0].Value",
        ),
        (
            "/DeleteGroup",
            r#"{"GroupName":"Default"}"#,
            "cannot be deleted",
        ),
        (
            "/UpdateGroup",
            r#"{"GroupName":"Default","FilterExpression":"error"}"#,
            "FilterExpression",
        ),
        (
            "/GetGroup",
            r#"{"GroupARN":"arn:aws:xray:a:1:sampling-rule/mine"}"#,
            "GroupARN",
        ),
        (
            "/GetGroup",
            r#"{"GroupName":"mine","GroupARN":"arn:aws:xray:a:1:group/MINE"}"#,
            "GroupARN",
        ),
        (
            "/InsightSummaries",
            r#"{"StartTime":1,"EndTime":2,"GroupName":"no"}"#,
            "no group",
        ),
    ] {
        check_invalid(&local, path, body, named);
    }
    for number in 2..25 {
        local.post("/CreateGroup", &create_group(&format!("group {number}")));
    }
    check_invalid(&local, "/CreateGroup", r#"{"GroupName":"one more"}"#, "25");
    let groups = local.post("/Groups", &json!({}));
    assert_eq!(groups["Groups"].as_array().unwrap().len(), 26);
}
