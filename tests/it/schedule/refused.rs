//! Credentials, regions and endpoints with which a schedule command cannot begin.

use std::time::Instant;

use fake_aws::{Fault, Service, When};
use serde_json::json;

use super::{Scene, file, rule};
use crate::program::ended;

const DIFF: [&str; 2] = ["diff", "s.json"];

fn scene() -> Scene {
    let scene = Scene::new();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
    scene
}

#[test]
fn the_account_is_that_of_the_credentials_when_nothing_names_it() {
    let scene = scene();
    let applied = ended(
        scene
            .command(&["apply", "--yes", "s.json"])
            .env_remove("AWS_ACCOUNT_ID"),
    );
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let asked = scene
        .aws
        .calls()
        .iter()
        .filter(|call| call.service == Service::Sts)
        .count();
    assert_eq!(asked, 1);
    let target = &scene.rule("nightly")["Targets"]["worker"];
    assert_eq!(
        target["RoleArn"],
        "arn:aws:iam::123456789012:role/xray-ecs-trigger"
    );
}

#[test]
fn a_file_of_another_account_is_refused_before_eventbridge_is_asked() {
    let scene = scene();
    let mut other = file(json!([rule("nightly", "cron(0 3 * * ? *)")]));
    other["account"] = json!("999999999999");
    scene.place.write("s.json", other.to_string());
    for named in [true, false] {
        for args in [
            &DIFF[..],
            &["apply", "--yes", "s.json"],
            &["delete", "--yes", "s.json"],
            &["run", "s.json"],
        ] {
            let mut command = scene.command(args);
            if !named {
                command.env_remove("AWS_ACCOUNT_ID");
            }
            let refused = ended(&mut command);
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{args:?}");
            assert_eq!(
                refused.stderr,
                "error: s.json is for account 999999999999, and the credentials are of 123456789012: \
                 sign in to the other one\n"
            );
        }
    }
    assert!(
        scene
            .aws
            .calls()
            .iter()
            .all(|call| call.service == Service::Sts)
    );
}

#[test]
fn without_region_or_credentials_the_mend_is_told() {
    let scene = scene();
    let refused = ended(scene.command(&DIFF).env_remove("AWS_REGION"));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains("set AWS_REGION"),
        "{}",
        refused.stderr
    );
    let mut of_file = file(json!([rule("nightly", "cron(0 3 * * ? *)")]));
    of_file["region"] = json!("eu-west-1");
    scene.place.write("of-file.json", of_file.to_string());
    let found = ended(
        scene
            .command(&["diff", "of-file.json"])
            .env_remove("AWS_REGION"),
    );
    assert_eq!(found.code, 0, "{}", found.stderr);

    let mut command = scene.command(&DIFF);
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCOUNT_ID",
    ] {
        command.env_remove(name);
    }
    let refused = ended(&mut command);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused
            .stderr
            .contains("find AWS credentials: set AWS_PROFILE"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_endpoint_where_nobody_listens_is_told_in_time() {
    let scene = scene();
    let begin = Instant::now();
    let mut command = scene.command(&DIFF);
    // Port 1 is privileged and nothing binds it.
    let refused = ended(command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    let took = begin.elapsed();
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused
            .stderr
            .starts_with("error: ask STS for the account of the credentials: "),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("Connection refused"),
        "{}",
        refused.stderr
    );
    assert!(took.as_secs() < 15, "{took:?}");
}

#[test]
fn what_the_credentials_may_not_do_is_told_with_the_permission() {
    let scene = scene();
    scene.aws.fail(
        When::operation("ListRules").always(),
        Fault::access_denied(),
    );
    let refused = scene.refused(&DIFF, 2);
    assert!(
        refused.stderr.contains("AccessDeniedException"),
        "{}",
        refused.stderr
    );
    assert!(
        refused
            .stderr
            .contains("allow events:ListRules to these credentials"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.stdout, "");
    scene.aws.heal();
    scene.aws.fail(
        When::operation("GetCallerIdentity").always(),
        Fault::error("InvalidClientTokenId", "no such token"),
    );
    let refused = ended(scene.command(&DIFF).env_remove("AWS_ACCOUNT_ID"));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains("InvalidClientTokenId"),
        "{}",
        refused.stderr
    );
}

/// Others make and delete rules while they are read.
#[test]
fn a_rule_that_is_deleted_while_it_is_read_is_no_error() {
    let scene = scene();
    let other = json!({ "Name": "other", "ScheduleExpression": "rate(1 day)" });
    scene.aws.seed_rule(other).unwrap();
    let gone = Fault::error(
        "ResourceNotFoundException",
        "Rule other does not exist on EventBus default.",
    );
    scene.aws.fail("ListTagsForResource", gone);
    let diff = scene.refused(&DIFF, 0);
    assert!(
        diff.stdout
            .ends_with("1 to create, 0 to change, 0 to delete, 0 unchanged\n"),
        "{}",
        diff.stdout
    );
}
