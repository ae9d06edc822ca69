//! CORS: what is written, what is refused, what means the same.

use serde_json::json;

use super::*;
use crate::bucket::rules::testing::{faulty, of_json};

fn example() -> Cors {
    of_json(json!({
        "rules": [
            {
                "id": "site",
                "allowed_origins": ["https://www.example.com", "https://*.example.org"],
                "allowed_methods": ["GET", "HEAD"],
                "allowed_headers": ["*"],
                "expose_headers": ["ETag"],
                "max_age_seconds": 3600,
            },
            { "allowed_origins": ["*"], "allowed_methods": ["GET"] },
        ],
    }))
}

#[cfg(feature = "local")]
#[tokio::test]
async fn local_s3_keeps_it() {
    use crate::bucket::rules::testing::kept_by_local_s3;

    let left = kept_by_local_s3(&example(), &[]).await;
    assert_eq!(left, None);
}

#[test]
fn it_is_the_same_after_the_sdk_had_it() {
    let sdk = example().to_sdk().unwrap();
    assert_eq!(Cors::of_sdk(sdk.cors_rules), example());
}

#[test]
fn a_good_one_has_no_fault() {
    assert_eq!(faulty(&example()), [""; 0]);
}

#[test]
fn every_fault_has_its_path() {
    let cors: Cors = of_json(json!({
        "rules": [
            {
                "id": "a",
                "allowed_origins": ["https://*.*.com", ""],
                "allowed_methods": [],
                "allowed_headers": ["x-*-*"],
                "expose_headers": ["x-*"],
                "max_age_seconds": -1,
            },
            { "id": "a", "allowed_origins": [], "allowed_methods": ["GET"] },
        ],
    }));
    assert_eq!(
        faulty(&cors),
        [
            "cors.rules[1].id",
            "cors.rules[0].allowed_origins[0]",
            "cors.rules[0].allowed_origins[1]",
            "cors.rules[0].allowed_headers[0]",
            "cors.rules[0].expose_headers[0]",
            "cors.rules[0].allowed_methods",
            "cors.rules[0].max_age_seconds",
            "cors.rules[1].allowed_origins",
        ]
    );
}

#[test]
fn there_are_1_to_100_rules() {
    let rule = example().rules.remove(1);
    for (len, refused) in [(0, true), (100, false), (101, true)] {
        let rules = vec![rule.clone(); len];
        assert_eq!(!faulty(&Cors { rules }).is_empty(), refused, "{len} rules");
    }
}

#[test]
fn lists_have_no_order_and_rules_have() {
    let mut there = example();
    there.rules[1].id = Some("made by S3".to_owned());
    there.rules[0].allowed_methods.reverse();
    there.rules[0].allowed_origins.reverse();
    assert_eq!(
        example().canonical(Some(&there)),
        there.canonical(None),
        "ids that S3 made and the order of words are no drift"
    );
    there.rules.reverse();
    assert_ne!(example().canonical(Some(&there)), there.canonical(None));
}
