//! Properties over random histories.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::time::Instant;

pub(super) fn instants() -> BoxedStrategy<Instant> {
    (1_767_200_400_000_000_i64..1_830_272_400_000_000)
        .prop_map(|micros| Instant::from_micros(micros).unwrap())
        .boxed()
}
fn any_instant() -> BoxedStrategy<Instant> {
    let end = jiff::Timestamp::MAX.as_microsecond();
    prop_oneof![instants(), (-end / 2..end).prop_map(|micros| Instant::from_micros(micros).unwrap())].boxed()
}
fn stages() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL)
}
fn rules() -> impl Strategy<Value = String> {
    let mut ids: Vec<String> = book().rules().iter().map(|rule| rule.id.clone()).collect();
    ids.push("unknown".into());
    prop::sample::select(ids)
}

/// Any entry at all, sensible or not.
pub(super) fn ops(at: BoxedStrategy<Instant>) -> impl Strategy<Value = ClockOp> {
    use prop::option::of;
    let petition = || (0_u128..3).prop_map(|number| PetitionId::new(uuid::Uuid::from_u128(number)));
    let round = || 1_u32..4;
    prop_oneof![
        (round(), stages(), at.clone(), rules()).prop_map(|(round, stage, at, rule)| {
            match book().get(&rule) {
                Some(rule) => ClockOp::start(round, stage, at, rule, &vietnam()),
                None => ClockOp::Start { round, stage, at, rule, first_due: None, offices: Vec::new() },
            }
        }),
        (round(), stages(), at.clone(), at.clone()).prop_map(|(round, stage, at, due_at)| ClockOp::Stated {
            round,
            stage,
            at,
            due_at
        }),
        (round(), stages(), at.clone(), at.clone()).prop_map(|(round, stage, at, due)| {
            ClockOp::Decided { round, stage, at, due_on: due.day(vietnam().zone()) }
        }),
        (stages(), rules()).prop_map(|(stage, rule)| ClockOp::Select { stage, rule }),
        stages().prop_map(|stage| ClockOp::Withdraw { stage }),
        (stages(), any::<u32>(), of(rules())).prop_map(|(stage, amount, rule)| ClockOp::Extend {
            stage,
            amount,
            rule
        }),
        (at.clone(), of(at.clone())).prop_map(|(at, until)| ClockOp::Pause { at, until }),
        at.clone().prop_map(|at| ClockOp::Resume { at }),
        at.clone().prop_map(|at| ClockOp::Restart { at }),
        (stages(), at.clone()).prop_map(|(stage, at)| ClockOp::Meet { stage, at }),
        (at.clone(), of(vec(stages(), 0..3))).prop_map(|(at, stages)| ClockOp::Stop { at, stages }),
        Just(ClockOp::Unstop),
        (at, petition(), of(stages())).prop_map(|(due_at, from, stage)| ClockOp::Cap { due_at, from, stage }),
        petition().prop_map(|from| ClockOp::Uncap { from }),
        (0_u32..4, instants()).prop_map(|(calendar, at)| ClockOp::Recalculate { calendar, at }),
    ]
}

fn kinds() -> impl Strategy<Value = Traits> {
    (prop::sample::select(Kind::ALL), prop::sample::select(Channel::ALL), any::<bool>()).prop_map(
        |(kind, channel, urgent)| Traits {
            instance: (kind == Kind::Complaint).then_some(1),
            channel,
            urgency: if urgent { Urgency::Urgent } else { Urgency::Normal },
            ..traits(kind)
        },
    )
}

/// Pauses and resumptions in order, from the start on.
fn rests() -> impl Strategy<Value = Vec<(i64, i64)>> {
    vec((0_i64..1_000_000_000_000, 0_i64..2_000_000_000_000), 1..5)
}

proptest! {
    #[test]
    fn folding_a_part_and_then_the_rest_is_folding_the_whole(history in vec(ops(any_instant()), 0..30), cut in 0_usize..30, now in any_instant()) {
        let (book, calendar) = (book(), vietnam());
        let whole = Ledger::fold(&history, &book, &calendar);
        prop_assert_eq!(&Ledger::fold(&history, &book, &calendar), &whole);
        let (part, rest) = history.split_at(cut.min(history.len()));
        let mut ledger = Ledger::new(&book, &calendar);
        ledger.extend(part);
        let _ = ledger.clocks();
        ledger.extend(rest);
        prop_assert_eq!(&ledger.clocks(), &whole);
        for clock in &whole {
            let _ = clock.timeliness(now);
            prop_assert!(!ledger.derivation(clock.round, clock.stage).is_empty());
            prop_assert_eq!(clock.due.is_none(), clock.hold.is_some_and(|hold| hold.until.is_none()));
        }
    }

    #[test]
    fn no_history_moves_the_first_promise_of_a_stage(at in instants(), rule in rules(), stage in prop::sample::select(&PROCEDURE[..]), history in vec(ops(instants()), 0..30)) {
        let (book, calendar) = (book(), vietnam());
        prop_assume!(book.get(&rule).is_some());
        let started = ClockOp::start(1, stage, at, book.get(&rule).unwrap(), &calendar);
        let first = Ledger::fold([&started], &book, &calendar).remove(0).first_due;
        let clocks = Ledger::fold(std::iter::once(&started).chain(&history), &book, &calendar);
        for clock in clocks.iter().filter(|clock| clock.round == 1 && clock.stage == stage) {
            prop_assert_eq!(clock.first_due, first);
        }
    }

    #[test]
    fn the_promise_holds_for_any_acceptance_in_time(traits in kinds(), received_at in instants(), share in 0_i64..=1_000) {
        let (book, calendar) = (book(), vietnam());
        let on = received_at.day(calendar.zone());
        let promised = promise(&traits, received_at, &book, &calendar).unwrap();
        let intake = book.select(Stage::Intake, &traits, on).unwrap();
        let accept_by = calendar.due(received_at, intake.amount, intake.unit).due_at;
        let span = accept_by.micros() - 1 - received_at.micros();
        let accepted = received_at.plus_micros(span / 1_000 * share);
        if let Some(rule) = book.select(Stage::Resolution, &traits, on) {
            let from = if rule.start_event == StartEvent::Receipt { received_at } else { accepted };
            prop_assert!(calendar.due(from, rule.amount, rule.unit).due_at <= promised.due_at);
        }
    }

    #[test]
    fn pausing_never_shortens(at in instants(), rule in rules(), stated in prop::option::of(0_i64..5_000_000_000_000), cap in prop::option::of(0_i64..5_000_000_000_000), rests in rests()) {
        let (book, calendar) = (book(), vietnam());
        prop_assume!(book.get(&rule).is_some());
        let stage = Stage::Resolution;
        let mut history = vec![match stated {
            Some(micros) => ClockOp::Stated { round: 1, stage, at, due_at: at.plus_micros(micros) },
            None => ClockOp::start(1, stage, at, book.get(&rule).unwrap(), &calendar),
        }];
        if let Some(micros) = cap {
            let from = PetitionId::new(uuid::Uuid::nil());
            history.push(ClockOp::Cap { due_at: at.plus_micros(micros), from, stage: None });
        }
        let due = |history: &[ClockOp]| Ledger::fold(history, &book, &calendar).remove(0).due;
        let mut before = due(&history).unwrap();
        let mut now = at;
        for (runs, rest) in rests {
            now = now.plus_micros(runs);
            history.push(ClockOp::Pause { at: now, until: None });
            let overdue = before.due_at <= now;
            prop_assert_eq!(due(&history), overdue.then_some(before));
            let until = ClockOp::Pause { at: now, until: Some(now.plus_micros(rest)) };
            now = now.plus_micros(rest);
            let itself = [&history[..history.len() - 1], &[until]].concat();
            history.push(ClockOp::Resume { at: now });
            let after = due(&history).unwrap();
            prop_assert!(after.due_at >= before.due_at);
            prop_assert!(!overdue || after == before);
            prop_assert_eq!(due(&itself), Some(after));
            before = after;
        }
    }
}
