//! The tags of a bucket.

use http::StatusCode;
use s3s::dto::{GetBucketTaggingOutput, PutBucketTaggingInput, PutBucketTaggingOutput, Tag};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::{malformed_xml, refuse, refuse_with};
use crate::store::BucketRecord;

const TAGS_MAX: usize = 50;
const TAG_KEY_CHARS_MAX: usize = 128;
const TAG_VALUE_CHARS_MAX: usize = 256;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketTaggingOutput>> {
    let no_tags = || refuse(S3ErrorCode::NoSuchTagSet, "The TagSet does not exist");
    answer(GetBucketTaggingOutput {
        tag_set: bucket.tags.ok_or_else(no_tags)?,
    })
}

pub(super) fn put(
    input: PutBucketTaggingInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketTaggingOutput> {
    bucket.tags = checked(input.tagging.tag_set)?;
    Ok(PutBucketTaggingOutput {})
}

/// Checks a set of tags; an empty one is none.
pub(super) fn checked(wanted: Vec<Tag>) -> S3Result<Option<Vec<Tag>>> {
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
            return Err(malformed_xml());
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
        let code = |wanted| checked(wanted).map_err(|error| error.code().as_str().to_owned());
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
