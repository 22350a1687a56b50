use super::*;

fn answered(kind: Kind) -> Story {
    Story::reaching(kind, State::Answered)
}
fn revision() -> ReplyRevision {
    ReplyRevision {
        revision: id(101),
        text: text("Bản sửa"),
        outcome: Outcome::Explained,
        commitments: Vec::new(),
        author_id: id(HANDLER),
        reason: text("Sai số liệu"),
        document: approval().document,
        notice: None,
    }
}
fn notice() -> Option<SignedNotice> {
    Some(SignedNotice { signer: "Chủ tịch".into(), signed_on: day("2026-11-02") })
}

#[test]
fn an_outcome_fits_its_kind() {
    for (kind, outcome, expected) in [
        (Kind::Proposal, Outcome::Resolved, "done"),
        (Kind::Proposal, Outcome::Upheld, "/outcome does_not_fit"),
        (Kind::Complaint, Outcome::PartlyUpheld, "done"),
        (Kind::Complaint, Outcome::Explained, "/outcome does_not_fit"),
        (Kind::Proposal, Outcome::Planned, "/commitments required"),
    ] {
        let facts = ReplyDraft { outcome, ..draft(kind) };
        Story::reaching(kind, State::InProgress).check(Role::Handler, facts, expected);
    }
}

#[test]
fn a_commitment_has_a_text_a_day_to_come_and_somebody_known() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    let promise = |words: &str, due_on| ReplyDraft {
        outcome: Outcome::Planned,
        commitments: vec![Commitment { text: text(words), due_on, agency_id: Some(id(9)), person_id: None }],
        ..draft(Kind::Proposal)
    };
    let day = today(&story);
    story.check(Role::Handler, promise("Thay cống", day), "done");
    let faults = "/commitments/0/text blank, /commitments/0/due_on in_the_past";
    story.check(Role::Handler, promise(" ", day.plus_days(-1)), faults);
    story.known.named_exist = false;
    story.check(Role::Handler, promise("Thay cống", day), "/commitments unknown");
}

#[test]
fn a_draft_comes_first_and_its_authors_do_not_sign() {
    let mut story = Story::reaching(Kind::Proposal, State::InProgress);
    story.check(Role::Handler, ReplySubmission {}, "no_draft");
    story.official = Some(APPROVER);
    story.does(Role::Handler, draft(Kind::Proposal));
    story.official = None;
    // A further draft by somebody else does not take the part of the first author away.
    story.does(Role::Handler, draft(Kind::Proposal)).does(Role::Handler, ReplySubmission {});
    story.check(Role::Approver, approval(), "own_draft");
    story.does(Role::Approver, ReplyReturn { remarks: text("Sửa") });
    story.does(Role::Handler, draft(Kind::Proposal)).does(Role::Handler, ReplySubmission {});
    story.check(Role::Approver, approval(), "own_draft");
    story.official = Some(77);
    story.check(Role::Approver, approval(), "done");
}

#[test]
fn an_answer_has_a_carrier_and_an_addressee() {
    let check = |kind, change: fn(&mut ReplyApproval), expected: &str| {
        let mut facts = approval();
        change(&mut facts);
        Story::reaching(kind, State::AwaitingApproval).check(Role::Approver, facts, expected);
    };
    check(Kind::Proposal, |facts| facts.document = None, "/document required");
    check(Kind::Proposal, |facts| facts.addressee = None, "/addressee required");
    check(Kind::Proposal, |facts| facts.notice = notice(), "/notice one_of");
    let by_notice = |facts: &mut ReplyApproval| (facts.document, facts.notice) = (None, notice());
    check(Kind::Proposal, by_notice, "/notice document_required");
    check(Kind::Feedback, by_notice, "done");
    let tomorrow = |facts: &mut ReplyApproval| {
        facts.document.as_mut().unwrap().issued_on = super::day("2026-11-03");
    };
    check(Kind::Proposal, tomorrow, "/document/issued_on in_the_future");
    let unsigned = |facts: &mut ReplyApproval| facts.document.as_mut().unwrap().signer = " ".into();
    check(Kind::Proposal, unsigned, "/document/signer blank");
    let mut anonymous = Story::reaching(Kind::Proposal, State::AwaitingApproval);
    anonymous.case.submitter_type = SubmitterType::Anonymous;
    anonymous.check(Role::Approver, ReplyApproval { addressee: None, ..approval() }, "done");
}

#[test]
fn an_approval_meets_the_resolution_when_it_is_recorded() {
    let mut story = Story::reaching(Kind::Proposal, State::AwaitingApproval);
    story.now = at("2027-01-04T09:00:00+07:00");
    story.does(Role::Approver, approval());
    let clock = story.clock(Stage::Resolution).unwrap();
    assert_eq!((clock.ended_at, clock.timeliness(story.now)), (Some(story.now), Timeliness::Missed));
}

#[test]
fn a_revision_is_signed_by_another_and_keeps_the_answer() {
    let mut story = answered(Kind::Proposal);
    story.check(Role::Approver, ReplyRevision { author_id: id(APPROVER), ..revision() }, "own_draft");
    story.known.author_exists = false;
    story.check(Role::Approver, revision(), "/author_id unknown");
    story.known.author_exists = true;
    let answered_at = story.case.answered_at;
    story.does(Role::Approver, Publication { public_text: text("Công khai") });
    story.does(Role::Approver, revision());
    assert_eq!((story.case.answered_at, story.case.replies), (answered_at, 2));
    assert!(story.case.published.is_none(), "the revised text is published anew");
}

#[test]
fn only_a_signed_reply_goes_out() {
    let mut story = answered(Kind::Proposal);
    (story.case.reply, story.case.answered_at) = (None, None);
    story.check(Role::Approver, Publication { public_text: text("Công khai") }, "no_reply");
    story.check(Role::Handler, Delivery { method: DeliveryMethod::Post }, "no_reply");
    story.case.answered_at = Some(story.now);
    story.check(Role::Handler, Delivery { method: DeliveryMethod::Post }, "done");
}

#[test]
fn an_answer_is_rated_once_and_a_first_view_leaves_the_version() {
    let mut story = answered(Kind::Proposal);
    let version = story.case.version;
    let rating = || Rating { satisfaction: Satisfaction::Dissatisfied, reasons: None };
    story.does(Role::Citizen, rating());
    story.check(Role::Citizen, rating(), "already_rated");
    story.does(Role::System, Delivery { method: DeliveryMethod::Online });
    assert_eq!(story.case.version, version);
    story.does(Role::Handler, Delivery { method: DeliveryMethod::Post });
    assert_eq!(story.case.version, story.case.sequence);
}
