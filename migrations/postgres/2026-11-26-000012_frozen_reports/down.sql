DROP INDEX petition_span_began;
