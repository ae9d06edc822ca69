-- What clients set, and what they report beside traces. Times are microseconds since the epoch.

-- Groups of traces. All traces are in the group Default.
CREATE TABLE trace_groups (
    name TEXT NOT NULL PRIMARY KEY,
    filter_expression TEXT,
    insights_enabled INTEGER NOT NULL DEFAULT 0,
    notifications_enabled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO trace_groups (name) VALUES ('Default');

-- Sampling rules. `attributes` is a JSON object; `boosted_us` is when the last boost began.
CREATE TABLE sampling_rules (
    name TEXT NOT NULL PRIMARY KEY,
    priority INTEGER NOT NULL,
    fixed_rate REAL NOT NULL,
    reservoir_size INTEGER NOT NULL,
    service_name TEXT NOT NULL,
    service_type TEXT NOT NULL,
    host TEXT NOT NULL,
    http_method TEXT NOT NULL,
    url_path TEXT NOT NULL,
    resource_arn TEXT NOT NULL,
    attributes TEXT NOT NULL,
    boost_max_rate REAL,
    boost_cooldown_minutes INTEGER,
    boosted_us INTEGER,
    created_us INTEGER NOT NULL,
    modified_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- It samples everything, since what is local costs nothing.
INSERT INTO sampling_rules VALUES
    ('Default', 10000, 1.0, 1, '*', '*', '*', '*', '*', '*', '{}', NULL, NULL, NULL, 0, 0);

-- Who shares the reservoir of a rule: what each client asked for last, and the quota that it has.
-- Both are requests a second.
CREATE TABLE sampling_clients (
    rule TEXT NOT NULL,
    client TEXT NOT NULL,
    reported_us INTEGER NOT NULL,
    demand INTEGER NOT NULL,
    quota INTEGER NOT NULL,
    quota_ends_us INTEGER NOT NULL,
    PRIMARY KEY (rule, client)
) STRICT, WITHOUT ROWID;

-- What the clients of a rule reported, summed up over windows.
CREATE TABLE sampling_statistics (
    window_us INTEGER NOT NULL,
    rule TEXT NOT NULL,
    requests INTEGER NOT NULL,
    sampled INTEGER NOT NULL,
    borrowed INTEGER NOT NULL,
    PRIMARY KEY (window_us, rule)
) STRICT, WITHOUT ROWID;

-- The tags of groups and sampling rules: `resource` is the end of the ARN, such as `group/mine`.
CREATE TABLE tags (
    resource TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (resource, key)
) STRICT, WITHOUT ROWID;

-- What daemons report on themselves. What a sender does not tell of itself is empty.
CREATE TABLE telemetry_records (
    record INTEGER PRIMARY KEY,
    hostname TEXT NOT NULL,
    ec2_instance_id TEXT NOT NULL,
    resource_arn TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    segments_received INTEGER,
    segments_sent INTEGER,
    segments_spillover INTEGER,
    segments_rejected INTEGER,
    connection_errors TEXT
) STRICT;

CREATE INDEX telemetry_by_sender
    ON telemetry_records (hostname, ec2_instance_id, resource_arn, at_us);

-- What there is one of: when a sampling rule was last made, changed or deleted, the indexing rule
-- Default, and how long and how many bytes are kept, where that was set.
CREATE TABLE single_settings (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    rules_changed_us INTEGER NOT NULL,
    indexing_percentage REAL NOT NULL,
    indexing_changed_us INTEGER NOT NULL,
    keep_us INTEGER,
    keep_bytes INTEGER
) STRICT;

INSERT INTO single_settings VALUES (1, 0, 100.0, 0, NULL, NULL);
