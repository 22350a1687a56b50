//! The histories of what is not a petition: agencies, fields, officials, grants, rules and the calendar, each with a
//! chain of its own.

use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::{keep_given, linked};
use crate::{
    app::{Error, clock::new_id, secrets::sha256, world::World},
    domain::{
        event::{self, Actor},
        id::{AgencyId, EventId, GrantId, Id, OfficialId, RowId, SessionId},
        vocabulary::Role,
    },
    store::{
        AnyConnection, StoreError,
        events::{
            self,
            other::{self, OtherEvent},
        },
    },
};

/// Something that is not a petition and has a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Agency(AgencyId),
    Official(OfficialId),
    Grant(GrantId),
    Session(SessionId),
    FrozenReport(RowId),
    Export(RowId),
    /// By code.
    Field(String),
    /// A version of a deadline rule, by its id.
    Rule(String),
    /// The one calendar of the installation.
    Calendar,
    /// By code.
    Threshold(String),
}

impl Subject {
    /// The name of its kind in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agency(_) => "agency",
            Self::Official(_) => "official",
            Self::Grant(_) => "grant",
            Self::Session(_) => "session",
            Self::FrozenReport(_) => "frozen_report",
            Self::Export(_) => "export",
            Self::Field(_) => "field",
            Self::Rule(_) => "rule",
            Self::Calendar => "calendar",
            Self::Threshold(_) => "reminder_threshold",
        }
    }

    /// Its id in the log. A field, a rule or a threshold has a name only, and the calendar not even that; the id is made
    /// of it (RFC 9562 §5.8, SHA-256).
    pub fn id(&self) -> RowId {
        Id::new(match self {
            Self::Agency(id) => id.uuid(),
            Self::Official(id) => id.uuid(),
            Self::Grant(id) => id.uuid(),
            Self::Session(id) => id.uuid(),
            Self::FrozenReport(id) | Self::Export(id) => id.uuid(),
            Self::Field(code) => made_of(&format!("field:{code}")),
            Self::Rule(id) => made_of(&format!("rule:{id}")),
            Self::Threshold(code) => made_of(&format!("reminder_threshold:{code}")),
            Self::Calendar => made_of("calendar"),
        })
    }
}

fn made_of(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(sha256(name.as_bytes())).for_each(|(byte, from)| *byte = from);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// How often a subject was changed: the sequence of its last event, 0 for one that was there before its history.
pub fn version(tx: &mut AnyConnection, subject: &Subject) -> Result<u32, Error> {
    Ok(other::end(tx, subject.kind(), subject.id())?.map_or(0, |end| end.sequence))
}

/// Appends an event to a subject's chain; each `{"given": text}` in the facts is kept outside the log, which commits
/// to it. Gives the new version; fails with `Stale` when another change came between.
pub fn record(
    tx: &mut AnyConnection,
    world: &World,
    subject: &Subject,
    actor: &Actor,
    name: &str,
    facts: Value,
) -> Result<u32, Error> {
    Ok(record_event(tx, world, subject, actor, name, facts)?.sequence)
}

/// The same; gives the event.
pub fn record_event(
    tx: &mut AnyConnection,
    world: &World,
    subject: &Subject,
    actor: &Actor,
    name: &str,
    mut facts: Value,
) -> Result<OtherEvent, Error> {
    let end = other::end(tx, subject.kind(), subject.id())?;
    let id: EventId = new_id();
    let at = end.as_ref().map_or(world.now, |end| world.now.max(end.recorded_at));
    let (texts, _) = keep_given(&mut facts, Id::new(subject.id().uuid()), id, at)?;
    let mut new = OtherEvent {
        id,
        subject_kind: subject.kind().to_owned(),
        subject_id: subject.id(),
        sequence: end.as_ref().map_or(1, |end| end.sequence + 1),
        name: name.to_owned(),
        actor: actor.clone(),
        request_id: world.request_id.clone(),
        at,
        facts,
        prev_hash: end.map_or_else(|| vec![0; 32], |end| end.hash),
        hash: Vec::new(),
    };
    new.hash = link_other(&new)?;
    match other::insert(tx, &new) {
        Err(StoreError::Unique) => return Err(Error::Stale),
        inserted => inserted?,
    }
    events::insert_texts(tx, &texts)?;
    Ok(new)
}

/// The hash of such an event: SHA-256 over the hash before it and its canonical bytes. What the server did of its own
/// accord names no actor, and what came without a request no request.
pub fn link_other(event: &OtherEvent) -> Result<Vec<u8>, Error> {
    let mut record = json!({
        "id": event.id,
        "subject": { "kind": event.subject_kind, "id": event.subject_id },
        "sequence": event.sequence,
        "type": event.name,
        "occurred_at": event.at.micros(),
        "recorded_at": event.at.micros(),
        "facts": event.facts,
    });
    if let Some(members) = record.as_object_mut() {
        if event.actor.role != Role::System {
            members.insert("actor".to_owned(), json!(event.actor));
        }
        if let Some(request_id) = &event.request_id {
            members.insert("request_id".to_owned(), json!(request_id));
        }
    }
    Ok(linked(&event.prev_hash, &event::canonical_json(&record).map_err(Error::internal)?))
}
