//! A bucket job from its first call to its last: observe, plan, converge, one call after the other.

use aws_sdk_s3::Client;
use tracing::{Instrument, info_span};

use super::change::Change;
use super::create::{create, creation, exists};
use super::desired::Desired;
use super::error::BucketError;
use super::made::Made;
use super::part::Part;
use super::subresource::Calls;

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What differs is changed.
    Apply,
    /// What differs is only told.
    Plan,
}

/// Makes the bucket as wanted, or finds out what that would take; the changes go to `made`.
///
/// `account` is the caller's. It must own the bucket, unless the job names another owner: that is sent
/// with every call that takes it. HeadBucket always
/// comes first: in us-east-1 creating a bucket that is ours already succeeds and resets its ACLs (S3
/// API reference, `BucketAlreadyOwnedByYou`). Only what the job names is read.
///
/// # Errors
/// The first call that failed, the changes before it being made; or, before anything is written, a
/// bucket of another account or in another region, or a change that S3 never makes.
pub(crate) async fn run(
    client: &Client,
    desired: &Desired,
    account: Option<&str>,
    mode: Mode,
    made: &Made,
) -> Result<(), BucketError> {
    let bucket = &Calls {
        client,
        bucket: desired.bucket.as_str(),
        owner: desired.expected_owner().or(account),
    };
    let mut parts = desired.parts();
    if !observe(bucket, desired, &mut parts).await? {
        check_creator(desired, account)?;
        let creation = creation(desired);
        made.note(creation.clone());
        if mode == Mode::Apply {
            let span = info_span!("create bucket");
            let created = create(bucket, desired).instrument(span).await;
            told(created.map_err(Into::into), made, &creation)?;
        }
        // Whose it is and how it really is: somebody else may have made it just now. S3 may also not
        // show it yet.
        let is_shown = mode == Mode::Apply && observe(bucket, desired, &mut parts).await?;
        if !is_shown {
            parts.iter_mut().for_each(|part| part.assume_new());
        }
    }
    let planned = plan(desired, &parts)?;
    for (part, change) in planned {
        made.note(change.clone());
        if mode == Mode::Apply {
            let name = change.step();
            let span = info_span!("change", xray.name = name);
            let put = part.make(bucket).instrument(span).await;
            told(put.map_err(Into::into), made, &change)?;
        }
    }
    Ok(())
}

/// What is surely not made is not told as made.
fn told(answer: Result<(), BucketError>, made: &Made, change: &Change) -> Result<(), BucketError> {
    answer.inspect_err(|error| made.refused(change, error))
}

/// CreateBucket takes no expected owner: the caller's account would own what another one must.
fn check_creator(desired: &Desired, account: Option<&str>) -> Result<(), BucketError> {
    match (desired.expected_owner(), account) {
        (Some(owner), Some(account)) if owner != account => Err(BucketError::OtherCreator {
            bucket: desired.bucket.clone(),
            owner: owner.to_owned(),
            account: account.to_owned(),
        }),
        _ => Ok(()),
    }
}

async fn observe(
    bucket: &Calls<'_>,
    desired: &Desired,
    parts: &mut [Box<dyn Part>],
) -> Result<bool, BucketError> {
    let observe = async {
        if !exists(bucket, desired).await? {
            return Ok(false);
        }
        for part in parts {
            part.observe(bucket).await?;
        }
        Ok(true)
    };
    observe.instrument(info_span!("observe")).await
}

/// The changes that lead from what is there to what is wanted, in the order that S3 takes them; none
/// when they agree.
fn plan<'p>(
    desired: &Desired,
    parts: &'p [Box<dyn Part>],
) -> Result<Vec<(&'p dyn Part, Change)>, BucketError> {
    let mut planned = Vec::new();
    for part in parts {
        let Some(change) = part.change() else {
            continue;
        };
        if let Some(why) = part.refusal() {
            return Err(BucketError::Unchangeable {
                bucket: desired.bucket.clone(),
                field: part.field(),
                why,
            });
        }
        planned.push((&**part, change));
    }
    planned.sort_by_key(|(_, change)| rank(change));
    Ok(planned)
}

/// The order in which S3 takes changes. What opens or closes the bucket comes before what needs it.
const ORDER: [&str; 17] = [
    "object_ownership",
    "public_access_block",
    "acl",
    "encryption",
    "versioning",
    "policy",
    "lifecycle",
    "logging",
    "cors",
    "website",
    "notification",
    "accelerate",
    "request_payment",
    "tags",
    "intelligent_tiering",
    "replication",
    "object_lock",
];

/// Twice the place in the order, so that there is room between two places.
fn rank(change: &Change) -> usize {
    let place = |field: &str| {
        let place = ORDER.iter().position(|known| *known == field);
        2 * place.unwrap_or(ORDER.len())
    };
    let becomes = |word: &str| change.to.as_ref().is_some_and(|to| to == word);
    match change.field {
        // S3 does not switch ACLs off while one grants something to others.
        "object_ownership" if becomes("BucketOwnerEnforced") => place("acl") + 1,
        // Nor versioning while the bucket is replicated.
        "versioning" if !becomes("on") => place("replication") + 1,
        field => place(field),
    }
}

#[cfg(test)]
mod tests;
