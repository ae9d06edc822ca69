//! From files of older formats to this one: what stands beside the documents is made of them anew.

use rusqlite::{Connection, TransactionBehavior, params};

use super::keys::{self, Keys};
use super::rejects;
use super::schema::{FORMAT, format, make_tables};
use super::write::Row;
use crate::document::accept;

/// Brings the tables to this format, all or nothing, unless another process is faster. The
/// documents count as having arrived now.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = format(&transaction)?;
    if found >= FORMAT {
        return Ok(());
    }
    tracing::info!("trace store of an older version: bringing it up to date, once");
    if found == 2 {
        note_keys(&transaction)?;
        return transaction.commit();
    }
    transaction.execute_batch(
        "DROP VIEW segments;
         DROP INDEX documents_by_time;
         ALTER TABLE documents RENAME TO old_documents;
         ALTER TABLE bodies RENAME TO old_bodies;",
    )?;
    make_tables(&transaction)?;
    copy(&transaction)?;
    transaction.execute_batch("DROP TABLE old_documents; DROP TABLE old_bodies;")?;
    transaction.commit()?;
    // So that space can be given back later. A file that others have open stays as it is, and uses
    // its free space itself.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    if let Err(error) = connection.execute_batch("VACUUM") {
        tracing::debug!(%error, "trace store not compacted");
    }
    Ok(())
}

/// Notes the documents under their keys, which format 2 did not.
fn note_keys(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(keys::TABLES)?;
    let mut documents = connection.prepare("SELECT trace_id, id, outline, facts FROM documents")?;
    let mut rows = documents.query([])?;
    while let Some(row) = rows.next()? {
        let trace_id = row.get(0)?;
        let (outline, facts) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
        Keys::read(trace_id, outline, facts).insert(connection, trace_id, row.get(1)?)?;
    }
    connection.pragma_update(None, "user_version", FORMAT)
}

/// Copies the documents, with what stands beside them made anew.
fn copy(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut old = connection.prepare(
        "SELECT body, received, document, unixepoch() * 1000000
         FROM old_documents JOIN old_bodies USING (body)",
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO documents (trace_id, id, start_us, end_us, received, body, outline, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut insert_body = connection.prepare(
        "INSERT INTO bodies (body, trace_id, arrived_us, document) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut rows = old.query([])?;
    while let Some(old) = rows.next()? {
        let (body, received): (i64, i64) = (old.get(0)?, old.get(1)?);
        let (document, now): (String, i64) = (old.get(2)?, old.get(3)?);
        let accepted = match accept(&document) {
            Ok(accepted) => accepted,
            // What an older version took and this one would refuse cannot be shown.
            Err(unprocessed) => {
                let code = &unprocessed.error_code;
                tracing::warn!(code, "document of an older version is refused now");
                rejects::insert(connection, &[(unprocessed, &document)], now)?;
                continue;
            }
        };
        let row = Row::new(&accepted, &document);
        insert.execute(params![
            row.trace_id,
            row.id,
            row.start_us,
            row.end_us,
            received,
            body,
            row.outline,
            row.facts
        ])?;
        insert_body.execute(params![body, row.trace_id, now, row.document])?;
        row.keys.insert(connection, row.trace_id, row.id)?;
    }
    Ok(())
}
