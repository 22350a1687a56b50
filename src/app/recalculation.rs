//! Petitions go over to the newest version of the calendar: a few in each transaction, so that nobody waits for them all.
//!
//! Until it has gone over a petition counts by the version it had, and any act that touches its clocks takes it over
//! first ([`crate::domain::clock::brought_up`]). How far it is stands beside the version; after a kill it goes on there.

use jiff::tz::TimeZone;

use super::{
    App, Error,
    history::{self, Entry},
    world::World,
};
use crate::{
    domain::{
        act::{Act, Recalculation},
        calendar::{Calendar, Due, LAST_DAY},
        clock::{self, ClockOp, Move},
        decide::Decision,
        event::Actor,
        petition::Case,
        time::{Day, Instant},
    },
    store::{
        AnyConnection,
        calendar::{self, MoveRow, Sayings, Touched},
    },
};

/// How many petitions one transaction looks at that writes.
const BATCH: i64 = 50;
/// How many at once are looked at by a transaction that only reads.
pub(super) const LOOK: i64 = 200;

/// Takes over whatever is still to go over to the newest version; returns how many petitions moved.
pub fn run_due(app: &App) -> Result<usize, Error> {
    let mut moved = 0;
    while let Some(more) = run_some(app)? {
        moved += more;
    }
    Ok(moved)
}

/// The next few of them, in one transaction; nothing when there is nothing to do, or another process does it.
pub fn run_some(app: &App) -> Result<Option<usize>, Error> {
    if app.read_now(|tx, _| Ok(calendar::unfinished(tx)?.is_some()))? {
        app.write_now(step)
    } else {
        Ok(None)
    }
}

/// Takes some petitions over, and notes how far it is; returns how many moved, or nothing when there is nothing to do
/// here.
fn step(tx: &mut AnyConnection, world: &World) -> Result<Option<usize>, Error> {
    if !calendar::try_lock(tx)? {
        return Ok(None);
    }
    let Some(version) = calendar::unfinished(tx)? else { return Ok(None) };
    let touched = touched(&calendar::sayings_of(tx, version.version)?, world.zone());
    let ids = calendar::running(tx, touched, world.now, version.reached, BATCH)?;
    let Some(last) = ids.last() else {
        calendar::finish(tx, version.version, world.now)?;
        return Ok(Some(0));
    };
    let mut moved = 0;
    for loaded in history::load_many(tx, &ids)? {
        if moves(world, &loaded.case, world.calendar()).is_empty() {
            continue;
        }
        let mut entry = Entry::new(Actor::system(), decision(world, &loaded.case));
        entry.caused_by = version.event_id;
        history::append(tx, world, &loaded, entry)?;
        moved += 1;
    }
    let so_far = version.moved.saturating_add(i32::try_from(moved).unwrap_or(i32::MAX));
    if !calendar::advance(tx, &version, *last, so_far)? {
        return Err(Error::Busy);
    }
    Ok(Some(moved))
}

fn decision(world: &World, case: &Case) -> Decision {
    let (calendar, at) = (world.calendar().version(), effective(world, case));
    Decision {
        act: Act::Recalculation(Recalculation { calendar }),
        to: case.state,
        round: case.round,
        clocks: vec![ClockOp::Recalculate { calendar, at }],
        occurred_at: at,
    }
}

/// From when on a petition goes over: now, and never before what happened to it last.
fn effective(world: &World, case: &Case) -> Instant {
    world.now.max(case.settled_at)
}

/// What the newest version of a calendar moves of a petition.
pub(super) fn moves(world: &World, case: &Case, calendar: &Calendar) -> Vec<Move> {
    clock::moves(&case.clock_ops, world.rules(), calendar, calendar.version(), effective(world, case))
}

/// Which clocks a version can touch: of those it cannot touch none is looked at.
pub(super) fn touched(says: &Sayings, zone: &TimeZone) -> Touched {
    let days = says.entries.iter().map(|row| (row.day, row.day));
    let hours = says.hours.iter().map(|row| (row.from_day, row.to_day.unwrap_or(LAST_DAY)));
    let wider = |(from, to): (Day, Day), (first, last): (Day, Day)| (from.min(first), to.max(last));
    let bounds = days.chain(hours).reduce(wider);
    Touched {
        days: bounds.map(|(first, last)| (last.end(zone), first)),
        provisional: !says.coverage.is_empty(),
    }
}

/// A move as the domain knows it.
pub(super) fn as_move(row: &MoveRow) -> Result<Move, Error> {
    let due = |at: Option<Instant>, on: Option<Day>, provisional| {
        at.zip(on).map(|(due_at, due_on)| Due { due_at, due_on, provisional })
    };
    Ok(Move {
        round: row.round.try_into().map_err(Error::internal)?,
        stage: row.stage,
        from: due(row.from_due_at, row.from_due_on, row.from_provisional),
        to: due(row.to_due_at, row.to_due_on, row.to_provisional),
    })
}
