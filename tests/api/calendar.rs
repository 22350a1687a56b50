//! The calendar over HTTP: what a change would move, what it moves, what stays, and who did it.

use diesel::{RunQueryDsl, connection::SimpleConnection};
use kiennghi::{
    app::{recalculation, routine},
    domain::vocabulary::{Role, Visibility},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        the_oracle_differs_in_one_swap_alone,
        a_change_is_told_and_then_done,
        a_change_taken_back_returns_every_deadline,
        a_day_into_the_past_needs_a_confirmation,
        a_change_says_what_is_wrong_with_it,
        nobody_else_changes_the_calendar,
        restricted_petitions_move_and_are_not_listed,
        loading_a_year_ends_what_was_provisional,
        a_killed_recalculation_goes_on_where_it_was,
        an_act_in_between_takes_the_petition_over,
        office_hours_reach_down_and_stay_with_a_clock,
        a_file_is_imported_once,
        a_repeated_change_has_one_effect,
        a_calendar_changed_by_hand_is_found,
    ]
}

/// A city with a ward, an administrator, an auditor and a handful of petitions.
struct Office {
    app: TestApp,
    ward: kiennghi::domain::id::AgencyId,
    admin: String,
    auditor: String,
    coordinator: String,
}

impl Office {
    fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let city = app.agency("H99", "Thành phố", None);
        let ward = app.agency("H99.1", "Phường", Some(city));
        let all = Visibility::Restricted;
        let admin = app.token(app.official("admin", city, Role::Admin, None, all));
        let auditor = app.token(app.official("auditor", city, Role::Auditor, None, all));
        let coordinator = app.token(app.official("coordinator", city, Role::Coordinator, None, all));
        app.official("intake", ward, Role::Intake, None, all);
        Self { app, ward, admin, auditor, coordinator }
    }

    /// Submits; gives the petition as its coordinator reads it.
    async fn petition(&self, kind: &str) -> Value {
        let mut body = json!({"kind": kind, "title": "Đèn hỏng", "content": "Đèn hỏng.", "field_code": "transport",
            "agency_code": "H99.1", "submitter": {"full_name": "Trần Thị A", "phone": "0912345678"}});
        if kind == "complaint" {
            body["instance"] = json!(1);
        }
        let made = self.app.post("/v1/petitions").key().json(body).call().await.expect(201);
        self.read(made.body["id"].as_str().unwrap()).await
    }

    async fn read(&self, id: &str) -> Value {
        self.app.get(format!("/v1/petitions/{id}")).token(&self.coordinator).call().await.expect(200).body
    }

    async fn change(&self, query: &str, body: Value) -> Reply {
        let path = format!("/v1/calendar-changes{query}");
        self.app.post(path).token(&self.admin).header("Accept-Language", "en").json(body).call().await
    }

    /// Applies a change and lets petitions go over to it.
    async fn changed(&self, body: Value) -> Value {
        let done = self.change("?apply=true", body).await.expect(201).body;
        routine::run_due(&self.app.app).unwrap();
        done
    }

    async fn moves(&self, version: u32) -> Value {
        let path = format!("/v1/calendar-changes/{version}/moves");
        self.app.get(path).token(&self.auditor).call().await.expect(200).body["items"].clone()
    }

    async fn events(&self, id: &str) -> Vec<Value> {
        let path = format!("/v1/petitions/{id}/events");
        let read = self.app.get(path).token(&self.coordinator).call().await.expect(200);
        read.body["items"].as_array().unwrap().clone()
    }
}

#[derive(diesel::QueryableByName)]
struct Many {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    many: i64,
}

fn rest(day: &str) -> Value {
    json!({"day": day, "action": "add", "kind": "holiday", "name": "Nghỉ thêm"})
}

fn due(petition: &Value) -> &str {
    petition["deadline"]["due_on"].as_str().unwrap()
}

/// Compares the working days of the seed with those of an independent source.
///
/// The file was made with Python 3 and `pip install holidays==0.109`:
/// `vn = holidays.country_holidays("VN", years=[2024, 2025, 2026])`, then for each day of these years, where
/// `vn.is_working_day(day) != (day.weekday() < 5)`, one line with the day and `works` or `rests`.
async fn the_oracle_differs_in_one_swap_alone(db: TestDb) {
    let app = TestApp::new(db);
    let file = include_str!("fixtures/holidays-vn.txt");
    let told: Vec<(&str, bool)> = file
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').map(|(day, what)| (day, what == "works")).unwrap())
        .collect();
    assert_eq!(told.len(), 40);
    let calendar = app.app.read_now(|_, world| Ok(world.calendar().clone())).unwrap();
    let (mut day, mut differences) = ("2024-01-01".parse().unwrap(), Vec::new());
    let end: kiennghi::domain::time::Day = "2027-01-01".parse().unwrap();
    while day < end {
        let name: String = kiennghi::domain::time::Day::to_string(&day);
        let weekday = day.date().weekday().to_monday_zero_offset() < 5;
        let works = told.iter().find(|(told, _)| *told == name).map_or(weekday, |(_, works)| *works);
        if works != calendar.is_working(day) {
            differences.push((name, works));
        }
        day = day.plus_days(1);
    }
    // The swap of notice 12729/VPCP-KGVX, which the package does not know.
    assert_eq!(differences, [("2026-01-02".to_owned(), true), ("2026-01-10".to_owned(), false)]);
}

async fn a_change_is_told_and_then_done(db: TestDb) {
    let office = Office::new(db);
    let (one, two) = (office.petition("feedback").await, office.petition("proposal").await);
    let id = one["id"].as_str().unwrap();
    assert_eq!((due(&one), due(&two)), ("2026-12-08", "2026-12-15"));
    let body = json!({"source": "Công điện 1/CĐ", "days": [rest("2026-12-02"), rest("2026-12-10")]});
    let told = office.change("", body.clone()).await.expect(200).body;
    assert_eq!(
        (&told["applied"], &told["version"], &told["petitions"]),
        (&json!(false), &json!(2), &json!(2))
    );
    assert_eq!((&told["into_past"], &told["withheld"]), (&json!(0), &json!(0)));
    let listed = told["items"].as_array().unwrap();
    assert_eq!(listed[0]["code"], one["code"]);
    let resolution = |item: &Value| {
        let moves = item["moves"].as_array().unwrap();
        let found = moves.iter().find(|moved| moved["stage"] == "resolution").unwrap();
        (
            found["from"]["due_on"].as_str().unwrap().to_owned(),
            found["to"]["due_on"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(resolution(&listed[0]), ("2026-12-08".into(), "2026-12-09".into()));
    assert_eq!(resolution(&listed[1]), ("2026-12-15".into(), "2026-12-17".into()));
    // Page by page the same.
    let first = office.change("?limit=1", body.clone()).await.expect(200).body;
    let next = format!("?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = office.change(&next, body.clone()).await.expect(200).body;
    assert_eq!([&first["items"][0], &second["items"][0]], [&listed[0], &listed[1]]);
    let other = json!({"source": "Công điện 2/CĐ", "days": [rest("2026-12-02")]});
    assert_eq!(office.change(&next, other).await.expect(400).code(), "invalid-cursor");
    // Nothing was changed by being told.
    assert_eq!(office.read(id).await, one);

    let done = office.change("?apply=true", body).await.expect(201);
    assert_eq!(done.field("location"), "/v1/calendar-changes/2");
    // Until it goes over, a petition counts by the version it had.
    assert_eq!(due(&office.read(id).await), "2026-12-08");
    assert_eq!(done.body["change"]["finished_at"], Value::Null);
    let pending = office.change("?apply=true", json!({"source": "x", "days": [rest("2026-12-03")]})).await;
    assert_eq!(pending.expect(409).body["reason"], "recalculation_running");
    routine::run_due(&office.app.app).unwrap();

    let after = office.read(id).await;
    assert_eq!(due(&after), "2026-12-09");
    assert_eq!(after["deadline"]["first_due_at"], one["deadline"]["first_due_at"]);
    assert_eq!(after["promised_due_at"], one["promised_due_at"]);
    assert_ne!(after["version"], one["version"]);
    assert_eq!(office.moves(2).await, told["items"]);
    let change =
        office.app.get("/v1/calendar-changes/2").token(&office.auditor).call().await.expect(200).body;
    assert_eq!(change["change"]["petitions_moved"], 2);
    assert_eq!(change["change"]["ordered_by"]["full_name"], "Cán bộ admin");
    assert!(change["change"]["finished_at"].is_string());
    let event = office.events(id).await.pop().unwrap();
    assert_eq!(event["type"], "recalculation");
    assert_eq!(event["facts"]["calendar"], 2);
    let cause = office.app.app.read_now(|tx, _| {
        let query = "SELECT count(*) AS many FROM event AS e JOIN event AS c ON c.id = e.caused_by
            WHERE e.type = 'recalculation' AND c.subject_kind = 'calendar'";
        Ok(diesel::sql_query(query).get_result::<Many>(tx).unwrap().many)
    });
    assert_eq!(cause.unwrap(), 2);
    let path = "/v1/events?subject_kind=calendar&subject=calendar";
    let history = office.app.get(path).token(&office.auditor).call().await.expect(200).body;
    assert_eq!(history["items"][0]["id"], change["change"]["event_id"]);
    assert_eq!(history["items"][0]["facts"]["source"], "Công điện 1/CĐ");
    assert_eq!(history["items"][0]["facts"]["days"][0]["name"], "Nghỉ thêm");
    // The explanation names what is skipped now; the calculator still knows what was known before.
    let path = format!("/v1/petitions/{id}/deadlines");
    let told = office.app.get(path).token(&office.coordinator).call().await.expect(200);
    assert!(told.text.contains("phiên bản 2") && told.text.contains("Nghỉ thêm"), "{}", told.text);
    let preview = "/v1/deadlines/preview?start_at=2026-11-23T14:00:00%2B07:00&amount=10&unit=working_days";
    let now = office.app.get(preview).call().await.expect(200).body;
    let then = format!("{preview}&recorded_by=2026-11-23T13:00:00%2B07:00");
    let then = office.app.get(then).call().await.expect(200).body;
    assert_eq!((&now["due_on"], &then["due_on"]), (&json!("2026-12-09"), &json!("2026-12-08")));
    // Days and their history are public.
    let days =
        office.app.get("/v1/calendar-days?year=2026&kind=holiday&limit=100").call().await.expect(200).body;
    assert_eq!(days["version"], 2);
    let found = days["items"].as_array().unwrap().iter().find(|item| item["day"] == "2026-12-02").unwrap();
    assert_eq!((&found["version"], &found["source"]), (&json!(2), &json!("Công điện 1/CĐ")));
    let then = "/v1/calendar-days?year=2026&recorded_by=2026-11-23T13:00:00%2B07:00&limit=100";
    let before = office.app.get(then).call().await.expect(200);
    assert!(!before.text.contains("2026-12-02"));
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
    // New petitions count by the newest version at once.
    let late = office.petition("feedback").await;
    assert_eq!(due(&late), "2026-12-09");
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn a_change_taken_back_returns_every_deadline(db: TestDb) {
    let office = Office::new(db);
    let before = office.petition("feedback").await;
    let id = before["id"].as_str().unwrap();
    office.changed(json!({"source": "CĐ 1", "days": [rest("2026-12-02")]})).await;
    assert_eq!(due(&office.read(id).await), "2026-12-09");
    let gone = json!({"day": "2026-12-02", "action": "withdraw", "reason": "Công điện bị thu hồi"});
    office.changed(json!({"source": "CĐ 2", "days": [gone]})).await;
    let after = office.read(id).await;
    assert_eq!(after["deadline"], before["deadline"]);
    assert_eq!(after["clocks"], before["clocks"]);
    let day = office.app.get("/v1/calendar-days/2026-12-02").call().await.expect(200).body;
    assert_eq!((&day["working"], day["history"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(day["history"][1]["reason"], "Công điện bị thu hồi");
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
    office.app.get("/v1/calendar-days/2026-13-01").call().await.expect(404);
}

async fn a_day_into_the_past_needs_a_confirmation(db: TestDb) {
    let office = Office::new(db);
    let petition = office.petition("feedback").await;
    let id = petition["id"].as_str().unwrap();
    // On the last day the holiday of 24 November turns out to have been none: it was due yesterday.
    office.app.turn_to("2026-12-08T10:00:00+07:00");
    let gone = json!({"day": "2026-11-24", "action": "withdraw", "reason": "Nhầm"});
    let body = json!({"source": "Đính chính", "days": [gone]});
    assert_eq!(office.change("", body.clone()).await.expect(200).body["into_past"], 1);
    let refused = office.change("?apply=true", body.clone()).await.expect(409);
    assert_eq!(refused.body["reason"], "moves_into_past");
    assert!(refused.body["detail"].as_str().unwrap().contains("confirm_past=true"));
    assert_eq!(due(&office.read(id).await), "2026-12-08");
    office.change("?apply=true&confirm_past=true", body).await.expect(201);
    routine::run_due(&office.app.app).unwrap();
    let after = office.read(id).await;
    assert_eq!((due(&after), &after["timeliness"]), ("2026-12-07", &json!("overdue")));
    // What is past is past: a further change leaves it.
    office.changed(json!({"source": "CĐ", "days": [rest("2026-12-02")]})).await;
    assert_eq!(due(&office.read(id).await), "2026-12-07");
    assert_eq!(office.moves(3).await, json!([]));
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn a_change_says_what_is_wrong_with_it(db: TestDb) {
    let office = Office::new(db);
    let faults = |reply: Reply| {
        let errors = reply.expect(422).body["errors"].as_array().unwrap().clone();
        errors
            .into_iter()
            .map(|error| {
                format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
            })
            .collect::<Vec<_>>()
    };
    let works = json!({"day": "2026-12-02", "action": "add", "kind": "swap_work", "name": "Làm bù"});
    for query in ["", "?apply=true"] {
        let bare = office.change(query, json!({"days": [rest("2026-12-02")]})).await;
        assert_eq!(faults(bare), ["#/source source_missing"]);
        let made_up =
            office.change(query, json!({"source": "TB", "days": [works, rest("2026-11-24")]})).await;
        assert!(made_up.text.contains("working day anyway"), "{}", made_up.text);
        assert_eq!(faults(made_up), ["#/days/0/kind works_anyway", "#/days/1/day has_an_entry"]);
    }
    office.change("", json!({"source": "TB", "dayz": []})).await.expect(400);
    office.change("?apply=maybe", json!({"source": "TB"})).await.expect(400);
    office.change("?aply=true", json!({"source": "TB"})).await.expect(400);
    let strange = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "action": "add", "from": "2027-01-01", "sessions": [{"opens": "7h", "closes": "11:30"}]});
    office.change("", json!({"source": "TB", "office_hours": [strange]})).await.expect(400);
    let strange = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "action": "add", "from": "2027-01-01", "sessions": [{"opens": "07:00", "closes": "11:30"}]});
    let unknown = office.change("", json!({"source": "TB", "office_hours": [strange]})).await;
    assert_eq!(faults(unknown), ["#/office_hours/0/agency_id unknown"]);
    let changes = office.app.get("/v1/calendar-changes").token(&office.admin).call().await.expect(200);
    assert_eq!(changes.body["items"].as_array().unwrap().len(), 1);
}

async fn nobody_else_changes_the_calendar(db: TestDb) {
    let office = Office::new(db);
    let ward = office.app.official(
        "wardadmin",
        office.ward,
        Role::Admin,
        Some(office.ward),
        Visibility::PartiesOnly,
    );
    let body = json!({"source": "TB", "days": [rest("2026-12-02")]});
    for token in [&office.auditor, &office.coordinator, &office.app.token(ward)] {
        for query in ["", "?apply=true", "?nonsense=1"] {
            let path = format!("/v1/calendar-changes{query}");
            office.app.post(path).token(token).json(body.clone()).call().await.expect(403);
        }
    }
    let log = |token: &str| office.app.get("/v1/calendar-changes").token(token).call();
    log(&office.coordinator).await.expect(403);
    log(&office.auditor).await.expect(200);
    office.app.get("/v1/calendar-changes/7").token(&office.auditor).call().await.expect(404);
    office.app.get("/v1/calendar-changes/x/moves").token(&office.auditor).call().await.expect(404);
}

async fn restricted_petitions_move_and_are_not_listed(db: TestDb) {
    let office = Office::new(db);
    let (open, sealed) = (office.petition("feedback").await, office.petition("denunciation").await);
    let body = json!({"source": "TB", "days": [rest("2026-12-01")]});
    let told = office.change("", body.clone()).await.expect(200).body;
    assert_eq!((&told["petitions"], &told["withheld"]), (&json!(2), &json!(1)));
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(told["items"][0]["id"], open["id"]);
    office.changed(body).await;
    let listed = |token: &str| office.app.get("/v1/calendar-changes/2/moves").token(token).call();
    let of_admin = listed(&office.admin).await.expect(200).body;
    assert_eq!(of_admin["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed(&office.auditor).await.expect(200).body["items"].as_array().unwrap().len(), 2);
    let moved = office.read(sealed["id"].as_str().unwrap()).await;
    assert_ne!(moved["clocks"], sealed["clocks"]);
}

async fn loading_a_year_ends_what_was_provisional(db: TestDb) {
    let office = Office::new(db);
    office.app.turn_to("2026-12-28T09:00:00+07:00");
    let before = office.petition("feedback").await;
    assert_eq!((due(&before), &before["deadline"]["provisional"]), ("2027-01-11", &json!(true)));
    let paused = office.petition("proposal").await;
    let body = json!({"source": "TB 2027", "days": [rest("2027-01-01")], "years": [2027]});
    office.changed(body).await;
    let after = office.read(before["id"].as_str().unwrap()).await;
    assert_eq!((due(&after), &after["deadline"]["provisional"]), ("2027-01-12", &json!(false)));
    // A year without a day that moves it ends being provisional by an event too.
    assert_eq!(office.moves(2).await.as_array().unwrap().len(), 2);
    assert_eq!(office.read(paused["id"].as_str().unwrap()).await["deadline"]["provisional"], false);
    let days = office.app.get("/v1/calendar-days").call().await.expect(200).body;
    assert_eq!(days["years"], json!([2024, 2025, 2026, 2027]));
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn a_killed_recalculation_goes_on_where_it_was(db: TestDb) {
    let office = Office::new(db);
    let mut ids = Vec::new();
    for _ in 0..70 {
        ids.push(office.petition("feedback").await["id"].as_str().unwrap().to_owned());
    }
    office.change("?apply=true", json!({"source": "TB", "days": [rest("2026-12-02")]})).await.expect(201);
    assert_eq!(recalculation::run_some(&office.app.app).unwrap(), Some(50));
    let half = office.app.get("/v1/calendar-changes/2").token(&office.admin).call().await.expect(200).body;
    assert_eq!(
        (&half["change"]["petitions_moved"], &half["change"]["finished_at"]),
        (&json!(50), &Value::Null)
    );
    // Another process takes over.
    let other = office.app.twin(&[]);
    assert_eq!(recalculation::run_due(&other.app).unwrap(), 20);
    assert_eq!(recalculation::run_due(&office.app.app).unwrap(), 0);
    for id in &ids {
        let events = office.events(id).await;
        assert_eq!(events.iter().filter(|event| event["type"] == "recalculation").count(), 1);
    }
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn an_act_in_between_takes_the_petition_over(db: TestDb) {
    let office = Office::new(db);
    let petition = office.petition("feedback").await;
    let id = petition["id"].as_str().unwrap();
    office.change("?apply=true", json!({"source": "TB", "days": [rest("2026-12-02")]})).await.expect(201);
    let version = petition["version"].as_u64().unwrap();
    let urgent =
        json!({"kind": "feedback", "field_code": "noise", "public_title": "Ồn", "public_summary": "Ồn."});
    let path = format!("/v1/petitions/{id}/classification");
    office.app.post(path).token(&office.coordinator).seen(version).json(urgent).call().await.expect(200);
    assert_eq!(recalculation::run_due(&office.app.app).unwrap(), 0);
    let moved = office.moves(2).await;
    assert_eq!(moved[0]["moves"][1]["to"]["due_on"], "2026-12-09");
    let change = office.app.get("/v1/calendar-changes/2").token(&office.admin).call().await.expect(200).body;
    assert_eq!(change["change"]["petitions_moved"], 1);
    assert!(office.events(id).await.iter().all(|event| event["type"] != "recalculation"));
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn office_hours_reach_down_and_stay_with_a_clock(db: TestDb) {
    let office = Office::new(db);
    let city = office.app.get("/v1/agencies").call().await.expect(200).body["items"].clone();
    let city = city.as_array().unwrap().iter().find(|agency| agency["code"] == "H99").unwrap()["id"].clone();
    let hours = json!({"agency_id": city, "action": "add", "from": "2026-11-20", "to": "2027-02-01",
        "sessions": [{"opens": "07:00", "closes": "11:00"}]});
    let looked = || office.app.app.read_now(|_, world| Ok(world.reference.reminder_revision)).unwrap();
    let before = looked();
    office.changed(json!({"source": "QĐ 12", "office_hours": [hours]})).await;
    // They may move no end of a clock, and move its reminders all the same: every petition is looked at again.
    assert!(looked() > before);
    let listed = office.app.get("/v1/office-hours").call().await.expect(200).body;
    assert_eq!(listed["items"][0]["sessions"], json!([{"opens": "07:00", "closes": "11:00"}]));
    let body = json!({"kind": "feedback", "channel": "mobile_app", "title": "Đèn hỏng", "content": "Đèn hỏng.",
        "field_code": "transport", "agency_code": "H99.1"});
    let made = office.app.post("/v1/petitions").key().json(body).call().await.expect(201).body;
    let id = made["id"].as_str().unwrap();
    // 8 hours from Mon 23 Nov 14:00, four a day, without the 24th: until Thu 26 Nov 11:00.
    let intake = |petition: &Value| {
        let clocks = petition["clocks"].as_array().unwrap();
        let found = clocks.iter().find(|clock| clock["stage"] == "intake").unwrap();
        found["due_at"].as_str().unwrap().to_owned()
    };
    assert_eq!(intake(&office.read(id).await), "2026-11-26T04:00:00Z");
    let path = format!("/v1/petitions/{id}/deadlines");
    let told = office.app.get(path).token(&office.coordinator).call().await.expect(200);
    assert!(told.text.contains("07:00–11:00 (QĐ 12)"), "{}", told.text);
    let gone = json!({"agency_id": city, "action": "withdraw", "from": "2026-11-20", "reason": "Bãi bỏ"});
    office.changed(json!({"source": "QĐ 13", "office_hours": [gone]})).await;
    assert!(intake(&office.read(id).await).starts_with("2026-11-25T07:00:"));
    assert_eq!(office.app.get("/v1/office-hours").call().await.expect(200).body["items"], json!([]));
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn a_file_is_imported_once(db: TestDb) {
    let office = Office::new(db);
    let file = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270101\r\nSUMMARY:Tết Dương lịch\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261124\r\nSUMMARY:Ngày Văn hóa Việt Nam\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let send = |query: &str, media: &str, body: &str| {
        let request = office.app.post(format!("/v1/calendar-days/import{query}")).token(&office.admin);
        request.header("Content-Type", media).raw(body).call()
    };
    let refused = send("", "text/calendar", file).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "source_missing");
    send("?source=TB", "application/json", "{}").await.expect(415);
    assert_eq!(
        send("?source=TB&years=x", "text/calendar", file).await.expect(400).body["errors"][0]["pointer"],
        "years"
    );
    let broken =
        send("?source=TB", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:x").await.expect(422);
    assert_eq!(broken.body["errors"][0]["pointer"], "#/line/3");
    let told = send("?source=TB&years=2027", "text/calendar; charset=utf-8", file).await.expect(200).body;
    assert_eq!(told["version"], 2);
    let done = send("?source=TB&years=2027&apply=true", "text/calendar", file).await.expect(201).body;
    // What was known as the file has it is left out.
    assert_eq!(done["days"].as_array().unwrap().len(), 1);
    assert_eq!((&done["days"][0]["day"], &done["years"]), (&json!("2027-01-01"), &json!([2027])));
    routine::run_due(&office.app.app).unwrap();
    let again = send("?source=TB&apply=true", "text/calendar", file).await.expect(422);
    assert_eq!(again.body["errors"][0]["code"], "nothing_changes");
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn a_repeated_change_has_one_effect(db: TestDb) {
    let office = Office::new(db);
    let send = || {
        let body = json!({"source": "TB", "days": [rest("2026-12-02")]});
        let request = office.app.post("/v1/calendar-changes?apply=true").token(&office.admin);
        request.header("Idempotency-Key", "lich-2026-12").json(body).call()
    };
    let first = send().await.expect(201);
    routine::run_due(&office.app.app).unwrap();
    let second = send().await.expect(201);
    assert_eq!(second.field("idempotent-replayed"), "true");
    assert_eq!(first.body["change"]["version"], second.body["change"]["version"]);
    let days = office.app.get("/v1/calendar-days").call().await.expect(200).body;
    assert_eq!(days["version"], 2);
}

async fn a_calendar_changed_by_hand_is_found(db: TestDb) {
    let office = Office::new(db);
    let found = |statement: &'static str| {
        let write = move |tx: &mut kiennghi::store::AnyConnection, _: &kiennghi::app::World| {
            tx.batch_execute(statement).unwrap();
            Ok(())
        };
        office.app.app.write_now(write).unwrap();
        verified(&office.app).0
    };
    office.changed(json!({"source": "TB", "days": [rest("2027-01-01")], "years": [2027]})).await;
    let rule = json!({"effective_to": "2027-01-01", "source": "QĐ"});
    let path = "/v1/deadline-rules/suggestion/ending";
    office.app.post(path).token(&office.admin).json(rule).call().await.expect(200);
    assert_eq!(found("SELECT 1"), Vec::<String>::new());
    // What the installation began with is committed to by the first change.
    let said = found("UPDATE calendar_entry SET source = 'x' WHERE day = '2024-01-01'");
    assert!(said.len() == 1 && said[0].starts_with("calendar, event 1: calendar_entry"), "{said:?}");
    let said = found("UPDATE deadline_rule SET amount = 16 WHERE id = 'suggestion'");
    assert!(said.len() == 2 && said[1].starts_with("rule suggestion: deadline_rule"), "{said:?}");
    let said = found("UPDATE calendar_version SET source = 'x' WHERE version = 2");
    assert!(said[0].starts_with("calendar, event 1: calendar_version"), "{said:?}");
}
