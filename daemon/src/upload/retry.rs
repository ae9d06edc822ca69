//! How often, and after how long, an upload is tried again.

use std::time::Duration;

/// Exponential backoff with full jitter: before attempt n+1 a random time between nothing and
/// `backoff_base` · 2ⁿ⁻¹, but no more than `backoff_max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least 1. Default 10, which with the other defaults
    /// carries a batch over an outage of about ten seconds.
    pub attempts_max: u32,
    /// The most to wait before the second attempt. Default 100 ms.
    pub backoff_base: Duration,
    /// The most to wait before any attempt. Default 5 s.
    pub backoff_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 10,
            backoff_base: Duration::from_millis(100),
            backoff_max: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after the given attempt, the first being 1; `random` is in 0..1.
    pub(crate) fn delay(&self, attempt: u32, random: f64) -> Duration {
        let doubled = 2u32.saturating_pow(attempt.saturating_sub(1));
        let most = self.backoff_base.saturating_mul(doubled);
        most.min(self.backoff_max).mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let policy = RetryPolicy::default();
        let most = |attempt| policy.delay(attempt, 1.0).as_millis();
        assert_eq!(
            [1, 2, 3, 6, 7, 10, 99].map(most),
            [100, 200, 400, 3200, 5000, 5000, 5000]
        );
        assert_eq!(policy.delay(2, 0.25), Duration::from_millis(50));
        assert_eq!(policy.delay(2, 0.0), Duration::ZERO);
    }
}
