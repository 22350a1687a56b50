//! The reports: every figure is as long as the list behind it, on the demo and on random histories.

use kiennghi::{
    app::{Error, World, actions::Request, demo},
    domain::{act::*, id::PetitionId, vocabulary::*},
    store::people,
};
use serde_json::Value;

use crate::{
    histories::history_of,
    lists::records,
    support::{
        Case, TestDb, cases,
        client::TestApp,
        given::{Given, approval, draft, rejection, signed, text},
        records::{Dice as Throws, Record},
        requests::Dice,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        every_figure_of_the_demo_is_its_list,
        every_figure_of_random_histories_is_its_list,
        rates_and_forms_of_random_histories_are_their_lists,
        what_was_done_on_the_way_is_counted,
        the_form_counts_letters_and_cases,
        the_strict_rate_counts_every_late_ending,
        windows_that_cannot_be_are_refused,
    ]
}

const GROUPS: [&str; 10] = [
    "agency",
    "subtree",
    "field",
    "kind",
    "channel",
    "level",
    "month",
    "quarter",
    "inspectorate_period",
    "none",
];

/// So many random histories, one after the other; the clock of the service stands behind the last of them.
pub(crate) fn random_histories(given: &Given, many: usize, seed: u64) -> Vec<PetitionId> {
    let mut ids: Vec<PetitionId> = Vec::new();
    for number in 0..many {
        let mut dice = Dice::new(seed + number as u64);
        let id = given.submitted(Kind::ALL[dice.below(Kind::ALL.len())]);
        let (people, others) = (given.people, ids.clone());
        let steps =
            move |tx: &mut _, world: &World| history_of(tx, world, &people, id, &others, dice.clone());
        given.write(steps).unwrap_or_else(|error: Error| panic!("history {number}: {error:?}"));
        ids.push(id);
        given.pass(7 * 60);
    }
    let end = given.now().plus_micros(100 * 86_400_000_000);
    given.app.turn_to(&end.to_string());
    ids
}

/// How many rows a list has, page by page.
pub(crate) async fn length(app: &TestApp, token: &str, href: &str) -> usize {
    let (mut rows, mut cursor) = (0, String::new());
    loop {
        // The first page is short, so that longer lists have several.
        let limit = if cursor.is_empty() { 7 } else { 100 };
        let page = app.get(format!("{href}&limit={limit}{cursor}")).token(token).call().await.expect(200);
        rows += page.body["items"].as_array().unwrap().len();
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// Walks every figure of a report; returns how many there were.
pub(crate) async fn walk(app: &TestApp, token: &str, path: &str) -> usize {
    let report = app.get(path).token(token).call().await.expect(200);
    let definitions = report.body["definitions"].as_array().unwrap();
    let mut walked = 0;
    for (number, row) in report.body["rows"].as_array().unwrap().iter().enumerate() {
        let figures = row["figures"].as_array().unwrap();
        let value = |id: &Value| &figures.iter().find(|figure| &figure["id"] == id).unwrap()["value"];
        for figure in figures {
            // Nothing is nothing in one row as in another.
            if number > 0 && figure["value"].as_f64().unwrap_or_default() == 0.0 {
                continue;
            }
            let known = definitions.iter().find(|known| known["id"] == figure["definition"]).unwrap();
            let rows = length(app, token, figure["href"].as_str().unwrap()).await as f64;
            let behind = match &known["denominator"] {
                Value::Null => &figure["value"],
                denominator => value(denominator),
            };
            assert_eq!(behind.as_f64(), Some(rows), "{path} {}: {figure}", row["key"]);
            if !known["numerator"].is_null() {
                let of = value(&known["numerator"]).as_f64().unwrap();
                let near = |value: f64| (value - of / rows).abs() < 1e-9;
                assert!(figure["value"].as_f64().map_or(rows == 0.0, near), "{path}: {figure}");
            }
            walked += 1;
        }
    }
    walked
}

async fn walk_all(app: &TestApp, token: &str, groups: &[&str], window: &str) -> usize {
    let mut walked = 0;
    for by in groups {
        walked += walk(app, token, &format!("/v1/reports/timeliness?group_by={by}{window}")).await;
    }
    walked
}

async fn every_figure_of_the_demo_is_its_list(db: TestDb) {
    let app = TestApp::new(db);
    demo::add_missing(&app.app).unwrap();
    let auditor = app.app.read_now(|tx, _| Ok(people::official_by_username(tx, "auditor")?)).unwrap();
    let token = app.token(auditor.unwrap().id);
    assert!(walk_all(&app, &token, &GROUPS, "&from=2026-10-15&to=2026-11-20").await > 200);
    assert!(walk_all(&app, &token, &["agency", "month"], "&level=commune").await > 50);
    for report in ["rates", "xld01", "anomalies", "flow"] {
        let window = "from=2026-10-15&to=2026-11-23";
        assert!(walk(&app, &token, &format!("/v1/reports/{report}?group_by=agency&{window}")).await > 8);
        assert!(walk(&app, &token, &format!("/v1/reports/{report}?group_by=none&{window}")).await > 7);
    }
}

async fn every_figure_of_random_histories_is_its_list(db: TestDb) {
    let given = Given::new(db);
    random_histories(&given, 50, 1);
    let app = &given.app;
    let all = app.official("all", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let some = app.token(given.people.auditor);
    assert!(walk_all(app, &app.token(all), &["agency", "kind", "quarter"], "").await > 100);
    let past = "&as_of=2026-12-20T10:00:00%2B07:00&from=2026-11-25";
    let groups = ["subtree", "channel", "inspectorate_period", "level"];
    assert!(walk_all(app, &some, &groups, past).await > 50);
    let inside = format!("&agency_id={}&subtree=true", given.people.ward);
    walk_all(app, &some, &["subtree", "agency"], &inside).await;
}

/// A figure of the only row of a report that is not grouped.
async fn figure(app: &TestApp, token: &str, path: &str, id: &str) -> Value {
    let report = app.get(path).token(token).call().await.expect(200);
    let figures = report.body["rows"][0]["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["id"] == id).unwrap()["value"].clone()
}

async fn the_strict_rate_counts_every_late_ending(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Thành phố", None);
    let base = records(&mut Throws::new(5), &[agency], 1).remove(0);
    let instant = |text: &str| text.parse::<kiennghi::domain::time::Instant>().unwrap();
    let base = Record {
        received_at: instant("2026-10-01T02:00:00Z"),
        due_at: Some(instant("2026-10-20T17:00:00Z")),
        closed_at: None,
        ended_at: None,
        paused_at: None,
        ..base
    };
    let (before, after) = (Some(instant("2026-10-20T16:59:59Z")), Some(instant("2026-10-20T17:00:00Z")));
    for record in [
        Record { closed_at: before, ..base.clone() },
        Record { closed_at: after, ..base.clone() },
        Record { ended_at: before, ..base.clone() },
        Record { ended_at: after, ..base.clone() },
        // It rested when it would have been due: nothing was late.
        Record { paused_at: Some(instant("2026-10-05T02:00:00Z")), ended_at: after, ..base.clone() },
        base,
    ] {
        app.record(&record);
    }
    let token = app.token(app.official("all", agency, Role::Auditor, None, Visibility::Restricted));
    let path = "/v1/reports/timeliness?group_by=none";
    for (id, expected) in [
        ("resolved", 2.0),
        ("ended_otherwise", 3.0),
        ("ended_late", 1.0),
        ("judged_strictly", 3.0),
        ("on_time_rate", 0.5),
        ("on_time_rate_strict", 1.0 / 3.0),
        ("on_time_by_issue_date", 0.5),
    ] {
        let value = figure(&app, &token, path, id).await.as_f64().unwrap();
        assert!((value - expected).abs() < 1e-9, "{id}: {value}");
    }
    let empty = app.get(format!("{path}&to=2026-01-01")).token(&token).call().await.expect(200);
    assert_eq!(empty.body["rows"].as_array().unwrap().len(), 0, "no group, no row");
}

async fn windows_that_cannot_be_are_refused(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("all", agency, Role::Auditor, None, Visibility::Restricted));
    for (path, parameter) in [
        ("/v1/reports/timeliness?from=2026-07-01&to=2026-06-01", "to"),
        ("/v1/reports/flow?from=2026-07-01&to=2026-06-01", "to"),
        ("/v1/reports/timeliness?group_by=weekday", "group_by"),
        ("/v1/reports/flow?group_by=month", "group_by"),
        ("/v1/reports/xld01?group_by=quarter", "group_by"),
        ("/v1/reports/anomalies?group_by=month", "group_by"),
        ("/v1/reports/rates?at_least=3", "at_least"),
        ("/v1/reports/timeliness?basis=case", "basis"),
        ("/v1/reports/timeliness/petitions?figure=received&basis=case", "basis"),
        ("/v1/reports/timeliness/petitions?figure=opening", "figure"),
        ("/v1/reports/flow/petitions?figure=opening&group_by=month", "group_by"),
        ("/v1/reports/timeliness?level=village", "level"),
    ] {
        let reply = app.get(path).token(&token).call().await.expect(400);
        let said = reply.body["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(parameter) || reply.text.contains(parameter), "{path}: {}", reply.text);
    }
    app.get("/v1/reports/nothing/petitions?figure=received").token(&token).call().await.expect(404);
    app.get("/v1/reports/timeliness?from=2026-06-01&to=2026-06-01").token(&token).call().await.expect(200);
}

async fn rates_and_forms_of_random_histories_are_their_lists(db: TestDb) {
    let given = Given::new(db);
    random_histories(&given, 40, 500);
    let app = &given.app;
    let all = app.token(app.official("all", given.people.ward, Role::Auditor, None, Visibility::Restricted));
    let some = app.token(given.people.auditor);
    for (token, by) in [(&all, "none"), (&some, "agency")] {
        for report in ["rates", "xld01", "anomalies"] {
            let path = format!("/v1/reports/{report}?group_by={by}&from=2026-11-28");
            assert!(walk(app, token, &path).await > 8, "{path}");
        }
    }
    walk(app, &all, "/v1/reports/rates?group_by=quarter&from=2026-11-28").await;
    for (report, parts, whole) in [
        ("xld01", &["carried_over", "received"][..], "letters"),
        ("xld01", &["complaints", "denunciations", "proposals"], "letters"),
        ("xld01", &["settled_once", "settled_again", "being_settled", "not_yet_settled"], "letters"),
        ("xld01", &["carried_over_many", "carried_over_one", "carried_over_other"], "carried_over"),
        ("xld01", &["received_many", "received_one", "received_other"], "received"),
        ("rates", &["satisfied", "acceptable", "dissatisfied"], "rated"),
    ] {
        let path = format!("/v1/reports/{report}?group_by=none&from=2026-11-28&to=2026-12-20");
        let mut sum = 0;
        for part in parts {
            sum += figure(app, &all, &path, part).await.as_i64().unwrap();
        }
        assert_eq!(figure(app, &all, &path, whole).await.as_i64(), Some(sum), "{whole}");
    }
}

fn act(given: &Given, role: Role, petition: PetitionId, act: impl Into<Request>) {
    given.act(&given.people.caller(role, petition), petition, act).expect("an act");
}

/// Figures of a report that is not grouped, each as expected.
async fn check(given: &Given, report: &str, expected: &[(&str, Option<f64>)]) {
    let token = given.app.token(given.people.auditor);
    for (id, value) in expected {
        let path = format!("/v1/reports/{report}?group_by=none&from=2026-11-23&to=2027-06-01");
        let found = figure(&given.app, &token, &path, id).await.as_f64();
        assert!(found.zip(*value).is_some_and(|(one, other)| (one - other).abs() < 1e-9), "{id}: {found:?}");
    }
}

async fn what_was_done_on_the_way_is_counted(db: TestDb) {
    let given = Given::new(db);
    let people = given.people;
    // Moved to the other ward and back; the draft came back once; answered on Wednesday, one working day later: the
    // 24th is a holiday.
    let long = given.petition(Kind::Proposal, State::Assigned);
    let transfer = |agency_id, responsible_id| Transfer {
        agency_id,
        responsible_id,
        supporting: Vec::new(),
        reason: text("Đúng địa bàn"),
    };
    act(&given, Role::Coordinator, long, transfer(people.other, people.helper));
    act(&given, Role::Coordinator, long, transfer(people.ward, people.handler));
    act(&given, Role::Handler, long, Acceptance { document: None });
    act(&given, Role::Handler, long, draft(Kind::Proposal));
    act(&given, Role::Handler, long, ReplySubmission {});
    act(&given, Role::Approver, long, ReplyReturn { remarks: text("Viết rõ hơn") });
    act(&given, Role::Handler, long, draft(Kind::Proposal));
    act(&given, Role::Handler, long, ReplySubmission {});
    given.turn_to("2026-11-25T10:00:00+07:00");
    act(&given, Role::Approver, long, approval());
    act(&given, Role::Citizen, long, Rating { satisfaction: Satisfaction::Satisfied, reasons: None });
    given.turn_to("2026-11-30T10:00:00+07:00");
    act(&given, Role::Approver, long, Publication { public_text: text("Đã cải tạo.") });
    // Answered on the day it came.
    let short = given.petition(Kind::Proposal, State::AwaitingApproval);
    let document = SignedDocument { number: "1748".to_owned(), ..signed("1748") };
    act(&given, Role::Approver, short, ReplyApproval { document: Some(document), ..approval() });
    given.petition(Kind::Complaint, State::Suspended);
    let end = given.now().plus_micros(1_000_000);
    given.app.turn_to(&end.to_string());
    check(
        &given,
        "rates",
        &[
            ("received", Some(3.0)),
            ("taken_up", Some(3.0)),
            ("suspension_rate", Some(1.0 / 3.0)),
            ("extension_rate", Some(0.0)),
            ("transferred", Some(1.0)),
            ("transferred_again", Some(1.0)),
            ("mean_hops", Some(2.0 / 3.0)),
            ("return_rate", Some(0.5)),
            ("reopening_rate", Some(0.0)),
            ("answered", Some(2.0)),
            ("response_rate", Some(0.5)),
            ("satisfaction_rate", Some(1.0)),
            ("mean_handling_days", Some(0.5)),
            ("median_handling_days", Some(0.5)),
            ("published", Some(1.0)),
            ("mean_publication_days", Some(3.0)),
            ("median_publication_days", Some(3.0)),
        ],
    )
    .await;
    let token = given.app.token(people.auditor);
    let nothing = "/v1/reports/rates?group_by=none&kind=complaint";
    for id in ["mean_handling_days", "median_handling_days", "response_rate", "return_rate"] {
        assert!(figure(&given.app, &token, nothing, id).await.is_null(), "{id} of nothing");
    }
}

async fn the_form_counts_letters_and_cases(db: TestDb) {
    let given = Given::new(db);
    let carried = given.petition(Kind::Complaint, State::Assigned);
    given.turn_to("2026-11-26T08:00:00+07:00");
    given.merged(Kind::Proposal, State::Classified);
    given.petition(Kind::Proposal, State::Forwarded);
    let guided = given.petition(Kind::Proposal, State::Classified);
    let elsewhere =
        Rejection { ground: Ground::NotCompetent, guided_to: Some(text("Sở Y tế")), ..rejection() };
    act(&given, Role::Intake, guided, elsewhere);
    let urging = Urging { agency_id: None, official_id: None, text: text("Đề nghị trả lời") };
    act(&given, Role::Coordinator, carried, urging);
    given.app.turn_to(&given.now().plus_micros(1_000_000).to_string());
    let token = given.app.token(given.people.auditor);
    let path = "/v1/reports/xld01?group_by=none&from=2026-11-25";
    for (id, expected) in [
        ("carried_over", 1),
        ("carried_over_one", 1),
        ("received", 4),
        ("letters", 5),
        ("cases", 4),
        ("complaints", 1),
        ("proposals", 4),
        ("not_yet_settled", 5),
        ("competent_complaints", 1),
        ("competent_proposals", 2),
        ("guided", 1),
        ("forwarded", 1),
        ("forwarding_answered", 0),
        ("urged", 1),
    ] {
        assert_eq!(figure(&given.app, &token, path, id).await.as_i64(), Some(expected), "{id}");
    }
}
