//! A record that changed at its source: what differs from what we hold becomes one event.

use std::collections::HashMap;

use super::{
    part::CLOSED,
    record::{Numbered, Record},
    report::Rejection,
};
use crate::{
    app::{
        Error,
        clock::new_id,
        history::{self, Entry, Loaded},
        submission::text_of,
        succession,
        world::World,
    },
    domain::{
        act::{Act, ImportUpdate},
        clock::{Clock, ClockOp, ClockStatus},
        decide::Decision,
        event::Actor,
        id::{AgencyId, TextId},
        prose::Prose,
        time::Instant,
        vocabulary::{Stage, State},
    },
    store::{
        AnyConnection, events,
        petitions::{self, DetailRow, ExternalRow},
    },
};

/// What the source did to the state of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing.
    Stays,
    /// It closed an open one, or moved the time of its closing.
    Closes(Instant),
    Reopens,
}

/// What we hold of a record, and what its source says now.
struct Changed<'a> {
    world: &'a World,
    record: &'a Record,
    loaded: &'a Loaded,
    texts: HashMap<TextId, Option<String>>,
    detail: DetailRow,
    /// Nothing: with whom it is is not the source's to say.
    agency: Option<AgencyId>,
    turn: Turn,
}

/// Appends what changed; false when nothing that we hold did.
pub(super) fn follow(
    tx: &mut AnyConnection,
    world: &World,
    numbered: &Numbered,
    former: &ExternalRow,
    agency: Option<AgencyId>,
) -> Result<Result<bool, Rejection>, Error> {
    let record = &numbered.record;
    let petition = former.petition_id;
    let loaded =
        history::load(tx, petition)?.ok_or_else(|| Error::internal("a record without its petition"))?;
    if record.received_at != loaded.case.received_at {
        let detail = format!("received_at: this record was received at {}.", loaded.case.received_at);
        return Ok(Err(numbered.rejected("received_at_changed", detail)));
    }
    let texts = events::texts(tx, petition)?;
    let detail = petitions::detail(tx, petition)?;
    let turn = turn(record, &loaded, former.source_status.as_deref() == Some(CLOSED));
    let changed = Changed { world, record, loaded: &loaded, texts, detail, agency, turn };
    let decision = changed.decision()?;
    let nothing = Act::ImportUpdate(Box::default());
    if decision.act == nothing && decision.clocks.is_empty() {
        return Ok(Ok(false));
    }
    let moved = matches!(&decision.act, Act::ImportUpdate(facts) if facts.location.is_some());
    let after = history::append(tx, world, &loaded, Entry::new(Actor::system(), decision))?;
    if turn == Turn::Reopens {
        succession::settle(tx, world, after)?;
    }
    if moved {
        let text = record.location_text.as_deref();
        petitions::set_place(tx, petition, text, record.latitude, record.longitude)?;
    }
    Ok(Ok(true))
}

/// An end that was decided here (a refusal, a merge, an answer of our own) holds against the source.
fn turn(record: &Record, loaded: &Loaded, was_closed: bool) -> Turn {
    let case = &loaded.case;
    let theirs = case.state == State::Closed && case.reply.is_none();
    match record.closed_at {
        Some(at) if !was_closed && case.state.is_open() => Turn::Closes(at),
        Some(at) if was_closed && theirs && case.answered_at != Some(at) => Turn::Closes(at),
        None if was_closed && theirs => Turn::Reopens,
        _ => Turn::Stays,
    }
}

impl Changed<'_> {
    fn decision(&self) -> Result<Decision, Error> {
        let case = &self.loaded.case;
        // The source's time where it states one; what else changed, changed when we learnt of it. A history runs
        // in the order of its events, so that a time before the latest of them cannot be kept.
        let stated = match self.turn {
            Turn::Closes(at) => at,
            Turn::Stays | Turn::Reopens => self.world.now,
        };
        let occurred_at = stated.max(case.settled_at);
        let (to, round) = match self.turn {
            Turn::Closes(_) => (State::Closed, case.round),
            Turn::Reopens => (State::Classified, case.round + 1),
            Turn::Stays => (case.state, case.round),
        };
        let clocks = self.clocks(round, occurred_at);
        Ok(Decision { act: Act::ImportUpdate(Box::new(self.facts()?)), to, round, clocks, occurred_at })
    }

    fn facts(&self) -> Result<ImportUpdate, Error> {
        let (case, record) = (&self.loaded.case, self.record);
        let closed_at = match self.turn {
            Turn::Closes(at) => Some(at),
            Turn::Stays | Turn::Reopens => None,
        };
        let closes = case.state != State::Closed && closed_at.is_some();
        let note_kept = self.turn != Turn::Reopens && !closes;
        let told = case.imported_reply.as_ref().filter(|_| note_kept);
        let reply = record.reply_text.clone().filter(|text| self.differs(told, text)).map(Prose::from);
        let closed = closes || (case.state == State::Closed && self.turn != Turn::Reopens);
        Ok(ImportUpdate {
            kind: Some(record.kind).filter(|kind| *kind != case.kind),
            channel: Some(record.channel).filter(|channel| *channel != case.channel),
            field_code: Some(record.field_code.clone()).filter(|code| *code != case.field_code),
            agency: self.agency.filter(|agency| *agency != case.intake_agency),
            title: self.fresh(&case.title, &record.title),
            content: self.fresh(&case.content, &record.content),
            location: self.place()?,
            revision: reply.as_ref().filter(|_| closed).map(|_| new_id()),
            reply,
            closed_at,
            reopened: self.turn == Turn::Reopens,
        })
    }

    fn fresh(&self, held: &Prose, text: &str) -> Option<Prose> {
        self.differs(Some(held), text).then(|| Prose::from(text.to_owned()))
    }

    /// Whether a text is another than the one held; one that was erased does not come back.
    fn differs(&self, held: Option<&Prose>, text: &str) -> bool {
        let Some(id) = held.and_then(Prose::kept) else { return true };
        match self.texts.get(&id) {
            Some(Some(present)) => present != text,
            _ => false,
        }
    }

    fn place(&self) -> Result<Option<Prose>, Error> {
        let (record, detail) = (self.record, &self.detail);
        let same = record.location_text == detail.location_text
            && record.latitude == detail.latitude
            && record.longitude == detail.longitude;
        if same {
            return Ok(None);
        }
        // A place that the source took back is an empty one.
        Ok(Some(text_of(&record.location().unwrap_or_default())?))
    }

    /// What happens to the resolution clock. A deadline once stated stays when the source leaves it out.
    fn clocks(&self, round: u32, occurred_at: Instant) -> Vec<ClockOp> {
        let case = &self.loaded.case;
        let clocks = case.clocks(self.world.rules(), self.world.calendar());
        let present = clocks.iter().find(|clock| clock.round == round && clock.stage == Stage::Resolution);
        let due = self.record.due_at.filter(|due| last_stated(&case.clock_ops, round) != Some(*due));
        let closed_at = match self.turn {
            Turn::Closes(at) => Some(at),
            Turn::Stays | Turn::Reopens => None,
        };
        let mut ops = Vec::new();
        let ended = present.filter(|clock| clock.status == ClockStatus::Met);
        let met_at = ended.and_then(|clock| clock.ended_at);
        if let Some(at) = met_at.filter(|_| due.is_some() || closed_at.is_some()) {
            // An ended clock takes no other end: it is opened again and met anew.
            ops.push(ClockOp::Stop { at, stages: Some(vec![Stage::Resolution]) });
            ops.push(ClockOp::Unstop);
        }
        if let Some(due_at) = due {
            let at = if round == case.round { case.round_from } else { occurred_at };
            ops.push(ClockOp::Stated { round, stage: Stage::Resolution, at, due_at });
        }
        let runs = present.is_some() || due.is_some();
        let shut = case.state == State::Closed && self.turn == Turn::Stays;
        let met = closed_at.or(met_at).or(case.answered_at.filter(|_| shut));
        if let Some(at) = met.filter(|_| runs && (closed_at.is_some() || due.is_some())) {
            ops.push(ClockOp::Meet { stage: Stage::Resolution, at });
        }
        if closed_at.is_some() && clocks.iter().any(is_beside) {
            ops.push(ClockOp::Stop { at: occurred_at, stages: None });
        }
        ops
    }
}

/// A clock of our own handling that still runs beside the resolution.
fn is_beside(clock: &Clock) -> bool {
    clock.stage != Stage::Resolution && clock.status == ClockStatus::Running
}

/// The deadline that the source stated last in a round.
fn last_stated(ops: &[ClockOp], wanted: u32) -> Option<Instant> {
    ops.iter().rev().find_map(|op| match op {
        ClockOp::Stated { round, due_at, .. } if *round == wanted => Some(*due_at),
        _ => None,
    })
}
