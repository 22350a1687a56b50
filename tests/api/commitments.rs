//! Promises made in replies: whose they are to see, what replaces them, and how they are found.

use kiennghi::{
    app::clock::new_id,
    domain::{
        id::AgencyId,
        vocabulary::{Role, Visibility},
    },
    store::commitments::{self, Signed, Wanted},
};
use serde_json::{Value, json};

use crate::{
    demo::{act, begin, numbered, seen, token},
    plans::plans,
    support::{Case, TestDb, cases, client::TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = cases![a_promise_is_replaced, a_reader_sees_the_promises_of_his_petitions];
    cases.extend(cases![Sqlite: promises_are_found_by_their_day]);
    cases
}

/// Number 7 is answered with promises of these days.
async fn promise(app: &TestApp, days: &[&str]) {
    let commitments: Vec<Value> =
        days.iter().map(|day| json!({"text": "Mở thêm giờ", "due_on": day})).collect();
    let draft = json!({"text": "Sẽ mở thêm giờ.", "outcome": "planned", "commitments": commitments});
    act(app, 7, "handler", "reply-draft", draft).await.expect(200);
    act(app, 7, "handler", "reply-submission", json!({})).await.expect(200);
    let notice = json!({"notice": {"signer": "Phạm Thị Ký Duyệt", "signed_on": "2026-11-23"}, "addressee": "Người góp ý"});
    act(app, 7, "approver", "reply-approval", notice).await.expect(200);
}

async fn told(app: &TestApp, reader: &str, query: &str) -> Vec<Value> {
    let page = app.get(format!("/v1/commitments{query}")).token(reader).call().await.expect(200).body;
    let row = |one: &Value| json!([one["revision"], one["due_on"], one["keeping"]]);
    page["items"].as_array().unwrap().iter().map(row).collect()
}

async fn a_promise_is_replaced(db: TestDb) {
    let app = begin(db);
    promise(&app, &["2026-12-15"]).await;
    app.turn_to("2026-12-01T09:00:00+07:00");
    let view = seen(&app, 7).await;
    let body = json!({"text": "Lùi lại vì chờ kinh phí.", "outcome": "planned", "reason": "Chờ kinh phí",
        "author_id": view["responsible_person"]["id"], "notice": {"signer": "Phạm Thị Ký Duyệt", "signed_on": "2026-11-23"},
        "commitments": [{"text": "Mở thêm giờ", "due_on": "2027-02-01"}]});
    act(&app, 7, "approver", "reply-revision", body).await.expect(200);
    app.turn_to("2026-12-16T09:00:00+07:00");
    // The first promise stays on record with the day it had.
    let expected = [json!([1, "2026-12-15", "replaced"]), json!([2, "2027-02-01", "to_come"])];
    let reader = token(&app, "auditor");
    assert_eq!(told(&app, &reader, "").await, expected);
    // As it stood in between; as it stands by what was known then; before anything was promised.
    let first = |keeping| [json!([1, "2026-12-15", keeping])];
    assert_eq!(told(&app, &reader, "?as_of=2026-11-30").await, first("to_come"));
    assert_eq!(told(&app, &reader, "?recorded_by=2026-11-30").await, first("broken"));
    assert_eq!(told(&app, &reader, "?as_of=2026-12-10&recorded_by=2026-11-30").await, first("to_come"));
    assert_eq!(told(&app, &reader, "?recorded_by=2026-12-01").await, expected);
    assert!(told(&app, &reader, "?recorded_by=2026-11-01").await.is_empty());
    assert!(told(&app, &reader, "?as_of=2026-11-01").await.is_empty());
}

async fn a_reader_sees_the_promises_of_his_petitions(db: TestDb) {
    let app = begin(db);
    promise(&app, &["2026-12-15", "2026-12-15", "2026-12-31"]).await;
    let view = seen(&app, 7).await;
    let ward: AgencyId = view["agency"]["id"].as_str().unwrap().parse().unwrap();
    let other: AgencyId = seen(&app, 2).await["agency"]["id"].as_str().unwrap().parse().unwrap();
    let of = |name, agency| {
        app.token(app.official(name, agency, Role::Auditor, Some(agency), Visibility::PartiesOnly))
    };
    assert_eq!(told(&app, &of("own", ward), "").await.len(), 3);
    assert!(told(&app, &of("foreign", other), "").await.is_empty());

    let reader = token(&app, "auditor");
    let petition = format!("?petition_id={}", numbered(&app, 7).unwrap());
    assert_eq!(told(&app, &reader, &petition).await.len(), 3);
    let none = format!("?petition_id={}", numbered(&app, 1).unwrap());
    assert!(told(&app, &reader, &none).await.is_empty());
    assert_eq!(told(&app, &reader, &format!("?agency_id={ward}")).await.len(), 3);
    assert!(told(&app, &reader, &format!("?agency_id={other}")).await.is_empty());
    let province = app.get("/v1/agencies?limit=100").call().await.expect(200).body;
    let above = province["items"].as_array().unwrap().iter().find(|one| one["parent_id"].is_null()).unwrap();
    let above = above["id"].as_str().unwrap();
    for structure in ["then", "now"] {
        let all = format!("?agency_id={above}&structure={structure}");
        assert_eq!(told(&app, &reader, &all).await.len(), 3, "{structure}");
        assert!(told(&app, &reader, &format!("{all}&subtree=false")).await.is_empty(), "{structure}");
    }
    // Two of one day are told one after the other, and nothing is lost between pages.
    let mut days = Vec::new();
    let mut next = String::new();
    for _ in 0..3 {
        let page =
            app.get(format!("/v1/commitments?limit=1{next}")).token(&reader).call().await.expect(200).body;
        days.push(page["items"][0]["due_on"].clone());
        next = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(days, ["2026-12-15", "2026-12-15", "2026-12-31"]);
    for wrong in ["?due_by=2026-12-31", "?due_to=31.12.2026", "?limit=0", "?cursor=x"] {
        app.get(format!("/v1/commitments{wrong}")).token(&reader).call().await.expect(400);
    }
    app.get("/v1/commitments").token(&token(&app, "admin")).call().await.expect(403);
}

async fn promises_are_found_by_their_day(db: TestDb) {
    let app = TestApp::new(db);
    let day = |text: &str| text.parse().ok();
    let signed = Signed { by: app.now(), recorded_by: app.now() };
    let any = Wanted { signed, petition: None, from: None, to: None };
    let place = day("2026-12-15").map(|due| (due, new_id()));
    for wanted in [any, Wanted { from: day("2026-12-01"), to: day("2027-01-01"), ..any }] {
        let plans = plans(&app, |tx| commitments::page(tx, &wanted, place, 20).map(drop));
        assert_eq!(plans.len(), 1);
        assert!(plans[0].contains("commitment_due_on") && !plans[0].contains("TEMP B-TREE"), "{}", plans[0]);
    }
}
