-- Personal data goes to officials and to clients; who received whose is asked by petition, by official, by client and
-- over everything, each time the latest first.
ALTER TABLE personal_data_read ALTER COLUMN official_id DROP NOT NULL;
ALTER TABLE personal_data_read ADD COLUMN client text;
ALTER TABLE personal_data_read ADD CONSTRAINT personal_data_read_to_one
    CHECK ((official_id IS NULL) <> (client IS NULL));
DROP INDEX personal_data_read_petition_id;
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id, at, id);
CREATE INDEX personal_data_read_official_id ON personal_data_read (official_id, at, id) WHERE official_id IS NOT NULL;
CREATE INDEX personal_data_read_client ON personal_data_read (client, at, id) WHERE client IS NOT NULL;
CREATE INDEX personal_data_read_at ON personal_data_read (at, id);
