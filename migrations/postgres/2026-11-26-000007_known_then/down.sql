DROP INDEX petition_detail_area_code;
DROP INDEX clock_span_present_first_due;
DROP INDEX clock_span_first_due;
DROP INDEX petition_promised;
DROP INDEX petition_span_forwarded;
DROP INDEX petition_span_clockless;
DROP INDEX petition_span_paused;
ALTER TABLE clock_span DROP COLUMN recorded_to;
ALTER TABLE petition_span DROP COLUMN recorded_to;
