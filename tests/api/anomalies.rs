//! Anomalies: each found where it was planted, and not where everything is in order.

use kiennghi::{
    app::{actions::Request, caller::Caller},
    domain::{
        act::*,
        id::PetitionId,
        submission::{Paper, Submission},
        time::Instant,
        vocabulary::{Channel, Kind, Role, State, Visibility},
    },
};

use crate::support::{
    Case, TestDb, cases,
    given::{Given, approval, day, draft, merge, rejection, signed, submission, suspension, text},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        what_was_backdated_is_found,
        what_came_into_the_register_late_is_found,
        numbers_and_dates_that_disagree_are_found,
        a_gap_in_the_register_is_found,
        a_reply_in_the_last_hours_is_found,
        many_endings_by_one_hand_are_found,
        ends_after_the_due_instant_are_found,
        repeated_suspensions_are_found,
        the_same_text_to_many_is_found,
        a_foreign_reader_finds_nothing,
    ]
}

/// What is found of a kind, by whoever sees everything.
async fn found(given: &Given, kind: &str, more: &str) -> Vec<String> {
    let auditor = given.people.auditor;
    found_by(given, auditor, kind, more).await
}

async fn found_by(
    given: &Given,
    reader: kiennghi::domain::id::OfficialId,
    kind: &str,
    more: &str,
) -> Vec<String> {
    if given.app.now() < given.now() {
        given.app.turn_to(&given.now().plus_micros(1_000_000).to_string());
    }
    let path = format!("/v1/anomalies?kind={kind}{more}");
    let reply = given.app.get(path).token(&given.app.token(reader)).call().await.expect(200);
    assert!(reply.body["definition"].as_str().is_some_and(|text| !text.is_empty()));
    let items = reply.body["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn only(ids: &[PetitionId]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn act(given: &Given, role: Role, petition: PetitionId, act: impl Into<Request>) {
    given.act(&given.people.caller(role, petition), petition, act).expect("an act");
}

const DAY: i64 = 24 * 60;

/// When the clock that speaks for a petition falls due.
fn due_at(given: &Given, petition: PetitionId) -> Instant {
    let due = given.write(move |tx, _| {
        let spans = kiennghi::store::spans::of_petition(tx, petition)?;
        Ok(spans.last().and_then(|span| span.open_due_at))
    });
    due.expect("a look").expect("a clock that runs")
}

async fn what_was_backdated_is_found(db: TestDb) {
    let given = Given::new(db);
    let (late, clean) =
        (given.petition(Kind::Proposal, State::Assigned), given.petition(Kind::Proposal, State::Assigned));
    let then = given.now().plus_micros(60_000_000);
    act(&given, Role::Handler, clean, Acceptance { document: None });
    given.pass(4 * DAY);
    let request = Request { occurred_at: Some(then), ..Acceptance { document: None }.into() };
    act(&given, Role::Handler, late, request);
    assert_eq!(found(&given, "backdated", "").await, only(&[late]));
    assert!(found(&given, "backdated", "&at_least=5").await.is_empty());
    assert!(found(&given, "backdated", "&to=2026-11-24").await.is_empty(), "it was recorded later");
    assert_eq!(found(&given, "backdated", "&from=2026-11-27").await, only(&[late]));
}

async fn what_came_into_the_register_late_is_found(db: TestDb) {
    let given = Given::new(db);
    let letter = |days: i64| Submission {
        channel: Channel::Post,
        paper: Paper {
            received_at: Some(given.now().plus_micros(-days * DAY * 60_000_000)),
            ..Paper::default()
        },
        ..submission(Kind::Proposal)
    };
    let intake = Caller::Official(given.people.intake);
    let register = |days| given.submit(intake.clone(), letter(days)).expect("a letter").case.id;
    let (late, _clean) = (register(5), register(1));
    given.submitted(Kind::Proposal);
    assert_eq!(found(&given, "late_registration", "").await, only(&[late]));
    assert!(found(&given, "late_registration", "&at_least=6").await.is_empty());
}

/// A petition answered by a document of this number and day.
fn answered(given: &Given, number: &str, issued_on: &str) -> PetitionId {
    let petition = given.petition(Kind::Proposal, State::AwaitingApproval);
    let document = SignedDocument { issued_on: day(issued_on), ..signed(number) };
    act(given, Role::Approver, petition, ReplyApproval { document: Some(document), ..approval() });
    petition
}

async fn numbers_and_dates_that_disagree_are_found(db: TestDb) {
    let given = Given::new(db);
    given.pass(3 * DAY);
    answered(&given, "08", "2026-11-23");
    answered(&given, "20", "2026-11-24");
    let early = answered(&given, "9", "2026-11-26");
    answered(&given, "21a", "2026-11-26");
    assert_eq!(found(&given, "numbers_out_of_order", "").await, only(&[early]));
}

async fn a_gap_in_the_register_is_found(db: TestDb) {
    let given = Given::new(db);
    given.pass(3 * DAY);
    answered(&given, "9", "2026-11-24");
    answered(&given, "10", "2026-11-24");
    let after = answered(&given, "13", "2026-11-24");
    answered(&given, "14b", "2026-11-24");
    assert_eq!(found(&given, "register_gap", "").await, only(&[after]));
    assert_eq!(found(&given, "register_gap", "&at_least=2").await, only(&[after]), "11 and 12 are missing");
    assert!(found(&given, "register_gap", "&at_least=3").await.is_empty());
    // Once the missing numbers are there the gap is no more; as it stood then it was there.
    let then = given.now();
    given.pass(DAY);
    answered(&given, "11", "2026-11-24");
    answered(&given, "12", "2026-11-24");
    assert!(found(&given, "register_gap", "").await.is_empty());
    assert_eq!(found(&given, "register_gap", &format!("&as_of={then}")).await, only(&[after]));
    assert_eq!(found(&given, "register_gap", &format!("&recorded_by={then}")).await, only(&[after]));
}

async fn a_reply_in_the_last_hours_is_found(db: TestDb) {
    let given = Given::new(db);
    answered(&given, "1", "2026-11-23");
    let close = given.petition(Kind::Proposal, State::InProgress);
    let due = due_at(&given, close);
    given.turn_to(&due.plus_micros(-3_600_000_000).to_string());
    act(&given, Role::Handler, close, draft(Kind::Proposal));
    act(&given, Role::Handler, close, ReplySubmission {});
    act(&given, Role::Approver, close, approval());
    assert_eq!(found(&given, "reply_just_before_due", "").await, only(&[close]));
    assert!(found(&given, "reply_just_before_due", "&at_least=0").await.is_empty());
}

async fn many_endings_by_one_hand_are_found(db: TestDb) {
    let given = Given::new(db);
    let three = [1, 2, 3].map(|_| given.petition(Kind::Proposal, State::Classified));
    let alone = given.petition(Kind::Proposal, State::Classified);
    three.iter().for_each(|petition| act(&given, Role::Intake, *petition, rejection()));
    given.pass(3 * 60);
    act(&given, Role::Intake, alone, rejection());
    assert_eq!(sorted(found(&given, "bulk_closing", "&at_least=3").await), only(&three));
    assert!(found(&given, "bulk_closing", "").await.is_empty());
}

async fn ends_after_the_due_instant_are_found(db: TestDb) {
    let given = Given::new(db);
    let refused = given.petition(Kind::Proposal, State::Classified);
    let merged = given.petition(Kind::Proposal, State::Classified);
    let clean = given.petition(Kind::Proposal, State::Classified);
    let due = due_at(&given, merged);
    act(&given, Role::Intake, clean, rejection());
    given.turn_to(&due.plus_micros(DAY * 60_000_000).to_string());
    act(&given, Role::Intake, refused, rejection());
    let survivor = given.petition(Kind::Proposal, State::Classified);
    act(&given, Role::Intake, merged, merge(survivor));
    assert_eq!(sorted(found(&given, "ended_after_due", "").await), only(&[refused, merged]));
}

async fn repeated_suspensions_are_found(db: TestDb) {
    let given = Given::new(db);
    let (often, once) = (
        given.petition(Kind::Complaint, State::Suspended),
        given.petition(Kind::Complaint, State::Suspended),
    );
    act(&given, Role::Approver, often, Resumption { document: None });
    act(&given, Role::Approver, often, suspension());
    assert_eq!(found(&given, "repeated_suspensions", "").await, only(&[often]));
    assert_eq!(sorted(found(&given, "repeated_suspensions", "&at_least=1").await), only(&[often, once]));
}

async fn the_same_text_to_many_is_found(db: TestDb) {
    let given = Given::new(db);
    let answer = |number: &str, words: &str| {
        let petition = given.petition(Kind::Proposal, State::InProgress);
        act(&given, Role::Handler, petition, ReplyDraft { text: text(words), ..draft(Kind::Proposal) });
        act(&given, Role::Handler, petition, ReplySubmission {});
        act(&given, Role::Approver, petition, ReplyApproval { document: Some(signed(number)), ..approval() });
        petition
    };
    let same = [
        ("1", "Đã ghi nhận, sẽ xem xét."),
        ("2", "ĐÃ GHI NHẬN – sẽ xem  xét"),
        ("3", "Đã ghi nhận. Sẽ xem xét!"),
    ];
    let many = same.map(|(number, words)| answer(number, words));
    answer("4", "Cống đã nạo vét ngày 20/11.");
    // A draft that nobody signed answers nothing.
    let unsigned = given.petition(Kind::Proposal, State::InProgress);
    act(&given, Role::Handler, unsigned, ReplyDraft { text: text(same[0].1), ..draft(Kind::Proposal) });
    assert_eq!(sorted(found(&given, "same_text", "").await), only(&many));
    assert!(found(&given, "same_text", "&at_least=4").await.is_empty());
    let (findings, summary) = crate::verify::verified(&given.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
}

async fn a_foreign_reader_finds_nothing(db: TestDb) {
    let given = Given::new(db);
    let petition = given.petition(Kind::Complaint, State::Suspended);
    act(&given, Role::Approver, petition, Resumption { document: None });
    act(&given, Role::Approver, petition, suspension());
    let city = given.people.other;
    let local = given.app.official("local", city, Role::Auditor, Some(city), Visibility::Restricted);
    assert!(found_by(&given, local, "repeated_suspensions", "").await.is_empty());
    let ward = format!("&agency_id={}", given.people.ward);
    assert_eq!(found(&given, "repeated_suspensions", &ward).await, only(&[petition]));
    let elsewhere = format!("&agency_id={city}");
    assert!(found(&given, "repeated_suspensions", &elsewhere).await.is_empty());
    let token = given.app.token(local);
    given.app.get("/v1/anomalies").token(&token).call().await.expect(400);
    given.app.get("/v1/anomalies?kind=unheard_of").token(&token).call().await.expect(400);
}
