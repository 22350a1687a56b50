//! What tells whether two replies say the same.

tables! {
    reply_fingerprint (revision_id) {
        revision_id -> Id,
        petition_id -> Id,
        fingerprint -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(reply_fingerprint, super::reply_revision);
