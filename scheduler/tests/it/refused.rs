//! What EventBridge refuses, whole or in part, and what is tried again.

use fake_aws::{FakeAws, Fault, When};
use serde_json::json;

use crate::fixture::{Aws, errors, file, rule, target};

const CONCURRENT: &str = "ConcurrentModificationException";

#[tokio::test(start_paused = true)]
async fn a_target_that_fails_alone_is_an_error() {
    let aws = Aws::start();
    let two = json!({ "targets": [target("a", json!({})), target("b", json!({}))] });
    let wanted = file(&[rule("r", two)]);
    aws.fake.fail(
        "PutTargets",
        Fault::failed_entry("b", "InternalFailure", "no luck"),
    );
    let applied = aws.apply(&wanted).await;
    assert_eq!(
        errors(&applied),
        ["PutTargets `r/b`: InternalFailure: no luck"]
    );
    assert_eq!(
        applied[0].errors[0].code.as_deref(),
        Some("InternalFailure")
    );
    assert_eq!(applied[0].done.len(), 1, "only the rule was put");
    let ids: Vec<String> = aws.rule("r")["Targets"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(ids, ["a"]);
    aws.make_true(&wanted).await;

    let fewer = file(&[rule("r", json!({ "targets": [target("a", json!({}))] }))]);
    aws.fake.fail(
        "RemoveTargets",
        Fault::failed_entry("b", "InternalFailure", "stuck"),
    );
    let failed = errors(&aws.apply(&fewer).await);
    assert_eq!(failed, ["RemoveTargets `r/b`: InternalFailure: stuck"]);
    aws.make_true(&fewer).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_others_write_too_is_written_again_alone() {
    let aws = Aws::start();
    let entry = || Fault::failed_entry("b", CONCURRENT, "at the same time");
    let two = json!({ "targets": [target("a", json!({})), target("b", json!({}))] });
    aws.fake
        .fail(When::operation("PutTargets").times(2), entry());
    aws.make_true(&file(&[rule("r", two)])).await;
    let puts = aws.fake.writes().into_iter().skip(1);
    let sizes: Vec<usize> = puts
        .map(|call| call.body["Targets"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 1, 1]);

    aws.fake
        .fail(When::operation("RemoveTargets").times(2), entry());
    let fewer = file(&[rule("r", json!({ "targets": [target("a", json!({}))] }))]);
    aws.make_true(&fewer).await;
    assert_eq!(aws.count("RemoveTargets"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_others_always_write_is_an_error_in_the_end() {
    let aws = Aws::start();
    let entry = Fault::failed_entry("worker", CONCURRENT, "at the same time");
    aws.fake.fail(When::operation("PutTargets").always(), entry);
    let failed = errors(&aws.apply(&file(&[rule("r", json!({}))])).await);
    let wanted = format!("PutTargets `r/worker`: {CONCURRENT}: at the same time");
    assert_eq!(failed, [wanted]);
    assert_eq!(aws.count("PutTargets"), 5);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_made_again_later() {
    let aws = Aws::start();
    let few = || When::any().times(3);
    aws.fake.fail(few(), Fault::throttling());
    let wanted = file(&[rule("r", json!({}))]);
    assert_eq!(aws.diff(&wanted).await.rules.len(), 1);
    assert_eq!(aws.count("ListRules"), 4);
    aws.fake.fail(When::writes().times(3), Fault::throttling());
    aws.make_true(&wanted).await;
    assert_eq!(aws.count("PutRule"), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_is_told_with_the_mend() {
    let aws = Aws::start();
    aws.fake.fail("PutTargets", Fault::access_denied());
    let wanted = file(&[rule("r", json!({}))]);
    let failed = errors(&aws.apply(&wanted).await);
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].starts_with("PutTargets `r`: AccessDeniedException: ")
            && failed[0].contains("allow events:PutTargets to these credentials"),
        "{failed:?}"
    );
    aws.fake.fail("ListRules", Fault::access_denied());
    let failed = aws.eventbridge.read(&[], "nightly").await.unwrap_err();
    assert_eq!(failed.operation, "ListRules");
    assert!(
        failed.to_string().contains("allow events:ListRules"),
        "{failed}"
    );
}

#[tokio::test(start_paused = true)]
async fn rules_beyond_the_quota_are_refused_and_the_others_made() {
    let aws = Aws::with(FakeAws::builder().rule_quota(2));
    let wanted = file(&["a", "b", "c"].map(|name| rule(name, json!({}))));
    let failed = errors(&aws.apply(&wanted).await);
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].contains("LimitExceededException") && failed[0].contains("raise the quota"),
        "{failed:?}"
    );
    assert_eq!(aws.diff(&wanted).await.unchanged, 2);
    // It would be refused the next time too.
    assert_eq!(aws.count("PutRule"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_fails_stops_no_other() {
    let aws = Aws::start();
    let wanted = file(&["a", "b", "c", "d"].map(|name| rule(name, json!({}))));
    let of_b = When::writes().with(|body| body["Rule"] == "b").always();
    aws.fake.fail(of_b, Fault::access_denied());
    let applied = aws.apply(&wanted).await;
    let failed: Vec<(&str, bool)> = applied
        .iter()
        .map(|one| (one.name.as_str(), one.errors.is_empty()))
        .collect();
    assert_eq!(
        failed,
        [("a", true), ("b", false), ("c", true), ("d", true)]
    );
    assert_eq!(aws.diff(&wanted).await.unchanged, 3);
}
