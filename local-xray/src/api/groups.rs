//! The operations on groups.

use serde_json::json;

use super::error::ApiError;
use super::pages::Page;
use super::parameters::Parameters;
use super::{Api, filters, json, tags};
use crate::store::{DEFAULT, Group, GroupChange, Resource};

/// How long the names of groups and sampling rules may be.
pub(super) const NAME_MAX: usize = 32;

/// How many groups a page holds: all that there can be, since some clients read one page only.
const GROUPS_PAGE: usize = 100;

pub(super) fn create_group(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let name = parameters.required_text("GroupName")?;
    check_name(&parameters, "GroupName", name)?;
    let tags = tags::read(&parameters)?;
    let group = api
        .store
        .create_group(name, &change(api, name, &parameters)?, &tags)?;
    json(&json!({ "Group": group }))
}

pub(super) fn update_group(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let name = required_name(&parameters)?;
    let group = api
        .store
        .update_group(&name, &change(api, &name, &parameters)?)?;
    json(&json!({ "Group": group }))
}

pub(super) fn delete_group(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    api.store.delete_group(&required_name(&parameters)?)?;
    json(&json!({}))
}

pub(super) fn get_group(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    required_name(&parameters)?;
    json(&json!({ "Group": of(api, &parameters)? }))
}

pub(super) fn get_groups(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let groups = api.store.groups()?;
    let key = |group: &Group| group.group_name.clone();
    let page = Page::of(&parameters, "groups", &groups, GROUPS_PAGE, key)?;
    Ok(page.answer("Groups")?.into_body())
}

/// The group that `GroupName` and `GroupARN` name: without either, Default.
pub(super) fn of(api: &Api, parameters: &Parameters) -> Result<Group, ApiError> {
    let name = name(parameters)?.unwrap_or_else(|| DEFAULT.to_owned());
    let group = api.store.group(&name)?;
    group.ok_or_else(|| {
        let unknown = Resource::Group(name);
        ApiError::invalid_request(format!("there is no {unknown}"))
    })
}

/// A name is any text of up to 32 characters without control characters.
pub(super) fn check_name(
    parameters: &Parameters,
    member: &str,
    name: &str,
) -> Result<(), ApiError> {
    parameters.check_length(member, name, 1..=NAME_MAX)?;
    match name.chars().any(char::is_control) {
        true => Err(parameters.wrong(member, "has control characters")),
        false => Ok(()),
    }
}

fn required_name(parameters: &Parameters) -> Result<String, ApiError> {
    let missing = || ApiError::invalid_request("GroupName is missing, and so is GroupARN");
    name(parameters)?.ok_or_else(missing)
}

/// The name in `GroupName` or in `GroupARN`.
fn name(parameters: &Parameters) -> Result<Option<String>, ApiError> {
    let name = parameters.text_of("GroupName", 1..=NAME_MAX)?;
    let Some(arn) = parameters.text_of("GroupARN", 1..=400)? else {
        return Ok(name.map(str::to_owned));
    };
    match Resource::of_arn(arn) {
        Some(Resource::Group(of_arn)) if name.is_none_or(|name| name == of_arn) => Ok(Some(of_arn)),
        Some(Resource::Group(_)) => {
            Err(parameters.wrong("GroupARN", "names another group than GroupName"))
        }
        _ => Err(parameters.wrong("GroupARN", "is no ARN of a group")),
    }
}

fn change<'p>(
    api: &Api,
    name: &str,
    parameters: &'p Parameters,
) -> Result<GroupChange<'p>, ApiError> {
    let filter_expression = parameters.text("FilterExpression")?;
    if let Some(expression) = filter_expression {
        filters::check(api, name, expression)?;
    }
    let insights = parameters.object("InsightsConfiguration")?;
    let insight = |name| match &insights {
        Some(insights) => insights.boolean(name),
        None => Ok(None),
    };
    Ok(GroupChange {
        filter_expression,
        insights_enabled: insight("InsightsEnabled")?,
        notifications_enabled: insight("NotificationsEnabled")?,
    })
}
