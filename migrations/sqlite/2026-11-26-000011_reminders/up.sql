-- Vocabularies; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE reminder_level (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE anchor (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE notification_kind (code TEXT PRIMARY KEY NOT NULL) STRICT;
INSERT INTO reminder_level (code) VALUES ('person'), ('head'), ('superior');
INSERT INTO anchor (code) VALUES ('share_used'), ('before_due'), ('after_due'), ('after_start');
INSERT INTO notification_kind (code) VALUES ('reminder'), ('urging'), ('unheard');

-- When which level is reminded of the clocks of a stage; a row without a stage speaks of all of them.
CREATE TABLE reminder_threshold (
    code TEXT PRIMARY KEY NOT NULL,
    stage TEXT REFERENCES stage (code),
    level TEXT NOT NULL REFERENCES reminder_level (code),
    anchor TEXT NOT NULL REFERENCES anchor (code),
    -- Percent of the time, or so many of unit.
    amount INTEGER NOT NULL,
    unit TEXT REFERENCES unit (code),
    legal_basis TEXT NOT NULL,
    effective_from TEXT,
    effective_to TEXT,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO reminder_threshold (code, stage, level, anchor, amount, unit, legal_basis, created_at) VALUES
    ('intake-person', 'intake', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', 1795392000000000),
    ('intake-head', 'intake', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', 1795392000000000),
    ('intake-superior', 'intake', 'superior', 'after_start', 45, 'calendar_days', 'Nghị định 154/2026/NĐ-CP điều 41.3b', 1795392000000000),
    ('resolution-person', 'resolution', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', 1795392000000000),
    ('resolution-head', 'resolution', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', 1795392000000000),
    ('resolution-superior', 'resolution', 'superior', 'after_due', 5, 'working_days', 'policy (quy định nội bộ)', 1795392000000000),
    ('forwarding-person', 'forwarding', 'person', 'share_used', 80, NULL, 'policy (quy định nội bộ)', 1795392000000000),
    ('forwarding-head', 'forwarding', 'head', 'after_due', 0, 'working_days', 'policy (quy định nội bộ)', 1795392000000000),
    ('forwarding-superior', 'forwarding', 'superior', 'after_due', 5, 'working_days', 'policy (quy định nội bộ)', 1795392000000000);

-- When the next reminder of a petition may be delivered. One whose thresholds are older than the present ones is looked
-- at anew; one that is over has neither moment nor revision. Backfill has no row: it reminds nobody.
CREATE TABLE petition_reminder (
    petition_id BLOB PRIMARY KEY NOT NULL REFERENCES petition (id),
    look_at INTEGER,
    revision INTEGER
) STRICT;
CREATE INDEX petition_reminder_look_at ON petition_reminder (look_at, petition_id) WHERE look_at IS NOT NULL;
CREATE INDEX petition_reminder_revision ON petition_reminder (revision) WHERE revision IS NOT NULL;
INSERT INTO petition_reminder (petition_id, revision)
    SELECT id, CASE WHEN state IN ('received', 'classified', 'assigned', 'in_progress', 'awaiting_approval',
        'awaiting_supplement', 'suspended') THEN 0 END
    FROM petition WHERE provenance <> 'imported';

-- The reminders given: each level of each clock once, whichever process was first.
CREATE TABLE escalation (
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    stage TEXT NOT NULL REFERENCES stage (code),
    level TEXT NOT NULL REFERENCES reminder_level (code),
    threshold TEXT NOT NULL REFERENCES reminder_threshold (code),
    event_id BLOB NOT NULL REFERENCES event (id),
    PRIMARY KEY (petition_id, round, stage, level)
) STRICT;

-- What an official is told.
CREATE TABLE notification (
    id BLOB PRIMARY KEY NOT NULL,
    official_id BLOB NOT NULL REFERENCES official (id),
    kind TEXT NOT NULL REFERENCES notification_kind (code),
    petition_id BLOB NOT NULL REFERENCES petition (id),
    event_id BLOB NOT NULL REFERENCES event (id),
    level TEXT REFERENCES reminder_level (code),
    stage TEXT REFERENCES stage (code),
    due_at INTEGER,
    due_on TEXT,
    -- Whether he might see the petition when he was told.
    shown INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    UNIQUE (event_id, official_id)
) STRICT;
CREATE INDEX notification_official ON notification (official_id, created_at, id);
CREATE INDEX notification_unread ON notification (official_id, created_at, id) WHERE read_at IS NULL;
CREATE INDEX notification_petition_id ON notification (petition_id);

-- Notifications that go out by mail. Empty where no mail server is configured.
CREATE TABLE mail_outbox (
    notification_id BLOB PRIMARY KEY NOT NULL REFERENCES notification (id),
    attempts INTEGER NOT NULL,
    -- When it is tried next; nothing once it was sent or given up.
    next_at INTEGER,
    sent_at INTEGER,
    given_up_at INTEGER,
    -- Why the last attempt failed: a word of ours, never an address or an answer.
    reason TEXT
) STRICT;
CREATE INDEX mail_outbox_next_at ON mail_outbox (next_at, notification_id) WHERE next_at IS NOT NULL;

-- Where an official gets his mail: personal data.
ALTER TABLE official ADD COLUMN email TEXT;

-- Who was urged when, and what answered it first.
CREATE TABLE urging (
    event_id BLOB PRIMARY KEY NOT NULL REFERENCES event (id),
    petition_id BLOB NOT NULL REFERENCES petition (id),
    agency_id BLOB REFERENCES agency (id),
    official_id BLOB REFERENCES official (id),
    urged_at INTEGER NOT NULL,
    answer_id BLOB REFERENCES event (id),
    answered_at INTEGER
) STRICT;
CREATE INDEX urging_petition_id ON urging (petition_id);
CREATE INDEX urging_urged_at ON urging (urged_at, event_id);
INSERT INTO urging (event_id, petition_id, agency_id, official_id, urged_at)
    SELECT id, subject_id, COALESCE(unhex(replace(payload ->> '$.act.facts.agency_id', '-', '')),
            (SELECT agency_id FROM petition_span WHERE petition_id = subject_id AND petition_span.sequence <= event.sequence
            ORDER BY petition_span.sequence DESC LIMIT 1)),
        unhex(replace(payload ->> '$.act.facts.official_id', '-', '')), occurred_at
    FROM event WHERE subject_kind = 'petition' AND type = 'urging';
UPDATE urging SET answer_id = (
    SELECT note.id FROM event note
    WHERE note.subject_kind = 'petition' AND note.subject_id = urging.petition_id AND note.type = 'progress-note'
        AND unhex(replace(note.payload ->> '$.act.facts.answers', '-', '')) = urging.event_id
    ORDER BY note.sequence LIMIT 1);
UPDATE urging SET answered_at = (SELECT occurred_at FROM event WHERE event.id = urging.answer_id)
    WHERE answer_id IS NOT NULL;
