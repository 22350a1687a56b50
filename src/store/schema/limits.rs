//! The tables that count what clients do, and the one in which diesel notes which migrations ran.

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    migration (version) {
        version -> Text,
    }
}

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
