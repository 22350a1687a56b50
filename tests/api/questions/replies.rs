//! The written reply: when it was issued, what it promised, who got it, and what its reader thought of it.

use serde_json::{Value, json};

use super::{Desk, columns};
use crate::support::{Case, TestDb, cases};

pub(super) fn cases() -> Vec<Case> {
    cases![
        issue_date_before_recording,
        promises_due_and_kept,
        sent_published_delivered_in_time,
        publication_delay,
        withheld_or_taken_down,
        satisfaction_and_reasons,
        reopening_refused,
        reopening_ignored,
    ]
}

async fn issue_date_before_recording(db: TestDb) {
    let desk = Desk::new(db);
    // Dated Friday the 20th, recorded on Monday the 23rd; number 2 bears the day on which it was recorded.
    desk.answer("7", "explained", ("88", "2026-11-20")).await;
    let found =
        async |least: &str| desk.list(&format!("/v1/anomalies?kind=issued_before_recording{least}")).await;
    assert_eq!(found("&at_least=1").await, ["7"]);
    assert_eq!(found("").await, ["7"], "three days are the threshold");
    assert!(found("&at_least=4").await.is_empty());
    assert!(found("&at_least=1&to=2026-11-23").await.is_empty(), "the acts of before");
    let reply = desk.of("7", "").await["reply"].clone();
    assert_eq!(reply["document"]["issued_on"], "2026-11-20");
    assert!(reply["approved_at"].as_str().unwrap().starts_with("2026-11-23T07:"));
}

async fn promises_due_and_kept(db: TestDb) {
    let desk = Desk::new(db);
    let draft = json!({"text": "Sẽ mở thêm giờ.", "outcome": "planned", "commitments": [
        {"text": "Đặt ghế chờ", "due_on": "2026-11-30"}, {"text": "Mở cửa sáng thứ Bảy", "due_on": "2026-12-31"}]});
    desk.act("7", "handler", "reply-draft", draft).await;
    assert!(desk.ask("/v1/commitments").await["items"].as_array().unwrap().is_empty(), "nobody signed it");
    desk.sign("7", ("88", "2026-11-23")).await;
    let told = async |query: &str| {
        let page = desk.ask(&format!("/v1/commitments{query}")).await;
        columns(&page["items"], |one| {
            json!([
                desk.name(&one["petition_id"]),
                one["text"],
                one["due_on"],
                one["agency"]["code"],
                one["keeping"]
            ])
        })
    };
    let chairs = |keeping: &str| json!(["7", "Đặt ghế chờ", "2026-11-30", "H99.1", keeping]);
    let hours = |keeping: &str| json!(["7", "Mở cửa sáng thứ Bảy", "2026-12-31", "H99.1", keeping]);
    assert_eq!(told("").await, [chairs("to_come"), hours("to_come")]);
    desk.app.turn_to("2026-12-01T09:00:00+07:00");
    assert_eq!(told("?due_to=2026-12-01").await, [chairs("broken")]);
    let author = desk.of("7", "").await["responsible_person"]["id"].clone();
    let kept = json!({"text": "Đã đặt ghế và mở cửa sáng thứ Bảy.", "outcome": "resolved", "author_id": author,
        "reason": "Đã thực hiện cam kết", "notice": {"signer": "Phạm Thị Ký Duyệt", "signed_on": "2026-12-01"}});
    desk.act("7", "approver", "reply-revision", kept).await;
    assert_eq!(told("").await, [chairs("kept_late"), hours("kept")]);
    assert_eq!(told("?due_from=2026-12-01").await, [hours("kept")]);
    assert_eq!(told("?as_of=2026-11-30").await, [chairs("broken"), hours("to_come")]);
    let ward = desk.ask("/v1/agencies?code=H99.2").await["items"][0]["id"].clone();
    assert!(told(&format!("?agency_id={}", ward.as_str().unwrap())).await.is_empty());
    // Page by page, and for whoever may not see the petition as if there were none.
    let first = desk.ask("/v1/commitments?limit=1").await;
    let next = format!("?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(told(&next).await, [hours("kept")]);
    let sealed = json!({"visibility": "restricted", "reason": "Có tên người"});
    desk.act("7", "coordinator", "reclassification", sealed).await;
    assert!(told("").await.is_empty());
}

async fn sent_published_delivered_in_time(db: TestDb) {
    let desk = Desk::new(db);
    // The decision on a complaint is to be sent within three working days: 25, 26 and 27 November.
    desk.answer("3", "upheld", ("120", "2026-11-23")).await;
    desk.app.turn_to("2026-11-30T09:00:00+07:00");
    assert_eq!(desk.list("/v1/overdue?clock=delivery").await, ["3"]);
    desk.act("3", "handler", "delivery", json!({"method": "post"})).await;
    let ids = ["resolved", "resolved_in_time"];
    assert_eq!(desk.counts("timeliness", ids, "").await, [json!(2), json!(2)]);
    let ids =
        ["publication_promised", "published_in_time", "delivery_promised", "delivered", "delivered_in_time"];
    let counts = desk.counts("rates", ids, "").await;
    assert_eq!(counts, [json!(1), json!(1), json!(1), json!(1), json!(0)]);
    assert_eq!(desk.behind("rates", "published_in_time", "").await, ["2"]);
    assert_eq!(desk.behind("rates", "delivery_promised", "").await, ["3"]);
}

async fn publication_delay(db: TestDb) {
    let desk = Desk::new(db);
    desk.answer("7", "explained", ("88", "2026-11-23")).await;
    desk.app.turn_to("2026-11-27T09:00:00+07:00");
    desk.act("7", "approver", "publication", json!({"public_text": "Phường đang xem xét mở thêm giờ."}))
        .await;
    // Number 2 on the same day; number 7 after three working days, for the 24th is a holiday.
    let ids = ["published", "mean_publication_days", "median_publication_days"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(2), json!(1.5), json!(1.5)]);
    assert_eq!(desk.behind("rates", "mean_publication_days", "").await, ["2", "7"]);
}

async fn withheld_or_taken_down(db: TestDb) {
    let desk = Desk::new(db);
    desk.answer("7", "explained", ("88", "2026-11-23")).await;
    desk.act("2", "approver", "takedown", json!({"reason": "Ảnh có mặt trẻ em"})).await;
    let ids = ["answered", "published", "withheld", "taken_down"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(2), json!(1), json!(1), json!(1)]);
    assert_eq!(desk.behind("rates", "withheld", "").await, ["7"]);
    assert_eq!(desk.behind("rates", "taken_down", "").await, ["2"]);
}

async fn satisfaction_and_reasons(db: TestDb) {
    let desk = Desk::new(db);
    let body = json!({"satisfaction": "dissatisfied", "reasons": "Nắp mới kênh, xe qua kêu to."});
    desk.author("2", "rating", body).await;
    let ids = ["answered", "rated", "satisfied", "dissatisfied", "response_rate", "satisfaction_rate"];
    let expected = [json!(1), json!(1), json!(0), json!(1), json!(1.0), json!(0.0)];
    assert_eq!(desk.counts("rates", ids, "").await, expected);
    assert_eq!(desk.behind("rates", "dissatisfied", "").await, ["2"]);
    let rated = desk.of("2", "").await["ratings"].clone();
    let row = |one: &Value| json!([one["round"], one["satisfaction"], one["reasons"]]);
    assert_eq!(columns(&rated, row), [json!([1, "dissatisfied", "Nắp mới kênh, xe qua kêu to."])]);
    // Before it was given there was none.
    assert_eq!(desk.of("2", "?as_of=2026-11-23T12:00:00%2B07:00").await["ratings"], json!([]));
}

async fn reopening_refused(db: TestDb) {
    let desk = Desk::new(db);
    desk.author("2", "reconsideration-request", json!({"reason": "Nắp mới kênh"})).await;
    desk.act("2", "coordinator", "reconsideration-decision", json!({"reasons": "Đã kiểm tra, nắp phẳng"}))
        .await;
    let ids = ["reconsideration_asked", "reconsideration_refused", "reconsideration_ignored", "reopened"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(1), json!(1), json!(0), json!(0)]);
    assert_eq!(desk.behind("rates", "reconsideration_refused", "").await, ["2"]);
    let events = desk.of("2", "/events").await;
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["type"], &last["role"]), (&json!("reconsideration-decision"), &json!("coordinator")));
}

async fn reopening_ignored(db: TestDb) {
    let desk = Desk::new(db);
    desk.author("2", "reconsideration-request", json!({"reason": "Nắp mới kênh"})).await;
    // Ten working days: 25, 26, 27 and 30 November, 1 to 4, 7 and 8 December.
    desk.app.turn_to("2026-12-08T23:00:00+07:00");
    let ids = ["reconsideration_asked", "reconsideration_ignored"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(1), json!(0)]);
    desk.app.turn_to("2026-12-09T00:00:00+07:00");
    assert_eq!(desk.counts("rates", ids, "").await, [json!(1), json!(1)]);
    assert_eq!(desk.behind("rates", "reconsideration_ignored", "").await, ["2"]);
    assert_eq!(desk.list("/v1/overdue?clock=reconsideration").await, ["2"]);
}
