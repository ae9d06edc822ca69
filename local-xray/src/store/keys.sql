-- Segments by the run that they name: its own, and those of its jobs.
CREATE TABLE run_segments (
    run_id TEXT NOT NULL,
    is_job INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (run_id, is_job, trace_id, id)
) STRICT, WITHOUT ROWID;

-- Documents by the traces that they link to.
CREATE TABLE links (
    linked_trace_id BLOB NOT NULL,
    trace_id BLOB NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (linked_trace_id, trace_id, id)
) STRICT, WITHOUT ROWID;
