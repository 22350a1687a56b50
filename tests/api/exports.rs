//! Exports: each file holds what its list shows, row by row and member by member; who may have it, and for how long.

use std::{collections::BTreeMap, io::Cursor};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use calamine::{Data, Reader, Xlsx};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{
        cursor::{self, Binding},
        demo,
        exports::{self, CellKind, Column, Lists, unguarded},
    },
    domain::{
        id::RowId,
        time::Instant,
        vocabulary::{ExportState, Kind, Role, State, Visibility},
    },
    http::exports::ListsOfApi,
    store::schema::export,
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

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_file_holds_what_its_list_shows,
        what_was_passed_on_is_a_file_too,
        lists_behind_figures_are_files_too,
        reports_are_files_too,
        a_file_shows_the_moment_it_was_ordered_at,
        a_download_goes_on_where_it_broke_off,
        a_link_and_a_file_have_an_end,
        wrong_orders_change_nothing,
        nobody_reads_anothers_export,
        who_lost_his_rights_gets_no_file,
        another_right_is_another_file,
        what_will_be_recorded_is_in_no_file,
        a_writer_that_came_late_spoils_nothing,
        a_writer_that_died_is_followed_by_another,
        a_changed_manifest_is_found,
    ]
}

/// What a file holds: the members of each row by their names, nothing for what is absent.
type Rows = Vec<BTreeMap<String, Value>>;

/// Writes everything that was ordered.
pub(crate) fn write(app: &TestApp) -> usize {
    exports::run_due(&app.app, &ListsOfApi, &|| false).expect("exports are written")
}

/// Orders a list and has it written; gives the export as it then stands.
pub(crate) async fn export(app: &TestApp, token: &str, list: &str, format: &str) -> Reply {
    let body = json!({"list": list, "format": format});
    let ordered = app.post("/v1/exports").token(token).key().json(body).call().await.expect(202);
    assert_eq!(ordered.body["state"], "queued");
    assert_eq!(ordered.body["download"], Value::Null);
    assert_eq!(write(app), 1);
    let read = app.get(ordered.field("location")).token(token).call().await.expect(200);
    assert_eq!(read.body["state"], "succeeded", "{}", read.text);
    read
}

/// The file of an export, whose manifest it fits.
pub(crate) async fn fetched(app: &TestApp, export: &Reply) -> Reply {
    let file = app.get(export.body["download"]["href"].as_str().unwrap()).call().await.expect(200);
    assert_eq!(export.body["bytes"], file.bytes.len());
    assert_eq!(export.body["sha256"], sha256(&file.bytes));
    file
}

fn sha256(bytes: &[u8]) -> String {
    kiennghi::app::history::hex(&kiennghi::app::secrets::sha256(bytes))
}

/// The whole list at an address, page by page.
async fn listed(app: &TestApp, token: &str, address: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(format!("{address}&limit=7{cursor}")).token(token).call().await.expect(200);
        items.extend(page.body["items"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Every member of an item by its name, lists as a whole; what is null is absent.
fn flat(item: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, name: String, found: &mut BTreeMap<String, Value>) {
        match value {
            Value::Null => {}
            Value::Object(members) => members.iter().for_each(|(member, value)| {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                walk(value, name, found);
            }),
            other => {
                found.insert(name, other.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(item, String::new(), &mut found);
    found
}

pub(crate) fn ndjson(file: &Reply) -> Rows {
    file.text.lines().map(|line| flat(&serde_json::from_str(line).expect("a line of JSON"))).collect()
}

fn columns(path: &str) -> Vec<Column> {
    ListsOfApi.columns(path).expect("a list that is exported")
}

/// The rows of a CSV, each cell read back as what its column holds.
pub(crate) fn csv(file: &Reply, path: &str) -> Rows {
    let columns = columns(path);
    assert!(file.text.ends_with("\r\n"), "lines end as RFC 4180 wants");
    let mut reader = csv::Reader::from_reader(&*file.bytes);
    let heading: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heading, columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    let row = |record: csv::StringRecord| {
        let cells = columns.iter().zip(record.iter()).filter_map(|(column, cell)| {
            let text = unguarded(cell)?;
            let value = match column.kind {
                CellKind::Text | CellKind::Instant | CellKind::Day => json!(text),
                CellKind::Number | CellKind::Truth | CellKind::Json => serde_json::from_str(text).unwrap(),
            };
            Some((column.name.clone(), value))
        });
        cells.collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// The first sheet of a workbook.
pub(crate) fn sheet(file: &Reply) -> calamine::Range<Data> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.bytes.to_vec())).unwrap();
    let formulas = book.worksheet_formula("kiennghi").unwrap();
    assert!(formulas.used_cells().next().is_none(), "nothing is a formula");
    book.worksheet_range("kiennghi").unwrap()
}

/// The rows of a workbook: instants and days as sheets count them, numbers as floats.
fn xlsx(file: &Reply, path: &str) -> Rows {
    let (columns, range) = (columns(path), sheet(file));
    let mut rows = range.rows();
    let heading: Vec<_> = rows.next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(heading, columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    let row = |cells: &[Data]| {
        let cells = columns.iter().zip(cells).filter_map(|(column, cell)| {
            let value = match (column.kind, cell) {
                (_, Data::Empty) => return None,
                (CellKind::Instant | CellKind::Day, Data::DateTime(at)) => json!(at.as_f64()),
                (CellKind::Number, Data::Float(count)) => json!(count),
                (CellKind::Truth, Data::Bool(truth)) => json!(truth),
                (CellKind::Text, Data::String(text)) => json!(text),
                (CellKind::Json, Data::String(text)) => serde_json::from_str(text).unwrap(),
                other => panic!("{}: {other:?}", column.name),
            };
            Some((column.name.clone(), value))
        });
        cells.collect()
    };
    rows.map(row).collect()
}

/// The same rows as a sheet has them: civil time in Vietnam, to the millisecond.
fn as_sheet(rows: &Rows, path: &str) -> Rows {
    let columns = columns(path);
    let kind = |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.kind);
    let days = |text: &str| {
        let (day, millis) = match text.len() {
            10 => (text.parse::<jiff::civil::Date>().unwrap(), 0),
            _ => {
                let there = text.parse::<jiff::Timestamp>().unwrap().in_tz("Asia/Ho_Chi_Minh").unwrap();
                let since = there.datetime().since(there.date().to_datetime(jiff::civil::Time::midnight()));
                (there.date(), since.unwrap().total(jiff::Unit::Millisecond).unwrap() as i64)
            }
        };
        let since = day.since(jiff::civil::date(1899, 12, 30)).unwrap().get_days();
        f64::from(since) + millis as f64 / 86_400_000.0
    };
    let cell = |(name, value): (&String, &Value)| {
        let value = match kind(name) {
            Some(CellKind::Instant | CellKind::Day) => json!(days(value.as_str().unwrap())),
            Some(CellKind::Number) => json!(value.as_f64().unwrap()),
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

/// Whether two sheets hold the same; times may differ by less than a millisecond.
fn assert_same_sheet(one: &Rows, other: &Rows, what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{what}");
        for (name, value) in one {
            let close = value.as_f64().zip(other[name].as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-8);
            assert!(close || value == &other[name], "{what} {name}: {value} {}", other[name]);
        }
    }
}

/// Exports a list in every format and compares each with the list; gives how many rows it has.
pub(crate) async fn agrees(app: &TestApp, token: &str, list: &str) -> usize {
    let path = list.split('?').next().unwrap();
    let lines = export(app, token, list, "ndjson").await;
    let pinned = lines.body["list"].as_str().unwrap().to_owned();
    let shown: Rows = listed(app, token, &pinned).await.iter().map(flat).collect();
    assert_eq!(lines.body["rows"], shown.len(), "{list}");
    assert_eq!(ndjson(&fetched(app, &lines).await), shown, "{list}");
    let table = export(app, token, &pinned, "csv").await;
    assert_eq!(table.body["list"], lines.body["list"], "what is pinned stays so");
    assert_eq!(csv(&fetched(app, &table).await, path), shown, "{list}");
    let book = export(app, token, &pinned, "xlsx").await;
    assert_same_sheet(&xlsx(&fetched(app, &book).await, path), &as_sheet(&shown, path), list);
    shown.len()
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
    let keys = town.app.get("/.well-known/jwks.json").call().await.expect(200);
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

/// Changes the row of an export behind the program's back.
fn meddle(
    app: &TestApp,
    id: &str,
    change: impl Fn(&mut kiennghi::store::exports::ExportRow) + Send + 'static,
) {
    let id: RowId = id.parse().unwrap();
    let done = app.app.write_now(move |tx, _| {
        let known = kiennghi::store::exports::find(tx, id)?.expect("an export");
        let mut row = known.clone();
        change(&mut row);
        Ok(kiennghi::store::exports::update(tx, &row, &known)?)
    });
    assert!(done.unwrap());
}

async fn a_link_and_a_file_have_an_end(db: TestDb) {
    let (app, token) = demo(db).await;
    let export = export(&app, &token, "/v1/overdue", "ndjson").await;
    let other = self::export(&app, &token, "/v1/petitions", "ndjson").await;
    let id = export.body["id"].as_str().unwrap().to_owned();
    // A link opens its own file alone, as long as it says, and nothing when it was changed.
    let link = |id: &str, until: i64| {
        let binding = Binding { route: "/v1/exports/{id}/file", caller: "", filters: &() };
        let opens = json!({"export": id, "until": until});
        let token = cursor::seal(app.app.secret(), &binding, &opens).unwrap();
        format!("/v1/exports/{id}/file?token={token}")
    };
    let now = kiennghi::app::clock::real_now().micros();
    app.get(link(&id, now + 60_000_000)).call().await.expect(200);
    app.get(link(&id, now - 1)).call().await.expect(404);
    let href = other.body["download"]["href"].as_str().unwrap();
    let (_, foreign) = href.split_once('?').unwrap();
    app.get(format!("/v1/exports/{id}/file?{foreign}")).call().await.expect(404);
    app.get(format!("/v1/exports/{id}/file?token=AAAA")).call().await.expect(404);
    app.get(format!("/v1/exports/{id}/file")).call().await.expect(400);
    // The file goes when its time is over; what was in it is known still.
    let path = app.app.options().exports.join(format!("{id}.1.ndjson"));
    assert!(path.is_file());
    assert_eq!(exports::forget_expired(&app.app).unwrap(), 0);
    meddle(&app, &id, |row| row.expires_at = Some(Instant::from_micros(1).unwrap()));
    app.get(link(&id, now + 60_000_000)).call().await.expect(404);
    assert_eq!(exports::forget_expired(&app.app).unwrap(), 1);
    assert!(!path.exists());
    let gone = app.get(format!("/v1/exports/{id}")).token(&token).call().await.expect(200);
    assert_eq!((gone.body["state"].as_str(), &gone.body["download"]), (Some("expired"), &Value::Null));
    assert_eq!(gone.body["sha256"], export.body["sha256"]);
    assert_eq!(verified(&app).0, Vec::<String>::new());
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

async fn who_lost_his_rights_gets_no_file(db: TestDb) {
    let town = Town::new(db);
    town.submit(json!({})).await;
    let order = json!({"list": "/v1/petitions", "format": "csv"});
    let ordered = town.app.post("/v1/exports").token(&town.handler).json(order).call().await.expect(202);
    let (handler, now) = (town.handler_id, town.app.now());
    town.app
        .app
        .write_now(move |tx, _| {
            use kiennghi::store::schema::official;
            diesel::update(official::table.find(handler))
                .set(official::disabled_at.eq(Some(now)))
                .execute(tx)
                .expect("disabled");
            Ok(())
        })
        .unwrap();
    assert_eq!(write(&town.app), 0);
    let auditor = town.app.official("all", town.city, Role::Auditor, None, Visibility::Restricted);
    let token = town.app.token(auditor);
    let failed = town.app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert_eq!((&failed.body["state"], &failed.body["problem"]), (&json!("failed"), &json!("rights_lost")));
    assert_eq!(failed.body["download"], Value::Null);
    let left = std::fs::read_dir(&town.app.app.options().exports).unwrap().flatten();
    let id = failed.body["id"].as_str().unwrap();
    assert!(left.map(|file| file.file_name()).all(|name| !name.to_string_lossy().contains(id)));
    assert_eq!(verified(&town.app).0, Vec::<String>::new());
}

async fn another_right_is_another_file(db: TestDb) {
    let town = Town::new(db);
    town.submit(json!({"agency_code": "H99.1"})).await;
    let made = export(&town.app, &town.handler, "/v1/petitions", "csv").await;
    assert_ne!(made.body["download"], Value::Null);
    town.app.grant(town.handler_id, Role::Intake, Some(town.ward), Visibility::PartiesOnly);
    let at = format!("/v1/exports/{}", made.body["id"].as_str().unwrap());
    let now = town.app.get(&at).token(&town.handler).call().await.expect(200);
    assert_eq!(now.body["download"], Value::Null, "it was written by other rights than his of now");
    export(&town.app, &town.handler, "/v1/petitions", "csv").await;
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

/// While one writer is silent another takes over and ends; the first then finds that it lost, and leaves the file alone.
struct Overtaken<'a> {
    app: &'a TestApp,
    id: &'a str,
    ended: std::sync::atomic::AtomicBool,
}

impl Lists for Overtaken<'_> {
    fn columns(&self, path: &str) -> Option<Vec<Column>> {
        ListsOfApi.columns(path)
    }
    fn paths(&self) -> Vec<&'static str> {
        ListsOfApi.paths()
    }
    fn page(
        &self,
        tx: &mut kiennghi::store::AnyConnection,
        world: &kiennghi::app::World,
        reader: &kiennghi::app::lists::Reader,
        address: &exports::Address,
        place: (Option<&str>, u16),
    ) -> Result<exports::Leaf, kiennghi::app::Error> {
        if !self.ended.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let long_ago = Instant::from_micros(1).unwrap();
            meddle(self.app, self.id, move |row| row.beat_at = Some(long_ago));
            assert_eq!(write(self.app), 1);
        }
        let mut leaf = ListsOfApi.page(tx, world, reader, address, place)?;
        leaf.items.truncate(1);
        Ok(leaf)
    }
}

async fn a_writer_that_came_late_spoils_nothing(db: TestDb) {
    let (app, token) = demo(db).await;
    let body = json!({"list": "/v1/petitions", "format": "csv"});
    let ordered = app.post("/v1/exports").token(&token).json(body).call().await.expect(202);
    let id = ordered.body["id"].as_str().unwrap();
    let slow = Overtaken { app: &app, id, ended: false.into() };
    assert_eq!(exports::run_due(&app.app, &slow, &|| false).unwrap(), 0);
    let made = app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert_eq!(made.body["state"], "succeeded");
    let rows = csv(&fetched(&app, &made).await, "/v1/petitions");
    assert!(rows.len() > 15 && made.body["rows"] == rows.len(), "{}", made.text);
    let left = std::fs::read_dir(&app.app.options().exports).unwrap().flatten();
    let own = left.filter(|file| file.file_name().to_string_lossy().contains(id));
    assert_eq!(own.count(), 1, "what the late one wrote is gone");
    assert_eq!(verified(&app).0, Vec::<String>::new());
}

async fn a_writer_that_died_is_followed_by_another(db: TestDb) {
    let (app, token) = demo(db).await;
    let order = async || {
        let body = json!({"list": "/v1/petitions", "format": "xlsx"});
        app.post("/v1/exports").token(&token).json(body).call().await.expect(202)
    };
    let read =
        async |ordered: &Reply| app.get(ordered.field("location")).token(&token).call().await.expect(200);
    let ordered = order().await;
    let id = ordered.field("location").rsplit('/').next().unwrap().to_owned();
    // One that lives keeps its work, one that was not heard of loses it; what it left is removed.
    let real = kiennghi::app::clock::real_now();
    meddle(&app, &id, move |row| {
        row.state = ExportState::Running;
        row.attempts = 1;
        row.beat_at = Some(real);
    });
    assert_eq!(write(&app), 0);
    let part = app.app.options().exports.join(format!("{id}.1.part"));
    std::fs::create_dir_all(&app.app.options().exports).unwrap();
    std::fs::write(&part, "half a file").unwrap();
    meddle(&app, &id, move |row| row.beat_at = Some(real.plus_micros(-120_000_000)));
    assert_eq!(write(&app), 1);
    assert!(!part.exists());
    let rows = xlsx(&fetched(&app, &read(&ordered).await).await, "/v1/petitions");
    assert!(rows.len() > 15);
    // One that is told to stop leaves it to the next, and that is no attempt.
    let ordered = order().await;
    let id = ordered.field("location").rsplit('/').next().unwrap().to_owned();
    let looks = std::cell::Cell::new(0);
    let stopping = || {
        looks.set(looks.get() + 1);
        looks.get() > 1
    };
    assert_eq!(exports::run_due(&app.app, &ListsOfApi, &stopping).unwrap(), 0);
    assert_eq!(read(&ordered).await.body["state"], "running");
    let attempts = |id: &str| {
        let id: RowId = id.parse().unwrap();
        app.app.read_now(|tx, _| Ok(kiennghi::store::exports::find(tx, id)?.unwrap().attempts)).unwrap()
    };
    assert_eq!(attempts(&id), 0);
    // What failed five times is given up.
    meddle(&app, &id, |row| row.attempts = 5);
    assert_eq!(write(&app), 0);
    let failed = read(&ordered).await;
    assert_eq!((&failed.body["state"], &failed.body["problem"]), (&json!("failed"), &json!("internal")));
}

async fn a_changed_manifest_is_found(db: TestDb) {
    let (app, token) = demo(db).await;
    let made = export(&app, &token, "/v1/overdue", "ndjson").await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(verified(&app).0, Vec::<String>::new());
    let before: RowId = id.parse().unwrap();
    type Change = fn(&mut kiennghi::store::exports::ExportRow);
    let changes: [Change; 7] = [
        |row| row.digest = Some(vec![7; 32]),
        |row| row.digest = None,
        |row| row.rows += 1,
        |row| row.recorded_by = None,
        |row| row.calendar_version = Some(7),
        |row| row.bom = true,
        |row| row.list = "/v1/overdue?as_of=2026-01-01".to_owned(),
    ];
    let kept = app.app.read_now(|tx, _| Ok(kiennghi::store::exports::find(tx, before)?.unwrap())).unwrap();
    for change in changes {
        meddle(&app, &id, change);
        let (findings, _) = verified(&app);
        assert!(findings.iter().any(|finding| finding.contains(&id)), "{findings:?}");
        let kept = kept.clone();
        meddle(&app, &id, move |row| *row = kept.clone());
    }
    assert_eq!(verified(&app).0, Vec::<String>::new());
    // A row of which the log knows nothing.
    let mut foreign = kept;
    foreign.id = kiennghi::app::clock::new_id();
    let id = foreign.id.to_string();
    app.app.write_now(move |tx, _| Ok(kiennghi::store::exports::insert(tx, &foreign)?)).unwrap();
    let (findings, _) = verified(&app);
    assert!(findings.iter().any(|finding| finding.contains(&id)), "{findings:?}");
    let count: i64 =
        app.app.read_now(|tx, _| Ok(export::table.count().get_result(tx).expect("a count"))).unwrap();
    assert_eq!(count, 2);
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
