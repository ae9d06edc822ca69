-- What a document is found by, its outline, and the facts of its entities. Times are microseconds
-- since the epoch; the end of a document in progress is the greatest integer. `received` counts how
-- often the id was sent.
CREATE TABLE documents (
    trace_id BLOB NOT NULL,
    id INTEGER NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    received INTEGER NOT NULL,
    body INTEGER NOT NULL,
    outline BLOB NOT NULL,
    facts BLOB NOT NULL,
    PRIMARY KEY (trace_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_time ON documents (end_us, start_us);

-- The documents as they were sent, in the order in which they arrived.
CREATE TABLE bodies (
    body INTEGER PRIMARY KEY,
    trace_id BLOB NOT NULL,
    arrived_us INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- What PutTraceSegments refused, and why, the oldest first.
CREATE TABLE rejects (
    reject INTEGER PRIMARY KEY,
    arrived_us INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    message TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- The documents for people.
CREATE VIEW segments AS
SELECT
    '1-' || substr(lower(hex(d.trace_id)), 1, 8) || '-' || substr(lower(hex(d.trace_id)), 9) AS trace_id,
    printf('%016x', id) AS id,
    strftime('%Y-%m-%dT%H:%M:%fZ', start_us / 1e6, 'unixepoch') AS started,
    CASE WHEN end_us < 9223372036854775807 THEN (end_us - start_us) / 1e6 END AS seconds,
    json_extract(document, '$.name') AS name,
    document
FROM documents AS d JOIN bodies USING (body);
