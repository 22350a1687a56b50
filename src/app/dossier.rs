//! Everything about one petition that an auditor takes with him, and can verify without us.
//!
//! Invariants: nothing in it depends on when it is made, only on what is stored; it holds no particulars of the
//! submitter, and of his words only the title and the content, which every reader of the petition sees.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Error,
    caller::Caller,
    disclosures,
    explaining::{self, Explained},
    history::hex,
    past::{self, bare},
    secrets::sha256,
    world::World,
};
use crate::{
    domain::{
        act::Act,
        event::{self, Event},
        id::{PetitionId, TextId},
        petition::taken_down,
        refusal::{Refusal, Words},
        time::{Day, Instant},
        vocabulary::Role,
    },
    store::{
        AnyConnection,
        disclosures::DisclosureRow,
        events::StoredEvent,
        verify::{self, EventCells, Held, TextCells},
    },
};

/// What goes into a dossier.
pub struct Dossier {
    pub petition: PetitionId,
    pub code: String,
    /// The moment it shows: that of the latest entry.
    pub as_of: Instant,
    pub entries: Vec<Entry>,
    /// The texts that the entries commit to, as far as they may be shown.
    pub texts: Vec<TextCells>,
    pub explained: Explained,
    /// The documents cited, in the order of the entries.
    pub documents: Vec<Cited>,
    /// Replies with their documents and commitments, assignments, deliveries.
    pub held: Held,
    /// To whom personal data was given; nothing for a reader who may not know.
    pub reads: Option<Vec<DisclosureRow>>,
}

/// One entry of the history with its link of the chain.
#[derive(Debug)]
pub struct Entry {
    pub sequence: u32,
    pub prev_hash: String,
    pub hash: String,
    /// The bytes that `hash` is taken over after `prev_hash`; nothing where the entry leads to a petition that the
    /// reader may not see.
    pub canonical: Option<String>,
}

/// A document that an entry cites.
#[derive(Debug)]
pub struct Cited {
    pub sequence: u32,
    pub act: &'static str,
    pub number: String,
    pub symbol: String,
    pub issued_on: Day,
    /// Of a reply.
    pub signer: Option<String>,
}

/// Puts the dossier of a petition together, for whoever sees all of it: auditors, and coordinators, who may not read
/// the log of reads.
pub fn collect(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
) -> Result<Dossier, Error> {
    let mut look = past::look(tx, world, caller, id, Ok(past::Moments::default()))?;
    let roles = &look.reading.roles;
    if !roles.iter().any(|role| matches!(role, Role::Auditor | Role::Coordinator)) {
        return Err(not_yours().into());
    }
    let audits = roles.contains(&Role::Auditor);
    let last = look.events.last().ok_or_else(|| Error::internal("a petition without a beginning"))?;
    let as_of = last.event.recorded_at;
    look.reading.now = as_of;
    let hidden: HashSet<PetitionId> =
        past::hidden(tx, world, caller, &look.events, None)?.into_iter().collect();
    let held = verify::held(tx, &[id]).map_err(|unreadable| Error::from(unreadable.error))?;
    let mut held = held.into_iter().next().ok_or(Error::NotFound)?;
    let entries = entries(&look.events, &held.events, &hidden)?;
    let texts = texts(&look.events, std::mem::take(&mut held.texts));
    let names = past::names(tx, &explaining::actors(&look), None)?;
    Ok(Dossier {
        petition: id,
        code: look.reading.case.code.clone(),
        as_of,
        entries,
        texts,
        explained: explaining::explained(&look, world, names),
        documents: bare(&look.events).filter_map(cited).collect(),
        held,
        reads: audits.then(|| disclosures::of_petition(tx, id)).transpose()?,
    })
}

fn not_yours() -> Refusal {
    Refusal::Forbidden(Words::new(
        "Hồ sơ đầy đủ dành cho người giám sát và cán bộ điều phối.",
        "The whole dossier is for auditors and coordinators.",
    ))
}

/// Each entry with the very bytes that were hashed; fails rather than give out a chain that does not hold.
fn entries(
    events: &[StoredEvent],
    cells: &[EventCells],
    hidden: &HashSet<PetitionId>,
) -> Result<Vec<Entry>, Error> {
    let entry = |(stored, cells): (&StoredEvent, &EventCells)| {
        let payload: Value = serde_json::from_str(&cells.payload).map_err(Error::internal)?;
        let bytes = event::canonical_as_stored(&stored.event, &payload).map_err(Error::internal)?;
        if sha256(&[stored.prev_hash.as_slice(), &bytes].concat()).as_slice() != stored.hash {
            return Err(Error::internal("the chain of a petition is broken"));
        }
        let shown = past::mentioned(&stored.event.record.act).iter().all(|other| !hidden.contains(other));
        let canonical = String::from_utf8(bytes).map_err(Error::internal)?;
        Ok(Entry {
            sequence: stored.event.sequence,
            prev_hash: hex(&stored.prev_hash),
            hash: hex(&stored.hash),
            canonical: shown.then_some(canonical),
        })
    };
    events.iter().zip(cells).map(entry).collect()
}

/// The texts that may be shown, in the order in which they were given: what officials wrote, and title and content.
fn texts(events: &[StoredEvent], cells: Vec<TextCells>) -> Vec<TextCells> {
    let gone: HashSet<TextId> = taken_down(bare(events));
    let mut shown = Vec::new();
    let may = |event: &Event, text: &TextCells| {
        let citizens = event.actor.role == Role::Citizen || event.on_behalf_of.is_some();
        let face = matches!(event.record.act, Act::Registration(_) | Act::Import(_))
            && (text.slot.ends_with("/title") || text.slot.ends_with("/content"));
        let personal = text.slot.ends_with("/location") || text.slot.ends_with("/addressee");
        !personal && !gone.contains(&text.id) && (face || !citizens)
    };
    let mut cells = cells;
    cells.sort_by(|one, other| one.slot.cmp(&other.slot));
    for event in bare(events) {
        let own = cells.iter().filter(|text| text.event_id == event.id);
        shown.extend(own.filter(|text| may(event, text)).cloned());
    }
    shown
}

fn cited(event: &Event) -> Option<Cited> {
    let act = &event.record.act;
    let signed = match act {
        Act::ReplyApproval(facts) => facts.document.as_ref(),
        Act::ReplyRevision(facts) => facts.document.as_ref(),
        _ => None,
    };
    let of = |number: &str, symbol: &str, issued_on, signer| Cited {
        sequence: event.sequence,
        act: act.name(),
        number: number.to_owned(),
        symbol: symbol.to_owned(),
        issued_on,
        signer,
    };
    match (signed, act) {
        (Some(signed), _) => {
            Some(of(&signed.number, &signed.symbol, signed.issued_on, Some(signed.signer.clone())))
        }
        (None, Act::ForwardingResult(facts)) => {
            Some(of(&facts.document.number, &facts.document.symbol, facts.document.issued_on, None))
        }
        (None, act) => {
            let document = act.why().document?;
            Some(of(&document.number, &document.symbol, document.issued_on, None))
        }
    }
}
