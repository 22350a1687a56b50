-- Of all stretches, not the present ones alone: a verification reads whole histories. There are few to a petition.
DROP INDEX clock_span_petition_id;
CREATE INDEX clock_span_petition_id ON clock_span (petition_id);
