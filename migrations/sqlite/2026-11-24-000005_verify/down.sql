DROP INDEX clock_span_petition_id;
CREATE INDEX clock_span_petition_id ON clock_span (petition_id) WHERE to_at IS NULL;
