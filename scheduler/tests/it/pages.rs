//! What is read of a full event bus: all pages, and no more calls than it takes.

use std::collections::BTreeSet;

use fake_aws::{FakeAws, Fault, When};
use scheduler::rule::OWNER_TAG;
use serde_json::json;

use crate::fixture::{Aws, OWNER, file, rule, target};

/// A bus with 300 rules: 280 of others, of which one has events alone, and 20 of ours.
fn full(aws: &Aws) {
    for index in 0..300 {
        let (owner, count) = match index % 15 {
            0 => (OWNER, 3),
            _ => ("other", 1),
        };
        let targets = (0..count).map(|id| {
            let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
            json!({ "Id": format!("t{id}"), "Arn": arn })
        });
        let when = match index {
            1 => json!("{\"source\":[\"x\"]}"),
            _ => json!(null),
        };
        aws.fake
            .seed_rule(json!({
                "Name": format!("rule-{index:03}"),
                "ScheduleExpression": if index == 1 { json!(null) } else { json!("rate(1 day)") },
                "EventPattern": when,
                "Tags": [{ "Key": OWNER_TAG, "Value": owner }],
                "Targets": targets.collect::<Vec<_>>(),
            }))
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_rules_only_those_that_matter_are_read_whole() {
    let aws = Aws::with(FakeAws::builder().page_size(7));
    full(&aws);
    let names = ["rule-001", "rule-002", "missing"];
    let remote = aws.eventbridge.read(&names, OWNER).await.unwrap();
    assert_eq!(remote.rule_count, 300);
    let ours = (0..300).filter(|index| index % 15 == 0);
    let mut wanted: BTreeSet<String> = ours.map(|index| format!("rule-{index:03}")).collect();
    wanted.extend(["rule-001".to_owned(), "rule-002".to_owned()]);
    let found: BTreeSet<String> = remote.rules.keys().cloned().collect();
    assert_eq!(found, wanted);
    assert_eq!(remote.rules["rule-000"].rule.targets.len(), 3);
    assert_eq!(aws.count("ListRules"), 43);
    assert_eq!(aws.count("ListTagsForResource"), 300);
    assert_eq!(aws.count("ListTargetsByRule"), 22);
    assert_eq!(aws.fake.writes().len(), 0);

    let schedules = aws.eventbridge.read_schedules().await.unwrap();
    assert_eq!((schedules.rules.len(), schedules.rule_count), (299, 300));
}

#[tokio::test(start_paused = true)]
async fn targets_come_in_pages_too() {
    let aws = Aws::with(FakeAws::builder().page_size(2));
    let targets: Vec<_> = (0..5)
        .map(|id| target(&format!("t{id}"), json!({})))
        .collect();
    let wanted = file(&[rule("a", json!({ "targets": targets }))]);
    aws.make_true(&wanted).await;
    aws.apply(&wanted).await;
    assert_eq!(aws.writes(), ["PutRule", "PutTargets"]);
    assert_eq!(aws.count("ListTargetsByRule"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_goes_while_all_are_read_is_not_there() {
    let aws = Aws::start();
    let wanted = file(&["a", "b"].map(|name| rule(name, json!({}))));
    aws.make_true(&wanted).await;
    let gone = || Fault::error("ResourceNotFoundException", "Rule does not exist.");
    for when in [
        When::operation("ListTagsForResource")
            .with(|body| body["ResourceARN"].to_string().ends_with("rule/a\"")),
        When::operation("ListTargetsByRule").with(|body| body["Rule"] == "a"),
    ] {
        aws.fake.fail(when, gone());
        let remote = aws.remote(&wanted).await;
        assert_eq!(remote.rules.keys().collect::<Vec<_>>(), ["b"]);
    }
    aws.fake.fail("ListRules", gone());
    aws.eventbridge.read(&[], OWNER).await.unwrap_err();
}
