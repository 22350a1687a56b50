//! How the deadlines of one petition came about: derivation, every change with who and why, and what it gained; and
//! who held the petition meanwhile.

use super::{
    Error,
    caller::Caller,
    past::{self, Look, Moments, Names, Past, bare},
    world::World,
};
use crate::{
    domain::{
        act::DocumentRef,
        calendar::{Due, Step},
        clock::{Cause, Clock, Gain, Ledger, MoveKind},
        event::Actor,
        id::{AgencyId, EventId, OfficialId, PetitionId},
        petition::{Balance, DueChange, Stint, due_changes, hops, stints},
        time::{Day, Instant},
        vocabulary::ComplexityCriterion,
    },
    store::AnyConnection,
};

/// The deadlines of a petition, explained.
#[derive(Debug)]
pub struct Explained {
    /// When it is looked at.
    pub now: Instant,
    pub past: Option<Past>,
    pub promised_at: Option<Instant>,
    pub promised_on: Option<Day>,
    /// All rounds, all stages.
    pub clocks: Vec<ExplainedClock>,
    /// Where there is a promise.
    pub balance: Option<Balance>,
    /// The names of whoever acted.
    pub names: Names,
}

/// One clock with its derivation and everything that moved its end, the first change first.
#[derive(Debug)]
pub struct ExplainedClock {
    pub clock: Clock,
    pub steps: Vec<Step>,
    pub changes: Vec<Change>,
}

/// One change of a deadline, with who made it and why.
#[derive(Debug)]
pub struct Change {
    pub kind: MoveKind,
    pub cause: Cause,
    pub event: EventId,
    pub sequence: u32,
    pub act: &'static str,
    pub actor: Actor,
    pub on_behalf_of: Option<String>,
    pub occurred_at: Instant,
    pub recorded_at: Instant,
    /// Nothing where there is none, and once it was erased.
    pub reason: Option<String>,
    pub ground: Option<&'static str>,
    pub criteria: Vec<ComplexityCriterion>,
    pub document: Option<DocumentRef>,
    pub from: Option<Due>,
    pub to: Option<Due>,
    pub gained: Option<Gain>,
}

/// Explains the deadlines of a petition for an official, now or as they stood.
pub fn explain(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    moments: Result<Moments, Error>,
) -> Result<Explained, Error> {
    let look = past::look(tx, world, caller, id, moments)?;
    let names = past::names(tx, &actors(&look), look.reading.past.as_ref())?;
    Ok(explained(&look, world, names))
}

/// The agencies and officials that acted.
pub(super) fn actors(look: &Look) -> (Vec<AgencyId>, Vec<OfficialId>) {
    let actors = || bare(&look.events).map(|event| &event.actor);
    let mut agencies: Vec<_> = actors().filter_map(|actor| actor.agency).collect();
    let mut officials: Vec<_> = actors().filter_map(|actor| actor.official).collect();
    agencies.sort_unstable();
    agencies.dedup();
    officials.sort_unstable();
    officials.dedup();
    (agencies, officials)
}

/// The explanation of what was read.
pub(super) fn explained(look: &Look, world: &World, names: Names) -> Explained {
    let Look { reading, events } = look;
    let (rules, calendar) = (world.rules(), world.calendar());
    let mut ledger = Ledger::new(rules, calendar);
    ledger.extend(&reading.case.clock_ops);
    let (changes, balance) = due_changes(bare(events), rules, calendar);
    let of = |clock: &Clock| {
        let own = changes.iter().filter(|change| (change.round, change.stage) == (clock.round, clock.stage));
        ExplainedClock {
            clock: clock.clone(),
            steps: ledger.derivation(clock.round, clock.stage),
            changes: own.map(|change| Change::of(change, look)).collect(),
        }
    };
    Explained {
        now: reading.now,
        past: reading.past,
        promised_at: reading.case.registration.promised_due_at,
        promised_on: reading.case.registration.promised_due_on,
        clocks: reading.clocks.iter().map(of).collect(),
        balance,
        names,
    }
}

impl Change {
    fn of(change: &DueChange<'_>, look: &Look) -> Self {
        let event = change.event;
        let why = event.record.act.why();
        Self {
            kind: change.kind,
            cause: change.cause,
            event: event.id,
            sequence: event.sequence,
            act: event.record.act.name(),
            actor: event.actor.clone(),
            on_behalf_of: event.on_behalf_of.clone(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            reason: why.reason.and_then(|reason| look.reading.text(reason)).map(str::to_owned),
            ground: why.ground,
            criteria: why.criteria.to_vec(),
            document: why.document.cloned(),
            from: change.from,
            to: change.to,
            gained: change.gained,
        }
    }
}

/// Who held a petition, and how long.
#[derive(Debug)]
pub struct Holding {
    pub past: Option<Past>,
    pub stints: Vec<Held>,
    /// How often it went from one agency to another within a round.
    pub hops: usize,
    pub names: Names,
}

/// A stretch with its length; what still lasts is counted up to the moment looked at.
#[derive(Debug)]
pub struct Held {
    pub stint: Stint,
    pub days: Gain,
}

/// Tells an official who held a petition, now or as it stood.
pub fn holding(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    moments: Result<Moments, Error>,
) -> Result<Holding, Error> {
    let look = past::look(tx, world, caller, id, moments)?;
    let stints = stints(bare(&look.events));
    let agencies = stints.iter().map(|stint| stint.agency).collect();
    let people = stints.iter().filter_map(|stint| stint.person).collect();
    let names = past::names(tx, &(agencies, people), look.reading.past.as_ref())?;
    let day = |at: Instant| at.day(world.zone());
    let present = look.reading.past.map_or(day(world.now), |past| past.day);
    let held = |stint: &Stint| {
        let from = day(stint.from);
        let to = stint.to.map_or(present.max(from), day);
        Held { days: Gain::between(from, to, world.calendar()), stint: stint.clone() }
    };
    Ok(Holding {
        past: look.reading.past,
        hops: hops(&stints),
        stints: stints.iter().map(held).collect(),
        names,
    })
}
