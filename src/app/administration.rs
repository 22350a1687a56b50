//! Setting up and keeping up an installation: agencies, fields, officials and their rights, the calendar and the rules,
//! when who is reminded.
//!
//! Each change is an event of its subject, made by an administrator whose rights reach it. Such changes come one after
//! the other, whichever process makes them: what a guard has counted holds until the change is there.

pub mod accounts;
pub mod agencies;
pub mod calendar;
pub mod closure;
pub mod events;
pub mod fields;
pub mod grants;
pub mod rules;
pub mod thresholds;
mod watch;

use super::{
    Error,
    actions::Seen,
    caller::{self, Caller},
    clock::new_id,
    history::{self, Subject},
    idempotency::{self, Replay, RequestKey},
    world::World,
};
use crate::{
    domain::{
        access::Person,
        administration::Reach,
        event::Actor,
        id::{AgencyId, Id, RowId},
        refusal::Refusal,
        vocabulary::Role,
    },
    store::{self, AnyConnection, meta},
};

/// The key in `meta` that every change of this kind writes, so that two at once meet.
const TURN: &str = "administration_turn";

/// What an administrator asks for; faults of form are carried along, since 401, 404 and 403 go first.
#[derive(Debug)]
pub struct Order<B> {
    pub caller: Caller,
    pub body: Result<B, Error>,
    /// The version seen; nothing is asked where something is made.
    pub seen: Result<Seen, Error>,
    pub key: Result<Option<RequestKey>, Error>,
}

/// What an order left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    pub subject: RowId,
    pub version: u32,
    pub replayed: bool,
}

/// Whoever gives the order, and how far he may.
#[derive(Debug, Clone)]
pub struct Admin {
    pub person: Person,
    pub reach: Reach,
}

impl Admin {
    /// The administrator behind a caller; refuses who is none.
    pub fn of(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Self, Error> {
        let person = caller::person(tx, world, caller)?;
        let reach = Reach::of(&person)?;
        Ok(Self { person, reach })
    }

    fn actor(&self) -> Actor {
        caller::actor(&self.person, Role::Admin)
    }

    /// Whether an agency is within reach.
    pub fn reaches(&self, tx: &mut AnyConnection, agency: AgencyId) -> Result<bool, Error> {
        Ok(self.reach.over(Some(&line(tx, agency)?)))
    }

    /// Refuses an agency beyond reach.
    fn require(&self, tx: &mut AnyConnection, agency: AgencyId) -> Result<(), Error> {
        Ok(self.reach.require(Some(&line(tx, agency)?))?)
    }
}

/// The line from an agency to the top.
fn line(tx: &mut AnyConnection, agency: AgencyId) -> Result<Vec<AgencyId>, Error> {
    Ok(store::agencies::lines(tx, &[agency])?.remove(&agency).unwrap_or_default())
}

/// Makes something new: role, form, replay, content.
fn create<B>(
    tx: &mut AnyConnection,
    world: &World,
    order: &Order<B>,
    make: impl FnOnce(&mut AnyConnection, &Admin, &B) -> Result<Subject, Error>,
) -> Result<Done, Error> {
    let admin = Admin::of(tx, world, &order.caller)?;
    let body = order.body.as_ref().map_err(Error::again)?;
    let key = order.key.as_ref().map_err(Error::again)?.as_ref();
    if let Some(done) = replay(tx, key)? {
        return Ok(done);
    }
    take_turn(tx)?;
    let subject = make(tx, &admin, body)?;
    let done = Done { subject: subject.id(), version: history::version(tx, &subject)?, replayed: false };
    remember(tx, world, key, 201, done)?;
    Ok(done)
}

/// Changes something that is there: not visible, role, form, replay, version, state, content.
fn change<B, T>(
    tx: &mut AnyConnection,
    world: &World,
    order: &Order<B>,
    subject: &Subject,
    see: impl FnOnce(&mut AnyConnection, &Admin) -> Result<T, Error>,
    act: impl FnOnce(&mut AnyConnection, &Admin, T, &B) -> Result<(), Error>,
) -> Result<Done, Error> {
    let admin = Admin::of(tx, world, &order.caller)?;
    let target = see(tx, &admin)?;
    let body = order.body.as_ref().map_err(Error::again)?;
    let key = order.key.as_ref().map_err(Error::again)?.as_ref();
    if let Some(done) = replay(tx, key)? {
        return Ok(done);
    }
    take_turn(tx)?;
    match order.seen.as_ref().map_err(Error::again)? {
        Seen::Nothing => return Err(Error::PreconditionRequired),
        Seen::Version(version) if *version == history::version(tx, subject)? => {}
        Seen::Version(_) | Seen::Foreign => return Err(Error::Stale),
    }
    act(tx, &admin, target, body)?;
    let done = Done { subject: subject.id(), version: history::version(tx, subject)?, replayed: false };
    remember(tx, world, key, 200, done)?;
    Ok(done)
}

/// On PostgreSQL the later of two writers of this row runs again, over what the first has left.
fn take_turn(tx: &mut AnyConnection) -> Result<(), Error> {
    Ok(meta::set(tx, TURN, &new_id::<()>().to_string())?)
}

fn replay(tx: &mut AnyConnection, key: Option<&RequestKey>) -> Result<Option<Done>, Error> {
    let replay = idempotency::replay(tx, key)?;
    Ok(replay.map(|done| Done {
        subject: Id::new(done.petition.uuid()),
        version: done.sequence,
        replayed: true,
    }))
}

fn remember(
    tx: &mut AnyConnection,
    world: &World,
    key: Option<&RequestKey>,
    status: i32,
    done: Done,
) -> Result<(), Error> {
    let replay = Replay { petition: Id::new(done.subject.uuid()), sequence: done.version };
    idempotency::remember(tx, world, key, status, replay)
}

/// The refusal of a value that somebody else has.
fn taken(pointer: &str) -> Refusal {
    Refusal::field(
        pointer,
        "taken",
        "Đã có nơi khác dùng; chọn giá trị khác.",
        "Taken already; choose another.",
    )
}

/// The refusal of a reference that leads nowhere.
fn unknown(pointer: &str) -> Refusal {
    Refusal::field(pointer, "unknown", "Không có trong hệ thống.", "There is none of this id here.")
}
