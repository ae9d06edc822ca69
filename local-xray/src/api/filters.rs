//! Filter expressions in requests, and those of groups, which may name other groups.

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, groups};
use crate::filter::{FilterError, FilterExpression};
use crate::store::{Resource, expression_of, is_named, parse_filter};

/// `FilterExpression` of a request: none takes every trace.
pub(super) fn read(
    api: &Api,
    parameters: &Parameters,
) -> Result<Option<FilterExpression>, ApiError> {
    let Some(expression) = parameters.text("FilterExpression")? else {
        return Ok(None);
    };
    let filter = parse_filter(&api.store.groups()?, expression);
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
    let filter = parse_filter(&api.store.groups()?, expression).map_err(|error| {
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
