//! Intelligent-Tiering: what is written, what is refused, what means the same.

use serde_json::json;

use super::*;
use crate::bucket::rules::testing::{faulty, of_json};

fn example() -> IntelligentTiering {
    of_json(json!([
        {
            "id": "reports",
            "enabled": true,
            "filter": { "prefix": "reports/", "tags": { "class": "cold" } },
            "archive_access_days": 90,
            "deep_archive_access_days": 180,
        },
        { "id": "all", "deep_archive_access_days": 365 },
        { "id": "tag", "enabled": false, "filter": { "tags": { "a": "b" } }, "archive_access_days": 91 },
        { "id": "prefix", "filter": { "prefix": "p/" }, "archive_access_days": 730 },
        { "id": "tags", "filter": { "tags": { "a": "b", "c": "" } }, "archive_access_days": 90 },
    ]))
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
    assert_eq!(faulty(&example()), [""; 0]);
    for configuration in example().0 {
        let sdk = configuration.to_sdk().unwrap();
        assert_eq!(TieringConfiguration::of_sdk(sdk), configuration);
    }
}

#[test]
fn every_fault_has_its_path() {
    let tiering: IntelligentTiering = of_json(json!([
        { "id": "a" },
        { "id": "a", "archive_access_days": 89, "deep_archive_access_days": 731 },
        { "id": "b", "archive_access_days": 200, "deep_archive_access_days": 200 },
        { "id": "", "archive_access_days": 90, "filter": { "prefix": "p".repeat(1025) } },
    ]));
    let paths = [
        "intelligent_tiering[1].id",
        "intelligent_tiering[3].id",
        "intelligent_tiering[0]",
        "intelligent_tiering[1].archive_access_days",
        "intelligent_tiering[1].deep_archive_access_days",
        "intelligent_tiering[2].deep_archive_access_days",
        "intelligent_tiering[3].filter.prefix",
    ];
    assert_eq!(faulty(&tiering), paths);
    assert_eq!(
        faulty(&IntelligentTiering::default()),
        ["intelligent_tiering"]
    );
}

#[test]
fn they_have_no_order_and_an_empty_prefix_is_none() {
    let mut other = example();
    other.0.reverse();
    let all = other.0.iter_mut().find(|c| c.id == "all").unwrap();
    all.filter.prefix = Some(String::new());
    assert_eq!(example().canonical(Some(&other)), other.canonical(None));
}

#[test]
fn only_what_differs_is_written() {
    let there = example().canonical(None);
    let mut wanted = there.clone();
    let (mut puts, mut deletes) = wanted.changes(&there);
    assert!(puts.next().is_none() && deletes.next().is_none());
    drop((puts, deletes));

    wanted.0[0].enabled = !wanted.0[0].enabled;
    let gone = wanted.0.pop().unwrap();
    let (puts, deletes) = wanted.changes(&there);
    assert_eq!(puts.collect::<Vec<_>>(), [&wanted.0[0]]);
    assert_eq!(deletes.collect::<Vec<_>>(), [&gone]);
}
