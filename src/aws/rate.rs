//! Rate limits per S3 operation: every attempt of a call waits for its turn, also those that the SDK
//! makes again by itself.
//!
//! An interceptor writes the operation's name on the request, since the HTTP client cannot know it;
//! the client in [`super::http`] then waits here before it sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

/// Stands for every operation that has no limit of its own; they share it.
const ANY: &str = "*";

/// Calls a second, by operation. Calls take turns evenly: no burst is saved up.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    turns: BTreeMap<String, Turns>,
}

#[derive(Debug)]
struct Turns {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl RateLimits {
    /// Limits by the names of operations as S3 spells them, and `*` for all others together.
    pub(crate) fn new(calls_per_second: &BTreeMap<String, f64>) -> Self {
        let turns = |(operation, rate): (&String, &f64)| {
            let turns = Turns {
                interval: Duration::try_from_secs_f64(rate.recip()).unwrap_or(Duration::MAX),
                next: Mutex::new(None),
            };
            (operation.clone(), turns)
        };
        Self {
            turns: calls_per_second.iter().map(turns).collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Waits for the turn of a call.
    pub(super) async fn admit(&self, operation: &str) {
        let turns = self.turns.get(operation).or_else(|| self.turns.get(ANY));
        if let Some(turns) = turns {
            tokio::time::sleep_until(turns.take(Instant::now())).await;
        }
    }
}

impl Turns {
    /// Takes the next turn and answers when it is.
    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.unwrap_or(now).max(now);
        *next = turn.checked_add(self.interval).or(*next);
        turn
    }
}

/// The name of the operation that a request is for.
#[derive(Clone, Debug)]
pub(super) struct OperationName(pub(super) Arc<str>);

/// Writes the operation's name on each request.
#[derive(Debug)]
pub(super) struct NameOperation;

impl Intercept for NameOperation {
    fn name(&self) -> &'static str {
        "NameOperation"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>() {
            let name = OperationName(metadata.name().into());
            context.request_mut().add_extension(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_take_turns_and_save_up_nothing() {
        let limits = RateLimits::new(&[("PutBucketPolicy".to_owned(), 10.0)].into());
        let turns = &limits.turns["PutBucketPolicy"];
        let start = Instant::now();
        let ms = Duration::from_millis;
        assert_eq!(turns.take(start), start);
        assert_eq!(turns.take(start), start + ms(100));
        assert_eq!(turns.take(start + ms(50)), start + ms(200));
        let late = start + ms(5000);
        assert_eq!(turns.take(late), late);
        assert_eq!(turns.take(late), late + ms(100));
    }

    #[tokio::test(start_paused = true)]
    async fn operations_without_a_limit_of_their_own_share_one() {
        let per_second = [("*".to_owned(), 2.0), ("HeadBucket".to_owned(), 1000.0)];
        let limits = RateLimits::new(&per_second.into());
        let start = Instant::now();
        limits.admit("PutBucketPolicy").await;
        limits.admit("CreateBucket").await;
        assert_eq!(start.elapsed().as_millis(), 500);
        limits.admit("HeadBucket").await;
        assert_eq!(start.elapsed().as_millis(), 500);
    }
}
