CREATE TABLE personal_data_read_old (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    official_id BLOB NOT NULL REFERENCES official (id),
    role TEXT NOT NULL REFERENCES role (code),
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    request_id TEXT
) STRICT;
INSERT INTO personal_data_read_old (id, petition_id, official_id, role, what, at, request_id)
SELECT id, petition_id, official_id, role, what, at, request_id FROM personal_data_read WHERE official_id IS NOT NULL;
DROP TABLE personal_data_read;
ALTER TABLE personal_data_read_old RENAME TO personal_data_read;
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id);
