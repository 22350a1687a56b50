//! Bad input gets a problem that names the field, in both languages, and leaves nothing behind.

use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{Reply, TestApp},
};
use kiennghi::domain::vocabulary::{Role, Visibility};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_bad_submission_names_the_field_and_stores_nothing,
        the_order_of_refusals_holds,
        keys_make_one_effect_of_two_requests,
        problems_speak_both_languages,
        addresses_know_their_methods,
    ]
}

fn submission() -> Value {
    json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng ba đêm.", "field_code": "transport"})
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

fn without(mut body: Value, member: &str) -> Value {
    body.as_object_mut().unwrap().remove(member);
    body
}

/// Where the first fault is, by pointer.
fn pointer(reply: &Reply) -> String {
    reply.body["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned()
}

async fn a_bad_submission_names_the_field_and_stores_nothing(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let cases = [
        (without(submission(), "title"), 400, "#/title"),
        (with(submission(), "state", json!("answered")), 400, "#/state"),
        (with(submission(), "title", json!(7)), 400, "#/title"),
        (with(submission(), "title", json!(["a"])), 400, "#/title"),
        (with(submission(), "kind", json!("poem")), 400, "#/kind"),
        (with(submission(), "submitter", json!(["Nguyễn Văn A"])), 400, "#/submitter"),
        (with(submission(), "incident_at", json!("2026-02-30T00:00:00+07:00")), 400, "#/incident_at"),
        (with(submission(), "incident_at", json!("2026-11-01T00:00:00")), 400, "#/incident_at"),
        (with(submission(), "title", json!("a".repeat(301))), 422, "#/title"),
        (with(submission(), "title", json!("")), 422, "#/title"),
        (with(submission(), "title", json!("a\u{0}b")), 422, "#/title"),
        (with(submission(), "title", json!("a\u{202E}b")), 422, "#/title"),
        (with(submission(), "content", json!("a".repeat(20_001))), 422, "#/content"),
        (with(submission(), "field_code", json!("no_such_field")), 422, "#/field_code"),
        (with(submission(), "agency_code", json!("NOWHERE")), 422, "#/agency_code"),
        (with(submission(), "channel", json!("post")), 422, "#/channel"),
        (with(submission(), "kind", json!("complaint")), 422, "#/instance"),
        (with(submission(), "incident_at", json!("2027-01-01T00:00:00+07:00")), 422, "#/incident_at"),
        (with(submission(), "location", json!({"latitude": 91, "longitude": 0})), 422, "#/location"),
        (
            with(submission(), "submitter", json!({"full_name": "A", "phone": "abc"})),
            422,
            "#/submitter/phone",
        ),
        (with(submission(), "received_at", json!("2026-11-01T00:00:00+07:00")), 422, "#"),
    ];
    for (body, status, at) in cases {
        let reply = app.post("/v1/petitions").key().json(body.clone()).call().await;
        assert_eq!(reply.status.as_u16(), status, "{body}\n{}", reply.text);
        assert_eq!(pointer(&reply), at, "{body}\n{}", reply.text);
    }
    for raw in ["[]", "[null,null]", "\"x\"", "null", "{", "{\"kind\":\"feedback\",\"kind\":\"feedback\"}"] {
        let reply =
            app.post("/v1/petitions").key().header("Content-Type", "application/json").raw(raw).call().await;
        assert_eq!(reply.status.as_u16(), 400, "{raw}\n{}", reply.text);
    }
    app.post("/v1/petitions").key().header("Content-Type", "text/plain").raw("{}").call().await.expect(415);
    let long = format!("{{\"title\":\"{}\"}}", "a".repeat(300_000));
    app.post("/v1/petitions")
        .key()
        .header("Content-Type", "application/json")
        .raw(long)
        .call()
        .await
        .expect(413);
    assert_eq!(petitions(&app).await, 0);
}

/// How many petitions somebody who sees all of them finds.
async fn petitions(app: &TestApp) -> usize {
    let agency = app.agency(&format!("Z{}", rand()), "Khác", None);
    let auditor =
        app.official(&format!("auditor{}", rand()), agency, Role::Auditor, None, Visibility::Restricted);
    let list = app.get("/v1/petitions?limit=100").token(&app.token(auditor)).call().await.expect(200);
    list.body["items"].as_array().unwrap().len()
}

fn rand() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

async fn the_order_of_refusals_holds(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let coordinator =
        app.token(app.official("coordinator", city, Role::Coordinator, None, Visibility::Restricted));
    let auditor = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::Restricted));
    let id = app.post("/v1/petitions").key().json(submission()).call().await.expect(201).body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let assign = |token: &str| app.post(format!("/v1/petitions/{id}/assignment")).token(token);
    // 403 before the form, the form before the version, the version before the state, the state before the content.
    assert_eq!(assign(&auditor).json(json!({"nonsense": 1})).call().await.expect(403).code(), "forbidden");
    assert_eq!(
        assign(&coordinator).json(json!({"nonsense": 1})).call().await.expect(400).code(),
        "malformed"
    );
    let nobody = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "responsible_id": "01934f6e-0000-7000-8000-000000000002"});
    assert_eq!(
        assign(&coordinator).json(nobody.clone()).call().await.expect(428).code(),
        "precondition-required"
    );
    assert_eq!(
        assign(&coordinator).seen(7).json(nobody.clone()).call().await.expect(412).code(),
        "precondition-failed"
    );
    let weak = assign(&coordinator).header("If-Match", "W/\"1\"").json(nobody.clone()).call().await;
    assert_eq!(weak.expect(412).code(), "precondition-failed");
    let early = assign(&coordinator).seen(1).json(nobody.clone()).call().await.expect(409);
    assert_eq!(early.code(), "illegal-transition");
    let classified = json!({"kind": "feedback", "field_code": "transport", "visibility": "parties_only"});
    let classify =
        app.post(format!("/v1/petitions/{id}/classification")).token(&coordinator).seen(1).json(classified);
    let version = classify.call().await.expect(200).version();
    let unknown = assign(&coordinator).seen(version).json(nobody).call().await.expect(422);
    assert_eq!(unknown.code(), "validation");
    let view = app.get(format!("/v1/petitions/{id}")).token(&coordinator).call().await.expect(200);
    assert_eq!(view.version(), version);
}

async fn keys_make_one_effect_of_two_requests(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    app.post("/v1/petitions").json(submission()).call().await.expect(400);
    let bare = app.post("/v1/petitions").header("Idempotency-Key", "retry-1").json(submission()).call().await;
    assert_eq!(bare.expect(400).code(), "idempotency-key-invalid");
    let key = "0193a3c0-0000-7000-8000-00000000abcd";
    let send = |body: Value| app.post("/v1/petitions").header("Idempotency-Key", key).json(body);
    let first = send(submission()).call().await.expect(201);
    let again = send(submission()).call().await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.field("idempotent-replayed"), "true");
    let other = send(with(submission(), "title", json!("Khác"))).call().await.expect(422);
    assert_eq!(other.code(), "idempotency-key-reused");
    assert_eq!(petitions(&app).await, 1);
}

async fn problems_speak_both_languages(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let body = with(submission(), "title", json!(""));
    let vi = app.post("/v1/petitions").key().json(body.clone()).call().await.expect(422);
    let en =
        app.post("/v1/petitions").key().header("Accept-Language", "en").json(body).call().await.expect(422);
    assert_eq!(vi.field("content-type"), "application/problem+json");
    assert_eq!((vi.field("content-language"), en.field("content-language")), ("vi", "en"));
    assert_eq!(vi.body["errors"][0]["detail"], "Không được để trống.");
    assert_eq!(en.body["errors"][0]["detail"], "Must not be blank.");
    assert_eq!(vi.body["status"], 422);
    assert!(
        vi.body["request_id"].is_string()
            && vi.body["type"].as_str().unwrap().ends_with("/problems/validation")
    );
}

async fn addresses_know_their_methods(db: TestDb) {
    let app = TestApp::new(db);
    let wrong =
        app.send(actix_web::http::Method::PUT, "/v1/sessions").json(json!({})).call().await.expect(405);
    assert!(wrong.field("allow").contains("POST"));
    assert_eq!(wrong.field("content-type"), "application/problem+json");
    app.get("/v1/nowhere").call().await.expect(404);
    app.get("/v1/petitions/not-a-uuid").call().await.expect(401);
    app.send(actix_web::http::Method::HEAD, "/livez").call().await.expect(200);
    let options = app.send(actix_web::http::Method::OPTIONS, "/v1/petitions").call().await;
    assert!(options.status.is_success() && options.field("allow").contains("POST"));
}
