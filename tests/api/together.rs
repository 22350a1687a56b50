//! What petitions, people and documents do to each other.

use kiennghi::{
    app::{Error, caller, caller::Caller, history, reading},
    domain::{
        act::*,
        clock::Clock,
        id::PetitionId,
        refusal::Refusal,
        vocabulary::{Kind, LinkKind, Outcome, Role, Stage, State, Visibility},
    },
    store::petitions,
};

use crate::support::{
    Case, TestDb, cases,
    given::{self, Given, text},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_survivor_takes_the_earlier_end_and_gives_it_back,
        parts_take_the_receipt_and_the_strictness_of_the_letter,
        a_document_stands_once_in_a_register,
        a_transfer_ends_access_to_what_is_sealed,
        the_respondent_reads_nothing,
        whoever_is_promised_must_exist,
        public_words_change_one_by_one,
    ]
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(Refusal::Guard { code, .. })) => code.to_owned(),
        Err(Error::Refused(Refusal::Invalid(errors))) => {
            let named = errors.iter().map(|error| format!("{} {}", error.pointer, error.code));
            named.collect::<Vec<_>>().join(", ")
        }
        other => panic!("{other:?}"),
    }
}

fn resolution(given: &Given, id: PetitionId) -> Clock {
    let clocks = given.write(move |tx, world| {
        let case = history::load(tx, id)?.expect("a petition").case;
        Ok(case.clocks(world.rules(), world.calendar()))
    });
    clocks.unwrap().into_iter().find(|clock| clock.stage == Stage::Resolution).expect("a clock")
}

async fn a_survivor_takes_the_earlier_end_and_gives_it_back(db: TestDb) {
    let given = Given::new(db);
    let early = given.petition(Kind::Proposal, State::InProgress);
    given.pass(5 * 24 * 60);
    let late = given.petition(Kind::Proposal, State::InProgress);
    let (first, own) = (resolution(&given, early), resolution(&given, late));
    let intake = given.people.caller(Role::Intake, early);
    given.act(&intake, early, given::merge(late)).unwrap();
    assert_eq!(resolution(&given, late).due, first.due, "the earlier end");
    assert_eq!(resolution(&given, late).first_due, own.first_due);
    given.act(&intake, early, MergeReversal { reason: text("Nhầm") }).unwrap();
    assert_eq!(resolution(&given, late), own);
    assert_eq!(resolution(&given, early), first);
    assert_eq!(given.case(early).state, State::InProgress);
    // Again, and links are as they should be.
    given.act(&intake, early, given::merge(late)).unwrap();
    let links = given.write(move |tx, _| Ok(petitions::links(tx, early)?)).unwrap();
    assert_eq!(links.iter().map(|link| link.kind).collect::<Vec<_>>(), [LinkKind::Duplicate]);
    // Who survives as answered keeps its own end.
    let answered = given.petition(Kind::Proposal, State::Answered);
    let before = resolution(&given, answered);
    let third = given.petition(Kind::Proposal, State::Classified);
    given.act(&intake, third, given::merge(answered)).unwrap();
    assert_eq!(resolution(&given, answered), before);
}

async fn parts_take_the_receipt_and_the_strictness_of_the_letter(db: TestDb) {
    let given = Given::new(db);
    let letter = given.submitted(Kind::Feedback);
    let intake = given.people.caller(Role::Intake, letter);
    let mut whole = given::split();
    whole.parts[1].content = format!("Thưa ông,  {}", given::submission(Kind::Feedback).content);
    assert_eq!(code(given.act(&intake, letter, whole)), "/parts/1/content whole_text");
    let mut request = given::split();
    request.parts[1].kind = Kind::Denunciation;
    given.act(&intake, letter, request).unwrap();
    let parent = given.case(letter);
    assert_eq!((parent.state, parent.visibility), (State::Split, Visibility::Restricted));
    let links = given.write(move |tx, _| Ok(petitions::links(tx, letter)?)).unwrap();
    let parts: Vec<_> = links.iter().map(|link| given.case(link.petition)).collect();
    assert_eq!(parts.len(), 2);
    for part in &parts {
        assert_eq!((part.state, part.received_at), (State::Received, parent.received_at));
        assert!(part.registration.promised_due_at.is_some());
        let sealed = part.kind == Kind::Denunciation;
        assert_eq!(part.visibility == Visibility::Restricted, sealed, "as its kind asks");
    }
    // The parts of a sealed letter stay sealed.
    let sealed = given.submitted(Kind::Denunciation);
    given.act(&intake, sealed, given::split()).unwrap();
    let links = given.write(move |tx, _| Ok(petitions::links(tx, sealed)?)).unwrap();
    assert!(links.iter().all(|link| given.case(link.petition).visibility == Visibility::Restricted));
    assert_eq!(given.case(sealed).visibility, Visibility::Restricted);
}

async fn a_document_stands_once_in_a_register(db: TestDb) {
    let given = Given::new(db);
    let approve = |document: SignedDocument| {
        let id = given.petition(Kind::Proposal, State::AwaitingApproval);
        let approval = ReplyApproval { document: Some(document), ..given::approval() };
        given.act(&given.people.caller(Role::Approver, id), id, approval)
    };
    approve(given::signed("1747")).unwrap();
    approve(given::signed("1747")).expect("several replies may cite one document");
    approve(given::signed("01747")).expect("written otherwise");
    let other_signer = SignedDocument { signer: "Phó Chủ tịch".to_owned(), ..given::signed("1747") };
    assert_eq!(code(approve(other_signer)), "document_exists");
    let other_year = SignedDocument { issued_on: given::day("2025-11-23"), ..given::signed("1747") };
    approve(other_year).expect("another year has its own numbers");
}

async fn a_transfer_ends_access_to_what_is_sealed(db: TestDb) {
    let given = Given::new(db);
    let people = given.people;
    let id = given.petition(Kind::Denunciation, State::InProgress);
    let sees = |official| {
        let seen = given.write(move |tx, world| {
            let case = history::load(tx, id)?.expect("a petition").case;
            caller::standing(tx, world, &Caller::Official(official), &case)
        });
        seen.map(|(_, roles)| roles)
    };
    assert_eq!(sees(people.handler).unwrap(), [Role::Handler]);
    assert_eq!(sees(people.helper).unwrap(), [Role::Supporting]);
    assert!(matches!(sees(people.second_handler), Err(Error::NotFound)), "not for the whole agency");
    assert!(matches!(sees(people.auditor), Err(Error::NotFound)), "a ceiling below");
    let transfer = Transfer {
        agency_id: people.ward,
        responsible_id: people.second_handler,
        supporting: Vec::new(),
        reason: text("Bận"),
    };
    given.act(&people.caller(Role::Coordinator, id), id, transfer).unwrap();
    assert!(matches!(sees(people.handler), Err(Error::NotFound)));
    assert!(matches!(sees(people.helper), Err(Error::NotFound)));
    assert_eq!(sees(people.second_handler).unwrap(), [Role::Handler]);
    // A replayed answer is not read by who lost access since.
    let replay = given.write(move |tx, world| {
        reading::read(tx, world, &Caller::Official(people.handler), id, Some(4)).map(|_| ())
    });
    assert!(matches!(replay, Err(Error::NotFound)), "{replay:?}");
}

async fn the_respondent_reads_nothing(db: TestDb) {
    let given = Given::new(db);
    let people = given.people;
    let id = given.submitted(Kind::Denunciation);
    let second = Respondent { agency_id: None, official_id: Some(people.second_coordinator) };
    let facts = Classification { respondent: Some(second), ..given::classification(Kind::Denunciation) };
    let who = Caller::Official(people.second_coordinator);
    given.act(&who, id, facts).expect("he does not know yet");
    let again = given.act(&who, id, given::classification(Kind::Denunciation));
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    let read = given.write(move |tx, world| reading::read(tx, world, &who, id, None).map(|_| ()));
    assert!(matches!(read, Err(Error::NotFound)));
    let to_him = Respondent { agency_id: Some(people.ward), official_id: None };
    let facts = Classification { respondent: Some(to_him), ..given::classification(Kind::Denunciation) };
    let coordinator = people.caller(Role::Coordinator, id);
    given.act(&coordinator, id, facts).unwrap();
    assert_eq!(code(given.act(&coordinator, id, people.assignment())), "respondent");
    let helping = Assignment {
        agency_id: people.other,
        responsible_id: people.helper,
        supporting: vec![Support { agency_id: people.ward, person_id: None }],
        due_on: None,
    };
    assert_eq!(code(given.act(&coordinator, id, helping)), "respondent");
}

async fn whoever_is_promised_must_exist(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::InProgress);
    let nobody = Commitment {
        text: text("Thay cống"),
        due_on: given::day("2027-03-31"),
        agency_id: Some(kiennghi::app::clock::new_id()),
        person_id: None,
    };
    let draft =
        ReplyDraft { outcome: Outcome::Planned, commitments: vec![nobody], ..given::draft(Kind::Proposal) };
    let handler = given.people.caller(Role::Handler, id);
    assert_eq!(code(given.act(&handler, id, draft)), "/commitments unknown");
}

async fn public_words_change_one_by_one(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::Assigned);
    let coordinator = given.people.caller(Role::Coordinator, id);
    let change = Reclassification {
        visibility: Some(Visibility::PublicRedacted),
        public_title: Some(text("Tên mới")),
        ..given::reclassification()
    };
    given.act(&coordinator, id, change).unwrap();
    let detail = given.write(move |tx, _| Ok(petitions::detail(tx, id)?)).unwrap();
    assert_eq!(detail.public_title.as_deref(), Some("Tên mới"));
    assert_eq!(detail.public_summary.as_deref(), Some("Đề nghị cải tạo cống."));
    given.act(&coordinator, id, Takedown { reason: text("Lộ tên") }).unwrap();
    let detail = given.write(move |tx, _| Ok(petitions::detail(tx, id)?)).unwrap();
    assert_eq!((detail.public_title, detail.public_summary), (None, None));
}
