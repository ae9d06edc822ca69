//! Which share of the traces GetTraceSummaries is to give.

use tracing_xray::TraceId;

use super::error::ApiError;
use super::parameters::Parameters;

/// A share of all traces: always the same ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share(f64);

impl Share {
    /// Reads `Sampling` and `SamplingStrategy`. Only the strategy FixedRate leaves traces out:
    /// `Sampling` and PartialScan allow to, where the service would have too many to look at.
    pub(super) fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        parameters.boolean("Sampling")?;
        let Some(strategy) = parameters.object("SamplingStrategy")? else {
            return Ok(Self(1.0));
        };
        let name = strategy.choice("Name", &["PartialScan", "FixedRate"])?;
        let value = strategy.number("Value", 0.0..=1.0)?;
        match name {
            Some("FixedRate") => Ok(Self(value.unwrap_or(1.0))),
            _ => Ok(Self(1.0)),
        }
    }

    /// Whether a trace is in the share.
    pub(super) fn has(self, trace: TraceId) -> bool {
        let bits = trace.to_w3c();
        // Ids may count up; the multiplication and the shift spread them (SplitMix64).
        let mut mixed = (bits >> 64) as u64 ^ bits as u64;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Of 2^53 steps from 0 to below 1.
        ((mixed >> 11) as f64) / ((1u64 << 53) as f64) < self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn share(body: &Value) -> Result<Share, ApiError> {
        Share::of(&Parameters::parse(body.to_string().as_bytes())?)
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
            let read = share(&body).ok();
            assert_eq!(read, expected.map(Share), "{body}");
        }
    }

    #[test]
    fn a_share_of_traces_is_as_large_as_it_says_and_part_of_any_larger_one() {
        let ids = || (0..10_000).map(|number| TraceId::from_parts(1_763_790_000, number));
        let mut smaller = 0;
        for rate in [0.0, 0.1, 0.5, 0.9, 1.0] {
            let within = ids().filter(|id| Share(rate).has(*id)).count();
            let expected = rate * 10_000.0;
            assert!((within as f64 - expected).abs() < 200.0, "{rate}: {within}");
            let both = ids().filter(|id| Share(rate).has(*id) && Share(rate / 2.0).has(*id));
            let half = ids().filter(|id| Share(rate / 2.0).has(*id));
            assert!(both.eq(half));
            assert!(within >= smaller);
            smaller = within;
        }
        assert_eq!(ids().filter(|id| Share(1.0).has(*id)).count(), 10_000);
        assert_eq!(ids().filter(|id| Share(0.0).has(*id)).count(), 0);
    }
}
