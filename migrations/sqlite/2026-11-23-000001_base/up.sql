-- The types of SQLite: uuid BLOB(16), instant INTEGER (microseconds since 1970, UTC), civil day TEXT (ISO 8601),
-- JSON TEXT, boolean INTEGER. migrations/postgres holds the same tables, and a test compares the two.

-- The closed vocabularies of the domain; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE kind (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE channel (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE submitter_type (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE urgency (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE complexity (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE visibility (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE provenance (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE state (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE role (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE stage (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE start_event (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE unit (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE on_supplement (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE basis (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE confidence (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE day_kind (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE outcome (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE assurance (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE link_kind (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE level (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE satisfaction (code TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE delivery_method (code TEXT PRIMARY KEY NOT NULL) STRICT;

INSERT INTO kind (code) VALUES
    ('proposal'), ('feedback'), ('regulation_feedback'), ('complaint'), ('denunciation'), ('suggestion');
INSERT INTO channel (code) VALUES
    ('dialogue_conference'), ('voter_contact'), ('citizen_reception'), ('online_reception'),
    ('suggestion_box'), ('post'), ('email'), ('hotline'), ('web_portal'), ('mobile_app'), ('transferred'),
    ('oversight_board'), ('press');
INSERT INTO submitter_type (code) VALUES
    ('individual'), ('group'), ('organisation'), ('anonymous'), ('fatherland_front'),
    ('people_inspection_board'), ('community_investment_board'), ('peoples_council'), ('deputy');
INSERT INTO urgency (code) VALUES ('normal'), ('urgent');
INSERT INTO complexity (code) VALUES ('normal'), ('complex'), ('specially_complex');
INSERT INTO visibility (code) VALUES ('public_redacted'), ('parties_only'), ('restricted');
INSERT INTO provenance (code) VALUES ('native'), ('mirrored'), ('imported');
INSERT INTO state (code) VALUES
    ('received'), ('classified'), ('assigned'), ('in_progress'), ('awaiting_approval'), ('answered'),
    ('closed'), ('awaiting_supplement'), ('suspended'), ('rejected'), ('forwarded'), ('merged'), ('split'),
    ('filed'), ('withdrawn'), ('terminated');
INSERT INTO role (code) VALUES
    ('intake'), ('coordinator'), ('handler'), ('approver'), ('auditor'), ('admin'), ('client'), ('citizen'),
    ('supporting'), ('system');
INSERT INTO stage (code) VALUES
    ('intake'), ('resolution'), ('forwarding'), ('delivery'), ('publication'), ('reconsideration');
INSERT INTO start_event (code) VALUES
    ('receipt'), ('acceptance'), ('basis_document'), ('answer'), ('request');
INSERT INTO unit (code) VALUES ('working_hours'), ('working_days'), ('calendar_days');
INSERT INTO on_supplement (code) VALUES ('pause'), ('restart');
INSERT INTO basis (code) VALUES ('rule'), ('stated'), ('decided');
INSERT INTO confidence (code) VALUES ('seen'), ('secondary'), ('memory'), ('uncertain'), ('policy');
INSERT INTO day_kind (code) VALUES ('holiday'), ('compensatory'), ('swap_off'), ('swap_work');
INSERT INTO outcome (code) VALUES
    ('resolved'), ('planned'), ('explained'), ('not_feasible'), ('upheld'), ('partly_upheld'),
    ('dismissed');
INSERT INTO assurance (code) VALUES ('anonymous'), ('declared'), ('otp'), ('vneid'), ('in_person');
INSERT INTO link_kind (code) VALUES ('repeat'), ('second_instance'), ('duplicate'), ('part'), ('follow_up');
INSERT INTO level (code) VALUES
    ('central'), ('province'), ('department'), ('district'), ('commune'), ('unit');
INSERT INTO satisfaction (code) VALUES ('satisfied'), ('acceptable'), ('dissatisfied');
INSERT INTO delivery_method (code) VALUES
    ('post'), ('in_person'), ('email'), ('online'), ('public_posting');

-- Settings of the installation itself: its stamp, the revision of the reference data, the sandbox clock.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- Keys that sign access tokens, sealed with the installation secret.
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY NOT NULL,
    algorithm TEXT NOT NULL,
    sealed_private BLOB NOT NULL,
    public_pem TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;

-- What petitions are about.
CREATE TABLE field (
    code TEXT PRIMARY KEY NOT NULL,
    name_vi TEXT NOT NULL,
    name_en TEXT NOT NULL,
    provenance TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- An agency through all its names; the names are in agency_version.
CREATE TABLE agency (
    id BLOB PRIMARY KEY NOT NULL,
    head_official_id BLOB REFERENCES official (id),
    serves_area TEXT,
    is_default INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agency_version (
    agency_id BLOB NOT NULL REFERENCES agency (id),
    number INTEGER NOT NULL,
    code TEXT NOT NULL,
    identifier TEXT,
    name TEXT NOT NULL,
    level TEXT REFERENCES level (code),
    parent_id BLOB REFERENCES agency (id),
    valid_from TEXT,
    valid_to TEXT,
    PRIMARY KEY (agency_id, number)
) STRICT;
CREATE UNIQUE INDEX agency_version_in_force ON agency_version (code) WHERE valid_to IS NULL;
CREATE INDEX agency_version_parent_id ON agency_version (parent_id);

-- Who is below whom now, reflexive: an agency is its own descendant.
CREATE TABLE agency_closure (
    ancestor_id BLOB NOT NULL REFERENCES agency (id),
    descendant_id BLOB NOT NULL REFERENCES agency (id),
    PRIMARY KEY (ancestor_id, descendant_id)
) STRICT;
CREATE INDEX agency_closure_descendant_id ON agency_closure (descendant_id);

CREATE TABLE agency_succession (
    from_id BLOB NOT NULL REFERENCES agency (id),
    to_id BLOB NOT NULL REFERENCES agency (id),
    effective_on TEXT NOT NULL,
    PRIMARY KEY (from_id, to_id)
) STRICT;

CREATE TABLE official (
    id BLOB PRIMARY KEY NOT NULL,
    agency_id BLOB NOT NULL REFERENCES agency (id),
    full_name TEXT NOT NULL,
    position TEXT NOT NULL,
    username TEXT,
    password_hash TEXT,
    demo INTEGER NOT NULL,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (username)
) STRICT;

-- A role over an agency and what is below it; without agency, over the whole installation.
CREATE TABLE grant_of_role (
    id BLOB PRIMARY KEY NOT NULL,
    official_id BLOB NOT NULL REFERENCES official (id),
    role TEXT NOT NULL REFERENCES role (code),
    agency_id BLOB REFERENCES agency (id),
    ceiling TEXT NOT NULL REFERENCES visibility (code),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grant_of_role_official_id ON grant_of_role (official_id);

-- Days that differ from the working week, and the years for which all of them are known.
CREATE TABLE calendar_day (
    day TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL REFERENCES day_kind (code),
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    confidence TEXT NOT NULL REFERENCES confidence (code)
) STRICT;

CREATE TABLE calendar_year (
    year INTEGER PRIMARY KEY NOT NULL,
    source TEXT NOT NULL
) STRICT;

CREATE TABLE deadline_rule (
    id TEXT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL,
    kind TEXT REFERENCES kind (code),
    instance INTEGER,
    stage TEXT NOT NULL REFERENCES stage (code),
    channel TEXT REFERENCES channel (code),
    submitter_type TEXT REFERENCES submitter_type (code),
    field_code TEXT REFERENCES field (code),
    urgency TEXT REFERENCES urgency (code),
    complexity TEXT REFERENCES complexity (code),
    remote_area INTEGER,
    start_event TEXT NOT NULL REFERENCES start_event (code),
    amount INTEGER NOT NULL,
    unit TEXT NOT NULL REFERENCES unit (code),
    ceiling INTEGER,
    on_supplement TEXT NOT NULL REFERENCES on_supplement (code),
    due_soon_percent INTEGER NOT NULL,
    legal_basis TEXT NOT NULL,
    confidence TEXT NOT NULL REFERENCES confidence (code),
    effective_from TEXT,
    effective_to TEXT
) STRICT;

-- The present face of a petition; its truth is in event.
CREATE TABLE petition (
    id BLOB PRIMARY KEY NOT NULL,
    code TEXT NOT NULL,
    kind TEXT NOT NULL REFERENCES kind (code),
    instance INTEGER,
    channel TEXT NOT NULL REFERENCES channel (code),
    submitter_type TEXT NOT NULL REFERENCES submitter_type (code),
    field_code TEXT NOT NULL REFERENCES field (code),
    urgency TEXT NOT NULL REFERENCES urgency (code),
    complexity TEXT NOT NULL REFERENCES complexity (code),
    remote_area INTEGER NOT NULL,
    visibility TEXT NOT NULL REFERENCES visibility (code),
    provenance TEXT NOT NULL REFERENCES provenance (code),
    state TEXT NOT NULL REFERENCES state (code),
    title TEXT NOT NULL,
    intake_agency_id BLOB NOT NULL REFERENCES agency (id),
    lead_agency_id BLOB REFERENCES agency (id),
    responsible_id BLOB REFERENCES official (id),
    respondent_official_id BLOB REFERENCES official (id),
    classified INTEGER NOT NULL,
    round INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    received_month TEXT NOT NULL,
    promised_due_at INTEGER,
    promised_due_on TEXT,
    public_from INTEGER,
    merged_into BLOB REFERENCES petition (id),
    last_hash BLOB NOT NULL,
    closes_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (code)
) STRICT;
CREATE INDEX petition_public ON petition (public_from, id) WHERE public_from IS NOT NULL;
CREATE INDEX petition_statistics ON petition (classified, kind, state);
CREATE INDEX petition_closes_at ON petition (closes_at, id) WHERE closes_at IS NOT NULL;

CREATE TABLE petition_detail (
    petition_id BLOB PRIMARY KEY NOT NULL REFERENCES petition (id),
    public_title TEXT,
    public_summary TEXT,
    location_text TEXT,
    latitude REAL,
    longitude REAL,
    area_code TEXT,
    client_reference BLOB,
    client_fingerprint BLOB,
    access_key_hash BLOB,
    UNIQUE (client_reference)
) STRICT;

-- Personal data of citizens, apart from everything else so that it can be erased.
CREATE TABLE submitter (
    petition_id BLOB PRIMARY KEY NOT NULL REFERENCES petition (id),
    full_name TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    id_document_type TEXT,
    id_document_number TEXT,
    organisation TEXT,
    tax_code TEXT,
    assurance TEXT NOT NULL REFERENCES assurance (code),
    account_issuer TEXT,
    account_subject TEXT,
    consent_version TEXT,
    consent_at INTEGER,
    salt BLOB NOT NULL,
    digest BLOB NOT NULL
) STRICT;

CREATE TABLE assignment (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    part TEXT NOT NULL,
    agency_id BLOB NOT NULL REFERENCES agency (id),
    official_id BLOB REFERENCES official (id),
    full_name TEXT,
    position TEXT,
    from_at INTEGER NOT NULL,
    to_at INTEGER
) STRICT;
CREATE INDEX assignment_petition_id ON assignment (petition_id);
CREATE INDEX assignment_official_id ON assignment (official_id) WHERE to_at IS NULL;

-- One row per stretch in which a clock of a stage did not change; the present one has no end.
CREATE TABLE clock_span (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    stage TEXT NOT NULL REFERENCES stage (code),
    rule_id TEXT REFERENCES deadline_rule (id),
    basis TEXT NOT NULL REFERENCES basis (code),
    started_at INTEGER NOT NULL,
    open_due_at INTEGER,
    due_at INTEGER,
    due_on TEXT,
    first_due_at INTEGER,
    provisional INTEGER NOT NULL,
    paused_until INTEGER,
    ended_at INTEGER,
    from_at INTEGER NOT NULL,
    to_at INTEGER,
    recorded_from INTEGER NOT NULL
) STRICT;
CREATE INDEX clock_span_petition_id ON clock_span (petition_id) WHERE to_at IS NULL;
CREATE INDEX clock_span_open_due ON clock_span (stage, open_due_at, petition_id) WHERE open_due_at IS NOT NULL;
CREATE INDEX clock_span_present_due ON clock_span (stage, open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;

-- A numbered document of an agency; several replies may cite one.
CREATE TABLE document (
    id BLOB PRIMARY KEY NOT NULL,
    agency_id BLOB NOT NULL REFERENCES agency (id),
    issue_year INTEGER NOT NULL,
    number TEXT NOT NULL,
    symbol TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    signer TEXT NOT NULL,
    UNIQUE (agency_id, issue_year, number, symbol)
) STRICT;

CREATE TABLE reply_revision (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    outcome TEXT REFERENCES outcome (code),
    text_id BLOB NOT NULL,
    author_id BLOB REFERENCES official (id),
    approved_by BLOB REFERENCES official (id),
    approved_at INTEGER,
    document_id BLOB REFERENCES document (id),
    notice INTEGER NOT NULL,
    published_at INTEGER,
    taken_down_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (petition_id, number)
) STRICT;
CREATE INDEX reply_revision_public ON reply_revision (published_at, id) WHERE published_at IS NOT NULL AND taken_down_at IS NULL;

CREATE TABLE commitment (
    id BLOB PRIMARY KEY NOT NULL,
    revision_id BLOB NOT NULL REFERENCES reply_revision (id),
    text_id BLOB NOT NULL,
    due_on TEXT NOT NULL,
    agency_id BLOB REFERENCES agency (id),
    person_id BLOB REFERENCES official (id)
) STRICT;
CREATE INDEX commitment_revision_id ON commitment (revision_id);

CREATE TABLE delivery (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    method TEXT NOT NULL REFERENCES delivery_method (code),
    delivered_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    by_system INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_petition_id ON delivery (petition_id);

CREATE TABLE rating (
    petition_id BLOB NOT NULL REFERENCES petition (id),
    round INTEGER NOT NULL,
    satisfaction TEXT NOT NULL REFERENCES satisfaction (code),
    reasons_id BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (petition_id, round)
) STRICT;

CREATE TABLE petition_link (
    from_id BLOB NOT NULL REFERENCES petition (id),
    to_id BLOB NOT NULL REFERENCES petition (id),
    kind TEXT NOT NULL REFERENCES link_kind (code),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (from_id, to_id, kind)
) STRICT;
CREATE INDEX petition_link_to_id ON petition_link (to_id);

-- What other systems call a petition.
CREATE TABLE external_ref (
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    revision TEXT,
    payload_digest BLOB NOT NULL,
    source_status TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (source, external_id)
) STRICT;
CREATE INDEX external_ref_petition_id ON external_ref (petition_id);

-- What happened: append-only, hash-chained per subject, without free text or personal data.
CREATE TABLE event (
    id BLOB PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor_official_id BLOB REFERENCES official (id),
    actor_role TEXT NOT NULL REFERENCES role (code),
    actor_agency_id BLOB REFERENCES agency (id),
    actor_position TEXT,
    on_behalf_of TEXT,
    client TEXT,
    origin TEXT,
    request_id TEXT,
    caused_by BLOB,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    position INTEGER,
    UNIQUE (subject_kind, subject_id, sequence),
    UNIQUE (position)
) STRICT;
CREATE INDEX event_recorded_at_id ON event (recorded_at, id) WHERE position IS NULL;

-- The texts that events commit to by salted digest; an erased one has no body.
CREATE TABLE event_text (
    id BLOB PRIMARY KEY NOT NULL,
    subject_id BLOB NOT NULL,
    event_id BLOB NOT NULL REFERENCES event (id),
    slot TEXT NOT NULL,
    salt BLOB NOT NULL,
    body TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_text_subject_id ON event_text (subject_id);

-- One row per stretch in which nothing that lists and reports show did change. Written with the petition in one
-- transaction: its codes and agencies are copies of values that are checked there.
CREATE TABLE petition_span (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL REFERENCES state (code),
    agency_id BLOB NOT NULL REFERENCES agency (id),
    intake_agency_id BLOB NOT NULL REFERENCES agency (id),
    responsible_id BLOB REFERENCES official (id),
    kind TEXT NOT NULL REFERENCES kind (code),
    channel TEXT NOT NULL REFERENCES channel (code),
    field_code TEXT NOT NULL REFERENCES field (code),
    visibility TEXT NOT NULL REFERENCES visibility (code),
    round INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    received_month TEXT NOT NULL,
    clock_stage TEXT REFERENCES stage (code),
    open_due_at INTEGER,
    due_soon_at INTEGER,
    due_at INTEGER,
    due_on TEXT,
    paused_until INTEGER,
    met_at INTEGER,
    round1_outcome TEXT NOT NULL,
    round1_met_on TEXT,
    round1_met_at INTEGER,
    round1_due_at INTEGER,
    round1_due_on TEXT,
    round1_paused_until INTEGER,
    from_at INTEGER NOT NULL,
    to_at INTEGER,
    recorded_from INTEGER NOT NULL
) STRICT;
CREATE INDEX petition_span_petition_id ON petition_span (petition_id, from_at);
CREATE UNIQUE INDEX petition_span_present ON petition_span (petition_id) WHERE to_at IS NULL;
-- The wider index before the narrower: of two that cost the same, SQLite takes the younger.
CREATE INDEX petition_span_due ON petition_span (open_due_at, petition_id) WHERE open_due_at IS NOT NULL;
CREATE INDEX petition_span_present_due ON petition_span (open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;
CREATE INDEX petition_span_present_due_by_agency ON petition_span (agency_id, open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;
CREATE INDEX petition_span_received ON petition_span (received_at, petition_id);
CREATE INDEX petition_span_present_received ON petition_span (received_at, petition_id) WHERE to_at IS NULL;

CREATE TABLE idempotency_record (
    caller TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    subject_id BLOB,
    sequence INTEGER,
    body TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, method, route, key)
) STRICT;
CREATE INDEX idempotency_record_created_at ON idempotency_record (created_at);

-- Who looked at personal data, and at what.
CREATE TABLE personal_data_read (
    id BLOB PRIMARY KEY NOT NULL,
    petition_id BLOB NOT NULL REFERENCES petition (id),
    official_id BLOB NOT NULL REFERENCES official (id),
    role TEXT NOT NULL REFERENCES role (code),
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    request_id TEXT
) STRICT;
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id);
