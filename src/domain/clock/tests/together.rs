//! Merges and rounds; the derivation and the wire form.

use super::*;
use crate::domain::{calendar::StepCode, time::Day};

#[test]
fn a_merge_reversal_goes_on_as_if_nothing_had_happened() {
    let running = [
        start(1, Stage::Intake, "2026-11-02 09:00", "intake"),
        resolution("2026-11-02 09:00", "suggestion"),
        meet(Stage::Intake, "2026-11-03 09:00"),
        pause_until("2026-11-04 09:00", "2026-11-10 00:00"),
    ];
    let ops = [&running[..], &[stop("2026-11-06 09:00"), ClockOp::Unstop]].concat();
    assert_eq!(fold(&ops), fold(&running));
    let stopped = fold(&ops[..5]);
    assert_eq!(stopped[0].status, ClockStatus::Met);
    assert_eq!(stopped[1].status, ClockStatus::Stopped);
    assert_eq!(stopped[1].hold, None);
}

#[test]
fn a_survivor_takes_the_earlier_end_until_the_merge_is_reversed() {
    let own = resolution("2026-11-02 09:00", "suggestion");
    let cap = |due: &str, from| ClockOp::Cap { due_at: local(due), from: petition(from), stage: None };
    let uncap = |from| ClockOp::Uncap { from: petition(from) };
    let base = only(std::slice::from_ref(&own));
    assert_eq!(due_on(&base), "2026-11-23");
    assert_eq!(only(&[own.clone(), cap("2026-12-01 00:00", 1)]).due, base.due);
    let ops = [own, cap("2026-11-18 00:00", 1), cap("2026-11-16 00:00", 2), uncap(2), uncap(1)];
    assert_eq!(due_on(&only(&ops[..2])), "2026-11-17");
    assert_eq!(due_on(&only(&ops[..3])), "2026-11-15");
    assert_eq!(due_on(&only(&ops[..4])), "2026-11-17");
    assert_eq!(only(&ops), base);
    // What was taken over shifts by later pauses; once it has passed, a pause changes nothing.
    let rest = |at, to| only(&[ops[0].clone(), ops[1].clone(), pause(at), resume(to)]);
    assert_eq!(due_on(&rest("2026-11-10 09:00", "2026-11-12 09:00")), "2026-11-19");
    assert_eq!(due_on(&rest("2026-11-18 00:00", "2026-11-20 09:00")), "2026-11-17");
}

#[test]
fn a_new_round_leaves_the_first_as_it_was() {
    let first = [
        start(1, Stage::Intake, "2026-10-01 09:00", "intake"),
        resolution("2026-10-01 09:00", "suggestion"),
        meet(Stage::Intake, "2026-10-05 09:00"),
        meet(Stage::Resolution, "2026-10-12 09:00"),
        start(1, Stage::Reconsideration, "2026-10-20 09:00", "reconsideration"),
    ];
    let reopened = [
        start(2, Stage::Resolution, "2026-10-26 09:00", "suggestion"),
        meet(Stage::Reconsideration, "2026-10-26 09:00"),
        pause("2026-10-28 09:00"),
        stop("2026-10-30 09:00"),
    ];
    let clocks = fold(&[&first[..], &reopened[..]].concat());
    assert_eq!(clocks[..2], fold(&first)[..2]);
    assert_eq!(clocks[2].timeliness(local("2026-11-01 00:00")), Timeliness::Met);
    assert_eq!(current(&clocks, 2).map(|clock| clock.status), Some(ClockStatus::Stopped));
    assert_eq!(current(&clocks, 1), Some(&clocks[1]));
    assert_eq!(current(&clocks, 3), None);
}

#[test]
fn a_derivation_tells_rule_start_pause_extension_and_end() {
    let ops = [
        resolution("2026-08-03 09:00", "complaint-1"),
        pause("2026-08-13 10:00"),
        resume("2026-08-24 15:00"),
        extend(45, Some("complaint-1-complex")),
    ];
    let told = |ops: &[ClockOp]| -> Vec<(StepCode, Day)> {
        Ledger::explain(ops, &book(), &vietnam(), 1, Stage::Resolution)
            .into_iter()
            .map(|step| (step.code, step.day))
            .collect()
    };
    assert_eq!(
        told(&ops[..3]),
        [
            (StepCode::Basis, day("2026-08-03")),
            (StepCode::Start, day("2026-08-03")),
            (StepCode::Pause, day("2026-08-13")),
            (StepCode::Resume, day("2026-08-24")),
            (StepCode::Skipped, day("2026-09-13")),
            (StepCode::Roll, day("2026-09-13")),
            (StepCode::End, day("2026-09-14")),
        ]
    );
    assert_eq!(told(&ops)[2].0, StepCode::Extension);
    assert_eq!(told(&ops).last(), Some(&(StepCode::End, day("2026-09-28"))));
    let steps = Ledger::explain(&ops[..3], &book(), &vietnam(), 1, Stage::Resolution);
    assert_eq!(steps[2].words.vi, "Tạm dừng từ thứ Năm 13/08/2026; còn 20 ngày.");
    assert_eq!(steps[2].words.en, "Paused from Thu 13 Aug 2026; 20 days left.");
    assert_eq!(told(&ops[1..]), []);
}

#[test]
fn the_wire_form_is_stable() {
    let started = resolution("2026-10-23 09:00", "complaint-1");
    for (op, wire) in [
        (
            started,
            r#"{"op":"start","round":1,"stage":"resolution","at":"2026-10-23T02:00:00Z","rule":"complaint-1","first_due":{"due_on":"2026-11-23","due_at":"2026-11-23T17:00:00Z","provisional":false}}"#,
        ),
        (pause("2026-11-02 09:00"), r#"{"op":"pause","at":"2026-11-02T02:00:00Z"}"#),
        (
            ClockOp::Stop { at: local("2026-11-02 09:00"), stages: Some(vec![Stage::Delivery]) },
            r#"{"op":"stop","at":"2026-11-02T02:00:00Z","stages":["delivery"]}"#,
        ),
        (ClockOp::Unstop, r#"{"op":"unstop"}"#),
        (
            ClockOp::Uncap { from: petition(1) },
            r#"{"op":"uncap","from":"00000000-0000-0000-0000-000000000001"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&op).unwrap(), wire);
        assert_eq!(serde_json::from_str::<ClockOp>(wire).unwrap(), op);
    }
}
