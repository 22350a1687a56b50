//! What a reader may see, and what he asks for, as conditions over petitions joined with their spans.
//!
//! [`sight`](plain::sight) says in SQL what `domain::access::roles` says in Rust: a test compares the two.

use diesel::{
    BoolExpressionMethods, BoxableExpression, ExpressionMethods, NullableExpressionMethods, QueryDsl,
    dsl::{InnerJoinQuerySource, auto_type, exists, sql},
    sql_types::{Bool, Text},
};

use super::{
    connection::MultiBackend,
    schema::{agency_closure, assignment, clock_span, petition, petition_span},
};
use crate::domain::{
    access::{Person, Right},
    id::{AgencyId, OfficialId},
    time::Instant,
    vocabulary::{Channel, Code, Kind, Provenance, Role, Stage, State, Timeliness, Visibility},
};

/// Petitions with their spans.
pub(super) type Plain = InnerJoinQuerySource<petition::table, petition_span::table>;
/// Petitions with their spans and their clocks.
pub(super) type Clocked = InnerJoinQuerySource<Plain, clock_span::table>;
/// A condition over one of them.
pub(super) type Condition<S> = Box<dyn BoxableExpression<S, MultiBackend, SqlType = Bool>>;

/// When one looks: how things stand now, or how they stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Now(Instant),
    Past(Instant),
}

impl Moment {
    /// The instant itself.
    pub fn at(self) -> Instant {
        match self {
            Self::Now(at) | Self::Past(at) => at,
        }
    }
}

/// An agency that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub agency: AgencyId,
    /// Whether the agencies below it are meant too.
    pub below: bool,
}

/// What is asked for; nothing means anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    pub code: Option<String>,
    pub states: Option<Vec<State>>,
    pub kind: Option<Kind>,
    pub channel: Option<Channel>,
    pub field_code: Option<String>,
    /// The lead agency, before an assignment the intake agency.
    pub place: Option<Place>,
    pub responsible: Option<OfficialId>,
    pub visibility: Option<Visibility>,
    pub provenance: Option<Provenance>,
    pub timeliness: Option<Timeliness>,
    /// The first instant of receipt.
    pub received_from: Option<Instant>,
    /// The first instant of receipt that is too late.
    pub received_to: Option<Instant>,
    /// The stage whose clock counts; nothing: the one that speaks for the petition.
    pub clock: Option<Stage>,
    /// The clock fell due at this instant or before, and nothing met or stopped it.
    pub overdue_by: Option<Instant>,
}

/// A reader's question.
#[derive(Debug, Clone)]
pub struct Question {
    pub reader: Person,
    pub moment: Moment,
    pub filters: Filters,
}

impl Question {
    /// Whether many ask the same in the same words: everything there is, or everything overdue, with the few rights
    /// that most have. The texts of such questions are few.
    pub(super) fn is_common(&self) -> bool {
        let plain = Filters { overdue_by: self.filters.overdue_by, ..Filters::default() };
        self.filters == plain && self.reader.rights.len() <= 3
    }
}

/// Both.
fn both<S: 'static>(one: Condition<S>, other: Condition<S>) -> Condition<S> {
    Box::new(one.and(other))
}

/// Either.
fn either<S: 'static>(one: Condition<S>, other: Condition<S>) -> Condition<S> {
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

const SUPPORTING: &str = "supporting";

/// The conditions over one source; the two differ in their type alone.
macro_rules! conditions {
    ($module:ident, $source:ty) => {
        pub(super) mod $module {
            use diesel::IntoSql;

            use super::*;

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
                    Moment::Past(_) => both(seen, covered_then(reader)),
                }
            }

            fn in_force(moment: Moment) -> Condition<$source> {
                match moment {
                    Moment::Now(_) => Box::new(petition_span::to_at.is_null()),
                    Moment::Past(at) => {
                        let not_over = petition_span::to_at.gt(at).assume_not_null();
                        let open = petition_span::to_at.is_null().or(not_over);
                        Box::new(petition_span::from_at.le(at).and(open))
                    }
                }
            }

            /// Every condition of a question but those of its clock.
            pub(in crate::store) fn of(question: &Question) -> Vec<Condition<$source>> {
                let filters = &question.filters;
                let mut all = vec![in_force(question.moment), sight(&question.reader, question.moment)];
                let mut add = |condition: Condition<$source>| all.push(condition);
                if let Some(place) = filters.place {
                    add(match place.below {
                        true => Box::new(petition_span::agency_id.eq_any(subtree(place.agency))),
                        false => Box::new(petition_span::agency_id.eq(place.agency)),
                    });
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

/// How the clock that speaks for the petition stands at an instant, as `domain::clock::Clock::timeliness` says it.
fn timeliness(wanted: Timeliness, at: Instant) -> Condition<Plain> {
    let met = petition_span::met_at.is_not_null();
    let late = petition_span::due_at.le(petition_span::met_at).assume_not_null();
    let paused = petition_span::paused_until.gt(at).assume_not_null();
    let rests = petition_span::paused_until.is_not_null().and(paused);
    let awake =
        petition_span::paused_until.is_null().or(petition_span::paused_until.le(at).assume_not_null());
    let due = petition_span::open_due_at.le(at).assume_not_null();
    let ahead = petition_span::open_due_at.gt(at).assume_not_null();
    let soon =
        petition_span::due_soon_at.is_not_null().and(petition_span::due_soon_at.le(at).assume_not_null());
    let calm = petition_span::due_soon_at.is_null().or(petition_span::due_soon_at.gt(at).assume_not_null());
    match wanted {
        Timeliness::Missed => Box::new(met.and(late)),
        Timeliness::Met => {
            let in_time = petition_span::due_at.gt(petition_span::met_at).assume_not_null();
            Box::new(met.and(petition_span::due_at.is_null().or(in_time)))
        }
        Timeliness::Paused => Box::new(rests),
        Timeliness::Overdue => Box::new(due.and(awake)),
        Timeliness::DueSoon => Box::new(ahead.and(awake).and(soon)),
        Timeliness::OnTrack => Box::new(ahead.and(awake).and(calm)),
        Timeliness::None => {
            let idle = petition_span::met_at.is_null().and(petition_span::open_due_at.is_null());
            Box::new(idle.and(awake))
        }
    }
}

/// Every condition of a question about the clock that speaks for the petition.
pub(super) fn of_petition(question: &Question) -> Vec<Condition<Plain>> {
    let at = question.moment.at();
    let mut all = plain::of(question);
    if let Some(due_by) = question.filters.overdue_by {
        all.push(Box::new(petition_span::open_due_at.le(due_by).assume_not_null()));
        let awake = petition_span::paused_until.le(at).assume_not_null();
        all.push(Box::new(petition_span::paused_until.is_null().or(awake)));
    }
    if let Some(wanted) = question.filters.timeliness {
        all.push(timeliness(wanted, at));
    }
    all
}

/// Every condition of a question about the clock of one stage, in the petition's round.
pub(super) fn of_stage(question: &Question, stage: Stage) -> Vec<Condition<Clocked>> {
    let at = question.moment.at();
    let mut all = clocked::of(question);
    all.push(Box::new(clock_span::stage.eq(stage).and(clock_span::round.eq(petition_span::round))));
    all.push(match question.moment {
        Moment::Now(_) => Box::new(clock_span::to_at.is_null()),
        Moment::Past(_) => {
            let not_over = clock_span::to_at.gt(at).assume_not_null();
            Box::new(clock_span::from_at.le(at).and(clock_span::to_at.is_null().or(not_over)))
        }
    });
    if let Some(due_by) = question.filters.overdue_by {
        all.push(Box::new(clock_span::open_due_at.le(due_by).assume_not_null()));
        let awake = clock_span::paused_until.le(at).assume_not_null();
        all.push(Box::new(clock_span::paused_until.is_null().or(awake)));
    }
    all
}
