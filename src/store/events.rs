//! The event log and the texts it commits to.

pub mod other;

use std::collections::HashMap;

use diesel::{
    dsl::{count_star, max, min},
    prelude::*,
    sql_types::BigInt,
};

use super::{
    AnyConnection, BATCH, DatabaseKind, Json, StoreError, Together,
    schema::{event, event_text},
    together::{Stable, padded},
};
use crate::{
    domain::{
        event::{Actor, Event, Record},
        id::{AgencyId, EventId, OfficialId, PetitionId, TextId},
        time::Instant,
        vocabulary::Role,
    },
    native,
};

/// The subject of a petition's events, in the column `subject_kind`.
const PETITION: &str = "petition";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false)]
struct EventRow {
    id: EventId,
    subject_kind: String,
    subject_id: PetitionId,
    sequence: i32,
    type_: String,
    actor_official_id: Option<OfficialId>,
    actor_role: Role,
    actor_agency_id: Option<AgencyId>,
    actor_position: Option<String>,
    on_behalf_of: Option<String>,
    request_id: Option<String>,
    caused_by: Option<EventId>,
    occurred_at: Instant,
    recorded_at: Instant,
    payload: Json,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
    position: Option<i64>,
}

/// A text that an event commits to by a salted digest.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = event_text, treat_none_as_default_value = false)]
pub struct TextRow {
    pub id: TextId,
    pub subject_id: PetitionId,
    pub event_id: EventId,
    /// Where in the event the text stood: a JSON pointer.
    pub slot: String,
    pub salt: Vec<u8>,
    pub body: Option<String>,
    pub created_at: Instant,
}

/// An event as stored, with its links of the chain.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    pub event: Event,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    /// The place in the whole log; nothing until the sequencer has numbered it.
    pub position: Option<i64>,
}

/// Writes one event with its texts; on SQLite, whose writer is alone, its position too.
pub fn insert<'r>(
    tx: &mut AnyConnection,
    together: &mut Together<'r>,
    stored: &StoredEvent,
    texts: &'r [TextRow],
) -> Result<(), StoreError> {
    let row = EventRow::new(stored, next_position(tx)?)?;
    together.add(diesel::insert_into(event::table).values(row));
    for text in texts {
        together.add(diesel::insert_into(event_text::table).values(text));
    }
    Ok(())
}

/// Writes many events in the order given, as [`insert`] would one after the other.
pub fn insert_all(tx: &mut AnyConnection, stored: &[StoredEvent]) -> Result<(), StoreError> {
    let first = next_position(tx)?;
    let rows =
        (0..).zip(stored).map(|(index, stored)| EventRow::new(stored, first.map(|first| first + index)));
    let rows: Vec<EventRow> = rows.collect::<Result<_, _>>()?;
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(event::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Writes the texts of an event, or of many.
pub fn insert_texts(tx: &mut AnyConnection, texts: &[TextRow]) -> Result<(), StoreError> {
    for part in texts.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(event_text::table).values(part).execute(c))?;
    }
    Ok(())
}

/// The history of a petition in sequence order, up to and including a sequence when one is given.
pub fn history(
    tx: &mut AnyConnection,
    petition: PetitionId,
    up_to: Option<u32>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let last = up_to.map_or(Ok(i32::MAX), to_column)?;
    let rows: Vec<EventRow> = event::table
        .filter(event::subject_kind.eq(PETITION))
        .filter(event::subject_id.eq(petition))
        .filter(event::sequence.le(last))
        .order(event::sequence)
        .select(EventRow::as_select())
        .load(tx)?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

/// The histories of many petitions, each in sequence order.
pub fn histories(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, Vec<Event>>, StoreError> {
    let all = event::table
        .filter(event::subject_kind.eq(PETITION))
        .filter(event::subject_id.eq_any(padded(petitions)))
        .order((event::subject_id, event::sequence))
        .select(EventRow::as_select());
    let rows: Vec<EventRow> = Stable(all).load(tx)?;
    let mut histories: HashMap<PetitionId, Vec<Event>> = HashMap::new();
    for row in rows {
        histories.entry(row.subject_id).or_default().push(StoredEvent::try_from(row)?.event);
    }
    Ok(histories)
}

/// All texts of a petition; an erased one has no body.
pub fn texts(
    tx: &mut AnyConnection,
    petition: PetitionId,
) -> Result<HashMap<TextId, Option<String>>, StoreError> {
    let rows: Vec<(TextId, Option<String>)> = event_text::table
        .filter(event_text::subject_id.eq(petition))
        .select((event_text::id, event_text::body))
        .load(tx)?;
    Ok(rows.into_iter().collect())
}

/// Numbers committed events that have no position yet, at most `limit`; returns how many.
///
/// The caller is alone: on PostgreSQL [`try_sequencer_lock`] sees to that. Within a petition `recorded_at` never
/// goes back, so this order keeps each history in sequence.
pub fn number(tx: &mut AnyConnection, limit: i64) -> Result<usize, StoreError> {
    /// One statement: a round trip for each event would let a busy hour run ahead of its numbers.
    const NUMBER: &str = "UPDATE event SET position = fresh.position FROM (
            SELECT id, $1 + row_number() OVER (ORDER BY recorded_at, sequence, id) AS position FROM (
                SELECT id, recorded_at, sequence FROM event WHERE position IS NULL
                ORDER BY recorded_at, sequence, id LIMIT $2) AS waiting) AS fresh
        WHERE event.id = fresh.id";
    let last = last_position(tx)?;
    let number = diesel::sql_query(NUMBER).bind::<BigInt, _>(last).bind::<BigInt, _>(limit);
    Ok(number.execute(tx)?)
}

/// Whether an event waits for its position.
pub fn has_unnumbered(tx: &mut AnyConnection) -> Result<bool, StoreError> {
    let fresh = event::table.filter(event::position.is_null());
    Ok(diesel::select(diesel::dsl::exists(fresh)).get_result(tx)?)
}

/// How many events wait for their position, and since when the first of them.
pub fn unnumbered(tx: &mut AnyConnection) -> Result<(i64, Option<Instant>), StoreError> {
    let fresh = event::table.filter(event::position.is_null());
    Ok(fresh.select((count_star(), min(event::recorded_at))).first(tx)?)
}

/// Takes the sequencer's lock until the transaction ends; false when another process holds it.
pub fn try_sequencer_lock(tx: &mut AnyConnection) -> Result<bool, StoreError> {
    /// Any number that no other advisory lock of this database uses.
    const SEQUENCER: i64 = 0x6B69_656E_6E67_6869;
    match tx.kind() {
        DatabaseKind::Sqlite => Ok(true),
        DatabaseKind::Postgres => {
            let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!(
                "pg_try_advisory_xact_lock({SEQUENCER})"
            )));
            Ok(query.get_result(tx)?)
        }
    }
}

fn last_position(tx: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(event::table.select(max(event::position)).first::<Option<i64>>(tx)?.unwrap_or(0))
}

/// The position of the next event on SQLite; on PostgreSQL the sequencer gives it later.
fn next_position(tx: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    match tx.kind() {
        DatabaseKind::Sqlite => Ok(Some(last_position(tx)? + 1)),
        DatabaseKind::Postgres => Ok(None),
    }
}

impl EventRow {
    fn new(stored: &StoredEvent, position: Option<i64>) -> Result<Self, StoreError> {
        let event = &stored.event;
        Ok(Self {
            id: event.id,
            subject_kind: PETITION.to_owned(),
            subject_id: event.petition,
            sequence: to_column(event.sequence)?,
            type_: event.record.act.name().to_owned(),
            actor_official_id: event.actor.official,
            actor_role: event.actor.role,
            actor_agency_id: event.actor.agency,
            actor_position: event.actor.position.clone(),
            on_behalf_of: event.on_behalf_of.clone(),
            request_id: event.request_id.clone(),
            caused_by: event.caused_by,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            payload: Json(serde_json::to_value(&event.record).map_err(broken)?),
            prev_hash: stored.prev_hash.clone(),
            hash: stored.hash.clone(),
            position,
        })
    }
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let record: Record = serde_json::from_value(row.payload.0).map_err(broken)?;
        let event = Event {
            id: row.id,
            petition: row.subject_id,
            sequence: row.sequence.try_into().map_err(broken)?,
            actor: Actor {
                role: row.actor_role,
                official: row.actor_official_id,
                agency: row.actor_agency_id,
                position: row.actor_position,
            },
            on_behalf_of: row.on_behalf_of,
            request_id: row.request_id,
            caused_by: row.caused_by,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            record,
        };
        Ok(Self { event, prev_hash: row.prev_hash, hash: row.hash, position: row.position })
    }
}

fn to_column(sequence: u32) -> Result<i32, StoreError> {
    i32::try_from(sequence).map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(error.to_string())
}
