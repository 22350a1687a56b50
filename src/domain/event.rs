//! The entry of history: who did what, when it took effect, when we learnt it.

use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    clock::ClockOp,
    id::{AgencyId, EventId, OfficialId, PetitionId},
    time::Instant,
    vocabulary::{Role, State},
};

/// The number of the form in which facts are stored. The second commits to more of what stands beside the log:
/// assurance and consent of the submitter, and the keys of his phone.
pub const SCHEMA: u32 = 2;

/// Who acted, in which capacity, with agency and position as they were at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub role: Role,
    pub official: Option<OfficialId>,
    pub agency: Option<AgencyId>,
    pub position: Option<String>,
}

impl Actor {
    /// The server itself.
    pub fn system() -> Self {
        Self { role: Role::System, official: None, agency: None, position: None }
    }
    /// The author of a petition, known by key or account.
    pub fn citizen() -> Self {
        Self { role: Role::Citizen, official: None, agency: None, position: None }
    }
}

/// What an event changed: the act, where it led, and what it did to the clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub schema: u32,
    pub act: Act,
    pub to: State,
    pub round: u32,
    pub clocks: Vec<ClockOp>,
}

/// One entry of a petition's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub petition: PetitionId,
    /// Counts from 1 within the petition, without a gap.
    pub sequence: u32,
    pub actor: Actor,
    /// For whom, when not for oneself: `citizen` for what intake records from paper.
    pub on_behalf_of: Option<String>,
    pub request_id: Option<String>,
    pub caused_by: Option<EventId>,
    /// When it took effect.
    pub occurred_at: Instant,
    /// When we learnt it; set by the server alone.
    pub recorded_at: Instant,
    pub record: Record,
}

impl Event {
    /// Whether the event changes the petition's version.
    pub fn moves_version(&self) -> bool {
        self.record.act.action().is_none_or(|action| action.moves_version(self.actor.role))
    }
}

/// The bytes an event's hash is taken over: JSON with sorted keys and no spaces (after RFC 8785), UTF-8.
///
/// `position` is left out: it is given after the event is written.
pub fn canonical(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    canonical_as_stored(event, &serde_json::to_value(&event.record)?)
}

/// The same with the record as it stands in the store, whatever the present form reads out of it.
pub fn canonical_as_stored(event: &Event, record: &serde_json::Value) -> Result<Vec<u8>, serde_json::Error> {
    let value = serde_json::json!({
        "id": event.id,
        "subject": { "kind": "petition", "id": event.petition },
        "sequence": event.sequence,
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "request_id": event.request_id,
        "caused_by": event.caused_by,
        "occurred_at": event.occurred_at.micros(),
        "recorded_at": event.recorded_at.micros(),
        "record": record,
    });
    canonical_json(&value)
}

/// Any value in the same canonical form.
pub fn canonical_json(value: &serde_json::Value) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(256);
    write_canonical(value, &mut bytes)?;
    Ok(bytes)
}

/// Writes a value with its keys in byte order, whatever the order in memory.
fn write_canonical(value: &serde_json::Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut keys: Vec<_> = members.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push(b'{');
            for (index, (key, member)) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write_canonical(member, out)?;
            }
            out.push(b'}');
        }
        scalar => serde_json::to_writer(out, scalar)?,
    }
    Ok(())
}
