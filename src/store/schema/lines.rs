//! The tables of agencies in time: who stood below whom, and who took over from whom.

tables! {
    agency_line (ancestor_id, descendant_id, valid_from) {
        ancestor_id -> Id,
        descendant_id -> Id,
        valid_from -> Day,
        valid_to -> Day,
    }

    succession (agency_id) {
        agency_id -> Id,
        event_id -> Id,
        effective_on -> Day,
        heir_id -> Id,
        today_id -> Nullable<Id>,
        open_petitions -> BigInt,
        moved -> BigInt,
        begun_at -> Instant,
        finished_at -> Nullable<Instant>,
        sweep_at -> Nullable<Instant>,
    }

    succession_move (petition_id, from_id) {
        petition_id -> Id,
        from_id -> Id,
        to_id -> Nullable<Id>,
    }
}

use super::{
    agency, agency_closure, agency_version, assignment, clock_span, petition, petition_detail, petition_span,
};

diesel::allow_tables_to_appear_in_same_query!(agency_line, petition);
diesel::allow_tables_to_appear_in_same_query!(agency_line, petition_span);
diesel::allow_tables_to_appear_in_same_query!(agency_line, clock_span);
diesel::allow_tables_to_appear_in_same_query!(succession_move, petition);
diesel::allow_tables_to_appear_in_same_query!(succession_move, assignment);
diesel::allow_tables_to_appear_in_same_query!(succession, agency);
diesel::allow_tables_to_appear_in_same_query!(succession, agency_version);
diesel::allow_tables_to_appear_in_same_query!(agency_line, agency_closure);
diesel::allow_columns_to_appear_in_same_group_by_clause!(petition_detail::area_code, petition::field_code);
diesel::allow_columns_to_appear_in_same_group_by_clause!(petition_detail::area_code, petition::visibility);
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    petition_detail::area_code,
    petition::intake_agency_id
);
