//! Worked cases, due dates of the demo petitions, and what each entry does to one clock.

use super::*;
use crate::domain::time::Instant;

fn promised(traits: &Traits, at: &str) -> String {
    promise(traits, local(at), &book(), &vietnam()).unwrap().due_on.to_string()
}

#[test]
fn case_23_a_suspended_complaint_counts_what_was_left() {
    let ops = [
        resolution("2026-08-03 09:00", "complaint-1"),
        pause("2026-08-13 10:00"),
        resume("2026-08-24 15:00"),
    ];
    let paused = only(&ops[..2]);
    assert_eq!(paused.due, None);
    let left = Remaining { amount: 20, minutes: 0, unit: Unit::CalendarDays };
    assert_eq!(paused.hold.unwrap().remaining, left);
    assert_eq!(paused.timeliness(local("2027-01-01 00:00")), Timeliness::Paused);
    let clock = only(&ops);
    assert_eq!(due_on(&clock), "2026-09-14");
    assert_eq!(clock.first_due.due_on, day("2026-09-03"));
    assert_eq!(clock.hold, None);
}

#[test]
fn the_demo_petitions_have_the_dates_written_there() {
    let one = |stage, at, rule| due_on(&only(&[start(1, stage, at, rule)]));
    let intake = |at, rule| one(Stage::Intake, at, rule);
    let resolved = |at, rule| one(Stage::Resolution, at, rule);
    // 1: conference on 12 November, conclusion notice of 17 November.
    assert_eq!(intake("2026-11-12 15:00", "intake"), "2026-11-27");
    assert_eq!(resolved("2026-11-17 00:00", "proposal-dialogue"), "2026-12-17");
    // 2: on Sunday evening by the app.
    let app = only(&[start(1, Stage::Intake, "2026-11-22 21:40", "feedback-app-intake")]);
    assert_eq!(app.due.unwrap().due_at, local("2026-11-23 17:00"));
    let app = only(&[resolution("2026-11-23 08:20", "feedback-app-urgent")]);
    assert_eq!(app.due.unwrap().due_at, local("2026-11-23 13:20"));
    // 3: complaint, then found complex.
    assert_eq!(intake("2026-10-16 09:00", "complaint-intake-2"), "2026-10-27");
    let accepted = resolution("2026-10-23 09:00", "complaint-1");
    assert_eq!(due_on(&only(std::slice::from_ref(&accepted))), "2026-11-23");
    assert_eq!(due_on(&only(&[accepted, extend(45, Some("complaint-1-complex"))])), "2026-12-07");
    // 4: second instance, remote.
    assert_eq!(intake("2026-11-16 09:00", "complaint-intake-2"), "2026-11-26");
    assert_eq!(resolved("2026-11-20 09:00", "complaint-2-remote"), "2027-01-19");
    assert_eq!(resolved("2026-11-20 09:00", "complaint-2-remote-complex"), "2027-01-29");
    // 5: denunciation, extended once and twice.
    assert_eq!(intake("2026-11-17 09:00", "denunciation-intake"), "2026-11-27");
    let accepted = resolution("2026-11-25 09:00", "denunciation");
    let extended = |times: &[u32]| {
        let ops: Vec<ClockOp> = std::iter::once(accepted.clone())
            .chain(times.iter().map(|amount| extend(*amount, None)))
            .collect();
        due_on(&only(&ops))
    };
    assert_eq!(extended(&[]), "2026-12-25");
    assert_eq!(extended(&[60]), "2027-01-25");
    assert_eq!(extended(&[60, 90]), "2027-02-23");
    // 7, 8, 9, 10, 11, 12.
    assert_eq!(resolved("2026-11-06 09:00", "suggestion"), "2026-11-30");
    assert_eq!(one(Stage::Forwarding, "2026-11-20 09:00", "regulation-feedback-forwarding"), "2026-11-30");
    assert_eq!(resolved("2026-11-09 09:00", "proposal-oversight"), "2026-11-25");
    assert_eq!(resolved("2026-10-26 09:00", "proposal-voter"), "2026-12-07");
    assert_eq!(intake("2026-11-18 09:00", "intake"), "2026-12-03");
    assert_eq!(resolved("2026-11-21 23:30", "feedback-noise"), "2026-11-26");
}

#[test]
fn the_promise_uses_every_stage_in_full() {
    let complaint = Traits { instance: Some(1), ..traits(Kind::Complaint) };
    // Accepted on the last day of intake, 27 October, plus 30 days.
    assert_eq!(promised(&complaint, "2026-10-16 09:00"), "2026-11-26");
    // The old regime had ten working days for intake: Mon 1 June to Mon 15 June.
    assert_eq!(promised(&complaint, "2026-06-01 09:00"), "2026-07-15");
    assert_eq!(promised(&traits(Kind::Suggestion), "2026-11-06 09:00"), "2026-11-30");
    let urgent = Traits { channel: Channel::MobileApp, urgency: Urgency::Urgent, ..traits(Kind::Feedback) };
    let due = promise(&urgent, local("2026-11-22 21:40"), &book(), &vietnam()).unwrap();
    assert_eq!(due.due_at, local("2026-11-25 12:00"));
    let only_intake = RuleBook::new(vec![book().get("intake").unwrap().clone()]);
    let due = promise(&urgent, local("2026-11-12 15:00"), &only_intake, &vietnam()).unwrap();
    assert_eq!(due.due_on, day("2026-11-27"));
    assert_eq!(promise(&urgent, local("2026-11-12 15:00"), &RuleBook::default(), &vietnam()), None);
}

#[test]
fn timeliness_turns_at_the_due_instant_and_not_before() {
    let clock = only(&[resolution("2026-10-23 09:00", "complaint-1")]);
    let last = "2026-11-23T23:59:59.999999+07:00".parse().unwrap();
    let midnight = local("2026-11-24 00:00");
    assert_eq!(clock.timeliness(local("2026-10-24 00:00")), Timeliness::OnTrack);
    assert_eq!(clock.timeliness(last), Timeliness::DueSoon);
    assert_eq!(clock.timeliness(midnight), Timeliness::Overdue);
    let resolved = |at: Instant| {
        let ops =
            [resolution("2026-10-23 09:00", "complaint-1"), ClockOp::Meet { stage: Stage::Resolution, at }];
        only(&ops).timeliness(midnight)
    };
    assert_eq!(resolved(last), Timeliness::Met);
    assert_eq!(resolved(midnight), Timeliness::Missed);
    let stopped = only(&[resolution("2026-10-23 09:00", "complaint-1"), stop("2026-12-01 09:00")]);
    assert_eq!(stopped.timeliness(local("2026-12-02 00:00")), Timeliness::None);
}

#[test]
fn due_soon_is_the_last_fifth_of_the_elapsed_time_less_pauses() {
    // From 2 November 00:00 to 23 November 00:00 are 21 days; 10 of them rest: a fifth of 11 days is 2 days 4:48.
    let stated = ClockOp::Stated {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-02 00:00"),
        due_at: local("2026-11-13 00:00"),
    };
    let clock = only(&[stated.clone(), pause("2026-11-05 00:00"), resume("2026-11-15 00:00")]);
    assert_eq!(clock.due.unwrap().due_at, local("2026-11-23 00:00"));
    assert_eq!(clock.due_soon_at, Some(local("2026-11-20 19:12")));
    assert_eq!(clock.timeliness(local("2026-11-20 19:11")), Timeliness::OnTrack);
    assert_eq!(clock.timeliness(local("2026-11-20 19:12")), Timeliness::DueSoon);
    // A rest near the end is passed over when counting back.
    let clock = only(&[stated, pause("2026-11-12 00:00"), resume("2026-11-22 00:00")]);
    assert_eq!(clock.due_soon_at, Some(local("2026-11-10 19:12")));
}

#[test]
fn a_supplement_pause_ends_by_itself() {
    let ops = [
        start(1, Stage::Intake, "2026-11-12 15:00", "intake"),
        pause_until("2026-11-16 09:00", "2026-11-20 00:00"),
    ];
    let clock = only(&ops);
    // Used: 13 and 16 November; eight working days after 20 November.
    assert_eq!(due_on(&clock), "2026-12-03");
    let hold = clock.hold.unwrap();
    assert_eq!(hold.remaining, Remaining { amount: 8, minutes: 0, unit: Unit::WorkingDays });
    assert_eq!(hold.until, Some(local("2026-11-20 00:00")));
    assert_eq!(clock.timeliness(local("2026-11-19 23:59")), Timeliness::Paused);
    assert_eq!(clock.due_as_of(local("2026-11-19 23:59")), None);
    assert_eq!(clock.timeliness(local("2026-11-20 00:00")), Timeliness::OnTrack);
    assert_eq!(clock.due_as_of(local("2026-11-20 00:00")), clock.due);
    // An earlier supplement ends it earlier; a later one changes nothing.
    let with = |at| only(&[ops[0].clone(), ops[1].clone(), resume(at)]);
    assert_eq!(due_on(&with("2026-11-18 09:00")), "2026-12-01");
    assert_eq!(with("2026-11-23 09:00"), clock);
}

#[test]
fn hours_rest_to_the_minute() {
    let ops = [
        resolution("2026-11-23 08:20", "feedback-app-urgent"),
        pause("2026-11-23 09:30"),
        resume("2026-11-25 16:00"),
    ];
    let left = Remaining { amount: 2, minutes: 50, unit: Unit::WorkingHours };
    assert_eq!(only(&ops[..2]).hold.unwrap().remaining, left);
    assert_eq!(only(&ops).due.unwrap().due_at, local("2026-11-26 09:50"));
}

#[test]
fn a_pause_after_the_due_instant_changes_nothing() {
    let started = resolution("2026-10-23 09:00", "complaint-1");
    let plain = only(std::slice::from_ref(&started));
    for at in ["2026-11-24 00:00", "2026-12-01 09:00"] {
        let clock = only(&[started.clone(), pause(at)]);
        assert_eq!(clock, plain);
        assert_eq!(clock.timeliness(local("2026-12-02 00:00")), Timeliness::Overdue);
    }
    let clock = only(&[started, pause("2026-11-23 23:59")]);
    assert_eq!(clock.timeliness(local("2026-12-02 00:00")), Timeliness::Paused);
}

#[test]
fn a_restart_counts_anew_where_the_rule_says_so() {
    let restart = |at: &str| ClockOp::Restart { at: local(at) };
    let anew = [
        resolution("2026-11-02 09:00", "regulation-feedback"),
        pause("2026-11-05 09:00"),
        restart("2026-11-09 09:00"),
    ];
    assert_eq!(due_on(&only(&anew)), "2026-12-01");
    assert_eq!(only(&anew).first_due.due_on, day("2026-11-23"));
    let on = [
        resolution("2026-11-02 09:00", "suggestion"),
        pause("2026-11-05 09:00"),
        restart("2026-11-09 09:00"),
    ];
    assert_eq!(due_on(&only(&on)), "2026-11-26");
    // Lateness is not cured by a supplement.
    let late = [resolution("2026-11-02 09:00", "regulation-feedback"), restart("2026-11-24 00:00")];
    assert_eq!(due_on(&only(&late)), "2026-11-23");
}

#[test]
fn another_rule_counts_from_the_original_start() {
    let select = |rule: &str| ClockOp::Select { stage: Stage::Resolution, rule: rule.into() };
    let clock = only(&[resolution("2026-11-06 09:00", "proposal"), select("feedback")]);
    assert_eq!((due_on(&clock).as_str(), clock.rule.as_deref()), ("2026-11-20", Some("feedback")));
    assert_eq!(clock.first_due.due_on, day("2026-11-30"));
    // The same rule again keeps an extension; a stated date is never re-selected.
    let extended = [resolution("2026-11-06 09:00", "proposal"), extend(30, None), select("proposal")];
    assert_eq!(due_on(&only(&extended)), "2026-12-21");
    let stated = ClockOp::Stated {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-06 09:00"),
        due_at: local("2026-11-10 12:00"),
    };
    let clock = only(&[stated, select("feedback"), extend(30, None)]);
    assert_eq!((due_on(&clock).as_str(), clock.basis), ("2026-11-10", Basis::Stated));
}

#[test]
fn a_withdrawn_stage_keeps_its_first_promise() {
    let ops = [
        resolution("2026-11-06 09:00", "feedback"),
        ClockOp::Withdraw { stage: Stage::Resolution },
        resolution("2026-11-12 09:00", "complaint-1"),
    ];
    assert_eq!(fold(&ops[..2]), []);
    let clock = only(&ops);
    assert_eq!(due_on(&clock), "2026-12-14");
    assert_eq!(clock.first_due.due_on, day("2026-11-20"));
}

#[test]
fn a_decided_day_stands_and_shifts_by_whole_days() {
    let decided = ClockOp::Decided {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-02 09:00"),
        due_on: day("2026-11-14"),
    };
    let clock = only(std::slice::from_ref(&decided));
    assert_eq!(clock.due.unwrap().due_at, local("2026-11-15 00:00"));
    let clock = only(&[decided, pause("2026-11-05 16:00"), resume("2026-11-09 08:00")]);
    assert_eq!((due_on(&clock).as_str(), clock.basis), ("2026-11-18", Basis::Decided));
    let stated = ClockOp::Stated {
        round: 1,
        stage: Stage::Resolution,
        at: local("2026-11-02 09:00"),
        due_at: local("2026-11-14 12:00"),
    };
    let clock = only(&[stated, pause("2026-11-05 16:00"), resume("2026-11-06 08:00")]);
    assert_eq!(clock.due.unwrap().due_at, local("2026-11-15 04:00"));
}

#[test]
fn later_acceptances_change_no_clock() {
    let once = [resolution("2026-10-23 09:00", "complaint-1")];
    let twice = [once[0].clone(), resolution("2026-11-02 09:00", "complaint-1")];
    assert_eq!(fold(&twice), fold(&once));
    let met = [once[0].clone(), meet(Stage::Resolution, "2026-10-30 09:00")];
    let again = [&met[..], &[meet(Stage::Resolution, "2026-12-30 09:00")], &twice[1..]].concat();
    assert_eq!(fold(&again), fold(&met));
}

#[test]
fn a_calendar_loaded_later_moves_the_end_but_not_the_first_promise() {
    let ops = [resolution("2026-12-28 09:00", "suggestion")];
    let before = only(&ops);
    assert!(before.due.unwrap().provisional);
    let holiday = vietnam().with_years([2027]).with_days([(
        day("2027-01-01"),
        crate::domain::calendar::CalendarDay {
            kind: DayKind::Holiday,
            name: "Tết Dương lịch".into(),
            source: "notice".into(),
            confidence: Confidence::Seen,
        },
    )]);
    let after = Ledger::fold(&ops, &book(), &holiday).remove(0);
    assert!(!after.due.unwrap().provisional);
    assert!(after.due.unwrap().due_on > before.due.unwrap().due_on);
    assert_eq!(after.first_due, before.first_due);
}
