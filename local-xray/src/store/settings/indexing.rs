//! The indexing rule Default. Its percentage is kept, without effect: local X-Ray indexes all
//! traces.

use serde::Serialize;
use serde_json::{Value, json};
use tracing_xray::Timestamp;

use super::{DEFAULT, micros, time};
use crate::store::{Store, StoreError};

/// An `IndexingRule` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IndexingRule {
    name: &'static str,
    modified_at: Timestamp,
    rule: Value,
}

impl Store {
    pub(crate) fn indexing_rule(&self) -> Result<IndexingRule, StoreError> {
        let query = "SELECT indexing_percentage, indexing_changed_us FROM single_settings";
        self.read(|connection| {
            connection.query_row(query, [], |row| {
                let changed = time(row.get_ref(1)?)?;
                Ok(IndexingRule::new(row.get(0)?, changed))
            })
        })
    }

    /// Keeps how many percent of the traces to index.
    pub(crate) fn update_indexing_rule(
        &self,
        percentage: f64,
        now: Timestamp,
    ) -> Result<IndexingRule, StoreError> {
        let update =
            "UPDATE single_settings SET indexing_percentage = ?1, indexing_changed_us = ?2";
        self.write(|transaction| transaction.execute(update, (percentage, micros(now))))?;
        Ok(IndexingRule::new(percentage, now))
    }
}

impl IndexingRule {
    fn new(percentage: f64, modified_at: Timestamp) -> Self {
        let rule = json!({
            "Probabilistic": {
                "DesiredSamplingPercentage": percentage,
                "ActualSamplingPercentage": 100.0,
            },
        });
        Self {
            name: DEFAULT,
            modified_at,
            rule,
        }
    }
}
