//! Sessions, the accounts behind them, and what a citizen keeps in his.

tables! {
    account (id) {
        id -> Id,
        issuer -> Text,
        subject -> Text,
        created_at -> Instant,
    }

    petition_account (petition_id, account_id) {
        petition_id -> Id,
        account_id -> Id,
        claimed_at -> Instant,
    }

    outside_identity (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        official_id -> Id,
        created_at -> Instant,
    }

    session (id) {
        id -> Id,
        official_id -> Nullable<Id>,
        account_id -> Nullable<Id>,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        revoked_reason -> Nullable<Text>,
    }

    refresh_token (digest) {
        digest -> Binary,
        session_id -> Id,
        issued_at -> Instant,
        spent_at -> Nullable<Instant>,
    }

    oidc_authorization (state_digest) {
        state_digest -> Binary,
        provider -> Text,
        redirect_uri -> Text,
        nonce -> Text,
        challenge -> Text,
        official_id -> Nullable<Id>,
        created_at -> Instant,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::joinable!(refresh_token -> session (session_id));
