DROP INDEX petition_span_was_overdue;
