//! How large a subsegment is, told fast: the layer asks for each one that ends.

use super::{AnnotationValue, Entity, Subsegment};
use crate::document::encoded_len;

/// Keys, ids, times and flags, about.
const FIXED_LEN: usize = 140;

/// An annotation beside its key and its text, about.
const ANNOTATION_LEN: usize = 10;

impl Subsegment {
    /// About how many bytes of JSON it is without what is beneath it.
    pub(crate) fn approximate_len(&self) -> usize {
        let blocks = [
            self.aws.as_ref().map(encoded_len),
            self.sql.as_ref().map(encoded_len),
        ];
        self.entity.approximate_len() + blocks.into_iter().flatten().sum::<usize>()
    }
}

impl Entity {
    fn approximate_len(&self) -> usize {
        let annotations = self.annotations.iter().map(|(key, value)| {
            let text_len = match value {
                AnnotationValue::Text(text) => text.len(),
                _ => 0,
            };
            ANNOTATION_LEN + key.len() + text_len
        });
        // Rare, and what has one of these has done more work than this takes.
        let blocks = [
            self.cause.as_ref().map(encoded_len),
            self.http.as_ref().map(encoded_len),
            (!self.metadata.is_empty()).then(|| encoded_len(&self.metadata)),
            (!self.links.is_empty()).then(|| encoded_len(&self.links)),
        ];
        FIXED_LEN
            + self.name.len()
            + annotations.sum::<usize>()
            + blocks.into_iter().flatten().sum::<usize>()
    }
}
