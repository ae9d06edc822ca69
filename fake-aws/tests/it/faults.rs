//! Failing on order.

use std::time::{Duration, Instant};

use fake_aws::{FakeAws, Fault, When};
use serde_json::{Value, json};

use crate::fixture::{call, done, refused, started};

fn rule(name: &str) -> Value {
    json!({"Name": name, "ScheduleExpression": "rate(1 day)"})
}

fn names(fake: &FakeAws) -> Vec<String> {
    match fake.snapshot()["default"].as_object() {
        Some(rules) => rules.keys().cloned().collect(),
        None => Vec::new(),
    }
}

#[test]
fn an_error_comes_before_the_effect() {
    let fake = started();
    fake.fail("PutRule", Fault::throttling());
    fake.fail(When::operation("PutRule").nth(2), Fault::internal());
    let (code, _) = refused(&fake, "events", "PutRule", rule("a"));
    assert_eq!(code, "ThrottlingException");
    let internal = call(&fake, "events", "PutRule", &rule("a")).unwrap();
    assert_eq!(internal.status, 500);
    assert!(names(&fake).is_empty());
    done(&fake, "events", "PutRule", rule("a"));
    assert_eq!(names(&fake), ["a"]);
}

#[test]
fn a_connection_is_closed_before_the_effect_or_after() {
    let fake = started();
    fake.fail(When::writes(), Fault::Reset);
    fake.fail(When::writes().nth(2), Fault::LostAnswer);
    done(&fake, "events", "ListRules", json!({}));
    assert!(call(&fake, "events", "PutRule", &rule("a")).is_none());
    assert!(names(&fake).is_empty());
    assert!(call(&fake, "events", "PutRule", &rule("b")).is_none());
    assert_eq!(names(&fake), ["b"]);
    let statuses: Vec<_> = fake.writes().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [None, None]);
}

#[test]
fn a_delayed_call_is_served_all_the_same() {
    let fake = started();
    let pause = Duration::from_millis(30);
    fake.fail(When::any(), Fault::Delay(pause));
    let start = Instant::now();
    done(&fake, "events", "PutRule", rule("a"));
    assert!(start.elapsed() >= pause);
}

#[test]
fn orders_can_ask_for_bodies_and_be_taken_back() {
    let fake = started();
    let of_b = When::operation("PutRule")
        .with(|body| body["Name"] == "b")
        .always();
    fake.fail(of_b, Fault::access_denied());
    done(&fake, "events", "PutRule", rule("a"));
    for _ in 0..3 {
        let (code, _) = refused(&fake, "events", "PutRule", rule("b"));
        assert_eq!(code, "AccessDeniedException");
    }
    fake.heal();
    done(&fake, "events", "PutRule", rule("b"));
}

#[test]
fn single_targets_fail_in_an_answer_of_200() {
    let fake = started();
    done(&fake, "events", "PutRule", rule("a"));
    let target = |id: &str| json!({"Id": id, "Arn": "arn:aws:sns:us-east-1:123456789012:t"});
    let fault = || Fault::failed_entry("2", "ConcurrentModificationException", "too many at once");
    let failed = json!({
        "FailedEntryCount": 1,
        "FailedEntries": [{
            "TargetId": "2", "ErrorCode": "ConcurrentModificationException",
            "ErrorMessage": "too many at once",
        }],
    });
    fake.fail("PutTargets", fault());
    let put = json!({"Rule": "a", "Targets": [target("1"), target("2")]});
    assert_eq!(done(&fake, "events", "PutTargets", put.clone()), failed);
    assert_eq!(
        fake.snapshot()["default"]["a"]["Targets"],
        json!({"1": target("1")})
    );
    done(&fake, "events", "PutTargets", put);
    fake.fail("RemoveTargets", fault());
    let remove = json!({"Rule": "a", "Ids": ["1", "2"]});
    assert_eq!(done(&fake, "events", "RemoveTargets", remove), failed);
    assert_eq!(
        fake.snapshot()["default"]["a"]["Targets"],
        json!({"2": target("2")})
    );
}
