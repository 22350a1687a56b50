-- The types of PostgreSQL; the folder migrations/sqlite holds the same tables in its own types, and a test compares
-- the two. COLLATE "C" gives codes that lists are ordered by the order they have on SQLite.

-- The closed vocabularies of the domain; a test compares them with src/domain/vocabulary.rs.
CREATE TABLE kind (code text PRIMARY KEY NOT NULL);
CREATE TABLE channel (code text PRIMARY KEY NOT NULL);
CREATE TABLE submitter_type (code text PRIMARY KEY NOT NULL);
CREATE TABLE urgency (code text PRIMARY KEY NOT NULL);
CREATE TABLE complexity (code text PRIMARY KEY NOT NULL);
CREATE TABLE visibility (code text PRIMARY KEY NOT NULL);
CREATE TABLE provenance (code text PRIMARY KEY NOT NULL);
CREATE TABLE state (code text PRIMARY KEY NOT NULL);
CREATE TABLE role (code text PRIMARY KEY NOT NULL);
CREATE TABLE stage (code text PRIMARY KEY NOT NULL);
CREATE TABLE start_event (code text PRIMARY KEY NOT NULL);
CREATE TABLE unit (code text PRIMARY KEY NOT NULL);
CREATE TABLE on_supplement (code text PRIMARY KEY NOT NULL);
CREATE TABLE basis (code text PRIMARY KEY NOT NULL);
CREATE TABLE confidence (code text PRIMARY KEY NOT NULL);
CREATE TABLE day_kind (code text PRIMARY KEY NOT NULL);
CREATE TABLE outcome (code text PRIMARY KEY NOT NULL);
CREATE TABLE assurance (code text PRIMARY KEY NOT NULL);
CREATE TABLE link_kind (code text PRIMARY KEY NOT NULL);
CREATE TABLE level (code text PRIMARY KEY NOT NULL);
CREATE TABLE satisfaction (code text PRIMARY KEY NOT NULL);
CREATE TABLE delivery_method (code text PRIMARY KEY NOT NULL);

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
    key text PRIMARY KEY NOT NULL,
    value text NOT NULL
);

-- Keys that sign access tokens, sealed with the installation secret.
CREATE TABLE signing_key (
    kid text PRIMARY KEY NOT NULL,
    algorithm text NOT NULL,
    sealed_private bytea NOT NULL,
    public_pem text NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);

-- What petitions are about.
CREATE TABLE field (
    code text COLLATE "C" PRIMARY KEY NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    provenance text NOT NULL,
    created_at timestamptz NOT NULL
);

-- An agency through all its names; the names are in agency_version.
CREATE TABLE agency (
    id uuid PRIMARY KEY NOT NULL,
    head_official_id uuid,
    serves_area text,
    is_default boolean NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE agency_version (
    agency_id uuid NOT NULL REFERENCES agency (id),
    number integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    identifier text,
    name text NOT NULL,
    level text REFERENCES level (code),
    parent_id uuid REFERENCES agency (id),
    valid_from date,
    valid_to date,
    PRIMARY KEY (agency_id, number)
);
CREATE UNIQUE INDEX agency_version_in_force ON agency_version (code) WHERE valid_to IS NULL;
CREATE INDEX agency_version_parent_id ON agency_version (parent_id);

-- Who is below whom now, reflexive: an agency is its own descendant.
CREATE TABLE agency_closure (
    ancestor_id uuid NOT NULL REFERENCES agency (id),
    descendant_id uuid NOT NULL REFERENCES agency (id),
    PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX agency_closure_descendant_id ON agency_closure (descendant_id);

CREATE TABLE agency_succession (
    from_id uuid NOT NULL REFERENCES agency (id),
    to_id uuid NOT NULL REFERENCES agency (id),
    effective_on date NOT NULL,
    PRIMARY KEY (from_id, to_id)
);

CREATE TABLE official (
    id uuid PRIMARY KEY NOT NULL,
    agency_id uuid NOT NULL REFERENCES agency (id),
    full_name text NOT NULL,
    position text NOT NULL,
    username text,
    password_hash text,
    demo boolean NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (username)
);
ALTER TABLE agency ADD FOREIGN KEY (head_official_id) REFERENCES official (id);

-- A role over an agency and what is below it; without agency, over the whole installation.
CREATE TABLE grant_of_role (
    id uuid PRIMARY KEY NOT NULL,
    official_id uuid NOT NULL REFERENCES official (id),
    role text NOT NULL REFERENCES role (code),
    agency_id uuid REFERENCES agency (id),
    ceiling text NOT NULL REFERENCES visibility (code),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX grant_of_role_official_id ON grant_of_role (official_id);

-- Days that differ from the working week, and the years for which all of them are known.
CREATE TABLE calendar_day (
    day date PRIMARY KEY NOT NULL,
    kind text NOT NULL REFERENCES day_kind (code),
    name text NOT NULL,
    source text NOT NULL,
    confidence text NOT NULL REFERENCES confidence (code)
);

CREATE TABLE calendar_year (
    year integer PRIMARY KEY NOT NULL,
    source text NOT NULL
);

CREATE TABLE deadline_rule (
    id text PRIMARY KEY NOT NULL,
    code text NOT NULL,
    kind text REFERENCES kind (code),
    instance integer,
    stage text NOT NULL REFERENCES stage (code),
    channel text REFERENCES channel (code),
    submitter_type text REFERENCES submitter_type (code),
    field_code text REFERENCES field (code),
    urgency text REFERENCES urgency (code),
    complexity text REFERENCES complexity (code),
    remote_area boolean,
    start_event text NOT NULL REFERENCES start_event (code),
    amount integer NOT NULL,
    unit text NOT NULL REFERENCES unit (code),
    ceiling integer,
    on_supplement text NOT NULL REFERENCES on_supplement (code),
    due_soon_percent integer NOT NULL,
    legal_basis text NOT NULL,
    confidence text NOT NULL REFERENCES confidence (code),
    effective_from date,
    effective_to date
);

-- The present face of a petition; its truth is in event.
CREATE TABLE petition (
    id uuid PRIMARY KEY NOT NULL,
    code text COLLATE "C" NOT NULL,
    kind text NOT NULL REFERENCES kind (code),
    instance integer,
    channel text NOT NULL REFERENCES channel (code),
    submitter_type text NOT NULL REFERENCES submitter_type (code),
    field_code text NOT NULL REFERENCES field (code),
    urgency text NOT NULL REFERENCES urgency (code),
    complexity text NOT NULL REFERENCES complexity (code),
    remote_area boolean NOT NULL,
    visibility text NOT NULL REFERENCES visibility (code),
    provenance text NOT NULL REFERENCES provenance (code),
    state text NOT NULL REFERENCES state (code),
    title text NOT NULL,
    intake_agency_id uuid NOT NULL REFERENCES agency (id),
    lead_agency_id uuid REFERENCES agency (id),
    responsible_id uuid REFERENCES official (id),
    respondent_official_id uuid REFERENCES official (id),
    classified boolean NOT NULL,
    round integer NOT NULL,
    version integer NOT NULL,
    sequence integer NOT NULL,
    received_at timestamptz NOT NULL,
    received_month text NOT NULL,
    promised_due_at timestamptz,
    promised_due_on date,
    public_from timestamptz,
    merged_into uuid REFERENCES petition (id),
    last_hash bytea NOT NULL,
    closes_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (code)
);
CREATE INDEX petition_public ON petition (public_from, id) WHERE public_from IS NOT NULL;
CREATE INDEX petition_statistics ON petition (classified, kind, state);
CREATE INDEX petition_closes_at ON petition (closes_at, id) WHERE closes_at IS NOT NULL;

CREATE TABLE petition_detail (
    petition_id uuid PRIMARY KEY NOT NULL REFERENCES petition (id),
    public_title text,
    public_summary text,
    location_text text,
    latitude double precision,
    longitude double precision,
    area_code text,
    client_reference uuid,
    client_fingerprint bytea,
    access_key_hash bytea,
    UNIQUE (client_reference)
);

-- Personal data of citizens, apart from everything else so that it can be erased.
CREATE TABLE submitter (
    petition_id uuid PRIMARY KEY NOT NULL REFERENCES petition (id),
    full_name text,
    phone text,
    email text,
    address text,
    id_document_type text,
    id_document_number text,
    organisation text,
    tax_code text,
    assurance text NOT NULL REFERENCES assurance (code),
    account_issuer text,
    account_subject text,
    consent_version text,
    consent_at timestamptz,
    salt bytea NOT NULL,
    digest bytea NOT NULL
);

CREATE TABLE assignment (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    part text NOT NULL,
    agency_id uuid NOT NULL REFERENCES agency (id),
    official_id uuid REFERENCES official (id),
    full_name text,
    position text,
    from_at timestamptz NOT NULL,
    to_at timestamptz
);
CREATE INDEX assignment_petition_id ON assignment (petition_id);
CREATE INDEX assignment_official_id ON assignment (official_id) WHERE to_at IS NULL;

-- One row per stretch in which a clock of a stage did not change; the present one has no end.
CREATE TABLE clock_span (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    stage text NOT NULL REFERENCES stage (code),
    rule_id text REFERENCES deadline_rule (id),
    basis text NOT NULL REFERENCES basis (code),
    started_at timestamptz NOT NULL,
    open_due_at timestamptz,
    due_at timestamptz,
    due_on date,
    first_due_at timestamptz,
    provisional boolean NOT NULL,
    paused_until timestamptz,
    ended_at timestamptz,
    from_at timestamptz NOT NULL,
    to_at timestamptz,
    recorded_from timestamptz NOT NULL
);
CREATE INDEX clock_span_petition_id ON clock_span (petition_id) WHERE to_at IS NULL;
CREATE INDEX clock_span_open_due ON clock_span (stage, open_due_at, petition_id) WHERE open_due_at IS NOT NULL;
CREATE INDEX clock_span_present_due ON clock_span (stage, open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;

-- A numbered document of an agency; several replies may cite one.
CREATE TABLE document (
    id uuid PRIMARY KEY NOT NULL,
    agency_id uuid NOT NULL REFERENCES agency (id),
    issue_year integer NOT NULL,
    number text NOT NULL,
    symbol text NOT NULL,
    issued_on date NOT NULL,
    signer text NOT NULL,
    UNIQUE (agency_id, issue_year, number, symbol)
);

CREATE TABLE reply_revision (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    number integer NOT NULL,
    outcome text REFERENCES outcome (code),
    text_id uuid NOT NULL,
    author_id uuid REFERENCES official (id),
    approved_by uuid REFERENCES official (id),
    approved_at timestamptz,
    document_id uuid REFERENCES document (id),
    notice boolean NOT NULL,
    published_at timestamptz,
    taken_down_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (petition_id, number)
);
CREATE INDEX reply_revision_public ON reply_revision (published_at, id) WHERE published_at IS NOT NULL AND taken_down_at IS NULL;

CREATE TABLE commitment (
    id uuid PRIMARY KEY NOT NULL,
    revision_id uuid NOT NULL REFERENCES reply_revision (id),
    text_id uuid NOT NULL,
    due_on date NOT NULL,
    agency_id uuid REFERENCES agency (id),
    person_id uuid REFERENCES official (id)
);
CREATE INDEX commitment_revision_id ON commitment (revision_id);

CREATE TABLE delivery (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    method text NOT NULL REFERENCES delivery_method (code),
    delivered_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    by_system boolean NOT NULL
);
CREATE INDEX delivery_petition_id ON delivery (petition_id);

CREATE TABLE rating (
    petition_id uuid NOT NULL REFERENCES petition (id),
    round integer NOT NULL,
    satisfaction text NOT NULL REFERENCES satisfaction (code),
    reasons_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (petition_id, round)
);

CREATE TABLE petition_link (
    from_id uuid NOT NULL REFERENCES petition (id),
    to_id uuid NOT NULL REFERENCES petition (id),
    kind text NOT NULL REFERENCES link_kind (code),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (from_id, to_id, kind)
);
CREATE INDEX petition_link_to_id ON petition_link (to_id);

-- What other systems call a petition.
CREATE TABLE external_ref (
    source text NOT NULL,
    external_id text NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    revision text,
    payload_digest bytea NOT NULL,
    source_status text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (source, external_id)
);
CREATE INDEX external_ref_petition_id ON external_ref (petition_id);

-- What happened: append-only, hash-chained per subject, without free text or personal data.
CREATE TABLE event (
    id uuid PRIMARY KEY NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    sequence integer NOT NULL,
    type text NOT NULL,
    actor_official_id uuid REFERENCES official (id),
    actor_role text NOT NULL REFERENCES role (code),
    actor_agency_id uuid REFERENCES agency (id),
    actor_position text,
    on_behalf_of text,
    client text,
    origin jsonb,
    request_id text,
    caused_by uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    position bigint,
    UNIQUE (subject_kind, subject_id, sequence),
    UNIQUE (position)
);
CREATE INDEX event_recorded_at_id ON event (recorded_at, id) WHERE position IS NULL;

-- The texts that events commit to by salted digest; an erased one has no body.
CREATE TABLE event_text (
    id uuid PRIMARY KEY NOT NULL,
    subject_id uuid NOT NULL,
    event_id uuid NOT NULL REFERENCES event (id),
    slot text NOT NULL,
    salt bytea NOT NULL,
    body text,
    created_at timestamptz NOT NULL
);
CREATE INDEX event_text_subject_id ON event_text (subject_id);

-- One row per stretch in which nothing that lists and reports show did change. Written with the petition in one
-- transaction: its codes and agencies are copies of values that are checked there.
CREATE TABLE petition_span (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    sequence integer NOT NULL,
    state text NOT NULL REFERENCES state (code),
    agency_id uuid NOT NULL REFERENCES agency (id),
    intake_agency_id uuid NOT NULL REFERENCES agency (id),
    responsible_id uuid REFERENCES official (id),
    kind text NOT NULL REFERENCES kind (code),
    channel text NOT NULL REFERENCES channel (code),
    field_code text NOT NULL REFERENCES field (code),
    visibility text NOT NULL REFERENCES visibility (code),
    round integer NOT NULL,
    received_at timestamptz NOT NULL,
    received_month text NOT NULL,
    clock_stage text REFERENCES stage (code),
    open_due_at timestamptz,
    due_soon_at timestamptz,
    due_at timestamptz,
    due_on date,
    paused_until timestamptz,
    met_at timestamptz,
    round1_outcome text NOT NULL,
    round1_met_on date,
    round1_met_at timestamptz,
    round1_due_at timestamptz,
    round1_due_on date,
    round1_paused_until timestamptz,
    from_at timestamptz NOT NULL,
    to_at timestamptz,
    recorded_from timestamptz NOT NULL
);
CREATE INDEX petition_span_petition_id ON petition_span (petition_id, from_at);
CREATE UNIQUE INDEX petition_span_present ON petition_span (petition_id) WHERE to_at IS NULL;
-- The wider index before the narrower: of two that cost the same, SQLite takes the younger.
CREATE INDEX petition_span_due ON petition_span (open_due_at, petition_id) WHERE open_due_at IS NOT NULL;
CREATE INDEX petition_span_present_due ON petition_span (open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;
CREATE INDEX petition_span_present_due_by_agency ON petition_span (agency_id, open_due_at, petition_id) WHERE open_due_at IS NOT NULL AND to_at IS NULL;
CREATE INDEX petition_span_received ON petition_span (received_at, petition_id);
CREATE INDEX petition_span_present_received ON petition_span (received_at, petition_id) WHERE to_at IS NULL;

CREATE TABLE idempotency_record (
    caller text NOT NULL,
    method text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    subject_id uuid,
    sequence integer,
    body jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, method, route, key)
);
CREATE INDEX idempotency_record_created_at ON idempotency_record (created_at);

-- Who looked at personal data, and at what.
CREATE TABLE personal_data_read (
    id uuid PRIMARY KEY NOT NULL,
    petition_id uuid NOT NULL REFERENCES petition (id),
    official_id uuid NOT NULL REFERENCES official (id),
    role text NOT NULL REFERENCES role (code),
    what text NOT NULL,
    at timestamptz NOT NULL,
    request_id text
);
CREATE INDEX personal_data_read_petition_id ON personal_data_read (petition_id);
