-- Every report can be frozen. Which figures and amounts are kept of each petition; NULL: the eight columns of the report
-- on timeliness, one of which is kept, in reports that were frozen before.
ALTER TABLE frozen_report ADD COLUMN figures TEXT;
-- What counts and measures the petition, as `received moved_in=2 hops=0`. What stood here before reads as it did.
ALTER TABLE frozen_petition RENAME COLUMN figure TO figures;
-- What somebody froze, the latest first.
CREATE INDEX frozen_report_frozen_by ON frozen_report (frozen_by, id);
-- Who ever denounced somebody: a flow asks it of each of its petitions, page by page.
CREATE INDEX petition_span_denounced ON petition_span (petition_id) WHERE kind = 'denunciation';
