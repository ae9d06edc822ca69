//! Who would pay for requests to a bucket.

use s3s::dto::{
    GetBucketRequestPaymentOutput, Payer, PutBucketRequestPaymentInput,
    PutBucketRequestPaymentOutput,
};
use s3s::{S3Response, S3Result};

use super::answer;
use super::error::malformed_xml;
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketRequestPaymentOutput>> {
    let payer = bucket.request_payer.map(Payer::from);
    answer(GetBucketRequestPaymentOutput {
        payer: Some(payer.unwrap_or(Payer::from_static(Payer::BUCKET_OWNER))),
    })
}

pub(super) fn put(
    input: PutBucketRequestPaymentInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketRequestPaymentOutput> {
    let payer = input.request_payment_configuration.payer;
    match payer.as_str() {
        payer @ (Payer::BUCKET_OWNER | Payer::REQUESTER) => {
            bucket.request_payer = Some(payer.to_owned());
            Ok(PutBucketRequestPaymentOutput {})
        }
        _ => Err(malformed_xml()),
    }
}
