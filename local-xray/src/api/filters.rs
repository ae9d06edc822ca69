//! Filter expressions in requests, and those of groups, which may name other groups.

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, groups};
use crate::filter::{FilterError, FilterExpression};
use crate::store::{DEFAULT, Group, Resource};

/// `FilterExpression` of a request: none takes every trace.
pub(super) fn read(
    api: &Api,
    parameters: &Parameters,
) -> Result<Option<FilterExpression>, ApiError> {
    let Some(expression) = parameters.text("FilterExpression")? else {
        return Ok(None);
    };
    let filter = parse(&api.store.groups()?, expression);
    let filter = filter.map_err(|error| parameters.wrong("FilterExpression", &text(&error)))?;
    Ok(Some(filter))
}

/// The filter of the group that a request names: none takes every trace.
pub(super) fn of_group(
    api: &Api,
    parameters: &Parameters,
) -> Result<Option<FilterExpression>, ApiError> {
    let group = groups::of(api, parameters)?;
    let Some(expression) = &group.filter_expression else {
        return Ok(None);
    };
    // A group that it names may have gone or changed since it was made.
    let filter = parse(&api.store.groups()?, expression).map_err(|error| {
        let group = Resource::Group(group.group_name.clone());
        ApiError::invalid_request(format!("the filter expression of {group}: {error}"))
    })?;
    Ok(Some(filter))
}

/// Whether the expression can be that of a group of this name.
pub(super) fn check(api: &Api, name: &str, expression: &str) -> Result<(), ApiError> {
    let mut groups = api.store.groups()?;
    groups.retain(|group| group.group_name != name);
    let known = |wanted: &str| match wanted {
        wanted if is_named(wanted, name) => Some(expression.to_owned()),
        wanted => expression_of(&groups, wanted),
    };
    let checked = FilterExpression::parse(expression, &known);
    checked
        .map(|_| ())
        .map_err(|error| ApiError::invalid_request(format!("FilterExpression {}", text(&error))))
}

fn text(error: &FilterError) -> String {
    format!("is no filter expression: {error}")
}

fn parse(groups: &[Group], expression: &str) -> Result<FilterExpression, FilterError> {
    FilterExpression::parse(expression, &|name| expression_of(groups, name))
}

/// The expression of the group of that name or ARN; one without takes every trace.
fn expression_of(groups: &[Group], wanted: &str) -> Option<String> {
    let group = groups
        .iter()
        .find(|group| is_named(wanted, &group.group_name));
    match group {
        Some(group) => Some(group.filter_expression.clone().unwrap_or_default()),
        None => is_named(wanted, DEFAULT).then(String::new),
    }
}

fn is_named(wanted: &str, name: &str) -> bool {
    let of_arn = || Resource::of_arn(wanted) == Some(Resource::Group(name.to_owned()));
    wanted == name || of_arn()
}
