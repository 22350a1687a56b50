//! What moved a deadline adds up to how far it moved, whatever the history.

use proptest::{collection::vec, prelude::*};

use super::{
    calendar::{changed, recalculated},
    history::{instants, ops},
    *,
};
use crate::domain::{
    act::*,
    decide::story_of,
    event::{Actor, Event, Record, SCHEMA},
    id::Id,
    petition::{Balance, DueChange, due_changes},
    prose::Prose,
    time::Instant,
};

/// A history that begins with a promise, each further entry an act with what it does to the clocks.
fn history_of(kind: Kind, received_at: Instant, entries: Vec<(Act, Vec<ClockOp>)>) -> Vec<Event> {
    let (book, calendar) = (book(), vietnam());
    let mut case = story_of(kind);
    case.registration.received_at = received_at;
    let on = received_at.day(calendar.zone());
    let mut facts = case.registration.clone();
    case.received_at = received_at;
    let promised = promise(&case.traits(), received_at, &book, &calendar);
    (facts.promised_due_at, facts.promised_due_on) =
        (promised.map(|due| due.due_at), promised.map(|due| due.due_on));
    let opening = [Stage::Intake, Stage::Resolution, Stage::Forwarding].into_iter().filter_map(|stage| {
        let rule = book.select(stage, &case.traits(), on)?;
        (rule.start_event == StartEvent::Receipt)
            .then(|| ClockOp::start(1, stage, received_at, rule, &calendar))
    });
    let first = (Act::Registration(Box::new(facts)), opening.collect());
    let mut round = 1;
    let event = |(index, (act, clocks)): (usize, (Act, Vec<ClockOp>))| {
        round += u32::from(matches!(act, Act::Reopening(_)));
        Event {
            id: Id::new(uuid::Uuid::from_u128(index as u128 + 1)),
            petition: case.id,
            sequence: index as u32 + 1,
            actor: Actor::system(),
            on_behalf_of: None,
            request_id: None,
            caused_by: None,
            occurred_at: received_at.plus_micros(index as i64),
            recorded_at: received_at.plus_micros(index as i64),
            record: Record { schema: SCHEMA, act, to: State::InProgress, round, clocks },
        }
    };
    std::iter::once(first).chain(entries).enumerate().map(event).collect()
}

fn told(events: &[Event]) -> (Vec<DueChange<'_>>, Balance) {
    let (changes, balance) = due_changes(events, &book(), &vietnam());
    (changes, balance.unwrap())
}

fn prose() -> Prose {
    Prose::from("Lý do".to_owned())
}

fn classification(kind: Kind) -> Act {
    Classification {
        kind,
        instance: (kind == Kind::Complaint).then_some(1),
        field_code: "other".into(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: None,
        basis_document: None,
        public_title: None,
        public_summary: None,
        respondent: None,
    }
    .into()
}

fn acceptance() -> Act {
    Acceptance { document: None }.into()
}

fn acts() -> impl Strategy<Value = Act> {
    let kind = prop::sample::select(Kind::ALL).prop_map(classification);
    let others = prop::sample::select(vec![
        acceptance(),
        Resumption { document: None }.into(),
        Withdrawal { reason: prose(), people: None }.into(),
        Act::Survival(Survival { merged: petition(9), left: false }),
        Act::Survival(Survival { merged: petition(9), left: true }),
        Reopening { reason: prose() }.into(),
    ]);
    prop_oneof![kind, others]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn gains_add_up_to_the_way_from_the_promise(
        kind in prop::sample::select(Kind::ALL),
        received_at in instants(),
        entries in vec((acts(), vec(ops(instants()), 0..3)), 0..12),
    ) {
        let events = history_of(kind, received_at, entries);
        let (book, calendar) = (book(), vietnam());
        let (changes, balance) = told(&events);
        prop_assert_eq!(balance.total(), Gain::between(balance.promised_on, balance.due.due_on, &calendar));
        prop_assert_eq!(balance.by(Cause::Calendar), Gain::default(), "nothing moved the calendar");
        let ops = events.iter().flat_map(|event| &event.record.clocks);
        let clocks = Ledger::fold(ops, &book, &calendar);
        for clock in &clocks {
            let own: Vec<_> =
                changes.iter().filter(|change| (change.round, change.stage) == (clock.round, clock.stage)).collect();
            prop_assert_eq!(own.last().unwrap().to, clock.due, "the last change led to what is");
            prop_assert_eq!(own[0].kind, MoveKind::Start);
            for pair in own.windows(2).filter(|pair| pair[1].kind != MoveKind::Start) {
                prop_assert_eq!(pair[0].to, pair[1].from, "no change is left out");
            }
            let ends: Vec<_> = own.iter().filter_map(|change| change.to).collect();
            if PROCEDURE.contains(&clock.stage) && !ends.is_empty() {
                let moved: Gain = own.iter().filter_map(|change| change.gained).sum();
                prop_assert_eq!(moved, Gain::between(ends[0].due_on, ends[ends.len() - 1].due_on, &calendar));
            }
        }
    }
}

fn days(balance: &Balance, cause: Cause) -> (i64, i64) {
    let gain = balance.by(cause);
    (gain.calendar_days, gain.working_days)
}

/// A complaint received on Monday 3 August 2026: intake by Wednesday 12 August, promised for Friday 11 September.
#[test]
fn each_cause_gains_what_it_moved() {
    let accepted = "2026-08-17T09:00:00";
    let mut entries = vec![
        (classification(Kind::Complaint), Vec::new()),
        (acceptance(), vec![meet(Stage::Intake, accepted), resolution(accepted, "complaint-1")]),
    ];
    let balance = |entries: &[(Act, Vec<ClockOp>)]| {
        told(&history_of(Kind::Complaint, local("2026-08-03T09:00:00"), entries.to_vec())).1
    };
    let waiting = balance(&entries[..1]);
    assert_eq!((waiting.promised_on, waiting.due.due_on), (day("2026-09-11"), day("2026-08-12")));
    assert_eq!(waiting.to_come.calendar_days, -30, "the resolution has not begun");

    let taken_up = balance(&entries);
    assert_eq!(days(&taken_up, Cause::IntakeDelay), (5, 3), "five days after the last day of intake");
    assert_eq!((taken_up.due.due_on, taken_up.to_come), (day("2026-09-16"), Gain::default()));

    let suspension = Suspension {
        ground: SuspensionGround::ForceMajeure,
        explanation: None,
        document: DocumentRef { number: "1".into(), symbol: "QĐ".into(), issued_on: day("2026-08-20") },
    };
    entries.push((suspension.into(), vec![pause("2026-08-20T09:00:00")]));
    let resting = balance(&entries);
    assert_eq!((resting.due, days(&resting, Cause::Pause)), (taken_up.due, (0, 0)), "nobody knows yet");
    entries.push((Resumption { document: None }.into(), vec![resume("2026-08-27T09:00:00")]));
    let rested = balance(&entries);
    assert_eq!(days(&rested, Cause::Pause), (7, 5));

    entries.push((Act::Extension(extension()), vec![extend(45, Some("complaint-1-complex"))]));
    let extended = balance(&entries);
    assert_eq!(days(&extended, Cause::Extension).0, 15);
    assert_eq!(days(&extended, Cause::IntakeDelay), (5, 3), "what was gained before stays");

    let cap = ClockOp::Cap { due_at: local("2026-09-20T00:00:00"), from: petition(9), stage: None };
    entries.push((Act::Survival(Survival { merged: petition(9), left: false }), vec![cap]));
    let merged = balance(&entries);
    assert_eq!(merged.due.due_on, day("2026-09-19"));
    assert!(days(&merged, Cause::Merge).0 < 0);

    // A reopening is a round of its own.
    entries.push((
        Reopening { reason: prose() }.into(),
        vec![start(2, Stage::Resolution, "2026-10-01T09:00:00", "complaint-1")],
    ));
    assert_eq!(balance(&entries), merged);
}

/// A changed calendar moves by its own name, even where it comes with somebody's act.
#[test]
fn the_calendar_gains_what_the_calendar_moved() {
    let next = changed(&vietnam(), &[("2026-12-02", true)]);
    let taken_up = vec![recalculated(2), meet(Stage::Intake, "2026-11-25T09:00:00")];
    let events = history_of(Kind::Feedback, local("2026-11-20T09:00:00"), vec![(acceptance(), taken_up)]);
    let (changes, balance) = due_changes(&events, &book(), &next);
    let balance = balance.unwrap();
    assert_eq!((balance.promised_on, balance.due.due_on), (day("2026-12-07"), day("2026-12-08")));
    assert_eq!((days(&balance, Cause::Calendar), days(&balance, Cause::IntakeDelay)), ((1, 1), (0, 0)));
    let moved: Vec<_> = changes.iter().filter(|change| change.kind == MoveKind::Move).collect();
    assert!(moved.iter().all(|change| change.cause == Cause::Calendar) && !moved.is_empty());
}

/// Before it is taken up, another kind moves what the petition heads for, though no clock moves.
#[test]
fn another_kind_moves_what_is_ahead() {
    let entries = vec![(classification(Kind::Denunciation), Vec::new())];
    let events = history_of(Kind::Proposal, local("2026-08-03T09:00:00"), entries);
    let (changes, balance) = told(&events);
    assert_eq!(changes.len(), 2, "intake and resolution begin");
    let moved = Gain::between(balance.promised_on, balance.due.due_on, &vietnam());
    assert_eq!(balance.total(), moved);
}

fn extension() -> Extension {
    Extension {
        criteria: vec![ComplexityCriterion::SeveralPlaces],
        reason: None,
        decision: DocumentRef { number: "2".into(), symbol: "QĐ".into(), issued_on: day("2026-08-28") },
        notified_on: day("2026-08-28"),
        amount: None,
        complexity: Some(Complexity::Complex),
    }
}
