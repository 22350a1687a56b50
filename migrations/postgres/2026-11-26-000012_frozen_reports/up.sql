-- What began in a window: the flow of petitions asks by it.
CREATE INDEX petition_span_began ON petition_span (from_at, petition_id);
