//! The documents of the store as they were sent, to be taken elsewhere.

use rusqlite::params;
use tracing_xray::TraceId;

use super::{Store, StoreError};

/// How many documents are read at once: whoever takes them may be slow, and what is being read
/// keeps the log from being carried over.
const PAGE: i64 = 200;

impl Store {
    /// Hands on each document as one line of JSON, in the order in which they arrived, those of
    /// these traces or, where none is named, all; tells how many there were.
    ///
    /// # Errors
    /// The store could not be read, or `line` fails, which ends the export.
    pub fn export<E: From<StoreError>>(
        &self,
        traces: &[TraceId],
        mut line: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E> {
        let (mut exported, mut last) = (0, 0);
        loop {
            let page = self.page(traces, last)?;
            let Some((body, _)) = page.last() else {
                return Ok(exported);
            };
            last = *body;
            for (_, document) in page {
                // Within JSON a line only ends between tokens.
                if document.contains(['\n', '\r']) {
                    line(&document.replace(['\n', '\r'], " "))?;
                } else {
                    line(&document)?;
                }
                exported += 1;
            }
        }
    }

    /// The next documents after a body.
    fn page(&self, traces: &[TraceId], last: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let ids = traces.iter().map(|id| format!("{:032x}", id.to_w3c()));
        let ids = serde_json::Value::from_iter(ids).to_string();
        self.read(|connection| {
            let which = match traces.is_empty() {
                true => "?2 IS NOT NULL",
                false => {
                    "body IN (SELECT body FROM documents WHERE trace_id IN (
                         SELECT unhex(value) FROM json_each(?2)))"
                }
            };
            let mut page = connection.prepare_cached(&format!(
                "SELECT body, document FROM bodies
                 WHERE body > ?1 AND {which} ORDER BY body LIMIT {PAGE}"
            ))?;
            let page = page.query_map(params![last, ids], |row| Ok((row.get(0)?, row.get(1)?)))?;
            page.collect()
        })
    }
}
