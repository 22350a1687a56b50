//! Reports that were frozen, with the petitions they counted; what tells whether two replies say the same.

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
    }

    reply_fingerprint (revision_id) {
        revision_id -> Id,
        petition_id -> Id,
        fingerprint -> Binary,
    }

    frozen_petition (report_id, petition_id) {
        report_id -> Id,
        petition_id -> Id,
        figure -> Text,
    }
}
