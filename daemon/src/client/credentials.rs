//! Credentials, asked for again only when they are about to expire.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

/// Renewed this long before they expire, so that none expire on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// Credentials without an expiry may change too, such as those in a file.
const DEFAULT_LIFE: Duration = Duration::from_secs(15 * 60);

/// A provider with a memory; the providers of `aws-config` have none of their own.
#[derive(Debug)]
pub(crate) struct CachedCredentials {
    provider: SharedCredentialsProvider,
    cached: Mutex<Option<Cached>>,
}

#[derive(Debug)]
struct Cached {
    credentials: Credentials,
    renew_at: SystemTime,
}

impl CachedCredentials {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            cached: Mutex::default(),
        }
    }

    /// Callers that come while the provider is asked wait for the one answer.
    pub(crate) async fn get(&self, now: SystemTime) -> Result<Credentials, CredentialsError> {
        let mut cached = self.cached.lock().await;
        if let Some(cached) = cached.as_ref().filter(|cached| now < cached.renew_at) {
            return Ok(cached.credentials.clone());
        }
        let credentials = self.provider.provide_credentials().await?;
        let renew_at = match credentials.expiry() {
            Some(expiry) => expiry.checked_sub(MARGIN).unwrap_or(expiry),
            None => now + DEFAULT_LIFE,
        };
        *cached = Some(Cached {
            credentials: credentials.clone(),
            renew_at,
        });
        Ok(credentials)
    }

    /// Forgets credentials that the service no longer takes.
    pub(crate) async fn forget(&self) {
        *self.cached.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::provider::future;

    #[derive(Debug, Default)]
    struct Rotating {
        asked: AtomicU64,
        life: Option<Duration>,
    }

    impl ProvideCredentials for Rotating {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let nth = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let expiry = self.life.map(|life| SystemTime::UNIX_EPOCH + life);
            let key = format!("key-{nth}");
            future::ProvideCredentials::ready(Ok(Credentials::new(key, "s", None, expiry, "test")))
        }
    }

    async fn keys_at(provider: Rotating, seconds: &[u64]) -> Vec<String> {
        let cached = CachedCredentials::new(SharedCredentialsProvider::new(provider));
        let mut keys = Vec::new();
        for &second in seconds {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let credentials = cached.get(now).await.unwrap();
            keys.push(credentials.access_key_id().to_owned());
        }
        keys
    }

    #[tokio::test]
    async fn they_are_renewed_shortly_before_they_expire() {
        let provider = Rotating {
            life: Some(Duration::from_secs(3600)),
            ..Rotating::default()
        };
        let keys = keys_at(provider, &[0, 3589, 3590]).await;
        assert_eq!(keys, ["key-1", "key-1", "key-2"]);
    }

    #[tokio::test]
    async fn without_an_expiry_they_are_asked_for_now_and_then() {
        let keys = keys_at(Rotating::default(), &[0, 899, 900, 1700]).await;
        assert_eq!(keys, ["key-1", "key-1", "key-2", "key-2"]);
    }

    #[tokio::test]
    async fn forgotten_ones_are_asked_for_again() {
        let cached = CachedCredentials::new(SharedCredentialsProvider::new(Rotating::default()));
        let now = SystemTime::UNIX_EPOCH;
        cached.get(now).await.unwrap();
        cached.forget().await;
        assert_eq!(cached.get(now).await.unwrap().access_key_id(), "key-2");
    }
}
