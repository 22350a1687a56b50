//! The reports: every figure is as long as the list behind it, on the demo and on random histories.

use kiennghi::{
    app::{Error, World, demo},
    domain::{
        id::PetitionId,
        vocabulary::{Code, Kind, Role, Visibility},
    },
    store::people,
};
use serde_json::Value;

use crate::{
    histories::history_of,
    lists::records,
    support::{
        Case, TestDb, cases,
        client::TestApp,
        given::Given,
        records::{Dice as Throws, Record},
        requests::Dice,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        every_figure_of_the_demo_is_its_list,
        every_figure_of_random_histories_is_its_list,
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
    for row in report.body["rows"].as_array().unwrap() {
        let figures = row["figures"].as_array().unwrap();
        let value = |id: &Value| &figures.iter().find(|figure| &figure["id"] == id).unwrap()["value"];
        for figure in figures {
            let known = definitions.iter().find(|known| known["id"] == figure["definition"]).unwrap();
            let rows = length(app, token, figure["href"].as_str().unwrap()).await as f64;
            let behind = match &known["denominator"] {
                Value::Null => &figure["value"],
                denominator => value(denominator),
            };
            assert_eq!(behind.as_f64(), Some(rows), "{path} {}: {figure}", row["key"]);
            if !known["numerator"].is_null() {
                let of = value(&known["numerator"]).as_f64().unwrap();
                assert_eq!(figure["value"].as_f64(), (rows > 0.0).then(|| of / rows), "{path}: {figure}");
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
    assert!(walk_all(app, &some, &groups, past).await > 100);
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
        assert_eq!(figure(&app, &token, path, id).await.as_f64(), Some(expected), "{id}");
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
