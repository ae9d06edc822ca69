//! Objects are put, read and deleted.

use http::HeaderMap;
use s3s::dto::{
    ChecksumMode, ChecksumType, DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput,
    PutObjectOutput, ServerSideEncryption,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::Access;
use super::error::{not_implemented, refuse};
use super::upload::{Claims, Received};
use super::{Service, answer, download, now_ms, timestamp, upload};
use crate::front::Trailers;
use crate::store::{ObjectRecord, Precondition};

/// The content type of objects that came without one.
const CONTENT_TYPE_DEFAULT: &str = "binary/octet-stream";

/// The fields that GetObject and HeadObject share, from a record.
macro_rules! described {
    ($output:ident, $record:expr, $checksum_mode:expr, $($field:ident: $value:expr),* $(,)?) => {{
        let record = $record;
        let checksums = ($checksum_mode.as_ref().map(ChecksumMode::as_str) == Some("ENABLED"))
            .then(|| upload::to_dto(&record.checksums));
        let checksum_type = checksums.as_ref().map(|_| full_object());
        let checksums = checksums.unwrap_or_default();
        $output {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: record.cache_control,
            checksum_crc32: checksums.checksum_crc32,
            checksum_crc32c: checksums.checksum_crc32c,
            checksum_crc64nvme: checksums.checksum_crc64nvme,
            checksum_sha1: checksums.checksum_sha1,
            checksum_sha256: checksums.checksum_sha256,
            checksum_type,
            content_disposition: record.content_disposition,
            content_encoding: record.content_encoding,
            content_language: record.content_language,
            content_type: Some(
                record.content_type.unwrap_or_else(|| CONTENT_TYPE_DEFAULT.to_owned()),
            ),
            e_tag: Some(ETag::Strong(record.etag)),
            last_modified: Some(timestamp(record.modified_ms)),
            metadata: Some(record.metadata.into_iter().collect()),
            server_side_encryption: Some(aes256()),
            $($field: $value,)*
            ..$output::default()
        }
    }};
}

impl Service {
    pub(super) async fn put(
        &self,
        mut req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        check_supported(&req.input)?;
        let access = Access::of(&req, &req.input.bucket)?;
        let precondition = precondition(
            req.input.if_match.as_ref(),
            req.input.if_none_match.as_ref(),
        )?;
        let claims = claims(&req.headers, &req.input);
        let (access, staged, file) = self
            .blocking(move |store| {
                access.open(store)?;
                let (staged, file) = store.stage_object()?;
                Ok((access, staged, file))
            })
            .await?;
        let trailers = req.extensions.get::<Trailers>().cloned();
        let content = req.input.body.take();
        let (file, received) = upload::receive(content, file, &claims, trailers).await?;

        let output = put_output(&received);
        let record = record(&req.input, received);
        let key = req.input.key;
        self.blocking(move |store| {
            let staged = (staged, file);
            store.commit_object(&access.bucket, &key, staged, &record, &precondition)?;
            access.operation.changed();
            Ok(())
        })
        .await?;
        answer(output)
    }

    pub(super) async fn get(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let input = req.input;
        check_read(input.version_id.as_deref(), input.part_number)?;
        self.blocking(move |store| {
            access.open(store)?;
            let stored = store.object(&access.bucket, &input.key)?;
            let record = stored.record;
            download::check_conditions(
                &record.etag,
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            let (bytes, content_range) = download::part(input.range.as_ref(), record.size)?;
            let length = i64::try_from(bytes.end - bytes.start).ok();
            // The checksum of the whole says nothing of a part.
            let checksum_mode = input.checksum_mode.filter(|_| content_range.is_none());
            let body = download::stream(stored.file, bytes).map_err(S3Error::internal_error)?;
            answer(described!(GetObjectOutput, record, checksum_mode,
                body: Some(body),
                content_length: length,
                content_range: content_range,
            ))
        })
        .await
    }

    pub(super) async fn head(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let input = req.input;
        check_read(input.version_id.as_deref(), input.part_number)?;
        self.blocking(move |store| {
            access.open(store)?;
            let record = store.object(&access.bucket, &input.key)?.record;
            download::check_conditions(
                &record.etag,
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            let (bytes, content_range) = download::part(input.range.as_ref(), record.size)?;
            answer(described!(HeadObjectOutput, record, input.checksum_mode,
                content_length: i64::try_from(bytes.end - bytes.start).ok(),
                content_range: content_range,
            ))
        })
        .await
    }

    pub(super) async fn delete(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let input = req.input;
        check_read(input.version_id.as_deref(), None)?;
        let precondition = precondition(input.if_match.as_ref(), None)?;
        self.blocking(move |store| {
            access.open(store)?;
            if store.delete_object(&access.bucket, &input.key, &precondition)? {
                access.operation.changed();
            }
            Ok(())
        })
        .await?;
        answer(DeleteObjectOutput::default())
    }
}

/// Refuses what would be lost without a word.
fn check_supported(input: &PutObjectInput) -> S3Result<()> {
    let encryption = input.server_side_encryption.as_ref();
    let refused = [
        (
            input.sse_customer_algorithm.is_some(),
            "encryption with a customer's key",
        ),
        (
            encryption.is_some_and(|e| e.as_str() != "AES256"),
            "encryption with KMS",
        ),
        (input.tagging.is_some(), "an object tag"),
        (
            input.website_redirect_location.is_some(),
            "a website redirect",
        ),
        (input.write_offset_bytes.is_some(), "an append"),
        (input.object_lock_mode.is_some(), "an object lock"),
        (
            input.object_lock_legal_hold_status.is_some(),
            "a legal hold",
        ),
        (input.expires.is_some(), "the header Expires"),
    ];
    if let Some((_, what)) = refused.iter().find(|(is_refused, _)| *is_refused) {
        return Err(not_implemented(what));
    }
    match input.acl.as_ref().map_or("private", |acl| acl.as_str()) {
        "private" | "bucket-owner-full-control" => Ok(()),
        _ => Err(refuse(
            S3ErrorCode::AccessControlListNotSupported,
            "The bucket does not allow ACLs",
        )),
    }
}

/// Objects have one version, whose id is `null`, and one part.
fn check_read(version_id: Option<&str>, part_number: Option<i32>) -> S3Result<()> {
    if version_id.is_some_and(|id| id != "null") {
        return Err(not_implemented("a version of an object"));
    }
    if part_number.is_some_and(|number| number != 1) {
        return Err(not_implemented("a part of an object"));
    }
    Ok(())
}

fn precondition(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<Precondition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Precondition::None),
        (None, Some(condition)) if condition.is_any() => Ok(Precondition::Absent),
        (Some(condition), None) => Ok(Precondition::Matches(
            condition.as_etag().map(|etag| etag.value().to_owned()),
        )),
        _ => Err(not_implemented("this pair of If-Match and If-None-Match")),
    }
}

fn claims(headers: &HeaderMap, input: &PutObjectInput) -> Claims {
    let length = input.content_length.and_then(|len| u64::try_from(len).ok());
    Claims::of(headers, length, input.content_md5.clone())
}

fn record(input: &PutObjectInput, received: Received) -> ObjectRecord {
    let metadata = input.metadata.clone().unwrap_or_default();
    ObjectRecord {
        size: received.size,
        etag: received.etag,
        modified_ms: now_ms(),
        content_type: input.content_type.clone(),
        content_encoding: input.content_encoding.clone(),
        content_disposition: input.content_disposition.clone(),
        content_language: input.content_language.clone(),
        cache_control: input.cache_control.clone(),
        checksums: received.checksums,
        metadata: metadata.into_iter().collect(),
    }
}

fn put_output(received: &Received) -> PutObjectOutput {
    let checksums = upload::to_dto(&received.checksums);
    PutObjectOutput {
        checksum_crc32: checksums.checksum_crc32,
        checksum_crc32c: checksums.checksum_crc32c,
        checksum_crc64nvme: checksums.checksum_crc64nvme,
        checksum_sha1: checksums.checksum_sha1,
        checksum_sha256: checksums.checksum_sha256,
        checksum_type: Some(full_object()),
        e_tag: Some(ETag::Strong(received.etag.clone())),
        server_side_encryption: Some(aes256()),
        ..PutObjectOutput::default()
    }
}

fn full_object() -> ChecksumType {
    ChecksumType::from_static(ChecksumType::FULL_OBJECT)
}

fn aes256() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}
