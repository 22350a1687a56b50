-- The calendar keeps every version it ever had: what was there at first is version 1, and each act that changes it makes
-- the next. Petitions go over to a version in the background; `reached` says how far that is.
CREATE TABLE calendar_version (
    version integer PRIMARY KEY NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    official_id uuid REFERENCES official (id),
    event_id uuid REFERENCES event (id),
    confirmed_past boolean NOT NULL,
    reached uuid,
    moved integer NOT NULL,
    finished_at timestamptz
);
INSERT INTO calendar_version (version, source, recorded_at, confirmed_past, moved, finished_at)
    VALUES (1, 'seed', '2026-11-23T00:00:00Z', FALSE, 0, '2026-11-23T00:00:00Z');

-- What a version says of a day; without a kind the day follows its weekday again.
CREATE TABLE calendar_entry (
    day date NOT NULL,
    version integer NOT NULL REFERENCES calendar_version (version),
    kind text REFERENCES day_kind (code),
    name text,
    source text NOT NULL,
    confidence text REFERENCES confidence (code),
    reason text,
    PRIMARY KEY (day, version)
);
CREATE INDEX calendar_entry_version ON calendar_entry (version);
INSERT INTO calendar_entry (day, version, kind, name, source, confidence)
    SELECT day, 1, kind, name, source, confidence FROM calendar_day;
DROP TABLE calendar_day;

-- The years of which every day is known, since which version.
CREATE TABLE calendar_coverage (
    year integer PRIMARY KEY NOT NULL,
    version integer NOT NULL REFERENCES calendar_version (version),
    source text NOT NULL
);
INSERT INTO calendar_coverage (year, version, source) SELECT year, 1, source FROM calendar_year;
DROP TABLE calendar_year;

-- What a version says of the office hours of an agency and those below it from a day on; without sessions those that
-- begin on this day are withdrawn.
CREATE TABLE office_hours (
    agency_id uuid NOT NULL REFERENCES agency (id),
    from_day date NOT NULL,
    version integer NOT NULL REFERENCES calendar_version (version),
    to_day date,
    depth integer NOT NULL,
    sessions text,
    source text NOT NULL,
    reason text,
    PRIMARY KEY (agency_id, from_day, version)
);

-- The clocks that a version moved, from when to when; nothing while one rests without a known end.
CREATE TABLE calendar_move (
    version integer NOT NULL REFERENCES calendar_version (version),
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    stage text NOT NULL REFERENCES stage (code),
    from_due_at timestamptz,
    from_due_on date,
    from_provisional boolean NOT NULL,
    to_due_at timestamptz,
    to_due_on date,
    to_provisional boolean NOT NULL,
    event_id uuid NOT NULL REFERENCES event (id),
    PRIMARY KEY (version, petition_id, round, stage)
);
CREATE INDEX calendar_move_petition_id ON calendar_move (petition_id);
CREATE INDEX calendar_move_event_id ON calendar_move (event_id);

-- The clocks that run, petition by petition: what a change of the calendar looks through.
CREATE INDEX clock_span_running ON clock_span (petition_id) WHERE to_at IS NULL AND ended_at IS NULL;

-- Where a rule comes from, when we learnt of it, and when we learnt of its end; those of the beginning say nothing.
ALTER TABLE deadline_rule ADD COLUMN source text;
ALTER TABLE deadline_rule ADD COLUMN recorded_at timestamptz;
ALTER TABLE deadline_rule ADD COLUMN ending_recorded_at timestamptz;
