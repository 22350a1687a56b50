//! Reminding whoever is responsible before a deadline passes, and those above him when it has.
//!
//! Each petition is one transaction: the event, the notifications, and when it is looked at next. A second process, or
//! the same one after a kill, finds the reminder in the history and gives it no second time.

use super::{
    App, Error,
    history::{self, Entry, Loaded},
    projection, recipients,
    world::World,
};
use crate::{
    domain::{
        act::{Act, Escalation},
        decide::{Context, Known, decide},
        escalation::{self, Reminder},
        event::Actor,
        id::PetitionId,
        time::Instant,
        vocabulary::{Code, ReminderLevel},
    },
    store::{
        AnyConnection, Together,
        reminders::{self, LookRow},
    },
};

/// How many petitions one look takes.
const BATCH: i64 = 200;
/// How long a petition that cannot be reminded of rests, so that the others come first.
const REST_MICROS: i64 = 600_000_000;

/// How far one call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Until nothing is due.
    All,
    /// One look, so that other work is not kept waiting.
    Some,
}

/// What was given, for the metrics.
#[derive(Debug, Clone, Copy)]
struct Given {
    level: ReminderLevel,
    told: usize,
    passed_on: bool,
}

/// Gives the reminders that are due; returns how many. A petition that fails keeps no other waiting, and is told in the
/// end.
pub fn give_due(app: &App, extent: Extent) -> Result<usize, Error> {
    let (mut given, mut stuck) = (0, None);
    loop {
        let ids = app.read_now(|tx, world| {
            let mut ids = reminders::due(tx, world.now, BATCH)?;
            ids.extend(reminders::outdated(tx, world.reference.reminder_revision, BATCH)?);
            Ok(ids)
        })?;
        let done = ids.is_empty();
        for id in ids {
            match app.write_now(move |tx, world| remind(tx, world, id)) {
                Ok(now) => {
                    given += now.len();
                    now.into_iter().for_each(count);
                }
                Err(error @ (Error::Busy | Error::Unavailable)) => return Err(error),
                Err(error) => {
                    app.write_now(move |tx, world| put_off(tx, world, id))?;
                    stuck = Some((id, error));
                }
            }
        }
        if done || extent == Extent::Some {
            break;
        }
    }
    match stuck {
        None => Ok(given),
        Some((id, error)) => Err(Error::internal(format!(
            "petition {id} has a reminder due that cannot be given: {}",
            error.for_operator()
        ))),
    }
}

fn count(given: Given) {
    let level = given.level.as_str();
    metrics::counter!("reminders_total", "level" => level).increment(1);
    if given.passed_on {
        let heard = if given.told == 0 { "nobody" } else { "above" };
        metrics::counter!("reminders_passed_on_total", "level" => level, "heard_by" => heard).increment(1);
        tracing::warn!(level, heard_by = heard, "a reminder could not reach whom it was meant for");
    }
}

/// Gives what is due on one petition, and notes when it is looked at next.
fn remind(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<Vec<Given>, Error> {
    let Some(mut loaded) = history::load(tx, id)? else { return Ok(Vec::new()) };
    let due = pending(world, &loaded);
    let mut given = Vec::new();
    for reminder in due.into_iter().filter(|reminder| reminder.is_due(world.calendar(), world.now)) {
        let (after, one) = give(tx, world, &loaded, reminder)?;
        loaded = after;
        given.push(one);
    }
    let left = pending(world, &loaded);
    let next = left.iter().map(|reminder| reminder.next(world.calendar(), world.now)).min();
    let look = projection::look(&loaded.case, &world.reference);
    let revision = look.and_then(|look| look.revision);
    note(tx, &LookRow { petition_id: id, look_at: next, revision })?;
    Ok(given)
}

fn pending(world: &World, loaded: &Loaded) -> Vec<Reminder> {
    escalation::pending(&loaded.case, &world.reference.thresholds, world.rules(), world.calendar())
}

fn give(
    tx: &mut AnyConnection,
    world: &World,
    loaded: &Loaded,
    reminder: Reminder,
) -> Result<(Loaded, Given), Error> {
    let level = reminder.level;
    let found = recipients::of_level(tx, world, &loaded.case, level)?;
    let given = Given { level, told: found.told.len(), passed_on: found.passed_on };
    let act = Escalation {
        threshold: reminder.threshold,
        level,
        stage: reminder.stage,
        due_at: reminder.due.due_at,
        due_on: reminder.due.due_on,
        told: found.told,
        passed_on: found.passed_on,
    };
    let context = Context {
        now: world.now,
        occurred_at: None,
        actor: Actor::system(),
        rules: world.rules(),
        calendar: world.calendar(),
        known: Known::default(),
    };
    let decision = decide(&loaded.case, Act::Escalation(act), &context)?;
    let after = history::append(tx, world, loaded, Entry::new(Actor::system(), decision))?;
    Ok((after, given))
}

/// Lets a petition rest that cannot be reminded of.
fn put_off(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<(), Error> {
    let later: Instant = world.now.plus_micros(REST_MICROS);
    let revision = Some(world.reference.reminder_revision);
    note(tx, &LookRow { petition_id: id, look_at: Some(later), revision })
}

fn note(tx: &mut AnyConnection, look: &LookRow) -> Result<(), Error> {
    let mut together = Together::default();
    reminders::set(&mut together, look);
    together.send(tx)?;
    Ok(())
}
