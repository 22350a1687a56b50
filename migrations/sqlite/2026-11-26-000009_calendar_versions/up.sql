-- The calendar keeps every version it ever had: what was there at first is version 1, and each act that changes it makes
-- the next. Petitions go over to a version in the background; `reached` says how far that is.
CREATE TABLE calendar_version (
    version INTEGER PRIMARY KEY NOT NULL,
    source TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    official_id BLOB REFERENCES official (id),
    event_id BLOB REFERENCES event (id),
    confirmed_past INTEGER NOT NULL,
    reached BLOB,
    moved INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
INSERT INTO calendar_version (version, source, recorded_at, confirmed_past, moved, finished_at)
    VALUES (1, 'seed', 1795392000000000, 0, 0, 1795392000000000);

-- What a version says of a day; without a kind the day follows its weekday again.
CREATE TABLE calendar_entry (
    day TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES calendar_version (version),
    kind TEXT REFERENCES day_kind (code),
    name TEXT,
    source TEXT NOT NULL,
    confidence TEXT REFERENCES confidence (code),
    reason TEXT,
    PRIMARY KEY (day, version)
) STRICT;
CREATE INDEX calendar_entry_version ON calendar_entry (version);
INSERT INTO calendar_entry (day, version, kind, name, source, confidence)
    SELECT day, 1, kind, name, source, confidence FROM calendar_day;
DROP TABLE calendar_day;

-- The years of which every day is known, since which version.
CREATE TABLE calendar_coverage (
    year INTEGER PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL REFERENCES calendar_version (version),
    source TEXT NOT NULL
) STRICT;
INSERT INTO calendar_coverage (year, version, source) SELECT year, 1, source FROM calendar_year;
DROP TABLE calendar_year;

-- What a version says of the office hours of an agency and those below it from a day on; without sessions those that
-- begin on this day are withdrawn.
CREATE TABLE office_hours (
    agency_id BLOB NOT NULL REFERENCES agency (id),
    from_day TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES calendar_version (version),
    to_day TEXT,
    depth INTEGER NOT NULL,
    sessions TEXT,
    source TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (agency_id, from_day, version)
) STRICT;

-- The clocks that a version moved, from when to when; nothing while one rests without a known end.
CREATE TABLE calendar_move (
    version INTEGER NOT NULL REFERENCES calendar_version (version),
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    stage TEXT NOT NULL REFERENCES stage (code),
    from_due_at INTEGER,
    from_due_on TEXT,
    from_provisional INTEGER NOT NULL,
    to_due_at INTEGER,
    to_due_on TEXT,
    to_provisional INTEGER NOT NULL,
    event_id BLOB NOT NULL REFERENCES event (id),
    PRIMARY KEY (version, petition_id, round, stage)
) STRICT;
CREATE INDEX calendar_move_petition_id ON calendar_move (petition_id);
CREATE INDEX calendar_move_event_id ON calendar_move (event_id);

-- The clocks that run, petition by petition: what a change of the calendar looks through.
CREATE INDEX clock_span_running ON clock_span (petition_id) WHERE to_at IS NULL AND ended_at IS NULL;

-- Where a rule comes from, when we learnt of it, and when we learnt of its end; those of the beginning say nothing.
ALTER TABLE deadline_rule ADD COLUMN source TEXT;
ALTER TABLE deadline_rule ADD COLUMN recorded_at INTEGER;
ALTER TABLE deadline_rule ADD COLUMN ending_recorded_at INTEGER;
