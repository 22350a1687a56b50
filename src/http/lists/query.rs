//! The parameters of lists: what all of them take, and what each adds.

use serde::Deserialize;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::{
    app::{
        lists::{Against, Asked, DueSort, LevelAsked, ListSort, ReceiptSort},
        structure::Structure,
        when::When,
    },
    domain::{
        id::{AgencyId, OfficialId},
        vocabulary::{Channel, Kind, Provenance, PublicStatus, Stage, State, Timeliness, Visibility},
    },
    http::{
        extract::{Limit, Short, UpTo},
        openapi::{DayOrInstant, code, one_of},
    },
};

/// The parameters of a question: those of every list, and its own. `$member` are its own that narrow.
macro_rules! asked {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* } $query:ident => { $($member:ident: $value:expr),* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(in crate::http) struct $name {
            /// As it stood at this instant, or at the end of this day; in the future, as it will stand if nothing
            /// happens.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
            pub(in crate::http) as_of: Option<When>,
            /// As it was known at this instant, or at the end of this day: what was recorded later is left out.
            /// Without `as_of`, as it stands now by what was known then.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-05")]
            pub(in crate::http) recorded_by: Option<When>,
            /// The petition of this code.
            #[param(value_type = Option<String>, max_length = 20)]
            pub(in crate::http) code: Option<Short<20>>,
            #[param(schema_with = code::<State>)]
            pub(in crate::http) state: Option<State>,
            #[param(schema_with = code::<PublicStatus>)]
            pub(in crate::http) public_status: Option<PublicStatus>,
            #[param(schema_with = code::<Kind>)]
            pub(in crate::http) kind: Option<Kind>,
            #[param(schema_with = code::<Channel>)]
            pub(in crate::http) channel: Option<Channel>,
            /// Code of a field.
            #[param(value_type = Option<String>, max_length = 64)]
            pub(in crate::http) field_code: Option<Short<64>>,
            /// With this agency: the lead agency, before an assignment the intake agency.
            #[param(value_type = Option<uuid::Uuid>)]
            pub(in crate::http) agency_id: Option<AgencyId>,
            /// Whether agencies below it count too.
            #[param(default = true)]
            pub(in crate::http) subtree: Option<bool>,
            /// `then`: agencies, their levels and what is below them as they were at the moment looked at. `now`: what
            /// a closed agency had counts with its successors of today; where it was divided, what was over by then
            /// counts under its old name, marked `closed`.
            #[param(value_type = Structures, inline, required = false, example = "then")]
            pub(in crate::http) structure: Option<Structure>,
            /// With agencies of this level on the day looked at; `unknown`: of none.
            #[param(value_type = Levels, inline, required = false)]
            pub(in crate::http) level: Option<LevelAsked>,
            /// With this responsible person.
            #[param(value_type = Option<uuid::Uuid>)]
            pub(in crate::http) responsible_id: Option<OfficialId>,
            /// Only those that nobody is responsible for.
            #[param(default = false)]
            pub(in crate::http) unassigned: Option<bool>,
            /// About a place in the area of this code.
            #[param(value_type = Option<String>, max_length = 16)]
            pub(in crate::http) area_code: Option<Short<16>>,
            #[param(schema_with = code::<Visibility>)]
            pub(in crate::http) visibility: Option<Visibility>,
            #[param(schema_with = code::<Provenance>)]
            pub(in crate::http) provenance: Option<Provenance>,
            /// Received then or later: a day or an instant.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-01-01")]
            pub(in crate::http) received_from: Option<When>,
            /// Received before: a day or an instant.
            #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-01")]
            pub(in crate::http) received_to: Option<When>,
            /// Open, and unchanged for at least so many days: nothing moved its version. Notes, ratings and urging
            /// do not count as a change.
            #[param(value_type = Option<u32>, minimum = 0, maximum = 36500)]
            pub(in crate::http) idle_days_min: Option<UpTo<36_500>>,
            $($own)*
        }

        impl From<$name> for Asked {
            fn from($query: $name) -> Self {
                Self {
                    $($member: $value,)*
                    as_of: $query.as_of,
                    recorded_by: $query.recorded_by,
                    code: $query.code.map(|code| code.0),
                    state: $query.state,
                    public_status: $query.public_status,
                    kind: $query.kind,
                    channel: $query.channel,
                    field_code: $query.field_code.map(|code| code.0),
                    agency_id: $query.agency_id,
                    subtree: $query.subtree,
                    structure: $query.structure,
                    level: $query.level,
                    responsible_id: $query.responsible_id,
                    unassigned: $query.unassigned,
                    area_code: $query.area_code.map(|code| code.0),
                    visibility: $query.visibility,
                    provenance: $query.provenance,
                    received_from: $query.received_from,
                    received_to: $query.received_to,
                    idle_days_min: $query.idle_days_min.map(|days| days.0),
                    ..Self::default()
                }
            }
        }
    };
}
pub(in crate::http) use asked;

asked! {
    /// What of a list is wanted.
    PetitionsQuery {
        #[param(schema_with = code::<Timeliness>)]
        timeliness: Option<Timeliness>,
        /// `-received_at`: received last first; `received_at`: first first; `due_at`: whose clock runs, the first to
        /// fall due first, then the others.
        #[serde(default)]
        #[param(value_type = ListSorts, inline, required = false, example = "-received_at")]
        pub(super) sort: ListSort,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => { timeliness: query.timeliness }
}

asked! {
    /// What of the overdue is wanted.
    OverdueQuery {
        /// The clock of this stage in place of the one that speaks for the petition.
        #[param(schema_with = code::<Stage>)]
        clock: Option<Stage>,
        /// Against which end: `official`, with every extension and pause; `first_deadline`, the end as it was when the
        /// clock first stood; `promise`, the end printed on the receipt, for the first round. Against the last two an
        /// extension or a pause does not help: late is what was not done or ended by then, also while it rests.
        #[serde(default)]
        #[param(value_type = Bases, inline, required = false, example = "official")]
        basis: Against,
        /// At least so many days after the last day in time.
        #[param(value_type = Option<u32>, minimum = 0, maximum = 36500)]
        min_days_overdue: Option<UpTo<36_500>>,
        /// `due_at`: longest overdue first; `-due_at`: last; `agency`: by the code of the agency, then longest overdue
        /// first. By the end that `basis` names.
        #[serde(default)]
        #[param(value_type = DueSorts, inline, required = false, example = "due_at")]
        pub(super) sort: DueSort,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => {
        clock: query.clock, basis: Some(query.basis), min_days_overdue: query.min_days_overdue.map(|days| days.0)
    }
}

asked! {
    /// What of the due is wanted.
    DueSoonQuery {
        /// `due_at`: the first to fall due first; `-due_at`: last; `agency`: by the code of the agency, then the first
        /// to fall due first.
        #[serde(default)]
        #[param(value_type = DueSorts, inline, required = false, example = "due_at")]
        pub(super) sort: DueSort,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => {}
}

asked! {
    /// What of that which has no end is wanted.
    UnendingQuery {
        /// `received_at`: received first first; `-received_at`: last first.
        #[serde(default)]
        #[param(value_type = ReceiptSorts, inline, required = false, example = "received_at")]
        pub(super) sort: ReceiptSort,
        /// Rows on a page.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
        pub(in crate::http) limit: Limit,
        /// From where to go on: `next_cursor` of the page before, with the same filters.
        #[param(max_length = 2048)]
        pub(super) cursor: Option<String>,
    }
    query => {}
}

/// What has one value of a few, to the document.
/// Which of what officials made is listed, such as exports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct OwnQuery {
    /// Those of everybody, for auditors and coordinators of the whole installation without a ceiling; else one's own.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    pub(in crate::http) everybody: bool,
    /// Rows on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    pub(in crate::http) limit: Limit,
    /// From where to go on: `next_cursor` of the page before.
    #[param(max_length = 2048)]
    pub(in crate::http) cursor: Option<String>,
}

macro_rules! choices {
    ($($name:ident = $values:expr;)+) => {$(
        pub(in crate::http) enum $name {}
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($values)
            }
        }
        impl ToSchema for $name {}
    )+};
}

choices! {
    ListSorts = ["-received_at", "received_at", "due_at"];
    DueSorts = ["due_at", "-due_at", "agency"];
    ReceiptSorts = ["received_at", "-received_at"];
    Structures = ["then", "now"];
    Bases = ["official", "first_deadline", "promise"];
}

/// A level of agencies, to the document.
pub(in crate::http) enum Levels {}

impl PartialSchema for Levels {
    fn schema() -> RefOr<Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        RefOr::T(text.enum_values(Some(LevelAsked::words())).into())
    }
}

impl ToSchema for Levels {}
