//! The calculator: the worked cases of the law and the calendar, over HTTP, and what it refuses.

use serde_json::Value;

use crate::support::{Case, TestDb, cases, client::TestApp};
use kiennghi::domain::{
    rule::Traits,
    time::Day,
    vocabulary::{Channel, Code, Complexity, Kind, Stage, SubmitterType, Urgency},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        the_worked_cases_come_out,
        the_rule_in_force_is_found,
        each_step_is_told_in_both_languages,
        what_cannot_be_counted_is_refused,
        the_seeds_are_whole,
    ]
}

/// Number, start, amount, unit, last day, and for hours the end.
type Worked = (u8, &'static str, u32, &'static str, &'static str, Option<&'static str>);

const WORKED: &[Worked] = &[
    (1, "2024-02-07T09:00:00+07:00", 10, "working_days", "2024-02-28", None),
    (3, "2025-01-24T09:00:00+07:00", 7, "working_days", "2025-02-11", None),
    (5, "2025-08-29T09:00:00+07:00", 3, "working_days", "2025-09-05", None),
    (7, "2026-02-13T09:00:00+07:00", 10, "working_days", "2026-03-06", None),
    (9, "2026-08-21T09:00:00+07:00", 5, "working_days", "2026-08-27", None),
    (11, "2026-11-20T09:00:00+07:00", 5, "working_days", "2026-11-30", None),
    (13, "2026-07-31T09:00:00+07:00", 30, "calendar_days", "2026-09-03", None),
    (15, "2026-10-25T09:00:00+07:00", 30, "calendar_days", "2026-11-25", None),
    (17, "2025-04-01T09:00:00+07:00", 30, "calendar_days", "2025-05-05", None),
    (19, "2026-11-23T16:00:00+07:00", 8, "working_hours", "2026-11-25", Some("2026-11-25T09:00:00Z")),
    (21, "2026-08-21T16:00:00+07:00", 4, "working_hours", "2026-08-22", Some("2026-08-22T04:00:00Z")),
    // Case 23 without its pause: what was left after it, counted from the day of resumption.
    (23, "2026-08-24T15:00:00+07:00", 20, "calendar_days", "2026-09-14", None),
];

async fn preview(app: &TestApp, query: &str) -> Value {
    let query = query.replace('+', "%2B");
    app.get(format!("/v1/deadlines/preview?{query}")).call().await.expect(200).body
}

async fn the_worked_cases_come_out(db: TestDb) {
    let app = TestApp::new(db);
    for (number, start, amount, unit, due_on, due_at) in WORKED {
        let found = preview(&app, &format!("start_at={start}&amount={amount}&unit={unit}")).await;
        assert_eq!(found["due_on"], *due_on, "case {number}: {found}");
        let midnight =
            due_on.parse::<Day>().unwrap().end(&jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
        let end = due_at.map_or(midnight.to_string(), str::to_owned);
        assert_eq!(found["due_at"], end.as_str(), "case {number}");
        assert_eq!(
            (&found["provisional"], &found["rule"]),
            (&Value::Bool(false), &Value::Null),
            "case {number}"
        );
    }
}

async fn the_rule_in_force_is_found(db: TestDb) {
    let app = TestApp::new(db);
    let complaint = preview(&app, "kind=complaint&start_at=2026-10-23T09:00:00+07:00").await;
    assert_eq!(
        (&complaint["due_on"], &complaint["rule"]["code"]),
        (&"2026-11-23".into(), &"complaint-1".into())
    );
    assert_eq!(complaint["rule"]["start_event"], "acceptance");
    let complex = preview(&app, "kind=complaint&complexity=complex&start_at=2026-10-23T09:00:00+07:00").await;
    assert_eq!(complex["due_on"], "2026-12-07");
    let second = preview(
        &app,
        "kind=complaint&instance=2&remote_area=true&complexity=complex&start_at=2026-11-20T09:00:00+07:00",
    )
    .await;
    assert_eq!((&second["due_on"], &second["provisional"]), (&"2027-01-29".into(), &Value::Bool(true)));
    let before = preview(&app, "kind=complaint&stage=intake&start_at=2026-06-01T09:00:00+07:00").await;
    let after = preview(&app, "kind=complaint&stage=intake&start_at=2026-10-16T09:00:00+07:00").await;
    assert_eq!((&before["rule"]["amount"], &after["rule"]["amount"]), (&10.into(), &7.into()));
    assert_eq!(after["due_on"], "2026-10-27");
    let app_intake =
        preview(&app, "kind=feedback&channel=mobile_app&stage=intake&start_at=2026-11-22T21:40:00+07:00")
            .await;
    assert_eq!(app_intake["due_at"], "2026-11-23T10:00:00Z");
    let none = preview(&app, "kind=proposal&stage=forwarding&start_at=2026-11-22T21:40:00+07:00").await;
    assert_eq!(
        (&none["due_at"], &none["rule"], &none["explanation"]),
        (&Value::Null, &Value::Null, &Value::Array(vec![]))
    );
}

async fn each_step_is_told_in_both_languages(db: TestDb) {
    let app = TestApp::new(db);
    let address = "/v1/deadlines/preview?start_at=2026-11-20T09:00:00%2B07:00&amount=5&unit=working_days";
    let vi = app.get(address).call().await.expect(200);
    let en = app.get(address).header("Accept-Language", "en").call().await.expect(200);
    assert!(vi.text.contains("Ngày Văn hóa Việt Nam") && vi.text.contains("Không tính"), "{}", vi.text);
    assert!(en.text.contains("not counted"), "{}", en.text);
    let codes: Vec<&str> = vi.body["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["code"].as_str().unwrap())
        .collect();
    assert_eq!((codes.first(), codes.last()), (Some(&"start"), Some(&"end")));
    assert!(codes.contains(&"skipped") && codes.contains(&"weekends"));
    assert_ne!(vi.field("etag"), en.field("etag"));
    app.get(address).header("If-None-Match", vi.field("etag")).call().await.expect(304);
}

async fn what_cannot_be_counted_is_refused(db: TestDb) {
    let app = TestApp::new(db);
    let start = "start_at=2026-11-20T09:00:00%2B07:00";
    for (query, at) in [
        (String::new(), "start_at"),
        (start.to_owned(), "amount"),
        (format!("{start}&amount=5"), "unit"),
        (format!("{start}&amount=10001&unit=working_days"), "amount"),
        (format!("{start}&amount=-1&unit=working_days"), "amount"),
        (format!("{start}&amount=5&unit=weeks"), "unit"),
        (format!("{start}&amount=5&unit=working_days&stage=intake"), "stage"),
        (format!("{start}&amount=5&kind=proposal"), "amount"),
        (format!("{start}&kind=mixed"), "kind"),
        (format!("{start}&kind=proposal&instance=1"), "instance"),
        (format!("{start}&kind=complaint&instance=3"), "instance"),
        (format!("{start}&kind=proposal&field_code=nowhere"), "field_code"),
        ("start_at=2026-11-20&amount=5&unit=working_days".to_owned(), "start_at"),
        ("start_at=2026-11-20T09:00:00&amount=5&unit=working_days".to_owned(), "start_at"),
        ("start_at=99999-01-01T00:00:00Z&amount=5&unit=working_days".to_owned(), "start_at"),
        ("start_at=-002026-01-01T00:00:00Z&amount=5&unit=working_days".to_owned(), "start_at"),
        (format!("{start}&amount=5&unit=working_days&Amount=5"), "Amount"),
    ] {
        let reply = app.get(format!("/v1/deadlines/preview?{query}")).call().await.expect(400);
        assert_eq!(reply.body["errors"][0]["pointer"], at, "{query}: {}", reply.text);
    }
    let last = "start_at=9999-12-30T00:00:00Z&amount=10000&unit=calendar_days";
    assert_eq!(preview(&app, last).await["due_on"], "9999-12-29");
}

async fn the_seeds_are_whole(db: TestDb) {
    let app = TestApp::new(db);
    let checked = app.app.read_now(|_, world| {
        assert_eq!(world.rules().check(), []);
        for (year, days) in [(2024, 251), (2025, 250), (2026, 249)] {
            let end = |year: i32| format!("{year}-12-31").parse::<Day>().unwrap();
            assert_eq!(world.calendar().working_days_between(end(year - 1), end(year)), days, "{year}");
        }
        for kind in Kind::ALL {
            let traits = Traits {
                kind: *kind,
                instance: (*kind == Kind::Complaint).then_some(1),
                channel: Channel::WebPortal,
                submitter_type: SubmitterType::Individual,
                field_code: "other".to_owned(),
                urgency: Urgency::Normal,
                complexity: Complexity::Normal,
                remote_area: false,
            };
            for stage in [Stage::Intake, Stage::Resolution, Stage::Reconsideration] {
                for day in ["2024-01-01", "2025-07-01", "2026-11-23"] {
                    let rule = world.rules().select(stage, &traits, day.parse().unwrap());
                    assert!(rule.is_some(), "{kind} has no rule for {stage} on {day}");
                }
            }
        }
        Ok(())
    });
    checked.unwrap();
}
