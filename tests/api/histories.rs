//! Random legal histories: what is derived agrees with the events, now and as of every instant of the past.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use kiennghi::{
    app::{Error, World, caller::Caller, history, projection, routine, secrets::digest, world::Reference},
    domain::{
        act::*,
        clock::{Clock, PROCEDURE},
        event::Event,
        id::{PetitionId, TextId},
        lifecycle,
        petition::Case as Petition,
        time::Instant,
        vocabulary::*,
    },
    store::{
        AnyConnection,
        events::{self, StoredEvent},
        petitions,
        schema::{clock_span, event, event_text},
        spans::{self, ClockRow, SpanRow},
    },
};
use serde_json::Value;

use crate::support::{
    Case, TestDb, cases,
    given::{Given, People, act_now},
    requests::{Dice, request_of},
};
use crate::verify::verified;

pub(crate) fn cases() -> Vec<Case> {
    cases![what_is_derived_agrees_with_the_events]
}

const HISTORIES: usize = 50;
const STEPS: usize = 25;

/// The usual way to an answer and beyond.
const ROAD: [Action; 10] = [
    Action::Classification,
    Action::Assignment,
    Action::Acceptance,
    Action::ReplyDraft,
    Action::ReplySubmission,
    Action::ReplyApproval,
    Action::Delivery,
    Action::Publication,
    Action::Rating,
    Action::Resumption,
];

async fn what_is_derived_agrees_with_the_events(db: TestDb) {
    let given = Given::new(db);
    let (ids, taken) = random(&given, HISTORIES);
    let parts = ids.clone();
    let verify = move |tx: &mut AnyConnection, world: &World| {
        for id in &parts {
            verify(tx, world, *id)?;
        }
        Ok(())
    };
    given.write(verify).unwrap();
    routine::number_events(&given.app.app).unwrap();
    given.write(|tx, _| positions_are_gapless(tx)).unwrap();
    let (findings, summary) = verified(&given.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");

    let rare: Vec<_> = Action::ALL.iter().filter(|action| !taken.contains_key(*action)).collect();
    assert_eq!(rare, [&Action::Escalation], "every other action was taken at least once: {taken:?}");
}

/// Random histories of so many petitions, and how often each action was taken.
pub(crate) fn random(given: &Given, many: usize) -> (Vec<PetitionId>, HashMap<Action, u32>) {
    let mut ids: Vec<PetitionId> = Vec::new();
    let mut taken = HashMap::new();
    for number in 0..many {
        let mut dice = Dice::new(number as u64 + 1);
        let kinds = Kind::ALL;
        let id = given.submitted(kinds[dice.below(kinds.len())]);
        let (people, others) = (given.people, ids.clone());
        let steps = given.write(move |tx, world| history_of(tx, world, &people, id, &others, dice.clone()));
        for step in steps.unwrap_or_else(|error| panic!("history {number}: {error:?}")) {
            *taken.entry(step).or_insert(0) += 1;
        }
        ids.push(id);
        given.pass(7 * 60);
    }
    (ids, taken)
}

/// One history: up to so many steps, each a random row of the table at a later time; returns what was done.
pub(crate) fn history_of(
    tx: &mut AnyConnection,
    world: &World,
    people: &People,
    id: PetitionId,
    others: &[PetitionId],
    mut dice: Dice,
) -> Result<Vec<Action>, Error> {
    let mut now = world.now;
    let mut taken = Vec::new();
    let mut case = history::load(tx, id)?.expect("a petition").case;
    for _ in 0..STEPS {
        now = now.plus_micros((1 + dice.below(5 * 24 * 60)) as i64 * 60_000_000);
        let world = world.at(now);
        let Some((action, role)) = choose(&case, &mut dice) else { break };
        let mut request = request_of(action, role, people, &case, others, now, &mut dice);
        if backdated(action, role) && dice.below(2) == 0 {
            let since = now.micros() - case.since.micros();
            request.occurred_at = Some(now.plus_micros(-(since / 2)));
        }
        let who = actor(people, role, &case, &mut dice);
        match tx.savepoint(|tx| act_now(tx, &world, &who, id, request)) {
            Ok(_) => taken.push(action),
            Err(Error::Refused(_)) => continue,
            // A restricted petition is hidden from those who need not know it.
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        }
        case = present_agrees(tx, &world, id)?;
    }
    Ok(taken)
}

/// A row of the table that fits; ends are rare, so that histories grow long.
pub(crate) fn choose(case: &Petition, dice: &mut Dice) -> Option<(Action, Role)> {
    let fitting: Vec<_> = lifecycle::TRANSITIONS
        .iter()
        .filter(|row| row.from.contains(&case.state))
        .flat_map(|row| row.who.iter().map(move |role| (row, *role)))
        .filter(|(_, role)| *role != Role::System)
        .collect();
    // Every other step goes on along the road, so that answers are reached.
    let road: Vec<_> = fitting
        .iter()
        .filter(|(row, _)| {
            ROAD.contains(&row.action) && (row.action != Action::Classification || !case.classified)
        })
        .collect();
    if !road.is_empty() && dice.below(2) == 0 {
        let (row, role) = road[dice.below(road.len())];
        return Some((row.action, *role));
    }
    for _ in 0..20 {
        let (row, role) = *fitting.get(dice.below(fitting.len().max(1)))?;
        let ends = matches!(row.to, lifecycle::To::State(state) if state.is_ended_otherwise());
        let urged = matches!(row.action, Action::Urging | Action::Takedown | Action::Reclassification);
        if (ends && dice.below(4) > 0) || (urged && dice.below(4) > 0) {
            continue;
        }
        return Some((row.action, role));
    }
    None
}

pub(crate) fn backdated(action: Action, role: Role) -> bool {
    let paper = matches!(action, Action::Supplement | Action::Withdrawal) && role == Role::Intake;
    paper
        || matches!(
            action,
            Action::Acceptance | Action::Forwarding | Action::ForwardingResult | Action::Delivery
        )
}

pub(crate) fn actor(people: &People, role: Role, case: &Petition, dice: &mut Dice) -> Caller {
    match role {
        Role::Coordinator if dice.below(2) == 0 => Caller::Official(people.second_coordinator),
        Role::Handler if case.lead == Some(people.other) => Caller::Official(people.helper),
        Role::Handler => Caller::Official(case.responsible.unwrap_or(people.handler)),
        role => people.caller(role, case.id),
    }
}

pub(crate) fn history_events(tx: &mut AnyConnection, id: PetitionId) -> Result<Vec<StoredEvent>, Error> {
    Ok(events::history(tx, id, None)?)
}

/// The open span and the row show what the fold says, which is returned.
fn present_agrees(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<Petition, Error> {
    let stored = history_events(tx, id)?;
    let events: Vec<Event> = stored.iter().map(|stored| stored.event.clone()).collect();
    let case = Petition::fold(&events).expect("a petition");
    let spans = spans::of_petition(tx, id)?;
    let present: Vec<&SpanRow> = spans.iter().filter(|span| span.to_at.is_none()).collect();
    assert_eq!(present.len(), 1, "one span is present");
    assert_eq!(bare(present[0]), bare(&derived(&case, &world.reference, &events)));
    let row = petitions::find(tx, id)?.expect("a petition");
    assert_eq!(
        (row.state, row.version, row.sequence, row.lead_agency_id, row.responsible_id, row.visibility),
        (case.state, case.version as i32, case.sequence as i32, case.lead, case.responsible, case.visibility)
    );
    assert_eq!(row.promised_due_at, case.registration.promised_due_at, "the promise stays");
    assert_eq!(Some(&row.last_hash), stored.last().map(|last| &last.hash));
    Ok(case)
}

pub(crate) fn derived(case: &Petition, reference: &Reference, events: &[Event]) -> SpanRow {
    let clocks = case.clocks(&reference.rules, &reference.calendar);
    projection::span(case, &clocks, reference, events.last().expect("an event"))
}

/// A span without what tells where it stands in time.
pub(crate) fn bare(span: &SpanRow) -> SpanRow {
    let origin = span.received_at;
    SpanRow {
        id: kiennghi::domain::id::Id::new(uuid::Uuid::nil()),
        sequence: 0,
        from_at: origin,
        to_at: None,
        recorded_from: origin,
        recorded_to: None,
        ..span.clone()
    }
}

/// Chain, texts, spans and clocks of a whole history.
fn verify(tx: &mut AnyConnection, world: &World, id: PetitionId) -> Result<(), Error> {
    let stored = history_events(tx, id)?;
    chain_holds(&stored)?;
    texts_are_committed_to(tx, id, &stored)?;
    let events: Vec<Event> = stored.into_iter().map(|stored| stored.event).collect();
    first_promises_stay(world, &events);
    let spans = spans::of_petition(tx, id)?;
    let clock_spans = clock_spans(tx, id)?;
    assert_eq!(spans[0].from_at, events[0].record_received());
    for pair in spans.windows(2) {
        assert_eq!(pair[0].to_at, Some(pair[1].from_at), "spans tile the time");
        assert!(pair[0].from_at <= pair[1].from_at);
    }
    let mut instants: Vec<Instant> = events.iter().map(|event| event.occurred_at).collect();
    instants.push(events[0].occurred_at.plus_micros(-1));
    for at in instants {
        let known: Vec<Event> = events.iter().filter(|event| event.occurred_at <= at).cloned().collect();
        let covers = |from: Instant, to: Option<Instant>| from <= at && to.is_none_or(|to| at < to);
        let found: Vec<&SpanRow> = spans.iter().filter(|span| covers(span.from_at, span.to_at)).collect();
        let Some(case) = Petition::fold(&known) else {
            assert!(found.is_empty(), "nothing before the receipt");
            continue;
        };
        assert_eq!(found.len(), 1, "one span at {at}");
        assert_eq!(bare(found[0]), bare(&derived(&case, &world.reference, &known)), "as of {at}");
        let mut shown: Vec<_> =
            clock_spans.iter().filter(|row| covers(row.from_at, row.to_at)).map(shown).collect();
        let mut folded: Vec<_> = case.clocks(world.rules(), world.calendar()).iter().map(folded).collect();
        shown.sort();
        folded.sort();
        assert_eq!(shown, folded, "clocks as of {at}");
    }
    Ok(())
}

trait Received {
    fn record_received(&self) -> Instant;
}
impl Received for Event {
    /// When the petition was received, as its first event says.
    fn record_received(&self) -> Instant {
        match &self.record.act {
            Act::Registration(registration) => registration.received_at,
            other => panic!("{other:?} begins a history"),
        }
    }
}

pub(crate) type Shown = (i32, Stage, Option<String>, [Option<Instant>; 5], bool);

pub(crate) fn shown(row: &ClockRow) -> Shown {
    let instants = [Some(row.started_at), row.due_at, row.first_due_at, row.ended_at, row.paused_until];
    (row.round, row.stage, row.rule_id.clone(), instants, row.open_due_at.is_some())
}

pub(crate) fn folded(clock: &Clock) -> Shown {
    let running = clock.status == kiennghi::domain::clock::ClockStatus::Running;
    let rest = clock.hold.filter(|_| running);
    let instants = [
        Some(clock.started_at),
        clock.due.map(|due| due.due_at),
        Some(clock.first_due.due_at),
        clock.ended_at,
        rest.map(|hold| hold.until.unwrap_or_else(projection::far_future)),
    ];
    (clock.round as i32, clock.stage, clock.rule.clone(), instants, running && clock.due.is_some())
}

fn clock_spans(tx: &mut AnyConnection, id: PetitionId) -> Result<Vec<ClockRow>, Error> {
    let rows = clock_span::table.filter(clock_span::petition_id.eq(id)).select(ClockRow::as_select());
    Ok(rows.load(tx).map_err(kiennghi::store::StoreError::from)?)
}

fn chain_holds(stored: &[StoredEvent]) -> Result<(), Error> {
    let mut last = vec![0; 32];
    for (index, link) in stored.iter().enumerate() {
        assert_eq!(link.event.sequence as usize, index + 1, "sequences have no gap");
        assert_eq!(link.prev_hash, last);
        assert_eq!(link.hash, history::link(&link.event, &last)?);
        last.clone_from(&link.hash);
    }
    let recorded = stored.windows(2).all(|pair| pair[0].event.recorded_at <= pair[1].event.recorded_at);
    assert!(recorded, "the time of recording never goes back");
    Ok(())
}

/// Every text outside hashes to the digest in the event that commits to it, and no event holds a text itself.
fn texts_are_committed_to(
    tx: &mut AnyConnection,
    id: PetitionId,
    stored: &[StoredEvent],
) -> Result<(), Error> {
    let rows: Vec<(TextId, Vec<u8>, Option<String>)> = event_text::table
        .filter(event_text::subject_id.eq(id))
        .select((event_text::id, event_text::salt, event_text::body))
        .load(tx)
        .map_err(kiennghi::store::StoreError::from)?;
    let mut kept = HashMap::new();
    for link in stored {
        let payload = serde_json::to_value(&link.event.record).map_err(Error::internal)?;
        assert!(!payload.to_string().contains("\"given\""), "a text stayed in the event");
        collect(&payload, &mut kept);
    }
    assert_eq!(kept.len(), rows.len());
    for (text, salt, body) in rows {
        let sum = digest(&salt, body.expect("not erased").as_bytes());
        assert_eq!(kept.get(&text.to_string()), Some(&history::hex(&sum)));
    }
    Ok(())
}

fn collect(value: &Value, kept: &mut HashMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(text)), Some(Value::String(digest))) =
                (members.get("text"), members.get("digest"))
            {
                kept.insert(text.clone(), digest.clone());
            }
            members.values().for_each(|member| collect(member, kept));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, kept)),
        _ => {}
    }
}

/// The first end of each clock of the procedure is what it was when the clock first stood.
fn first_promises_stay(world: &World, events: &[Event]) {
    let mut first = HashMap::new();
    for length in 1..=events.len() {
        let case = Petition::fold(&events[..length]).expect("a petition");
        for clock in case.clocks(world.rules(), world.calendar()) {
            if PROCEDURE.contains(&clock.stage) {
                let promise = *first.entry((clock.round, clock.stage)).or_insert(clock.first_due);
                assert_eq!(promise, clock.first_due, "{:?} of round {}", clock.stage, clock.round);
            }
        }
    }
}

fn positions_are_gapless(tx: &mut AnyConnection) -> Result<(), Error> {
    let rows: Vec<(Option<i64>, PetitionId, i32)> = event::table
        .order(event::position)
        .select((event::position, event::subject_id, event::sequence))
        .load(tx)
        .map_err(kiennghi::store::StoreError::from)?;
    let mut last = HashMap::new();
    for (index, (position, subject, sequence)) in rows.into_iter().enumerate() {
        assert_eq!(position, Some(index as i64 + 1), "positions have no gap");
        let before = last.insert(subject, sequence).unwrap_or(0);
        assert_eq!(sequence, before + 1, "a history keeps its order in the log");
    }
    Ok(())
}
