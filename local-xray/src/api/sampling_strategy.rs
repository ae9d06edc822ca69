//! Which share of the traces GetTraceSummaries is to give.

use super::error::ApiError;
use super::parameters::Parameters;
use crate::store::Share;

/// Reads `Sampling` and `SamplingStrategy`. Only the strategy FixedRate leaves traces out:
/// `Sampling` and PartialScan allow to, where the service would have too many to look at.
pub(super) fn share(parameters: &Parameters) -> Result<Share, ApiError> {
    parameters.boolean("Sampling")?;
    let Some(strategy) = parameters.object("SamplingStrategy")? else {
        return Ok(Share::ALL);
    };
    let name = strategy.choice("Name", &["PartialScan", "FixedRate"])?;
    let value = strategy.number("Value", 0.0..=1.0)?;
    match name {
        Some("FixedRate") => Ok(value.map_or(Share::ALL, Share::new)),
        _ => Ok(Share::ALL),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<Share, ApiError> {
        share(&Parameters::parse(body.to_string().as_bytes())?)
    }

    #[test]
    fn only_a_fixed_rate_leaves_traces_out() {
        for (body, expected) in [
            (json!({}), Some(1.0)),
            (json!({ "Sampling": true }), Some(1.0)),
            (json!({ "SamplingStrategy": {} }), Some(1.0)),
            (
                json!({ "SamplingStrategy": { "Name": "PartialScan", "Value": 0.2 } }),
                Some(1.0),
            ),
            (
                json!({ "SamplingStrategy": { "Name": "FixedRate", "Value": 0.2 } }),
                Some(0.2),
            ),
            (
                json!({ "SamplingStrategy": { "Name": "FixedRate", "Value": 0 } }),
                Some(0.0),
            ),
            (
                json!({ "SamplingStrategy": { "Name": "FixedRate" } }),
                Some(1.0),
            ),
            (
                json!({ "SamplingStrategy": { "Name": "FixedRate", "Value": 1.1 } }),
                None,
            ),
            (
                json!({ "SamplingStrategy": { "Name": "FixedRate", "Value": "1" } }),
                None,
            ),
            (json!({ "SamplingStrategy": { "Name": "Random" } }), None),
            (json!({ "SamplingStrategy": "FixedRate" }), None),
            (json!({ "Sampling": "true" }), None),
        ] {
            let read = read(&body).ok();
            assert_eq!(read, expected.map(Share::new), "{body}");
        }
    }
}
