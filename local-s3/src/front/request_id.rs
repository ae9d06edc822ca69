//! The two ids by which S3 knows a request again.

use http::{HeaderMap, HeaderValue};
use rand::RngExt;

const REQUEST_ID_LEN: usize = 16;
const HOST_ID_BYTES: usize = 56;

/// The ids of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestId {
    /// `x-amz-request-id`: 16 upper-case letters and digits.
    pub(super) request_id: String,
    /// `x-amz-id-2`: base64.
    pub(super) host_id: String,
}

impl RequestId {
    pub(super) fn random() -> Self {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut random = rand::rng();
        let request_id = (0..REQUEST_ID_LEN)
            .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
            .collect();
        let host_id: [u8; HOST_ID_BYTES] = random.random();
        Self {
            request_id,
            host_id: base64_simd::STANDARD.encode_to_string(host_id),
        }
    }

    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("x-amz-request-id", &self.request_id),
            ("x-amz-id-2", &self.host_id),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}
