//! Backlogs: what goes in, what stays out, and that twice is once.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{
        history,
        import::{self, Report},
    },
    domain::{
        id::PetitionId,
        vocabulary::{Basis, Provenance, Role, Stage, State, Visibility},
    },
    store::{
        events::{self, StoredEvent},
        petitions::{self, ExternalRow, PetitionRow},
        schema::{agency_version, clock_span, event, external_ref, reply_revision},
        spans::{self, SpanRow},
    },
};
use serde_json::{Value, json};

use crate::{
    exports,
    lists::{all, ids},
    support::{Case, Database, TestDb, cases, client::TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        twice_is_once,
        the_source_changes_its_record,
        an_open_record_is_closed_later,
        a_closing_is_moved_and_taken_back,
        bad_lines_stay_out_and_the_rest_goes_in,
        files_come_in_several_forms,
        a_native_petition_is_left_alone,
        unknown_codes_are_refused_unless_asked_for,
        a_real_backlog_goes_in_once,
    ]
}

/// A record of the source, changed as the test needs it.
pub(crate) fn record(id: &str, changes: Value) -> Value {
    let mut record = json!({
        "source_system": "old", "external_id": id, "kind": "feedback", "channel": "hotline", "title": "Đèn hỏng",
        "content": "Đèn đường không sáng.", "field_code": "lamps", "agency_code": "X.1",
        "received_at": "2025-03-03T08:00:00+07:00", "due_at": null, "closed_at": null, "reply_text": null,
        "location_text": null, "latitude": null, "longitude": null,
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

pub(crate) fn file(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

pub(crate) fn import(app: &TestApp, text: impl AsRef<[u8]>) -> Report {
    import::run(&app.app, text.as_ref(), true, &mut |_| {}).expect("the file is read to its end")
}

pub(crate) fn counts(report: &Report) -> [u64; 5] {
    [report.read, report.created, report.updated, report.unchanged, report.rejected]
}

fn event_count(app: &TestApp) -> i64 {
    app.app.read_now(|tx, _| Ok(event::table.count().get_result(tx).expect("a count"))).expect("a read")
}

/// The petition of a record: its row, its spans and its events.
struct Held {
    row: PetitionRow,
    spans: Vec<SpanRow>,
    events: Vec<StoredEvent>,
}

fn held(app: &TestApp, id: &str) -> Held {
    let id = id.to_owned();
    app.app
        .read_now(move |tx, _| {
            let external = petitions::find_external(tx, "old", &id)?.expect("the record is known");
            let row = petitions::find(tx, external.petition_id)?.expect("its petition is there");
            let spans = spans::of_petition(tx, row.id)?;
            let events = events::history(tx, row.id, None)?;
            Ok(Held { row, spans, events })
        })
        .expect("a read")
}

impl Held {
    /// Chain and spans hold whatever came.
    #[track_caller]
    fn check(&self) {
        let mut hash = vec![0; 32];
        for stored in &self.events {
            assert_eq!(stored.prev_hash, hash);
            hash = history::link(&stored.event, &hash).expect("a hash");
            assert_eq!(stored.hash, hash);
        }
        assert_eq!(self.row.last_hash, hash);
        assert_eq!(self.row.sequence as usize, self.events.len());
        assert_eq!(self.spans[0].from_at, self.row.received_at);
        for pair in self.spans.windows(2) {
            assert_eq!(pair[0].to_at, Some(pair[1].from_at));
        }
        assert_eq!(self.spans.last().unwrap().to_at, None);
    }
}

fn closed() -> Value {
    json!({"due_at": "2025-03-10T08:00:00+07:00", "closed_at": "2025-03-05T09:00:00+07:00", "reply_text": "Đã thay."})
}

async fn twice_is_once(db: TestDb) {
    let app = TestApp::new(db);
    let text = file(&[
        record("1", closed()),
        record("2", json!({"due_at": "2025-04-01T08:00:00+07:00", "reply_text": "Đang làm."})),
        record("3", json!({})),
        record("4", json!({"closed_at": "2025-03-03T08:00:00+07:00"})),
        record("1", closed()),
    ]);
    assert_eq!(counts(&import(&app, &text)), [5, 4, 0, 1, 0]);
    let events = event_count(&app);
    assert_eq!(events, 7);
    assert_eq!(counts(&import(&app, &text)), [5, 0, 0, 5, 0]);
    assert_eq!(event_count(&app), events);

    let one = held(&app, "1");
    one.check();
    assert_eq!((one.row.state, one.row.provenance), (State::Closed, Provenance::Imported));
    assert_eq!(one.row.visibility, Visibility::PartiesOnly);
    assert_eq!((one.row.lead_agency_id, one.row.promised_due_at), (None, None));
    assert_eq!(one.spans.len(), 2);
    let (before, after) = (&one.spans[0], &one.spans[1]);
    assert_eq!((before.state, after.state), (State::Classified, State::Closed));
    assert_eq!(before.open_due_at.map(|at| at.to_string()).as_deref(), Some("2025-03-10T01:00:00Z"));
    assert_eq!((after.open_due_at, after.met_at), (None, Some(after.from_at)));
    assert_eq!(after.round1_met_at, Some(after.from_at));
    assert_eq!(after.from_at.to_string(), "2025-03-05T02:00:00Z");
    let replies = app.app.read_now(move |tx, _| {
        let found = reply_revision::table.filter(reply_revision::petition_id.eq(one.row.id)).count();
        let clocks: Vec<(Stage, Basis)> = clock_span::table
            .filter(clock_span::petition_id.eq(one.row.id))
            .filter(clock_span::to_at.is_null())
            .select((clock_span::stage, clock_span::basis))
            .load::<(Stage, Basis)>(tx)
            .expect("clocks");
        assert_eq!(clocks, [(Stage::Resolution, Basis::Stated)]);
        Ok(found.get_result::<i64>(tx).expect("a count"))
    });
    assert_eq!(replies.expect("a read"), 1);

    let two = held(&app, "2");
    two.check();
    assert_eq!((two.row.state, two.spans.len(), two.events.len()), (State::Classified, 1, 2));
    assert_eq!(held(&app, "3").spans[0].clock_stage, None);
    let four = held(&app, "4");
    four.check();
    assert_eq!((four.row.state, four.spans.len()), (State::Closed, 2));
    if app.db.database == Database::Sqlite {
        let positions =
            |tx: &mut _| event::table.order(event::position.asc()).select(event::position).load(tx);
        let found: Vec<Option<i64>> =
            app.app.read_now(move |tx, _| Ok(positions(tx).expect("positions"))).expect("a read");
        assert_eq!(found, (1..=7).map(Some).collect::<Vec<_>>());
    }
}

async fn the_source_changes_its_record(db: TestDb) {
    let app = TestApp::new(db);
    import(&app, file(&[record("1", json!({"due_at": "2025-03-10T08:00:00+07:00"}))]));
    let change = json!({"due_at": "2025-03-20T08:00:00+07:00", "title": "Đèn vỡ", "agency_code": "X.2",
        "location_text": "Ngõ 45", "latitude": 21.0, "longitude": 105.8});
    assert_eq!(counts(&import(&app, file(&[record("1", change.clone())]))), [1, 0, 1, 0, 0]);
    assert_eq!(counts(&import(&app, file(&[record("1", change)]))), [1, 0, 0, 1, 0]);
    let one = held(&app, "1");
    one.check();
    assert_eq!(one.row.title, "Đèn vỡ");
    let last = one.spans.last().unwrap();
    assert_eq!(last.due_at.map(|at| at.to_string()).as_deref(), Some("2025-03-20T01:00:00Z"));
    assert_ne!(one.spans[0].agency_id, last.agency_id);
    let facts = serde_json::to_value(&one.events[1].event.record.act).unwrap();
    assert!(facts["facts"]["title"].is_object() && facts["facts"]["content"].is_null(), "{facts}");
    let place = app.app.read_now(move |tx, _| Ok(petitions::detail(tx, one.row.id)?)).expect("a read");
    assert_eq!((place.location_text.as_deref(), place.latitude), (Some("Ngõ 45"), Some(21.0)));
    // Another offset says the same; within one file the last word counts.
    let utc = json!({"received_at": "2025-03-03T01:00:00Z"});
    assert_eq!(counts(&import(&app, file(&[record("3", json!({})), record("3", utc)]))), [2, 1, 0, 1, 0]);
    let text = file(&[record("2", json!({})), record("2", json!({"title": "Khác"}))]);
    assert_eq!(counts(&import(&app, text)), [2, 1, 1, 0, 0]);
    let moved = import(&app, file(&[record("2", json!({"received_at": "2025-03-04T08:00:00+07:00"}))]));
    assert_eq!(moved.errors[0].code, "received_at_changed");
}

async fn an_open_record_is_closed_later(db: TestDb) {
    let app = TestApp::new(db);
    let open = json!({"due_at": "2025-03-10T08:00:00+07:00", "reply_text": "Đã thay."});
    import(&app, file(&[record("1", open)]));
    assert_eq!(counts(&import(&app, file(&[record("1", closed())]))), [1, 0, 1, 0, 0]);
    let one = held(&app, "1");
    one.check();
    assert_eq!(one.row.state, State::Closed);
    let last = one.spans.last().unwrap();
    assert_eq!(last.from_at.to_string(), "2025-03-05T02:00:00Z");
    assert_eq!((last.met_at, last.open_due_at), (Some(last.from_at), None));
    let replies = app.app.read_now(move |tx, _| {
        let mine = reply_revision::table.filter(reply_revision::petition_id.eq(one.row.id));
        Ok(mine.count().get_result::<i64>(tx).expect("a count"))
    });
    assert_eq!(replies.expect("a read"), 1);
}

async fn a_closing_is_moved_and_taken_back(db: TestDb) {
    let app = TestApp::new(db);
    import(&app, file(&[record("1", closed())]));
    let mut later = closed();
    later["closed_at"] = json!("2025-03-12T09:00:00+07:00");
    later["reply_text"] = json!("Đã thay cả cột.");
    assert_eq!(counts(&import(&app, file(&[record("1", later)]))), [1, 0, 1, 0, 0]);
    let one = held(&app, "1");
    one.check();
    let last = one.spans.last().unwrap();
    assert_eq!(last.met_at.map(|at| at.to_string()).as_deref(), Some("2025-03-12T02:00:00Z"));

    let reopened = json!({"due_at": "2027-01-10T08:00:00+07:00"});
    assert_eq!(counts(&import(&app, file(&[record("1", reopened)]))), [1, 0, 1, 0, 0]);
    let one = held(&app, "1");
    one.check();
    assert_eq!((one.row.state, one.row.round), (State::Classified, 2));
    let last = one.spans.last().unwrap();
    assert_eq!(last.open_due_at.map(|at| at.to_string()).as_deref(), Some("2027-01-10T01:00:00Z"));
    assert_eq!(last.round1_met_at.map(|at| at.to_string()).as_deref(), Some("2025-03-12T02:00:00Z"));
}

async fn bad_lines_stay_out_and_the_rest_goes_in(db: TestDb) {
    let app = TestApp::new(db);
    let line = |id: &str, changes: Value| record(id, changes).to_string();
    let lines = [
        (line("1", json!({})), None),
        ("{\"external_id\": \"2\"".to_owned(), Some("not_json")),
        (line("3", json!({"closed_at": "2025-03-03T07:59:59+07:00"})), Some("closed_before_received")),
        (String::new(), None),
        (line("5", json!({"received_at": "2026-11-24T14:00:00+07:00"})), Some("in_the_future")),
        (line("6", json!({"closed_at": "2026-11-24T14:00:00+07:00"})), Some("in_the_future")),
        (line("7", json!({"title": "x".repeat(301)})), Some("too_long")),
        (line("8", json!({"content": "x".repeat(20_001)})), Some("too_long")),
        (line("9", json!({"kind": "poem"})), Some("unknown")),
        (line("10", json!({"extra": 1})), Some("unknown_field")),
        (line("11", json!({"received_at": "2025-03-03T08:00:00"})), Some("not_a_time")),
        (line("12", json!({"latitude": 91.0, "longitude": 0.0})), Some("out_of_range")),
        (line("13", json!({"latitude": 1.0})), Some("incomplete")),
        (line("14", json!({"content": "x".repeat(70_000)})), Some("line_too_long")),
        (
            line("15", json!({"kind": "denunciation", "visibility": "parties_only"})),
            Some("must_be_restricted"),
        ),
        (line("16", json!({"agency_code": "thường"})), Some("not_an_agency_code")),
        (line("17", json!({"title": "  "})), Some("blank")),
        (line("18", json!({"title": "a\u{202E}b"})), Some("forbidden_character")),
        (line("19", json!({"external_id": 19})), Some("invalid")),
        (line("20", json!({"kind": "denunciation"})), None),
    ];
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let report = import(&app, text.join("\n"));
    let expected: Vec<(u64, &str)> =
        (1..).zip(&lines).filter_map(|(number, (_, code))| Some((number, (*code)?))).collect();
    let found: Vec<(u64, &str)> =
        report.errors.iter().map(|error| (error.line, error.code.as_str())).collect();
    assert_eq!(found, expected, "{:?}", report.errors);
    assert_eq!(counts(&report), [19, 2, 0, 0, 17]);
    assert_eq!(report.errors[1].external_id.as_deref(), Some("3"));
    assert_eq!(held(&app, "20").row.visibility, Visibility::Restricted);
    let many = "no\n".repeat(1200);
    let report = import(&app, many);
    assert_eq!((report.rejected, report.errors.len()), (1200, 100));
}

pub(crate) async fn files_come_in_several_forms(db: TestDb) {
    let app = TestApp::new(db);
    let text = format!("\u{FEFF}{}\r\n\r\n{}", record("1", json!({})), record("2", json!({})));
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
    std::fs::write(&plain, &text).unwrap();
    let mut encoder =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
    for (path, expected) in [(plain, [2, 2, 0, 0, 0]), (packed, [2, 0, 0, 2, 0])] {
        let mut lines = 0;
        let input = import::open(&path).unwrap();
        let report = import::run(&app.app, input, true, &mut |done| lines = done).unwrap();
        assert_eq!((counts(&report), lines), (expected, 3), "{:?}", report.errors);
    }
}

async fn a_native_petition_is_left_alone(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let body = json!({"kind": "proposal", "channel": "mobile_app", "title": "Ngõ 45 ngập", "content": "Cống tắc.",
        "field_code": "urban_infrastructure"});
    let receipt = app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let petition: PetitionId = receipt.body["id"].as_str().unwrap().parse().unwrap();
    let row = ExternalRow {
        source: "old".to_owned(),
        external_id: "1".to_owned(),
        petition_id: petition,
        payload_digest: vec![1],
        source_status: None,
        updated_at: app.now(),
    };
    app.app.write_now(move |tx, _| Ok(petitions::insert_external(tx, &row)?)).unwrap();
    let events = event_count(&app);
    let report = import(&app, file(&[record("1", closed()), record("2", json!({}))]));
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    assert_eq!((report.errors[0].line, report.errors[0].code.as_str()), (1, "not_imported"));
    assert_eq!(event_count(&app), events + 1);
    assert_eq!(held(&app, "1").row.state, State::Received);
}

async fn unknown_codes_are_refused_unless_asked_for(db: TestDb) {
    let app = TestApp::new(db);
    let text = file(&[record("1", json!({}))]);
    let refused = import::run(&app.app, text.as_bytes(), false, &mut |_| {}).unwrap();
    assert_eq!((counts(&refused), refused.errors[0].code.as_str()), ([1, 0, 0, 0, 1], "unknown"));
    assert_eq!(counts(&import(&app, &text)), [1, 1, 0, 0, 0]);
    let since = app.app.read_now(|tx, _| {
        let version = agency_version::table.filter(agency_version::code.eq("X.1"));
        let found = version.select((agency_version::valid_from, agency_version::parent_id)).first(tx);
        let found: Option<(Option<kiennghi::domain::time::Day>, Option<kiennghi::domain::id::AgencyId>)> =
            found.optional().expect("a version");
        Ok(found)
    });
    assert_eq!(since.unwrap(), Some((None, None)));
    let again = import::run(&app.app, text.as_bytes(), false, &mut |_| {}).unwrap();
    assert_eq!(counts(&again), [1, 0, 0, 1, 0]);
}

/// The records of a real city's year, or nothing where they are not at hand.
fn boston_file() -> Option<PathBuf> {
    let name = "../shared/data/boston311-2015-sample.ndjson.gz";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    path.is_file().then_some(path)
}

/// An application that holds the real backlog, imported twice; nothing where the file is not at hand.
fn boston(db: TestDb) -> Option<TestApp> {
    let path = boston_file()?;
    let app = TestApp::new(db);
    let run = || {
        let input = import::open(&path).expect("the file opens");
        import::run(&app.app, input, true, &mut |_| {}).expect("the file is read to its end")
    };
    let first = run();
    assert_eq!(counts(&first), [20_099, 20_099, 0, 0, 0], "{:?}", first.errors);
    println!("imported {:.0} records a second", first.records_per_second);
    let events = event_count(&app);
    let second = run();
    assert_eq!(counts(&second), [20_099, 0, 0, 20_099, 0]);
    println!("compared {:.0} records a second", second.records_per_second);
    assert_eq!(event_count(&app), events);
    Some(app)
}

async fn a_real_backlog_goes_in_once(db: TestDb) {
    let Some(app) = boston(db) else {
        println!("the real backlog was left out: its file is not at hand");
        return;
    };
    let some: Vec<PetitionId> = app
        .app
        .read_now(|tx, _| {
            let found = external_ref::table.order(external_ref::external_id.asc()).limit(50);
            Ok(found.select(external_ref::petition_id).load(tx).expect("some"))
        })
        .unwrap();
    for id in some {
        let held = app.app.read_now(move |tx, _| {
            let row = petitions::find(tx, id)?.expect("a petition");
            let spans = spans::of_petition(tx, id)?;
            Ok(Held { row, spans, events: events::history(tx, id, None)? })
        });
        held.unwrap().check();
    }
    agrees_with_the_city(&app).await;
}

/// The figures are those that the city's own flags give: for each agency, and of each month's overdue.
async fn agrees_with_the_city(app: &TestApp) {
    let path = boston_file().unwrap().with_file_name("boston311-2015-sample.expected.json");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let home = app.agency("H99", "Nơi giám sát", None);
    let auditor = app.official("auditor", home, Role::Auditor, None, Visibility::PartiesOnly);
    let token = app.token(auditor);
    let report = "/v1/reports/timeliness?group_by=agency&from=2015-01-01T00:00:00-05:00\
                  &to=2016-01-01T00:00:00-05:00&as_of=2016-01-12T23:00:00-05:00";
    let report = app.get(report).token(&token).call().await.expect(200);
    let rows = report.body["rows"].as_array().unwrap();
    let truth = expected["by_agency"].as_object().unwrap();
    assert_eq!(rows.len(), truth.len() - 1, "every agency has a row, and the truth has one for all");
    for row in rows {
        let agency = &truth[row["key"].as_str().unwrap()];
        let found = |column: &str| row[column].as_i64().unwrap();
        let wanted = |column: &str| agency[column].as_i64().unwrap_or(0);
        assert_eq!(found("resolved_early") + found("resolved_on_time"), wanted("resolved_on_time"), "{row}");
        for column in ["received", "no_deadline", "resolved_late", "open_overdue", "open_in_time"] {
            assert_eq!(found(column), wanted(column), "{column} of {row}");
        }
        assert_eq!(found("open_paused") + found("ended_otherwise"), 0, "{row}");
    }
    for (as_of, count) in expected["overdue_as_of"].as_object().unwrap() {
        let summary =
            app.get(format!("/v1/overdue/summary?as_of={as_of}")).token(&token).call().await.expect(200);
        assert_eq!(&summary.body["total"], count, "overdue as of {as_of}");
        let groups = summary.body["groups"].as_array().unwrap();
        assert_eq!(
            groups.iter().map(|group| group["count"].as_i64().unwrap()).sum::<i64>(),
            count.as_i64().unwrap()
        );
        let listed = all(app, &token, &format!("/v1/overdue?as_of={as_of}")).await;
        assert_eq!(ids(&listed).len() as i64, count.as_i64().unwrap(), "overdue as of {as_of}");
    }
    let snapshot = expected["snapshot"].as_str().unwrap();
    lists_agree_with_the_city(app, &token, truth, snapshot).await;
    files_agree_with_the_city(app, &token, truth, snapshot).await;
}

/// So do the files: what is overdue at the snapshot, by agency, in every format.
async fn files_agree_with_the_city(
    app: &TestApp,
    token: &str,
    truth: &serde_json::Map<String, Value>,
    snapshot: &str,
) {
    let list = format!("/v1/overdue?as_of={snapshot}");
    assert_eq!(exports::agrees(app, token, &list).await as i64, truth["*"]["open_overdue"].as_i64().unwrap());
    let export = exports::export(app, token, &list, "csv").await;
    let rows = exports::csv(&exports::fetched(app, &export).await, "/v1/overdue");
    for (agency, columns) in truth.iter().filter(|(agency, _)| *agency != "*") {
        let found = rows.iter().filter(|row| row["agency.code"] == agency.as_str()).count();
        assert_eq!(found as i64, columns["open_overdue"].as_i64().unwrap_or(0), "{agency}");
    }
    // All of it, in constant memory; the list itself was compared page by page.
    let export = exports::export(app, token, &format!("/v1/petitions?as_of={snapshot}"), "ndjson").await;
    let rows = exports::ndjson(&exports::fetched(app, &export).await);
    assert_eq!(rows.len(), 20_099);
    let late = rows.iter().filter(|row| row["timeliness"] == "missed").count();
    assert_eq!(late as i64, truth["*"]["resolved_late"].as_i64().unwrap());
}

/// Every row of the list, by agency and class, is what the city's flags say; the list behind each figure has its length.
async fn lists_agree_with_the_city(
    app: &TestApp,
    token: &str,
    truth: &serde_json::Map<String, Value>,
    snapshot: &str,
) {
    let listed = all(app, token, &format!("/v1/petitions?as_of={snapshot}")).await;
    assert_eq!(ids(&listed).len(), 20_099);
    let mut found: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for item in &listed {
        let column = match item["timeliness"].as_str().unwrap() {
            "met" => "resolved_on_time",
            "missed" => "resolved_late",
            "overdue" => "open_overdue",
            "on_track" | "due_soon" => "open_in_time",
            _ => "no_deadline",
        };
        for agency in ["*", item["agency"]["code"].as_str().unwrap()] {
            *found.entry((agency, "received")).or_default() += 1;
            *found.entry((agency, column)).or_default() += 1;
        }
    }
    let expected = truth.iter().flat_map(|(agency, columns)| {
        let columns = columns.as_object().unwrap().iter();
        columns.map(|(column, count)| ((agency.as_str(), column.as_str()), count.as_i64().unwrap()))
    });
    assert_eq!(found, expected.collect());
    let summary =
        app.get(format!("/v1/overdue/summary?as_of={snapshot}")).token(token).call().await.expect(200);
    for group in summary.body["groups"].as_array().unwrap() {
        assert_eq!(group["count"], truth[group["key"].as_str().unwrap()]["open_overdue"], "{group}");
        let behind = all(app, token, group["href"].as_str().unwrap()).await;
        assert_eq!(group["count"], ids(&behind).len(), "{group}");
    }
}
