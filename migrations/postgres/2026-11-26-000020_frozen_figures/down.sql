DROP INDEX petition_span_denounced;
DROP INDEX frozen_report_frozen_by;
ALTER TABLE frozen_petition RENAME COLUMN figures TO figure;
ALTER TABLE frozen_report DROP COLUMN figures;
