//! The website of a bucket; none is served.

use s3s::dto::{
    GetBucketWebsiteOutput, PutBucketWebsiteInput, PutBucketWebsiteOutput, WebsiteConfiguration,
};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::{invalid_argument, invalid_request, refuse};
use crate::store::BucketRecord;

const ROUTING_RULES_MAX: usize = 50;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketWebsiteOutput>> {
    let website = bucket.website.ok_or_else(|| {
        refuse(
            S3ErrorCode::NoSuchWebsiteConfiguration,
            "The specified bucket does not have a website configuration",
        )
    })?;
    answer(GetBucketWebsiteOutput {
        error_document: website.error_document,
        index_document: website.index_document,
        redirect_all_requests_to: website.redirect_all_requests_to,
        routing_rules: website.routing_rules,
    })
}

pub(super) fn put(
    input: PutBucketWebsiteInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketWebsiteOutput> {
    let wanted = input.website_configuration;
    check(&wanted)?;
    bucket.website = Some(wanted);
    Ok(PutBucketWebsiteOutput {})
}

fn check(website: &WebsiteConfiguration) -> S3Result<()> {
    let rules = website.routing_rules.as_deref().unwrap_or_default();
    if website.redirect_all_requests_to.is_some() {
        let has_more = website.index_document.is_some()
            || website.error_document.is_some()
            || !rules.is_empty();
        return if has_more {
            Err(invalid_argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
            ))
        } else {
            Ok(())
        };
    }
    let index = website.index_document.as_ref().ok_or_else(|| {
        invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        )
    })?;
    if index.suffix.is_empty() || index.suffix.contains('/') {
        return Err(invalid_argument(
            "The IndexDocument Suffix is not well formed",
        ));
    }
    if rules.len() > ROUTING_RULES_MAX {
        return Err(invalid_request(
            "The number of routing rules must not exceed the allowed limit of 50 rules",
        ));
    }
    Ok(())
}
