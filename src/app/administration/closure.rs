//! An agency is closed in favour of successors, in one audited act: its petitions, people, rights and agencies below it
//! all get a place, or nothing happens. A rehearsal is the act itself, taken back.

mod checks;
mod steps;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Admin, Done, Order,
    agencies::{require_default, require_in_force, within_reach},
    change,
    events::Reader,
    watch::keeping_watch_but,
};
use crate::{
    app::{
        Error,
        history::{self, Subject},
        succession::first_look,
        world::World,
    },
    domain::{
        act::DocumentRef,
        id::{AgencyId, EventId, OfficialId, PetitionId},
        prose::Prose,
        refusal::{FieldError, Refusal},
        succession::{By, Plan, Successor},
        time::Day,
        vocabulary::Visibility,
    },
    store::{
        AnyConnection,
        agencies::{
            self, AgencyRow,
            succession::{self, SuccessionRow, Waiting},
        },
        events,
    },
};

/// The end of an agency, and where everything of it goes.
#[derive(Debug, Clone)]
pub struct Closure {
    /// The first day on which it is no more.
    pub effective_on: Day,
    pub basis: DocumentRef,
    pub reason: Option<Prose>,
    pub successors: Vec<Successor>,
    /// Takes what no other does; absent: the only successor.
    pub default_id: Option<AgencyId>,
    /// Keeps what is over; absent: the default successor.
    pub archive_to: Option<AgencyId>,
    /// Under whom the agencies below go.
    pub children_to: Option<AgencyId>,
    /// Those that go elsewhere: agency, new parent.
    pub children: Vec<(AgencyId, AgencyId)>,
    /// Where the officials go; absent: to the default successor.
    pub officials_to: Option<AgencyId>,
    /// Those who go elsewhere, or whose accounts are closed.
    pub officials: Vec<(OfficialId, Option<AgencyId>)>,
    /// Whether rights over the agency end, instead of leading on to the successors.
    pub rights_end: bool,
}

/// How many open petitions go to a successor, and how strict the strictest it receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    pub agency_id: AgencyId,
    pub petitions: i64,
    /// Nothing: it becomes the intake agency of none.
    #[serde(skip)]
    pub strictest: Option<Visibility>,
}

/// What a closure does, as far as it was tried.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub open_petitions: i64,
    pub destinations: Vec<Destination>,
    pub children: usize,
    pub officials: usize,
    pub grants: usize,
    /// Everything that stands in the way.
    pub blockers: Vec<FieldError>,
}

/// A petition, where it goes, and why there.
#[derive(Debug, Clone)]
pub struct Placed {
    pub petition: PetitionId,
    pub to: AgencyId,
    pub by: By,
    pub intake: bool,
    pub lead: bool,
}

/// What a closure would do, with a page of the petitions by id.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    pub plan: Plan,
    pub outcome: Outcome,
    pub items: Vec<Placed>,
    pub next: Option<PetitionId>,
}

/// How an agency was closed, and how far its petitions have moved.
#[derive(Debug, Clone)]
pub struct Progress {
    pub row: SuccessionRow,
    pub told: Told,
}

/// What the event of a closure tells.
#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    pub plan: Plan,
    pub destinations: Vec<Destination>,
    pub children: usize,
    pub officials: usize,
    pub grants: usize,
}

/// How a closure goes on, for administrators and auditors whose rights reach the agency, or whoever keeps what it left.
pub fn progress(tx: &mut AnyConnection, reader: &Reader, id: AgencyId) -> Result<Progress, Error> {
    reader.require(tx, id)?;
    let row = succession::of(tx, id)?.ok_or(Error::NotFound)?;
    told(tx, row)
}

/// The same for whoever has just closed it.
pub fn done(tx: &mut AnyConnection, id: AgencyId) -> Result<Progress, Error> {
    let row = succession::of(tx, id)?.ok_or(Error::NotFound)?;
    told(tx, row)
}

fn told(tx: &mut AnyConnection, row: SuccessionRow) -> Result<Progress, Error> {
    let event = events::other::find(tx, row.event_id)?.ok_or(Error::NotFound)?;
    Ok(Progress { row, told: serde_json::from_value(event.facts).map_err(Error::internal)? })
}

/// Closes an agency.
pub fn close(
    tx: &mut AnyConnection,
    world: &World,
    id: AgencyId,
    order: &Order<Closure>,
) -> Result<Done, Error> {
    carry_out(tx, world, id, order, &mut |_, outcome| match outcome.blockers.as_slice() {
        [] => Ok(()),
        blockers => Err(Refusal::Invalid(blockers.to_vec()).into()),
    })
}

/// Does the same, tells what came of it, and takes it back.
pub fn rehearse(
    tx: &mut AnyConnection,
    world: &World,
    id: AgencyId,
    order: &Order<Closure>,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Rehearsal, Error> {
    let mut seen: Option<(Plan, Outcome)> = None;
    let tried = tx.savepoint(|tx| {
        let mut look = |plan: &Plan, outcome: &Outcome| {
            seen = Some((plan.clone(), outcome.clone()));
            Ok(())
        };
        match carry_out(tx, world, id, order, &mut look) {
            // Nothing of it stays.
            Ok(_) => Err(Error::Stale),
            Err(error) => Err(error),
        }
    });
    let refused = match tried {
        Ok(()) | Err(Error::Stale) => None,
        Err(Error::Refused(Refusal::Guard { code, words })) if seen.is_some() => {
            Some(FieldError { pointer: String::new(), code, words })
        }
        Err(error) => return Err(error),
    };
    let (plan, mut outcome) = seen.ok_or(Error::Stale)?;
    outcome.blockers.extend(refused);
    let rows = succession::waiting(tx, id, after, limit + 1)?;
    let page = crate::app::public::Page::of(rows, limit, |row| row.id);
    let items = page.items.into_iter().filter_map(|row| place(&plan, row)).collect();
    Ok(Rehearsal { plan, outcome, items, next: page.next })
}

fn place(plan: &Plan, row: Waiting) -> Option<Placed> {
    let (successor, by) = plan.place(Some(row.id), row.area.as_deref(), &row.field)?;
    Some(Placed { petition: row.id, to: successor.agency_id, by, intake: row.intake, lead: row.lead })
}

/// The act; `judge` sees what came of it twice: before anything is changed, and in the end.
fn carry_out(
    tx: &mut AnyConnection,
    world: &World,
    id: AgencyId,
    order: &Order<Closure>,
    judge: &mut dyn FnMut(&Plan, &Outcome) -> Result<(), Error>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Agency(id), see, |tx, admin, before, closure| {
        require_in_force(&before)?;
        require_default(!before.is_default)?;
        let plan = plan_of(tx, closure)?;
        let blockers = checks::before(tx, world, admin, &before, closure, &plan)?;
        let mut outcome = Outcome { blockers, ..Outcome::default() };
        count(tx, id, &plan, &mut outcome)?;
        judge(&plan, &outcome)?;
        if !outcome.blockers.is_empty() {
            return Ok(());
        }
        keeping_watch_but(tx, world, Some(id), |tx| {
            steps::end(tx, world, admin, &before, closure, &plan, &mut outcome)?;
            outcome.blockers = checks::after(tx, world, &before, &plan, &outcome)?;
            judge(&plan, &outcome)
        })
    })
}

/// The plan with what follows from it: a successor takes the area it serves, unless another claims it.
fn plan_of(tx: &mut AnyConnection, closure: &Closure) -> Result<Plan, Error> {
    let mut successors = closure.successors.clone();
    let claimed: Vec<String> = successors.iter().flat_map(|one| one.areas.clone()).collect();
    for one in &mut successors {
        let served = agencies::by_id(tx, one.agency_id)?.and_then(|row| row.serves_area);
        one.areas.extend(served.filter(|area| !claimed.contains(area)));
    }
    let only = match closure.successors.as_slice() {
        [one] => Some(one.agency_id),
        _ => None,
    };
    // Where none is named among several, none fits, and the fault is told.
    let default_id = closure.default_id.or(only).unwrap_or_else(|| AgencyId::new(uuid::Uuid::nil()));
    let heir_id = closure.archive_to.unwrap_or(default_id);
    let (effective_on, basis) = (closure.effective_on, closure.basis.clone());
    Ok(Plan { effective_on, basis, successors, default_id, heir_id })
}

/// How many open petitions go where. Those named one by one are few; the others are counted by what is alike in them.
fn count(tx: &mut AnyConnection, id: AgencyId, plan: &Plan, outcome: &mut Outcome) -> Result<(), Error> {
    let empty = |one: &Successor| Destination { agency_id: one.agency_id, petitions: 0, strictest: None };
    outcome.destinations = plan.successors.iter().map(empty).collect();
    let named: Vec<PetitionId> =
        plan.successors.iter().flat_map(|one| one.petitions.iter().copied()).collect();
    let mut groups = succession::alike(tx, id, None)?;
    outcome.open_petitions = groups.iter().map(|group| group.count).sum();
    for group in succession::alike(tx, id, Some(&named))? {
        let same = |other: &&mut succession::Alike| {
            (&other.area, &other.field, other.visibility, other.intake)
                == (&group.area, &group.field, group.visibility, group.intake)
        };
        if let Some(other) = groups.iter_mut().find(same) {
            other.count -= group.count;
        }
    }
    for group in groups.into_iter().filter(|group| group.count > 0) {
        if let Some((one, _)) = plan.place(None, group.area.as_deref(), &group.field) {
            add(outcome, one.agency_id, group.count, group.intake.then_some(group.visibility));
        }
    }
    for one in plan.successors.iter().filter(|one| !one.petitions.is_empty()) {
        for group in succession::alike(tx, id, Some(&one.petitions))? {
            add(outcome, one.agency_id, group.count, group.intake.then_some(group.visibility));
        }
    }
    Ok(())
}

fn add(outcome: &mut Outcome, to: AgencyId, petitions: i64, visibility: Option<Visibility>) {
    for one in outcome.destinations.iter_mut().filter(|one| one.agency_id == to) {
        one.petitions += petitions;
        one.strictest = one.strictest.max(visibility);
    }
}

/// Records the act, and notes what is left to be done.
fn record(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    before: &AgencyRow,
    closure: &Closure,
    plan: &Plan,
    outcome: &Outcome,
) -> Result<EventId, Error> {
    let facts = json!({
        "plan": plan, "reason": closure.reason, "open_petitions": outcome.open_petitions,
        "destinations": outcome.destinations, "children": outcome.children, "officials": outcome.officials,
        "grants": outcome.grants,
    });
    let subject = Subject::Agency(before.id);
    let event = history::record_event(tx, world, &subject, &admin.actor(), "succession", facts)?.id;
    let row = SuccessionRow {
        agency_id: before.id,
        event_id: event,
        effective_on: plan.effective_on,
        heir_id: plan.heir_id,
        today_id: plan.sole(),
        open_petitions: outcome.open_petitions,
        moved: 0,
        begun_at: world.now,
        finished_at: None,
        sweep_at: first_look(world),
    };
    succession::begin(tx, &row)?;
    succession::enlist(tx, before.id)?;
    Ok(event)
}
