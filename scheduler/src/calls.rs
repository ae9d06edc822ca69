//! What the calls to EventBridge and to ECS share: how often they are tried, how many at once, and what
//! their errors say.

mod error;

use std::future::Future;
use std::time::Duration;

use aws_sdk_eventbridge::config::retry::RetryConfig;
use tokio::task::JoinSet;

pub use error::RemoteError;

/// The most calls at once: EventBridge takes about 50 a second of most operations, and the SDK slows
/// down by itself when it is told to.
const CALLS_MAX: usize = 16;

/// How often a call is tried; those that are throttled wait longer from time to time.
const ATTEMPTS_MAX: u32 = 8;

/// The longest first wait before a call is tried again, and the longest wait at all: together at
/// most a quarter of a minute where nobody can be reached.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(4));

/// How calls are tried again: those of EventBridge and of ECS alike.
pub(crate) fn retries() -> RetryConfig {
    let (first, longest) = BACKOFF;
    RetryConfig::adaptive()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(first)
        .with_max_backoff(longest)
}

/// Does the same with each item, so many at once; answers in the order of the items.
pub(crate) async fn concurrently<T, R, F>(items: Vec<T>, each: impl Fn(T) -> F) -> Vec<R>
where
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut results: Vec<Option<R>> = Vec::new();
    results.resize_with(items.len(), || None);
    let take = |ended: Option<Result<(usize, R), tokio::task::JoinError>>,
                results: &mut Vec<Option<R>>| {
        match ended {
            Some(Ok((index, result))) => results[index] = Some(result),
            // One that panicked must not be missed in silence.
            Some(Err(error)) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
            None => {}
        }
    };
    for (index, item) in items.into_iter().enumerate() {
        if running.len() >= CALLS_MAX {
            let ended = running.join_next().await;
            take(ended, &mut results);
        }
        let work = each(item);
        running.spawn(async move { (index, work.await) });
    }
    while let Some(ended) = running.join_next().await {
        take(Some(ended), &mut results);
    }
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let doubled = concurrently(items, |item| async move {
            for _ in 0..100 - item {
                tokio::task::yield_now().await;
            }
            item * 2
        });
        let wanted: Vec<usize> = (0..100).map(|item| item * 2).collect();
        assert_eq!(doubled.await, wanted);
    }

    #[tokio::test]
    #[should_panic(expected = "of item 3")]
    async fn a_panic_is_not_lost() {
        concurrently((0..5).collect(), |item| async move {
            assert!(item != 3, "of item {item}");
        })
        .await;
    }
}
