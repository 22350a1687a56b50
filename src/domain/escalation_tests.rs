//! What a day at the desks brings, and that no run of days brings more.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    calendar::{
        Revision, Season,
        tests::{day, local, vietnam},
    },
    clock::ClockOp,
    decide::story_of,
    rule::tests::rule,
    vocabulary::{Kind, StartEvent, State},
};

fn book() -> RuleBook {
    let done = rule("proposal", Stage::Resolution, StartEvent::Receipt, 15, Unit::WorkingDays);
    RuleBook::new(vec![rule("intake", Stage::Intake, StartEvent::Receipt, 10, Unit::WorkingDays), done])
}

fn threshold(code: &str, level: ReminderLevel, anchor: Anchor, amount: u32) -> Threshold {
    Threshold {
        code: code.to_owned(),
        stage: Some(Stage::Resolution),
        level,
        anchor,
        amount,
        unit: (anchor != Anchor::ShareUsed).then_some(Unit::WorkingDays),
        legal_basis: "policy".to_owned(),
        effective_from: None,
        effective_to: None,
    }
}

fn thresholds() -> Vec<Threshold> {
    vec![
        threshold("person", ReminderLevel::Person, Anchor::ShareUsed, 80),
        threshold("head", ReminderLevel::Head, Anchor::AfterDue, 0),
        threshold("superior", ReminderLevel::Superior, Anchor::AfterDue, 2),
    ]
}

/// Received on Monday 2 November 2026, 09:00: due at the end of Monday the 23rd, before a holiday.
fn case(more: &[ClockOp]) -> Case {
    let mut case = story_of(Kind::Proposal);
    let intake = ClockOp::Meet { stage: Stage::Intake, at: local("2026-11-03 09:00") };
    case.clock_ops.extend(std::iter::once(intake).chain(more.iter().cloned()));
    case
}

/// Each level with the moment at which it may hear.
fn moments(case: &Case) -> Vec<(&'static str, Instant)> {
    let calendar = vietnam();
    let all = pending(case, &thresholds(), &book(), &calendar);
    all.iter().map(|reminder| (reminder.level.as_str(), reminder.deliverable_at(&calendar))).collect()
}

#[test]
fn levels_climb_inside_working_hours() {
    // 80 % of 2 November 09:00 to 24 November 00:00 end on the 19th at 16:12; the 24th is a holiday.
    let expected = [
        ("person", local("2026-11-19 16:12")),
        ("head", local("2026-11-25 08:00")),
        ("superior", local("2026-11-27 08:00")),
    ];
    assert_eq!(moments(&case(&[])), expected);
}

#[test]
fn forty_five_days_after_the_receipt_are_never_before_the_due_instant() {
    let mut alarm = threshold("alarm", ReminderLevel::Superior, Anchor::AfterStart, 45);
    alarm.unit = Some(Unit::CalendarDays);
    let calendar = vietnam();
    let moment = |case: &Case| next_look(case, std::slice::from_ref(&alarm), &book(), &calendar).unwrap();
    assert_eq!(moment(&case(&[])), local("2026-12-17 09:00"));
    let pause = ClockOp::Pause { at: local("2026-11-18 10:00"), until: None };
    let long = case(&[pause, ClockOp::Resume { at: local("2026-12-28 10:00") }]);
    // Three working days were left: the 29th, the 30th and the 31st.
    assert_eq!(moment(&long), local("2027-01-01 08:00"));
}

#[test]
fn a_rest_waits_and_shifts_what_comes_after() {
    let pause = |at, until: Option<&str>| ClockOp::Pause { at: local(at), until: until.map(local) };
    assert_eq!(moments(&case(&[pause("2026-11-18 10:00", None)])), []);
    let resumed = [pause("2026-11-18 10:00", None), ClockOp::Resume { at: local("2026-11-20 10:00") }];
    assert_eq!(moments(&case(&resumed))[1], ("head", local("2026-11-27 08:00")));
    // Until Wednesday the 25th at 10:00 by itself: nobody hears meanwhile.
    let until = case(&[pause("2026-11-20 09:00", Some("2026-11-25 10:00"))]);
    let calendar = vietnam();
    let person = &pending(&until, &thresholds(), &book(), &calendar)[0];
    assert!(!person.is_due(&calendar, local("2026-11-20 10:00")), "it rests");
    assert!(
        person.deliverable_at(&calendar) >= local("2026-11-25 10:00")
            || person.reached_at < local("2026-11-20 09:00")
    );
    // A pause after the due instant changes nothing.
    assert_eq!(moments(&case(&[pause("2026-11-25 07:00", None)])), moments(&case(&[])));
}

#[test]
fn an_agency_hears_in_its_own_hours() {
    let time = |text: &str| text.parse().unwrap();
    let office = AgencyId::new(uuid::Uuid::from_u128(7));
    let season = Season {
        agency: office,
        depth: 0,
        from: day("2026-01-01"),
        to: None,
        sessions: vec![(time("06:30"), time("10:00")), (time("13:00"), time("16:30"))],
        source: "QĐ 12/QĐ-UBND".to_owned(),
    };
    let calendar = vietnam()
        .followed_by(local("2026-01-01 00:00"), Revision { seasons: vec![season], ..Revision::default() });
    let told = |case: &Case| -> Vec<Instant> {
        let all = pending(case, &thresholds(), &book(), &calendar);
        all.iter().map(|reminder| reminder.deliverable_at(&calendar)).collect()
    };
    let general = case(&[]);
    let mut own = case(&[]);
    for op in &mut own.clock_ops {
        if let ClockOp::Start { offices, .. } = op {
            offices.push(office);
        }
    }
    // The head and the superior hear when their own desk opens; the share of the time is used at noon all the same.
    assert_eq!(told(&general)[1..], [local("2026-11-25 08:00"), local("2026-11-27 08:00")]);
    assert_eq!(told(&own)[1..], [local("2026-11-25 06:30"), local("2026-11-27 06:30")]);
    let early = &pending(&own, &thresholds(), &book(), &calendar)[1];
    assert!(early.is_due(&calendar, local("2026-11-25 06:45")));
    assert!(!early.is_due(&calendar, local("2026-11-25 11:00")), "the desk is closed");
}

#[test]
fn what_is_met_stopped_over_or_backfill_reminds_nobody() {
    let (met, at) = (Stage::Resolution, local("2026-11-10 09:00"));
    assert_eq!(moments(&case(&[ClockOp::Meet { stage: met, at }])), []);
    assert_eq!(moments(&case(&[ClockOp::Stop { at, stages: None }])), []);
    assert_eq!(moments(&Case { state: State::Answered, ..case(&[]) }), []);
    assert_eq!(moments(&Case { provenance: Provenance::Imported, ..case(&[]) }), []);
    let reminded = vec![(1, Stage::Resolution, ReminderLevel::Person)];
    assert_eq!(moments(&Case { reminded, ..case(&[]) })[0].0, "head");
}

#[test]
fn the_version_in_force_at_the_start_counts() {
    let [mut old, mut new] = [
        threshold("old", ReminderLevel::Person, Anchor::BeforeDue, 1),
        threshold("new", ReminderLevel::Person, Anchor::BeforeDue, 5),
    ];
    old.effective_to = Some(day("2026-11-02"));
    new.effective_from = Some(day("2026-11-02"));
    let found = pending(&case(&[]), &[old, new], &book(), &vietnam());
    assert_eq!(found.iter().map(|reminder| reminder.threshold.as_str()).collect::<Vec<_>>(), ["new"]);
}

#[test]
fn overlaps_and_what_cannot_be_are_refused() {
    let codes = |one: &Threshold, others: &[Threshold]| match one.check(others) {
        Ok(()) => Vec::new(),
        Err(Refusal::Invalid(errors)) => {
            errors.into_iter().map(|error| (error.pointer, error.code)).collect()
        }
        Err(other) => panic!("{other:?}"),
    };
    let one = threshold("one", ReminderLevel::Head, Anchor::AfterDue, 0);
    let any = Threshold { stage: None, code: "any".to_owned(), ..one.clone() };
    let overlaps = vec![("/effective_from".to_owned(), "overlaps")];
    assert_eq!(codes(&one, std::slice::from_ref(&any)), overlaps);
    assert_eq!(codes(&one, &[Threshold { level: ReminderLevel::Person, ..any.clone() }]), []);
    assert_eq!(codes(&one, &[Threshold { stage: Some(Stage::Intake), ..any.clone() }]), []);
    let until = |to| Threshold { effective_to: Some(day(to)), ..any.clone() };
    let from = |from| Threshold { effective_from: Some(day(from)), ..one.clone() };
    assert_eq!(codes(&from("2026-12-01"), &[until("2026-12-01")]), []);
    assert_eq!(codes(&from("2026-12-01"), &[until("2026-12-02")]), overlaps);
    let share =
        Threshold { anchor: Anchor::ShareUsed, amount: 100, stage: Some(Stage::Delivery), ..one.clone() };
    let wrong = ["/stage", "/unit", "/amount"];
    assert_eq!(codes(&share, &[]).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), wrong);
}

proptest! {
    /// A job that runs at any moments, over pauses and long holidays, reminds each level of each clock once at most, in
    /// working hours only, and in the end everybody.
    #[test]
    fn once_and_in_working_hours(
        mut looks in prop::collection::vec(0i64..90 * 24 * 60, 1..200),
        pauses in prop::collection::vec((0i64..30 * 24 * 60, 0i64..10 * 24 * 60), 0..3),
        holidays in 0i64..40,
    ) {
        use crate::domain::{calendar::CalendarDay, vocabulary::{Confidence, DayKind}};
        let rest = CalendarDay { kind: DayKind::Holiday, name: String::new(), source: String::new(), confidence: Confidence::Seen };
        let days = (0..holidays).map(|number| (day("2026-11-20").plus_days(number), rest.clone()));
        let calendar = vietnam().with_days(days);
        let begin = local("2026-11-02 09:00");
        let at = |minutes: i64| begin.plus_micros(minutes * 60_000_000);
        let mut ops = Vec::new();
        let mut last = 0;
        for (after, length) in pauses {
            ops.push(ClockOp::Pause { at: at(last + after), until: None });
            ops.push(ClockOp::Resume { at: at(last + after + length) });
            last += after + length;
        }
        let mut case = case(&[]);
        let (mut told, mut waiting) = (Vec::new(), Vec::new());
        looks.sort_unstable();
        for now in looks.into_iter().map(at) {
            while ops.first().is_some_and(|op| matches!(op, ClockOp::Pause { at, .. } | ClockOp::Resume { at } if *at <= now)) {
                case.clock_ops.push(ops.remove(0));
                waiting.clear();
            }
            let pending = pending(&case, &thresholds(), &book(), &calendar);
            for reminder in &pending {
                let key = (1, reminder.stage, reminder.level);
                let due = reminder.is_due(&calendar, now);
                // What was reached stays reached: it only waits for the desks to open.
                prop_assert!(due || !waiting.contains(&key) || !calendar.is_open(now));
                if reminder.reached_at <= now {
                    waiting.push(key);
                }
                if due {
                    prop_assert!(calendar.is_open(now) && reminder.reached_at <= now);
                    prop_assert!(!told.contains(&key), "{:?} twice", key);
                    told.push(key);
                    case.reminded.push(key);
                }
            }
        }
        case.clock_ops.append(&mut ops);
        let rest = pending(&case, &thresholds(), &book(), &calendar);
        prop_assert_eq!(told.len() + rest.len(), 3);
    }
}
