//! JSON files that people write: strict, checked against a schema that comes from the types that read
//! them, every fault told with its place and its mend.
//!
//! ```text
//! types ─► schema (strict) ─► Shapes ─┐ check
//!             └─► editors             ▼
//! bytes ─► text_of ─► read ─► Value ─► RawFaults ─► FaultLog ─► Faults, with their places
//!                                └─► the types, which read what the schema lets pass
//! ```
//! What a file may say stands once, in its types: they derive `Deserialize` and `JsonSchema`, and their
//! schema has only the keywords that [`Shapes`] knows. Four of these are our own:
//!
//! - `x-wanted`: what a value should be, in words, where its pattern would not tell a reader.
//! - `x-give`: what to give for the field when it is missing.
//! - `x-duration`: the text is a duration.
//! - `x-plain`: no text within is a template.
//!
//! Not here: what any file is about, and the words of its templates.

mod checks;
mod difference;
mod duration;
mod fault;
mod json;
mod log;
mod placeholder;
mod read;
pub mod schema;
mod shape;
pub mod template;
mod words;

pub use checks::Checks;
pub use difference::{Difference, differences};
pub use duration::{DURATION_MAX, DurationError, DurationText, format_duration, parse_duration};
pub use fault::{FAULTS_TOLD_MAX, Fault, Faults, Position};
pub use json::parse;
pub use log::FaultLog;
pub use placeholder::{placeholder, placeholder_of_name, placeholder_of_setting};
pub use read::{read, text_of};
pub use shape::{At, RawFault, ShapeId, Shapes, Texts};
pub use words::{either, listed, nearest, suggestion};
