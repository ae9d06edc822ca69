//! Which web pages may use a bucket; the rules are kept but not applied.

use s3s::dto::{CORSRule, GetBucketCorsOutput, PutBucketCorsInput, PutBucketCorsOutput};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::{invalid_request, malformed_xml, refuse};
use crate::store::BucketRecord;

const RULES_MAX: usize = 100;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketCorsOutput>> {
    let rules = bucket.cors.ok_or_else(|| {
        refuse(
            S3ErrorCode::NoSuchCORSConfiguration,
            "The CORS configuration does not exist",
        )
    })?;
    answer(GetBucketCorsOutput {
        cors_rules: Some(rules),
    })
}

pub(super) fn put(
    input: PutBucketCorsInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketCorsOutput> {
    let rules = input.cors_configuration.cors_rules;
    if !(1..=RULES_MAX).contains(&rules.len()) {
        return Err(malformed_xml());
    }
    rules.iter().try_for_each(check)?;
    bucket.cors = Some(rules);
    Ok(PutBucketCorsOutput {})
}

fn check(rule: &CORSRule) -> S3Result<()> {
    if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() {
        return Err(malformed_xml());
    }
    let supported = ["GET", "PUT", "HEAD", "POST", "DELETE"];
    let mut methods = rule.allowed_methods.iter();
    if let Some(method) = methods.find(|method| !supported.contains(&method.as_str())) {
        return Err(invalid_request(format!(
            "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
        )));
    }
    let headers = rule.allowed_headers.as_deref().unwrap_or_default();
    let origins = rule
        .allowed_origins
        .iter()
        .map(|origin| ("AllowedOrigin", origin));
    let mut words = origins.chain(headers.iter().map(|header| ("AllowedHeader", header)));
    if let Some((kind, word)) = words.find(|(_, word)| word.matches('*').count() > 1) {
        return Err(invalid_request(format!(
            "{kind} \"{word}\" can not have more than one wildcard."
        )));
    }
    let exposed = rule.expose_headers.as_deref().unwrap_or_default();
    if let Some(header) = exposed.iter().find(|header| header.contains('*')) {
        return Err(invalid_request(format!(
            "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader"
        )));
    }
    Ok(())
}
