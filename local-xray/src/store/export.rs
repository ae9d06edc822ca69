//! The documents of the store as they were sent, to be taken elsewhere.

use rusqlite::Rows;
use tracing_xray::TraceId;

use super::{Store, StoreError};

impl Store {
    /// Hands on each document as one line of JSON, in the order in which they first arrived, those
    /// of these traces or, where none is named, all; tells how many there were.
    ///
    /// # Errors
    /// The store could not be read, or `line` fails, which ends the export.
    pub fn export<E: From<StoreError>>(
        &self,
        traces: &[TraceId],
        mut line: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut exported = 0;
        let mut failed = None;
        let mut hand_on = |mut rows: Rows<'_>| -> Result<(), rusqlite::Error> {
            while let Some(row) = rows.next()? {
                let document = row.get_ref(0)?.as_str()?;
                // Within JSON a line only ends between tokens.
                let handed = if document.contains(['\n', '\r']) {
                    line(&document.replace(['\n', '\r'], " "))
                } else {
                    line(document)
                };
                if let Err(error) = handed {
                    failed = Some(error);
                    break;
                }
                exported += 1;
            }
            Ok(())
        };
        self.read(|connection| {
            if traces.is_empty() {
                let mut all = connection.prepare("SELECT document FROM bodies ORDER BY body")?;
                return hand_on(all.query([])?);
            }
            let ids = traces.iter().map(|id| format!("{:032x}", id.to_w3c()));
            let ids = serde_json::Value::from_iter(ids).to_string();
            let mut some = connection.prepare(
                "SELECT document FROM documents JOIN bodies USING (body)
                 WHERE documents.trace_id IN (SELECT unhex(value) FROM json_each(?1))
                 ORDER BY body",
            )?;
            hand_on(some.query([&ids])?)
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok(exported),
        }
    }
}
