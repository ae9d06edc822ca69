//! The files of config/ as `fill` of docs/deploy.md fills them in.

use serde_json::Value;

use crate::program::repository;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "eu-west-1";
pub(super) const IMAGE_TAG: &str = "1a2b3c4";
pub(super) const BUCKET_PREFIX: &str = "xray-ecs-";

/// The files with `${...}` in them.
pub(super) const TEMPLATES: [&str; 8] = [
    "iam-execution-policy.json",
    "iam-task-policy.json",
    "iam-task-trust.json",
    "iam-trigger-policy.json",
    "iam-trigger-trust.json",
    "lost-firings-queue.json",
    "task-definition-embedded.json",
    "task-definition.json",
];

/// The task definitions.
pub(super) const TASK_DEFINITIONS: [&str; 2] = [TEMPLATES[6], TEMPLATES[7]];

pub(super) fn filled(name: &str) -> Value {
    let text = std::fs::read_to_string(repository().join("config").join(name)).unwrap();
    serde_json::from_str(&fill(&text)).unwrap()
}

pub(super) fn fill(text: &str) -> String {
    let values = [
        ("${AWS_ACCOUNT_ID}", ACCOUNT),
        ("${AWS_REGION}", REGION),
        ("${IMAGE_TAG}", IMAGE_TAG),
        ("${BUCKET_PREFIX}", BUCKET_PREFIX),
    ];
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

#[test]
fn every_placeholder_is_known_and_every_file_with_one_too() {
    let mut with_placeholders = Vec::new();
    for file in std::fs::read_dir(repository().join("config")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // In the stack `${...}` is Fn::Sub's.
        if text.contains("${") && !name.ends_with(".yaml") {
            assert!(!fill(&text).contains("${"), "{name}");
            with_placeholders.push(name);
        }
    }
    with_placeholders.sort();
    assert_eq!(with_placeholders, TEMPLATES);
}
