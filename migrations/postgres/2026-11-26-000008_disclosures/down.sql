DROP INDEX personal_data_read_at;
DROP INDEX personal_data_read_client;
DROP INDEX personal_data_read_official_id;
DROP INDEX personal_data_read_petition_id;
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id);
DELETE FROM personal_data_read WHERE official_id IS NULL;
ALTER TABLE personal_data_read DROP CONSTRAINT personal_data_read_to_one;
ALTER TABLE personal_data_read DROP COLUMN client;
ALTER TABLE personal_data_read ALTER COLUMN official_id SET NOT NULL;
