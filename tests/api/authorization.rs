//! Who may call what: every operation of the document is in this list, and none is open by accident.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{Case, TestDb, cases, client::TestApp, once};
use kiennghi::{
    app::clock::new_id,
    domain::{
        id::PetitionKey,
        vocabulary::{Action, Code, Role, Visibility},
    },
    http::openapi,
};

/// Who an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Everybody,
    /// Officials with a token; what they see is limited row by row.
    Officials,
    /// Whoever has a session.
    Somebody,
    /// Citizens with a tracking token.
    Trackers,
    /// Citizens who signed in.
    Citizens,
}
use For::{Citizens, Everybody, Officials, Somebody, Trackers};

/// Every operation but the actions, which follow the table of moves. This list only changes with the contract.
const OPERATIONS: &[(&str, &str, For)] = &[
    ("get", "/livez", Everybody),
    ("get", "/readyz", Everybody),
    ("get", "/.well-known/jwks.json", Everybody),
    ("get", "/.well-known/attestation-keys.json", Everybody),
    ("get", "/problems/{code}", Everybody),
    ("post", "/v1/sessions", Everybody),
    ("post", "/v1/sessions/refresh", Everybody),
    ("get", "/v1/sessions", Somebody),
    ("delete", "/v1/sessions/current", Somebody),
    ("delete", "/v1/sessions/{id}", Somebody),
    ("get", "/v1/me", Somebody),
    ("put", "/v1/me/password", Officials),
    ("get", "/v1/me/petitions", Citizens),
    ("post", "/v1/me/petitions", Citizens),
    ("post", "/v1/me/outside-identities", Officials),
    ("post", "/v1/sessions/oidc", Everybody),
    ("get", "/v1/sessions/oidc/providers", Everybody),
    ("post", "/v1/sessions/oidc/authorizations", Everybody),
    ("post", "/v1/petitions", Everybody),
    ("get", "/v1/petitions", Officials),
    ("get", "/v1/petitions/{id}", Officials),
    ("get", "/v1/petitions/{id}/events", Officials),
    ("get", "/v1/petitions/{id}/deadlines", Officials),
    ("get", "/v1/petitions/{id}/holders", Officials),
    ("get", "/v1/petitions/{id}/submitter", Officials),
    ("get", "/v1/petitions/{id}/personal-data-reads", Officials),
    ("get", "/v1/petitions/{id}/dossier.zip", Officials),
    ("get", "/v1/personal-data-reads", Officials),
    ("get", "/v1/samples", Officials),
    ("get", "/v1/overdue", Officials),
    ("get", "/v1/overdue/summary", Officials),
    ("get", "/v1/due-soon", Officials),
    ("get", "/v1/paused", Officials),
    ("get", "/v1/without-clock", Officials),
    ("get", "/v1/forwarded-without-result", Officials),
    ("get", "/v1/reports/timeliness", Officials),
    ("get", "/v1/reports/flow", Officials),
    ("get", "/v1/reports/rates", Officials),
    ("get", "/v1/reports/xld01", Officials),
    ("get", "/v1/reports/anomalies", Officials),
    ("get", "/v1/anomalies", Officials),
    ("get", "/v1/exports", Officials),
    ("post", "/v1/exports", Officials),
    ("get", "/v1/exports/{id}", Officials),
    ("get", "/v1/exports/{id}/file", Everybody),
    ("post", "/v1/frozen-reports", Officials),
    ("get", "/v1/frozen-reports", Officials),
    ("get", "/v1/frozen-reports/{id}", Officials),
    ("get", "/v1/frozen-reports/{id}/petitions", Officials),
    ("get", "/v1/frozen-reports/{id}/comparison", Officials),
    ("get", "/v1/reports/{report}/petitions", Officials),
    ("get", "/v1/officials", Officials),
    ("post", "/v1/officials", Officials),
    ("get", "/v1/officials/{id}", Officials),
    ("put", "/v1/officials/{id}", Officials),
    ("post", "/v1/officials/{id}/disabling", Officials),
    ("post", "/v1/officials/{id}/enabling", Officials),
    ("post", "/v1/officials/{id}/password-reset", Officials),
    ("get", "/v1/grants", Officials),
    ("post", "/v1/grants", Officials),
    ("get", "/v1/grants/{id}", Officials),
    ("post", "/v1/grants/{id}/revocation", Officials),
    ("get", "/v1/events", Officials),
    ("get", "/v1/reminder-thresholds", Officials),
    ("post", "/v1/reminder-thresholds", Officials),
    ("get", "/v1/reminder-thresholds/{code}", Officials),
    ("post", "/v1/reminder-thresholds/{code}/ending", Officials),
    ("get", "/v1/notifications", Officials),
    ("post", "/v1/notifications/{id}/reading", Officials),
    ("get", "/v1/urgings", Officials),
    ("get", "/v1/commitments", Officials),
    ("post", "/v1/sandbox/clock", Officials),
    ("post", "/v1/tracking", Everybody),
    ("get", "/v1/tracking/petitions", Trackers),
    ("get", "/v1/tracking/petitions/{code}", Trackers),
    ("post", "/v1/tracking/petitions/{code}/supplement", Trackers),
    ("post", "/v1/tracking/petitions/{code}/withdrawal", Trackers),
    ("post", "/v1/tracking/petitions/{code}/reconsideration-request", Trackers),
    ("post", "/v1/tracking/petitions/{code}/rating", Trackers),
    ("get", "/v1/public/petitions", Everybody),
    ("get", "/v1/public/petitions/{code}", Everybody),
    ("get", "/v1/public/replies", Everybody),
    ("get", "/v1/public/statistics", Everybody),
    ("get", "/v1/reference", Everybody),
    ("get", "/v1/lifecycle", Everybody),
    ("get", "/v1/agencies", Everybody),
    ("get", "/v1/agencies/{id}", Everybody),
    ("post", "/v1/agencies", Officials),
    ("put", "/v1/agencies/{id}", Officials),
    ("post", "/v1/agencies/{id}/dissolution", Officials),
    ("get", "/v1/agencies/{id}/succession", Officials),
    ("post", "/v1/agencies/{id}/succession", Officials),
    ("get", "/v1/agencies/{id}/versions", Everybody),
    ("get", "/v1/fields", Everybody),
    ("post", "/v1/fields", Officials),
    ("get", "/v1/fields/{code}", Everybody),
    ("put", "/v1/fields/{code}", Officials),
    ("get", "/v1/deadlines/preview", Everybody),
    ("get", "/v1/calendar-days", Everybody),
    ("get", "/v1/calendar-days/{day}", Everybody),
    ("post", "/v1/calendar-days/import", Officials),
    ("get", "/v1/office-hours", Everybody),
    ("get", "/v1/calendar-changes", Officials),
    ("post", "/v1/calendar-changes", Officials),
    ("get", "/v1/calendar-changes/{version}", Officials),
    ("get", "/v1/calendar-changes/{version}/moves", Officials),
    ("get", "/v1/deadline-rules", Everybody),
    ("post", "/v1/deadline-rules", Officials),
    ("get", "/v1/deadline-rules/{id}", Everybody),
    ("post", "/v1/deadline-rules/{id}/ending", Officials),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut all = once![every_operation_is_in_the_list];
    all.extend(cases![
        nothing_answers_without_the_token_it_needs,
        forged_tokens_are_refused,
        absent_and_foreign_read_alike,
        every_look_at_a_person_leaves_a_trace,
    ]);
    all
}

/// Every operation with whom it is for, the actions included.
pub(crate) fn operations() -> Vec<(String, String, For)> {
    let listed =
        OPERATIONS.iter().map(|(method, path, who)| ((*method).to_owned(), (*path).to_owned(), *who));
    let staff = |action: &Action| {
        let for_staff =
            [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor, Role::Supporting];
        for_staff.iter().any(|role| kiennghi::domain::lifecycle::is_ever_for(*action, *role))
    };
    let actions = Action::ALL.iter().filter(|action| staff(action));
    let actions = actions
        .map(|action| ("post".to_owned(), format!("/v1/petitions/{{id}}/{}", action.as_str()), Officials));
    listed.chain(actions).collect()
}

fn every_operation_is_in_the_list() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let who =
                operations().into_iter().find(|(m, p, _)| m == method && p == path).map(|(_, _, who)| who);
            let open = operation["security"].as_array().unwrap().iter().any(|one| one == &json!({}));
            assert_eq!(who.map(|who| who == Everybody), Some(open), "{method} {path}");
            documented.insert((method.clone(), path.clone()));
        }
    }
    for (method, path, _) in operations() {
        assert!(
            documented.contains(&(method.clone(), path.clone())),
            "{method} {path} is not in the document"
        );
    }
}

fn filled(path: &str) -> String {
    let id = new_id::<PetitionKey>().to_string();
    path.replace("{id}", &id).replace("{code}", "KN-00000000-0")
}

async fn nothing_answers_without_the_token_it_needs(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let auditor = app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly);
    let official = app.token(auditor);
    for (method, path, who) in operations() {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let bare = app.send(method.clone(), filled(&path)).json(json!({})).call().await;
        assert_eq!(bare.status == 401, who != Everybody, "{method} {path} without a token: {}", bare.text);
        if matches!(who, Trackers | Citizens) {
            let foreign =
                app.send(method.clone(), filled(&path)).token(&official).json(json!({})).call().await;
            assert_eq!(foreign.status, 401, "{method} {path} with an official's token: {}", foreign.text);
        }
        if who != Everybody {
            assert!(bare.field("www-authenticate").starts_with("Bearer"), "{method} {path}");
        }
    }
}

async fn forged_tokens_are_refused(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let auditor = app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly);
    let good = app.token(auditor);
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    // {"alg":"none","typ":"at+jwt"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let forged = [
        format!("{head}.{claims}.{flipped}"),
        format!("{none}.{claims}."),
        format!("{head}.{claims}"),
        "x".to_owned(),
    ];
    for token in forged {
        let reply = app.get("/v1/petitions").token(&token).call().await.expect(401);
        assert_eq!(reply.body["reason"], "invalid_token");
    }
    app.get("/v1/petitions").header("Authorization", "Basic YTpi").call().await.expect(401);
    // A token that does not hold is refused even where none is needed.
    app.post("/v1/petitions").token("x").key().json(json!({})).call().await.expect(401);
    app.get("/v1/petitions").token(&good).call().await.expect(200);
}

async fn every_look_at_a_person_leaves_a_trace(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let intake = app.official("intake", city, Role::Intake, None, Visibility::Restricted);
    let handler = app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly);
    let auditor = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::Restricted));
    let body = json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng.", "field_code": "transport",
        "keep_secret": true, "submitter": {"full_name": "Trần Thị Bí Mật", "phone": "0912345678"}});
    let receipt = app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let id = receipt.body["id"].as_str().unwrap();
    let submitter =
        |official| app.get(format!("/v1/petitions/{id}/submitter")).token(&app.token(official)).call();
    // Who asked for secrecy is known to intake and coordination alone.
    submitter(handler).await.expect(403);
    let seen = submitter(intake).await.expect(200);
    assert_eq!(seen.body["full_name"], "Trần Thị Bí Mật");
    let log = |query: &str| app.get(format!("/v1/petitions/{id}/personal-data-reads{query}"));
    log("").token(&app.token(handler)).call().await.expect(403);
    submitter(intake).await.expect(200);
    let first = log("?limit=1").token(&auditor).call().await.expect(200);
    assert_eq!(first.body["items"][0]["official_id"], json!(intake));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = log(&format!("?limit=2&cursor={cursor}")).token(&auditor).call().await.expect(200);
    assert_eq!(
        (second.body["items"].as_array().unwrap().len(), &second.body["next_cursor"]),
        (1, &Value::Null)
    );
}

pub(crate) async fn absent_and_foreign_read_alike(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let here = app.agency("H99.1", "Phường", Some(city));
    let there = app.agency("H99.2", "Phường khác", Some(city));
    let handler = app.official("handler", there, Role::Handler, Some(there), Visibility::PartiesOnly);
    let admin = app.official("admin", city, Role::Admin, None, Visibility::PartiesOnly);
    let body = json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng.", "field_code": "transport", "agency_code": "H99.1"});
    let receipt = app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let id = receipt.body["id"].as_str().unwrap();
    assert_eq!(receipt.body["agency"]["id"], json!(here));
    for token in [app.token(handler), app.token(admin)] {
        for path in ["", "/events", "/deadlines", "/submitter", "/dossier.zip", "?as_of=2026-11-24"] {
            let foreign = app.get(format!("/v1/petitions/{id}{path}")).token(&token).call().await.expect(404);
            let absent = app
                .get(format!("/v1/petitions/{}{path}", new_id::<PetitionKey>()))
                .token(&token)
                .call()
                .await
                .expect(404);
            assert_eq!(anonymised(&foreign.body), anonymised(&absent.body));
        }
        let act = app.post(format!("/v1/petitions/{id}/acceptance")).token(&token).seen(1).json(json!({}));
        act.call().await.expect(404);
    }
}

/// A problem without what names the request.
pub(crate) fn anonymised(problem: &Value) -> Value {
    let mut problem = problem.clone();
    for member in ["instance", "request_id"] {
        problem.as_object_mut().unwrap().remove(member);
    }
    problem
}
