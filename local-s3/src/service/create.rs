//! What a CreateBucket asks for, judged by S3's rules before anything is stored.

use http::{HeaderMap, StatusCode};
use s3s::dto::{CreateBucketInput, ObjectOwnership, VersioningConfiguration};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::error::{not_implemented, refuse, refuse_with};
use super::subresource;
use crate::front::{Caller, CreationTags};
use crate::location;
use crate::name::{BucketName, Namespace};
use crate::store::BucketRecord;

/// A bucket to create.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) name: BucketName,
    pub(super) record: BucketRecord,
    /// Only buckets of the account-regional namespace tell their ARN.
    pub(super) arn: Option<String>,
}

/// Judges a request that arrives at `now_ms` (milliseconds since 1970).
pub(super) fn wanted(
    input: &CreateBucketInput,
    tags: CreationTags,
    headers: &HeaderMap,
    caller: &Caller,
    now_ms: u64,
) -> S3Result<Wanted> {
    let configuration = input.create_bucket_configuration.as_ref();
    if configuration.is_some_and(|c| c.location.is_some() || c.bucket.is_some()) {
        return Err(not_implemented("a directory bucket"));
    }
    let name = BucketName::parse(&input.bucket)?;
    let constraint = configuration.and_then(|c| c.location_constraint.as_ref());
    let region = location::bucket_region(caller.region.as_deref(), constraint.map(|c| c.as_str()))?;
    let namespace = namespace(headers, caller, &region)?;
    name.check_namespace(&namespace)?;

    let ownership = match &input.object_ownership {
        Some(ownership) => subresource::object_ownership(ownership)?,
        None => ObjectOwnership::BUCKET_OWNER_ENFORCED.to_owned(),
    };
    check_acl(input, &ownership)?;
    let object_lock = input.object_lock_enabled_for_bucket == Some(true);
    let arn = (namespace != Namespace::Global).then(|| format!("arn:aws:s3:::{}", name.as_str()));
    let record = BucketRecord {
        owner: caller.account.clone(),
        region,
        created_ms: now_ms,
        object_lock,
        versioning: object_lock.then(|| VersioningConfiguration {
            status: Some("Enabled".to_owned().into()),
            ..VersioningConfiguration::default()
        }),
        encryption: None,
        public_access_block: Some(subresource::all_public_access_blocked()),
        object_ownership: Some(ownership),
        tags: subresource::tags(tags.0)?,
    };
    Ok(Wanted { name, record, arn })
}

fn namespace(headers: &HeaderMap, caller: &Caller, region: &str) -> S3Result<Namespace> {
    match headers.get("x-amz-bucket-namespace").map(|v| v.as_bytes()) {
        None | Some(b"global") => Ok(Namespace::Global),
        Some(b"account-regional") => Ok(Namespace::AccountRegional {
            account: caller.account.clone(),
            region: region.to_owned(),
        }),
        Some(_) => Err(refuse_with(
            StatusCode::BAD_REQUEST,
            "InvalidNamespaceHeader",
            "x-amz-bucket-namespace must be global or account-regional",
        )),
    }
}

/// ACLs need an ownership that allows them, and new buckets block the public ones.
fn check_acl(input: &CreateBucketInput, ownership: &str) -> Result<(), S3Error> {
    let canned = input.acl.as_ref().map_or("private", |acl| acl.as_str());
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let has_grants = grants.iter().any(|grant| grant.is_some());
    if canned == "private" && !has_grants {
        return Ok(());
    }
    if ownership == ObjectOwnership::BUCKET_OWNER_ENFORCED {
        return Err(refuse(
            S3ErrorCode::InvalidBucketAclWithObjectOwnership,
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ));
    }
    match canned {
        "public-read" | "public-read-write" | "authenticated-read" => Err(refuse_with(
            StatusCode::BAD_REQUEST,
            "InvalidBucketAclWithBlockPublicAccessError",
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        )),
        _ => Err(not_implemented("an access control list")),
    }
}
