-- Promises made in replies by the day they are due.
CREATE INDEX commitment_due_on ON commitment (due_on, id);
