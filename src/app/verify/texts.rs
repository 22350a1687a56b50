//! The texts that events commit to: each is there, in its place, and is what its digest says. An erased one has no
//! body, and the chain holds without it.

use std::collections::HashMap;

use serde_json::Value;

use super::finding::Difference;
use crate::{
    app::{history::hex, secrets::digest},
    domain::{
        id::{EventId, TextId},
        time::Instant,
    },
    store::verify::TextCells,
};

/// An event as far as its texts are concerned.
pub(super) struct Committing<'a> {
    pub(super) id: EventId,
    pub(super) sequence: i64,
    pub(super) recorded_at: Instant,
    pub(super) payload: &'a Value,
    /// What stands before the pointers of the slots: the act lies within the record of a petition's event.
    pub(super) root: &'a str,
}

/// A place in an event that commits to a text.
struct Commitment<'a> {
    event: &'a Committing<'a>,
    slot: String,
    digest: &'a str,
}

/// Compares the texts of one subject with its events; says how many are erased.
pub(super) fn check(events: &[Committing<'_>], texts: &[TextCells]) -> Result<u64, Difference> {
    let mut wanted = HashMap::new();
    for event in events {
        let part = event.payload.pointer(event.root).unwrap_or(&Value::Null);
        collect(event, part, String::new(), &mut wanted);
    }
    let mut erased = 0;
    for text in texts {
        let Some(commitment) = wanted.remove(&text.id) else {
            return Err(Difference::row("event_text", format!("no event commits to the text {}", text.id)));
        };
        compare(&commitment, text).map_err(|difference| difference.at(commitment.event.sequence))?;
        erased += u64::from(text.body.is_none());
    }
    let missing = wanted.into_values().min_by_key(|commitment| commitment.event.sequence);
    match missing {
        Some(Commitment { event, slot, .. }) => {
            let detail = format!("the text at {slot} is missing");
            Err(Difference::row("event_text", detail).at(event.sequence))
        }
        None => Ok(erased),
    }
}

fn compare(commitment: &Commitment<'_>, text: &TextCells) -> Result<(), Difference> {
    let wrong = |column, detail: &str| Err(Difference::column("event_text", column, detail));
    if text.event_id != commitment.event.id {
        return wrong("event_id", "is not the event that commits to it");
    }
    if text.slot != commitment.slot {
        return wrong("slot", "is not where the event commits to it");
    }
    if text.created_at != commitment.event.recorded_at {
        return wrong("created_at", "is not when the event was recorded");
    }
    match &text.body {
        Some(body) if hex(&digest(&text.salt, body.as_bytes())) != commitment.digest => {
            wrong("body", "text and salt do not have the digest that the event commits to")
        }
        _ => Ok(()),
    }
}

/// Finds each `{"text": id, "digest": hex}`. A later event may refer to a text again: the first one made it.
fn collect<'a>(
    event: &'a Committing<'a>,
    value: &'a Value,
    pointer: String,
    found: &mut HashMap<TextId, Commitment<'a>>,
) {
    match value {
        Value::Object(members) => {
            if let (2, Some(Value::String(text)), Some(Value::String(digest))) =
                (members.len(), members.get("text"), members.get("digest"))
                && let Ok(id) = text.parse()
            {
                found.entry(id).or_insert(Commitment { event, slot: pointer, digest });
                return;
            }
            for (name, member) in members {
                collect(event, member, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(event, item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}
