//! The lock of a ledger in S3: an object that one run at a time may write, by S3's conditional writes.
//!
//! `If-None-Match: *` makes it, `If-Match` with the last ETag renews it or takes it over. Of several
//! who try, S3 lets one through and answers 412 to the others (S3 user guide, "How to prevent object
//! overwrites with conditional writes").

use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::s3::Objects;

/// How much later than its time a lease is taken over: the clocks of machines differ.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// How often the lock is tried when others take it meanwhile.
const TRIES: usize = 10;

/// What the lock says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// The run that has it, or had it last.
    pub(super) run_id: String,
    /// The process, by a random word.
    pub(super) owner: String,
    /// When it is over, unless it is renewed.
    pub(super) expires_at: DateTime<Utc>,
    /// How the run ended; nothing while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<u8>,
}

impl Lease {
    /// Whether the run that has it may still be working.
    pub(super) fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.exit_code.is_none() && now < self.expires_at + SKEW
    }
}

/// The lock's object.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    pub(super) objects: Objects,
    pub(super) key: String,
}

/// A lease that was written, with the object's ETag, which the next write must name.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) lease: Lease,
    etag: String,
}

/// What came of a try for the lock.
pub(super) enum Taken {
    /// It is ours; `before` is the lease that was there.
    Ours { held: Held, before: Option<Lease> },
    /// Another run has it.
    Live(Lease),
}

/// Why a lease was not renewed.
pub(super) enum RenewError {
    /// Somebody else has written it.
    Lost,
    /// The call failed; the lease may still be ours.
    Failed(LedgerError),
}

impl Lock {
    /// Takes the lock if nobody has it. `of` makes our lease of the one that was there.
    ///
    /// # Errors
    /// A call failed, or others took it again and again.
    pub(super) async fn take(
        &self,
        of: impl Fn(Option<&Lease>) -> Lease,
    ) -> Result<Taken, LedgerError> {
        let mut before = None;
        for _ in 0..TRIES {
            let there = self.read().await?;
            let etag = match &there {
                // The answer to our own write was lost, and the SDK's next try was refused.
                Some((lease, etag)) if lease.owner == of(None).owner => {
                    let (lease, etag) = (lease.clone(), etag.clone());
                    return Ok(Taken::Ours {
                        held: Held { lease, etag },
                        before,
                    });
                }
                Some((lease, _)) if lease.is_live(Utc::now()) => {
                    return Ok(Taken::Live(lease.clone()));
                }
                Some((_, etag)) => Some(etag.as_str()),
                None => None,
            };
            let lease = of(there.as_ref().map(|(lease, _)| lease));
            let written = self.write(&lease, etag).await;
            before = there.map(|(lease, _)| lease);
            match written {
                Ok(etag) => {
                    return Ok(Taken::Ours {
                        held: Held { lease, etag },
                        before,
                    });
                }
                Err(RenewError::Lost) => {} // another one was first: look at what it wrote
                Err(RenewError::Failed(error)) => return Err(error),
            }
        }
        let place = self.objects.place(&self.key);
        Err(LedgerError::Contended { place })
    }

    /// Makes the lease longer.
    pub(super) async fn renew(&self, held: &mut Held, lease: Duration) -> Result<(), RenewError> {
        held.lease.expires_at = Utc::now() + lease;
        held.etag = self.replace(held).await?;
        Ok(())
    }

    /// Gives the lock back, with the run's exit code.
    pub(super) async fn release(&self, mut held: Held, exit_code: u8) -> Result<(), RenewError> {
        held.lease.exit_code = Some(exit_code);
        held.lease.expires_at = Utc::now();
        self.replace(&held).await.map(drop)
    }

    /// Writes over what we hold. Where S3 refuses, it may be our own write whose answer was lost, or
    /// one of ours that another one met: then it is written again.
    async fn replace(&self, held: &Held) -> Result<String, RenewError> {
        let mut etag = held.etag.clone();
        for _ in 0..TRIES {
            match self.write(&held.lease, Some(&etag)).await {
                Err(RenewError::Lost) => {}
                written => return written,
            }
            match self.read().await {
                Ok(Some((lease, there))) if lease == held.lease => return Ok(there),
                Ok(Some((lease, there))) if lease.owner == held.lease.owner => etag = there,
                Ok(_) => return Err(RenewError::Lost),
                Err(error) => return Err(RenewError::Failed(error)),
            }
        }
        Err(RenewError::Failed(LedgerError::Contended {
            place: self.objects.place(&self.key),
        }))
    }

    async fn read(&self) -> Result<Option<(Lease, String)>, LedgerError> {
        let Some((body, etag)) = self.objects.read(&self.key).await? else {
            return Ok(None);
        };
        Ok(Some((self.objects.parse(&self.key, &body)?, etag)))
    }

    /// Writes the lease where the object still has this ETag, or is not there.
    async fn write(&self, lease: &Lease, etag: Option<&str>) -> Result<String, RenewError> {
        let body = serde_json::to_vec(lease).unwrap_or_default();
        let put = self.objects.put(&self.key, body);
        let put = match etag {
            Some(etag) => put.if_match(etag),
            None => put.if_none_match("*"),
        };
        match put.send().await {
            Ok(put) => Ok(put.e_tag.unwrap_or_default()),
            Err(error) => match (error.code(), status(&error)) {
                // 404: what was to be replaced is gone.
                (Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey"), _)
                | (_, Some(412)) => Err(RenewError::Lost),
                _ => {
                    let error = self.objects.failed(&self.key, "PutObject", &error);
                    Err(RenewError::Failed(error))
                }
            },
        }
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_some_time_after_it_ran_out() {
        let now = Utc::now();
        let mut lease = Lease {
            run_id: "r".to_owned(),
            owner: "o".to_owned(),
            expires_at: now,
            exit_code: None,
        };
        assert!(lease.is_live(now + TimeDelta::seconds(4)));
        assert!(!lease.is_live(now + TimeDelta::seconds(6)));
        lease.exit_code = Some(0);
        assert!(!lease.is_live(now));
    }
}
