//! What a report and the list behind a figure are asked by.

use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::{
    app::{
        figures::{CountBy, GroupBy, Wanted},
        lists::LevelAsked,
        structure::Structure,
        when::When,
    },
    domain::{
        id::AgencyId,
        vocabulary::{Channel, Kind},
    },
    http::{
        extract::{Limit, Short, UpTo},
        openapi::{DayOrInstant, code, one_of},
    },
    store::figures::{Attribution, Basis},
};

/// The parameters of a report or of a list behind it: those of all, and its own. `$member` are its own that narrow.
macro_rules! wanted {
    ($(#[$doc:meta])* $sight:vis $name:ident { $($own:tt)* } $query:ident => { $($member:ident: $value:expr),* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        $sight struct $name {
            /// The beginning of the window, a day or an instant: when petitions were received, in the flow what happened,
            /// of anomalies when acts were recorded.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-01-01")]
            from: Option<When>,
            /// The first instant after the window, or the day before which it ends; no later than `as_of`.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-01")]
            to: Option<When>,
            /// As it stood at this instant, or at the end of this day; in the future, as it will stand if nothing
            /// happens.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
            as_of: Option<When>,
            /// As it was known at this instant, or at the end of this day: what was recorded later is left out.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-05")]
            recorded_by: Option<When>,
            /// With this agency: the lead agency, before an assignment the intake agency.
            #[param(value_type = Option<uuid::Uuid>)]
            agency_id: Option<AgencyId>,
            /// Whether agencies below it count too.
            #[param(default = true)]
            subtree: Option<bool>,
            /// Code of a field.
            #[param(value_type = Option<String>, max_length = 64)]
            field_code: Option<Short<64>>,
            $($own)*
        }

        impl From<$name> for Wanted {
            fn from($query: $name) -> Self {
                let mut wanted = Self {
                    from: $query.from,
                    to: $query.to,
                    as_of: $query.as_of,
                    recorded_by: $query.recorded_by,
                    agency_id: $query.agency_id,
                    subtree: $query.subtree,
                    field_code: $query.field_code.map(|code| code.0),
                    ..Self::default()
                };
                $(wanted.$member = $value;)*
                wanted
            }
        }
    };
}

wanted! {
    /// What of a report is wanted.
    pub(super) ReportQuery {
        /// By what it is grouped. `subtree`: by agency, each with all below it; `quarter`: of the calendar;
        /// `inspectorate_period`: quarters from the 15th to the 14th, the first from 15 December
        /// (TT 01/2024/TT-TTCP); `none`: all in one.
        #[serde(default)]
        #[param(value_type = Groups, inline, required = false, example = "agency")]
        pub(super) group_by: GroupBy,
        /// `then`: agencies, levels and what is below an agency as they were at `as_of`. `now`: what a closed agency had
        /// counts with its successors of today; where it was divided, what was over by then counts under its old name,
        /// marked `closed`.
        #[param(value_type = Structures, inline, required = false, example = "then")]
        structure: Option<Structure>,
        #[param(schema_with = code::<Kind>)]
        kind: Option<Kind>,
        #[param(schema_with = code::<Channel>)]
        channel: Option<Channel>,
        /// With agencies of this level; `unknown`: with those that have none.
        #[param(value_type = Levels, inline, required = false, example = "commune")]
        level: Option<LevelAsked>,
    }
    query => { structure: query.structure, kind: query.kind, channel: query.channel, level: query.level }
}

/// By what the flow is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FlowBy {
    #[default]
    Agency,
    Field,
    Kind,
    Channel,
    None,
}

wanted! {
    /// What of the flow is wanted.
    pub(super) FlowQuery {
        /// By what it is grouped.
        #[serde(default)]
        #[param(value_type = FlowGroups, inline, required = false, example = "agency")]
        pub(super) group_by: FlowBy,
        /// `petition`: each counts; `case`: neither a petition merged into another nor one split into parts.
        #[param(value_type = Bases, inline, required = false, example = "petition")]
        basis: Option<Basis>,
        /// With which agency a petition counts. `holder`: with the one that had it at each time; `first`: with the one
        /// that received it; `current`: with the one that has it at the end of what is looked at.
        #[param(value_type = Attributions, inline, required = false, example = "holder")]
        attribution: Option<Attribution>,
        #[param(schema_with = code::<Kind>)]
        kind: Option<Kind>,
        #[param(schema_with = code::<Channel>)]
        channel: Option<Channel>,
    }
    query => {
        kind: query.kind,
        channel: query.channel,
        count_by: CountBy { basis: query.basis, attribution: query.attribution }
    }
}

wanted! {
    /// Which anomalies are wanted.
    pub(super) AnomaliesQuery {
        /// Which kind.
        #[param(value_type = Anomalies, inline, example = "backdated")]
        pub(super) kind: Short<64>,
        /// The threshold in the unit of the kind, in place of its own.
        #[param(value_type = Option<u32>, minimum = 0, maximum = 3650)]
        pub(super) at_least: Option<UpTo<3_650>>,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => { at_least: query.at_least.map(|least| least.0) }
}

wanted! {
    /// Which list behind a figure is wanted: the parameters of its report, and the figure.
    pub(in crate::http) BehindQuery {
        /// The id of a figure of the report.
        #[param(value_type = String, max_length = 64, example = "received")]
        pub(super) figure: Short<64>,
        /// As in the report; it matters in the flow alone.
        #[param(value_type = Groups, inline, required = false, example = "agency")]
        group_by: Option<GroupBy>,
        /// As in the flow.
        #[param(value_type = Bases, inline, required = false, example = "petition")]
        basis: Option<Basis>,
        /// As in the flow.
        #[param(value_type = Attributions, inline, required = false, example = "holder")]
        attribution: Option<Attribution>,
        /// As in the report.
        #[param(value_type = Structures, inline, required = false, example = "then")]
        structure: Option<Structure>,
        #[param(schema_with = code::<Kind>)]
        kind: Option<Kind>,
        #[param(schema_with = code::<Channel>)]
        channel: Option<Channel>,
        /// With agencies of this level; `unknown`: with those that have none.
        #[param(value_type = Levels, inline, required = false, example = "commune")]
        level: Option<LevelAsked>,
        /// The threshold of an anomaly, in place of its own.
        #[param(value_type = Option<u32>, minimum = 0, maximum = 3650)]
        at_least: Option<UpTo<3_650>>,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => {
        structure: query.structure,
        kind: query.kind,
        channel: query.channel,
        level: query.level,
        count_by: CountBy { basis: query.basis, attribution: query.attribution },
        at_least: query.at_least.map(|least| least.0),
        group_by: query.group_by
    }
}

macro_rules! choices {
    ($($name:ident [$($value:literal),+];)+) => {$(
        /// A few values, to the document.
        pub(in crate::http) enum $name {}
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of([$($value),+])
            }
        }
        impl ToSchema for $name {}
    )+};
}

choices! {
    Groups ["agency", "subtree", "field", "kind", "channel", "level", "month", "quarter", "inspectorate_period", "none"];
    FlowGroups ["agency", "field", "kind", "channel", "none"];
    Structures ["then", "now"];
    Levels ["central", "province", "department", "district", "commune", "unit", "unknown"];
    Anomalies ["backdated", "late_registration", "issued_before_recording", "numbers_out_of_order", "register_gap", "reply_just_before_due", "bulk_closing", "ended_after_due", "repeated_suspensions", "same_text"];
    Bases ["petition", "case"];
    Attributions ["holder", "first", "current"];
}

impl From<FlowBy> for GroupBy {
    fn from(by: FlowBy) -> Self {
        match by {
            FlowBy::Agency => Self::Agency,
            FlowBy::Field => Self::Field,
            FlowBy::Kind => Self::Kind,
            FlowBy::Channel => Self::Channel,
            FlowBy::None => Self::None,
        }
    }
}
