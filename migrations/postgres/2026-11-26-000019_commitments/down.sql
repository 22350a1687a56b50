DROP INDEX commitment_due_on;
