//! A request that comes twice has one effect: the record of the first is written with it.

use super::{Error, world::World};
use crate::{
    domain::id::{Id, PetitionId},
    store::{
        AnyConnection, StoreError, Together,
        idempotency::{self, IdempotencyRow, Scope},
    },
};

/// The key of a request, with everything that makes two requests one.
#[derive(Debug, Clone)]
pub struct RequestKey {
    /// Who sent it; anonymous callers share one name and send UUIDs.
    pub caller: String,
    pub method: &'static str,
    /// The route template.
    pub route: String,
    pub key: String,
    /// SHA-256 of method, path, media type and body.
    pub fingerprint: Vec<u8>,
}

/// What was answered before: which petition, and how far its history went then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    pub petition: PetitionId,
    pub sequence: u32,
}

/// The answer to the same request, if it came before.
pub fn replay(tx: &mut AnyConnection, key: Option<&RequestKey>) -> Result<Option<Replay>, Error> {
    let Some(key) = key else { return Ok(None) };
    let scope = Scope { caller: &key.caller, method: key.method, route: &key.route, key: &key.key };
    let Some(row) = idempotency::find(tx, scope)? else { return Ok(None) };
    if row.fingerprint != key.fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    let (Some(subject), Some(sequence)) = (row.subject_id, row.sequence) else { return Ok(None) };
    let sequence = sequence.try_into().map_err(Error::internal)?;
    Ok(Some(Replay { petition: Id::new(subject.uuid()), sequence }))
}

/// Remembers what was done; a twin that was faster makes this one fail with `IdempotencyInProgress`.
pub fn remember(
    tx: &mut AnyConnection,
    world: &World,
    key: Option<&RequestKey>,
    status: i32,
    done: Replay,
) -> Result<(), Error> {
    let Some(key) = key else { return Ok(()) };
    let row = record(world, key, status, done)?;
    let mut together = Together::default();
    idempotency::insert(&mut together, &row);
    match together.send(tx) {
        Err(StoreError::Unique) => Err(Error::IdempotencyInProgress),
        other => Ok(other.map(|_| ())?),
    }
}

/// The record of what was done, to be written with it.
pub fn record(world: &World, key: &RequestKey, status: i32, done: Replay) -> Result<IdempotencyRow, Error> {
    Ok(IdempotencyRow {
        caller: key.caller.clone(),
        method: key.method.to_owned(),
        route: key.route.clone(),
        key: key.key.clone(),
        fingerprint: key.fingerprint.clone(),
        status,
        subject_id: Some(Id::new(done.petition.uuid())),
        sequence: Some(done.sequence.try_into().map_err(Error::internal)?),
        body: None,
        created_at: world.real_now,
    })
}
