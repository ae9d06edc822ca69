//! The sub-resources of a bucket: what S3 answers when nothing was put, and what may be put.

use http::StatusCode;
use s3s::dto::{
    ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule, Tag, VersioningConfiguration,
};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::error::{refuse, refuse_with};
use crate::store::BucketRecord;

const TAGS_MAX: usize = 50;
const TAG_KEY_CHARS_MAX: usize = 128;
const TAG_VALUE_CHARS_MAX: usize = 256;

/// Changes the versioning state; object lock forbids to suspend it.
pub(super) fn put_versioning(
    record: &mut BucketRecord,
    wanted: VersioningConfiguration,
) -> S3Result<()> {
    let status = wanted.status.as_ref().map(|status| status.as_str());
    match status {
        Some("Suspended") if record.object_lock => Err(refuse(
            S3ErrorCode::InvalidBucketState,
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        )),
        Some("Enabled" | "Suspended") => {
            record.versioning = Some(wanted);
            Ok(())
        }
        _ => Err(refuse(
            S3ErrorCode::IllegalVersioningConfigurationException,
            "The Versioning element must be specified",
        )),
    }
}

/// The encryption of every bucket that asked for no other: SSE-S3 (AES256).
pub(super) fn sse_s3() -> ServerSideEncryptionConfiguration {
    let by_default = ServerSideEncryptionByDefault {
        kms_master_key_id: None,
        sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
    };
    ServerSideEncryptionConfiguration {
        rules: vec![ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(by_default),
            bucket_key_enabled: Some(false),
        }],
    }
}

/// Checks an encryption; the bucket key is off unless asked for, as S3 reads it back.
pub(super) fn encryption(
    mut wanted: ServerSideEncryptionConfiguration,
) -> S3Result<ServerSideEncryptionConfiguration> {
    let malformed = || refuse(S3ErrorCode::MalformedXML, MALFORMED_XML);
    let [rule] = wanted.rules.as_mut_slice() else {
        return Err(malformed());
    };
    if let Some(default) = &rule.apply_server_side_encryption_by_default {
        match default.sse_algorithm.as_str() {
            "aws:kms" | "aws:kms:dsse" => {}
            "AES256" if default.kms_master_key_id.is_some() => {
                return Err(refuse(
                    S3ErrorCode::InvalidArgument,
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ));
            }
            "AES256" => {}
            _ => return Err(malformed()),
        }
    }
    rule.bucket_key_enabled.get_or_insert(false);
    Ok(wanted)
}

/// What a new bucket has.
pub(super) fn all_public_access_blocked() -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration {
        block_public_acls: Some(true),
        block_public_policy: Some(true),
        ignore_public_acls: Some(true),
        restrict_public_buckets: Some(true),
    }
}

/// A setting that was left out is off.
pub(super) fn public_access_block(
    wanted: &PublicAccessBlockConfiguration,
) -> PublicAccessBlockConfiguration {
    let setting = |wanted: Option<bool>| Some(wanted.unwrap_or(false));
    PublicAccessBlockConfiguration {
        block_public_acls: setting(wanted.block_public_acls),
        block_public_policy: setting(wanted.block_public_policy),
        ignore_public_acls: setting(wanted.ignore_public_acls),
        restrict_public_buckets: setting(wanted.restrict_public_buckets),
    }
}

/// The answer when the public access block was deleted.
pub(super) fn no_public_access_block() -> S3Error {
    refuse_with(
        StatusCode::NOT_FOUND,
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
    )
}

/// Checks the word of an ownership.
pub(super) fn object_ownership(wanted: &ObjectOwnership) -> S3Result<String> {
    match wanted.as_str() {
        word @ ("BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter") => {
            Ok(word.to_owned())
        }
        other => Err(refuse(
            S3ErrorCode::InvalidArgument,
            format!("Invalid x-amz-object-ownership header: {other}"),
        )),
    }
}

/// The one ownership of a set of controls.
pub(super) fn ownership_of(controls: &OwnershipControls) -> S3Result<String> {
    match controls.rules.as_slice() {
        [rule] => object_ownership(&rule.object_ownership)
            .map_err(|_| refuse(S3ErrorCode::MalformedXML, MALFORMED_XML)),
        _ => Err(refuse(S3ErrorCode::MalformedXML, MALFORMED_XML)),
    }
}

/// The controls that hold one ownership.
pub(super) fn ownership_controls(ownership: String) -> OwnershipControls {
    OwnershipControls {
        rules: vec![OwnershipControlsRule {
            object_ownership: ownership.into(),
        }],
    }
}

/// The answer when the ownership controls were deleted.
pub(super) fn no_ownership_controls() -> S3Error {
    refuse(
        S3ErrorCode::OwnershipControlsNotFoundError,
        "The bucket ownership controls were not found",
    )
}

/// Checks a set of tags; an empty one is none.
pub(super) fn tags(wanted: Vec<Tag>) -> S3Result<Option<Vec<Tag>>> {
    let invalid = |message: &str| Err(refuse(S3ErrorCode::InvalidTag, message));
    if wanted.len() > TAGS_MAX {
        return Err(refuse_with(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "Bucket tag count cannot be greater than 50",
        ));
    }
    for (at, tag) in wanted.iter().enumerate() {
        let (Some(key), Some(value)) = (&tag.key, &tag.value) else {
            return Err(refuse(S3ErrorCode::MalformedXML, MALFORMED_XML));
        };
        if !(1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count()) {
            return invalid("The TagKey you have provided is invalid");
        }
        if value.chars().count() > TAG_VALUE_CHARS_MAX {
            return invalid("The TagValue you have provided is invalid");
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid("System tags cannot be added/updated by requester");
        }
        if wanted[..at].iter().any(|other| other.key == tag.key) {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok((!wanted.is_empty()).then_some(wanted))
}

/// The answer when there are no tags.
pub(super) fn no_tags() -> S3Error {
    refuse(S3ErrorCode::NoSuchTagSet, "The TagSet does not exist")
}

const MALFORMED_XML: &str =
    "The XML you provided was not well-formed or did not validate against our published schema";

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag {
            key: Some(key.to_owned()),
            value: Some(value.to_owned()),
        }
    }

    #[test]
    fn tags_obey_the_limits() {
        let many = |count: usize| (0..count).map(|n| tag(&n.to_string(), "")).collect();
        let code = |wanted| tags(wanted).map_err(|error| error.code().as_str().to_owned());
        assert_eq!(code(Vec::new()), Ok(None));
        assert!(code(many(50)).is_ok());
        assert_eq!(code(many(51)), Err("BadRequest".to_owned()));
        assert!(code(vec![tag(&"ä".repeat(128), &"ä".repeat(256))]).is_ok());
        let unnamed = Tag {
            key: None,
            value: Some(String::new()),
        };
        assert_eq!(code(vec![unnamed]), Err("MalformedXML".to_owned()));
        for wanted in [
            vec![tag("", "")],
            vec![tag(&"k".repeat(129), "")],
            vec![tag("k", &"v".repeat(257))],
            vec![tag("aws:k", "")],
            vec![tag("k", "1"), tag("k", "2")],
        ] {
            assert_eq!(code(wanted), Err("InvalidTag".to_owned()));
        }
    }
}
