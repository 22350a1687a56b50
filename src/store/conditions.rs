//! What a reader may see, and what he asks for, as conditions over petitions joined with their spans.
//!
//! [`sight`](plain::sight) says in SQL what `domain::access::roles` says in Rust: a test compares the two.

mod clocks;
mod texts;

use diesel::{
    BoolExpressionMethods, BoxableExpression, ExpressionMethods, NullableExpressionMethods, QueryDsl,
    dsl::{InnerJoinQuerySource, auto_type, exists, sql},
    sql_types::{Bool, Text},
};

pub(super) use self::{
    clocks::{of_clock, of_counted, of_petition},
    texts::{TODAY, agency_code},
};
use super::{
    connection::MultiBackend,
    question::{Gap, Moment, Place, Question, Tree},
    schema::{agency_closure, assignment, clock_span, petition, petition_detail, petition_span, urging},
};
use crate::domain::{
    access::{Person, Right},
    id::AgencyId,
    vocabulary::{Code, Kind, Role, State, Visibility},
};

/// Petitions with their spans.
pub(super) type Plain = InnerJoinQuerySource<petition::table, petition_span::table>;
/// Petitions with their spans and their clocks.
pub(super) type Clocked = InnerJoinQuerySource<Plain, clock_span::table>;
/// Petitions with their spans and their urgings.
pub(super) type Urged = InnerJoinQuerySource<Plain, urging::table>;
/// A condition over one of them.
pub(super) type Condition<S> = Box<dyn BoxableExpression<S, MultiBackend, SqlType = Bool>>;

/// Whether a stretch of a table holds at a moment. One whose end was recorded later was then still the present one.
macro_rules! holds {
    ($table:ident, $moment:expr) => {
        match $moment {
            Moment::Now(_) => Box::new($table::to_at.is_null()),
            Moment::Past(at) => {
                let not_over = $table::to_at.gt(at).assume_not_null();
                Box::new($table::from_at.le(at).and($table::to_at.is_null().or(not_over)))
            }
            Moment::Known { at, by } => {
                let begun = $table::from_at.le(at).and($table::recorded_from.le(by));
                let not_over = $table::to_at.gt(at).or($table::recorded_to.gt(by)).assume_not_null();
                Box::new(begun.and($table::to_at.is_null().or(not_over)))
            }
        }
    };
}
pub(super) use holds;

/// Both.
fn both<S: 'static>(one: Condition<S>, other: Condition<S>) -> Condition<S> {
    Box::new(one.and(other))
}

/// Either.
pub(super) fn either<S: 'static>(one: Condition<S>, other: Condition<S>) -> Condition<S> {
    Box::new(one.or(other))
}

/// An agency and everything below it.
#[auto_type]
pub(super) fn subtree(top: AgencyId) -> _ {
    agency_closure::table.filter(agency_closure::ancestor_id.eq(top)).select(agency_closure::descendant_id)
}

/// The visibilities up to a ceiling.
fn up_to(ceiling: Visibility) -> Vec<Visibility> {
    Visibility::ALL.iter().copied().filter(|visibility| *visibility <= ceiling).collect()
}

/// Whether a right reaches every petition there is.
fn reaches_all(right: &Right) -> bool {
    let role = matches!(right.role, Role::Intake | Role::Coordinator | Role::Approver | Role::Auditor);
    role && right.agency.is_none() && right.ceiling == Visibility::Restricted
}

/// What the rights of a reader cover, if a petition is as visible as this column says.
macro_rules! covered {
    ($source:ty, $name:ident, $visibility:expr) => {
        pub(super) fn $name(reader: &Person) -> Condition<$source> {
            let me = reader.official;
            let named: Condition<$source> = Box::new(
                petition::id.eq_any(
                    assignment::table
                        .filter(assignment::official_id.eq(me))
                        .filter(assignment::part.eq(super::SUPPORTING))
                        .filter(assignment::to_at.is_null())
                        .select(assignment::petition_id),
                ),
            );
            let within = |ceiling| -> Condition<$source> { Box::new($visibility.eq_any(up_to(ceiling))) };
            let open = |ceiling: Visibility| within(ceiling.min(Visibility::PartiesOnly));
            let responsible =
                || -> Condition<$source> { Box::new(petition::responsible_id.eq(me).assume_not_null()) };
            let restricted = || -> Condition<$source> { Box::new($visibility.eq(Visibility::Restricted)) };
            reader.rights.iter().fold(named, |seen, right| {
                let ceiling = right.ceiling;
                match right.role {
                    Role::Intake | Role::Coordinator => {
                        either(seen, both(within(ceiling), intake_in(right.agency)))
                    }
                    Role::Auditor => {
                        let reach = either(intake_in(right.agency), lead_in(right.agency));
                        either(seen, both(within(ceiling), reach))
                    }
                    Role::Handler => {
                        let own = either(open(ceiling), both(restricted(), responsible()));
                        let seen = either(seen, both(own, lead_in(right.agency)));
                        either(seen, both(open(ceiling), supporting_in(right.agency)))
                    }
                    Role::Approver => {
                        let own = either(within(ceiling), responsible());
                        let seen = either(seen, both(own, lead_in(right.agency)));
                        either(seen, both(open(ceiling), supporting_in(right.agency)))
                    }
                    _ => seen,
                }
            })
        }
    };
}

/// The states in which something is still to be done.
fn open_states() -> Vec<State> {
    State::ALL.iter().copied().filter(|state| state.is_open()).collect()
}

const SUPPORTING: &str = "supporting";

/// The conditions over one source; the two differ in their type alone.
macro_rules! conditions {
    ($module:ident, $source:ty) => {
        pub(super) mod $module {
            use diesel::{IntoSql, dsl::sql};

            use super::*;
            use crate::store::{agencies::lines::subtree_on, sql_types::sql::Id};

            fn yes() -> Condition<$source> {
                Box::new(true.into_sql::<Bool>())
            }

            pub(super) fn intake_in(top: Option<AgencyId>) -> Condition<$source> {
                match top {
                    Some(top) => Box::new(petition::intake_agency_id.eq_any(subtree(top))),
                    None => yes(),
                }
            }

            pub(super) fn lead_in(top: Option<AgencyId>) -> Condition<$source> {
                let Some(agency) = top else { return yes() };
                let lead = petition::lead_agency_id.assume_not_null().eq_any(subtree(agency));
                either(Box::new(lead), both(Box::new(petition::lead_agency_id.is_null()), intake_in(top)))
            }

            pub(super) fn supporting_in(top: Option<AgencyId>) -> Condition<$source> {
                // Who supports from anywhere is covered as a lead agency already.
                let Some(top) = top else { return Box::new(false.into_sql::<Bool>()) };
                Box::new(exists(
                    assignment::table
                        .filter(assignment::petition_id.eq(petition::id))
                        .filter(assignment::part.eq(SUPPORTING))
                        .filter(assignment::to_at.is_null())
                        .filter(assignment::agency_id.eq_any(subtree(top))),
                ))
            }

            covered!($source, covered_now, petition::visibility);
            covered!($source, covered_then, petition_span::visibility);

            /// What the reader may see: his rights of now over the petition's agencies of now, by the stricter of
            /// its visibility then and now; never a denunciation against himself.
            pub(in crate::store) fn sight(reader: &Person, moment: Moment) -> Condition<$source> {
                let was = petition_span::kind.ne(Kind::Denunciation);
                let harmless = petition::kind.ne(Kind::Denunciation).and(was);
                let other = petition::respondent_official_id
                    .is_null()
                    .or(petition::respondent_official_id.ne(reader.official).assume_not_null())
                    .or(harmless);
                let other: Condition<$source> = Box::new(other);
                if reader.rights.iter().any(reaches_all) {
                    return other;
                }
                let seen = both(other, covered_now(reader));
                match moment {
                    Moment::Now(_) => seen,
                    Moment::Past(_) | Moment::Known { .. } => both(seen, covered_then(reader)),
                }
            }

            pub(in crate::store) fn in_force(moment: Moment) -> Condition<$source> {
                holds!(petition_span, moment)
            }

            /// With an agency, in the structure asked for.
            fn with(place: Place) -> Condition<$source> {
                let Place { agency, below, tree } = place;
                let today = || sql::<Id>(TODAY);
                match (tree, below) {
                    (Tree::Today, true) => Box::new(today().eq_any(subtree(agency))),
                    (Tree::Today, false) => Box::new(today().eq(agency)),
                    (_, false) => Box::new(petition_span::agency_id.eq(agency)),
                    (Tree::Present, true) => Box::new(petition_span::agency_id.eq_any(subtree(agency))),
                    (Tree::On(day), true) => {
                        Box::new(petition_span::agency_id.eq_any(subtree_on(agency, day)))
                    }
                }
            }

            /// Every condition of a question but those of its clock.
            pub(in crate::store) fn of(question: &Question) -> Vec<Condition<$source>> {
                let filters = &question.filters;
                let mut all = vec![in_force(question.moment), sight(&question.reader, question.moment)];
                let mut add = |condition: Condition<$source>| all.push(condition);
                if let Some(place) = filters.place {
                    add(with(place));
                }
                if let Some(code) = &filters.code {
                    add(Box::new(petition::code.eq(code.clone())));
                }
                if let Some(field) = &filters.field_code {
                    add(Box::new(petition_span::field_code.eq(field.clone())));
                }
                if let Some(states) = &filters.states {
                    add(Box::new(petition_span::state.eq_any(states.clone())));
                }
                if let Some(kind) = filters.kind {
                    add(Box::new(petition_span::kind.eq(kind)));
                }
                if let Some(channel) = filters.channel {
                    add(Box::new(petition_span::channel.eq(channel)));
                }
                if let Some(responsible) = filters.responsible {
                    add(Box::new(petition_span::responsible_id.eq(responsible).assume_not_null()));
                }
                if filters.unassigned {
                    add(Box::new(petition_span::responsible_id.is_null()));
                }
                if let Some(level) = filters.level {
                    add(texts::of_level(level));
                }
                if let Some(area) = &filters.area_code {
                    let there = petition_detail::table.filter(petition_detail::area_code.eq(area.clone()));
                    add(Box::new(petition::id.eq_any(there.select(petition_detail::petition_id))));
                }
                if let Some(since) = filters.idle_since {
                    add(Box::new(petition_span::state.eq_any(open_states())));
                    add(Box::new(petition_span::from_at.lt(since)));
                    add(texts::untouched(since, question.moment));
                }
                match filters.gap {
                    Some(Gap::NoClock) => {
                        add(Box::new(petition_span::state.eq_any(open_states())));
                        add(Box::new(petition_span::clock_stage.is_null()));
                    }
                    Some(Gap::NoResult) => add(texts::without_result(question.moment)),
                    None => {}
                }
                if let Some(visibility) = filters.visibility {
                    add(Box::new(petition_span::visibility.eq(visibility)));
                }
                if let Some(provenance) = filters.provenance {
                    add(Box::new(petition::provenance.eq(provenance)));
                }
                if let Some(from) = filters.received_from {
                    add(Box::new(petition_span::received_at.ge(from)));
                }
                if let Some(to) = filters.received_to {
                    add(Box::new(petition_span::received_at.lt(to)));
                }
                all
            }
        }
    };
}

conditions!(plain, Plain);
conditions!(clocked, Clocked);
conditions!(urged, Urged);

/// What concerns all stretches of a petition at once.
pub(super) mod whole {
    use super::{
        plain::{covered_now, intake_in, lead_in, supporting_in},
        *,
    };

    /// The strictest visibility a petition ever had.
    const STRICTEST: &str = "(SELECT CASE WHEN max(CASE WHEN v.visibility = 'restricted' THEN 1 ELSE 0 END) = 1 \
        THEN 'restricted' WHEN max(CASE WHEN v.visibility = 'parties_only' THEN 1 ELSE 0 END) = 1 THEN 'parties_only' \
        ELSE 'public_redacted' END FROM petition_span v WHERE v.petition_id = petition.id)";
    const NEVER_DENOUNCED: &str = "NOT EXISTS (SELECT 1 FROM petition_span v WHERE v.petition_id = petition.id \
        AND v.kind = 'denunciation')";

    covered!(Plain, covered_ever, sql::<Text>(STRICTEST));

    /// What the reader may see of petitions in each of their stretches, by the strictest of them.
    pub(in crate::store) fn sight(reader: &Person) -> Condition<Plain> {
        let harmless = petition::kind.ne(Kind::Denunciation).and(sql::<Bool>(NEVER_DENOUNCED));
        let other = petition::respondent_official_id
            .is_null()
            .or(petition::respondent_official_id.ne(reader.official).assume_not_null())
            .or(harmless);
        let other: Condition<Plain> = Box::new(other);
        if reader.rights.iter().any(reaches_all) {
            return other;
        }
        both(other, both(covered_now(reader), covered_ever(reader)))
    }
}
