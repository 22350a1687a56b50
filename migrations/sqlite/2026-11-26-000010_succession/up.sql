-- Who was below whom on which days, reflexive: from valid_from until before valid_to; 0001-01-01 since ever, 9999-12-31
-- until further notice. agency_closure holds the rows that end then. Derived from agency_version and succession.
CREATE TABLE agency_line (
    ancestor_id BLOB NOT NULL REFERENCES agency (id),
    descendant_id BLOB NOT NULL REFERENCES agency (id),
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    PRIMARY KEY (ancestor_id, descendant_id, valid_from)
) STRICT;
CREATE INDEX agency_line_descendant_id ON agency_line (descendant_id);

INSERT INTO agency_line (ancestor_id, descendant_id, valid_from, valid_to)
WITH RECURSIVE
    stand (agency_id, parent_id, since, until) AS (
        SELECT v.agency_id, v.parent_id,
            CASE WHEN v.number = 1 THEN '0001-01-01' ELSE COALESCE(v.valid_from, '0001-01-01') END,
            COALESCE((SELECT n.valid_from FROM agency_version n
                WHERE n.agency_id = v.agency_id AND n.number = v.number + 1), '9999-12-31')
        FROM agency_version v
    ),
    line (ancestor_id, descendant_id, since, until, above_id, steps) AS (
        SELECT agency_id, agency_id, since, until, parent_id, 0 FROM stand WHERE since < until
        UNION ALL
        SELECT s.agency_id, l.descendant_id, max(l.since, s.since), min(l.until, s.until), s.parent_id, l.steps + 1
        FROM line l JOIN stand s ON s.agency_id = l.above_id
        WHERE max(l.since, s.since) < min(l.until, s.until) AND l.steps < 20
    )
SELECT ancestor_id, descendant_id, since, max(until) FROM line GROUP BY ancestor_id, descendant_id, since;

-- An agency that was closed in favour of others: who keeps what was over (heir), with whom its figures are counted
-- today (nothing: with itself, for it was divided), and how far its open petitions have moved. The plan is in the event.
CREATE TABLE succession (
    agency_id BLOB PRIMARY KEY NOT NULL REFERENCES agency (id),
    event_id BLOB NOT NULL REFERENCES event (id),
    effective_on TEXT NOT NULL,
    heir_id BLOB NOT NULL REFERENCES agency (id),
    today_id BLOB REFERENCES agency (id),
    open_petitions INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    finished_at INTEGER,
    sweep_at INTEGER
) STRICT;
CREATE INDEX succession_today_id ON succession (today_id);
CREATE INDEX succession_sweep_at ON succession (sweep_at) WHERE sweep_at IS NOT NULL;

-- The open petitions of a closed agency: to be moved while to_id is empty, then with whom each is counted today.
CREATE TABLE succession_move (
    petition_id BLOB NOT NULL REFERENCES petition (id),
    from_id BLOB NOT NULL REFERENCES agency (id),
    to_id BLOB REFERENCES agency (id),
    PRIMARY KEY (petition_id, from_id)
) STRICT;
CREATE INDEX succession_move_to_id ON succession_move (to_id);
CREATE INDEX succession_move_pending ON succession_move (from_id, petition_id) WHERE to_id IS NULL;

-- A code is one agency's for ever; who took over from whom is asked in both directions.
CREATE INDEX agency_version_code ON agency_version (code);
CREATE INDEX agency_succession_to_id ON agency_succession (to_id);
CREATE INDEX grant_of_role_agency_id ON grant_of_role (agency_id);
