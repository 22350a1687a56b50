-- A field that is chosen no more stays readable.
ALTER TABLE field ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;

-- Who holds a role over an agency, who belongs to it, who heads it.
CREATE INDEX grant_of_role_role ON grant_of_role (role, agency_id);
CREATE INDEX official_agency_id ON official (agency_id, id);
CREATE INDEX agency_head_official_id ON agency (head_official_id) WHERE head_official_id IS NOT NULL;
