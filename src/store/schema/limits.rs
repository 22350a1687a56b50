//! The tables that count what clients do.

diesel::table! {
    rate_limit (key) {
        key -> Binary,
        whole_at -> BigInt,
    }
}

diesel::table! {
    guess (key) {
        key -> Binary,
        failed_at -> BigInt,
        forgotten_at -> BigInt,
        locked_for -> BigInt,
    }
}
