//! GetTimeSeriesServiceStatistics.

use super::error::ApiError;
use super::pages::Page;
use super::parameters::Parameters;
use super::{Api, filters};
use crate::filter::EntitySelector;
use crate::graph::{TimePoint, TimeSeriesQuery};

/// The longest period in seconds. AWS takes 60 and 300; any other makes sense as well.
const PERIOD_MAX: i32 = 24 * 3600;

/// The period in seconds of a request that names none.
const PERIOD: i32 = 60;

/// How many periods a page holds.
const PERIODS_PAGE: usize = 1000;

pub(super) fn time_series(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (start, end) = parameters.window()?;
    let filter = filters::of_group(api, &parameters)?;
    let selector = match parameters.text_of("EntitySelectorExpression", 1..=500)? {
        Some(text) => text.parse().map_err(|error| {
            parameters.wrong(
                "EntitySelectorExpression",
                &format!("is no entity selector: {error}"),
            )
        })?,
        None => EntitySelector::default(),
    };
    let period = parameters.integer("Period", 1..=PERIOD_MAX)?;
    // Forecasts come with insights, which no local X-Ray has.
    parameters.boolean("ForecastStatistics")?;
    let points = api.store.time_series(&TimeSeriesQuery {
        start,
        end,
        filter: filter.as_ref(),
        selector: &selector,
        period_secs: period.unwrap_or(PERIOD).unsigned_abs().into(),
    })?;
    let key = |point: &TimePoint| format!("{:020}", point.timestamp);
    let page = Page::of(&parameters, "periods", &points, PERIODS_PAGE, key)?;
    let answer = page.answer("TimeSeriesServiceStatistics")?;
    Ok(answer
        .member("ContainsOldGroupVersions", &false)?
        .into_body())
}
