//! Lateness: now, on a past day, how it was moved, and with whom.

use serde_json::{Value, json};

use super::{Desk, columns};
use crate::{
    demo::token,
    support::{Case, TestDb, cases},
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        overdue_now,
        overdue_then_as_known_then,
        overdue_then_as_known_now,
        what_later_entries_changed,
        left_without_answer_after_due,
        rate_without_extensions_and_pauses,
        extended_late_unsupported_or_unannounced,
        suspended_and_would_be_late,
        days_gained_by_class,
        slow_intake,
        who_held_it_and_hops,
        idle_for_45_days,
    ]
}

fn extension(number: &str, issued_on: &str, with: Value) -> Value {
    let mut body = json!({"notified_on": "2026-11-23",
        "decision": {"number": number, "symbol": "QĐ-UBND", "issued_on": issued_on}});
    for (name, value) in with.as_object().unwrap() {
        body[name.as_str()] = value.clone();
    }
    body
}

async fn overdue_now(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    let told = desk.ask("/v1/overdue").await;
    let row = |item: &Value| {
        json!([
            desk.name(&item["id"]),
            item["agency"]["code"],
            item["responsible_person"]["full_name"],
            item["deadline"]["due_at"],
            item["overdue_days"],
            item["overdue_working_days"]
        ])
    };
    let expected = [
        json!(["3", "H99.3", "Mai Thị Đồng Mây", "2026-11-23T17:00:00Z", 4, 3]),
        json!(["9", "H99.3", "Mai Thị Đồng Mây", "2026-11-25T17:00:00Z", 2, 2]),
        json!(["12", "H99.1.1", "La Thị Công An", "2026-11-26T17:00:00Z", 1, 1]),
    ];
    assert_eq!(columns(&told["items"], row), expected);
    let summary = desk.ask("/v1/overdue/summary").await;
    let groups = columns(&summary["groups"], |group| json!([group["key"], group["count"]]));
    assert_eq!(groups, [json!(["H99.1.1", 1]), json!(["H99.3", 2])]);
    assert_eq!(summary["total"], 3);
    // A day is looked at from its end, and counts as itself.
    let by_day = desk.ask("/v1/overdue?as_of=2026-11-27").await;
    let days = columns(&by_day["items"], |item| json!([desk.name(&item["id"]), item["overdue_days"]]));
    assert_eq!(days[..3], [json!(["3", 4]), json!(["9", 2]), json!(["12", 1])]);
}

/// On the 27th it is recorded from paper that the board withdrew number 9 on the 25th, its last day.
async fn withdrawn_in_retrospect(db: TestDb) -> Desk {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    let body = json!({"reason": "Xã đã khoan mẫu", "occurred_at": "2026-11-25T15:00:00+07:00"});
    desk.act("9", "intake", "withdrawal", body).await;
    desk
}

async fn overdue_then_as_known_then(db: TestDb) {
    let desk = withdrawn_in_retrospect(db).await;
    let then = desk.list("/v1/overdue?as_of=2026-11-25&recorded_by=2026-11-25").await;
    assert_eq!(then, ["3", "9"]);
}

async fn overdue_then_as_known_now(db: TestDb) {
    let desk = withdrawn_in_retrospect(db).await;
    assert_eq!(desk.list("/v1/overdue?as_of=2026-11-25").await, ["3"]);
}

async fn what_later_entries_changed(db: TestDb) {
    let desk = withdrawn_in_retrospect(db).await;
    let known = desk.of("9", "/events?as_of=2026-11-25&recorded_by=2026-11-25").await;
    let now = desk.of("9", "/events?as_of=2026-11-25").await;
    let (known, now) = (known["items"].as_array().unwrap(), now["items"].as_array().unwrap());
    assert_eq!(known[..], now[..known.len()]);
    let added = &now[known.len()..];
    assert_eq!(
        (added.len(), &added[0]["type"], &added[0]["role"]),
        (1, &json!("withdrawal"), &json!("intake"))
    );
    assert_eq!(added[0]["occurred_at"], "2026-11-25T08:00:00Z");
    assert!(added[0]["recorded_at"].as_str().unwrap().starts_with("2026-11-27T02:"));
}

async fn left_without_answer_after_due(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    desk.act("9", "intake", "withdrawal", json!({"reason": "Không chờ được nữa"})).await;
    assert_eq!(desk.counts("timeliness", ["ended_late", "ended_otherwise"], "").await, [json!(1), json!(5)]);
    assert_eq!(desk.behind("timeliness", "ended_late", "").await, ["9"]);
    // The others that are late have not left.
    assert_eq!(desk.list("/v1/overdue").await, ["3", "12"]);
}

async fn rate_without_extensions_and_pauses(db: TestDb) {
    let desk = Desk::new(db);
    let more = extension("9", "2026-11-23", json!({"criteria": ["conflicting_evidence"]}));
    desk.act("3", "approver", "extension", more).await;
    desk.app.turn_to("2026-11-27T09:00:00+07:00");
    desk.answer("3", "upheld", ("120", "2026-11-27")).await;
    // Number 2 was answered within its hours, number 3 after its first day and before the extended one.
    let ids = ["resolved", "on_time_rate", "on_time_by_first_deadline"];
    assert_eq!(desk.counts("timeliness", ids, "").await, [json!(2), json!(1.0), json!(0.5)]);
    assert_eq!(desk.behind("timeliness", "in_time_by_first_deadline", "").await, ["2"]);
}

async fn extended_late_unsupported_or_unannounced(db: TestDb) {
    let desk = Desk::new(db);
    let unsupported = extension("10", "2026-11-23", json!({"reason": "Chờ vật tư", "amount": 45}));
    desk.act("1", "approver", "extension", unsupported).await;
    // Decided on Friday, and told to the citizen on Monday.
    let unannounced = extension("9", "2026-11-20", json!({"criteria": ["conflicting_evidence"]}));
    desk.act("3", "approver", "extension", unannounced).await;
    desk.app.turn_to("2026-11-27T09:00:00+07:00");
    // One that comes late is refused, so that none is counted.
    let path = format!("/v1/petitions/{}", desk.id("12"));
    let version = desk.ask(&path).await["version"].clone();
    let late = extension("11", "2026-11-23", json!({"reason": "Bận", "amount": 10}));
    let approver = token(&desk.app, "approver");
    let sent = desk.app.post(format!("{path}/extension")).token(&approver).seen(version).json(late);
    assert_eq!(sent.call().await.expect(409).body["reason"], "already_overdue");

    let ids = ["extended", "extended_late", "extended_unsupported", "extended_unannounced"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(2), json!(0), json!(1), json!(1)]);
    assert!(desk.behind("rates", "extended_late", "").await.is_empty());
    assert_eq!(desk.behind("rates", "extended_unsupported", "").await, ["1"]);
    assert_eq!(desk.behind("rates", "extended_unannounced", "").await, ["3"]);
}

async fn suspended_and_would_be_late(db: TestDb) {
    let desk = Desk::new(db);
    let body = json!({"ground": "awaiting_expert_opinion",
        "document": {"number": "7", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"}});
    desk.act("3", "approver", "suspension", body).await;
    desk.app.turn_to("2026-11-27T09:00:00+07:00");
    let told = desk.ask("/v1/paused").await;
    let row = |item: &Value| {
        let pause = &item["pause"];
        json!([
            desk.name(&item["id"]),
            pause["ground"],
            pause["days"],
            pause["would_be_days_late"],
            pause["would_be_working_days_late"]
        ])
    };
    // It rests since its last day, the 23rd.
    assert_eq!(columns(&told["items"], row), [json!(["3", "awaiting_expert_opinion", 4, 4, 3])]);
}

async fn days_gained_by_class(db: TestDb) {
    let desk = Desk::new(db);
    // A missing cover is due in three working days (27 November); intake calls it traffic, which has ten (8 December).
    let petition = desk.letter(json!({})).await;
    let path = format!("/v1/petitions/{petition}");
    let body = json!({"kind": "feedback", "field_code": "transport", "public_title": "Nắp hố ga",
        "public_summary": "Nắp hố ga lại mất."});
    let sent = desk.app.post(format!("{path}/classification")).token(&token(&desk.app, "intake"));
    sent.seen(1).json(body).call().await.expect(200);
    let told = desk.ask(&format!("{path}/deadlines")).await;
    let balance = &told["balance"];
    assert_eq!(
        (&balance["promised_due_on"], &balance["due_on"]),
        (&json!("2026-11-27"), &json!("2026-12-08"))
    );
    assert_eq!(balance["days_gained_by_classification"], json!({"calendar_days": 11, "working_days": 7}));
    assert_eq!(balance["total"]["calendar_days"], 11);
    // Where others were merged into a petition, another class gains nothing: it keeps the earliest end of all of them.
    let body = json!({"field_code": "transport", "reason": "Xe đỗ chắn ngõ"});
    desk.act("12", "coordinator", "reclassification", body).await;
    let balance = desk.of("12", "/deadlines").await["balance"].clone();
    assert_eq!((&balance["due_on"], &balance["total"]["calendar_days"]), (&json!("2026-11-26"), &json!(0)));
}

async fn slow_intake(db: TestDb) {
    let desk = Desk::at(db, "2026-12-02T09:00:00+07:00");
    // Seven working days from 18 November end on the 30th.
    assert_eq!(desk.list("/v1/overdue?clock=intake").await, ["11.complaint"]);
    let body = json!({"kind": "complaint", "instance": 1, "field_code": "urban_order"});
    desk.act("11.complaint", "intake", "classification", body).await;
    let agency = desk.ask("/v1/agencies?code=H99.2").await["items"][0]["id"].clone();
    let path = format!("/v1/officials?agency_id={}", agency.as_str().unwrap());
    let person = desk.ask_as("coordinator", &path).await["items"][0]["id"].clone();
    let body = json!({"agency_id": agency, "responsible_id": person});
    desk.act("11.complaint", "coordinator", "assignment", body).await;
    desk.act("11.complaint", "handler", "acceptance", json!({})).await;
    // Thirty days from 2 December in place of 30 November.
    let told = desk.of("11.complaint", "/deadlines").await;
    let balance = &told["balance"];
    assert_eq!(
        (&balance["promised_due_on"], &balance["due_on"]),
        (&json!("2026-12-30"), &json!("2027-01-01"))
    );
    assert_eq!(balance["days_gained_by_intake_delay"]["calendar_days"], 2);
}

async fn who_held_it_and_hops(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    let held = desk.of("12", "/holders").await;
    let row = |item: &Value| {
        json!([item["agency"]["code"], item["person"]["full_name"], item["days"], item["working_days"]])
    };
    let expected = [json!(["H99.1", null, 2, 1]), json!(["H99.1.1", "La Thị Công An", 4, 3])];
    assert_eq!(columns(&held["items"], row), expected);
    assert_eq!(held["hops"], 1);
}

async fn idle_for_45_days(db: TestDb) {
    // Number 3 was taken up on 23 October at 09:00, and nobody touched it since; number 10 on 2 November.
    let desk = Desk::at(db, "2026-12-07T10:00:00+07:00");
    assert_eq!(desk.list("/v1/petitions?idle_days_min=45").await, ["3"]);
    assert!(desk.list("/v1/petitions?idle_days_min=45&as_of=2026-12-06").await.is_empty());
    assert_eq!(desk.list("/v1/petitions?idle_days_min=45&as_of=2026-12-07").await, ["3"]);
}
