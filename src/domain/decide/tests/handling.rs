use super::*;

fn agency(number: u128, head: Option<u128>) -> Option<KnownAgency> {
    Some(KnownAgency { id: id(number), head: head.map(id), line: vec![id(number)] })
}

/// A case of a kind directed against somebody, brought into a state.
fn against(kind: Kind, instance: Option<u8>, respondent: Respondent, state: State) -> Story {
    let mut story = Story::reaching(kind, state);
    (story.case.instance, story.case.respondent) = (instance, Some(respondent));
    story
}

#[test]
fn nothing_is_assigned_without_a_deadline() {
    let due_on = |day: &str| Assignment { due_on: Some(super::day(day)), ..assignment() };
    let mut story = Story::begun(Kind::Proposal, Provenance::Imported, Channel::Post);
    story.check(Role::Coordinator, assignment(), "no_deadline");
    story.check(Role::Coordinator, due_on("2026-11-01"), "/due_on in_the_past");
    story.does(Role::Coordinator, due_on("2026-11-20"));
    let clock = story.clock(Stage::Resolution).unwrap();
    assert_eq!((clock.basis, story.due_on(Stage::Resolution).as_str()), (Basis::Decided, "2026-11-20"));
    let story = Story::reaching(Kind::Proposal, State::Classified);
    story.check(Role::Coordinator, due_on("2026-11-20"), "deadline_by_rule");
    let mut late = Story::reaching(Kind::Proposal, State::Classified);
    late.now = at("2027-06-01T09:00:00+07:00");
    late.check(Role::Coordinator, assignment(), "done");
}

#[test]
fn a_holder_may_handle_at_the_agency() {
    let mut story = Story::reaching(Kind::Proposal, State::Classified);
    (story.known.agency, story.known.person, story.known.supporting_fit) = (None, None, false);
    let all = "/agency_id unknown, /responsible_id not_a_handler, /supporting unknown";
    story.check(Role::Coordinator, assignment(), all);
    story.known.person =
        Some(KnownPerson { id: id(HANDLER), agency: id(WARD), may_handle: false, heads: Vec::new() });
    story.check(Role::Coordinator, assignment(), all);
}

#[test]
fn the_respondent_and_a_unit_he_heads_get_nothing() {
    let check = |kind, instance, respondent, change: fn(&mut Story), expected: &str| {
        let mut story = against(kind, instance, respondent, State::Classified);
        change(&mut story);
        story.check(Role::Coordinator, assignment(), expected);
    };
    let (accused, unit) = (respondent(), Respondent { agency_id: Some(id(WARD)), official_id: None });
    let person = Respondent { agency_id: None, official_id: Some(id(HANDLER)) };
    let coordinator = Respondent { agency_id: None, official_id: Some(id(COORDINATOR)) };
    let bound = [(Kind::Denunciation, None), (Kind::Complaint, Some(2))];
    for (kind, instance) in bound {
        check(kind, instance, accused, |_| {}, "done");
        check(kind, instance, person, |_| {}, "respondent");
        check(kind, instance, unit, |_| {}, "respondent");
        check(kind, instance, coordinator, |_| {}, "respondent");
        check(
            kind,
            instance,
            accused,
            |story| story.known.agency = agency(WARD, Some(ACCUSED)),
            "respondent",
        );
        let heads = |story: &mut Story| story.known.person.as_mut().unwrap().heads = vec![id(OTHER)];
        check(
            kind,
            instance,
            Respondent { agency_id: Some(id(OTHER)), official_id: None },
            heads,
            "respondent",
        );
        let helps = |story: &mut Story| {
            let agency = agency(OTHER, Some(ACCUSED)).unwrap();
            story.known.supporting = vec![KnownSupport { agency, person: None, heads: Vec::new() }];
        };
        check(kind, instance, accused, helps, "respondent");
        let helper = |story: &mut Story| {
            let agency = agency(OTHER, None).unwrap();
            story.known.supporting =
                vec![KnownSupport { agency, person: Some(id(ACCUSED)), heads: Vec::new() }];
        };
        check(kind, instance, accused, helper, "respondent");
    }
    // A first-instance complaint goes to whoever made the decision.
    check(Kind::Complaint, Some(1), person, |_| {}, "done");
    check(Kind::Complaint, Some(1), unit, |_| {}, "done");
}

#[test]
fn the_respondent_takes_no_step_himself_nor_does_his_unit() {
    let kind = Kind::Denunciation;
    let steps = || {
        let drafted = State::AwaitingApproval;
        [
            (State::Assigned, Role::Handler, Act::from(Acceptance { document: None })),
            (State::Assigned, Role::Coordinator, transfer().into()),
            (State::Assigned, Role::Coordinator, Handover { responsible_id: id(77), reason: None }.into()),
            (State::InProgress, Role::Handler, draft(kind).into()),
            (State::InProgress, Role::Handler, ReplySubmission {}.into()),
            (drafted, Role::Approver, ReplyReturn { remarks: text("Sửa") }.into()),
            (drafted, Role::Approver, approval().into()),
        ]
    };
    for (state, role, act) in steps() {
        let mut story = against(kind, None, respondent(), state);
        story.official = Some(ACCUSED);
        story.check(role, act, "respondent");
    }
    for (state, role, act) in steps() {
        let moves_away = matches!(act, Act::Transfer(_));
        let mut story = against(kind, None, respondent(), state);
        if matches!(act, Act::ReplySubmission(_)) {
            story.does(Role::Handler, draft(kind));
        }
        story.known.holder = agency(WARD, Some(ACCUSED));
        story.check(role, act, if moves_away { "done" } else { "respondent" });
    }
}

#[test]
fn moving_it_moves_it() {
    let story = Story::reaching(Kind::Proposal, State::InProgress);
    let same = Transfer { agency_id: id(WARD), ..transfer() };
    story.check(Role::Coordinator, same, "/agency_id unchanged");
    let same = Handover { responsible_id: id(HANDLER), reason: None };
    story.check(Role::Approver, same, "/responsible_id unchanged");
    let story = Story::reaching(Kind::Proposal, State::Assigned);
    let decline = |agency| Decline { reason: text("Không thuộc"), agency_id: id(agency) };
    story.check(Role::Handler, decline(WARD), "/agency_id unknown");
    story.check(Role::Handler, decline(OTHER), "done");
}

#[test]
fn clocks_go_on_through_transfer_and_only_the_first_acceptance_counts() {
    let mut story = Story::reaching(Kind::Complaint, State::InProgress);
    let (intake, resolution) = (story.clock(Stage::Intake), story.clock(Stage::Resolution));
    assert_eq!(intake.as_ref().unwrap().ended_at, story.case.accepted_at);
    story.now = at("2026-11-16T09:00:00+07:00");
    story.does(Role::Coordinator, transfer()).does(Role::Handler, Acceptance { document: None });
    assert_eq!((story.clock(Stage::Intake), story.clock(Stage::Resolution)), (intake, resolution));
}

#[test]
fn a_pause_rests_the_clock_and_after_the_end_changes_nothing() {
    let suspension =
        || Suspension { ground: SuspensionGround::ForceMajeure, explanation: None, document: document() };
    let mut story = Story::reaching(Kind::Complaint, State::InProgress);
    story.does(Role::Approver, suspension());
    assert!(story.clock(Stage::Resolution).unwrap().due.is_none());
    story.now = at("2026-11-12T09:00:00+07:00");
    story.does(Role::Approver, Resumption { document: None });
    assert_eq!(story.due_on(Stage::Resolution), "2026-12-14", "30 days and ten of rest, then a Monday");
    story.now = at("2027-02-01T09:00:00+07:00");
    let before = story.clock(Stage::Resolution);
    story.does(Role::Approver, suspension());
    assert_eq!(story.clock(Stage::Resolution).unwrap().due, before.unwrap().due);
}

fn extension(criteria: usize, amount: Option<u32>) -> Extension {
    Extension {
        criteria: ComplexityCriterion::ALL.iter().copied().take(criteria).collect(),
        reason: None,
        decision: document(),
        notified_on: document().issued_on,
        amount,
        complexity: None,
    }
}

#[test]
fn an_extension_has_a_ceiling() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let check = |story: &Story, facts, expected: &str| story.check(Role::Approver, facts, expected);
    check(&story, extension(1, Some(30)), "done");
    check(&story, extension(1, Some(31)), "above_ceiling");
    check(&story, extension(0, Some(31)), "above_ceiling");
    check(&story, extension(1, Some(15)), "/amount out_of_range");
    check(&story, extension(0, Some(20)), "/criteria required");
    let unknown = Extension { notified_on: day("2026-11-01"), ..extension(1, Some(20)) };
    check(&story, unknown, "/notified_on out_of_range");
    story.official = Some(HANDLER);
    check(&story, extension(1, Some(20)), "own_deadline");
    story.official = None;
    let first = story.clock(Stage::Resolution).unwrap().first_due;
    story.does(Role::Approver, extension(1, Some(20)));
    assert_eq!(story.clock(Stage::Resolution).unwrap().first_due, first);
    check(&story, extension(1, Some(20)), "/amount out_of_range");
    story.now = story.clock(Stage::Resolution).unwrap().due.unwrap().due_at;
    check(&story, extension(1, Some(25)), "already_overdue");
}

#[test]
fn the_law_extends_complaints_once_and_denunciations_twice() {
    let mut story = Story::reaching(Kind::Complaint, State::InProgress);
    story.check(Role::Approver, extension(1, Some(45)), "/amount not_allowed");
    story.check(Role::Approver, extension(0, None), "/criteria too_few");
    story.does(Role::Approver, extension(1, None));
    assert_eq!(story.due_on(Stage::Resolution), "2026-12-17");
    story.check(Role::Approver, extension(7, None), "above_ceiling");

    let mut story = Story::reaching(Kind::Denunciation, State::InProgress);
    story.does(Role::Approver, extension(1, None));
    assert_eq!(story.due_on(Stage::Resolution), "2027-01-01");
    story.check(Role::Approver, extension(1, None), "/criteria too_few");
    story.does(Role::Approver, extension(2, None));
    assert_eq!(story.due_on(Stage::Resolution), "2027-02-01", "90 days end on a Sunday");
    story.check(Role::Approver, extension(7, None), "above_ceiling");
}

#[test]
fn a_note_answers_an_urging_and_an_urging_says_whom() {
    let mut story = Story::reaching(Kind::Proposal, State::Assigned);
    let note = |answers| ProgressNote { text: text("Đang làm"), public: false, answers };
    let urging = || Urging { agency_id: None, official_id: None, text: text("Sớm") };
    story.check(Role::Handler, note(Some(nothing())), "/answers unknown");
    let Act::Urging(facts) = story.tries(Role::Auditor, urging()).unwrap().act else { panic!() };
    assert_eq!(facts.agency_id, Some(id(WARD)));
    let version = story.case.version;
    story.does(Role::Auditor, urging());
    let urged = story.case.last_event;
    story.check(Role::Handler, note(Some(urged)), "done");
    story.does(Role::Supporting, note(Some(urged)));
    assert_eq!(story.case.version, version, "neither moves the version");
    story.known.named_exist = false;
    story.check(Role::Auditor, Urging { agency_id: Some(id(9)), ..urging() }, "/agency_id unknown");
}

#[test]
fn only_what_happens_outside_is_dated_back_and_never_before_the_latest_change() {
    let mut story = Story::reaching(Kind::Proposal, State::Assigned);
    let assigned = story.case.since;
    story.now = at("2026-11-04T09:00:00+07:00");
    story.does(Role::Approver, Handover { responsible_id: id(77), reason: None });
    let handed = story.case.settled_at;
    story.now = at("2026-11-06T09:00:00+07:00");
    let accept = || Acceptance { document: None };
    for (given, expected) in [
        (handed, "done"),
        (handed.plus_micros(-1), "/occurred_at before_last_change"),
        (assigned, "/occurred_at before_last_change"),
        (story.now, "done"),
        (story.now.plus_micros(1), "/occurred_at in_the_future"),
    ] {
        story.occurred_at = Some(given);
        story.check(Role::Handler, accept(), expected);
    }
    story.occurred_at = Some(handed);
    story.check(Role::Coordinator, transfer(), "/occurred_at not_allowed");
    let withdrawal = || Withdrawal { reason: text("Thôi"), people: None };
    story.check(Role::Citizen, withdrawal(), "/occurred_at not_allowed");
    story.check(Role::Intake, withdrawal(), "done");
    // What guards refuse is told first, and content together.
    let blank = Transfer { reason: text(" "), ..transfer() };
    story.check(Role::Coordinator, blank, "/reason blank, /occurred_at not_allowed");
    let mut barred = against(Kind::Denunciation, None, respondent(), State::Assigned);
    (barred.official, barred.occurred_at) = (Some(ACCUSED), Some(at("2030-01-01T00:00:00Z")));
    barred.check(Role::Handler, accept(), "respondent");
}

#[test]
fn a_level_is_reminded_once_while_the_clock_runs() {
    let due_on = day("2026-11-23");
    let reminder = |stage, level| Escalation {
        threshold: "resolution-head".into(),
        level,
        stage,
        due_at: at("2026-11-24T00:00:00+07:00"),
        due_on,
        told: Vec::new(),
        passed_on: true,
    };
    let head = || reminder(Stage::Resolution, ReminderLevel::Head);
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let (version, settled_at) = (story.case.version, story.case.settled_at);
    story.check(Role::System, reminder(Stage::Intake, ReminderLevel::Head), "no_clock");
    story.does(Role::System, head());
    story.check(Role::System, head(), "already_reminded");
    story.does(Role::System, reminder(Stage::Resolution, ReminderLevel::Superior));
    assert_eq!((story.case.version, story.case.settled_at), (version, settled_at));
    let answered = Story::reaching(Kind::Proposal, State::Answered);
    assert!(matches!(answered.tries(Role::System, head()), Err(Refusal::IllegalMove { .. })));
}
