//! A share of all traces, for who wants a sample.

use tracing_xray::TraceId;

/// A share of all traces: always the same ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(f64);

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl Share {
    /// Every trace.
    pub const ALL: Self = Self(1.0);

    /// A share from 0, no trace, to 1, every trace.
    pub fn new(rate: f64) -> Self {
        Self(rate)
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
    use super::*;

    #[test]
    fn a_share_of_traces_is_as_large_as_it_says_and_part_of_any_larger_one() {
        let ids = || (0..10_000).map(|number| TraceId::from_parts(1_763_790_000, number));
        let mut smaller = 0;
        for rate in [0.0, 0.1, 0.5, 0.9, 1.0] {
            let within = ids().filter(|id| Share::new(rate).has(*id)).count();
            let expected = rate * 10_000.0;
            assert!((within as f64 - expected).abs() < 200.0, "{rate}: {within}");
            let both =
                ids().filter(|id| Share::new(rate).has(*id) && Share::new(rate / 2.0).has(*id));
            let half = ids().filter(|id| Share::new(rate / 2.0).has(*id));
            assert!(both.eq(half));
            assert!(within >= smaller);
            smaller = within;
        }
        assert_eq!(ids().filter(|id| Share::ALL.has(*id)).count(), 10_000);
        assert_eq!(ids().filter(|id| Share::new(0.0).has(*id)).count(), 0);
    }
}
