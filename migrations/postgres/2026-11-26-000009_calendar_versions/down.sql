ALTER TABLE deadline_rule DROP COLUMN ending_recorded_at;
ALTER TABLE deadline_rule DROP COLUMN recorded_at;
ALTER TABLE deadline_rule DROP COLUMN source;
DROP INDEX clock_span_running;
DROP TABLE calendar_move;
DROP TABLE office_hours;

CREATE TABLE calendar_year (
    year integer PRIMARY KEY NOT NULL,
    source text NOT NULL
);
INSERT INTO calendar_year (year, source) SELECT year, source FROM calendar_coverage;
DROP TABLE calendar_coverage;

CREATE TABLE calendar_day (
    day date PRIMARY KEY NOT NULL,
    kind text NOT NULL REFERENCES day_kind (code),
    name text NOT NULL,
    source text NOT NULL,
    confidence text NOT NULL REFERENCES confidence (code)
);
INSERT INTO calendar_day (day, kind, name, source, confidence)
    SELECT day, kind, name, source, confidence FROM calendar_entry AS entry
    WHERE kind IS NOT NULL
        AND version = (SELECT max(version) FROM calendar_entry AS later WHERE later.day = entry.day);
DROP TABLE calendar_entry;
DROP TABLE calendar_version;
