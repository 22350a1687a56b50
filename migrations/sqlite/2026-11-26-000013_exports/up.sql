-- Vocabularies; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE export_format (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE export_state (code TEXT PRIMARY KEY NOT NULL) STRICT;
INSERT INTO export_format (code) VALUES ('ndjson'), ('csv'), ('xlsx');
INSERT INTO export_state (code) VALUES ('queued'), ('running'), ('succeeded'), ('failed'), ('expired');

-- Lists that are written into files. What was ordered never changes; how far it is, and what came of it, does.
CREATE TABLE export (
    id BLOB PRIMARY KEY NOT NULL,
    -- The address of the list, with the moment it shows.
    list TEXT NOT NULL,
    format TEXT NOT NULL REFERENCES export_format (code),
    bom INTEGER NOT NULL,
    ordered_by BLOB NOT NULL REFERENCES official (id),
    ordered_at INTEGER NOT NULL,
    state TEXT NOT NULL REFERENCES export_state (code),
    attempts INTEGER NOT NULL,
    -- When its writer was last known to be alive; real time, as is the end of the file.
    beat_at INTEGER,
    as_of INTEGER,
    recorded_by INTEGER,
    calendar_version INTEGER,
    -- The rights it was written by, as a digest.
    rights BLOB,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB,
    kid TEXT,
    signature TEXT,
    problem TEXT,
    finished_at INTEGER,
    expires_at INTEGER
) STRICT;
CREATE INDEX export_unfinished ON export (id) WHERE state IN ('queued', 'running');
CREATE INDEX export_expires_at ON export (expires_at) WHERE state IN ('succeeded', 'failed');
CREATE INDEX export_ordered_by ON export (ordered_by, id);
