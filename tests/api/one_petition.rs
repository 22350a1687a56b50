//! What an auditor asks of one petition, each question with the call that answers it, on the demo's petitions.

use kiennghi::domain::time::Instant;
use serde_json::{Value, json};

use crate::{
    audit::{unpacked, verify},
    demo::{act, begin, numbered, seen, token},
    support::{Case, TestDb, cases, client::TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        what_did_later_entries_change,
        what_was_gained_and_was_intake_slow,
        who_held_it_how_long_and_how_often_was_it_passed_on,
        was_it_issued_before_it_was_recorded_and_what_was_promised,
        who_read_or_unsealed_whom_and_who_acted_for_whom,
        was_anything_altered,
    ]
}

async fn ask(app: &TestApp, number: u32, username: &'static str, rest: &str) -> Value {
    let id = numbered(app, number).unwrap();
    app.get(format!("/v1/petitions/{id}{rest}")).token(&token(app, username)).call().await.expect(200).body
}

/// Twice the same day, once as it was known then and once as it is known now.
async fn what_did_later_entries_change(db: TestDb) {
    let app = begin(db);
    // On the 25th it is recorded that phường Bến Gỗ took the denunciation up on the 23rd.
    app.turn_to("2026-11-25T09:00:00+07:00");
    let body = json!({"occurred_at": "2026-11-23T16:00:00+07:00"});
    act(&app, 5, "approver", "acceptance", body).await.expect(200);
    let now = ask(&app, 5, "coordinator", "?as_of=2026-11-23").await;
    let then = ask(&app, 5, "coordinator", "?as_of=2026-11-23&recorded_by=2026-11-23").await;
    assert_eq!((&then["state"], &now["state"]), (&json!("assigned"), &json!("in_progress")));
    assert_eq!(
        (&then["deadline"]["due_on"], &now["deadline"]["due_on"]),
        (&json!("2026-11-27"), &json!("2026-12-23"))
    );
    let late = ask(&app, 5, "coordinator", "/events?as_of=2026-11-23").await;
    let known = ask(&app, 5, "coordinator", "/events?as_of=2026-11-23&recorded_by=2026-11-23").await;
    let (late, known) = (late["items"].as_array().unwrap(), known["items"].as_array().unwrap());
    assert_eq!(known[..], late[..known.len()]);
    let added: Vec<&Value> = late[known.len()..].iter().map(|event| &event["type"]).collect();
    assert_eq!(added, ["acceptance"]);
}

async fn what_was_gained_and_was_intake_slow(db: TestDb) {
    let app = begin(db);
    // Received on 16 October, taken up on the 23rd, four days before the last day of intake (27 October).
    let told = ask(&app, 3, "auditor", "/deadlines").await;
    assert_eq!(told["promised_due_on"], "2026-11-26");
    assert_eq!(
        told["balance"]["days_gained_by_intake_delay"],
        json!({"calendar_days": -3, "working_days": -2})
    );
    let decision = json!({"criteria": ["conflicting_evidence"], "notified_on": "2026-11-23",
        "decision": {"number": "9", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"}});
    act(&app, 3, "approver", "extension", decision).await.expect(200);
    let told = ask(&app, 3, "auditor", "/deadlines").await;
    assert_eq!(told["balance"]["days_gained_by_extension"]["calendar_days"], 14);
    assert_eq!(told["balance"]["total"]["calendar_days"], 14 - 3);
    assert_eq!(told["balance"]["due_on"], "2026-12-07");
    let clocks = told["clocks"].as_array().unwrap();
    let resolution = clocks.iter().find(|clock| clock["clock"]["stage"] == "resolution").unwrap();
    let change = &resolution["changes"][1];
    assert_eq!(change["official"]["full_name"], "Phạm Thị Ký Duyệt");
    assert_eq!(
        (&change["document"]["number"], &change["gained"]["calendar_days"]),
        (&json!("9"), &json!(14))
    );
}

async fn who_held_it_how_long_and_how_often_was_it_passed_on(db: TestDb) {
    let app = begin(db);
    let held = ask(&app, 1, "auditor", "/holders").await;
    let items = held["items"].as_array().unwrap();
    assert_eq!(items[0]["from_at"], seen(&app, 1).await["received_at"]);
    let last = &items[items.len() - 1];
    assert_eq!(
        (&last["agency"]["code"], &last["person"]["full_name"]),
        (&json!("H99.1"), &json!("Lê Văn Xử Lý"))
    );
    assert_eq!(last["to_at"], Value::Null);
    let days: i64 = items.iter().map(|item| item["days"].as_i64().unwrap()).sum();
    assert_eq!(days, 11, "from 12 to 23 November");
    let hops = items.windows(2).filter(|pair| pair[0]["agency"] != pair[1]["agency"]).count();
    assert_eq!(held["hops"], json!(hops));
}

async fn was_it_issued_before_it_was_recorded_and_what_was_promised(db: TestDb) {
    let app = begin(db);
    let draft = json!({"text": "Sẽ mở thêm sáng thứ Bảy.", "outcome": "planned",
        "commitments": [{"text": "Mở cửa sáng thứ Bảy", "due_on": "2026-12-31"}]});
    act(&app, 7, "handler", "reply-draft", draft).await.expect(200);
    act(&app, 7, "handler", "reply-submission", json!({})).await.expect(200);
    // The document bears the date of the Friday before.
    let document = json!({"number": "88", "symbol": "UBND-VP", "signer": "Phạm Thị Ký Duyệt", "issued_on": "2026-11-20"});
    let approval = json!({"document": document, "addressee": "Người góp ý"});
    act(&app, 7, "approver", "reply-approval", approval).await.expect(200);
    let view = ask(&app, 7, "auditor", "").await;
    let reply = &view["reply"];
    assert_eq!(reply["document"]["issued_on"], "2026-11-20");
    assert!(reply["approved_at"].as_str().unwrap() > "2026-11-23", "recorded three days later");
    let promised = &reply["commitments"][0];
    assert_eq!(
        (&promised["text"], &promised["due_on"]),
        (&json!("Mở cửa sáng thứ Bảy"), &json!("2026-12-31"))
    );
    // A backdated document does not turn late into on time: what counts is when it was recorded.
    let clocks = view["clocks"].as_array().unwrap();
    let resolution = clocks.iter().find(|clock| clock["stage"] == "resolution").unwrap();
    assert_eq!(resolution["ended_at"], reply["approved_at"]);
}

async fn who_read_or_unsealed_whom_and_who_acted_for_whom(db: TestDb) {
    let app = begin(db);
    ask(&app, 3, "intake", "/submitter").await;
    ask(&app, 5, "intake", "/submitter").await;
    let log = async |rest: String| {
        let path = format!("/v1/personal-data-reads{rest}");
        app.get(path).token(&token(&app, "auditor")).call().await.expect(200).body["items"].clone()
    };
    let id = numbered(&app, 3).unwrap();
    let read = log(format!("?petition_id={id}")).await;
    assert_eq!((read.as_array().unwrap().len(), &read[0]["what"]), (1, &json!("submitter")));
    let reader = read[0]["official_id"].as_str().unwrap();
    // The demo's auditor may not see the sealed denunciation, so neither who unsealed it.
    assert_eq!(log(format!("?official_id={reader}")).await.as_array().unwrap().len(), 1);

    let events = ask(&app, 3, "auditor", "/events").await;
    let first = &events["items"][0];
    assert_eq!((&first["role"], &first["on_behalf_of"]), (&json!("intake"), &json!("citizen")));
    let letter = ask(&app, 11, "coordinator", "").await;
    let part = letter["links"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/petitions/{part}/events");
    let events = app.get(path).token(&token(&app, "coordinator")).call().await.expect(200).body;
    assert_eq!(
        events["items"][0]["role"], "system",
        "the server registered the part for whoever split the letter"
    );
}

async fn was_anything_altered(db: TestDb) {
    let app = begin(db);
    for number in [1, 3, 7, 9, 12] {
        let id = numbered(&app, number).unwrap();
        let path = format!("/v1/petitions/{id}/dossier.zip");
        let dossier = app.get(path).token(&token(&app, "auditor")).call().await.expect(200);
        let files = unpacked(&dossier);
        let (entries, _) = verify(&files);
        let events = ask(&app, number, "auditor", "/events").await;
        assert_eq!(entries, events["items"].as_array().unwrap().len(), "{number}");
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let last = events["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(manifest["head"], json!({"sequence": last["sequence"], "hash": last["hash"]}));
        let recorded: Instant = last["recorded_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(manifest["as_of"], json!(recorded));
    }
}
