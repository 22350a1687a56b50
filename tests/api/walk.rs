//! One petition all the way over HTTP: submitted, classified, assigned, accepted, answered, approved, published.

use serde_json::json;

use crate::support::{Case, TestDb, cases, client::TestApp};
use kiennghi::domain::vocabulary::{Role, Visibility};

pub(crate) fn cases() -> Vec<Case> {
    cases![a_petition_goes_all_the_way]
}

async fn a_petition_goes_all_the_way(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let ward = app.agency("H99.1", "Phường", Some(city));
    let coordinator = app.official("coordinator", city, Role::Coordinator, None, Visibility::Restricted);
    let handler = app.official("handler", ward, Role::Handler, Some(ward), Visibility::PartiesOnly);
    let approver = app.official("approver", ward, Role::Approver, Some(ward), Visibility::Restricted);
    let (coordinator, hand, approve) = (app.token(coordinator), app.token(handler), app.token(approver));

    let body = json!({"kind": "proposal", "channel": "mobile_app", "title": "Ngõ 45 ngập", "content": "Cống tắc.",
        "field_code": "urban_infrastructure", "submitter": {"full_name": "Nguyễn Văn A", "phone": "0912345678"}});
    let receipt = app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let id = receipt.body["id"].as_str().unwrap().to_owned();
    assert!(receipt.body["code"].as_str().unwrap().starts_with("KN-"));
    assert!(receipt.body["access_key"].is_string() && receipt.body["promised_due_on"].is_string());

    let step = async |token: &str, action: &str, version: u32, body: serde_json::Value| {
        let reply = app
            .post(format!("/v1/petitions/{id}/{action}"))
            .token(token)
            .seen(version)
            .json(body)
            .call()
            .await
            .expect(200);
        reply.version()
    };
    let classification = json!({"kind": "proposal", "field_code": "urban_infrastructure", "public_title": "Ngập ngõ 45", "public_summary": "Đề nghị cải tạo cống."});
    let version = step(&coordinator, "classification", 1, classification).await;
    let version =
        step(&coordinator, "assignment", version, json!({"agency_id": ward, "responsible_id": handler}))
            .await;
    let version = step(&hand, "acceptance", version, json!({})).await;
    let draft = json!({"text": "Sẽ thay cống.", "outcome": "planned", "commitments": [{"text": "Thay cống", "due_on": "2027-03-31"}]});
    let version = step(&hand, "reply-draft", version, draft).await;
    let version = step(&hand, "reply-submission", version, json!({})).await;
    let approval = json!({"document": {"number": "1747", "symbol": "UBND-NC", "signer": "Chủ tịch", "issued_on": "2026-11-23"}, "addressee": "Các hộ dân"});
    let version = step(&approve, "reply-approval", version, approval).await;
    let version =
        step(&approve, "publication", version, json!({"public_text": "Phường sẽ thay cống."})).await;
    step(&hand, "delivery", version, json!({"method": "post"})).await;

    let view = app.get(format!("/v1/petitions/{id}")).token(&coordinator).call().await.expect(200);
    assert_eq!(view.body["state"], "answered");
    assert_eq!(view.body["timeliness"], "met");
    assert_eq!(view.body["responsible_person"]["full_name"], "Cán bộ handler");
    assert!(!view.text.contains("Nguyễn Văn A") && !view.text.contains("0912345678"));
    let events = app.get(format!("/v1/petitions/{id}/events")).token(&coordinator).call().await.expect(200);
    assert_eq!(events.body["items"].as_array().unwrap().len(), 9);
    app.get(format!("/v1/petitions/{id}/deadlines")).token(&coordinator).call().await.expect(200);
}
