//! What reading XML with s3s lacks.

use s3s::xml::{DeResult, Deserializer};

/// Reads past the content of the current element.
pub(super) fn skip(d: &mut Deserializer<'_>) -> DeResult {
    d.for_each_element(|d, _| skip(d))
}
