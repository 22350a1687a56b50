use super::*;

#[test]
fn classification_carries_what_its_kind_needs() {
    let check = |change: fn(&mut Classification), expected: &str| {
        let mut facts = classification(Kind::Proposal);
        change(&mut facts);
        Story::of(Kind::Proposal).check(Role::Intake, facts, expected);
    };
    check(|_| {}, "done");
    check(|facts| facts.public_title = None, "/public_title required");
    check(|facts| facts.public_summary = None, "/public_summary required");
    check(|facts| facts.public_title = Some(text(&"a".repeat(301))), "/public_title too_long");
    check(|facts| facts.instance = Some(1), "/instance not_allowed");
    check(|facts| facts.kind = Kind::Denunciation, "done");
    check(
        |facts| (facts.kind, facts.visibility) = (Kind::Denunciation, Some(Visibility::PartiesOnly)),
        "/visibility must_be_restricted",
    );
    check(|facts| facts.kind = Kind::Complaint, "/instance required");
    check(
        |facts| {
            (facts.kind, facts.instance) = (Kind::Complaint, Some(2));
            facts.visibility = Some(Visibility::PublicRedacted);
        },
        "/visibility not_public",
    );
    let future = DocumentRef { issued_on: day("2026-11-03"), ..document() };
    let facts = Classification { basis_document: Some(future), ..classification(Kind::Proposal) };
    Story::of(Kind::Proposal).check(Role::Intake, facts, "/basis_document/issued_on in_the_future");
}

#[test]
fn what_is_named_must_exist() {
    let mut story = Story::of(Kind::Proposal);
    (story.known.field_exists, story.known.named_exist) = (false, false);
    let facts = Classification { respondent: Some(respondent()), ..classification(Kind::Proposal) };
    story.check(Role::Intake, facts, "/field_code unknown_code, /respondent unknown");
}

#[test]
fn a_reference_to_a_kept_text_is_no_text() {
    let kept = Prose::Kept { text: id(5), digest: "00".into() };
    let facts = Classification { public_title: Some(kept), ..classification(Kind::Proposal) };
    Story::of(Kind::Proposal).check(Role::Intake, facts, "/public_title not_a_text");
}

#[test]
fn a_rule_that_counts_from_a_document_needs_it_and_counts_from_it() {
    let mut story = Story::begun(Kind::Proposal, Provenance::Native, Channel::DialogueConference);
    assert!(story.clock(Stage::Resolution).is_none());
    story.check(Role::Intake, classification(Kind::Proposal), "/basis_document required");
    let facts = Classification { basis_document: Some(document()), ..classification(Kind::Proposal) };
    story.does(Role::Intake, facts);
    assert_eq!(story.due_on(Stage::Resolution), "2026-12-02");
    // Classified anew, the document is still known.
    story.does(Role::Coordinator, classification(Kind::Proposal));
    assert_eq!(story.due_on(Stage::Resolution), "2026-12-02");
}

#[test]
fn a_correction_to_such_a_rule_without_its_document_counts_from_the_acceptance() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let accepted = story.case.accepted_at;
    let channel = Some(Channel::DialogueConference);
    story.does(Role::Intake, Correction { channel, ..correction() });
    let clock = story.clock(Stage::Resolution).unwrap();
    assert_eq!((clock.rule.as_deref(), Some(clock.started_at)), (Some("dialogue"), accepted));
}

#[test]
fn reselection_counts_from_the_original_start_and_keeps_the_first_promise() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let before = story.clock(Stage::Resolution).unwrap();
    story.now = at("2026-11-09T09:00:00+07:00");
    story.does(Role::Coordinator, Reclassification { kind: Some(Kind::Feedback), ..reclassification() });
    let after = story.clock(Stage::Resolution).unwrap();
    assert_eq!((after.started_at, after.first_due), (before.started_at, before.first_due));
    assert!(after.due.unwrap().due_on < before.due.unwrap().due_on);
    // To a rule that counts from the acceptance: from the first one.
    let kind = Some(Kind::Denunciation);
    story.does(Role::Coordinator, Reclassification { kind, ..reclassification() });
    let sealed = story.clock(Stage::Resolution).unwrap();
    assert_eq!(Some(sealed.started_at), story.case.accepted_at);
    assert_eq!((sealed.first_due, story.case.visibility), (before.first_due, Visibility::Restricted));
    assert!(story.clock(Stage::Forwarding).is_none(), "what was accepted is not to be forwarded");
}

#[test]
fn a_record_without_a_clock_gets_none_by_classification() {
    let mut story = Story::begun(Kind::Proposal, Provenance::Imported, Channel::Post);
    story.does(Role::Intake, classification(Kind::Proposal));
    assert!(story.case.clocks(&book(), &vietnam()).is_empty());
}

#[test]
fn after_the_end_only_a_stricter_visibility() {
    let mut story = Story::reaching(Kind::Proposal, State::Answered);
    let check = |facts: Reclassification, expected: &str| story.check(Role::Coordinator, facts, expected);
    let changed = |visibility| Reclassification { visibility: Some(visibility), ..reclassification() };
    check(changed(Visibility::Restricted), "done");
    check(changed(Visibility::PartiesOnly), "done");
    check(changed(Visibility::PublicRedacted), "only_stricter");
    check(
        Reclassification { field_code: Some("land".into()), ..changed(Visibility::Restricted) },
        "only_stricter",
    );
    check(
        Reclassification { kind: Some(Kind::Feedback), ..changed(Visibility::Restricted) },
        "only_stricter",
    );
    check(Reclassification { kind: Some(Kind::Denunciation), ..reclassification() }, "done");
    let clocks = story.case.clocks(&book(), &vietnam());
    story.does(Role::Coordinator, changed(Visibility::Restricted));
    assert_eq!(story.case.clocks(&book(), &vietnam()), clocks);
    assert!(!story.case.is_public());
}

#[test]
fn a_change_changes_something() {
    let story = Story::reaching(Kind::Proposal, State::Assigned);
    story.check(Role::Coordinator, reclassification(), " nothing_to_change");
    story.check(Role::Intake, correction(), " nothing_to_change");
    let tomorrow = Some(today(&story).plus_days(1));
    story.check(
        Role::Intake,
        Correction { letter_date: tomorrow, ..correction() },
        "/letter_date in_the_future",
    );
    story.check(Role::Intake, Correction { group_size: Some(0), ..correction() }, "/group_size out_of_range");
}

#[test]
fn a_lone_instance_is_taken_in() {
    let mut story = Story::reaching(Kind::Complaint, State::Classified);
    story.does(Role::Coordinator, Reclassification { instance: Some(2), ..reclassification() });
    assert_eq!(story.case.instance, Some(2));
}

#[test]
fn a_supplement_rests_the_clock_until_it_comes_or_the_day_has_ended() {
    let ask = |day: &str| SupplementRequest { missing: text("Bản sao"), answer_by: super::day(day) };
    let mut story = Story::of(Kind::Proposal);
    for day in ["2026-11-02", "2026-11-01", "2027-11-04"] {
        story.check(Role::Intake, ask(day), "/answer_by out_of_range");
    }
    let due = story.clock(Stage::Resolution).unwrap().due.unwrap();
    story.does(Role::Intake, ask("2026-11-04"));
    let clock = story.clock(Stage::Resolution).unwrap();
    assert!(clock.is_paused(at("2026-11-04T23:59:59+07:00")));
    assert!(!clock.is_paused(at("2026-11-05T00:00:00+07:00")), "then it runs on in this state");
    assert!(clock.due.unwrap().due_at > due.due_at);
    story.does(Role::Citizen, Supplement { text: text("Đây") });
    assert_eq!(story.case.state, State::Received);
    assert_eq!(story.clock(Stage::Resolution).unwrap().due, Some(due), "a minute's rest costs no day");
}

#[test]
fn only_who_asked_or_intake_waives() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    story.does(Role::Handler, SupplementRequest { missing: text("Bản sao"), answer_by: day("2026-11-10") });
    let waiver = || SupplementWaiver { reason: text("Đã có") };
    story.check(Role::Handler, waiver(), "done");
    story.check(Role::Intake, waiver(), "done");
    story.official = Some(77);
    story.check(Role::Handler, waiver(), "not_the_asker");
}

#[test]
fn a_split_makes_two_parts_and_keeps_the_strictest() {
    let split = |parts: &[u128], visibility| Split {
        parts: parts.iter().map(|part| id(*part)).collect(),
        visibility,
        reason: None,
    };
    let mut story = Story::of(Kind::Denunciation);
    story.check(Role::Intake, split(&[2], Visibility::Restricted), "/parts out_of_range");
    story.does(Role::Intake, split(&[2, 3], Visibility::PartiesOnly));
    assert_eq!(story.case.visibility, Visibility::Restricted, "never less than it was");
    assert_eq!(story.clock(Stage::Intake).unwrap().status, ClockStatus::Met);
    assert_eq!(story.clock(Stage::Forwarding).unwrap().status, ClockStatus::Stopped);
}

#[test]
fn a_survivor_is_alive_and_as_open_to_see() {
    let merge = || Merge { survivor: another(), reason: None };
    let mut story = Story::reaching(Kind::Proposal, State::Classified);
    story.check(Role::Intake, merge(), "/survivor unknown");
    let mut survivor = |state, visibility| {
        let mut case = Story::reaching(Kind::Proposal, State::Answered).case;
        (case.id, case.state, case.visibility) = (another(), state, visibility);
        story.known.survivor = Some(Box::new(case));
        story.tries(Role::Intake, merge()).map(|decision| decision.to)
    };
    let code = |result: Result<State, Refusal>| match result {
        Err(Refusal::Guard { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(survivor(State::Answered, Visibility::PublicRedacted), Ok(State::Merged));
    for state in [State::Closed, State::Merged, State::Rejected] {
        assert_eq!(code(survivor(state, Visibility::PublicRedacted)), "survivor_not_open");
    }
    assert_eq!(code(survivor(State::InProgress, Visibility::PartiesOnly)), "survivor_visibility");
}

#[test]
fn a_merge_taken_back_leaves_the_clocks_as_if_never_stopped() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let mut survivor = story.case.clone();
    survivor.id = another();
    story.known.survivor = Some(Box::new(survivor));
    let before = story.case.clocks(&book(), &vietnam());
    story.does(Role::Intake, Merge { survivor: another(), reason: None });
    assert_eq!(story.clock(Stage::Resolution).unwrap().status, ClockStatus::Stopped);
    story.does(Role::Citizen, ReconsiderationRequest { reason: text("Khác việc") });
    story.does(Role::Coordinator, MergeReversal { reason: text("Nhầm") });
    assert_eq!(story.case.state, State::InProgress);
    let clocks = story.case.clocks(&book(), &vietnam());
    assert!(before.iter().all(|clock| clocks.contains(clock)));
    assert_eq!(story.clock(Stage::Reconsideration).unwrap().status, ClockStatus::Met);
}
