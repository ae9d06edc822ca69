//! Rules that are not of the file: told as such, taken over when wanted, else left alone.

use scheduler::diff::{Foreign, diff};
use scheduler::rule::OWNER_TAG;
use serde_json::{Value, json};

use crate::fixture::{Aws, OWNER, errors, file, rule};

/// A rule that somebody else made, with what no schedule file can say.
fn others(tags: Value) -> Value {
    json!({
        "Name": "a",
        "ScheduleExpression": "rate(1 hour)",
        "EventPattern": "{\"source\":[\"x\"]}",
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "Tags": tags,
        "Targets": [{ "Id": "fn", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f" }],
    })
}

#[tokio::test(start_paused = true)]
async fn rules_of_others_are_told_and_tagged_before_they_are_changed() {
    let wanted = file(&[rule("a", json!({ "tags": { "team": "data" } }))]);
    let fresh = Aws::start();
    fresh.make_true(&wanted).await;
    for (tags, foreign) in [
        (json!([{ "Key": "old", "Value": "1" }]), Foreign::Untagged),
        (
            json!([{ "Key": OWNER_TAG, "Value": "other" }]),
            Foreign::Schedule("other".to_owned()),
        ),
    ] {
        let aws = Aws::start();
        aws.fake.seed_rule(others(tags)).unwrap();
        let found = aws.diff(&wanted).await;
        assert_eq!(found.rules[0].foreign, Some(foreign));
        aws.make_true(&wanted).await;
        assert_eq!(aws.writes()[0], "TagResource");
        assert_eq!(aws.fake.snapshot(), fresh.fake.snapshot());
    }
}

#[tokio::test(start_paused = true)]
async fn rules_of_others_that_the_file_does_not_name_stay() {
    let aws = Aws::start();
    let tags = json!([{ "Key": OWNER_TAG, "Value": "other" }]);
    aws.fake.seed_rule(others(tags)).unwrap();
    let before = aws.rule("a");
    aws.make_true(&file(&[rule("b", json!({}))])).await;
    assert_eq!(aws.rule("a"), before);
}

#[tokio::test(start_paused = true)]
async fn a_managed_rule_is_told_and_refused_by_aws() {
    let aws = Aws::start();
    let managed =
        json!({ "Name": "a", "ScheduleExpression": "rate(1 day)", "ManagedBy": "x.amazonaws.com" });
    aws.fake.seed_rule(managed).unwrap();
    let before = aws.fake.snapshot();
    let wanted = file(&[rule("a", json!({}))]);
    let found = aws.diff(&wanted).await;
    let foreign = Foreign::Managed("x.amazonaws.com".to_owned());
    assert_eq!(found.rules[0].foreign, Some(foreign));
    let errors = errors(&aws.apply(&wanted).await);
    assert!(errors[0].contains("name yours otherwise"), "{errors:?}");
    assert_eq!(aws.fake.snapshot(), before);
    // Nobody's schedule file has it, so none deletes it.
    let empty = diff(&[], &aws.eventbridge.read(&[], OWNER).await.unwrap(), OWNER);
    assert_eq!(empty.rules, []);
}
