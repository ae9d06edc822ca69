//! The default encryption of a bucket, which is kept but not done.

use s3s::dto::{
    GetBucketEncryptionOutput, PutBucketEncryptionInput, PutBucketEncryptionOutput,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::Access;
use super::error::{malformed_xml, refuse};
use super::{Service, answer};
use crate::front::BlockedEncryptionTypes;
use crate::store::BucketRecord;

impl Service {
    pub(super) async fn put_encryption(
        &self,
        mut req: S3Request<PutBucketEncryptionInput>,
    ) -> S3Result<S3Response<PutBucketEncryptionOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let blocked: Option<BlockedEncryptionTypes> = req.extensions.remove();
        let wanted = checked(req.input.server_side_encryption_configuration)?;
        if let Some(BlockedEncryptionTypes(types)) = &blocked
            && types.iter().any(|word| word != "SSE-C" && word != "NONE")
        {
            return Err(malformed_xml());
        }
        self.write(access, move |bucket| {
            bucket.encryption = Some(wanted);
            bucket.blocked_encryption_types = blocked.map(|blocked| blocked.0);
            Ok(())
        })
        .await?;
        answer(PutBucketEncryptionOutput {})
    }
}

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
    let encryption = bucket.encryption.unwrap_or_else(sse_s3);
    let mut response = S3Response::new(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(encryption),
    });
    if let Some(types) = bucket.blocked_encryption_types {
        response.extensions.insert(BlockedEncryptionTypes(types));
    }
    Ok(response)
}

pub(super) fn delete(bucket: &mut BucketRecord) {
    bucket.encryption = None;
    bucket.blocked_encryption_types = None;
}

/// The encryption of every bucket that asked for no other: SSE-S3 (AES256).
fn sse_s3() -> ServerSideEncryptionConfiguration {
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
fn checked(
    mut wanted: ServerSideEncryptionConfiguration,
) -> S3Result<ServerSideEncryptionConfiguration> {
    let [rule] = wanted.rules.as_mut_slice() else {
        return Err(malformed_xml());
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
            _ => return Err(malformed_xml()),
        }
    }
    rule.bucket_key_enabled.get_or_insert(false);
    Ok(wanted)
}
