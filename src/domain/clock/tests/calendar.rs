//! A calendar that changes: what moves, what stays, and what an old fold still says.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::{
    calendar::{Calendar, CalendarDay, Revision, Season, StepCode},
    id::AgencyId,
    time::{Day, Instant},
};

fn rest(name: &str) -> CalendarDay {
    CalendarDay {
        kind: DayKind::Holiday,
        name: name.into(),
        source: "notice".into(),
        confidence: Confidence::Seen,
    }
}

/// The calendar after a change of some days.
pub(super) fn changed(calendar: &Calendar, days: &[(&str, bool)]) -> Calendar {
    let day = |(text, rests): &(&str, bool)| (day(text), rests.then(|| rest("Nghỉ thêm")));
    let revision = Revision { days: days.iter().map(day).collect(), ..Revision::default() };
    calendar.followed_by(local("2026-11-23 14:00"), revision)
}

pub(super) fn recalculated(version: u32) -> ClockOp {
    ClockOp::Recalculate { calendar: version, at: local("2026-11-23 14:00") }
}

fn folded(ops: &[ClockOp], calendar: &Calendar) -> Clock {
    Ledger::fold(ops, &book(), calendar).remove(0)
}

#[test]
fn a_changed_calendar_moves_nothing_until_an_event_says_so() {
    // Fri 20 Nov 2026 + 10 working days is Fri 4 Dec: 24 Nov rests.
    let ops = [resolution("2026-11-20 09:00", "feedback")];
    let next = changed(&vietnam(), &[("2026-12-02", true)]);
    let before = only(&ops);
    assert_eq!(folded(&ops, &next), before);
    let after = folded(&[ops[0].clone(), recalculated(2)], &next);
    assert_eq!(due_on(&before), "2026-12-07");
    assert_eq!(due_on(&after), "2026-12-08");
    assert_eq!(after.first_due, before.first_due);
    // What was known before is still told as it was.
    let told = |ops: &[ClockOp]| Ledger::explain(ops, &book(), &next, 1, Stage::Resolution);
    assert_eq!(told(&ops), Ledger::explain(&ops, &book(), &vietnam(), 1, Stage::Resolution));
    let anew = told(&[ops[0].clone(), recalculated(2)]);
    assert!(anew.iter().any(|step| step.code == StepCode::Calendar));
    assert!(anew.iter().any(|step| step.code == StepCode::Skipped && step.day == day("2026-12-02")));
}

#[test]
fn what_is_met_stopped_past_or_given_stays() {
    let next = changed(&vietnam(), &[("2026-11-25", true), ("2026-11-26", true), ("2026-11-18", true)]);
    let begun = resolution("2026-11-13 09:00", "feedback");
    let stated = ClockOp::Stated {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-13 09:00"),
        due_at: local("2026-11-30 17:00"),
    };
    let decided = ClockOp::Decided {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-13 09:00"),
        due_on: day("2026-11-30"),
    };
    // Mon 2 Nov + 10 working days was due on 16 Nov.
    let past = resolution("2026-11-02 09:00", "feedback");
    for ops in [
        vec![begun.clone(), meet(Stage::Resolution, "2026-11-20 09:00")],
        vec![begun.clone(), stop("2026-11-20 09:00")],
        vec![stated],
        vec![decided],
        vec![past],
    ] {
        let moved = moves(&ops, &book(), &next, 2, local("2026-11-23 14:00"));
        assert!(moved.is_empty(), "{ops:?}");
        let before = only(&ops);
        assert_eq!(folded(&[ops, vec![recalculated(2)]].concat(), &next), before);
    }
    assert_eq!(moves(&[begun], &book(), &next, 2, local("2026-11-23 14:00")).len(), 1);
}

#[test]
fn a_clock_that_goes_on_is_as_if_it_had_never_stopped() {
    let next = changed(&vietnam(), &[("2026-12-02", true)]);
    let begun = resolution("2026-11-20 09:00", "feedback");
    let running = folded(&[begun.clone(), recalculated(2)], &next);
    let stopped = folded(&[begun, stop("2026-11-21 09:00"), recalculated(2), ClockOp::Unstop], &next);
    assert_eq!(running, stopped);
}

#[test]
fn a_rest_takes_the_new_calendar_along() {
    let next = changed(&vietnam(), &[("2026-11-25", true)]);
    let ops = vec![resolution("2026-11-20 09:00", "feedback"), pause("2026-11-26 09:00")];
    let moved = moves(&ops, &book(), &next, 2, local("2026-11-26 14:00"));
    assert_eq!(moved, [Move { round: 1, stage: Stage::Resolution, from: None, to: None }]);
    let entries = brought_up(&ops, vec![resume("2026-11-30 09:00")], 2, local("2026-11-30 09:00"));
    assert!(matches!(entries[0], ClockOp::Recalculate { calendar: 2, .. }));
    let with = folded(&[ops.clone(), entries].concat(), &next);
    let without = folded(&[ops, vec![resume("2026-11-30 09:00")]].concat(), &next);
    assert_eq!(with.due.unwrap().due_on, without.due.unwrap().due_on.plus_days(1));
}

#[test]
fn entries_come_to_the_newest_calendar_first_and_once() {
    let stated = ClockOp::Stated {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-20 09:00"),
        due_at: local("2026-11-30 17:00"),
    };
    let at = local("2026-11-23 14:00");
    assert_eq!(brought_up(&[], vec![stated.clone()], 3, at), [stated]);
    assert_eq!(brought_up(&[], Vec::new(), 3, at), []);
    let first = brought_up(&[], vec![resolution("2026-11-23 14:00", "feedback")], 3, at);
    assert_eq!(calendar_version(&first), 3);
    assert_eq!(brought_up(&first, vec![stop("2026-11-24 09:00")], 3, at), [stop("2026-11-24 09:00")]);
    assert_eq!(brought_up(&[], vec![stop("2026-11-24 09:00")], 1, at), [stop("2026-11-24 09:00")]);
}

#[test]
fn loading_a_year_ends_what_was_provisional() {
    let ops = [resolution("2026-12-28 09:00", "feedback")];
    assert!(only(&ops).due.unwrap().provisional);
    let next = vietnam().followed_by(
        local("2026-12-28 10:00"),
        Revision {
            days: vec![(day("2027-01-01"), Some(rest("Tết Dương lịch")))],
            years: vec![2027],
            ..Revision::default()
        },
    );
    let moved = moves(&ops, &book(), &next, 2, local("2026-12-28 10:00"));
    let (from, to) = (moved[0].from.unwrap(), moved[0].to.unwrap());
    assert!(from.provisional && !to.provisional);
    assert_eq!((from.due_on, to.due_on), (day("2027-01-11"), day("2027-01-12")));
}

#[test]
fn office_hours_count_where_the_clock_began_and_after_a_transfer_too() {
    let (city, ward) = (AgencyId::new(uuid::Uuid::from_u128(1)), AgencyId::new(uuid::Uuid::from_u128(2)));
    let time = |hour| jiff::civil::Time::constant(hour, 0, 0, 0);
    let season = Season {
        agency: city,
        depth: 0,
        from: day("2026-11-01"),
        to: Some(day("2026-11-25")),
        sessions: vec![(time(7), time(11))],
        source: "QĐ 1".into(),
    };
    let revision = Revision { seasons: vec![season], ..Revision::default() };
    let calendar = vietnam().followed_by(local("2026-11-01 08:00"), revision);
    let rule = book().get("feedback-app-intake").unwrap().clone();
    // Mon 23 Nov 08:00: three hours that day, none on the 24th, five on the 25th with the general hours.
    let lined = calendar.at(&[ward, city]);
    let begun = ClockOp::start(1, Stage::Intake, local("2026-11-23 08:00"), &rule, &lined);
    let ops = [recalculated(2), begun];
    let clock = folded(&ops, &calendar);
    assert_eq!(clock.due.unwrap().due_at, local("2026-11-25 14:00"));
    assert_eq!(clock.due, Some(clock.first_due));
    let steps = Ledger::explain(&ops, &book(), &calendar, 1, Stage::Intake);
    assert!(steps.iter().any(|step| step.code == StepCode::OfficeHours));
    let general =
        [recalculated(2), ClockOp::start(1, Stage::Intake, local("2026-11-23 08:00"), &rule, &calendar)];
    assert_eq!(folded(&general, &calendar).due.unwrap().due_at, local("2026-11-23 17:00"));
}

/// A change of a few days around the end of 2026.
fn days() -> impl Strategy<Value = Vec<Day>> {
    vec((0_i64..60).prop_map(|days| day("2026-11-20").plus_days(days)), 1..4)
}
fn starts() -> impl Strategy<Value = Instant> {
    (0_i64..2_500_000).prop_map(|seconds| local("2026-11-02 09:00").plus_micros(seconds * 1_000_000))
}

proptest! {
    #[test]
    fn a_change_taken_back_returns_every_deadline(at in starts(), rule in prop::sample::select(vec!["feedback", "proposal-voter", "feedback-app-urgent"]), days in days()) {
        let (book, first) = (book(), vietnam());
        let now = local("2026-11-23 14:00");
        let added = days.iter().map(|day| (*day, Some(rest("Nghỉ")))).collect();
        let second = first.followed_by(now, Revision { days: added, ..Revision::default() });
        let former = days.iter().map(|day| (*day, first.entry(*day).cloned())).collect();
        let third = second.followed_by(now, Revision { days: former, ..Revision::default() });
        let begun = ClockOp::start(1, Stage::Resolution, at, book.get(rule).unwrap(), &first);
        let clock = |ops: &[ClockOp]| Ledger::fold(ops, &book, &third).remove(0);
        let before = clock(std::slice::from_ref(&begun));
        let there = clock(&[begun.clone(), recalculated(2)]);
        let back = clock(&[begun.clone(), recalculated(2), recalculated(3)]);
        prop_assert_eq!(there.first_due, before.first_due);
        prop_assert_eq!(&back, &before);
        // Only what spans a changed day moves, and rest days alone never shorten.
        let span = at.day(first.zone())..=before.due.unwrap().due_on;
        if !days.iter().any(|day| span.contains(day)) {
            prop_assert_eq!(&there, &before);
        }
        prop_assert!(there.due.unwrap().due_at >= before.due.unwrap().due_at || days.iter().any(|day| first.entry(*day).is_some()));
    }

    #[test]
    fn hours_that_never_change_count_as_the_general_ones(start in starts(), amount in 0_u32..200, border in 0_i64..80, span in 1_i64..80) {
        let office = AgencyId::new(uuid::Uuid::from_u128(7));
        let first = vietnam();
        let from = day("2026-10-20").plus_days(border);
        let season = Season { agency: office, depth: 0, from, to: Some(from.plus_days(span)), sessions: first.sessions(from).to_vec(), source: "QĐ".into() };
        let same = first.followed_by(start, Revision { seasons: vec![season.clone()], ..Revision::default() }).at(&[office]);
        prop_assert_eq!(first.due(start, amount, Unit::WorkingHours), same.due(start, amount, Unit::WorkingHours));
        let short = vec![(jiff::civil::Time::constant(8, 0, 0, 0), jiff::civil::Time::constant(10, 0, 0, 0))];
        let shorter = first.followed_by(start, Revision { seasons: vec![Season { sessions: short, ..season }], ..Revision::default() }).at(&[office]);
        let due = shorter.due(start, amount, Unit::WorkingHours);
        prop_assert!(due.due_at >= first.due(start, amount, Unit::WorkingHours).due_at || amount == 0);
        if amount > 0 {
            let used = shorter.working_micros_between(start, due.due_at);
            prop_assert_eq!(used, i64::from(amount) * 3_600_000_000);
        }
    }
}
