-- When we learnt that a stretch had ended. By it and `recorded_from` is told what was known at a time: a stretch whose
-- end was recorded later was then still the present one.
ALTER TABLE petition_span ADD COLUMN recorded_to timestamptz;
ALTER TABLE clock_span ADD COLUMN recorded_to timestamptz;

-- A stretch of a petition is ended by the event that begins the next.
UPDATE petition_span SET recorded_to = (
    SELECT later.recorded_from FROM petition_span AS later
    WHERE later.petition_id = petition_span.petition_id AND later.sequence > petition_span.sequence
    ORDER BY later.sequence LIMIT 1)
WHERE to_at IS NOT NULL;
-- That of a clock as well, unless the clock was withdrawn: then by an event of that instant. Ids grow with time.
UPDATE clock_span SET recorded_to = coalesce(
    (SELECT min(later.recorded_from) FROM clock_span AS later
     WHERE later.petition_id = clock_span.petition_id AND later.round = clock_span.round
         AND later.stage = clock_span.stage AND later.from_at = clock_span.to_at AND later.id > clock_span.id),
    (SELECT min(event.recorded_at) FROM event
     WHERE event.subject_kind = 'petition' AND event.subject_id = clock_span.petition_id
         AND event.occurred_at = clock_span.to_at AND event.recorded_at >= clock_span.recorded_from),
    recorded_from)
WHERE to_at IS NOT NULL;

-- What the lists of an auditor walk: what rests, what runs by no clock, what was passed on, what is late against an end
-- that never moved, and what is about an area.
CREATE INDEX petition_span_paused ON petition_span (received_at, petition_id) WHERE paused_until IS NOT NULL;
CREATE INDEX petition_span_clockless ON petition_span (received_at, petition_id) WHERE clock_stage IS NULL;
CREATE INDEX petition_span_forwarded ON petition_span (received_at, petition_id) WHERE state = 'forwarded';
CREATE INDEX petition_promised ON petition (promised_due_at, id) WHERE promised_due_at IS NOT NULL;
-- The wider index before the narrower: of two that cost the same, SQLite takes the younger.
CREATE INDEX clock_span_first_due ON clock_span (first_due_at, petition_id) WHERE first_due_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX clock_span_present_first_due ON clock_span (first_due_at, petition_id) WHERE first_due_at IS NOT NULL AND ended_at IS NULL AND to_at IS NULL;
CREATE INDEX petition_detail_area_code ON petition_detail (area_code, petition_id) WHERE area_code IS NOT NULL;
