//! What a fold looks like in rows: the petition's present face, and the spans that lists and reports read.

use super::{clock::new_id, history::FreshTexts, world::Reference};
use crate::{
    domain::{
        clock::{self, Clock, ClockOp, ClockStatus, Move},
        decide::closes_at,
        escalation,
        event::Event,
        petition::{Case, RoundOutcome},
        time::Instant,
        vocabulary::{Provenance, Stage, State},
    },
    store::{
        Together,
        calendar::{self, MoveRow},
        petitions::PetitionRow,
        reminders::LookRow,
        spans::{self, ClockRow, Close, SpanRow},
    },
};

/// Until when a clock rests that nobody knows the end of.
pub fn far_future() -> Instant {
    Instant::from_micros(Instant::MAX_MICROS).unwrap_or_else(|| Instant::new(jiff::Timestamp::MAX))
}

/// The petition's row after its latest event.
pub fn petition_row(
    case: &Case,
    reference: &Reference,
    before: Option<&PetitionRow>,
    fresh: &FreshTexts,
    hash: Vec<u8>,
) -> PetitionRow {
    let zone = reference.zone();
    let title = case.title.kept().and_then(|id| fresh.get(&id)).cloned();
    let open_end = case.state == State::Answered && !case.request_pending;
    let public_since = before.and_then(|row| row.public_from).unwrap_or(case.last_recorded_at);
    PetitionRow {
        id: case.id,
        code: case.code.clone(),
        kind: case.kind,
        instance: case.instance.map(i32::from),
        channel: case.channel,
        submitter_type: case.submitter_type,
        field_code: case.field_code.clone(),
        urgency: case.urgency,
        complexity: case.complexity,
        remote_area: case.remote_area,
        visibility: case.visibility,
        provenance: case.provenance,
        state: case.state,
        title: title.or_else(|| before.map(|row| row.title.clone())).unwrap_or_default(),
        intake_agency_id: case.intake_agency,
        lead_agency_id: case.lead,
        responsible_id: case.responsible,
        respondent_official_id: case.respondent.and_then(|respondent| respondent.official_id),
        classified: case.classified,
        round: column(case.round),
        version: column(case.version),
        sequence: column(case.sequence),
        received_at: case.received_at,
        received_month: month(case, reference),
        promised_due_at: case.registration.promised_due_at,
        promised_due_on: case.registration.promised_due_on,
        public_from: case.is_public().then_some(public_since),
        merged_into: case.merged_into,
        last_hash: hash,
        closes_at: open_end.then(|| closes_at(case.since, zone)),
        created_at: before.map_or(case.last_recorded_at, |row| row.created_at),
    }
}

fn month(case: &Case, reference: &Reference) -> String {
    case.received_at.day(reference.zone()).to_string().chars().take(7).collect()
}

/// Counters stay far below the column's limit; a history of two thousand million events is not one.
fn column(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// When the petition is looked at next to remind somebody; nothing for backfill, which reminds nobody.
pub fn look(case: &Case, reference: &Reference) -> Option<LookRow> {
    let Reference { thresholds, rules, calendar, .. } = reference;
    (case.provenance != Provenance::Imported).then(|| LookRow {
        petition_id: case.id,
        look_at: escalation::next_look(case, thresholds, rules, calendar),
        revision: case.state.is_open().then_some(reference.reminder_revision),
    })
}

/// What an event changed of the stretches.
#[derive(Debug)]
pub struct Change {
    /// Whether the present stretch ends.
    pub ends: bool,
    /// The stretch that begins.
    pub begins: Option<SpanRow>,
    /// The clocks, by round and stage, whose present stretch ends.
    pub clocks_end: Vec<(i32, Stage)>,
    pub clocks_begin: Vec<ClockRow>,
    /// The clocks that moved because the petition came to another version of the calendar.
    pub moves: Vec<MoveRow>,
}

/// Compares the fold before and after an event.
pub fn change(reference: &Reference, before: Option<&Case>, after: &Case, event: &Event) -> Change {
    let clocks_before =
        before.map(|case| case.clocks(&reference.rules, &reference.calendar)).unwrap_or_default();
    let clocks_after = after.clocks(&reference.rules, &reference.calendar);
    let span = span(after, &clocks_after, reference, event);
    let same = before.is_some_and(|case| {
        let former = self::span(case, &clocks_before, reference, event);
        SpanRow { id: span.id, sequence: span.sequence, ..former } == span
    });
    let gone = clocks_before.iter().filter(|clock| !clocks_after.contains(clock));
    let fresh = clocks_after.iter().filter(|clock| !clocks_before.contains(clock));
    Change {
        ends: !same && before.is_some(),
        begins: (!same).then_some(span),
        clocks_end: gone.map(|clock| (column(clock.round), clock.stage)).collect(),
        clocks_begin: fresh.map(|clock| clock_row(after, clock, event)).collect(),
        moves: before.map(|case| moves(reference, case, event)).unwrap_or_default(),
    }
}

/// What the change of the calendar alone moved, whatever else the event did.
fn moves(reference: &Reference, before: &Case, event: &Event) -> Vec<MoveRow> {
    let come_to = event.record.clocks.iter().find_map(|op| match op {
        ClockOp::Recalculate { calendar, at } => Some((*calendar, *at)),
        _ => None,
    });
    let Some((version, at)) = come_to else { return Vec::new() };
    let moved = clock::moves(&before.clock_ops, &reference.rules, &reference.calendar, version, at);
    moved.iter().map(|moved| move_row(version, moved, event)).collect()
}

fn move_row(version: u32, moved: &Move, event: &Event) -> MoveRow {
    MoveRow {
        version: column(version),
        petition_id: event.petition,
        round: column(moved.round),
        stage: moved.stage,
        from_due_at: moved.from.map(|due| due.due_at),
        from_due_on: moved.from.map(|due| due.due_on),
        from_provisional: moved.from.is_some_and(|due| due.provisional),
        to_due_at: moved.to.map(|due| due.due_at),
        to_due_on: moved.to.map(|due| due.due_on),
        to_provisional: moved.to.is_some_and(|due| due.provisional),
        event_id: event.id,
    }
}

impl Change {
    /// Ends the stretches that the event changed.
    pub fn end(&self, together: &mut Together<'_>, event: &Event) {
        let end = Close { at: event.occurred_at, recorded_at: event.recorded_at };
        if self.ends {
            spans::close(together, event.petition, end);
        }
        for (round, stage) in &self.clocks_end {
            spans::close_clock(together, event.petition, *round, *stage, end);
        }
    }

    /// Begins the new ones.
    pub fn begin<'r>(&'r self, together: &mut Together<'r>) {
        if let Some(span) = &self.begins {
            spans::insert(together, span);
        }
        for clock in &self.clocks_begin {
            spans::insert_clock(together, clock);
        }
        for moved in &self.moves {
            calendar::insert_move(together, moved);
        }
    }
}

fn clock_row(case: &Case, clock: &Clock, event: &Event) -> ClockRow {
    ClockRow {
        id: new_id(),
        petition_id: case.id,
        round: column(clock.round),
        stage: clock.stage,
        rule_id: clock.rule.clone(),
        basis: clock.basis,
        started_at: clock.started_at,
        open_due_at: open_due(clock),
        due_at: clock.due.map(|due| due.due_at),
        due_on: clock.due.map(|due| due.due_on),
        first_due_at: Some(clock.first_due.due_at),
        provisional: clock.due.is_some_and(|due| due.provisional),
        paused_until: paused_until(clock),
        ended_at: clock.ended_at,
        from_at: event.occurred_at,
        to_at: None,
        recorded_from: event.recorded_at,
        recorded_to: None,
    }
}

fn open_due(clock: &Clock) -> Option<Instant> {
    clock.due.filter(|_| clock.status == ClockStatus::Running).map(|due| due.due_at)
}

fn paused_until(clock: &Clock) -> Option<Instant> {
    let hold = clock.hold.filter(|_| clock.status == ClockStatus::Running)?;
    Some(hold.until.unwrap_or_else(far_future))
}

/// The stretch that begins with this event, as the fold stands after it.
pub fn span(case: &Case, clocks: &[Clock], reference: &Reference, event: &Event) -> SpanRow {
    let present = clock::current(clocks, case.round);
    let first = clock::current(clocks, 1);
    let (outcome, first_met) = match case.first_outcome() {
        RoundOutcome::Open => ("open", None),
        RoundOutcome::Answered(at) => ("answered", at),
        RoundOutcome::EndedOtherwise => ("ended", None),
    };
    let met = present.filter(|clock| clock.status == ClockStatus::Met).and_then(|clock| clock.ended_at);
    SpanRow {
        id: new_id(),
        petition_id: case.id,
        sequence: column(event.sequence),
        state: case.state,
        agency_id: case.lead_or_intake(),
        intake_agency_id: case.intake_agency,
        responsible_id: case.responsible,
        kind: case.kind,
        channel: case.channel,
        field_code: case.field_code.clone(),
        visibility: case.visibility,
        round: column(case.round),
        received_at: case.received_at,
        received_month: month(case, reference),
        clock_stage: present.map(|clock| clock.stage),
        open_due_at: present.and_then(open_due),
        due_soon_at: present
            .and_then(|clock| clock.due_soon_at)
            .filter(|_| present.and_then(open_due).is_some()),
        due_at: present.and_then(|clock| clock.due).map(|due| due.due_at),
        due_on: present.and_then(|clock| clock.due).map(|due| due.due_on),
        paused_until: present.and_then(paused_until),
        met_at: met,
        round1_outcome: outcome.to_owned(),
        round1_met_on: first_met.map(|at| at.day(reference.zone())),
        round1_met_at: first_met,
        round1_due_at: first.and_then(|clock| clock.due).map(|due| due.due_at),
        round1_due_on: first.and_then(|clock| clock.due).map(|due| due.due_on),
        round1_paused_until: first.and_then(paused_until),
        from_at: event.occurred_at,
        to_at: None,
        recorded_from: event.recorded_at,
        recorded_to: None,
    }
}
