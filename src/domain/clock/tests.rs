//! The worked cases of the field, and what each entry of the ledger does.

mod calendar;
mod cases;
mod gained;
mod history;
mod together;

use super::*;
use crate::domain::{
    calendar::tests::{day, local, vietnam},
    id::PetitionId,
    rule::{
        Rule, RuleBook, Traits,
        tests::{rule, traits},
    },
    vocabulary::*,
};

/// The rules the demo petitions and the cases need; the seed holds them all.
fn book() -> RuleBook {
    use StartEvent::{Acceptance, BasisDocument, Receipt};
    use Unit::{CalendarDays, WorkingDays, WorkingHours};
    let of = |kind, rule: Rule| Rule { kind: Some(kind), ..rule };
    let intake = |id, amount, unit| rule(id, Stage::Intake, Receipt, amount, unit);
    let done = |id, from, amount, unit| rule(id, Stage::Resolution, from, amount, unit);
    let complaint =
        |instance, rule: Rule| Rule { kind: Some(Kind::Complaint), instance: Some(instance), ..rule };
    let complex = |rule: Rule| Rule { complexity: Some(Complexity::Complex), ..rule };
    let remote = |rule: Rule| Rule { remote_area: Some(true), ..rule };
    let app = |rule: Rule| Rule { kind: Some(Kind::Feedback), channel: Some(Channel::MobileApp), ..rule };
    let via = |channel, rule: Rule| Rule { channel: Some(channel), ..of(Kind::Proposal, rule) };
    let law = Some(day("2026-07-01"));
    RuleBook::new(vec![
        intake("intake", 10, WorkingDays),
        Rule { effective_to: law, ..of(Kind::Complaint, intake("complaint-intake-1", 10, WorkingDays)) },
        Rule { effective_from: law, ..of(Kind::Complaint, intake("complaint-intake-2", 7, WorkingDays)) },
        of(Kind::Denunciation, intake("denunciation-intake", 7, WorkingDays)),
        app(intake("feedback-app-intake", 8, WorkingHours)),
        Rule { ceiling: Some(30), ..of(Kind::Proposal, done("proposal", Receipt, 15, WorkingDays)) },
        via(Channel::DialogueConference, done("proposal-dialogue", BasisDocument, 30, CalendarDays)),
        via(Channel::VoterContact, done("proposal-voter", Receipt, 40, CalendarDays)),
        via(Channel::OversightBoard, done("proposal-oversight", Receipt, 15, CalendarDays)),
        of(Kind::Feedback, done("feedback", Receipt, 10, WorkingDays)),
        Rule {
            field_code: Some("noise".into()),
            urgency: Some(Urgency::Normal),
            ..of(Kind::Feedback, done("feedback-noise", Receipt, 3, WorkingDays))
        },
        Rule {
            urgency: Some(Urgency::Urgent),
            ..app(done("feedback-app-urgent", Acceptance, 4, WorkingHours))
        },
        of(Kind::Suggestion, done("suggestion", Receipt, 15, WorkingDays)),
        Rule {
            on_supplement: OnSupplement::Restart,
            ..of(Kind::RegulationFeedback, done("regulation-feedback", Receipt, 15, WorkingDays))
        },
        complaint(1, done("complaint-1", Acceptance, 30, CalendarDays)),
        complex(complaint(1, done("complaint-1-complex", Acceptance, 45, CalendarDays))),
        remote(complaint(2, done("complaint-2-remote", Acceptance, 60, CalendarDays))),
        complex(remote(complaint(2, done("complaint-2-remote-complex", Acceptance, 70, CalendarDays)))),
        of(Kind::Denunciation, done("denunciation", Acceptance, 30, CalendarDays)),
        of(
            Kind::RegulationFeedback,
            rule("regulation-feedback-forwarding", Stage::Forwarding, Receipt, 5, WorkingDays),
        ),
        rule("reconsideration", Stage::Reconsideration, StartEvent::Request, 10, WorkingDays),
    ])
}

fn start(round: u32, stage: Stage, at: &str, rule: &str) -> ClockOp {
    ClockOp::start(round, stage, local(at), book().get(rule).unwrap(), &vietnam())
}
fn pause(at: &str) -> ClockOp {
    ClockOp::Pause { at: local(at), until: None }
}
fn pause_until(at: &str, until: &str) -> ClockOp {
    ClockOp::Pause { at: local(at), until: Some(local(until)) }
}
fn resume(at: &str) -> ClockOp {
    ClockOp::Resume { at: local(at) }
}
fn fold(ops: &[ClockOp]) -> Vec<Clock> {
    Ledger::fold(ops, &book(), &vietnam())
}
/// The only clock of a history.
fn only(ops: &[ClockOp]) -> Clock {
    let mut clocks = fold(ops);
    assert_eq!(clocks.len(), 1);
    clocks.remove(0)
}
fn due_on(clock: &Clock) -> String {
    clock.due.unwrap().due_on.to_string()
}
fn resolution(at: &str, rule: &str) -> ClockOp {
    start(1, Stage::Resolution, at, rule)
}
fn extend(amount: u32, rule: Option<&str>) -> ClockOp {
    ClockOp::Extend { stage: Stage::Resolution, amount, rule: rule.map(str::to_owned) }
}
fn meet(stage: Stage, at: &str) -> ClockOp {
    ClockOp::Meet { stage, at: local(at) }
}
fn stop(at: &str) -> ClockOp {
    ClockOp::Stop { at: local(at), stages: None }
}
fn petition(number: u128) -> PetitionId {
    PetitionId::new(uuid::Uuid::from_u128(number))
}
