DROP TABLE frozen_petition;
DROP TABLE frozen_report;
DROP TABLE reply_fingerprint;
DROP INDEX reply_revision_approved;
DROP INDEX reply_revision_document_id;
DROP INDEX event_ending;
DROP INDEX event_backdated;
DROP INDEX petition_span_began;
