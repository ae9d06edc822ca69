//! Website: what is written, what is refused, what means the same.

use serde_json::json;

use super::*;
use crate::bucket::rules::testing::{faulty, of_json};

fn example() -> Website {
    of_json(json!({
        "index_document": "index.html",
        "error_document": "error.html",
        "routing_rules": [
            {
                "condition": {
                    "key_prefix_equals": "docs/",
                    "http_error_code_returned_equals": "404",
                },
                "redirect": {
                    "host_name": "www.example.com",
                    "protocol": "https",
                    "http_redirect_code": "301",
                    "replace_key_prefix_with": "documents/",
                },
            },
            { "redirect": { "replace_key_with": "gone.html" } },
        ],
    }))
}

fn redirect() -> Website {
    of_json(json!({
        "redirect_all_requests_to": { "host_name": "www.example.com", "protocol": "https" },
    }))
}

fn answered(website: &Website) -> GetBucketWebsiteOutput {
    let sent = website.to_sdk().unwrap();
    GetBucketWebsiteOutput::builder()
        .set_index_document(sent.index_document)
        .set_error_document(sent.error_document)
        .set_redirect_all_requests_to(sent.redirect_all_requests_to)
        .set_routing_rules(sent.routing_rules)
        .build()
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
    for website in [example(), redirect()] {
        assert_eq!(faulty(&website), [""; 0]);
        assert_eq!(Website::of_sdk(answered(&website)), website);
    }
}

#[test]
fn an_empty_condition_is_none() {
    let empty: Website = of_json(json!({
        "index_document": "index.html",
        "routing_rules": [{ "condition": {}, "redirect": { "replace_key_with": "gone.html" } }],
    }));
    let none: Website = of_json(json!({
        "index_document": "index.html",
        "routing_rules": [{ "redirect": { "replace_key_with": "gone.html" } }],
    }));
    assert_eq!(none.canonical(Some(&empty)), empty.canonical(None));
}

#[test]
fn rules_have_an_order() {
    let mut other = example();
    other.routing_rules.reverse();
    assert_ne!(example().canonical(Some(&other)), other.canonical(None));
}

#[test]
fn every_fault_has_its_path() {
    assert_eq!(faulty(&Website::default()), ["website"]);
    let website: Website = of_json(json!({
        "index_document": "a/index.html",
        "error_document": "",
        "redirect_all_requests_to": { "host_name": "" },
        "routing_rules": [
            { "condition": {}, "redirect": {} },
            {
                "condition": { "http_error_code_returned_equals": "200" },
                "redirect": {
                    "http_redirect_code": "300",
                    "replace_key_with": "a",
                    "replace_key_prefix_with": "b",
                },
            },
        ],
    }));
    let paths = [
        "website",
        "website.redirect_all_requests_to.host_name",
        "website.index_document",
        "website.error_document",
        "website.routing_rules[0].condition",
        "website.routing_rules[0].redirect",
        "website.routing_rules[1].condition.http_error_code_returned_equals",
        "website.routing_rules[1].redirect",
        "website.routing_rules[1].redirect.http_redirect_code",
    ];
    assert_eq!(faulty(&website), paths);
}

#[test]
fn there_are_at_most_50_rules() {
    let mut website = example();
    let rule = website.routing_rules.remove(1);
    website.routing_rules = vec![rule; 50];
    assert_eq!(faulty(&website), [""; 0]);
    website.routing_rules.extend(website.routing_rules.clone());
    assert_eq!(faulty(&website), ["website.routing_rules"]);
}
