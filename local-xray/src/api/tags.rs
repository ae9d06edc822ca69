//! The operations on tags of groups and sampling rules.

use serde_json::json;

use super::error::ApiError;
use super::pages::Page;
use super::parameters::Parameters;
use super::{Api, json};
use crate::store::{Refusal, Resource, SettingError, Tag};

/// How many tags a request may have.
const TAGS_MAX: usize = 200;

/// How many tags a page holds.
const TAGS_PAGE: usize = 20;

pub(super) fn tag_resource(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (arn, resource) = resource(&parameters)?;
    parameters.required_list("Tags")?;
    let tags = read(&parameters)?;
    let tagged = api.store.tag(&resource, &tags);
    tagged.map_err(|error| told(error, arn))?;
    json(&json!({}))
}

pub(super) fn untag_resource(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (arn, resource) = resource(&parameters)?;
    let keys = parameters.required_texts("TagKeys")?;
    if keys.len() > TAGS_MAX {
        return Err(parameters.wrong("TagKeys", &format!("has more than {TAGS_MAX} entries")));
    }
    let untagged = api.store.untag(&resource, &keys);
    untagged.map_err(|error| told(error, arn))?;
    json(&json!({}))
}

pub(super) fn list_tags_for_resource(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (arn, resource) = resource(&parameters)?;
    let tags = api.store.tags(&resource);
    let tags = tags.map_err(|error| told(error, arn))?;
    let list = format!("tags:{resource}");
    let page = Page::of(&parameters, &list, &tags, TAGS_PAGE, |tag| tag.key.clone())?;
    Ok(page.answer("Tags")?.into_body())
}

/// The member `Tags`, if it is there.
pub(super) fn read(parameters: &Parameters) -> Result<Vec<Tag>, ApiError> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in parameters.objects("Tags", TAGS_MAX)? {
        let text = |name, least, most| {
            let text = tag.required(name, |tag, name| tag.text_of(name, least..=most))?;
            let known = |letter: char| letter.is_alphanumeric() || " _.:/=+-@".contains(letter);
            match text.chars().all(known) {
                true => Ok(text.to_owned()),
                false => Err(tag.wrong(
                    name,
                    "has characters other than letters, digits, spaces and _ . : / = + - @",
                )),
            }
        };
        let (key, value) = (text("Key", 1, 128)?, text("Value", 0, 256)?);
        if key.starts_with("aws:") {
            return Err(tag.wrong("Key", "begins with aws:, which AWS keeps for itself"));
        }
        if tags.iter().any(|other| other.key == key) {
            return Err(tag.wrong("Key", "is there twice"));
        }
        tags.push(Tag { key, value });
    }
    Ok(tags)
}

fn resource(parameters: &Parameters) -> Result<(&str, Resource), ApiError> {
    let arn = parameters.required("ResourceARN", |parameters, name| {
        parameters.text_of(name, 1..=1011)
    })?;
    let resource = Resource::of_arn(arn);
    let resource = resource
        .ok_or_else(|| parameters.wrong("ResourceARN", "is no ARN of a group or sampling rule"))?;
    Ok((arn, resource))
}

fn told(error: SettingError, arn: &str) -> ApiError {
    match error {
        SettingError::Refused(refusal @ Refusal::Unknown(_)) => {
            ApiError::resource_not_found(refusal.to_string(), arn)
        }
        SettingError::Refused(ref refusal @ Refusal::TooManyTags { ref resource, .. }) => {
            ApiError::too_many_tags(refusal.to_string(), resource)
        }
        error => error.into(),
    }
}
