DROP INDEX agency_head_official_id;
DROP INDEX official_agency_id;
DROP INDEX grant_of_role_role;
ALTER TABLE field DROP COLUMN active;
