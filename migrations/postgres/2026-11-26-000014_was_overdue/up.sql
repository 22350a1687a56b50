-- What is overdue as of the past looks at the stretches that were overdue at some time before their end, or before we
-- learnt of it: of all that ever had an end a small part; one without an end is neither, and counts. The query says the
-- same words, and what asks for the present alone does not: see store/conditions/texts.rs.
CREATE INDEX petition_span_was_overdue ON petition_span (open_due_at, petition_id)
    WHERE open_due_at IS NOT NULL AND (to_at > open_due_at OR recorded_to > open_due_at) IS NOT FALSE;

-- How many of the present stretches are due, and how many of those that ever were overdue: without it the planner takes
-- what is over for half of what is late, and reads the petitions from end to end.
CREATE STATISTICS petition_span_present_due_at ON (CASE WHEN to_at IS NULL THEN open_due_at END) FROM petition_span;
CREATE STATISTICS petition_span_was_due_at
    ON (CASE WHEN (to_at > open_due_at OR recorded_to > open_due_at) IS NOT FALSE THEN open_due_at END) FROM petition_span;
