//! Time series: what a service or an edge did in each period.

use std::collections::BTreeMap;

use serde::Serialize;
use tracing_xray::Timestamp;

use super::statistics::{HistogramEntry, Requests, Statistics};
use crate::assemble::DetailedTrace;
use crate::filter::{EntitySelector, FilterExpression, Selects};

/// Which time series is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TimeSeriesQuery<'a> {
    /// The window's first time.
    pub start: Timestamp,
    /// The window's last time.
    pub end: Timestamp,
    /// The traces to look at; none takes all.
    pub filter: Option<&'a FilterExpression>,
    /// The services or edges to add up.
    pub selector: &'a EntitySelector,
    /// The length of a period in seconds, at least one.
    pub period_secs: u64,
}

/// Adds the requests of traces up by the period in which they began.
pub(crate) struct TimeSeries<'a> {
    query: &'a TimeSeriesQuery<'a>,
    periods: BTreeMap<u64, Requests>,
}

impl<'a> TimeSeries<'a> {
    pub(crate) fn new(query: &'a TimeSeriesQuery<'a>) -> Self {
        Self {
            query,
            periods: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, trace: &DetailedTrace<'_>) {
        for entity in self.query.selector.entities(trace) {
            let entity = &trace.trace.entities[entity];
            if entity.start < self.query.start || entity.start > self.query.end {
                continue;
            }
            let period_secs = self.query.period_secs.max(1);
            let period = entity.start.as_secs() / period_secs * period_secs;
            self.periods.entry(period).or_default().add(entity);
        }
    }

    /// The periods, in order. Readers divide by the number of requests, so there are none without.
    pub(crate) fn finish(self) -> Vec<TimePoint> {
        let selects = self.query.selector.selects();
        let periods = self.periods.into_iter();
        let periods = periods.filter(|(_, requests)| !requests.is_empty());
        periods
            .map(|(timestamp, requests)| TimePoint::new(timestamp, selects, requests))
            .collect()
    }
}

/// A period of a time series, a `TimeSeriesServiceStatistics` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TimePoint {
    /// The period's first second.
    pub(crate) timestamp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_summary_statistics: Option<Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_summary_statistics: Option<Statistics>,
    response_time_histogram: Vec<HistogramEntry>,
}

impl TimePoint {
    fn new(timestamp: u64, selects: Selects, requests: Requests) -> Self {
        let statistics = Some(requests.statistics());
        let (edge, service) = match selects {
            Selects::Edges => (statistics, None),
            Selects::Services => (None, statistics),
        };
        Self {
            timestamp,
            edge_summary_statistics: edge,
            service_summary_statistics: service,
            response_time_histogram: requests.into_histogram(),
        }
    }
}
