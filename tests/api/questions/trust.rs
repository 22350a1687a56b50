//! Whether the answers can be trusted: samples, rights, reads, rules, what was altered, and what machines did.

use kiennghi::{
    app::{history::hex, routine, secrets::sha256},
    domain::vocabulary::{Role, Visibility},
    store::people,
};
use serde_json::{Value, json};

use super::{Desk, columns};
use crate::{
    audit::{unpacked, verify},
    demo::token,
    frozen::{from_to, types},
    support::{Case, TestDb, cases},
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        reproducible_sample,
        who_read_or_unsealed_whom,
        who_had_which_right_when,
        who_changed_calendar_or_rules,
        registered_late,
        a_frozen_report_against_today,
        who_received_this_citizens_data,
        nothing_was_altered,
        acts_of_machines,
    ]
}

/// The id of a demo account.
fn official(desk: &Desk, username: &'static str) -> String {
    let found = desk.app.app.read_now(|tx, _| Ok(people::official_by_username(tx, username)?));
    found.unwrap().unwrap().id.to_string()
}

/// Does something as the administrator.
async fn order(desk: &Desk, path: &str, body: Value) -> Value {
    let sent = desk.app.post(path).token(&token(&desk.app, "admin")).json(body);
    sent.call().await.expect(201).body
}

async fn reproducible_sample(db: TestDb) {
    let desk = Desk::new(db);
    let told = desk.ask("/v1/samples?seed=48213&size=4").await;
    // By hand: the hash of seed, colon and id of each of the fifteen petitions the auditor may see, the smallest first.
    let visible = desk.ask("/v1/petitions?limit=100").await;
    let mut ranks = columns(&visible["items"], |item| {
        let id = item["id"].as_str().unwrap();
        json!([hex(&sha256(format!("48213:{id}").as_bytes())), id])
    });
    ranks.sort_by_key(|rank| rank[0].as_str().unwrap().to_owned());
    assert_eq!((ranks.len(), &told["population"]), (15, &json!(15)));
    let drawn = columns(&told["items"], |item| json!([item["rank"], item["id"]]));
    assert_eq!(drawn, ranks[..4]);
    // Later, when there is more to draw from, the same moment draws the same.
    desk.app.turn_to("2026-11-27T09:00:00+07:00");
    desk.letter(json!({})).await;
    let moment = told["as_of"].as_str().unwrap();
    let same = format!("/v1/samples?seed=48213&size=4&as_of={moment}&recorded_by={moment}");
    assert_eq!(desk.ask(&same).await, told);
}

async fn who_read_or_unsealed_whom(db: TestDb) {
    let desk = Desk::new(db);
    for name in ["3", "5"] {
        desk.ask_as("intake", &format!("/v1/petitions/{}/submitter", desk.id(name))).await;
    }
    let path = format!("/v1/personal-data-reads?official_id={}", official(&desk, "intake"));
    let row =
        |one: &Value| json!([desk.name(&one["petition_id"]), one["official"]["full_name"], one["what"]]);
    let three = json!(["3", "Trần Thị Tiếp Nhận", "submitter"]);
    // The demo's auditor may not see the sealed denunciation, and so not who unsealed it; one who may sees both.
    assert_eq!(columns(&desk.ask(&path).await["items"], row), std::slice::from_ref(&three));
    let city = desk.ask("/v1/agencies?code=H99").await["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let chief = desk.app.official("chief", city, Role::Auditor, None, Visibility::Restricted);
    let all = desk.app.get(path).token(&desk.app.token(chief)).call().await.expect(200).body;
    let five = json!(["5", "Trần Thị Tiếp Nhận", "sealed_submitter"]);
    assert_eq!(columns(&all["items"], row), [five, three]);
}

async fn who_had_which_right_when(db: TestDb) {
    let desk = Desk::new(db);
    let handler = official(&desk, "handler");
    let ward = desk.ask("/v1/agencies?code=H99.1").await["items"][0]["id"].clone();
    let right =
        json!({"official_id": handler, "role": "approver", "agency_id": ward, "ceiling": "parties_only"});
    let granted = order(&desk, "/v1/grants", right).await;
    let path = format!("/v1/grants/{}", granted["id"].as_str().unwrap());
    desk.app.turn_to("2026-11-25T09:00:00+07:00");
    let end = desk.app.post(format!("{path}/revocation")).token(&token(&desk.app, "admin"));
    end.seen(&granted["version"]).json(json!({"reason": "Hết ủy quyền"})).call().await.expect(200);

    let rights = desk.ask(&format!("/v1/grants?official_id={handler}")).await;
    let row = |one: &Value| {
        let to = one["valid_to"].as_str().map(|to| to[..13].to_owned());
        json!([one["role"], one["ceiling"], one["valid_from"], to])
    };
    let mut told = columns(&rights["items"], row);
    told.sort_by_key(|one| one[0].to_string());
    let expected = [
        json!(["approver", "parties_only", "2026-11-22T17:00:00Z", "2026-11-25T02"]),
        json!(["handler", "parties_only", "2000-01-01T00:00:00Z", null]),
    ];
    assert_eq!(told, expected);
    let subject = granted["id"].as_str().unwrap();
    let history = desk.ask(&format!("/v1/events?subject_kind=grant&subject={subject}")).await;
    let row = |one: &Value| json!([one["type"], one["actor"]["official_id"]]);
    let admin = official(&desk, "admin");
    assert_eq!(columns(&history["items"], row), [json!(["grant", admin]), json!(["revocation", admin])]);
}

async fn who_changed_calendar_or_rules(db: TestDb) {
    let desk = Desk::new(db);
    let rest = json!({"day": "2026-12-14", "action": "add", "kind": "holiday", "name": "Nghỉ thêm"});
    let body = json!({"source": "Công điện 9/CĐ", "days": [rest]});
    let done = order(&desk, "/v1/calendar-changes?apply=true", body).await;
    routine::run_due(&desk.app.app).unwrap();
    let changes = desk.ask("/v1/calendar-changes").await;
    let change = changes["items"].as_array().unwrap().iter().find(|one| one["source"] == "Công điện 9/CĐ");
    let change = change.unwrap();
    assert_eq!(change["version"], done["change"]["version"]);
    assert_eq!(change["ordered_by"]["full_name"], "Hoàng Văn Quản Trị");
    let moves = desk.ask(&format!("/v1/calendar-changes/{}/moves", change["version"])).await;
    // The opinion on a rule was due on that Monday.
    let row = |item: &Value| {
        let moved =
            columns(&item["moves"], |one| json!([one["stage"], one["from"]["due_on"], one["to"]["due_on"]]));
        json!([desk.name(&item["id"]), moved])
    };
    let expected = [json!(["8", [["resolution", "2026-12-14", "2026-12-15"]]])];
    assert_eq!(columns(&moves["items"], row), expected);

    let rule = json!({"id": "suggestion-2027", "code": "suggestion", "stage": "resolution", "kind": "suggestion",
        "start_event": "receipt", "amount": 10, "unit": "working_days", "legal_basis": "Quy chế 2027",
        "effective_from": "2027-01-01", "source": "Quyết định 12/QĐ-UBND", "replaces": "suggestion"});
    order(&desk, "/v1/deadline-rules", rule).await;
    let history = desk.ask("/v1/events?subject_kind=rule&subject=suggestion-2027").await;
    let event = &history["items"][0];
    assert_eq!(event["actor"]["official_id"], official(&desk, "admin"));
    assert_eq!(
        (&event["facts"]["amount"], &event["facts"]["effective_from"]),
        (&json!(10), &json!("2027-01-01"))
    );
}

async fn registered_late(db: TestDb) {
    let desk = Desk::new(db);
    desk.letter(json!({"received_at": "2026-11-18T09:00:00+07:00"})).await;
    desk.letter(json!({"received_at": "2026-11-22T09:00:00+07:00"})).await;
    // Five days against one; everything else of the demo was registered as it came.
    assert_eq!(desk.list("/v1/anomalies?kind=late_registration").await, ["new"]);
    assert_eq!(desk.list("/v1/anomalies?kind=late_registration&at_least=5").await, ["new"]);
    assert!(desk.list("/v1/anomalies?kind=late_registration&at_least=6").await.is_empty());
}

async fn a_frozen_report_against_today(db: TestDb) {
    let desk = Desk::new(db);
    let sent = desk.app.post("/v1/frozen-reports").token(&token(&desk.app, "auditor"));
    let frozen = sent.json(json!({"group_by": "none"})).call().await.expect(201).body;
    let comparison = format!("/v1/frozen-reports/{}/comparison", frozen["id"].as_str().unwrap());
    assert_eq!(frozen["petitions"], 15);
    assert_eq!(desk.ask(&comparison).await["items"], json!([]));
    // Its last day is the 30th.
    desk.answer("7", "explained", ("88", "2026-11-23")).await;
    desk.app.turn_to("2026-11-24T08:00:00+07:00");
    let told = desk.ask(&comparison).await;
    let row = |one: &Value| json!([desk.name(&one["petition_id"]), from_to(one), types(one)]);
    let mut moved = columns(&told["items"], row);
    moved.sort_by_key(Value::to_string);
    let expected = [
        json!(["3", ["open_in_time", "open_overdue"], []]),
        json!([
            "7",
            ["open_in_time", "resolved_early"],
            ["reply-draft", "reply-submission", "reply-approval"]
        ]),
    ];
    assert_eq!(moved, expected);
}

async fn who_received_this_citizens_data(db: TestDb) {
    let desk = Desk::new(db);
    for who in ["intake", "handler"] {
        desk.ask_as(who, &format!("/v1/petitions/{}/submitter", desk.id("3"))).await;
    }
    desk.ask_as("intake", &format!("/v1/petitions/{}/submitter", desk.id("4"))).await;
    let log = desk.ask(&format!("/v1/personal-data-reads?petition_id={}", desk.id("3"))).await;
    let row = |one: &Value| json!([one["official"]["full_name"], one["role"], one["what"]]);
    let expected = [
        json!(["Lê Văn Xử Lý", "handler", "submitter"]),
        json!(["Trần Thị Tiếp Nhận", "intake", "submitter"]),
    ];
    assert_eq!(columns(&log["items"], row), expected);
}

async fn nothing_was_altered(db: TestDb) {
    let desk = Desk::new(db);
    let path = format!("/v1/petitions/{}/dossier.zip", desk.id("2"));
    let dossier = desk.app.get(path).token(&token(&desk.app, "auditor")).call().await.expect(200);
    let files = unpacked(&dossier);
    let (entries, _) = verify(&files);
    // Receipt, classification, assignment, acceptance, draft, submission, approval, publication, delivery.
    assert_eq!(entries, 9);
    let events = desk.of("2", "/events").await;
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["head"], json!({"sequence": 9, "hash": last["hash"]}));
    // And the whole installation.
    let (findings, summary) = crate::verify::verified(&desk.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
}

async fn acts_of_machines(db: TestDb) {
    let desk = Desk::new(db);
    // Thirty days after the answer the system closes number 2 of itself.
    desk.app.turn_to("2026-12-24T09:00:00+07:00");
    routine::run_due(&desk.app.app).unwrap();
    let row = |event: &Value| {
        json!([event["type"], event["role"], event["official_id"], event["on_behalf_of"], event["caused_by"]])
    };
    let events = desk.of("2", "/events").await;
    let machine: Vec<Value> =
        columns(&events["items"], row).into_iter().filter(|one| one[1] == "system").collect();
    assert_eq!(machine, [json!(["closing", "system", null, null, null])]);
    // What intake writes down is done for the citizen.
    let first = desk.of("3", "/events").await["items"][0].clone();
    let intake = official(&desk, "intake");
    assert_eq!(row(&first), json!(["registration", "intake", intake, "citizen", null]));
    // The server registered the parts of the letter for whoever split it: the act that led to it is named.
    let events = async |name: &str| {
        desk.ask_as("coordinator", &format!("/v1/petitions/{}/events", desk.id(name))).await["items"].clone()
    };
    let letter = events("11").await;
    let split = letter.as_array().unwrap().iter().find(|event| event["type"] == "split").unwrap().clone();
    let part = events("11.proposal").await[0].clone();
    assert_eq!(row(&part), json!(["registration", "system", null, null, split["id"]]));
    assert_eq!(split["official_id"], json!(intake));
}
