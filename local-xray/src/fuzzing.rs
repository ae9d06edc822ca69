//! What the fuzz targets call (`fuzz/`): each function takes what a stranger may send and panics
//! where something that must hold for any input does not. Only there with the feature `fuzzing`.

mod documents;
mod filter;
mod requests;
#[cfg(test)]
mod tests;

pub use documents::documents;
pub use filter::filter;
pub use requests::Requests;

use crate::assemble::DetailedTrace;
use crate::document::Accepted;
use crate::{facts, outline};
use tracing_xray::TraceId;

/// The documents of one trace as the store keeps them beside their texts.
#[derive(Default)]
struct Encoded {
    outlines: Vec<u8>,
    facts: Vec<u8>,
}

impl Encoded {
    fn add(&mut self, accepted: &Accepted<'_>) {
        for (outline, told) in outline::of_document(&accepted.entity) {
            outline::encode(&outline, &mut self.outlines);
            facts::encode(&told, &mut self.facts);
        }
    }

    fn trace(&self, id: TraceId) -> DetailedTrace<'_> {
        DetailedTrace::decode(id, &self.outlines, &self.facts)
    }
}
