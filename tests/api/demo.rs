//! The demo: twelve petitions of an invented city, with the deadlines the domain facts name (§6).

use std::collections::BTreeMap;

use diesel::{QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{Error, demo},
    domain::{
        id::{Id, PetitionId},
        vocabulary::Level,
    },
    store::{
        agencies::{self, NewAgency},
        people, petitions,
        schema::{
            agency, agency_version, clock_span, event, event_text, grant_of_role, idempotency_record,
            official, petition, petition_link, petition_span, submitter,
        },
    },
};
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{Reply, TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        twice_equals_once,
        every_petition_is_due_when_the_law_says,
        five_callers_are_one_case,
        a_letter_becomes_three,
        a_sealed_denunciation_is_need_to_know,
        demo_accounts_sign_in_and_have_their_roles,
        what_is_yet_to_come_is_left_out,
        a_full_database_is_completed,
        extensions_go_as_far_as_the_law,
        a_forwarding_in_time_meets_its_clock,
        an_urgent_report_is_done_in_time,
    ]
}

pub(crate) fn begin(db: TestDb) -> TestApp {
    let app = TestApp::new(db);
    demo::add_missing(&app.app).unwrap();
    app
}

/// How many rows each table has.
fn counts(app: &TestApp) -> BTreeMap<&'static str, i64> {
    app.app
        .read_now(|tx, _| {
            let mut counts = BTreeMap::new();
            macro_rules! count {
                ($($table:ident),+) => {$(
                    let rows = $table::table.count().get_result(tx).map_err(Error::internal)?;
                    counts.insert(stringify!($table), rows);
                )+};
            }
            count!(agency, agency_version, official, grant_of_role, petition, submitter, event, event_text);
            count!(clock_span, petition_link, petition_span, idempotency_record);
            Ok(counts)
        })
        .unwrap()
}

/// The demo petition of a number.
pub(crate) fn numbered(app: &TestApp, number: u32) -> Option<PetitionId> {
    let reference: Id<_> = format!("0197c2f4-0000-7001-8000-{number:012x}").parse().unwrap();
    app.app
        .read_now(|tx, _| Ok(petitions::find_by_client_reference(tx, reference)?.map(|(id, _)| id)))
        .unwrap()
}

/// The token of a demo account.
pub(crate) fn token(app: &TestApp, username: &'static str) -> String {
    let found = app.app.read_now(|tx, _| Ok(people::official_by_username(tx, username)?)).unwrap();
    app.token(found.expect("a demo account").id)
}

async fn read(app: &TestApp, id: impl std::fmt::Display, username: &'static str) -> Reply {
    app.get(format!("/v1/petitions/{id}")).token(&token(app, username)).call().await
}

pub(crate) async fn seen(app: &TestApp, number: u32) -> Value {
    read(app, numbered(app, number).unwrap(), "coordinator").await.expect(200).body
}

/// Does something to a petition in the version it has.
pub(crate) async fn act(
    app: &TestApp,
    number: u32,
    username: &'static str,
    action: &str,
    body: Value,
) -> Reply {
    let view = seen(app, number).await;
    app.post(format!("/v1/petitions/{}/{action}", view["id"].as_str().unwrap()))
        .token(&token(app, username))
        .seen(&view["version"])
        .json(body)
        .call()
        .await
}

fn due_on<'a>(view: &'a Value, stage: &str) -> &'a str {
    clock_of(view, stage)["due_on"].as_str().unwrap_or_default()
}

fn clock_of<'a>(view: &'a Value, stage: &str) -> &'a Value {
    let clocks = view["clocks"].as_array().unwrap();
    clocks.iter().find(|clock| clock["stage"] == stage).unwrap_or(&Value::Null)
}

fn linked<'a>(view: &'a Value, kind: &str) -> Vec<&'a str> {
    let links = view["links"].as_array().unwrap().iter().filter(|link| link["kind"] == kind);
    links.map(|link| link["id"].as_str().unwrap()).collect()
}

async fn twice_equals_once(db: TestDb) {
    let app = begin(db);
    let once = counts(&app);
    // Sixteen came in (the last of the twelve five times), and one was split in three.
    assert_eq!(once["petition"], 11 + 5 + 3, "{once:?}");
    assert_eq!((once["agency"], once["official"]), (10, 6 + 2 * 10 + 1));
    demo::add_missing(&app.app).unwrap();
    assert_eq!(counts(&app), once);

    app.turn_to("2026-12-24T09:00:00+07:00");
    demo::add_missing(&app.app).unwrap();
    assert_eq!(counts(&app), once, "what was begun before is left as it is");
}

/// Number, state, agency, the day the petition is due, the day its intake is due.
const DUE: &[(u32, &str, &str, &str, &str)] = &[
    (1, "in_progress", "H99.1", "2026-12-17", "2026-11-27"),
    (2, "answered", "H99.2", "2026-11-23", "2026-11-23"),
    (3, "in_progress", "H99.3", "2026-11-23", "2026-10-27"),
    (4, "in_progress", "H99", "2027-01-19", "2026-11-26"),
    (5, "assigned", "H99.2", "2026-11-27", "2026-11-27"),
    (6, "assigned", "H99.14", "2026-11-30", "2026-11-30"),
    (7, "in_progress", "H99.1", "2026-11-30", "2026-11-20"),
    (8, "classified", "H99.12", "2026-12-14", "2026-12-07"),
    (9, "in_progress", "H99.3", "2026-11-25", "2026-11-23"),
    (10, "in_progress", "H99.13", "2026-12-07", "2026-11-09"),
    (12, "in_progress", "H99.1.1", "2026-11-26", "2026-12-07"),
];

async fn every_petition_is_due_when_the_law_says(db: TestDb) {
    let app = begin(db);
    for (number, state, agency, due, intake) in DUE {
        let view = seen(&app, *number).await;
        let got =
            (&view["state"], &view["agency"]["code"], &view["deadline"]["due_on"], due_on(&view, "intake"));
        assert_eq!(got, (&json!(state), &json!(agency), &json!(due), *intake), "{number}");
    }
    let first = seen(&app, 1).await;
    assert_eq!(first["responsible_person"]["full_name"], "Lê Văn Xử Lý");
    assert_eq!(first["supporting"][0]["agency"]["code"], "H99.11");

    let second = seen(&app, 2).await;
    let done = clock_of(&second, "resolution");
    assert_eq!((&done["due_at"], &done["timeliness"]), (&json!("2026-11-23T06:20:00Z"), &json!("met")));
    assert_eq!(clock_of(&second, "intake")["due_at"], "2026-11-23T10:00:00Z");
    assert_eq!(clock_of(&second, "intake")["timeliness"], "met");

    let fourth = seen(&app, 4).await;
    assert_eq!(fourth["deadline"]["provisional"], true, "the calendar of 2027 is not known");
    assert_eq!(clock_of(&seen(&app, 6).await, "resolution"), &Value::Null, "information is not accepted");
    assert_eq!(due_on(&seen(&app, 8).await, "forwarding"), "2026-11-30");
}

async fn five_callers_are_one_case(db: TestDb) {
    let app = begin(db);
    let survivor = seen(&app, 12).await;
    assert_eq!(linked(&survivor, "duplicate").len(), 4);
    for number in 121..=124 {
        let view = seen(&app, number).await;
        assert_eq!(view["state"], "merged", "{number}");
        assert_eq!(linked(&view, "duplicate"), [survivor["id"].as_str().unwrap()]);
    }
}

async fn a_letter_becomes_three(db: TestDb) {
    let app = begin(db);
    let letter = seen(&app, 11).await;
    assert_eq!((&letter["state"], &letter["visibility"]), (&json!("split"), &json!("restricted")));
    let mut parts = BTreeMap::new();
    for id in linked(&letter, "part") {
        let view = read(&app, id, "coordinator").await.expect(200).body;
        assert_eq!(view["received_at"], letter["received_at"]);
        assert_ne!(view["content"], letter["content"]);
        parts.insert(view["kind"].as_str().unwrap().to_owned(), view);
    }
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["complaint", "denunciation", "proposal"]);
    assert_eq!(due_on(&parts["proposal"], "intake"), "2026-12-03");
    let denunciation = &parts["denunciation"];
    assert_eq!(denunciation["visibility"], "restricted");
    assert_eq!(denunciation["state"], "awaiting_supplement", "an e-mail is not signed");
    read(&app, denunciation["id"].as_str().unwrap(), "auditor").await.expect(404);
}

async fn a_sealed_denunciation_is_need_to_know(db: TestDb) {
    let app = begin(db);
    let id = numbered(&app, 5).unwrap();
    for username in ["intake", "coordinator", "approver"] {
        read(&app, id, username).await.expect(200);
    }
    for username in ["handler", "auditor", "admin"] {
        read(&app, id, username).await.expect(404);
    }
    let official = app.app.read_now(|tx, _| Ok(people::official_by_username(tx, "handler")?)).unwrap();
    let handover = json!({"responsible_id": official.unwrap().id, "reason": "Nghỉ phép"});
    act(&app, 5, "coordinator", "handover", handover).await.expect(200);
    let view = read(&app, id, "handler").await.expect(200);
    assert!(!view.text.contains("Vũ Thị Ví Dụ Năm"), "who denounces is never shown");
}

async fn demo_accounts_sign_in_and_have_their_roles(db: TestDb) {
    let app = begin(db);
    for username in ["intake", "coordinator", "handler", "approver", "auditor", "admin"] {
        let body = json!({"username": username, "password": "kiennghi-demo"});
        app.post("/v1/sessions").json(body).call().await.expect(201);
    }
    // As the README walks: the first person listed at phường Sông Tràm may be responsible.
    let coordinator = token(&app, "coordinator");
    let agency = app.get("/v1/agencies?code=H99.1").call().await.expect(200).body["items"][0]["id"].clone();
    let path = format!("/v1/officials?agency_id={}", agency.as_str().unwrap());
    let listed = app.get(path).token(&coordinator).call().await.expect(200);
    assert_eq!(listed.body["items"][0]["full_name"], "Lê Văn Xử Lý");
    let assignment = json!({"agency_id": agency, "responsible_id": listed.body["items"][0]["id"]});
    act(&app, 8, "coordinator", "assignment", assignment).await.expect(200);
    act(&app, 8, "handler", "acceptance", json!({})).await.expect(200);
}

async fn what_is_yet_to_come_is_left_out(db: TestDb) {
    let app = TestApp::starting(db, "2026-11-17T15:00:00+07:00");
    demo::add_missing(&app.app).unwrap();
    assert_eq!(seen(&app, 1).await["state"], "classified", "assigned a quarter of an hour later");
    assert_eq!(seen(&app, 5).await["state"], "received");
    assert_eq!([2, 6, 8, 11, 12, 121].map(|number| numbered(&app, number)), [None; 6]);
    let before = counts(&app)["petition"];

    app.turn_to("2026-11-25T14:00:00+07:00");
    demo::add_missing(&app.app).unwrap();
    assert_eq!(counts(&app)["petition"] - before, 3 + 5 + 1 + 3);
    assert_eq!(seen(&app, 1).await["state"], "classified", "what was begun is for people to go on with");
    assert_eq!(seen(&app, 2).await["state"], "answered");
}

async fn a_full_database_is_completed(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("VN", "Một thành phố khác", None);
    let new = NewAgency {
        id: kiennghi::app::clock::new_id(),
        code: "H99.1".to_owned(),
        identifier: None,
        name: "Phường có sẵn".to_owned(),
        level: Some(Level::Commune),
        parent_id: Some(city),
        serves_area: None,
        is_default: false,
        valid_from: None,
        created_at: app.now(),
    };
    app.app.write_now(move |tx, _| Ok(agencies::insert(tx, &new)?)).unwrap();
    demo::add_missing(&app.app).unwrap();
    let once = counts(&app);
    assert_eq!((once["agency"], once["petition"]), (2 + 9, 11 + 5 + 3));
    demo::add_missing(&app.app).unwrap();
    assert_eq!(counts(&app), once);
    let first = seen(&app, 1).await;
    assert_eq!(first["agency"]["name"], "Phường có sẵn", "what was there keeps its name");
    let default = app.app.read_now(|tx, _| Ok(agencies::default(tx)?)).unwrap();
    assert_eq!(default.map(|row| row.id), Some(city));
}

fn extension(criteria: &[&str], on: &str) -> Value {
    json!({"criteria": criteria, "decision": {"number": "9", "symbol": "QĐ-UBND", "issued_on": on}, "notified_on": on})
}

async fn extensions_go_as_far_as_the_law(db: TestDb) {
    let app = begin(db);
    let garden =
        act(&app, 3, "approver", "extension", extension(&["conflicting_evidence"], "2026-11-23")).await;
    garden.expect(200);
    assert_eq!(seen(&app, 3).await["deadline"]["due_on"], "2026-12-07");
    let again = act(&app, 3, "approver", "extension", extension(&["several_places"], "2026-11-23")).await;
    assert_eq!(again.expect(409).body["reason"], "above_ceiling");

    let remote = act(&app, 4, "approver", "extension", extension(&["several_places"], "2026-11-23")).await;
    remote.expect(200);
    let remote = seen(&app, 4).await;
    assert_eq!(
        (&remote["deadline"]["due_on"], &remote["complexity"]),
        (&json!("2027-01-29"), &json!("complex"))
    );

    app.turn_to("2026-11-25T09:00:00+07:00");
    act(&app, 5, "approver", "acceptance", json!({})).await.expect(200);
    assert_eq!(seen(&app, 5).await["deadline"]["due_on"], "2026-12-25");
    app.turn_to("2026-12-24T09:00:00+07:00");
    act(&app, 5, "approver", "extension", extension(&["many_people"], "2026-12-24")).await.expect(200);
    assert_eq!(seen(&app, 5).await["deadline"]["due_on"], "2027-01-25");
    app.turn_to("2027-01-25T16:00:00+07:00");
    let one = act(&app, 5, "approver", "extension", extension(&["many_people"], "2027-01-25")).await;
    one.expect(422);
    let two = extension(&["many_people", "several_places"], "2027-01-25");
    act(&app, 5, "approver", "extension", two).await.expect(200);
    let sealed = seen(&app, 5).await;
    assert_eq!(sealed["deadline"]["due_on"], "2027-02-23");
    assert_eq!(sealed["complexity"], "specially_complex");

    // The others ran on meanwhile: what nobody answered is overdue, and cannot be extended any more.
    let late = act(
        &app,
        1,
        "approver",
        "extension",
        json!({"reason": "Chờ vật tư", "amount": 45,
        "decision": {"number": "10", "symbol": "QĐ-UBND", "issued_on": "2027-01-25"}, "notified_on": "2027-01-25"}),
    );
    assert_eq!(late.await.expect(409).body["reason"], "already_overdue");
    assert_eq!(seen(&app, 1).await["timeliness"], "overdue");
}

async fn a_forwarding_in_time_meets_its_clock(db: TestDb) {
    let app = begin(db);
    app.turn_to("2026-11-30T16:30:00+07:00");
    let forwarding = json!({"receiving_body": "Bộ Tư pháp",
        "document": {"number": "88", "symbol": "STP-HC", "issued_on": "2026-11-30"}});
    act(&app, 8, "intake", "forwarding", forwarding).await.expect(200);
    let view = seen(&app, 8).await;
    assert_eq!((&view["state"], &view["public_status"]), (&json!("forwarded"), &json!("passed_on")));
    assert_eq!(clock_of(&view, "forwarding")["timeliness"], "met");
    assert_eq!(clock_of(&view, "intake")["timeliness"], "met");
}

async fn an_urgent_report_is_done_in_time(db: TestDb) {
    let app = TestApp::starting(db, "2026-11-23T08:30:00+07:00");
    demo::add_missing(&app.app).unwrap();
    let view = seen(&app, 2).await;
    assert_eq!(
        (&view["state"], &view["deadline"]["due_at"]),
        (&json!("in_progress"), &json!("2026-11-23T06:20:00Z"))
    );
    app.turn_to("2026-11-23T13:15:00+07:00");
    let draft = json!({"text": "Đã lắp nắp hố ga mới.", "outcome": "resolved"});
    act(&app, 2, "handler", "reply-draft", draft).await.expect(200);
    act(&app, 2, "handler", "reply-submission", json!({})).await.expect(200);
    let approval = json!({"notice": {"signer": "Phạm Thị Ký Duyệt", "signed_on": "2026-11-23"},
        "addressee": "Bà Ngô Thị Ví Dụ Hai"});
    act(&app, 2, "approver", "reply-approval", approval).await.expect(200);
    let view = seen(&app, 2).await;
    assert_eq!((&view["state"], &view["timeliness"]), (&json!("answered"), &json!("met")));
}
