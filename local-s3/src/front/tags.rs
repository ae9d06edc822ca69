//! The tags inside a CreateBucket, which s3s 0.14 skips when it reads the configuration.

use s3s::dto::Tag;
use s3s::xml::Deserializer;
use s3s::{S3Error, S3ErrorCode};

use super::xml::skip;

/// `CreateBucketConfiguration/Tags`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CreationTags(pub(crate) Vec<Tag>);

impl CreationTags {
    /// Reads the body of a CreateBucket, which may be empty.
    pub(super) fn parse(body: &[u8]) -> Result<Self, S3Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let mut tags = Vec::new();
        Deserializer::new(body)
            .element(|d, _| {
                d.for_each_element(|d, name| match name {
                    b"Tags" => {
                        tags.extend(d.list_content::<Tag>("Tag")?);
                        Ok(())
                    }
                    _ => skip(d),
                })
            })
            .map_err(|error| S3Error::with_source(S3ErrorCode::MalformedXML, Box::new(error)))?;
        Ok(Self(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_are_found_beside_the_rest() {
        let body = b"<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <LocationConstraint>eu-west-1</LocationConstraint><Location><Name>x</Name></Location>\
            <Tags><Tag><Key>team</Key><Value>data &amp; more</Value></Tag></Tags>\
            </CreateBucketConfiguration>";
        let tags = CreationTags::parse(body).unwrap().0;
        assert_eq!(tags.len(), 1);
        assert_eq!(tags[0].key.as_deref(), Some("team"));
        assert_eq!(tags[0].value.as_deref(), Some("data & more"));
        assert_eq!(CreationTags::parse(b"").unwrap(), CreationTags::default());
        let error = CreationTags::parse(b"<CreateBucketConfiguration>").unwrap_err();
        assert_eq!(error.code(), &S3ErrorCode::MalformedXML);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in "[<>/a-c&;\"= ]{0,60}|\\PC{0,40}") {
            let _ = CreationTags::parse(body.as_bytes());
        }
    }
}
