//! The one way in which a petition changes: an event is appended, and everything that follows from it is written with it.

mod batch;
mod other;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Error,
    clock::new_id,
    effects, notices, projection,
    secrets::{digest, random, sha256},
    world::World,
};
use crate::{
    domain::{
        act::Act,
        clock::brought_up,
        decide::Decision,
        event::{self, Actor, Event, Record, SCHEMA},
        id::{EventId, PetitionId, TextId},
        petition::Case,
        time::Instant,
    },
    store::{
        AnyConnection, StoreError, Together,
        events::{self, StoredEvent, TextRow},
        idempotency::{self, IdempotencyRow},
        petitions::{self, DetailRow, PetitionRow, SubmitterRow},
        reminders,
    },
};

pub use batch::Batch;
pub use other::{Subject, link_other, record, record_event, version};

/// A petition in hand: its fold, its row, and where its chain ends.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub case: Case,
    pub row: PetitionRow,
}

/// What is to be appended: who acts, and the decision.
#[derive(Debug, Clone)]
pub struct Entry {
    pub actor: Actor,
    pub on_behalf_of: Option<String>,
    pub caused_by: Option<EventId>,
    pub decision: Decision,
}

impl Entry {
    /// An entry of somebody who acts for himself and of his own accord.
    pub fn new(actor: Actor, decision: Decision) -> Self {
        Self { actor, on_behalf_of: None, caused_by: None, decision }
    }
    /// Names the event that led to this one.
    pub fn caused_by(mut self, event: EventId) -> Self {
        self.caused_by = Some(event);
        self
    }
}

/// The texts of one event by id, as given.
pub type FreshTexts = HashMap<TextId, String>;

/// Reads a petition by folding its history; nothing when there is none.
pub fn load(tx: &mut AnyConnection, id: PetitionId) -> Result<Option<Loaded>, Error> {
    match petitions::find(tx, id)? {
        Some(row) => Ok(Some(fold(tx, row, None)?)),
        None => Ok(None),
    }
}

/// Reads many petitions by folding their histories, in no order; those that do not exist are left out.
pub fn load_many(tx: &mut AnyConnection, ids: &[PetitionId]) -> Result<Vec<Loaded>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut histories = events::histories(tx, ids)?;
    let folded = petitions::find_many(tx, ids)?.into_iter().map(|row| {
        let events = histories.remove(&row.id).unwrap_or_default();
        let case = Case::fold(&events).ok_or_else(|| Error::internal("a petition without a beginning"))?;
        Ok(Loaded { case, row })
    });
    folded.collect()
}

/// Folds the history behind a row, up to a sequence when one is given.
pub fn fold(tx: &mut AnyConnection, row: PetitionRow, up_to: Option<u32>) -> Result<Loaded, Error> {
    let events: Vec<Event> =
        events::history(tx, row.id, up_to)?.into_iter().map(|stored| stored.event).collect();
    let case = Case::fold(&events).ok_or_else(|| Error::internal("a petition without a beginning"))?;
    Ok(Loaded { case, row })
}

/// What is written with the first event of a petition.
#[derive(Clone)]
pub struct Opening {
    pub detail: DetailRow,
    pub submitter: Option<SubmitterRow>,
    /// The record of the request that brought it.
    pub remembered: Option<IdempotencyRow>,
}

/// Writes the first event of a petition, and what is written with it.
pub fn begin(
    tx: &mut AnyConnection,
    world: &World,
    id: PetitionId,
    entry: Entry,
    opening: &Opening,
) -> Result<Loaded, Error> {
    let (event, texts, fresh) = make_event(world, id, None, entry)?;
    let case =
        Case::begin(&event).ok_or_else(|| Error::internal("a petition must begin with a registration"))?;
    let stored = chain(event, vec![0; 32])?;
    let row = projection::petition_row(&case, &world.reference, None, &fresh, stored.hash.clone());
    let change = projection::change(&world.reference, None, &case, &stored.event);
    let look = projection::look(&case, &world.reference);
    let mut together = Together::default();
    petitions::insert(&mut together, &row, &opening.detail);
    if let Some(submitter) = &opening.submitter {
        petitions::insert_submitter(&mut together, submitter);
    }
    events::insert(tx, &mut together, &stored, &texts)?;
    change.begin(&mut together);
    if let Some(look) = &look {
        reminders::insert(&mut together, look);
    }
    if let Some(record) = &opening.remembered {
        idempotency::insert(&mut together, record);
    }
    match together.send(tx) {
        // A second attempt already looked for what is there: a twin is still under way.
        Err(StoreError::Unique) if opening.remembered.is_some() => Err(Error::IdempotencyInProgress),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(Loaded { case, row }),
    }
}

/// Appends an event to a petition and writes what follows from it.
///
/// Fails with `Stale` when another change came between reading and writing.
pub fn append(tx: &mut AnyConnection, world: &World, before: &Loaded, entry: Entry) -> Result<Loaded, Error> {
    let (event, texts, fresh) = make_event(world, before.case.id, Some(&before.case), entry)?;
    let stored = chain(event, before.row.last_hash.clone())?;
    let mut case = before.case.clone();
    case.apply(&stored.event);
    let row =
        projection::petition_row(&case, &world.reference, Some(&before.row), &fresh, stored.hash.clone());
    let change = projection::change(&world.reference, Some(&before.case), &case, &stored.event);
    let mut ends = Together::default();
    change.end(&mut ends, &stored.event);
    petitions::update(&mut ends, &row, before.row.sequence);
    if ends.send(tx)? != 1 {
        return Err(Error::Stale);
    }
    let mut begins = Together::default();
    events::insert(tx, &mut begins, &stored, &texts)?;
    change.begin(&mut begins);
    let look = projection::look(&case, &world.reference);
    if let Some(look) =
        look.filter(|look| Some(look) != projection::look(&before.case, &world.reference).as_ref())
    {
        reminders::set(&mut begins, &look);
    }
    begins.send(tx)?;
    effects::write(tx, &before.case, &case, &stored.event, &fresh)?;
    notices::write(tx, world, &case, &stored.event)?;
    Ok(Loaded { case, row })
}

fn make_event(
    world: &World,
    petition: PetitionId,
    before: Option<&Case>,
    entry: Entry,
) -> Result<(Event, Vec<TextRow>, FreshTexts), Error> {
    let id: EventId = new_id();
    let decision = entry.decision;
    // Within a history the time of recording never goes back, whichever process wrote last.
    let recorded_at = before.map_or(world.now, |case| world.now.max(case.last_recorded_at));
    let (act, texts, fresh) = keep_texts(decision.act, petition, id, recorded_at)?;
    let ledger = before.map(|case| case.clock_ops.as_slice()).unwrap_or_default();
    let calendar = world.calendar().version();
    let clocks = brought_up(ledger, decision.clocks, calendar, decision.occurred_at);
    let record = Record { schema: SCHEMA, act, to: decision.to, round: decision.round, clocks };
    let event = Event {
        id,
        petition,
        sequence: before.map_or(1, |case| case.sequence + 1),
        actor: entry.actor,
        on_behalf_of: entry.on_behalf_of,
        request_id: world.request_id.clone(),
        caused_by: entry.caused_by,
        occurred_at: decision.occurred_at,
        recorded_at,
        record,
    };
    Ok((event, texts, fresh))
}

fn chain(event: Event, prev_hash: Vec<u8>) -> Result<StoredEvent, Error> {
    let hash = link(&event, &prev_hash)?;
    Ok(StoredEvent { event, prev_hash, hash, position: None })
}

/// The hash of an event: SHA-256 over the hash before it and its canonical bytes.
pub fn link(event: &Event, prev_hash: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(linked(prev_hash, &event::canonical(event).map_err(Error::internal)?))
}

/// The hash of canonical bytes that follow a hash.
pub(super) fn linked(prev_hash: &[u8], canonical: &[u8]) -> Vec<u8> {
    sha256(&[prev_hash, canonical].concat()).to_vec()
}

/// Moves every given text of an act out of it: the event keeps the text's id and its salted digest.
fn keep_texts(
    act: Act,
    petition: PetitionId,
    event: EventId,
    at: Instant,
) -> Result<(Act, Vec<TextRow>, FreshTexts), Error> {
    let mut value = serde_json::to_value(&act).map_err(Error::internal)?;
    let (rows, fresh) = keep_given(&mut value, petition, event, at)?;
    let act = serde_json::from_value(value).map_err(Error::internal)?;
    Ok((act, rows, fresh))
}

/// Moves every `{"given": text}` out of a value, which then names the text and its digest.
fn keep_given(
    value: &mut Value,
    subject: PetitionId,
    event: EventId,
    at: Instant,
) -> Result<(Vec<TextRow>, FreshTexts), Error> {
    let mut rows = Vec::new();
    let mut fresh = HashMap::new();
    let mut keep = |slot: &str, given: String| -> Result<Value, Error> {
        let id: TextId = new_id();
        let salt = random::<16>()?.to_vec();
        let sum = digest(&salt, given.as_bytes());
        fresh.insert(id, given.clone());
        rows.push(TextRow {
            id,
            subject_id: subject,
            event_id: event,
            slot: slot.to_owned(),
            salt,
            body: Some(given),
            created_at: at,
        });
        Ok(json!({ "text": id, "digest": hex(&sum) }))
    };
    visit(value, "", &mut keep)?;
    Ok((rows, fresh))
}

/// Replaces each `{"given": text}` by what `keep` makes of it.
fn visit(
    value: &mut Value,
    pointer: &str,
    keep: &mut impl FnMut(&str, String) -> Result<Value, Error>,
) -> Result<(), Error> {
    match value {
        Value::Object(members) => {
            if members.len() == 1
                && let Some(Value::String(given)) = members.get("given")
            {
                *value = keep(pointer, given.clone())?;
                return Ok(());
            }
            for (name, member) in members.iter_mut() {
                visit(member, &format!("{pointer}/{name}"), keep)?;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                visit(item, &format!("{pointer}/{index}"), keep)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
