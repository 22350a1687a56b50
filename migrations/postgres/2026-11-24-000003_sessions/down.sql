DROP TABLE oidc_authorization;
DROP TABLE refresh_token;
DROP TABLE session;
DROP TABLE outside_identity;
DROP TABLE petition_account;
DROP TABLE account;
ALTER TABLE signing_key DROP COLUMN signs_from;
