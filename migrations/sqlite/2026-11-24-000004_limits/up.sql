-- How much of an allowance a client has left, shared by the API processes. A file has one process, which counts in
-- memory: here the table stays empty.
CREATE TABLE rate_limit (
    key BLOB PRIMARY KEY NOT NULL,
    -- Microseconds since 1970; the statement that counts reckons with it.
    whole_at INTEGER NOT NULL
) STRICT;

-- Failed proofs of identity: by digests of names, codes and addresses, never by themselves.
CREATE TABLE guess (
    key BLOB PRIMARY KEY NOT NULL,
    failed_at INTEGER NOT NULL,
    -- When all failures will have been forgotten: one after another, at an even pace.
    forgotten_at INTEGER NOT NULL,
    -- For how long after failed_at no further attempt is looked at, in microseconds.
    locked_for INTEGER NOT NULL
) STRICT;
CREATE INDEX guess_forgotten_at ON guess (forgotten_at);
