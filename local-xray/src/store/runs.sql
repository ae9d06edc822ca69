-- Segments by the run that they name: its own, and those of its jobs. What a document said before it was
-- replaced may stand here, too.
CREATE TABLE run_segments (
    run_id TEXT NOT NULL,
    is_job INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (run_id, is_job, trace_id, id)
) STRICT, WITHOUT ROWID;
