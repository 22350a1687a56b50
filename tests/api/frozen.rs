//! Frozen reports: signed, kept, verified, and compared with what became of each petition.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use kiennghi::{
    app::Error,
    domain::{
        act::*,
        id::{Id, PetitionId},
        vocabulary::{Kind, Role, State, Visibility},
    },
    store::{AnyConnection, schema::frozen_petition},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Case, TestDb, cases,
        client::Reply,
        given::{Given, approval, draft, rejection},
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_frozen_report_says_what_it_said,
        what_moved_is_told_with_the_event_that_moved_it,
        a_changed_frozen_report_is_found,
        who_may_freeze_and_read,
    ]
}

fn act(given: &Given, role: Role, petition: PetitionId, act: impl Into<kiennghi::app::actions::Request>) {
    given.act(&given.people.caller(role, petition), petition, act).expect("an act");
}

/// Lets the clock of the service stand where that of the story does.
fn meet(given: &Given) {
    if given.app.now() < given.now() {
        given.app.turn_to(&given.now().plus_micros(1_000_000).to_string());
    }
}

async fn freeze(given: &Given, body: Value) -> Reply {
    meet(given);
    let token = given.app.token(given.people.auditor);
    given.app.post("/v1/frozen-reports").token(&token).json(body).call().await.expect(201)
}

async fn get(given: &Given, path: String) -> Reply {
    meet(given);
    given.app.get(path).token(&given.app.token(given.people.auditor)).call().await.expect(200)
}

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

async fn a_frozen_report_says_what_it_said(db: TestDb) {
    let given = Given::new(db);
    let petition = given.petition(Kind::Proposal, State::AwaitingApproval);
    given.petition(Kind::Complaint, State::Assigned);
    let frozen = freeze(&given, json!({"group_by": "none"})).await;
    let row = &frozen.body["rows"][0]["figures"];
    assert_eq!((&row["received"], &row["open_in_time"], &row["resolved"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!((&row["on_time_rate"], &frozen.body["petitions"]), (&Value::Null, &json!(2)));
    let parts: Vec<&str> = frozen.body["signature"].as_str().unwrap().split('.').collect();
    assert_eq!(part(parts[0])["kid"], frozen.body["kid"]);
    assert_eq!(part(parts[0])["typ"], "frozen-report+jwt");
    assert_eq!(part(parts[1])["sha256"], frozen.body["sha256"]);
    // What is signed is no token.
    let forged = given.app.get("/v1/petitions").token(frozen.body["signature"].as_str().unwrap());
    forged.call().await.expect(401);
    act(&given, Role::Approver, petition, approval());
    let again = get(&given, frozen.field("location").to_owned()).await;
    assert_eq!(again.body, frozen.body);
    let (findings, summary) = verified(&given.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
}

async fn what_moved_is_told_with_the_event_that_moved_it(db: TestDb) {
    let given = Given::new(db);
    let answered = given.petition(Kind::Proposal, State::InProgress);
    let refused = given.petition(Kind::Proposal, State::Classified);
    let waiting = given.petition(Kind::Proposal, State::InProgress);
    given.petition(Kind::Proposal, State::AwaitingSupplement);
    let frozen = freeze(&given, json!({"group_by": "agency"})).await;
    let path = format!("/v1/frozen-reports/{}/comparison", frozen.body["id"].as_str().unwrap());
    let same = get(&given, path.clone()).await;
    assert_eq!((&same.body["items"], &same.body["next_cursor"]), (&json!([]), &Value::Null));
    given.pass(60);
    act(&given, Role::Handler, answered, draft(Kind::Proposal));
    act(&given, Role::Handler, answered, ReplySubmission {});
    act(&given, Role::Approver, answered, approval());
    act(&given, Role::Coordinator, answered, Closing {});
    act(&given, Role::Intake, refused, rejection());
    let moved = get(&given, path.clone()).await;
    let told: Vec<Value> = moved.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["petition_id"], one["then"], one["now"], one["event"]["type"]]))
        .collect();
    let expected = [
        json!([answered, "open_in_time", "resolved_early", "reply-approval"]),
        json!([refused, "open_in_time", "ended_otherwise", "rejection"]),
    ];
    assert_eq!(told, expected);
    // As of its own moment nothing else became known.
    let as_of = frozen.body["as_of"].as_str().unwrap();
    let then = get(&given, format!("{path}?as_of={as_of}")).await;
    assert_eq!(then.body["items"], json!([]));
    // Page by page, and time moves the one that nobody touched.
    given.turn_to("2027-06-01T08:00:00+07:00");
    let first = get(&given, format!("{path}?limit=1")).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = get(&given, format!("{path}?limit=100&cursor={cursor}")).await;
    let late = rest.body["items"].as_array().unwrap().iter().find(|one| one["petition_id"] == json!(waiting));
    let late = late.expect("it fell due");
    assert_eq!((&late["now"], &late["event"]), (&json!("open_overdue"), &Value::Null));
    assert_eq!(first.body["items"].as_array().unwrap().len(), 1);
}

async fn a_changed_frozen_report_is_found(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Proposal, State::Assigned);
    let frozen = freeze(&given, json!({})).await;
    let id: Id<kiennghi::domain::id::RowKey> = frozen.body["id"].as_str().unwrap().parse().unwrap();
    let change = move |tx: &mut AnyConnection, _: &_| {
        let rows = frozen_petition::table.filter(frozen_petition::report_id.eq(id));
        diesel::update(rows)
            .set(frozen_petition::figure.eq("resolved_early"))
            .execute(tx)
            .map_err(Error::internal)
    };
    given.write(change).unwrap();
    let (findings, _) = verified(&given.app);
    assert!(findings.iter().any(|finding| finding.contains("frozen report")), "{findings:?}");
}

async fn who_may_freeze_and_read(db: TestDb) {
    let given = Given::new(db);
    let people = given.people;
    let frozen = freeze(&given, json!({})).await;
    let path = frozen.field("location").to_owned();
    let call = |official| given.app.get(path.clone()).token(&given.app.token(official)).call();
    call(people.auditor).await.expect(200);
    call(people.coordinator).await.expect(200);
    call(people.handler).await.expect(404);
    call(people.admin).await.expect(403);
    let other = given.app.official("other", people.ward, Role::Auditor, None, Visibility::PartiesOnly);
    call(other).await.expect(404);
    let refused = |official, body: Value| {
        given.app.post("/v1/frozen-reports").token(&given.app.token(official)).json(body).call()
    };
    refused(people.handler, json!({})).await.expect(403);
    refused(people.auditor, json!({"weekday": 1})).await.expect(400);
    refused(people.auditor, json!({"from": "2026-07-01", "to": "2026-06-01"})).await.expect(400);
}
