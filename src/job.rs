//! One attempt at a job, whatever its kind.

use std::slice;

use crate::aws::S3Clients;
use crate::bucket::{self, Change, Existence};
use crate::outcome::JobError;
use crate::spec::{JobKind, JobSpec};

/// What jobs need from outside: clients, and who we are.
#[derive(Debug)]
pub(crate) struct Resources {
    /// Clients of S3.
    pub s3: S3Clients,
    /// The account that must own every bucket, when it is known.
    pub account: Option<String>,
}

/// Makes things as the job wants them and answers what had to be changed, one line a change.
///
/// # Errors
/// The job failed; some of its changes may be made. Running it again goes on from there.
pub(crate) async fn run(spec: &JobSpec, resources: &Resources) -> Result<Vec<String>, JobError> {
    match &spec.kind {
        JobKind::CreateBucket(desired) => {
            let client = resources.s3.of_region(desired.region.as_str());
            let wanted_owner = desired.expected_owner.as_deref();
            let account = wanted_owner.or(resources.account.as_deref());
            let observed = bucket::observe(&client, desired, account).await?;
            let mut changes = bucket::plan(desired, &observed);
            if let [create @ Change::CreateBucket { .. }, ..] = &changes[..] {
                let create = create.clone();
                bucket::converge(&client, desired, account, slice::from_ref(&create)).await?;
                // Whose it is and how it really is: somebody else may have created it just now.
                let observed = bucket::observe(&client, desired, account).await?;
                if observed.existence == Existence::Ours {
                    changes = bucket::plan(desired, &observed);
                } else {
                    changes.remove(0); // S3 does not show it yet
                }
                bucket::converge(&client, desired, account, &changes).await?;
                changes.insert(0, create);
            } else {
                bucket::converge(&client, desired, account, &changes).await?;
            }
            Ok(changes.iter().map(ToString::to_string).collect())
        }
    }
}
