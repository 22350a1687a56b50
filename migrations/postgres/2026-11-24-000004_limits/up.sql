-- How much of an allowance a client has left, shared by the API processes. Without a log: a count costs no wait for
-- the disk, and after a crash of the server every allowance is whole. No index on whole_at, which every count would
-- have to write as well; the few rows that are old are looked for among few.
CREATE UNLOGGED TABLE rate_limit (
    key bytea PRIMARY KEY NOT NULL,
    -- Microseconds since 1970; the statement that counts reckons with it.
    whole_at bigint NOT NULL
);

-- Failed proofs of identity: by digests of names, codes and addresses, never by themselves.
CREATE TABLE guess (
    key bytea PRIMARY KEY NOT NULL,
    failed_at bigint NOT NULL,
    -- When all failures will have been forgotten: one after another, at an even pace.
    forgotten_at bigint NOT NULL,
    -- For how long after failed_at no further attempt is looked at, in microseconds.
    locked_for bigint NOT NULL
);
CREATE INDEX guess_forgotten_at ON guess (forgotten_at);
