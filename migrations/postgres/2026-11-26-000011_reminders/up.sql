-- Vocabularies; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE reminder_level (code text PRIMARY KEY NOT NULL);
CREATE TABLE anchor (code text PRIMARY KEY NOT NULL);
CREATE TABLE notification_kind (code text PRIMARY KEY NOT NULL);
INSERT INTO reminder_level (code) VALUES ('person'), ('head'), ('superior');
INSERT INTO anchor (code) VALUES ('share_used'), ('before_due'), ('after_due'), ('after_start');
INSERT INTO notification_kind (code) VALUES ('reminder'), ('urging'), ('unheard');

-- When which level is reminded of the clocks of a stage; a row without a stage speaks of all of them.
CREATE TABLE reminder_threshold (
    code text PRIMARY KEY NOT NULL,
    stage text REFERENCES stage (code),
    level text NOT NULL REFERENCES reminder_level (code),
    anchor text NOT NULL REFERENCES anchor (code),
    -- Percent of the time, or so many of unit.
    amount integer NOT NULL,
    unit text REFERENCES unit (code),
    legal_basis text NOT NULL,
    effective_from date,
    effective_to date,
    created_at timestamptz NOT NULL
);

INSERT INTO reminder_threshold (code, stage, level, anchor, amount, unit, legal_basis, created_at) VALUES
    ('intake-person', 'intake', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('intake-head', 'intake', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('intake-superior', 'intake', 'superior', 'after_start', 45, 'calendar_days', 'Nghị định 154/2026/NĐ-CP điều 41.3b', '2026-11-23T00:00:00Z'),
    ('resolution-person', 'resolution', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('resolution-head', 'resolution', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('resolution-superior', 'resolution', 'superior', 'after_due', 5, 'working_days', 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('forwarding-person', 'forwarding', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('forwarding-head', 'forwarding', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z'),
    ('forwarding-superior', 'forwarding', 'superior', 'after_due', 5, 'working_days', 'policy (quy định nội bộ)', '2026-11-23T00:00:00Z');

-- When the next reminder of a petition may be delivered. One whose thresholds are older than the present ones is looked
-- at anew; one that is over has neither moment nor revision. Backfill has no row: it reminds nobody.
CREATE TABLE petition_reminder (
    petition_id uuid PRIMARY KEY NOT NULL REFERENCES petition (id),
    look_at timestamptz,
    revision integer
);
CREATE INDEX petition_reminder_look_at ON petition_reminder (look_at, petition_id) WHERE look_at IS NOT NULL;
CREATE INDEX petition_reminder_revision ON petition_reminder (revision) WHERE revision IS NOT NULL;
INSERT INTO petition_reminder (petition_id, revision)
    SELECT id, CASE WHEN state IN ('received', 'classified', 'assigned', 'in_progress', 'awaiting_approval',
        'awaiting_supplement', 'suspended') THEN 0 END
    FROM petition WHERE provenance <> 'imported';

-- The reminders given: each level of each clock once, whichever process was first.
CREATE TABLE escalation (
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    stage text NOT NULL REFERENCES stage (code),
    level text NOT NULL REFERENCES reminder_level (code),
    threshold text NOT NULL REFERENCES reminder_threshold (code),
    event_id uuid NOT NULL REFERENCES event (id),
    PRIMARY KEY (petition_id, round, stage, level)
);

-- What an official is told.
CREATE TABLE notification (
    id uuid PRIMARY KEY NOT NULL,
    official_id uuid NOT NULL REFERENCES official (id),
    kind text NOT NULL REFERENCES notification_kind (code),
    petition_id uuid NOT NULL REFERENCES petition (id),
    event_id uuid NOT NULL REFERENCES event (id),
    level text REFERENCES reminder_level (code),
    stage text REFERENCES stage (code),
    due_at timestamptz,
    due_on date,
    -- Whether he might see the petition when he was told.
    shown boolean NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    UNIQUE (event_id, official_id)
);
CREATE INDEX notification_official ON notification (official_id, created_at, id);
CREATE INDEX notification_unread ON notification (official_id, created_at, id) WHERE read_at IS NULL;
CREATE INDEX notification_petition_id ON notification (petition_id);

-- Notifications that go out by mail. Empty where no mail server is configured.
CREATE TABLE mail_outbox (
    notification_id uuid PRIMARY KEY NOT NULL REFERENCES notification (id),
    attempts integer NOT NULL,
    -- When it is tried next; nothing once it was sent or given up.
    next_at timestamptz,
    sent_at timestamptz,
    given_up_at timestamptz,
    -- Why the last attempt failed: a word of ours, never an address or an answer.
    reason text
);
CREATE INDEX mail_outbox_next_at ON mail_outbox (next_at, notification_id) WHERE next_at IS NOT NULL;

-- Where an official gets his mail: personal data.
ALTER TABLE official ADD COLUMN email text;

-- Who was urged when, and what answered it first.
CREATE TABLE urging (
    event_id uuid PRIMARY KEY NOT NULL REFERENCES event (id),
    petition_id uuid NOT NULL REFERENCES petition (id),
    agency_id uuid REFERENCES agency (id),
    official_id uuid REFERENCES official (id),
    urged_at timestamptz NOT NULL,
    answer_id uuid REFERENCES event (id),
    answered_at timestamptz
);
CREATE INDEX urging_petition_id ON urging (petition_id);
CREATE INDEX urging_urged_at ON urging (urged_at, event_id);
INSERT INTO urging (event_id, petition_id, agency_id, official_id, urged_at)
    SELECT id, subject_id, COALESCE((payload -> 'act' -> 'facts' ->> 'agency_id')::uuid,
            (SELECT agency_id FROM petition_span WHERE petition_id = subject_id AND petition_span.sequence <= event.sequence
            ORDER BY petition_span.sequence DESC LIMIT 1)),
        (payload -> 'act' -> 'facts' ->> 'official_id')::uuid, occurred_at
    FROM event WHERE subject_kind = 'petition' AND type = 'urging';
UPDATE urging SET answer_id = (
    SELECT note.id FROM event note
    WHERE note.subject_kind = 'petition' AND note.subject_id = urging.petition_id AND note.type = 'progress-note'
        AND (note.payload -> 'act' -> 'facts' ->> 'answers')::uuid = urging.event_id
    ORDER BY note.sequence LIMIT 1);
UPDATE urging SET answered_at = (SELECT occurred_at FROM event WHERE event.id = urging.answer_id)
    WHERE answer_id IS NOT NULL;
