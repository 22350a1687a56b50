use super::*;

fn request() -> ReconsiderationRequest {
    ReconsiderationRequest { reason: text("Chưa đúng ý") }
}
fn refusal() -> ReconsiderationDecision {
    ReconsiderationDecision { reasons: text("Đã trả lời đủ") }
}
fn reopening() -> Reopening {
    Reopening { reason: text("Tình tiết mới") }
}
fn rejection(ground: Ground) -> Rejection {
    Rejection { ground, explanation: text("Vì"), guided_to: None }
}
fn withdrawal(people: Option<u32>) -> Withdrawal {
    Withdrawal { reason: text("Thôi"), people }
}

#[test]
fn who_is_not_competent_says_who_is() {
    let story = Story::of(Kind::Proposal);
    story.check(Role::Intake, rejection(Ground::NotCompetent), "/guided_to required");
    story.check(Role::Intake, rejection(Ground::Abusive), "done");
    story.check(Role::Approver, rejection(Ground::Abusive), "illegal");
    let assigned = Story::reaching(Kind::Proposal, State::Assigned);
    assigned.check(Role::Intake, rejection(Ground::Abusive), "illegal");
    assigned.check(Role::Approver, rejection(Ground::Abusive), "done");
}

#[test]
fn each_end_meets_or_stops_its_clocks() {
    use ClockStatus::{Met, Stopped};
    let forwarding = || Forwarding { receiving_body: text("Bộ"), document: document() };
    let filing = || Filing { ground: Ground::Unsigned, explanation: None };
    let ground = TerminationGround::NoLongerRelevant;
    let termination = || Termination { ground, explanation: None, document: document() };
    let ends: [(Role, Act, ClockStatus, ClockStatus); 4] = [
        (Role::Intake, rejection(Ground::Abusive).into(), Met, Stopped),
        (Role::Intake, filing().into(), Met, Stopped),
        (Role::Intake, forwarding().into(), Met, Met),
        (Role::Approver, termination().into(), Stopped, Stopped),
    ];
    for (role, act, intake, forwarded) in ends {
        let name = act.name();
        let mut story = Story::of(Kind::Denunciation);
        story.does(role, act);
        let status = |stage| story.clock(stage).unwrap().status;
        assert_eq!((status(Stage::Intake), status(Stage::Forwarding)), (intake, forwarded), "{name}");
    }
}

#[test]
fn a_request_holds_the_closing_back() {
    let mut story = Story::reaching(Kind::Proposal, State::Answered);
    story.check(Role::Coordinator, Closing {}, "done");
    story.check(Role::System, Closing {}, "too_early");
    let due = closes_at(story.case.since, vietnam().zone());
    assert_eq!(due.micros() - story.case.since.micros(), 30 * 86_400 * 1_000_000);
    story.now = due;
    story.check(Role::System, Closing {}, "done");
    story.does(Role::Citizen, request());
    story.check(Role::System, Closing {}, "request_pending");
    story.check(Role::Coordinator, Closing {}, "request_pending");
    story.check(Role::Citizen, request(), "request_pending");
}

#[test]
fn who_took_part_does_not_judge() {
    let mut story = Story::reaching(Kind::Proposal, State::Answered);
    story.check(Role::Coordinator, refusal(), "no_request");
    story.does(Role::Citizen, request());
    for (official, expected) in [(HANDLER, "took_part"), (APPROVER, "took_part"), (COORDINATOR, "done")] {
        story.official = Some(official);
        story.check(Role::Coordinator, refusal(), expected);
        story.check(Role::Coordinator, reopening(), expected);
    }
    story.does(Role::Coordinator, refusal());
    assert!(!story.case.request_pending);
    assert_eq!(story.clock(Stage::Reconsideration).unwrap().status, ClockStatus::Met);

    let mut rejected = Story::of(Kind::Proposal);
    rejected.does(Role::Intake, rejection(Ground::Abusive)).does(Role::Citizen, request());
    rejected.official = Some(INTAKE);
    rejected.check(Role::Coordinator, refusal(), "took_part");
}

#[test]
fn contentious_petitions_are_not_reopened_unless_forwarded() {
    for kind in [Kind::Complaint, Kind::Denunciation] {
        let answered = Story::reaching(kind, State::Answered);
        answered.check(Role::Coordinator, reopening(), "new_petition_instead");
        let mut rejected = Story::of(kind);
        rejected.does(Role::Intake, rejection(Ground::Abusive));
        rejected.check(Role::Coordinator, reopening(), "new_petition_instead");
        let mut forwarded = Story::of(kind);
        forwarded.does(Role::Intake, Forwarding { receiving_body: text("Bộ"), document: document() });
        forwarded.check(Role::Coordinator, reopening(), "done");
    }
}

#[test]
fn a_new_round_has_its_own_clocks_from_the_reopening() {
    let mut story = Story::reaching(Kind::Proposal, State::Answered);
    let first = story.clock(Stage::Resolution).unwrap();
    story.now = at("2026-11-16T09:00:00+07:00");
    story.does(Role::Citizen, request()).does(Role::Coordinator, reopening());
    let reopened = story.case.since;
    assert_eq!((story.case.state, story.case.round, story.case.round_from), (State::InProgress, 2, reopened));
    assert_eq!(story.clock(Stage::Resolution).unwrap().started_at, reopened);
    let clocks = story.case.clocks(&book(), &vietnam());
    assert!(clocks.contains(&first), "round 1 is frozen");
    let met = clocks.iter().find(|clock| clock.stage == Stage::Reconsideration).unwrap();
    assert_eq!((met.round, met.ended_at), (1, Some(reopened)));
    assert!(matches!(story.case.first_outcome(), crate::domain::petition::RoundOutcome::Answered(Some(_))));
    // The answer of the second round is a new one, by whoever did not draft it.
    story.check(Role::Handler, ReplySubmission {}, "no_draft");
}

#[test]
fn what_was_refused_and_reopened_counts_every_rule_from_the_reopening() {
    let mut story = Story::reaching(Kind::Denunciation, State::Assigned);
    story.does(Role::Intake, Forwarding { receiving_body: text("Bộ"), document: document() });
    story.now = at("2026-11-16T09:00:00+07:00");
    story.does(Role::Coordinator, reopening());
    assert_eq!((story.case.state, story.case.lead, story.case.responsible), (State::Classified, None, None));
    let reopened = story.case.since;
    for stage in [Stage::Intake, Stage::Resolution, Stage::Forwarding] {
        assert_eq!(story.clock(stage).unwrap().started_at, reopened, "{stage}");
    }
    let due = story.due_on(Stage::Resolution);
    story.does(Role::Coordinator, assignment()).does(Role::Handler, Acceptance { document: None });
    assert_eq!(story.due_on(Stage::Resolution), due);
}

#[test]
fn contentious_withdrawals_are_recorded_and_groups_go_one_by_one() {
    let mut story = Story::of(Kind::Complaint);
    story.does(Role::Citizen, withdrawal(None));
    assert_eq!(story.case.state, State::Received);
    assert_eq!(story.clock(Stage::Intake).unwrap().status, ClockStatus::Running);

    let mut group = Story::of(Kind::Proposal);
    group.case.group_size = Some(3);
    group.check(Role::Intake, withdrawal(Some(0)), "/people out_of_range");
    group.check(Role::Intake, withdrawal(Some(4)), "/people out_of_range");
    group.does(Role::Intake, withdrawal(Some(2)));
    assert_eq!(group.case.state, State::Received);
    let fewer = Correction { group_size: Some(1), ..correction() };
    group.check(Role::Intake, fewer, "/group_size out_of_range");
    group.does(Role::Citizen, withdrawal(None));
    assert_eq!(group.case.state, State::Withdrawn);
    assert_eq!(group.clock(Stage::Resolution).unwrap().status, ClockStatus::Stopped);
}

#[test]
fn an_act_beside_the_table_is_no_action() {
    let survival = Act::Survival(Survival { merged: another(), left: false });
    Story::of(Kind::Proposal).check(Role::Coordinator, survival, "no_action");
}
