//! The events of what is not a petition: agencies, fields, officials, grants. Each subject has a chain of its own.

use diesel::prelude::*;

use super::{EventRow, broken, next_position, to_column};
use crate::{
    domain::{
        event::Actor,
        id::{EventId, Id, RowId},
        time::Instant,
    },
    store::{AnyConnection, Json, StoreError, schema::event},
};

/// An event of something that is not a petition, with its links of the chain.
#[derive(Debug, Clone)]
pub struct OtherEvent {
    pub id: EventId,
    /// `agency`, `field`, `official`, `grant`, `session`, `rule` or `calendar`.
    pub subject_kind: String,
    pub subject_id: RowId,
    /// Counts from 1 within the subject, without a gap.
    pub sequence: u32,
    pub name: String,
    pub actor: Actor,
    pub request_id: Option<String>,
    /// When it was recorded, which is when it took effect.
    pub at: Instant,
    pub facts: serde_json::Value,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Where a chain ends.
#[derive(Debug, Clone)]
pub struct End {
    pub sequence: u32,
    pub hash: Vec<u8>,
    pub recorded_at: Instant,
}

/// Writes an event; [`StoreError::Unique`] when another one with its sequence was faster.
pub fn insert(tx: &mut AnyConnection, other: &OtherEvent) -> Result<(), StoreError> {
    let row = EventRow {
        id: other.id,
        subject_kind: other.subject_kind.clone(),
        subject_id: Id::new(other.subject_id.uuid()),
        sequence: to_column(other.sequence)?,
        type_: other.name.clone(),
        actor_official_id: other.actor.official,
        actor_role: other.actor.role,
        actor_agency_id: other.actor.agency,
        actor_position: other.actor.position.clone(),
        on_behalf_of: None,
        request_id: other.request_id.clone(),
        caused_by: None,
        occurred_at: other.at,
        recorded_at: other.at,
        payload: Json(other.facts.clone()),
        prev_hash: other.prev_hash.clone(),
        hash: other.hash.clone(),
        position: next_position(tx)?,
    };
    diesel::insert_into(event::table).values(&row).execute(tx)?;
    Ok(())
}

/// The end of a chain; nothing before its first event.
pub fn end(tx: &mut AnyConnection, kind: &str, subject: RowId) -> Result<Option<End>, StoreError> {
    let last: Option<(i32, Vec<u8>, Instant)> = event::table
        .filter(event::subject_kind.eq(kind))
        .filter(event::subject_id.eq(subject))
        .order(event::sequence.desc())
        .select((event::sequence, event::hash, event::recorded_at))
        .first(tx)
        .optional()?;
    let end = |(sequence, hash, recorded_at): (i32, Vec<u8>, Instant)| {
        Ok(End { sequence: sequence.try_into().map_err(broken)?, hash, recorded_at })
    };
    last.map(end).transpose()
}

/// The subjects of a kind that have a history, in the order of their ids, from after one on.
pub fn subjects(
    tx: &mut AnyConnection,
    kind: &str,
    after: Option<RowId>,
    limit: i64,
) -> Result<Vec<RowId>, StoreError> {
    let mut query = event::table
        .filter(event::subject_kind.eq(kind))
        .filter(event::sequence.eq(1))
        .order(event::subject_id)
        .limit(limit)
        .select(event::subject_id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(event::subject_id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// The events of a subject in sequence order, from after a sequence on.
pub fn history(
    tx: &mut AnyConnection,
    kind: &str,
    subject: RowId,
    after: u32,
    limit: i64,
) -> Result<Vec<OtherEvent>, StoreError> {
    let rows: Vec<EventRow> = event::table
        .filter(event::subject_kind.eq(kind))
        .filter(event::subject_id.eq(subject))
        .filter(event::sequence.gt(to_column(after)?))
        .order(event::sequence)
        .limit(limit)
        .select(EventRow::as_select())
        .load(tx)?;
    rows.into_iter().map(OtherEvent::try_from).collect()
}

/// The event of an id.
pub fn find(tx: &mut AnyConnection, id: EventId) -> Result<Option<OtherEvent>, StoreError> {
    let row: Option<EventRow> = event::table.find(id).select(EventRow::as_select()).first(tx).optional()?;
    row.map(OtherEvent::try_from).transpose()
}

impl TryFrom<EventRow> for OtherEvent {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            subject_kind: row.subject_kind,
            subject_id: Id::new(row.subject_id.uuid()),
            sequence: row.sequence.try_into().map_err(broken)?,
            name: row.type_,
            actor: Actor {
                role: row.actor_role,
                official: row.actor_official_id,
                agency: row.actor_agency_id,
                position: row.actor_position,
            },
            request_id: row.request_id,
            at: row.recorded_at,
            facts: row.payload.0,
            prev_hash: row.prev_hash,
            hash: row.hash,
        })
    }
}
