//! TagResource, UntagResource, ListTagsForResource, for rules.

use serde::Deserialize;
use serde_json::{Value, json};

use super::rules::key_of_arn;
use crate::State;
use crate::protocol::{ApiError, length, read, tags_allowed};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

pub(super) fn pairs(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[derive(Deserialize)]
struct TagResource {
    #[serde(rename = "ResourceARN")]
    resource: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct UntagResource {
    #[serde(rename = "ResourceARN")]
    resource: String,
    #[serde(rename = "TagKeys")]
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct ListTags {
    #[serde(rename = "ResourceARN")]
    resource: String,
}

/// Adds tags, or gives them new values.
pub(super) fn tag(state: &mut State, body: &Value) -> Result<Value, ApiError> {
    let wanted: TagResource = read(body)?;
    let new = pairs(wanted.tags);
    tags_allowed(&new)?;
    let tags = tags_to_change(state, &wanted.resource)?;
    let mut merged = tags.clone();
    for (key, value) in new {
        match merged.iter_mut().find(|(of, _)| *of == key) {
            Some(tag) => tag.1 = value,
            None => merged.push((key, value)),
        }
    }
    tags_allowed(&merged)?;
    *tags = merged;
    Ok(json!({}))
}

/// Takes tags away; a key that no tag has is no error.
pub(super) fn untag(state: &mut State, body: &Value) -> Result<Value, ApiError> {
    let wanted: UntagResource = read(body)?;
    for key in &wanted.keys {
        length("tagKeys.member", key, 1, 128)?;
    }
    let tags = tags_to_change(state, &wanted.resource)?;
    tags.retain(|(key, _)| !wanted.keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: ListTags = read(body)?;
    let key = key_of_arn(state, &wanted.resource)?;
    let tags = &state.events.rule(&key)?.tags;
    let told: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": told }))
}

fn tags_to_change<'a>(
    state: &'a mut State,
    arn: &str,
) -> Result<&'a mut Vec<(String, String)>, ApiError> {
    let key = key_of_arn(state, arn)?;
    let rule = state.events.rule_to_change(&key, false)?;
    Ok(&mut rule.tags)
}
