//! What came and went, what belongs together, and what was passed on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Desk, columns};
use crate::support::{Case, TestDb, cases};

pub(super) fn cases() -> Vec<Case> {
    cases![
        opening_to_closing_balance,
        settled_in_a_period,
        same_matter_again,
        letters_against_cases,
        many_signers,
        first_or_repeated,
        overturned_at_second_instance,
        forwarded_and_answered_when,
        urgings_and_time_to_answer,
    ]
}

async fn opening_to_closing_balance(db: TestDb) {
    let desk = Desk::new(db);
    let flow = desk.ask("/v1/reports/flow?from=2026-11-16&to=2026-11-24").await;
    let ids = ["opening", "received", "moved_in", "answered", "ended", "moved_out", "closing"];
    let mut told: BTreeMap<&str, [i64; 7]> = BTreeMap::new();
    for row in flow["rows"].as_array().unwrap() {
        let figures = row["figures"].as_array().unwrap();
        let value = |id| figures.iter().find(|one| one["id"] == id).unwrap()["value"].as_i64().unwrap();
        told.insert(row["key"].as_str().unwrap(), ids.map(value));
    }
    // Number 12 came to the ward with four callers who were merged into it, and went on to the ward's police; the parts
    // of the letter came in with the letter; number 2 was answered.
    let expected = BTreeMap::from([
        ("H99", [0, 1, 0, 0, 0, 0, 1]),
        ("H99.1", [2, 5, 0, 0, 4, 1, 2]),
        ("H99.1.1", [0, 0, 1, 0, 0, 0, 1]),
        ("H99.12", [0, 1, 0, 0, 0, 0, 1]),
        ("H99.13", [1, 0, 0, 0, 0, 0, 1]),
        ("H99.2", [0, 3, 0, 1, 0, 0, 2]),
        ("H99.3", [2, 0, 0, 0, 0, 0, 2]),
    ]);
    assert_eq!(told, expected);
}

async fn settled_in_a_period(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    // Received on 16 October; number 2 was settled before these days.
    desk.answer("3", "dismissed", ("120", "2026-11-27")).await;
    let days = "&from=2026-11-25&to=2026-11-28";
    assert_eq!(desk.counts("flow", ["answered", "ended"], days).await, [json!(1), json!(0)]);
    assert_eq!(desk.behind("flow", "answered", days).await, ["3"]);
}

async fn same_matter_again(db: TestDb) {
    let desk = Desk::new(db);
    let repeat = json!({"previous_petition": {"id": desk.id("2"), "link": "repeat"}});
    let again = desk.letter(repeat).await;
    assert_eq!(desk.behind("xld01", "settled_once", "").await, ["new"]);
    let links = desk.ask(&format!("/v1/petitions/{again}")).await["links"].clone();
    let row = |link: &Value| json!([link["kind"], link["direction"], desk.name(&link["id"])]);
    assert_eq!(columns(&links, row), [json!(["repeat", "to", "2"])]);
    // Five callers of one night are one case.
    let links = desk.of("12", "").await["links"].clone();
    let mut callers = columns(&links, row);
    callers.sort_by_key(Value::to_string);
    let expected = ["121", "122", "123", "124"].map(|caller| json!(["duplicate", "from", caller]));
    assert_eq!(callers, expected);
}

async fn letters_against_cases(db: TestDb) {
    let desk = Desk::new(db);
    // Of October numbers 3 and 10 were still open; thirteen came in November, and four of them were merged.
    let november = "&from=2026-11-01&to=2026-12-01";
    let ids = ["carried_over", "received", "letters", "cases"];
    assert_eq!(desk.counts("xld01", ids, november).await, [json!(2), json!(13), json!(15), json!(11)]);
    let letters = desk.behind("xld01", "letters", november).await;
    let cases = desk.behind("xld01", "cases", november).await;
    let merged: Vec<&String> = letters.iter().filter(|letter| !cases.contains(letter)).collect();
    assert_eq!(merged, ["124", "123", "122", "121"]);
}

async fn many_signers(db: TestDb) {
    let desk = Desk::new(db);
    let petition = desk.letter(json!({"submitter_type": "group", "group_size": 12})).await;
    let november = "&from=2026-11-01&to=2026-12-01";
    let ids = ["received_many", "received_one", "received_other"];
    // Number 7 is anonymous, number 9 from a board.
    assert_eq!(desk.counts("xld01", ids, november).await, [json!(1), json!(11), json!(2)]);
    assert_eq!(desk.behind("xld01", "received_many", november).await, ["new"]);
    assert_eq!(desk.ask(&format!("/v1/petitions/{petition}")).await["group_size"], 12);
}

async fn first_or_repeated(db: TestDb) {
    let desk = Desk::new(db);
    let after = |name: &str| json!({"previous_petition": {"id": desk.id(name), "link": "repeat"}});
    let again = desk.letter(after("2")).await;
    desk.letter(after("3")).await;
    let ids = ["not_yet_settled", "being_settled", "settled_once", "settled_again"];
    assert_eq!(desk.counts("xld01", ids, "").await, [json!(15), json!(1), json!(1), json!(0)]);
    assert_eq!(desk.behind("xld01", "settled_once", "").await, ["new"]);
    let once = desk.ask("/v1/reports/xld01/petitions?figure=settled_once").await;
    assert_eq!(once["items"][0]["id"], json!(again));
}

async fn overturned_at_second_instance(db: TestDb) {
    let desk = Desk::new(db);
    desk.answer("4", "partly_upheld", ("121", "2026-11-23")).await;
    // A first instance that upholds a complaint overturns nothing here.
    desk.answer("3", "upheld", ("122", "2026-11-23")).await;
    let ids = ["second_instance", "overturned", "overturning_rate"];
    assert_eq!(desk.counts("rates", ids, "").await, [json!(1), json!(1), json!(1.0)]);
    assert_eq!(desk.behind("rates", "overturned", "").await, ["4"]);
    // What is corrected counts as it was signed last.
    let author = desk.of("4", "").await["responsible_person"]["id"].clone();
    let body = json!({"text": "Giữ nguyên quyết định.", "outcome": "dismissed", "author_id": author, "reason": "Đính chính",
        "document": {"number": "123", "symbol": "UBND-NC", "signer": "Phạm Thị Ký Duyệt", "issued_on": "2026-11-23"}});
    desk.act("4", "approver", "reply-revision", body).await;
    assert_eq!(desk.counts("rates", ids, "").await, [json!(1), json!(0), json!(0.0)]);
}

async fn forwarded_and_answered_when(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    let body = json!({"receiving_body": "Bộ Tư pháp",
        "document": {"number": "88", "symbol": "STP-HC", "issued_on": "2026-11-27"}});
    desk.act("8", "intake", "forwarding", body).await;
    assert_eq!(desk.list("/v1/forwarded-without-result").await, ["8"]);
    desk.app.turn_to("2026-12-10T09:00:00+07:00");
    let body = json!({"text": "Bộ đã tiếp thu", "occurred_at": "2026-12-08T10:00:00+07:00",
        "document": {"number": "301", "symbol": "BTP-HTQT", "issued_on": "2026-12-07"}});
    desk.act("8", "intake", "forwarding-result", body).await;
    assert!(desk.list("/v1/forwarded-without-result").await.is_empty());
    assert_eq!(desk.list("/v1/forwarded-without-result?as_of=2026-12-07").await, ["8"]);
    let ids = ["forwarded", "forwarding_answered"];
    assert_eq!(desk.counts("xld01", ids, "").await, [json!(1), json!(1)]);
    let events = desk.of("8", "/events").await;
    let last = events["items"].as_array().unwrap().iter().rev().take(2).rev();
    let told: Vec<Value> = last
        .map(|event| {
            json!([
                event["type"],
                event["occurred_at"].as_str().unwrap()[..13],
                event["facts"]["document"]["issued_on"]
            ])
        })
        .collect();
    let expected = [
        json!(["forwarding", "2026-11-27T02", "2026-11-27"]),
        json!(["forwarding-result", "2026-12-08T03", "2026-12-07"]),
    ];
    assert_eq!(told, expected);
}

async fn urgings_and_time_to_answer(db: TestDb) {
    let desk = Desk::new(db);
    desk.say("3", "auditor", "urging", json!({"text": "Đề nghị trả lời trước khi hết hạn."})).await;
    let open = desk.ask("/v1/urgings?answered=false").await;
    assert_eq!(desk.name(&open["items"][0]["petition_id"]), "3");
    desk.app.turn_to("2026-11-25T10:00:00+07:00");
    let note =
        json!({"text": "Đã đo lại, đang lập biên bản.", "public": false, "answers": open["items"][0]["id"]});
    desk.say("3", "handler", "progress-note", note).await;
    let told = desk.ask("/v1/urgings?answered=true").await;
    let item = &told["items"][0];
    assert_eq!((desk.name(&item["petition_id"]), &item["agency"]["code"]), ("3", &json!("H99.3")));
    // Three hours of Monday and two of Wednesday; Tuesday is a holiday. The sandbox clock runs on by seconds.
    let hours = |member: &str| (item[member].as_f64().unwrap() / 3600.0).round();
    assert_eq!((hours("seconds"), hours("working_seconds")), (44.0, 5.0));
    assert!(desk.ask("/v1/urgings?answered=false").await["items"].as_array().unwrap().is_empty());
}
