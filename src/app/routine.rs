//! What a person would expect to happen by itself: closing after thirty days, following a changed calendar, moving what a
//! closed agency left, reminding, numbering the log, forgetting old keys.

use super::{
    App, Error,
    history::{self, Entry},
    recalculation,
    reminders::{self, Extent},
    succession,
    world::World,
};
use crate::{
    domain::{
        act::{Act, Closing},
        decide::{Context, Known, decide},
        event::Actor,
        id::PetitionId,
    },
    store::{AnyConnection, DatabaseKind, Db, events, idempotency, petitions},
};

/// How many petitions or events one transaction takes.
const BATCH: i64 = 200;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Runs everything that is due by the clock of the domain; returns how many petitions were closed.
pub fn run_due(app: &App) -> Result<usize, Error> {
    run(app, Extent::All)
}

/// As [`run_due`], with no more of the reminders than a moment allows: what is left comes with the next call.
pub fn run_some(app: &App) -> Result<usize, Error> {
    run(app, Extent::Some)
}

fn run(app: &App, extent: Extent) -> Result<usize, Error> {
    let closed = close_due(app);
    let recalculated = recalculation::run_due(app);
    let moved = succession::carry_on(app);
    let given = reminders::give_due(app, extent);
    // SQLite's writer is alone and numbers each event as it writes it.
    if app.db().kind() == DatabaseKind::Postgres {
        number_events(app)?;
    }
    recalculated?;
    moved?;
    let closed = closed?;
    given.map(|_| closed)
}

/// Closes what is due. A petition that cannot be closed keeps neither the others waiting nor the log, and is told in
/// the end.
fn close_due(app: &App) -> Result<usize, Error> {
    let (mut closed, mut stuck) = (0, None);
    loop {
        let due = app.read_now(|tx, world| Ok(petitions::due_to_close(tx, world.now, BATCH)?))?;
        let mut gone = 0;
        for id in due {
            match app.write_now(move |tx, world| close(tx, world, id)) {
                Ok(ours) => {
                    gone += 1;
                    closed += usize::from(ours);
                }
                Err(error @ (Error::Busy | Error::Unavailable)) => return Err(error),
                Err(error) => stuck = Some((id, error)),
            }
        }
        if gone == 0 {
            break;
        }
    }
    match stuck {
        None => Ok(closed),
        Some((id, error)) => Err(Error::internal(format!(
            "petition {id} is due and cannot be closed: {}",
            error.for_operator()
        ))),
    }
}

/// Forgets the idempotency keys that are older than they need be kept; returns how many.
pub fn forget_old_keys(app: &App) -> Result<usize, Error> {
    let hours = i64::from(app.options().idempotency_hours);
    app.write_now(move |tx, world| {
        Ok(idempotency::delete_before(tx, world.real_now.plus_micros(-hours * HOUR_MICROS))?)
    })
}

/// Gives the committed events their places in the whole log; returns how many.
pub fn number_events(app: &App) -> Result<usize, Error> {
    number_all(app.db())
}

/// The same for a database that no application stands over.
pub fn number_all(db: &Db) -> Result<usize, Error> {
    let mut numbered = 0;
    while db.read_now::<_, Error>(|tx| Ok(events::has_unnumbered(tx)?))? {
        let batch = db.write_now::<_, Error, _>(|tx| {
            if events::try_sequencer_lock(tx)? { Ok(events::number(tx, BATCH)?) } else { Ok(0) }
        })?;
        if batch == 0 {
            break;
        }
        numbered += batch;
    }
    Ok(numbered)
}

/// Closes one answered petition, unless somebody was faster.
fn close(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<bool, Error> {
    let Some(loaded) = history::load(tx, id)? else { return Ok(false) };
    if loaded.row.closes_at.is_none_or(|at| at > world.now) {
        return Ok(false);
    }
    let context = Context {
        now: world.now,
        occurred_at: None,
        actor: Actor::system(),
        rules: world.rules(),
        calendar: world.calendar(),
        known: Known::default(),
    };
    let decision = decide(&loaded.case, Act::Closing(Closing {}), &context)?;
    history::append(tx, world, &loaded, Entry::new(Actor::system(), decision))?;
    Ok(true)
}
