//! Exports: each file holds what its list shows, row by row and member by member; who may have it, and for how long.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use calamine::Data;
use kiennghi::{
    app::demo,
    domain::vocabulary::{Kind, Role, State, Visibility},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
        given::Given,
        journey::{TITLE, Town},
    },
    verify::verified,
};

mod reading;
mod writers;

use self::reading::{Rows, as_sheet, assert_same_sheet, flat, sheet, write, xlsx};
pub(crate) use self::reading::{agrees, csv, export, fetched, ndjson};

pub(crate) fn cases() -> Vec<Case> {
    let cases = cases![
        a_file_holds_what_its_list_shows,
        what_was_passed_on_is_a_file_too,
        lists_behind_figures_are_files_too,
        reports_are_files_too,
        a_file_shows_the_moment_it_was_ordered_at,
        a_download_goes_on_where_it_broke_off,
        wrong_orders_change_nothing,
        nobody_reads_anothers_export,
        what_will_be_recorded_is_in_no_file,
    ];
    [cases, writers::cases()].concat()
}

/// The demo, with an auditor who sees all of it.
async fn demo(db: TestDb) -> (TestApp, String) {
    let app = TestApp::new(db);
    demo::add_missing(&app.app).unwrap();
    let home = app.agency("H98", "Thanh tra", None);
    let auditor = app.official("auditor-of-all", home, Role::Auditor, None, Visibility::Restricted);
    let token = app.token(auditor);
    (app, token)
}

async fn a_file_holds_what_its_list_shows(db: TestDb) {
    let (app, token) = demo(db).await;
    let mut rows = Vec::new();
    for list in [
        "/v1/petitions",
        "/v1/petitions?sort=due_at&state=in_progress",
        "/v1/overdue?as_of=2027-01-15",
        "/v1/overdue?sort=agency&basis=first_deadline&as_of=2027-01-15",
        "/v1/due-soon",
        "/v1/paused",
        "/v1/without-clock",
        "/v1/forwarded-without-result",
    ] {
        rows.push(agrees(&app, &token, list).await);
    }
    assert!(rows[0] > 15 && rows.iter().filter(|rows| **rows > 0).count() >= 6, "{rows:?}");
    let past = agrees(&app, &token, "/v1/petitions?as_of=2026-11-02&recorded_by=2026-11-02").await;
    assert!(past > 0 && past < rows[0], "{past}");
    let (findings, _) = verified(&app);
    assert_eq!(findings, Vec::<String>::new());
}

async fn what_was_passed_on_is_a_file_too(db: TestDb) {
    let given = Given::new(db);
    given.petition(Kind::Feedback, State::Forwarded);
    let later = given.now().plus_micros(30 * 86_400_000_000);
    given.app.turn_to(&later.to_string());
    let token = given.app.token(given.people.auditor);
    assert_eq!(agrees(&given.app, &token, "/v1/forwarded-without-result").await, 1);
    assert_eq!(agrees(&given.app, &token, "/v1/forwarded-without-result?state=received").await, 0);
}

async fn lists_behind_figures_are_files_too(db: TestDb) {
    let (app, token) = demo(db).await;
    for report in ["timeliness", "xld01"] {
        let report = format!("/v1/reports/{report}?group_by=none&from=2026-01-01&to=2027-01-01");
        let report = app.get(report).token(&token).call().await.expect(200);
        let figures = report.body["rows"][0]["figures"].as_array().unwrap();
        let whole = figures.iter().filter(|figure| figure["value"].as_f64() > Some(1.0)).take(2);
        for figure in whole {
            let rows = agrees(&app, &token, figure["href"].as_str().unwrap()).await;
            assert_eq!(figure["value"].as_f64(), Some(rows as f64), "{figure}");
        }
    }
}

/// Summary and reports: each group with its figures in columns of their own.
async fn reports_are_files_too(db: TestDb) {
    let (app, token) = demo(db).await;
    let mut rows = 0;
    for (list, groups) in [
        ("/v1/overdue/summary?as_of=2027-01-15&group_by=field", "groups"),
        ("/v1/reports/timeliness?group_by=agency&from=2026-01-01&to=2027-01-01", "rows"),
        ("/v1/reports/flow?group_by=kind&from=2026-11-01&to=2026-12-01", "rows"),
        ("/v1/reports/rates?group_by=none", "rows"),
        ("/v1/reports/xld01?group_by=none&from=2026-01-01&to=2027-01-01", "rows"),
        ("/v1/reports/anomalies?group_by=agency", "rows"),
    ] {
        let path = list.split('?').next().unwrap();
        let lines = export(&app, &token, list, "ndjson").await;
        let pinned = lines.body["list"].as_str().unwrap().to_owned();
        let shown = app.get(&pinned).token(&token).call().await.expect(200);
        let row = |group: &Value| {
            let mut row = group.clone();
            for figure in group["figures"].as_array().into_iter().flatten() {
                row[figure["id"].as_str().unwrap()] = figure["value"].clone();
            }
            row.as_object_mut().unwrap().remove("figures");
            flat(&row)
        };
        let wanted: Rows = shown.body[groups].as_array().unwrap().iter().map(row).collect();
        assert_eq!(ndjson(&fetched(&app, &lines).await), wanted, "{list}");
        let table = export(&app, &token, &pinned, "csv").await;
        assert_eq!(csv(&fetched(&app, &table).await, path), wanted, "{list}");
        let book = export(&app, &token, &pinned, "xlsx").await;
        assert_same_sheet(&xlsx(&fetched(&app, &book).await, path), &as_sheet(&wanted, path), list);
        assert_eq!(lines.body["recorded_by"], shown.body["recorded_by"]);
        rows += wanted.len();
    }
    assert!(rows > 10, "{rows}");
}

async fn a_file_shows_the_moment_it_was_ordered_at(db: TestDb) {
    let town = Town::new(db);
    let auditor = town.app.official("all", town.city, Role::Auditor, None, Visibility::Restricted);
    let token = town.app.token(auditor);
    let first = town.submit(json!({})).await;
    let list = json!({"list": "/v1/petitions", "format": "ndjson"});
    let ordered = town.app.post("/v1/exports").token(&token).key().json(list).call().await.expect(202);
    // What comes after the order is not in it.
    town.submit(json!({})).await;
    town.classify(&first, json!({})).await;
    write(&town.app);
    let export = town.app.get(ordered.field("location")).token(&token).call().await.expect(200);
    let rows = ndjson(&fetched(&town.app, &export).await);
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["id"], &rows[0]["state"]), (&json!(first.id), &json!("received")));
    for moment in ["as_of", "recorded_by"] {
        assert_eq!(export.body[moment], ordered.body["ordered_at"], "{moment}");
    }
    // The manifest is signed, and says the same.
    let signature = export.body["signature"].as_str().unwrap();
    let claims = signature.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for name in ["list", "format", "as_of", "recorded_by", "calendar_version", "rows", "bytes", "sha256"] {
        assert_eq!(claims[name], export.body[name], "{name}");
    }
    assert_eq!(claims["export_id"], export.body["id"]);
    let keys = town.app.get("/.well-known/attestation-keys.json").call().await.expect(200);
    let known = keys.body["keys"].as_array().unwrap().iter().any(|key| key["kid"] == export.body["kid"]);
    assert!(known, "{}", keys.text);
}

async fn a_download_goes_on_where_it_broke_off(db: TestDb) {
    let (app, token) = demo(db).await;
    let export = export(&app, &token, "/v1/petitions", "csv").await;
    let whole = fetched(&app, &export).await;
    assert_eq!(whole.field("accept-ranges"), "bytes");
    let name = format!("kiennghi-{}.csv", export.body["id"].as_str().unwrap());
    assert!(whole.field("content-disposition").contains(&name), "{:?}", whole.headers);
    assert_eq!(whole.field("cache-control"), "private, no-store");
    let href = export.body["download"]["href"].as_str().unwrap();
    let part = async |range: &str, tag: &str| {
        let call = app.get(href).header("Range", range).header("If-Range", tag);
        call.header("Accept-Encoding", "gzip").call().await
    };
    let tag = whole.field("etag");
    let (first, rest) =
        (part("bytes=0-99", tag).await.expect(206), part("bytes=100-", tag).await.expect(206));
    assert_eq!([&*first.bytes, &*rest.bytes].concat(), &*whole.bytes);
    assert_eq!(
        rest.field("content-range"),
        format!("bytes 100-{0}/{1}", whole.bytes.len() - 1, whole.bytes.len())
    );
    assert_eq!(rest.field("content-encoding"), "", "a part is sent as it is");
    assert_eq!(&*part("bytes=0-99", "\"another\"").await.expect(200).bytes, &*whole.bytes);
    part(&format!("bytes={}-", whole.bytes.len() + 5), tag).await.expect(416);
    // With its mark for Excel, on request.
    let body = json!({"list": "/v1/petitions", "format": "csv", "bom": true});
    let ordered = app.post("/v1/exports").token(&token).json(body).call().await.expect(202);
    write(&app);
    let marked = app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert!(fetched(&app, &marked).await.bytes.starts_with(b"\xef\xbb\xbfid,code,"));
}

async fn wrong_orders_change_nothing(db: TestDb) {
    let town = Town::new(db);
    let order = |token: &str, body: Value| town.app.post("/v1/exports").token(token).json(body);
    let handler = &town.handler;
    for (list, code) in [
        ("/v1/officials", "not_a_list"),
        ("/v1/overdue/summary?limit=3&group_by=colour", "bad_question"),
        ("/v1/anomalies?kind=backdated", "not_a_list"),
        ("/v1/reports/none/petitions?figure=received", "not_a_list"),
        ("https://example.org/v1/petitions", "not_a_list"),
        ("/v1/petitions?state=open&state=open", "not_a_list"),
        ("/v1/petitions?status=open", "bad_question"),
        ("/v1/petitions?state=nonsense", "bad_question"),
        ("/v1/overdue?as_of=tomorrow", "bad_question"),
        ("/v1/reports/timeliness/petitions?figure=nonsense", "bad_question"),
        ("", "not_a_list"),
    ] {
        let refused = order(handler, json!({"list": list, "format": "csv"})).call().await.expect(422);
        assert_eq!(refused.body["errors"][0]["pointer"], "#/list", "{list}: {}", refused.text);
        assert_eq!(refused.body["errors"][0]["code"], code, "{list}: {}", refused.text);
    }
    order(handler, json!({"list": "/v1/petitions", "format": "pdf"})).call().await.expect(400);
    order(handler, json!({"list": "/v1/petitions"})).call().await.expect(400);
    let admin = town.app.official("admin", town.city, Role::Admin, None, Visibility::Restricted);
    order(&town.app.token(admin), json!({"nonsense": 1})).call().await.expect(403);
    town.app.post("/v1/exports").json(json!({})).call().await.expect(401);
    let none = town.app.get("/v1/exports?everybody=true").token(handler).call().await.expect(200);
    assert_eq!(none.body["items"], json!([]));
    // The same order with the same key is one; three at once, and no fourth before one is finished.
    let csv = json!({"list": "/v1/petitions?limit=5&cursor=x", "format": "csv"});
    let keyed = async |body: &Value| {
        let call =
            order(handler, body.clone()).header("Idempotency-Key", "0b4dd5c2-7a3a-4f0e-9c5e-000000000001");
        call.call().await
    };
    let (first, again) = (keyed(&csv).await.expect(202), keyed(&csv).await.expect(202));
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(again.field("idempotent-replayed"), "true");
    assert!(!first.body["list"].as_str().unwrap().contains("cursor"), "{}", first.text);
    keyed(&json!({"list": "/v1/overdue", "format": "csv"})).await.expect(422);
    for _ in 0..2 {
        order(handler, csv.clone()).call().await.expect(202);
    }
    let fourth = order(handler, csv.clone()).call().await.expect(409);
    assert_eq!(fourth.body["reason"], "too_many_exports", "{}", fourth.text);
    assert_eq!(write(&town.app), 3);
    order(handler, csv).call().await.expect(202);
}

async fn nobody_reads_anothers_export(db: TestDb) {
    let town = Town::new(db);
    let sealed = town.submit(json!({"kind": "denunciation", "agency_code": "H99.1"})).await;
    let plain = town.submit(json!({"agency_code": "H99.1"})).await;
    let all = town.app.official("all", town.city, Role::Auditor, None, Visibility::Restricted);
    let below = town.app.official("below", town.city, Role::Auditor, None, Visibility::PartiesOnly);
    let (all, below) = (town.app.token(all), town.app.token(below));
    let whole = export(&town.app, &all, "/v1/petitions", "ndjson").await;
    let some = export(&town.app, &below, "/v1/petitions", "ndjson").await;
    let ids = async |export: &Reply| {
        let mut ids: Vec<_> =
            ndjson(&fetched(&town.app, export).await).iter().map(|row| row["id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let mut both = vec![json!(sealed.id), json!(plain.id)];
    both.sort_by_key(ToString::to_string);
    assert_eq!(ids(&whole).await, both);
    assert_eq!(ids(&some).await, [json!(plain.id)], "what is sealed is in no file of his");
    let at = |export: &Reply| format!("/v1/exports/{}", export.body["id"].as_str().unwrap());
    town.app.get(at(&whole)).token(&below).call().await.expect(404);
    town.app.get(at(&whole)).token(&town.handler).call().await.expect(404);
    let manifest = town.app.get(at(&some)).token(&all).call().await.expect(200);
    assert_eq!(manifest.body["sha256"], some.body["sha256"]);
    assert_eq!(manifest.body["download"], Value::Null, "the file is for whoever ordered it");
    let listed = async |token: &str, query: &str| {
        let page = town.app.get(format!("/v1/exports?{query}")).token(token).call().await.expect(200);
        page.body["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&all, "").await, [whole.body["id"].clone()]);
    assert_eq!(listed(&all, "everybody=true").await, [some.body["id"].clone(), whole.body["id"].clone()]);
    assert_eq!(listed(&below, "everybody=true").await, [some.body["id"].clone()]);
    let first = town.app.get("/v1/exports?everybody=true&limit=1").token(&all).call().await.expect(200);
    let next = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(
        listed(&all, &format!("everybody=true&limit=1&cursor={next}")).await,
        [whole.body["id"].clone()]
    );
}

async fn what_will_be_recorded_is_in_no_file(db: TestDb) {
    let town = Town::new(db);
    let auditor = town.app.official("all", town.city, Role::Auditor, None, Visibility::Restricted);
    let token = town.app.token(auditor);
    town.submit(json!({})).await;
    let today = "/v1/petitions?as_of=2026-11-23&recorded_by=2026-11-23";
    let body = json!({"list": today, "format": "ndjson"});
    let ordered = town.app.post("/v1/exports").token(&token).json(body).call().await.expect(202);
    assert_eq!(ordered.body["recorded_by"], ordered.body["ordered_at"], "the day is not over");
    town.submit(json!({})).await;
    write(&town.app);
    let made = town.app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert_eq!(made.body["rows"], 1);
    // A day that is over stays as it was given.
    let past = export(&town.app, &token, "/v1/petitions?recorded_by=2026-11-22", "ndjson").await;
    assert_eq!(past.body["recorded_by"], "2026-11-22T17:00:00Z");
    assert_eq!(past.body["rows"], 0);
}

/// Attack 36: what a spreadsheet would run is a text, in every format.
pub(crate) async fn formulas_are_texts(db: TestDb) {
    let town = Town::new(db);
    let evil = ["=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-1+1", "@SUM(A1)", "＝1+1", "'=1", TITLE];
    for title in evil {
        town.submit(json!({"title": title, "agency_code": "H99.1"})).await;
    }
    let rows = agrees(&town.app, &town.handler, "/v1/petitions").await;
    assert_eq!(rows, evil.len());
    let table = export(&town.app, &town.handler, "/v1/petitions?sort=received_at", "csv").await;
    let file = fetched(&town.app, &table).await;
    let mut reader = csv::Reader::from_reader(&*file.bytes);
    let place = reader.headers().unwrap().iter().position(|name| name == "title").unwrap();
    for (record, title) in reader.records().zip(evil) {
        let guard = if title == TITLE { "" } else { "'" };
        assert_eq!(record.unwrap().get(place).unwrap(), format!("{guard}{title}"));
    }
    let book = export(&town.app, &town.handler, "/v1/petitions?sort=received_at", "xlsx").await;
    let range = sheet(&fetched(&town.app, &book).await);
    for (row, title) in range.rows().skip(1).zip(evil) {
        assert_eq!(row[place], Data::String(title.to_owned()));
    }
}
