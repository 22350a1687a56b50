//! The life of one petition: its events, and the rows that the program itself would write for them.
//!
//! Events go through the same fold and projection as everybody's (`domain::petition`, `app::projection`), so that every
//! list, summary and report finds what it finds in real data. Left out are texts, the persons behind a petition, and what
//! acts leave beside the spans (assignments, replies, deliveries): nothing that is measured reads them.

use kiennghi::{
    app::{history, projection},
    domain::{
        act::Act,
        clock::{self, Clock, ClockOp},
        event::{Actor, Event, Record, SCHEMA},
        id::{AgencyId, Id, OfficialId, PetitionId},
        petition::Case,
        prose::Prose,
        time::Instant,
        vocabulary::{Role, Stage, State},
    },
    store::{
        events::StoredEvent,
        petitions::{DetailRow, PetitionRow},
        spans::{ClockRow, SpanRow},
    },
};
use uuid::Uuid;

use crate::{Fault, ground::Ground};

/// A petition with everything that happened to it so far.
pub(crate) struct Life<'g> {
    pub(crate) ground: &'g Ground,
    number: u64,
    pub(crate) case: Case,
    pub(crate) row: PetitionRow,
    pub(crate) spans: Vec<SpanRow>,
    pub(crate) clocks: Vec<ClockRow>,
    /// Each with its record as it is stored.
    pub(crate) events: Vec<(StoredEvent, String)>,
}

/// What happens next.
pub(crate) struct Step {
    pub(crate) at: Instant,
    /// When it is recorded, unless something later was recorded before.
    pub(crate) recorded_at: Instant,
    pub(crate) actor: Actor,
    pub(crate) act: Act,
    pub(crate) to: State,
    pub(crate) clocks: Vec<ClockOp>,
}

/// An id of a petition's own, in the order of time: petition, event, span, clock and text each have their slots.
pub(crate) fn id<K>(at: Instant, number: u64, slot: usize) -> Id<K> {
    let millis = u64::try_from(at.micros() / 1_000).unwrap_or_default();
    let high = (millis << 16) | 0x7000 | (slot as u64 & 0x0FFF);
    Id::new(Uuid::from_u64_pair(high, (0b10 << 62) | number))
}

/// A text that is kept elsewhere; here it is nowhere.
pub(crate) fn text(at: Instant, number: u64, slot: usize) -> Prose {
    Prose::Kept { text: id(at, number, TEXTS + slot), digest: "0".repeat(64) }
}

const EVENTS: usize = 0x100;
const SPANS: usize = 0x200;
const CLOCKS: usize = 0x300;
const TEXTS: usize = 0x400;

impl<'g> Life<'g> {
    /// The petition as its first event makes it.
    pub(crate) fn begin(ground: &'g Ground, number: u64, title: &str, step: Step) -> Result<Self, Fault> {
        let petition = id(step.at, number, 0);
        let event = event(petition, number, 1, step);
        let case = Case::begin(&event).ok_or("a petition begins with its receipt")?;
        let (stored, record) = chain(event, vec![0; 32])?;
        let fresh = case.title.kept().map(|id| (id, title.to_owned())).into_iter().collect();
        let row = projection::petition_row(&case, &ground.reference, None, &fresh, stored.hash.clone());
        let mut life = Self {
            ground,
            number,
            case,
            row,
            spans: Vec::with_capacity(6),
            clocks: Vec::with_capacity(4),
            events: Vec::with_capacity(6),
        };
        life.follow(None, (stored, record));
        Ok(life)
    }

    /// What happens next; false when it has not happened yet.
    pub(crate) fn goes_on(&mut self, step: Step) -> Result<bool, Fault> {
        if step.at > self.ground.now {
            return Ok(false);
        }
        let late = self.case.last_recorded_at;
        let step = Step { recorded_at: step.recorded_at.max(late).min(self.ground.now), ..step };
        let event = event(self.case.id, self.number, self.case.sequence + 1, step);
        let before = self.case.clone();
        self.case.apply(&event);
        let (stored, record) = chain(event, self.row.last_hash.clone())?;
        let (reference, hash) = (&self.ground.reference, stored.hash.clone());
        self.row =
            projection::petition_row(&self.case, reference, Some(&self.row), &Default::default(), hash);
        self.follow(Some(&before), (stored, record));
        Ok(true)
    }

    fn follow(&mut self, before: Option<&Case>, (stored, record): (StoredEvent, String)) {
        let change = projection::change(&self.ground.reference, before, &self.case, &stored.event);
        let Event { occurred_at, recorded_at, .. } = stored.event;
        let end = (Some(occurred_at), Some(recorded_at));
        if let Some(last) = self.spans.last_mut().filter(|_| change.ends) {
            (last.to_at, last.recorded_to) = end;
        }
        for row in self.clocks.iter_mut().filter(|row| row.to_at.is_none()) {
            if change.clocks_end.contains(&(row.round, row.stage)) {
                (row.to_at, row.recorded_to) = end;
            }
        }
        let (at, number, spans, clocks) =
            (self.case.received_at, self.number, self.spans.len(), self.clocks.len());
        self.spans.extend(change.begins.map(|row| SpanRow { id: id(at, number, SPANS + spans), ..row }));
        let named = (CLOCKS + clocks..).zip(change.clocks_begin);
        self.clocks.extend(named.map(|(slot, row)| ClockRow { id: id(at, number, slot), ..row }));
        self.events.push((stored, record));
    }

    /// The clock that speaks for the petition.
    pub(crate) fn clock(&self) -> Option<Clock> {
        let reference = &self.ground.reference;
        clock::current(&self.case.clocks(&reference.rules, &reference.calendar), 1).cloned()
    }

    /// What starts the clock of a stage, where a rule sets one.
    pub(crate) fn start(&self, stage: Stage, at: Instant) -> Option<ClockOp> {
        self.ground.start(stage, &self.case.traits(), at)
    }

    /// What belongs to the petition but is seldom asked for.
    pub(crate) fn detail(&self) -> DetailRow {
        DetailRow {
            petition_id: self.case.id,
            public_title: None,
            public_summary: None,
            location_text: Some(format!("Ngõ {}", self.number % 400)),
            latitude: Some(10.9 + (self.number % 1_000) as f64 / 10_000.0),
            longitude: Some(106.8 + (self.number % 777) as f64 / 10_000.0),
            area_code: Some(format!("99{:03}", self.number % 120)),
            client_reference: None,
            client_fingerprint: None,
            access_key_hash: None,
        }
    }
}

/// An official of an agency who handles.
pub(crate) fn handler(agency: AgencyId, official: OfficialId) -> Actor {
    Actor {
        role: Role::Handler,
        official: Some(official),
        agency: Some(agency),
        position: Some("Chuyên viên".to_owned()),
    }
}

fn event(petition: PetitionId, number: u64, sequence: u32, step: Step) -> Event {
    let Step { at, recorded_at, actor, act, to, clocks } = step;
    Event {
        id: id(recorded_at, number, EVENTS + sequence as usize),
        petition,
        sequence,
        actor,
        on_behalf_of: None,
        request_id: None,
        caused_by: None,
        occurred_at: at,
        recorded_at,
        record: Record { schema: SCHEMA, act, to, round: 1, clocks },
    }
}

fn chain(event: Event, prev_hash: Vec<u8>) -> Result<(StoredEvent, String), Fault> {
    let hash = history::link(&event, &prev_hash).map_err(|error| error.for_operator())?;
    let record = serde_json::to_string(&event.record)?;
    Ok((StoredEvent { event, prev_hash, hash, position: None }, record))
}
