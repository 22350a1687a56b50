use actix_web::{App, HttpResponse, http::StatusCode, test, web};
use serde_json::json;

use super::*;
use crate::{domain::id::PetitionKey, http::problem::Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    q: Option<String>,
    #[serde(default)]
    limit: Limit,
}

async fn post(form: Form<Note>) -> Result<HttpResponse, Problem> {
    let filled = form.0?;
    let hex: String = filled.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(HttpResponse::Ok().body(format!("{} {hex}", filled.content.text)))
}

async fn list(query: Query<Listing>) -> Result<HttpResponse, Problem> {
    let listing = query.0?;
    Ok(HttpResponse::Ok().body(format!("{} {:?}", listing.limit, listing.q)))
}

async fn act(
    id: PathId<PetitionKey>,
    version: IfMatch,
    key: IdempotencyKey,
    speaks: Speaks,
) -> Result<HttpResponse, Problem> {
    let (id, key, version) = (id.0?, key.required(true)?, version.0?);
    Ok(HttpResponse::Ok().body(format!("{id} {version} {key} {:?}", speaks.0)))
}

async fn answer(request: test::TestRequest) -> (StatusCode, String, String) {
    let edge = Edge {
        public_url: String::new(),
        body_limit: 64,
        methods: Default::default(),
        document: String::new(),
        leaving: Default::default(),
        http: crate::config::HttpSettings {
            request_time: std::time::Duration::from_secs(60),
            body_time: std::time::Duration::from_secs(60),
            ..Default::default()
        },
        proxies: Default::default(),
        counts: Default::default(),
    };
    let app = test::init_service(
        App::new()
            .app_data(web::Data::new(edge))
            .route("/notes", web::post().to(post))
            .route("/list", web::get().to(list))
            .route("/petitions/{id}/act", web::post().to(act)),
    )
    .await;
    let reply = test::call_service(&app, request.to_request()).await;
    let code = reply.response().extensions().get::<Problem>().map(Problem::code).unwrap_or_default();
    let status = reply.status();
    (status, code.to_owned(), String::from_utf8(test::read_body(reply).await.to_vec()).unwrap())
}

async fn code(request: test::TestRequest) -> String {
    answer(request).await.1
}

fn note(media_type: &str, body: impl Into<Bytes>) -> test::TestRequest {
    test::TestRequest::post().uri("/notes").insert_header(("content-type", media_type)).set_payload(body)
}

#[actix_web::test]
async fn a_form_is_an_object_of_json() {
    let body = json!({"text": "đèn"}).to_string();
    for media_type in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
    {
        let (status, _, text) = answer(note(media_type, body.clone())).await;
        assert!(status.is_success() && text.starts_with("đèn "), "{media_type}");
    }
    for media_type in ["text/plain", "text/json", "application/xml", "application/jsonx", ""] {
        assert_eq!(code(note(media_type, body.clone())).await, "unsupported-media-type", "{media_type}");
    }
    for wrong in [
        "[\"x\"]",
        "null",
        "\"x\"",
        "{}",
        "{\"text\":1}",
        "{\"text\":\"x\",\"id\":1}",
        "{\"text\":",
        "[null,null]",
    ] {
        assert_eq!(code(note("application/json", wrong)).await, "malformed", "{wrong}");
    }
    assert_eq!(
        code(test::TestRequest::post().uri("/notes")).await,
        "malformed",
        "an empty body lacks the text"
    );
}

#[actix_web::test]
async fn a_form_has_a_limit_and_is_not_compressed() {
    let fitting = json!({"text": "x".repeat(53)}).to_string();
    assert_eq!(fitting.len(), 64);
    assert_eq!(code(note("application/json", fitting.clone())).await, "");
    assert_eq!(code(note("application/json", format!("{fitting} "))).await, "too-large");
    let declared = note("application/json", "{}").insert_header(("content-length", "65"));
    assert_eq!(code(declared).await, "too-large");
    let compressed = note("application/json", "{}").insert_header(("content-encoding", "gzip"));
    assert_eq!(code(compressed).await, "unsupported-media-type");
}

#[actix_web::test]
async fn the_fingerprint_covers_the_bytes_of_the_body() {
    let body = json!({"text": "x"}).to_string();
    let one = answer(note("application/json", body.clone())).await.2;
    assert_eq!(answer(note("application/json", body.clone())).await.2, one);
    assert_ne!(answer(note("application/json", format!("{body} "))).await.2, one);
}

#[actix_web::test]
async fn parameters_are_known_and_given_once() {
    let get = |query: &str| test::TestRequest::get().uri(&format!("/list{query}"));
    assert_eq!(answer(get("")).await.2, "20 None");
    assert_eq!(answer(get("?limit=100&q=a%20b")).await.2, "100 Some(\"a b\")");
    for query in [
        "?limit=0",
        "?limit=101",
        "?limit=-1",
        "?limit=1e3",
        "?limit=1000000",
        "?limit=1&limit=100",
        "?limit=",
    ] {
        assert_eq!(code(get(query)).await, "invalid-parameter", "{query}");
    }
    for query in ["?LIMIT=1", "?x", "?=", "?limit=1&sort=secret"] {
        assert_eq!(code(get(query)).await, "unknown-parameter", "{query}");
    }
}

#[actix_web::test]
async fn nothing_refuses_before_its_turn() {
    let uuid = "0190a1b2-0000-7000-8000-000000000000";
    let act = |id: &str| test::TestRequest::post().uri(&format!("/petitions/{id}/act"));
    for id in
        ["7", "0190A1B2000070008000000000000000", "%00", "urn:uuid:0190a1b2-0000-7000-8000-000000000000"]
    {
        assert_eq!(code(act(id)).await, "not-found", "{id}");
    }
    assert_eq!(code(act(uuid)).await, "idempotency-key-required");
    assert_eq!(code(act(uuid).insert_header(("idempotency-key", "guess"))).await, "idempotency-key-invalid");
    let keyed = || act(uuid).insert_header(("idempotency-key", uuid));
    assert_eq!(code(keyed()).await, "precondition-required");
    assert_eq!(code(keyed().insert_header(("if-match", "W/\"7\""))).await, "precondition-failed");
    let (_, _, text) =
        answer(keyed().insert_header(("if-match", "\"7\"")).insert_header(("accept-language", "en"))).await;
    assert_eq!(text, format!("{uuid} 7 {uuid} En"));
}
