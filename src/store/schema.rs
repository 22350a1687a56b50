//! The tables, written once for both databases; a test compares them with what the migrations make.
//!
//! The tables of the vocabularies are absent: only foreign keys refer to them.

mod limits;

pub use limits::{guess, migration, rate_limit};

macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($columns:tt)* })+) => {
        $(diesel::table! {
            use diesel::sql_types::{BigInt, Binary, Bool, Double, Integer, Nullable, Text};
            use crate::store::sql_types::sql::{Day, Id, Instant, Json};

            $name ($($key),+) { $($columns)* }
        })+
        diesel::allow_tables_to_appear_in_same_query!($($name),+);
    };
}

mod calendar;
mod lines;
mod notes;
mod reminders;
mod reports;
mod sessions;

pub use calendar::{calendar_coverage, calendar_entry, calendar_move, calendar_version, office_hours};
pub use lines::{agency_line, succession, succession_move};
pub use notes::{idempotency_record, personal_data_read};
pub use reminders::{escalation, mail_outbox, notification, petition_reminder, reminder_threshold, urging};
pub use reports::{export, frozen_petition, frozen_report, reply_fingerprint};
pub use sessions::{account, oidc_authorization, outside_identity, petition_account, refresh_token, session};

tables! {
    meta (key) {
        key -> Text,
        value -> Text,
    }

    signing_key (kid) {
        kid -> Text,
        algorithm -> Text,
        sealed_private -> Binary,
        public_pem -> Text,
        created_at -> Instant,
        retired_at -> Nullable<Instant>,
        signs_from -> Nullable<Instant>,
    }

    attestation_key (kid) {
        kid -> Text,
        algorithm -> Text,
        public_pem -> Text,
        signs_from -> Instant,
        retired_at -> Nullable<Instant>,
        revoked -> Bool,
    }

    field (code) {
        code -> Text,
        name_vi -> Text,
        name_en -> Text,
        provenance -> Text,
        created_at -> Instant,
        active -> Bool,
    }

    agency (id) {
        id -> Id,
        head_official_id -> Nullable<Id>,
        serves_area -> Nullable<Text>,
        is_default -> Bool,
        created_at -> Instant,
    }

    agency_version (agency_id, number) {
        agency_id -> Id,
        number -> Integer,
        code -> Text,
        identifier -> Nullable<Text>,
        name -> Text,
        level -> Nullable<Text>,
        parent_id -> Nullable<Id>,
        valid_from -> Nullable<Day>,
        valid_to -> Nullable<Day>,
    }

    agency_closure (ancestor_id, descendant_id) {
        ancestor_id -> Id,
        descendant_id -> Id,
    }

    agency_succession (from_id, to_id) {
        from_id -> Id,
        to_id -> Id,
        effective_on -> Day,
    }

    official (id) {
        id -> Id,
        agency_id -> Id,
        full_name -> Text,
        position -> Text,
        username -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        demo -> Bool,
        disabled_at -> Nullable<Instant>,
        created_at -> Instant,
        email -> Nullable<Text>,
    }

    grant_of_role (id) {
        id -> Id,
        official_id -> Id,
        role -> Text,
        agency_id -> Nullable<Id>,
        ceiling -> Text,
        valid_from -> Instant,
        valid_to -> Nullable<Instant>,
        created_at -> Instant,
    }

    deadline_rule (id) {
        id -> Text,
        code -> Text,
        kind -> Nullable<Text>,
        instance -> Nullable<Integer>,
        stage -> Text,
        channel -> Nullable<Text>,
        submitter_type -> Nullable<Text>,
        field_code -> Nullable<Text>,
        urgency -> Nullable<Text>,
        complexity -> Nullable<Text>,
        remote_area -> Nullable<Bool>,
        start_event -> Text,
        amount -> Integer,
        unit -> Text,
        ceiling -> Nullable<Integer>,
        on_supplement -> Text,
        due_soon_percent -> Integer,
        legal_basis -> Text,
        confidence -> Text,
        effective_from -> Nullable<Day>,
        effective_to -> Nullable<Day>,
        source -> Nullable<Text>,
        recorded_at -> Nullable<Instant>,
        ending_recorded_at -> Nullable<Instant>,
    }

    petition (id) {
        id -> Id,
        code -> Text,
        kind -> Text,
        instance -> Nullable<Integer>,
        channel -> Text,
        submitter_type -> Text,
        field_code -> Text,
        urgency -> Text,
        complexity -> Text,
        remote_area -> Bool,
        visibility -> Text,
        provenance -> Text,
        state -> Text,
        title -> Text,
        intake_agency_id -> Id,
        lead_agency_id -> Nullable<Id>,
        responsible_id -> Nullable<Id>,
        respondent_official_id -> Nullable<Id>,
        classified -> Bool,
        round -> Integer,
        version -> Integer,
        sequence -> Integer,
        received_at -> Instant,
        received_month -> Text,
        promised_due_at -> Nullable<Instant>,
        promised_due_on -> Nullable<Day>,
        public_from -> Nullable<Instant>,
        merged_into -> Nullable<Id>,
        last_hash -> Binary,
        closes_at -> Nullable<Instant>,
        created_at -> Instant,
    }

    petition_detail (petition_id) {
        petition_id -> Id,
        public_title -> Nullable<Text>,
        public_summary -> Nullable<Text>,
        location_text -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        area_code -> Nullable<Text>,
        client_reference -> Nullable<Id>,
        client_fingerprint -> Nullable<Binary>,
        access_key_hash -> Nullable<Binary>,
    }

    submitter (petition_id) {
        petition_id -> Id,
        full_name -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        address -> Nullable<Text>,
        id_document_type -> Nullable<Text>,
        id_document_number -> Nullable<Text>,
        organisation -> Nullable<Text>,
        tax_code -> Nullable<Text>,
        assurance -> Text,
        account_issuer -> Nullable<Text>,
        account_subject -> Nullable<Text>,
        consent_version -> Nullable<Text>,
        consent_at -> Nullable<Instant>,
        salt -> Binary,
        digest -> Binary,
    }

    assignment (id) {
        id -> Id,
        petition_id -> Id,
        round -> Integer,
        part -> Text,
        agency_id -> Id,
        official_id -> Nullable<Id>,
        full_name -> Nullable<Text>,
        position -> Nullable<Text>,
        from_at -> Instant,
        to_at -> Nullable<Instant>,
    }

    clock_span (id) {
        id -> Id,
        petition_id -> Id,
        round -> Integer,
        stage -> Text,
        rule_id -> Nullable<Text>,
        basis -> Text,
        started_at -> Instant,
        open_due_at -> Nullable<Instant>,
        due_at -> Nullable<Instant>,
        due_on -> Nullable<Day>,
        first_due_at -> Nullable<Instant>,
        provisional -> Bool,
        paused_until -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        from_at -> Instant,
        to_at -> Nullable<Instant>,
        recorded_from -> Instant,
        recorded_to -> Nullable<Instant>,
    }

    document (id) {
        id -> Id,
        agency_id -> Id,
        issue_year -> Integer,
        number -> Text,
        symbol -> Text,
        issued_on -> Day,
        signer -> Text,
    }

    reply_revision (id) {
        id -> Id,
        petition_id -> Id,
        round -> Integer,
        number -> Integer,
        outcome -> Nullable<Text>,
        text_id -> Id,
        author_id -> Nullable<Id>,
        approved_by -> Nullable<Id>,
        approved_at -> Nullable<Instant>,
        document_id -> Nullable<Id>,
        notice -> Bool,
        published_at -> Nullable<Instant>,
        taken_down_at -> Nullable<Instant>,
        created_at -> Instant,
    }

    commitment (id) {
        id -> Id,
        revision_id -> Id,
        text_id -> Id,
        due_on -> Day,
        agency_id -> Nullable<Id>,
        person_id -> Nullable<Id>,
    }

    delivery (id) {
        id -> Id,
        petition_id -> Id,
        round -> Integer,
        method -> Text,
        delivered_at -> Instant,
        recorded_at -> Instant,
        by_system -> Bool,
    }

    rating (petition_id, round) {
        petition_id -> Id,
        round -> Integer,
        satisfaction -> Text,
        reasons_id -> Nullable<Id>,
        created_at -> Instant,
    }

    petition_link (from_id, to_id, kind) {
        from_id -> Id,
        to_id -> Id,
        kind -> Text,
        created_at -> Instant,
    }

    external_ref (source, external_id) {
        source -> Text,
        external_id -> Text,
        petition_id -> Id,
        revision -> Nullable<Text>,
        payload_digest -> Binary,
        source_status -> Nullable<Text>,
        updated_at -> Instant,
    }

    event (id) {
        id -> Id,
        subject_kind -> Text,
        subject_id -> Id,
        sequence -> Integer,
        #[sql_name = "type"]
        type_ -> Text,
        actor_official_id -> Nullable<Id>,
        actor_role -> Text,
        actor_agency_id -> Nullable<Id>,
        actor_position -> Nullable<Text>,
        on_behalf_of -> Nullable<Text>,
        client -> Nullable<Text>,
        origin -> Nullable<Json>,
        request_id -> Nullable<Text>,
        caused_by -> Nullable<Id>,
        occurred_at -> Instant,
        recorded_at -> Instant,
        payload -> Json,
        prev_hash -> Binary,
        hash -> Binary,
        position -> Nullable<BigInt>,
    }

    event_text (id) {
        id -> Id,
        subject_id -> Id,
        event_id -> Id,
        slot -> Text,
        salt -> Binary,
        body -> Nullable<Text>,
        created_at -> Instant,
    }

    petition_span (id) {
        id -> Id,
        petition_id -> Id,
        sequence -> Integer,
        state -> Text,
        agency_id -> Id,
        intake_agency_id -> Id,
        responsible_id -> Nullable<Id>,
        kind -> Text,
        channel -> Text,
        field_code -> Text,
        visibility -> Text,
        round -> Integer,
        received_at -> Instant,
        received_month -> Text,
        clock_stage -> Nullable<Text>,
        open_due_at -> Nullable<Instant>,
        due_soon_at -> Nullable<Instant>,
        due_at -> Nullable<Instant>,
        due_on -> Nullable<Day>,
        paused_until -> Nullable<Instant>,
        met_at -> Nullable<Instant>,
        round1_outcome -> Text,
        round1_met_on -> Nullable<Day>,
        round1_met_at -> Nullable<Instant>,
        round1_due_at -> Nullable<Instant>,
        round1_due_on -> Nullable<Day>,
        round1_paused_until -> Nullable<Instant>,
        from_at -> Instant,
        to_at -> Nullable<Instant>,
        recorded_from -> Instant,
        recorded_to -> Nullable<Instant>,
    }
}

diesel::joinable!(petition_span -> petition (petition_id));
diesel::joinable!(clock_span -> petition (petition_id));
diesel::allow_tables_to_appear_in_same_query!(session, official);
diesel::allow_tables_to_appear_in_same_query!(petition_account, petition);
diesel::allow_tables_to_appear_in_same_query!(calendar_move, petition);
diesel::allow_tables_to_appear_in_same_query!(calendar_move, petition_span);
