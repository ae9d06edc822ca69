//! The content of a PutObject on its way to disk: hashed, measured and checked as it arrives.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use http::HeaderMap;
use http_body_util::BodyExt;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{Body, S3Error, S3ErrorCode, S3Result};
use tokio::io::AsyncWriteExt;

use super::error::refuse;
use crate::front::Trailers;

/// Largest object of one PutObject: 5 GiB.
const SIZE_MAX: u64 = 5 * 1024 * 1024 * 1024;
const CHECKSUM_PREFIX: &str = "x-amz-checksum-";
const ALGORITHMS: [&str; 5] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

/// What the client says of the content.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// In bytes.
    pub(super) length: Option<u64>,
    /// `Content-MD5`: base64.
    pub(super) md5: Option<String>,
    /// Base64 by algorithm, from headers.
    checksums: BTreeMap<String, String>,
    /// Algorithms whose checksum comes in a trailer.
    announced: Vec<String>,
}

/// What arrived.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) size: u64,
    /// MD5 in hex.
    pub(super) etag: String,
    /// Base64 by algorithm.
    pub(super) checksums: BTreeMap<String, String>,
}

impl Claims {
    /// Reads the claims in the headers of a request.
    pub(super) fn of(headers: &HeaderMap, length: Option<u64>, md5: Option<String>) -> Self {
        let announced = headers
            .get_all("x-amz-trailer")
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().strip_prefix(CHECKSUM_PREFIX))
            .map(str::to_owned)
            .collect();
        Self {
            length,
            md5,
            checksums: checksums_in(headers),
            announced,
        }
    }

    /// Asks for every claimed checksum; CRC64NVME, as S3 itself does, when there is none.
    fn hasher(&self) -> ChecksumHasher {
        let wants = |algorithm: &str| {
            self.checksums.contains_key(algorithm) || self.announced.iter().any(|a| a == algorithm)
        };
        let wants_none = !ALGORITHMS.iter().any(|algorithm| wants(algorithm));
        ChecksumHasher {
            crc32: wants("crc32").then(Crc32::new),
            crc32c: wants("crc32c").then(Crc32c::new),
            sha1: wants("sha1").then(Sha1::new),
            sha256: wants("sha256").then(Sha256::new),
            crc64nvme: (wants_none || wants("crc64nvme")).then(Crc64Nvme::new),
        }
    }
}

/// Writes the content to `file`, which is handed back positioned behind it.
pub(super) async fn receive(
    content: Option<StreamingBlob>,
    file: File,
    claims: &Claims,
    trailers: Option<Trailers>,
) -> S3Result<(File, Received)> {
    if claims.length.is_some_and(|length| length > SIZE_MAX) {
        return Err(too_large());
    }
    let mut content = content.map(Body::from).unwrap_or_default();
    let mut file = tokio::fs::File::from_std(file);
    let (mut hasher, mut md5, mut size) = (claims.hasher(), Md5::new(), 0);
    while let Some(frame) = content.frame().await {
        let frame =
            frame.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        size += data.len() as u64;
        if size > SIZE_MAX {
            return Err(too_large());
        }
        hasher.update(&data);
        md5.update(&data);
        file.write_all(&data)
            .await
            .map_err(|error| cannot_write(&error))?;
    }
    file.flush().await.map_err(|error| cannot_write(&error))?;
    if claims.length.is_some_and(|length| length != size) {
        return Err(S3ErrorCode::IncompleteBody.into());
    }
    let checksums = by_algorithm(hasher.finalize());
    let md5 = md5.finalize();
    check(
        claims,
        trailers.as_ref().and_then(|t| t.get()),
        &checksums,
        &md5,
    )?;
    let received = Received {
        size,
        etag: md5.iter().map(|byte| format!("{byte:02x}")).collect(),
        checksums,
    };
    Ok((file.into_std().await, received))
}

/// The checksums as s3s answers them.
pub(super) fn to_dto(checksums: &BTreeMap<String, String>) -> Checksum {
    let of = |algorithm: &str| checksums.get(algorithm).cloned();
    Checksum {
        checksum_crc32: of("crc32"),
        checksum_crc32c: of("crc32c"),
        checksum_crc64nvme: of("crc64nvme"),
        checksum_sha1: of("sha1"),
        checksum_sha256: of("sha256"),
        ..Checksum::default()
    }
}

fn by_algorithm(checksum: Checksum) -> BTreeMap<String, String> {
    [
        ("crc32", checksum.checksum_crc32),
        ("crc32c", checksum.checksum_crc32c),
        ("crc64nvme", checksum.checksum_crc64nvme),
        ("sha1", checksum.checksum_sha1),
        ("sha256", checksum.checksum_sha256),
    ]
    .into_iter()
    .filter_map(|(algorithm, sum)| Some((algorithm.to_owned(), sum?)))
    .collect()
}

fn checksums_in(headers: &HeaderMap) -> BTreeMap<String, String> {
    let claimed = |algorithm: &&str| {
        let value = headers.get(format!("{CHECKSUM_PREFIX}{algorithm}"))?;
        Some(((*algorithm).to_owned(), value.to_str().ok()?.to_owned()))
    };
    ALGORITHMS.iter().filter_map(claimed).collect()
}

fn check(
    claims: &Claims,
    trailers: Option<&HeaderMap>,
    computed: &BTreeMap<String, String>,
    md5: &[u8],
) -> S3Result<()> {
    let in_trailers = trailers.map(checksums_in).unwrap_or_default();
    for (algorithm, claimed) in claims.checksums.iter().chain(&in_trailers) {
        if computed.get(algorithm).is_some_and(|sum| sum != claimed) {
            let name = algorithm.to_ascii_uppercase();
            return Err(refuse(
                S3ErrorCode::BadDigest,
                format!("The {name} you specified did not match the calculated checksum."),
            ));
        }
    }
    let Some(claimed) = &claims.md5 else {
        return Ok(());
    };
    match base64_simd::STANDARD.decode_to_vec(claimed) {
        Ok(claimed) if claimed == md5 => Ok(()),
        Ok(claimed) if claimed.len() == md5.len() => Err(refuse(
            S3ErrorCode::BadDigest,
            "The Content-MD5 you specified did not match what we received.",
        )),
        _ => Err(refuse(
            S3ErrorCode::InvalidDigest,
            "The Content-MD5 you specified was invalid.",
        )),
    }
}

fn too_large() -> S3Error {
    refuse(
        S3ErrorCode::EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size",
    )
}

fn cannot_write(error: &io::Error) -> S3Error {
    tracing::error!(%error, "write an object of the local S3");
    refuse(
        S3ErrorCode::InternalError,
        format!("write the object to disk: {error}"),
    )
}
