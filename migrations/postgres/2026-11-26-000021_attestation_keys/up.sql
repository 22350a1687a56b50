-- The public halves of keys that signed reports and manifests. They stay when the keys go, so that a signature can be
-- checked years later.
CREATE TABLE attestation_key (
    kid text PRIMARY KEY NOT NULL,
    algorithm text NOT NULL,
    public_pem text NOT NULL,
    signs_from timestamptz NOT NULL,
    retired_at timestamptz,
    -- Whether it was replaced because it may have been known to somebody.
    revoked boolean NOT NULL
);
INSERT INTO attestation_key (kid, algorithm, public_pem, signs_from, retired_at, revoked)
    SELECT kid, algorithm, public_pem, signs_from, retired_at, false FROM signing_key WHERE signs_from IS NOT NULL;
