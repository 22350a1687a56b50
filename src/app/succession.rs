//! What follows from the closing of an agency: its open petitions move to the successors in parts that may stop and go
//! on, and what comes to it later goes where its plan says.
//!
//! Invariant: a petition moves in one transaction with the note that it moved, so it moves once however often the work
//! stops; its clocks, its state and its promise are untouched.

use super::{
    App, Error,
    history::{self, Entry, Loaded},
    world::World,
};
use crate::{
    domain::{
        act::{Act, Succession, Support},
        decide::Decision,
        event::Actor,
        id::{AgencyId, EventId, PetitionId},
        petition::Case,
        succession::{Plan, Successor},
        time::Instant,
    },
    store::{
        AnyConnection, DatabaseKind,
        agencies::{
            self, AgencyRow,
            succession::{self, SuccessionRow},
        },
        events, people, petitions,
    },
};

/// How many petitions one transaction moves.
const BATCH: i64 = 200;
/// After how long every transaction has ended that may have begun before a closing.
const LAST_LOOK_MICROS: i64 = 120_000_000;
/// More closings than that never follow each other in one life of the data; a guard against a broken one.
const CHAIN: usize = 100;

/// What one part of the work came to.
#[derive(Debug, Clone, Default)]
pub struct Step {
    pub moved: usize,
    /// After which petition to go on; nothing when none is left.
    pub last: Option<PetitionId>,
    /// What could not be moved, and why.
    pub stuck: Option<String>,
}

/// Goes on with every closing that has work left; gives how many petitions moved. What cannot move keeps neither the
/// others waiting nor other closings, and is told in the end.
pub fn carry_on(app: &App) -> Result<usize, Error> {
    let (mut moved, mut stuck) = (0, None);
    for row in app.read_now(|tx, world| Ok(succession::unfinished(tx, world.real_now)?))? {
        let (mut after, mut held) = (None, None);
        loop {
            let step = step(app, row.agency_id, after, BATCH)?;
            moved += step.moved;
            held = held.or(step.stuck);
            after = step.last;
            let at_the_end = after.is_none();
            if at_the_end
                && (held.is_some() || app.write_now(move |tx, world| finish(tx, world, row.agency_id))?)
            {
                break;
            }
        }
        stuck = stuck.or(held);
    }
    stuck.map_or(Ok(moved), |why| Err(Error::internal(why)))
}

/// Moves at most so many petitions of a closed agency, from after one on, in one transaction.
pub fn step(app: &App, agency: AgencyId, after: Option<PetitionId>, most: i64) -> Result<Step, Error> {
    app.write_now(move |tx, world| {
        let Some(row) = succession::of(tx, agency)? else { return Ok(Step::default()) };
        let plan = plan(tx, row.event_id)?;
        let mut step = Step::default();
        for id in succession::pending(tx, agency, after, most)? {
            step.last = Some(id);
            match tx.savepoint(|tx| hand_on(tx, world, &row, &plan, id)) {
                Ok(moved) => step.moved += usize::from(moved),
                Err(error @ (Error::Busy | Error::Unavailable | Error::Stale)) => return Err(error),
                Err(error) => {
                    let why = format!("petition {id} cannot leave agency {agency}: {}", error.for_operator());
                    step.stuck.get_or_insert(why);
                }
            }
        }
        Ok(step)
    })
}

/// Ends the work, or tells that more came meanwhile. Other processes may still write for a while what they began before: on
/// PostgreSQL there is one more look after that.
fn finish(tx: &mut AnyConnection, world: &World, agency: AgencyId) -> Result<bool, Error> {
    let Some(row) = succession::of(tx, agency)? else { return Ok(true) };
    if succession::enlist(tx, agency)? > 0 || !succession::pending(tx, agency, None, 1)?.is_empty() {
        return Ok(false);
    }
    let look_again = row.finished_at.is_none() && tx.kind() == DatabaseKind::Postgres;
    let sweep_at = look_again.then(|| world.real_now.plus_micros(LAST_LOOK_MICROS));
    succession::finish(tx, agency, row.finished_at.unwrap_or(world.now), sweep_at)?;
    Ok(true)
}

/// When a closing begins, the time of its first look: at once.
pub(super) fn first_look(world: &World) -> Option<Instant> {
    Some(world.real_now)
}

/// The plan that the event of a closing holds.
pub(super) fn plan(tx: &mut AnyConnection, event: EventId) -> Result<Plan, Error> {
    let event =
        events::other::find(tx, event)?.ok_or_else(|| Error::internal("a closing without its event"))?;
    let plan = event.facts.get("plan").cloned().unwrap_or_default();
    serde_json::from_value(plan).map_err(Error::internal)
}

/// Moves one petition to the successor that takes it; false when it is over, or has left already.
fn hand_on(
    tx: &mut AnyConnection,
    world: &World,
    row: &SuccessionRow,
    plan: &Plan,
    id: PetitionId,
) -> Result<bool, Error> {
    let Some(loaded) = history::load(tx, id)? else { return Ok(false) };
    if !has_part(&loaded.case, row.agency_id) || !loaded.case.state.is_open() {
        succession::stay(tx, id, row.agency_id)?;
        return Ok(false);
    }
    let after = hand_over(tx, world, row, plan, &loaded)?;
    settle(tx, world, after)?;
    Ok(true)
}

fn has_part(case: &Case, agency: AgencyId) -> bool {
    let supports = case.supporting.iter().any(|support| support.agency_id == agency);
    case.intake_agency == agency || case.lead == Some(agency) || supports
}

fn hand_over(
    tx: &mut AnyConnection,
    world: &World,
    row: &SuccessionRow,
    plan: &Plan,
    loaded: &Loaded,
) -> Result<Loaded, Error> {
    let case = &loaded.case;
    let area = petitions::detail(tx, case.id)?.area_code;
    let place = plan.place(Some(case.id), area.as_deref(), &case.field_code);
    let (successor, _) = place.ok_or_else(|| Error::internal("a plan without a place"))?;
    let act = Act::Succession(Succession {
        from: row.agency_id,
        to: successor.agency_id,
        intake: case.intake_agency == row.agency_id,
        responsible_id: (case.lead == Some(row.agency_id)).then_some(successor.responsible_id),
        supporting: supporting(tx, case, row.agency_id, successor)?,
    });
    let decision = Decision {
        act,
        to: case.state,
        round: case.round,
        clocks: Vec::new(),
        occurred_at: world.now.max(case.settled_at),
    };
    let entry = Entry::new(Actor::system(), decision).caused_by(row.event_id);
    let after = history::append(tx, world, loaded, entry)?;
    succession::moved(tx, case.id, row.agency_id, successor.agency_id)?;
    succession::count(tx, row.agency_id, 1)?;
    Ok(after)
}

/// Who supports afterwards, if that changes: the successor in the place of the closed agency, with the person it named
/// if he went there too; never besides leading.
fn supporting(
    tx: &mut AnyConnection,
    case: &Case,
    from: AgencyId,
    successor: &Successor,
) -> Result<Option<Vec<Support>>, Error> {
    let to = successor.agency_id;
    let lead = if case.lead == Some(from) { Some(to) } else { case.lead };
    let mut after: Vec<Support> = Vec::new();
    for support in &case.supporting {
        let moves = support.agency_id == from;
        let agency_id = if moves { to } else { support.agency_id };
        if lead == Some(agency_id) || after.iter().any(|other| other.agency_id == agency_id) {
            continue;
        }
        let official = support.person_id.filter(|_| moves).map(|id| people::official(tx, id)).transpose()?;
        let goes = official.flatten().is_some_and(|official| official.agency_id == to);
        after.push(Support { agency_id, person_id: support.person_id.filter(|_| !moves || goes) });
    }
    Ok((after != case.supporting).then_some(after))
}

/// Moves a petition on for as long as an agency that was closed has a part in it: one that was over when the agency was
/// closed and was opened again, or whose successor was closed as well.
pub(super) fn settle(tx: &mut AnyConnection, world: &World, mut loaded: Loaded) -> Result<Loaded, Error> {
    for _ in 0..CHAIN {
        let case = &loaded.case;
        let mut parts = vec![case.intake_agency, case.lead_or_intake()];
        parts.extend(case.supporting.iter().map(|support| support.agency_id));
        parts.sort_unstable();
        parts.dedup();
        let closed = succession::closed_among(tx, &parts)?.into_iter().next();
        let Some(row) = closed.filter(|_| case.state.is_open()) else { return Ok(loaded) };
        let plan = plan(tx, row.event_id)?;
        loaded = hand_over(tx, world, &row, &plan, &loaded)?;
    }
    Err(Error::internal("closings that lead in a circle"))
}

/// Who takes what names an agency by a code, in force or not; nothing when no successor does.
pub(super) fn taker(
    tx: &mut AnyConnection,
    code: &str,
    area: Option<&str>,
    field: &str,
) -> Result<Option<AgencyRow>, Error> {
    match agencies::by_code(tx, code)? {
        Some(row) => Ok(Some(row)),
        None => match agencies::by_any_code(tx, code)? {
            Some(row) => in_force(tx, row, area, field),
            None => Ok(None),
        },
    }
}

/// The agency itself, or, where it was closed, the successor that takes a petition like this; nothing where it was
/// dissolved without one.
pub(super) fn in_force(
    tx: &mut AnyConnection,
    mut row: AgencyRow,
    area: Option<&str>,
    field: &str,
) -> Result<Option<AgencyRow>, Error> {
    for _ in 0..CHAIN {
        if row.valid_to.is_none() {
            return Ok(Some(row));
        }
        let next = match succession::of(tx, row.id)? {
            Some(closed) => {
                let plan = plan(tx, closed.event_id)?;
                plan.place(None, area, field).map(|(successor, _)| successor.agency_id)
            }
            None => match agencies::changes::successors(tx, row.id)?.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
        };
        let found = next.map(|id| agencies::last(tx, id)).transpose()?.flatten();
        let Some(found) = found else { return Ok(None) };
        row = found;
    }
    Err(Error::internal("closings that lead in a circle"))
}
