//! Figures: how promises were kept, against a model; what everybody may count.

use std::collections::BTreeMap;

use kiennghi::domain::{
    id::AgencyId,
    time::Instant,
    vocabulary::{Code, Kind, Role, Visibility},
};
use serde_json::{Value, json};

use crate::{
    lists::{agencies, records},
    support::{
        Case, TestDb, cases,
        client::TestApp,
        records::{Dice, Record},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        timeliness_is_what_the_records_say,
        reports_count_what_their_reader_sees,
        the_public_counts_no_small_numbers,
    ]
}

const COLUMNS: [&str; 8] = [
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "open_in_time",
    "open_overdue",
    "open_paused",
    "ended_otherwise",
    "no_deadline",
];

/// The column of a record as of an instant, in the words of the design.
fn column(record: &Record, at: Instant) -> &'static str {
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let by = |end: Option<Instant>| end.filter(|end| *end <= at);
    // The last day: at midnight the day before.
    let last = |due: Instant| due.plus_micros(-1).day(&zone);
    match (by(record.closed_at), by(record.ended_at), record.due_at) {
        (Some(_), _, None) => "no_deadline",
        (Some(end), _, Some(due)) if end >= due => "resolved_late",
        (Some(end), _, Some(due)) if end.day(&zone) < last(due) => "resolved_early",
        (Some(_), _, Some(_)) => "resolved_on_time",
        (None, Some(_), _) => "ended_otherwise",
        (None, None, None) => "no_deadline",
        (None, None, Some(due)) if by(record.paused_at).is_some_and(|from| from < due) => "open_paused",
        (None, None, Some(due)) if due <= at => "open_overdue",
        (None, None, Some(_)) => "open_in_time",
    }
}

async fn timeliness_is_what_the_records_say(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    let records = records(&mut Dice::new(11), &agencies, 90);
    records.iter().for_each(|record| {
        app.record(record);
    });
    let auditor = app.official("auditor", agencies[0], Role::Auditor, None, Visibility::Restricted);
    let token = app.token(auditor);
    let codes: BTreeMap<AgencyId, String> = agencies
        .iter()
        .map(|id| {
            let id = *id;
            let found = app.app.read_now(move |tx, _| Ok(kiennghi::store::agencies::by_id(tx, id)?)).unwrap();
            (id, found.unwrap().code)
        })
        .collect();
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let level = |id: AgencyId| if id == agencies[0] { "province" } else { "commune" };
    let (from, to): (Instant, Instant) =
        ("2026-02-01T00:00:00+07:00".parse().unwrap(), "2026-09-01T00:00:00+07:00".parse().unwrap());
    for as_of in ["2026-01-31", "2026-06-30T12:00:00Z", "2026-11-20"] {
        let at: Instant = match as_of.len() {
            10 => as_of.parse::<kiennghi::domain::time::Day>().unwrap().end(&zone),
            _ => as_of.parse().unwrap(),
        };
        for by in ["agency", "field", "kind", "channel", "level", "month"] {
            let mut expected: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
            for record in records.iter().filter(|record| (from..to).contains(&record.received_at)) {
                if record.received_at > at {
                    continue;
                }
                let key = match by {
                    "agency" => codes[&record.agency].clone(),
                    "field" => record.field.to_owned(),
                    "kind" => record.kind.as_str().to_owned(),
                    "channel" => record.channel.as_str().to_owned(),
                    "level" => level(record.agency).to_owned(),
                    _ => record.received_at.day(&zone).to_string()[..7].to_owned(),
                };
                *expected.entry(key).or_default().entry(column(record, at)).or_default() += 1;
            }
            let path =
                format!("/v1/reports/timeliness?from=2026-02-01&to=2026-09-01&as_of={as_of}&group_by={by}");
            let report = app.get(path).token(&token).call().await.expect(200);
            let rows = report.body["rows"].as_array().unwrap();
            let keys: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
            assert_eq!(keys, expected.keys().map(String::as_str).collect::<Vec<_>>(), "{as_of} {by}");
            for (row, expected) in rows.iter().zip(expected.values()) {
                let number = |name: &str| row[name].as_i64().unwrap();
                for name in COLUMNS {
                    assert_eq!(
                        number(name),
                        expected.get(name).copied().unwrap_or(0),
                        "{as_of} {by} {name}: {row}"
                    );
                }
                assert_eq!(number("received"), COLUMNS.iter().map(|name| number(name)).sum::<i64>());
                assert!(row["name"].as_str().is_some_and(|name| !name.is_empty()));
                check_rate(row);
            }
        }
    }
}

fn check_rate(row: &Value) {
    let number = |name: &str| row[name].as_f64().unwrap();
    let in_time = number("resolved_early") + number("resolved_on_time");
    let resolved = in_time + number("resolved_late");
    match row["on_time_rate"].as_f64() {
        Some(rate) => assert!((rate - in_time / resolved).abs() < 1e-9, "{row}"),
        None => assert!(resolved == 0.0, "{row}"),
    }
}

async fn reports_count_what_their_reader_sees(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    let mut records = records(&mut Dice::new(12), &agencies, 40);
    records.iter_mut().step_by(2).for_each(|record| record.visibility = Visibility::Restricted);
    records.iter().for_each(|record| {
        app.record(record);
    });
    let now = app.now();
    let official =
        |name: &str, role, over, ceiling| app.token(app.official(name, agencies[0], role, over, ceiling));
    let high = official("high", Role::Auditor, None, Visibility::Restricted);
    let low = official("low", Role::Auditor, None, Visibility::PartiesOnly);
    let local = official("local", Role::Coordinator, Some(agencies[4]), Visibility::PartiesOnly);
    let open = |record: &&Record| record.visibility != Visibility::Restricted;
    let own = |record: &&Record| agencies[4..7].contains(&record.agency) && open(record);
    let counts: [(&str, usize, usize); 3] = [
        (&high, records.len(), records.iter().filter(|record| record.is_overdue(now)).count()),
        (
            &low,
            records.iter().filter(open).count(),
            records.iter().filter(open).filter(|record| record.is_overdue(now)).count(),
        ),
        (
            &local,
            records.iter().filter(own).count(),
            records.iter().filter(own).filter(|record| record.is_overdue(now)).count(),
        ),
    ];
    for (token, received, overdue) in counts {
        let report = app.get("/v1/reports/timeliness?group_by=kind").token(token).call().await.expect(200);
        let rows = report.body["rows"].as_array().unwrap();
        assert_eq!(rows.iter().map(|row| row["received"].as_u64().unwrap()).sum::<u64>(), received as u64);
        let late: u64 = rows.iter().map(|row| row["open_overdue"].as_u64().unwrap()).sum();
        assert_eq!(late, overdue as u64);
        let summary = app.get("/v1/overdue/summary").token(token).call().await.expect(200);
        assert_eq!(summary.body["total"], overdue);
    }
}

async fn the_public_counts_no_small_numbers(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Tỉnh", None);
    let record = records(&mut Dice::new(13), &[agency], 1).remove(0);
    let open = Record { closed_at: None, ended_at: None, paused_at: None, ..record };
    let add = |kind: Kind, count: usize| {
        (0..count).for_each(|_| {
            app.record(&Record { kind, ..open.clone() });
        });
    };
    add(Kind::Proposal, 3);
    add(Kind::Complaint, 5);
    add(Kind::Denunciation, 4);
    app.official("intake", agency, Role::Intake, None, Visibility::Restricted);
    let body = json!({"kind": "proposal", "channel": "mobile_app", "title": "Ngõ ngập", "content": "Cống tắc.",
        "field_code": "land", "submitter": {"full_name": "Nguyễn Văn A", "phone": "0912345678"}});
    app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let answer = app.get("/v1/public/statistics").call().await.expect(200);
    let rows = answer.body["rows"].as_array().unwrap();
    assert_eq!(rows.len(), Kind::ALL.len() * 7);
    let cell = |kind: &str, status: &str| {
        let found = rows.iter().find(|row| row["kind"] == kind && row["public_status"] == status).unwrap();
        (found["count"].clone(), found["suppressed"].clone())
    };
    assert_eq!(cell("proposal", "waiting"), (json!(3), json!(false)), "nothing before classification");
    assert_eq!(cell("proposal", "answered"), (json!(0), json!(false)));
    assert_eq!(cell("complaint", "waiting"), (json!(5), json!(false)));
    assert_eq!(cell("denunciation", "waiting"), (json!(null), json!(true)));
    assert_eq!(cell("denunciation", "answered"), (json!(null), json!(true)), "nor does a zero tell");
    let english = app.get("/v1/public/statistics").header("Accept-Language", "en").call().await.expect(200);
    assert_eq!(english.body["rows"][0]["kind_name"], "Proposal");
}
