//! Frozen reports: signed, kept, verified, and compared with what became of each petition.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{
        Error,
        clock::real_now,
        signing::{self, Wish},
    },
    domain::{
        act::*,
        id::{Id, PetitionId},
        vocabulary::{Kind, Role, State, Visibility},
    },
    store::{
        AnyConnection, Json,
        schema::{frozen_petition, frozen_report},
    },
};
use serde_json::{Value, json};

use crate::{
    figures::random_histories,
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
        given::{Given, approval, draft, rejection, sealing, text},
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_frozen_report_says_what_it_said,
        every_report_is_frozen_with_its_lists,
        differences_add_up,
        a_petition_that_left_is_told,
        what_the_freezer_did_not_see_is_no_difference,
        a_form_shows_the_end_of_its_window,
        one_frozen_before_reads_as_it_did,
        a_key_freezes_once,
        whose_frozen_reports_are_listed,
        what_moved_is_told_with_the_event_that_moved_it,
        a_changed_frozen_report_is_found,
        a_signature_outlives_its_key,
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

/// In which part of what was received a petition stood, and stands.
pub(crate) fn from_to(compared: &Value) -> Value {
    let changes = compared["changes"].as_array().unwrap();
    let part = |member: &str| {
        let own = changes
            .iter()
            .find(|change| PARTS.contains(&change["figure"].as_str().unwrap()) && change[member] == 1);
        own.map_or(Value::Null, |change| change["figure"].clone())
    };
    json!([part("then"), part("now")])
}

const PARTS: [&str; 8] = [
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "open_in_time",
    "open_overdue",
    "open_paused",
    "ended_otherwise",
    "no_deadline",
];

pub(crate) fn types(compared: &Value) -> Value {
    compared["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
}

type Sums = BTreeMap<String, i64>;

/// The counts of a report, over its groups.
fn sums<'a>(rows: impl IntoIterator<Item = &'a BTreeMap<String, Value>>) -> Sums {
    let mut sums = Sums::new();
    for (figure, value) in rows.into_iter().flatten() {
        if let Some(count) = value.as_i64() {
            *sums.entry(figure.clone()).or_default() += count;
        }
    }
    sums
}

/// The figures of each group of a frozen report, by their ids.
fn frozen_rows(frozen: &Value) -> Vec<BTreeMap<String, Value>> {
    let rows = frozen["rows"].as_array().unwrap();
    rows.iter().map(|row| serde_json::from_value(row["figures"].clone()).unwrap()).collect()
}

/// The question of a frozen report asked again, its counts alone; without what is left out of it.
async fn again(given: &Given, frozen: &Value, without: &[&str]) -> Sums {
    let query = frozen["query"].as_object().unwrap().iter();
    let members = query.filter(|(name, _)| !without.contains(&name.as_str()));
    let parameters = members.map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
    let parameters = parameters.collect::<Vec<_>>().join("&");
    let path = format!("/v1/reports/{}?{parameters}", frozen["report"].as_str().unwrap());
    let report = get(given, path).await.body;
    let rows = report["rows"].as_array().unwrap().iter().map(|row| {
        let figures = row["figures"].as_array().unwrap();
        let told =
            figures.iter().map(|figure| (figure["id"].as_str().unwrap().to_owned(), figure["value"].clone()));
        // A whole number may be a rate; it is told of no petition.
        told.filter(|(id, value)| !value.is_f64() && counts(frozen, id)).collect()
    });
    sums(&rows.collect::<Vec<BTreeMap<String, Value>>>())
}

/// Whether a figure is kept of each petition.
fn counts(frozen: &Value, id: &str) -> bool {
    frozen["figures"].as_array().unwrap().iter().any(|figure| figure == id)
}

/// Everything on the pages of a list.
async fn pages(given: &Given, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let gap = if path.contains('?') { '&' } else { '?' };
        let page = get(given, format!("{path}{gap}limit={limit}{cursor}")).await.body;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// What each figure differs by, over all petitions that count otherwise.
async fn differences(given: &Given, frozen: &Value, query: &str) -> Sums {
    let path = format!("/v1/frozen-reports/{}/comparison{query}", frozen["id"].as_str().unwrap());
    let mut sums = Sums::new();
    for one in pages(given, &path, 11).await {
        for change in one["changes"].as_array().unwrap() {
            let (then, now) = (change["then"].as_i64(), change["now"].as_i64());
            assert_ne!(then, now, "{change}");
            if let (Some(then), Some(now)) = (then, now) {
                *sums.entry(change["figure"].as_str().unwrap().to_owned()).or_default() += now - then;
            }
        }
    }
    sums
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
    assert_eq!(frozen.body["query"]["as_of"], frozen.body["as_of"]);
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
        .map(|one| json!([one["petition_id"], from_to(one), types(one)]))
        .collect();
    let way = ["reply-draft", "reply-submission", "reply-approval", "closing"];
    let expected = [
        json!([answered, ["open_in_time", "resolved_early"], way]),
        json!([refused, ["open_in_time", "ended_otherwise"], ["rejection"]]),
    ];
    assert_eq!(told, expected);
    // Whatever else counts it counts: the figures that are sums of columns.
    let all: Vec<Value> = moved.body["items"][0]["changes"].as_array().unwrap().clone();
    assert!(all.contains(&json!({"figure": "resolved", "then": 0, "now": 1})), "{all:?}");
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
    assert_eq!((from_to(late), types(late)), (json!(["open_in_time", "open_overdue"]), json!([])));
    assert_eq!(first.body["items"].as_array().unwrap().len(), 1);
}

/// What can be frozen of the same petitions.
fn reports() -> Vec<Value> {
    let mut all = Vec::new();
    for by in ["agency", "none"] {
        for report in ["timeliness", "flow", "rates", "xld01", "anomalies"] {
            all.push(json!({"report": report, "group_by": by}));
        }
    }
    all.push(json!({"report": "rates", "group_by": "subtree", "kind": "proposal"}));
    all.push(json!({"report": "timeliness", "group_by": "quarter", "structure": "now"}));
    all.push(json!({"report": "flow", "group_by": "kind", "basis": "case", "attribution": "first"}));
    all
}

/// A body with more members.
fn with(body: &Value, more: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn every_report_is_frozen_with_its_lists(db: TestDb) {
    let given = Given::new(db);
    random_histories(&given, 40, 700);
    for body in reports() {
        let frozen = freeze(&given, with(&body, &json!({"from": "2026-11-25"}))).await.body;
        let rows = frozen_rows(&frozen);
        let expected = sums(&rows);
        assert!(expected.values().any(|sum| *sum > 0), "{body}");
        if body["group_by"] != "subtree" {
            assert_eq!(again(&given, &frozen, &[]).await, expected, "{body}: asked again");
        }
        let list = format!("/v1/frozen-reports/{}/petitions", frozen["id"].as_str().unwrap());
        let all = pages(&given, &list, 100).await;
        assert_eq!(json!(all.len()), frozen["petitions"], "{body}");
        for (figure, sum) in &expected {
            let own = pages(&given, &format!("{list}?figure={figure}"), 13).await;
            let counted: i64 = own.iter().map(|one| one["figures"][figure].as_i64().unwrap()).sum();
            assert!(
                counted == *sum || body["group_by"] == "subtree",
                "{body} {figure}: {counted}, not {sum}"
            );
            let whole: Vec<&Value> = all.iter().filter(|one| !one["figures"][figure].is_null()).collect();
            assert!(whole.into_iter().eq(&own), "{body} {figure}");
        }
    }
    let id = freeze(&given, json!({"report": "rates"})).await.body["id"].clone();
    let list = format!("/v1/frozen-reports/{}/petitions", id.as_str().unwrap());
    // Behind a mean stands what it was taken of, each with what was measured.
    let answered = pages(&given, &format!("{list}?figure=mean_handling_days"), 100).await;
    assert!(!answered.is_empty());
    assert!(answered.iter().all(|one| one["figures"]["handling_days"].is_i64()), "{answered:?}");
    let token = given.app.token(given.people.auditor);
    given.app.get(format!("{list}?figure=opening")).token(&token).call().await.expect(400);
    let (findings, summary) = verified(&given.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
}

async fn differences_add_up(db: TestDb) {
    let given = Given::new(db);
    let begin = given.now();
    random_histories(&given, 40, 900);
    // As it stood and was known in the middle of all that: the rest was recorded later.
    let middle = begin.plus_micros(30 * 86_400_000_000).to_string();
    let mut changed = 0;
    for body in reports() {
        let frozen = freeze(&given, with(&body, &json!({"as_of": middle, "recorded_by": middle}))).await.body;
        if body["group_by"] == "subtree" {
            continue;
        }
        let then = again(&given, &frozen, &[]).await;
        assert_eq!(then, sums(&frozen_rows(&frozen)), "{body}");
        let own = format!("?as_of={middle}");
        for (query, without) in [("", &["as_of", "recorded_by"][..]), (&own, &["recorded_by"])] {
            let now = again(&given, &frozen, without).await;
            let mut expected = Sums::new();
            for figure in then.keys().chain(now.keys()) {
                let difference = now.get(figure).unwrap_or(&0) - then.get(figure).unwrap_or(&0);
                expected.insert(figure.clone(), difference);
            }
            let found = differences(&given, &frozen, query).await;
            for (figure, difference) in &expected {
                let found = found.get(figure).unwrap_or(&0);
                assert_eq!(found, difference, "{body} {query} {figure}");
                changed += i64::from(*difference != 0);
            }
        }
        let same = format!("?as_of={middle}&recorded_by={middle}");
        assert_eq!(differences(&given, &frozen, &same).await, Sums::new(), "{body}");
    }
    assert!(changed > 40, "{changed}");
}

async fn a_petition_that_left_is_told(db: TestDb) {
    let given = Given::new(db);
    let (went, stays) = (
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::InProgress),
    );
    let question = json!({"report": "rates", "agency_id": given.people.ward});
    let frozen = freeze(&given, question.clone()).await.body;
    let blind = given.app.official("blind", given.people.ward, Role::Auditor, None, Visibility::PartiesOnly);
    let token = given.app.token(blind);
    let call = given.app.post("/v1/frozen-reports").token(&token).json(question);
    let own = call.call().await.expect(201).body;
    assert_eq!(own["petitions"], 2);
    given.pass(60);
    let people = given.people;
    let transfer = Transfer {
        agency_id: people.other,
        responsible_id: people.helper,
        supporting: Vec::new(),
        reason: text("Thuộc phường bên"),
    };
    act(&given, Role::Coordinator, went, transfer);
    act(&given, Role::Coordinator, stays, sealing());
    // What came since is no part of the question, which was closed when it was asked.
    given.petition(Kind::Proposal, State::InProgress);
    let told = |frozen: &Value, part: &str| {
        meet(&given);
        given.app.get(format!("/v1/frozen-reports/{}/{part}", frozen["id"].as_str().unwrap()))
    };
    let auditor = given.app.token(people.auditor);
    for (frozen, token) in [(&frozen, &auditor), (&own, &token)] {
        let moved = told(frozen, "comparison").token(token).call().await.expect(200).body;
        let moved = moved["items"].as_array().unwrap();
        assert_eq!(moved.len(), 1, "{moved:?}");
        assert_eq!((&moved[0]["petition_id"], types(&moved[0])), (&json!(went), json!(["transfer"])));
        let left = json!({"figure": "received", "then": 1, "now": 0});
        assert!(moved[0]["changes"].as_array().unwrap().contains(&left), "{moved:?}");
    }
    // What the reader may no longer see is left out of what he froze himself, and is no difference.
    let ids = async |frozen: &Value, token: &str| {
        let page = told(frozen, "petitions").token(token).call().await.expect(200).body;
        page["items"].as_array().unwrap().iter().map(|one| one["petition_id"].clone()).collect::<Vec<_>>()
    };
    let coordinator = given.app.token(people.coordinator);
    assert_eq!(ids(&frozen, &coordinator).await, [json!(went), json!(stays)]);
    assert_eq!(ids(&own, &token).await, [json!(went)]);
}

/// Who froze it saw one ward; whoever sees more must not take what he did not see for a change.
async fn what_the_freezer_did_not_see_is_no_difference(db: TestDb) {
    let given = Given::new(db);
    let people = given.people;
    let own = given.petition(Kind::Proposal, State::InProgress);
    let elsewhere = given.petition(Kind::Proposal, State::InProgress);
    let transfer = |agency_id, responsible_id| Transfer {
        agency_id,
        responsible_id,
        supporting: Vec::new(),
        reason: text("Đúng nơi giải quyết"),
    };
    act(&given, Role::Coordinator, elsewhere, transfer(people.other, people.helper));
    let ward = Some(people.other);
    let narrow = given.app.official("narrow", people.other, Role::Auditor, ward, Visibility::PartiesOnly);
    let token = given.app.token(narrow);
    meet(&given);
    for report in ["timeliness", "rates", "flow"] {
        let body = json!({"report": report, "group_by": "none"});
        let frozen =
            given.app.post("/v1/frozen-reports").token(&token).json(body).call().await.expect(201).body;
        assert_eq!(frozen["petitions"], 1, "{report}");
        let path = format!("/v1/frozen-reports/{}/comparison", frozen["id"].as_str().unwrap());
        // The coordinator of the whole sees the other petition too.
        let told = given.app.get(path).token(&given.app.token(people.coordinator)).call().await.expect(200);
        assert_eq!(told.body["items"], json!([]), "{report}");
    }
    let body = json!({"report": "timeliness", "group_by": "none"});
    let frozen = given.app.post("/v1/frozen-reports").token(&token).json(body).call().await.expect(201).body;
    // It comes to him later, and is one of those that the question counted all the same.
    given.pass(60);
    act(&given, Role::Coordinator, own, transfer(people.other, people.helper));
    meet(&given);
    let path = format!("/v1/frozen-reports/{}/comparison", frozen["id"].as_str().unwrap());
    let told = given.app.get(path).token(&token).call().await.expect(200).body;
    assert_eq!(told["items"], json!([]));
}

/// Earlier versions kept one column of each petition, and a question that nothing closed.
async fn one_frozen_before_reads_as_it_did(db: TestDb) {
    let given = Given::new(db);
    let petition = given.petition(Kind::Proposal, State::AwaitingApproval);
    let frozen = freeze(&given, json!({"group_by": "none"})).await.body;
    let id: Id<kiennghi::domain::id::RowKey> = frozen["id"].as_str().unwrap().parse().unwrap();
    let as_of = frozen["as_of"].clone();
    let back = move |tx: &mut AnyConnection, _: &_| {
        let query = Json(json!({"as_of": as_of, "group_by": "none"}));
        let rows = frozen_petition::table.filter(frozen_petition::report_id.eq(id));
        diesel::update(rows)
            .set(frozen_petition::figures.eq("open_in_time"))
            .execute(tx)
            .map_err(Error::internal)?;
        let row = frozen_report::table.find(id);
        diesel::update(row)
            .set((frozen_report::query.eq(query), frozen_report::figures.eq(None::<Json>)))
            .execute(tx)
            .map_err(Error::internal)
    };
    given.write(back).unwrap();
    given.pass(60);
    act(&given, Role::Approver, petition, approval());
    given.petition(Kind::Proposal, State::Assigned);
    let path = format!("/v1/frozen-reports/{}", frozen["id"].as_str().unwrap());
    assert_eq!(get(&given, path.clone()).await.body["figures"], json!(PARTS));
    let kept = get(&given, format!("{path}/petitions?figure=open_in_time")).await.body;
    assert_eq!(kept["items"][0]["figures"], json!({"open_in_time": 1}));
    let token = given.app.token(given.people.auditor);
    let sum =
        given.app.get(format!("{path}/petitions?figure=received")).token(&token).call().await.expect(400);
    assert_eq!(sum.body["errors"][0]["code"], "not_kept");
    let told = get(&given, format!("{path}/comparison")).await.body["items"].as_array().unwrap().clone();
    let changes = json!([
        {"figure": "resolved_early", "then": 0, "now": 1},
        {"figure": "open_in_time", "then": 1, "now": 0},
    ]);
    assert_eq!((told.len(), &told[0]["changes"]), (1, &changes), "{told:?}");
    assert_eq!(types(&told[0]), json!(["reply-approval"]));
}

/// Form 01/XLD shows letters as they stood at the end of its window, and says so.
async fn a_form_shows_the_end_of_its_window(db: TestDb) {
    let given = Given::new(db);
    let petition = given.petition(Kind::Proposal, State::InProgress);
    given.turn_to("2026-12-20T08:00:00+07:00");
    let body = json!({"report": "xld01", "from": "2026-11-01", "to": "2026-12-01", "group_by": "none"});
    let frozen = freeze(&given, body).await.body;
    assert_eq!(frozen["as_of"], "2026-11-30T16:59:59.999999Z");
    act(&given, Role::Handler, petition, draft(Kind::Proposal));
    given.turn_to("2027-02-01T08:00:00+07:00");
    let path = format!("/v1/frozen-reports/{}/comparison", frozen["id"].as_str().unwrap());
    let told = get(&given, path).await.body;
    assert_eq!((&told["items"], &told["as_of"]), (&json!([]), &frozen["as_of"]), "its window is over");
}

async fn a_key_freezes_once(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Proposal, State::Assigned);
    meet(&given);
    let token = given.app.token(given.people.auditor);
    let send = |body: Value| {
        let call = given.app.post("/v1/frozen-reports").token(&token).header("Idempotency-Key", "\"ky-1\"");
        call.json(body).call()
    };
    let first = send(json!({"report": "flow"})).await.expect(201);
    given.petition(Kind::Proposal, State::Assigned);
    meet(&given);
    let second = send(json!({"report": "flow"})).await.expect(201);
    assert_eq!((&second.body, second.field("idempotent-replayed")), (&first.body, "true"));
    send(json!({"report": "rates"})).await.expect(422);
    let listed = get(&given, "/v1/frozen-reports".to_owned()).await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
}

async fn whose_frozen_reports_are_listed(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Proposal, State::Assigned);
    let ids = [
        freeze(&given, json!({})).await.body["id"].clone(),
        freeze(&given, json!({"report": "flow"})).await.body["id"].clone(),
    ];
    let mine = pages(&given, "/v1/frozen-reports", 1).await;
    let told: Vec<Value> = mine.iter().map(|one| json!([one["id"], one["report"], one["rows"]])).collect();
    assert_eq!(told, [json!([ids[1], "flow", null]), json!([ids[0], "timeliness", null])]);
    let other =
        given.app.official("another", given.people.ward, Role::Auditor, None, Visibility::PartiesOnly);
    let token = given.app.token(other);
    let call = |query: &str| given.app.get(format!("/v1/frozen-reports{query}")).token(&token).call();
    assert_eq!(call("").await.expect(200).body["items"], json!([]));
    // He does not see everything, and so not what others froze.
    assert_eq!(call("?everybody=true").await.expect(200).body["items"], json!([]));
    let coordinator = given.app.token(given.people.coordinator);
    let all = given.app.get("/v1/frozen-reports?everybody=true").token(&coordinator).call().await.expect(200);
    assert_eq!(all.body["items"].as_array().unwrap().len(), 2);
}

async fn a_changed_frozen_report_is_found(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Proposal, State::Assigned);
    let frozen = freeze(&given, json!({})).await;
    let id: Id<kiennghi::domain::id::RowKey> = frozen.body["id"].as_str().unwrap().parse().unwrap();
    let change = move |tx: &mut AnyConnection, _: &_| {
        let rows = frozen_petition::table.filter(frozen_petition::report_id.eq(id));
        diesel::update(rows)
            .set(frozen_petition::figures.eq("received resolved_early"))
            .execute(tx)
            .map_err(Error::internal)
    };
    given.write(change).unwrap();
    let (findings, _) = verified(&given.app);
    assert!(findings.iter().any(|finding| finding.contains("frozen report")), "{findings:?}");
    // Nor may it go without a trace.
    let remove = move |tx: &mut AnyConnection, _: &_| {
        let rows = frozen_petition::table.filter(frozen_petition::report_id.eq(id));
        diesel::delete(rows).execute(tx).map_err(Error::internal)?;
        diesel::delete(frozen_report::table.find(id)).execute(tx).map_err(Error::internal)
    };
    given.write(remove).unwrap();
    let (findings, _) = verified(&given.app);
    assert!(findings.iter().any(|finding| finding.contains("it is gone")), "{findings:?}");
}

/// Whether a compact JWS is signed by a key of a JWK set.
fn signed_by(jwk: &Value, signature: &str) -> bool {
    let (x, y) = (jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap());
    let key = jsonwebtoken::DecodingKey::from_ec_components(x, y).unwrap();
    let (message, own) = signature.rsplit_once('.').unwrap();
    jsonwebtoken::crypto::verify(own, message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap()
}

async fn a_signature_outlives_its_key(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Proposal, State::Assigned);
    let frozen = freeze(&given, json!({"report": "rates"})).await.body;
    let app = &given.app;
    let (day, now) = (86_400_000_000, real_now());
    let keys =
        async |path: &str| app.get(path).call().await.expect(200).body["keys"].as_array().unwrap().clone();
    let of = |keys: &[Value]| keys.iter().find(|key| key["kid"] == frozen["kid"]).cloned();
    let signing_key = of(&keys("/.well-known/attestation-keys.json").await).expect("it signs");
    assert_eq!(signing_key["exp"], Value::Null);
    // After ninety days another key signs, and a day later nothing is left of the first but its public half.
    signing::tend(&app.app, now.plus_micros(91 * day)).unwrap();
    signing::tend(&app.app, now.plus_micros(93 * day)).unwrap();
    assert_eq!(of(&keys("/.well-known/jwks.json").await), None);
    let all = keys("/.well-known/attestation-keys.json").await;
    let old = of(&all).expect("for good");
    assert!(old["exp"].as_i64() > old["iat"].as_i64() && old["revoked"].is_null(), "{old}");
    let signature = frozen["signature"].as_str().unwrap();
    assert!(all.len() == 2 && signed_by(&old, signature) && !signed_by(&all[0], signature), "{all:?}");
    let (findings, summary) = verified(app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
    // One that may be known to somebody says so.
    let beside = TestApp::beside(app, |_| ());
    signing::wish(&beside.app, Wish::Replace, now.plus_micros(94 * day)).unwrap();
    let all = keys("/.well-known/attestation-keys.json").await;
    assert_eq!((all.len(), &all[1]["revoked"]["reason"]), (3, &json!("compromised")), "{all:?}");
    // The first was forgotten before: nobody can have taken it.
    assert!(all[1]["exp"].is_i64() && all[2]["revoked"].is_null() && all[0]["exp"].is_null(), "{all:?}");
    // A signature of something else is none.
    let id: Id<kiennghi::domain::id::RowKey> = frozen["id"].as_str().unwrap().parse().unwrap();
    let other = freeze(&given, json!({"report": "flow"})).await.body;
    // The key was replaced by another process, and this one has not heard of it.
    assert_eq!(other["kid"], all[0]["kid"]);
    let (kid, signature) = (other["kid"].clone(), other["signature"].clone());
    let change = move |tx: &mut AnyConnection, _: &_| {
        let signed = frozen_report::signature.eq(signature.as_str().unwrap());
        let row = diesel::update(frozen_report::table.find(id));
        row.set((signed, frozen_report::kid.eq(kid.as_str().unwrap()))).execute(tx).map_err(Error::internal)
    };
    given.write(change).unwrap();
    let (findings, _) = verified(app);
    assert!(findings.iter().any(|finding| finding.contains("frozen")), "{findings:?}");
    let only = move |tx: &mut AnyConnection, _: &_| {
        let row = diesel::update(frozen_report::table.find(id));
        row.set(frozen_report::kid.eq(frozen["kid"].as_str().unwrap())).execute(tx).map_err(Error::internal)
    };
    given.write(only).unwrap();
    let (findings, _) = verified(app);
    assert!(findings.iter().any(|finding| finding.contains("its signature")), "{findings:?}");
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
    for (body, pointer) in [
        (json!({"from": "2026-07-01", "to": "2026-06-01"}), "#/to"),
        (json!({"report": "flow", "group_by": "month"}), "#/group_by"),
        (json!({"report": "flow", "structure": "now"}), "#/structure"),
        (json!({"report": "rates", "basis": "case"}), "#/basis"),
        (json!({"report": "xld01", "group_by": "quarter"}), "#/group_by"),
        (json!({"field_code": " "}), "#/field_code"),
        (json!({"from": "2027-01-01"}), "#/from"),
    ] {
        let problem = refused(people.auditor, body).await.expect(422).body;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let everything =
        given.app.get("/v1/frozen-reports?everybody=true").token(&given.app.token(people.handler));
    assert_eq!(everything.call().await.expect(200).body["items"], json!([]));
}
