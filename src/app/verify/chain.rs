//! The chain of one subject: each event follows the one before, and says what its hash says.

use serde_json::Value;

use super::finding::{Difference, not_as_expected};
use crate::{
    app::{
        Error,
        history::{self, hex},
    },
    domain::{
        event::{self, Actor, Event, Record, SCHEMA},
        id::Id,
        vocabulary::{Code, Role},
    },
    store::{
        DatabaseKind,
        events::{StoredEvent, other::OtherEvent},
        verify::EventCells,
    },
};

/// An event whose place in the chain is proven, with its payload as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    pub(super) stored: StoredEvent,
    pub(super) payload: Value,
}

/// What of an event is proven without knowing what it is about.
struct Link<'a> {
    cells: &'a EventCells,
    payload: Value,
    role: Role,
}

/// Proves the events of a petition, in sequence order.
pub(super) fn petition(
    cells: &[EventCells],
    kind: DatabaseKind,
) -> Result<Result<Vec<Proven>, Difference>, Error> {
    let mut proven: Vec<Proven> = Vec::with_capacity(cells.len());
    let mut before = None;
    for cells in cells {
        let checked = follows(before, cells, kind).and_then(|link| read(link).map(|event| (cells, event)));
        let (cells, one) = match checked {
            Ok(checked) => checked,
            Err(difference) => return Ok(Err(difference.at(cells.sequence))),
        };
        let bytes = event::canonical_as_stored(&one.stored.event, &one.payload).map_err(Error::internal)?;
        if history::linked(&cells.prev_hash, &bytes) != cells.hash {
            return Ok(Err(hash_differs().at(cells.sequence)));
        }
        before = Some(cells);
        proven.push(one);
    }
    Ok(Ok(proven))
}

/// Proves one event of something else after the one before it; gives its payload.
pub(super) fn other(
    before: Option<&EventCells>,
    cells: &EventCells,
    kind: DatabaseKind,
) -> Result<Result<Value, Difference>, Error> {
    let link = match follows(before, cells, kind).and_then(bare) {
        Ok(link) => link,
        Err(difference) => return Ok(Err(difference.at(cells.sequence))),
    };
    let other = OtherEvent {
        id: cells.id,
        subject_kind: cells.subject_kind.clone(),
        subject_id: Id::new(cells.subject_id.uuid()),
        sequence: u32::try_from(cells.sequence).unwrap_or(0),
        name: cells.type_.clone(),
        actor: Actor {
            role: link.role,
            official: cells.actor_official_id,
            agency: cells.actor_agency_id,
            position: cells.actor_position.clone(),
        },
        request_id: cells.request_id.clone(),
        at: cells.occurred_at,
        facts: link.payload,
        prev_hash: cells.prev_hash.clone(),
        hash: cells.hash.clone(),
    };
    Ok(if history::link_other(&other)? == cells.hash {
        Ok(other.facts)
    } else {
        Err(hash_differs().at(cells.sequence))
    })
}

fn hash_differs() -> Difference {
    let detail = "the hash is not that of the hash before it and of what the row says";
    Difference::column("event", "hash", detail)
}

fn wrong(column: &'static str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug) -> Difference {
    Difference::column("event", column, not_as_expected(expected, found))
}

/// What holds for the events of every subject.
fn follows<'a>(
    before: Option<&EventCells>,
    cells: &'a EventCells,
    kind: DatabaseKind,
) -> Result<Link<'a>, Difference> {
    let sequence = before.map_or(1, |before| before.sequence.saturating_add(1));
    if cells.sequence != sequence {
        return Err(wrong("sequence", &sequence, &cells.sequence));
    }
    let prev_hash = before.map_or_else(|| vec![0; 32], |before| before.hash.clone());
    if cells.prev_hash != prev_hash {
        return Err(wrong("prev_hash", &hex(&prev_hash), &hex(&cells.prev_hash)));
    }
    let Ok(payload) = serde_json::from_str::<Value>(&cells.payload) else {
        return Err(Difference::column("event", "payload", "is no JSON"));
    };
    // PostgreSQL spells JSON itself; in SQLite another spelling of the same value was not written by us.
    let spelled = payload.to_string();
    if kind == DatabaseKind::Sqlite && spelled != cells.payload {
        return Err(Difference::column("event", "payload", "is not spelled as we spell JSON"));
    }
    let Some(role) = Role::parse(&cells.actor_role) else {
        return Err(Difference::column("event", "actor_role", "is no role"));
    };
    // Nothing writes these yet, so that the hash leaves them out.
    if cells.client.is_some() {
        return Err(Difference::column("event", "client", "expected nothing"));
    }
    if cells.origin.is_some() {
        return Err(Difference::column("event", "origin", "expected nothing"));
    }
    if let Some(before) = before {
        if cells.recorded_at < before.recorded_at {
            return Err(Difference::column("event", "recorded_at", "is before that of the event before it"));
        }
        if cells.position.is_some_and(|position| before.position.is_none_or(|former| former >= position)) {
            return Err(Difference::column("event", "position", "is not after that of the event before it"));
        }
    }
    Ok(Link { cells, payload, role })
}

/// Reads an event of a petition.
fn read(link: Link<'_>) -> Result<Proven, Difference> {
    let Link { cells, payload, role } = link;
    let Ok(record) = serde_json::from_value::<Record>(payload.clone()) else {
        return Err(Difference::column("event", "payload", "is no record of ours"));
    };
    if !(1..=SCHEMA).contains(&record.schema) {
        return Err(Difference::column("event", "payload", "has a form that this program does not know"));
    }
    if cells.type_ != record.act.name() {
        return Err(wrong("type", &record.act.name(), &cells.type_));
    }
    let Ok(sequence) = u32::try_from(cells.sequence) else {
        return Err(Difference::column("event", "sequence", "is no count"));
    };
    let event = Event {
        id: cells.id,
        petition: cells.subject_id,
        sequence,
        actor: Actor {
            role,
            official: cells.actor_official_id,
            agency: cells.actor_agency_id,
            position: cells.actor_position.clone(),
        },
        on_behalf_of: cells.on_behalf_of.clone(),
        request_id: cells.request_id.clone(),
        caused_by: cells.caused_by,
        occurred_at: cells.occurred_at,
        recorded_at: cells.recorded_at,
        record,
    };
    let (prev_hash, hash, position) = (cells.prev_hash.clone(), cells.hash.clone(), cells.position);
    Ok(Proven { stored: StoredEvent { event, prev_hash, hash, position }, payload })
}

/// An event of something else carries nothing in the columns that its hash leaves out: whom it was for, what caused it,
/// and, of what the server did of its own accord, who did it.
fn bare(link: Link<'_>) -> Result<Link<'_>, Difference> {
    let cells = link.cells;
    let acted = link.role != Role::System;
    let empty = [
        ("actor_official_id", acted || cells.actor_official_id.is_none()),
        ("actor_agency_id", acted || cells.actor_agency_id.is_none()),
        ("actor_position", acted || cells.actor_position.is_none()),
        ("on_behalf_of", cells.on_behalf_of.is_none()),
        ("caused_by", cells.caused_by.is_none()),
    ];
    if let Some((column, _)) = empty.into_iter().find(|(_, is_empty)| !is_empty) {
        return Err(Difference::column("event", column, "expected nothing"));
    }
    if cells.recorded_at != cells.occurred_at {
        return Err(wrong("recorded_at", &cells.occurred_at, &cells.recorded_at));
    }
    Ok(link)
}
