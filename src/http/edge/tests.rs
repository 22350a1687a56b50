use std::{
    io::{Read, Write},
    net::TcpStream,
};

use actix_web::{App, HttpServer, dev::Service, middleware::from_fn, test};
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::*;
use crate::{
    domain::{
        refusal::{FieldError, Refusal},
        vocabulary::{Action, State},
    },
    http::{help::explain_problem, methods::unmatched},
};

#[derive(OpenApi)]
#[openapi(paths(crate::http::help::explain_problem, answers, write))]
struct Document;

#[utoipa::path(get, path = "/v1/answers/{kind}", params(("kind" = String, Path)), responses((status = 200, description = "Ok.")))]
#[actix_web::get("/v1/answers/{kind}")]
async fn answers(kind: web::Path<String>) -> Result<HttpResponse, Problem> {
    Err(match kind.as_str() {
        "ok" => {
            return Ok(HttpResponse::Ok()
                .insert_header(("cache-control", "private, no-cache"))
                .json(json!({})));
        }
        "panic" => panic!("secret detail"),
        "internal" => app::Error::internal("table petition: secret detail"),
        "token" => app::Error::Unauthenticated("expired_token"),
        "nobody" => app::Error::Unauthenticated("missing_token"),
        "busy" => app::Error::Busy,
        "twin" => app::Error::IdempotencyInProgress,
        "move" => Refusal::IllegalMove { action: Action::Closing, state: State::Received }.into(),
        "guard" => Refusal::guard("same_person", "Cùng một người.", "The same person.").into(),
        "invalid" => Refusal::Invalid(vec![FieldError::new("/title", "blank", "Trống.", "Blank.")]).into(),
        "parameter" => app::Error::UnknownParameter { name: "x".to_owned() },
        _ => app::Error::NotFound,
    }
    .into())
}

#[utoipa::path(post, path = "/v1/answers/literal", responses((status = 200, description = "Ok.")))]
#[actix_web::post("/v1/answers/literal")]
async fn write() -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn bare() -> HttpResponse {
    HttpResponse::PayloadTooLarge().body("text of the framework")
}

fn edge(public_url: &str) -> web::Data<Edge> {
    let methods = Methods::of(&Document::openapi());
    web::Data::new(Edge {
        public_url: public_url.to_owned(),
        body_limit: 1024,
        methods,
        document: String::new(),
        leaving: Default::default(),
        http: crate::config::HttpSettings {
            request_time: std::time::Duration::from_secs(60),
            body_time: std::time::Duration::from_secs(60),
            ..Default::default()
        },
        proxies: Default::default(),
        counts: Default::default(),
    })
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(write)
        .service(answers)
        .service(explain_problem)
        .service(web::resource("/v1/resource").route(web::get().to(bare)))
        .default_service(web::to(unmatched));
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), MEDIA_TYPE);
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }
}

async fn ask(request: test::TestRequest) -> Answer {
    let app = App::new().app_data(edge("")).wrap(from_fn(serve)).configure(routes);
    let app = test::init_service(app).await;
    let reply = match app.call(request.to_request()).await {
        Ok(reply) => reply.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let body = actix_web::body::to_bytes(reply.into_body()).await.unwrap();
    Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}

fn method(method: &str, path: &str) -> test::TestRequest {
    get(path).method(Method::from_bytes(method.as_bytes()).unwrap())
}

#[actix_web::test]
async fn a_problem_has_all_members_in_the_callers_language() {
    let request = get("/v1/answers/move?q=1").insert_header(("x-request-id", "mine-1"));
    let answer = ask(request).await;
    assert_eq!(
        answer.json(),
        json!({
            "type": "/problems/illegal-transition", "title": "Đơn không thể chuyển như vậy", "status": 409,
            "detail": "Không thể “Kết thúc” khi đơn ở trạng thái “Đã tiếp nhận”.",
            "instance": "/v1/answers/move", "code": "illegal-transition", "request_id": "mine-1",
        })
    );
    assert_eq!((answer.header("content-language"), answer.header("cache-control")), ("vi", "no-store"));

    let answer = ask(get("/v1/answers/invalid").insert_header(("accept-language", "en"))).await;
    let problem = answer.json();
    assert_eq!((answer.status, answer.header("content-language")), (422, "en"));
    assert_eq!(problem["errors"], json!([{"pointer": "#/title", "code": "blank", "detail": "Blank."}]));

    let problem = ask(get("/v1/answers/guard")).await.json();
    assert_eq!((&problem["code"], &problem["reason"]), (&json!("conflict"), &json!("same_person")));
    let problem = ask(get("/v1/answers/parameter")).await.json();
    assert_eq!(
        (&problem["code"], &problem["errors"][0]["pointer"]),
        (&json!("unknown-parameter"), &json!("x"))
    );
}

#[actix_web::test]
async fn each_status_brings_its_headers() {
    let answer = ask(get("/v1/answers/nobody")).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, r#"Bearer realm="kiennghi""#));
    let answer = ask(get("/v1/answers/token")).await;
    assert!(answer.header("www-authenticate").ends_with(r#"error="invalid_token""#));
    assert_eq!(answer.json()["reason"], "expired_token");
    assert_eq!(ask(get("/v1/answers/busy")).await.header("retry-after"), "1");
    assert_eq!(ask(get("/v1/answers/twin")).await.header("retry-after"), "1");
}

#[actix_web::test]
async fn what_is_our_fault_is_not_shown() {
    for kind in ["internal", "panic"] {
        let answer = ask(get(&format!("/v1/answers/{kind}"))).await;
        assert_eq!(answer.json()["code"], "internal");
        assert!(answer.status == 500 && !answer.body.contains("secret"), "{}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[actix_web::test]
async fn the_frameworks_own_refusals_are_problems_too() {
    assert_eq!(ask(get("/v1/nowhere")).await.json()["code"], "not-found");
    let answer = ask(get("/v1/resource")).await;
    assert_eq!(answer.json()["code"], "too-large");
    assert!(!answer.body.contains("framework"));
    assert_eq!(ask(method("DELETE", "/v1/resource")).await.json()["code"], "method-not-allowed");
}

#[actix_web::test]
async fn wrong_methods_are_told_the_right_ones() {
    for wrong in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"] {
        let answer = ask(method(wrong, "/v1/answers/ok")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"), "{wrong}");
        answer.json();
    }
    let answer = ask(method("PUT", "/v1/answers/literal")).await;
    assert_eq!(answer.header("allow"), "POST, OPTIONS", "a literal goes before a variable");
    let answer = ask(method("OPTIONS", "/v1/answers/ok")).await;
    assert_eq!(
        (answer.status, answer.header("allow"), answer.body.as_str()),
        (204, "GET, HEAD, OPTIONS", "")
    );
    assert_eq!(ask(method("OPTIONS", "/v1/nowhere")).await.status, 404);
    assert_eq!(ask(method("HEAD", "/v1/answers/ok")).await.status, 200);
    let override_header = get("/v1/answers/ok").insert_header(("x-http-method-override", "DELETE"));
    assert_eq!(ask(override_header).await.status, 200);
}

#[actix_web::test]
async fn every_reply_has_its_headers() {
    let answer = ask(get("/v1/answers/ok").insert_header(("x-request-id", "a b\"c"))).await;
    assert_eq!(
        answer.header("x-request-id").len(),
        36,
        "a foreign id that could forge a log line is replaced"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "private, no-cache", "a handler's own word stays");
    assert_eq!(answer.header("server"), "");
}

#[actix_web::test]
async fn the_type_of_a_problem_leads_to_help() {
    let page = ask(get("/problems/illegal-transition")).await;
    assert!(page.status == 200 && page.body.contains("lang=\"en\"") && page.body.contains("Đơn không thể"));
    assert_eq!(ask(get("/problems/nothing")).await.json()["code"], "not-found");

    let app = App::new().app_data(edge("https://kn.example.vn")).wrap(from_fn(serve)).configure(routes);
    let reply = test::call_service(&test::init_service(app).await, get("/x").to_request()).await;
    let problem: Value = test::read_body_json(reply).await;
    assert_eq!(problem["type"], "https://kn.example.vn/problems/not-found");
}

/// One exchange over a socket, headers and body as they are on the wire.
fn exchange(address: std::net::SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[actix_web::test]
async fn head_is_get_without_its_body_on_the_wire() {
    let edge = edge("");
    let server =
        HttpServer::new(move || App::new().app_data(edge.clone()).wrap(from_fn(serve)).configure(routes))
            .workers(1)
            .bind(("127.0.0.1", 0))
            .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let ask = move |head: &'static str| web::block(move || exchange(address, head));

    let got = ask("GET /problems/not-found").await.unwrap();
    let head = ask("HEAD /problems/not-found").await.unwrap();
    let length = |text: &str| text.lines().find(|line| line.starts_with("content-length")).map(str::to_owned);
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(length(&head).is_some() && length(&head) == length(&got) && !got.ends_with("\r\n\r\n"));
    let missing = ask("HEAD /nowhere").await.unwrap();
    assert!(missing.starts_with("HTTP/1.1 404 ") && missing.ends_with("\r\n\r\n"), "{missing}");
    let panicked = ask("GET /v1/answers/panic").await.unwrap();
    assert!(panicked.starts_with("HTTP/1.1 500 ") && panicked.contains(MEDIA_TYPE), "{panicked}");
    handle.stop(false).await;
}
