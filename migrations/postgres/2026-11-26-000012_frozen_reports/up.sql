-- Open stretches by when they began: the flow of petitions asks by it, and nothing else is to be tempted by it.
CREATE INDEX petition_span_began ON petition_span (from_at, petition_id)
    WHERE state IN ('received', 'classified', 'assigned', 'in_progress', 'awaiting_approval', 'awaiting_supplement', 'suspended');
-- What anomalies look for: acts recorded later than they happened, acts that end a petition or make it rest, by whom,
-- and replies by when they were signed.
CREATE INDEX event_backdated ON event (recorded_at, subject_id) WHERE occurred_at < recorded_at;
CREATE INDEX event_ending ON event (type, actor_official_id, recorded_at)
    WHERE type IN ('reply-approval', 'closing', 'rejection', 'filing', 'merge', 'termination', 'suspension');
CREATE INDEX reply_revision_document_id ON reply_revision (document_id) WHERE document_id IS NOT NULL;
CREATE INDEX reply_revision_approved ON reply_revision (approved_at) WHERE approved_at IS NOT NULL;

-- Digests of what replies say, by which the same text sent to many is found. They stand beside the texts, outside the
-- log, and go when the text goes. Replies from before this table have none.
CREATE TABLE reply_fingerprint (
    revision_id uuid PRIMARY KEY NOT NULL REFERENCES reply_revision (id),
    petition_id uuid NOT NULL REFERENCES petition (id),
    fingerprint bytea NOT NULL
);
CREATE INDEX reply_fingerprint_fingerprint ON reply_fingerprint (fingerprint);
CREATE INDEX reply_fingerprint_petition_id ON reply_fingerprint (petition_id);

-- Reports as they were, signed, with the column in which each petition stood. Nothing of it is ever changed.
CREATE TABLE frozen_report (
    id uuid PRIMARY KEY NOT NULL,
    report text NOT NULL,
    query jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    rows jsonb NOT NULL,
    petitions integer NOT NULL,
    digest bytea NOT NULL,
    kid text NOT NULL,
    signature text NOT NULL,
    frozen_at timestamptz NOT NULL,
    frozen_by uuid NOT NULL REFERENCES official (id)
);

CREATE TABLE frozen_petition (
    report_id uuid NOT NULL REFERENCES frozen_report (id),
    petition_id uuid NOT NULL REFERENCES petition (id),
    figure text NOT NULL,
    PRIMARY KEY (report_id, petition_id)
);
