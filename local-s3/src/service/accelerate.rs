//! Transfer acceleration of a bucket, which changes nothing here.

use s3s::dto::{
    GetBucketAccelerateConfigurationOutput, PutBucketAccelerateConfigurationInput,
    PutBucketAccelerateConfigurationOutput,
};
use s3s::{S3Response, S3Result};

use super::answer;
use super::error::{invalid_request, malformed_xml};
use crate::store::BucketRecord;

pub(super) fn get(
    bucket: BucketRecord,
) -> S3Result<S3Response<GetBucketAccelerateConfigurationOutput>> {
    answer(GetBucketAccelerateConfigurationOutput {
        status: bucket.accelerate.map(Into::into),
        ..GetBucketAccelerateConfigurationOutput::default()
    })
}

pub(super) fn put(
    input: PutBucketAccelerateConfigurationInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketAccelerateConfigurationOutput> {
    if input.bucket.contains('.') {
        return Err(invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        ));
    }
    match input.accelerate_configuration.status {
        Some(status) if matches!(status.as_str(), "Enabled" | "Suspended") => {
            bucket.accelerate = Some(status.as_str().to_owned());
            Ok(PutBucketAccelerateConfigurationOutput {})
        }
        _ => Err(malformed_xml()),
    }
}
