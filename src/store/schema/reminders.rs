//! Reminders: when they come, to whom they went, what is told to whom, and who was urged.

use super::{agency_closure, agency_line, assignment, petition, petition_detail, petition_span};

tables! {
    reminder_threshold (code) {
        code -> Text,
        stage -> Nullable<Text>,
        level -> Text,
        anchor -> Text,
        amount -> Integer,
        unit -> Nullable<Text>,
        legal_basis -> Text,
        effective_from -> Nullable<Day>,
        effective_to -> Nullable<Day>,
        created_at -> Instant,
    }

    petition_reminder (petition_id) {
        petition_id -> Id,
        look_at -> Nullable<Instant>,
        revision -> Nullable<Integer>,
    }

    escalation (petition_id, round, stage, level) {
        petition_id -> Id,
        round -> Integer,
        stage -> Text,
        level -> Text,
        threshold -> Text,
        event_id -> Id,
    }

    notification (id) {
        id -> Id,
        official_id -> Id,
        kind -> Text,
        petition_id -> Id,
        event_id -> Id,
        level -> Nullable<Text>,
        stage -> Nullable<Text>,
        due_at -> Nullable<Instant>,
        due_on -> Nullable<Day>,
        shown -> Bool,
        created_at -> Instant,
        read_at -> Nullable<Instant>,
    }

    mail_outbox (notification_id) {
        notification_id -> Id,
        attempts -> Integer,
        next_at -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        given_up_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
    }

    urging (event_id) {
        event_id -> Id,
        petition_id -> Id,
        agency_id -> Nullable<Id>,
        official_id -> Nullable<Id>,
        urged_at -> Instant,
        answer_id -> Nullable<Id>,
        answered_at -> Nullable<Instant>,
    }
}

diesel::joinable!(mail_outbox -> notification (notification_id));
diesel::joinable!(urging -> petition (petition_id));
diesel::allow_tables_to_appear_in_same_query!(urging, petition);
diesel::allow_tables_to_appear_in_same_query!(urging, petition_span);
diesel::allow_tables_to_appear_in_same_query!(urging, assignment);
diesel::allow_tables_to_appear_in_same_query!(urging, agency_closure);
diesel::allow_tables_to_appear_in_same_query!(urging, petition_detail);
diesel::allow_tables_to_appear_in_same_query!(urging, agency_line);
