//! Tags of a bucket and the rules of S3 for them (S3 user guide, "Using cost allocation S3 bucket
//! tags"; S3 API reference, "PutBucketTagging").

use std::collections::BTreeMap;

use aws_sdk_s3::types::{Tag, Tagging};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource, unless_absent};

/// The most tags of a bucket.
const TAGS_MAX: usize = 50;

/// All tags of the bucket but those that AWS itself sets (`aws:`); others are removed. At most 50, keys
/// of 1 to 128 characters, values of at most 256.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Tags(pub(crate) BTreeMap<String, String>);

impl SubResource for Tags {
    const FIELD: &'static str = "tags";

    fn of_new_bucket() -> Option<Self> {
        Some(Self::default())
    }

    fn absent() -> Absent<Self> {
        Absent::Put(Self::default())
    }

    fn check(&self, checks: &mut Checks) {
        for (key, value) in &self.0 {
            checks.field(key, |checks| {
                for fault in [key_fault(key), value_fault(value)].into_iter().flatten() {
                    checks.fault(fault);
                }
            });
        }
        let count = self.0.len();
        if count > TAGS_MAX {
            checks.fault(format!(
                "{count} tags with the defaults, S3 takes at most {TAGS_MAX}"
            ));
        }
    }

    /// Tags of AWS cannot be removed, and PutBucketTagging replaces all, so they are sent along.
    fn canonical(&self, there: Option<&Self>) -> Self {
        let system = there.into_iter().flat_map(|there| &there.0);
        let system = system.filter(|(key, _)| key.starts_with("aws:"));
        let all = self.0.iter().chain(system);
        Self(
            all.map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_tagging().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let output = unless_absent("GetBucketTagging", "NoSuchTagSet", sent)?;
        let tags = output.map(|output| output.tag_set).unwrap_or_default();
        let tags = tags.into_iter().map(|tag| (tag.key, tag.value));
        Ok(Some(Self(tags.collect())))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        if self.0.is_empty() {
            return Self::delete(bucket).await;
        }
        let send = async {
            let tags = self.0.iter();
            let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
            let tags = tags.collect::<Result<Vec<_>, _>>()?;
            let tagging = Tagging::builder().set_tag_set(Some(tags)).build()?;
            let call = bucket.client.put_bucket_tagging().bucket(bucket.bucket);
            let call = call.tagging(tagging);
            call.set_expected_bucket_owner(bucket.owner()).send().await
        };
        CallError::of("PutBucketTagging", send.await)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.delete_bucket_tagging().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("DeleteBucketTagging", sent)
    }
}

fn key_fault(key: &str) -> Option<String> {
    let len = key.chars().count();
    if !(1..=128).contains(&len) {
        return Some(format!("tag key has {len} characters, S3 takes 1 to 128"));
    }
    let start = key.get(..4);
    if start.is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Some(format!(
            "tag key `{key}` begins with `aws:`, which AWS reserves"
        ));
    }
    illegal_character(key).map(|c| {
        let (key, c) = (key.escape_debug(), c.escape_debug());
        format!("tag key `{key}` has `{c}`, {CHARACTERS}")
    })
}

fn value_fault(value: &str) -> Option<String> {
    let len = value.chars().count();
    if len > 256 {
        return Some(format!(
            "tag value has {len} characters, S3 takes at most 256"
        ));
    }
    illegal_character(value).map(|c| format!("tag value has `{}`, {CHARACTERS}", c.escape_debug()))
}

const CHARACTERS: &str = "S3 takes letters, digits, spaces and `+ - = . _ : / @`";

fn illegal_character(text: &str) -> Option<char> {
    let is_legal = |c: char| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "+-=._:/@".contains(c)
    };
    text.chars().find(|&c| !is_legal(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Tags(pairs.iter().map(owned).collect())
    }

    #[test]
    fn the_tags_of_aws_stay() {
        let there = tags(&[("aws:stack", "s"), ("old", "1")]);
        let to = tags(&[("env", "prod")]).canonical(Some(&there));
        assert_eq!(to, tags(&[("aws:stack", "s"), ("env", "prod")]));
    }

    #[test]
    fn what_s3_refuses_is_told_with_the_tag() {
        let long = "v".repeat(257);
        let mut checks = Checks::default();
        tags(&[
            ("", "x"),
            ("AWS:x", "1"),
            ("a!", "1"),
            ("ok", "é 1"),
            ("v", &long),
        ])
        .check(&mut checks);
        let faults = checks.into_faults();
        let paths: Vec<_> = faults.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["", "AWS:x", "a!", "v"]);

        let many = (0..51).map(|number| (number.to_string(), String::new()));
        let mut checks = Checks::default();
        Tags(many.collect()).check(&mut checks);
        assert!(checks.into_faults()[0].1.starts_with("51 tags"));
    }
}
