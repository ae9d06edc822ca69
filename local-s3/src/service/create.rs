//! What a CreateBucket asks for, judged by S3's rules before anything is stored.

use http::{HeaderMap, StatusCode};
use s3s::S3Result;
use s3s::dto::{CreateBucketInput, ObjectOwnership, VersioningConfiguration};

use super::acl::{self, AclHeaders};
use super::error::{not_implemented, refuse_with};
use super::ownership::{self, acl_with_enforced_ownership};
use super::{public_access, tagging};
use crate::front::{Caller, CreationTags};
use crate::location;
use crate::name::{BucketName, Namespace};
use crate::store::{BucketRecord, Grant};

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
        Some(wanted) => ownership::checked(wanted)?,
        None => ObjectOwnership::BUCKET_OWNER_ENFORCED.to_owned(),
    };
    let object_lock = input.object_lock_enabled_for_bucket == Some(true);
    let arn = (namespace != Namespace::Global).then(|| format!("arn:aws:s3:::{}", name.as_str()));
    let record = BucketRecord {
        acl: wanted_acl(input, &caller.account, &ownership)?,
        owner: caller.account.clone(),
        region,
        created_ms: now_ms,
        object_lock,
        versioning: object_lock.then(|| VersioningConfiguration {
            status: Some("Enabled".to_owned().into()),
            ..VersioningConfiguration::default()
        }),
        public_access_block: Some(public_access::all_blocked()),
        object_ownership: Some(ownership),
        tags: tagging::checked(tags.0)?,
        ..BucketRecord::default()
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

/// The access control list of the new bucket: it needs an ownership that allows one, and a new
/// bucket blocks the public ones.
fn wanted_acl(
    input: &CreateBucketInput,
    owner: &str,
    ownership: &str,
) -> S3Result<Option<Vec<Grant>>> {
    let headers = AclHeaders {
        canned: input.acl.as_ref().map(|acl| acl.as_str()),
        grants: [
            ("FULL_CONTROL", input.grant_full_control.as_deref()),
            ("READ", input.grant_read.as_deref()),
            ("READ_ACP", input.grant_read_acp.as_deref()),
            ("WRITE", input.grant_write.as_deref()),
            ("WRITE_ACP", input.grant_write_acp.as_deref()),
        ],
    };
    let has_grants = headers.grants.iter().any(|(_, header)| header.is_some());
    let is_private = matches!(headers.canned, None | Some("private")) && !has_grants;
    if is_private {
        return Ok(None);
    }
    if ownership == ObjectOwnership::BUCKET_OWNER_ENFORCED {
        return Err(acl_with_enforced_ownership());
    }
    let grants = headers.grants(owner)?.unwrap_or_default();
    if acl::is_public(&grants) {
        return Err(refuse_with(
            StatusCode::BAD_REQUEST,
            "InvalidBucketAclWithBlockPublicAccessError",
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        ));
    }
    Ok(acl::unless_private(grants, owner))
}
