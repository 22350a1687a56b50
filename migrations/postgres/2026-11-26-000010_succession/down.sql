DROP INDEX grant_of_role_agency_id;
DROP INDEX agency_succession_to_id;
DROP INDEX agency_version_code;
DROP TABLE succession_move;
DROP TABLE succession;
DROP TABLE agency_line;
