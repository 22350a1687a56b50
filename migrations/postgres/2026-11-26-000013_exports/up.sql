-- Vocabularies; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE export_format (code text PRIMARY KEY NOT NULL);
CREATE TABLE export_state (code text PRIMARY KEY NOT NULL);
INSERT INTO export_format (code) VALUES ('ndjson'), ('csv'), ('xlsx');
INSERT INTO export_state (code) VALUES ('queued'), ('running'), ('succeeded'), ('failed'), ('expired');

-- Lists that are written into files. What was ordered never changes; how far it is, and what came of it, does.
CREATE TABLE export (
    id uuid PRIMARY KEY NOT NULL,
    -- The address of the list, with the moment it shows.
    list text NOT NULL,
    format text NOT NULL REFERENCES export_format (code),
    bom boolean NOT NULL,
    ordered_by uuid NOT NULL REFERENCES official (id),
    ordered_at timestamptz NOT NULL,
    state text NOT NULL REFERENCES export_state (code),
    attempts integer NOT NULL,
    -- When its writer was last known to be alive; real time, as is the end of the file.
    beat_at timestamptz,
    as_of timestamptz,
    recorded_by timestamptz,
    calendar_version integer,
    -- The rights it was written by, as a digest.
    rights bytea,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    digest bytea,
    kid text,
    signature text,
    problem text,
    finished_at timestamptz,
    expires_at timestamptz
);
CREATE INDEX export_unfinished ON export (id) WHERE state IN ('queued', 'running');
CREATE INDEX export_expires_at ON export (expires_at) WHERE state IN ('succeeded', 'failed');
CREATE INDEX export_ordered_by ON export (ordered_by, id);
