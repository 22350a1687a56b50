-- The public halves of keys that signed reports and manifests. They stay when the keys go, so that a signature can be
-- checked years later.
CREATE TABLE attestation_key (
    kid TEXT PRIMARY KEY NOT NULL,
    algorithm TEXT NOT NULL,
    public_pem TEXT NOT NULL,
    signs_from INTEGER NOT NULL,
    retired_at INTEGER,
    -- Whether it was replaced because it may have been known to somebody.
    revoked INTEGER NOT NULL
) STRICT;
INSERT INTO attestation_key (kid, algorithm, public_pem, signs_from, retired_at, revoked)
    SELECT kid, algorithm, public_pem, signs_from, retired_at, 0 FROM signing_key WHERE signs_from IS NOT NULL;
