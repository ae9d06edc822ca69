//! The access control list of a bucket: canned, by headers, or as a document.

mod grant;

use s3s::dto::{AccessControlPolicy, GetBucketAclOutput, PutBucketAclInput, PutBucketAclOutput};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::{access_denied, invalid_argument, invalid_request, refuse};
use super::{ownership, public_access};
use crate::store::{BucketRecord, Grant, Grantee};
pub(super) use grant::{from_dto, to_dto};

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const GRANTS_MAX: usize = 100;

/// What the headers of a request say of an access control list.
#[derive(Debug)]
pub(super) struct AclHeaders<'a> {
    /// `x-amz-acl`.
    pub(super) canned: Option<&'a str>,
    /// The `x-amz-grant-` headers, by the permission that each grants.
    pub(super) grants: [(&'static str, Option<&'a str>); 5],
}

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketAclOutput>> {
    let grants = bucket
        .acl
        .unwrap_or_else(|| vec![full_control(&bucket.owner)]);
    answer(GetBucketAclOutput {
        grants: Some(grants.into_iter().map(to_dto).collect()),
        owner: Some(grant::owner(bucket.owner)),
    })
}

pub(super) fn put(
    input: PutBucketAclInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketAclOutput> {
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
    let in_headers = headers.grants(&bucket.owner)?;
    let grants = match (in_headers, input.access_control_policy) {
        (Some(_), Some(_)) => {
            return Err(refuse(
                S3ErrorCode::UnexpectedContent,
                "This request does not support content",
            ));
        }
        (Some(grants), None) => grants,
        (None, Some(policy)) => document(policy, &bucket.owner)?,
        (None, None) => {
            return Err(refuse(
                S3ErrorCode::MissingSecurityHeader,
                "Your request was missing a required header",
            ));
        }
    };
    if grants.len() > GRANTS_MAX {
        return Err(malformed());
    }
    let is_public = is_public(&grants);
    let acl = unless_private(grants, &bucket.owner);
    if acl.is_some() && ownership::is_enforced(bucket) {
        return Err(refuse(
            S3ErrorCode::AccessControlListNotSupported,
            "The bucket does not allow ACLs",
        ));
    }
    if is_public && public_access::blocks_acls(bucket) {
        return Err(access_denied());
    }
    bucket.acl = acl;
    Ok(PutBucketAclOutput {})
}

impl AclHeaders<'_> {
    /// The grants that the headers ask for in a bucket of `owner`; none when they ask for none.
    pub(super) fn grants(&self, owner: &str) -> S3Result<Option<Vec<Grant>>> {
        let mut grants = Vec::new();
        for (permission, header) in self.grants {
            for grantee in grant::grantees(header.unwrap_or_default())? {
                grants.push(allow(grantee, permission));
            }
        }
        match self.canned {
            Some(_) if !grants.is_empty() => Err(invalid_request(
                "Specifying both Canned ACLs and Header Grants is not allowed",
            )),
            Some(word) => Ok(Some(canned(word, owner)?)),
            None => Ok((!grants.is_empty()).then_some(grants)),
        }
    }
}

/// True when everybody, or every holder of an AWS account, is granted something.
pub(super) fn is_public(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| {
        matches!(&grant.grantee, Grantee::Group(uri) if uri == ALL_USERS || uri == AUTHENTICATED_USERS)
    })
}

/// The private list is kept as none.
pub(super) fn unless_private(grants: Vec<Grant>, owner: &str) -> Option<Vec<Grant>> {
    (grants != [full_control(owner)]).then_some(grants)
}

fn canned(word: &str, owner: &str) -> S3Result<Vec<Grant>> {
    let mut grants = vec![full_control(owner)];
    let group = |uri: &str, permission| allow(Grantee::Group(uri.to_owned()), permission);
    match word {
        // The last two are for objects, and S3 takes them for a bucket as the first.
        "private" | "bucket-owner-full-control" | "bucket-owner-read" => {}
        "public-read" => grants.push(group(ALL_USERS, "READ")),
        "public-read-write" => {
            grants.extend(["READ", "WRITE"].map(|permission| group(ALL_USERS, permission)));
        }
        "authenticated-read" => grants.push(group(AUTHENTICATED_USERS, "READ")),
        "log-delivery-write" => {
            grants.extend(["WRITE", "READ_ACP"].map(|permission| group(LOG_DELIVERY, permission)));
        }
        other => {
            return Err(invalid_argument(format!(
                "Invalid x-amz-acl header: {other}"
            )));
        }
    }
    Ok(grants)
}

fn document(policy: AccessControlPolicy, bucket_owner: &str) -> S3Result<Vec<Grant>> {
    let owner = policy.owner.and_then(|owner| owner.id);
    match owner.ok_or_else(malformed)? {
        owner if owner == bucket_owner => {}
        _ => return Err(access_denied()),
    }
    let grants = policy.grants.ok_or_else(malformed)?;
    grants.into_iter().map(from_dto).collect()
}

fn full_control(owner: &str) -> Grant {
    allow(Grantee::Account(owner.to_owned()), "FULL_CONTROL")
}

fn allow(grantee: Grantee, permission: &str) -> Grant {
    Grant {
        grantee,
        permission: permission.to_owned(),
    }
}

fn malformed() -> S3Error {
    refuse(
        S3ErrorCode::MalformedACLError,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}
