//! The body of an answer, written member by member: long lists never stand in memory as a tree of
//! JSON values.

use serde::Serialize;

use super::error::ApiError;

/// A JSON object being written.
pub(super) struct Answer(Vec<u8>);

impl Answer {
    pub(super) fn new() -> Self {
        Self(vec![b'{'])
    }

    /// Writes a member, whose name no other has.
    pub(super) fn member(
        mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Self, ApiError> {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend(name.as_bytes());
        self.0.extend(b"\":");
        serde_json::to_writer(&mut self.0, value).map_err(|error| ApiError::internal(&error))?;
        Ok(self)
    }

    /// Writes `NextToken`, which is absent where nothing follows.
    pub(super) fn next_token(self, next: Option<impl ToString>) -> Result<Self, ApiError> {
        match next {
            Some(next) => self.member("NextToken", &next.to_string()),
            None => Ok(self),
        }
    }

    pub(super) fn into_body(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}
