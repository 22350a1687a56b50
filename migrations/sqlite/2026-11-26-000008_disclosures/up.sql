-- Personal data goes to officials and to clients; who received whose is asked by petition, by official, by client and
-- over everything, each time the latest first.
CREATE TABLE personal_data_read_new (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    official_id BLOB REFERENCES official (id),
    client TEXT,
    role TEXT NOT NULL REFERENCES role (code),
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    request_id TEXT,
    CHECK ((official_id IS NULL) <> (client IS NULL))
) STRICT;
INSERT INTO personal_data_read_new (id, petition_id, official_id, client, role, what, at, request_id)
SELECT id, petition_id, official_id, NULL, role, what, at, request_id FROM personal_data_read;
DROP TABLE personal_data_read;
ALTER TABLE personal_data_read_new RENAME TO personal_data_read;
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id, at, id);
CREATE INDEX personal_data_read_official_id ON personal_data_read (official_id, at, id) WHERE official_id IS NOT NULL;
CREATE INDEX personal_data_read_client ON personal_data_read (client, at, id) WHERE client IS NOT NULL;
CREATE INDEX personal_data_read_at ON personal_data_read (at, id);
