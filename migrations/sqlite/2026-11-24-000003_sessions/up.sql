-- Since when a key signs; a key without it is published and waits its turn.
ALTER TABLE signing_key ADD COLUMN signs_from INTEGER;
UPDATE signing_key SET signs_from = created_at;

-- A citizen who signs in elsewhere, known by the pair that his provider vouches for and by nothing else.
CREATE TABLE account (
    id BLOB PRIMARY KEY NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;

-- The petitions that a citizen keeps in his account.
CREATE TABLE petition_account (
    petition_id BLOB NOT NULL REFERENCES petition (id),
    account_id BLOB NOT NULL REFERENCES account (id),
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (petition_id, account_id)
) STRICT;
CREATE INDEX petition_account_account_id ON petition_account (account_id, petition_id);

-- Under which outside identity an official signs in.
CREATE TABLE outside_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    official_id BLOB NOT NULL REFERENCES official (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX outside_identity_official_id ON outside_identity (official_id);

-- A sign-in: the family of refresh tokens that follow one from another.
CREATE TABLE session (
    id BLOB PRIMARY KEY NOT NULL,
    official_id BLOB REFERENCES official (id),
    account_id BLOB REFERENCES account (id),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_reason TEXT
) STRICT;
CREATE INDEX session_official_id ON session (official_id, id);
CREATE INDEX session_account_id ON session (account_id, id);
CREATE INDEX session_expires_at ON session (expires_at);

-- Only digests: the tokens themselves are with their bearers alone.
CREATE TABLE refresh_token (
    digest BLOB PRIMARY KEY NOT NULL,
    session_id BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    issued_at INTEGER NOT NULL,
    spent_at INTEGER
) STRICT;
CREATE INDEX refresh_token_session_id ON refresh_token (session_id);

-- A sign-in elsewhere that was begun and may be finished once, by any process.
CREATE TABLE oidc_authorization (
    state_digest BLOB PRIMARY KEY NOT NULL,
    provider TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    nonce TEXT NOT NULL,
    challenge TEXT NOT NULL,
    official_id BLOB REFERENCES official (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX oidc_authorization_expires_at ON oidc_authorization (expires_at);
CREATE INDEX oidc_authorization_official_id ON oidc_authorization (official_id);
