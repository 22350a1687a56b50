//! Tables in which calls are noted: what an Idempotency-Key was answered, and who read personal data.

tables! {
    idempotency_record (caller, method, route, key) {
        caller -> Text,
        method -> Text,
        route -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> Integer,
        subject_id -> Nullable<Id>,
        sequence -> Nullable<Integer>,
        body -> Nullable<Json>,
        created_at -> Instant,
    }

    personal_data_read (id) {
        id -> Id,
        petition_id -> Id,
        official_id -> Nullable<Id>,
        client -> Nullable<Text>,
        role -> Text,
        what -> Text,
        at -> Instant,
        request_id -> Nullable<Text>,
    }
}
