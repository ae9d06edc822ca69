//! ListObjectsV2.

use s3s::dto::{
    CommonPrefix, ETag, ListObjectsV2Input, ListObjectsV2Output, Object, ObjectStorageClass, Owner,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::Access;
use super::error::refuse;
use super::{Service, answer, timestamp};
use crate::listing::{Entry, Query, page};
use crate::name::BucketName;
use crate::store::{Store, StoreError};

/// Most entries of one page.
const KEYS_MAX: i32 = 1000;

impl Service {
    pub(super) async fn list(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let output = self
            .blocking(move |store| {
                let owner = access.open(store)?.owner;
                list(store, &access.bucket, owner, req.input)
            })
            .await?;
        answer(output)
    }
}

/// A token that continues after `name`.
pub(super) fn to_token(name: &str) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(name)
}

pub(super) fn from_token(token: &str) -> Result<String, S3Error> {
    base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(token)
        .ok()
        .and_then(|name| String::from_utf8(name).ok())
        .ok_or_else(|| {
            refuse(
                S3ErrorCode::InvalidArgument,
                "The continuation token provided is incorrect",
            )
        })
}

fn list(
    store: &Store,
    bucket: &BucketName,
    owner: String,
    input: ListObjectsV2Input,
) -> S3Result<ListObjectsV2Output> {
    let max_keys = input.max_keys.unwrap_or(KEYS_MAX).min(KEYS_MAX);
    let len_max = usize::try_from(max_keys).map_err(|_| {
        refuse(
            S3ErrorCode::InvalidArgument,
            "Argument maxKeys must be an integer between 0 and 2147483647",
        )
    })?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) => from_token(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let query = Query {
        prefix,
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        after: &after,
        len_max,
    };
    let page = page(store.keys(bucket, prefix)?, query);

    let encode = input
        .encoding_type
        .as_ref()
        .is_some_and(|e| e.as_str() == "url");
    let written = |text: &str| {
        if encode {
            url_encode(text)
        } else {
            text.to_owned()
        }
    };
    let last = page.entries.last().filter(|_| page.is_truncated);
    let next = last.map(|entry| to_token(entry.name()));
    let owner = (input.fetch_owner == Some(true)).then_some(Owner {
        display_name: None,
        id: Some(owner),
    });
    let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
    for entry in &page.entries {
        match entry {
            Entry::Key(key) => {
                contents.extend(object(store, bucket, key, &written, owner.as_ref())?);
            }
            Entry::CommonPrefix(prefix) => common_prefixes.push(CommonPrefix {
                prefix: Some(written(prefix)),
            }),
        }
    }
    Ok(ListObjectsV2Output {
        name: Some(bucket.as_str().to_owned()),
        prefix: Some(written(prefix)),
        max_keys: Some(max_keys),
        key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
        is_truncated: Some(page.is_truncated),
        next_continuation_token: next,
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        delimiter: input.delimiter.as_deref().map(&written),
        start_after: input.start_after.as_deref().map(&written),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

/// An entry for an object; none when it was deleted meanwhile, or is a foreign file.
fn object(
    store: &Store,
    bucket: &BucketName,
    key: &str,
    written: &impl Fn(&str) -> String,
    owner: Option<&Owner>,
) -> S3Result<Option<Object>> {
    let record = match store.object(bucket, key) {
        Ok(stored) => stored.record,
        Err(StoreError::NoSuchKey(_)) => return Ok(None),
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::warn!(%error, "left out of the listing");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Object {
        key: Some(written(key)),
        size: i64::try_from(record.size).ok(),
        e_tag: Some(ETag::Strong(record.etag)),
        last_modified: Some(timestamp(record.modified_ms)),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        owner: owner.cloned(),
        ..Object::default()
    }))
}

/// `encoding-type=url`: everything but letters, digits and `-._~*/`.
fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'*' | b'/' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
