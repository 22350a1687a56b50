//! The versions of the calendar, and what each of them moved.

tables! {
    calendar_version (version) {
        version -> Integer,
        source -> Text,
        recorded_at -> Instant,
        official_id -> Nullable<Id>,
        event_id -> Nullable<Id>,
        confirmed_past -> Bool,
        reached -> Nullable<Id>,
        moved -> Integer,
        finished_at -> Nullable<Instant>,
    }

    calendar_entry (day, version) {
        day -> Day,
        version -> Integer,
        kind -> Nullable<Text>,
        name -> Nullable<Text>,
        source -> Text,
        confidence -> Nullable<Text>,
        reason -> Nullable<Text>,
    }

    calendar_coverage (year) {
        year -> Integer,
        version -> Integer,
        source -> Text,
    }

    office_hours (agency_id, from_day, version) {
        agency_id -> Id,
        from_day -> Day,
        version -> Integer,
        to_day -> Nullable<Day>,
        depth -> Integer,
        sessions -> Nullable<Text>,
        source -> Text,
        reason -> Nullable<Text>,
    }

    calendar_move (version, petition_id, round, stage) {
        version -> Integer,
        petition_id -> Id,
        round -> Integer,
        stage -> Text,
        from_due_at -> Nullable<Instant>,
        from_due_on -> Nullable<Day>,
        from_provisional -> Bool,
        to_due_at -> Nullable<Instant>,
        to_due_on -> Nullable<Day>,
        to_provisional -> Bool,
        event_id -> Id,
    }
}
