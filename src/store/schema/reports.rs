//! Reports that were frozen, with the petitions they counted; lists that are written into files; what tells whether two
//! replies say the same.

tables! {
    frozen_report (id) {
        id -> Id,
        report -> Text,
        query -> Json,
        as_of -> Instant,
        rows -> Json,
        petitions -> Integer,
        digest -> Binary,
        kid -> Text,
        signature -> Text,
        frozen_at -> Instant,
        frozen_by -> Id,
        figures -> Nullable<Json>,
    }

    reply_fingerprint (revision_id) {
        revision_id -> Id,
        petition_id -> Id,
        fingerprint -> Binary,
    }

    frozen_petition (report_id, petition_id) {
        report_id -> Id,
        petition_id -> Id,
        figures -> Text,
    }

    export (id) {
        id -> Id,
        list -> Text,
        format -> Text,
        bom -> Bool,
        ordered_by -> Id,
        ordered_at -> Instant,
        state -> Text,
        attempts -> Integer,
        beat_at -> Nullable<Instant>,
        as_of -> Nullable<Instant>,
        recorded_by -> Nullable<Instant>,
        calendar_version -> Nullable<Integer>,
        rights -> Nullable<Binary>,
        rows -> BigInt,
        bytes -> BigInt,
        digest -> Nullable<Binary>,
        kid -> Nullable<Text>,
        signature -> Nullable<Text>,
        problem -> Nullable<Text>,
        finished_at -> Nullable<Instant>,
        expires_at -> Nullable<Instant>,
    }
}
