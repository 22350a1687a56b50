//! What an operator sees: readiness with its warnings, metrics, logs that name no person, a server that goes gently.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use actix_web::web;
use kiennghi::{
    app::watch,
    domain::vocabulary::{Role, Visibility},
    http::metrics,
    store::{AnyConnection, StoreError},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Case, Database, TestDb, cases, client::TestApp, live::statuses};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = cases![
        readiness_warns_and_stays_ready,
        tables_older_than_the_program_are_not_ready,
        metrics_count_by_templates_and_names_of_ours,
        the_log_names_nobody,
    ];
    all.extend(cases![Sqlite: a_request_under_way_ends_before_the_server]);
    all
}

fn submission() -> Value {
    json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng ba đêm.", "field_code": "transport"})
}

fn codes(ready: &Value) -> Vec<&str> {
    ready["warnings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

async fn readiness_warns_and_stays_ready(db: TestDb) {
    let on_postgres = db.database == Database::Postgres;
    let early = TestApp::starting(db.shared(), "2026-06-01T08:00:00+07:00");
    let ready = early.get("/readyz").call().await.expect(200);
    assert_eq!((&ready.body["status"], codes(&ready.body)), (&json!("ok"), vec![]));
    assert_eq!(ready.body["queue"], json!({"events": 0, "oldest_seconds": 0, "writes": 0}));

    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let ready = app.get("/readyz").call().await.expect(200);
    assert_eq!(codes(&ready.body), ["calendar_ends_soon"], "sixty days on, it is 2027");
    assert!(ready.body["warnings"][0]["detail"].as_str().unwrap().contains("2027"));
    app.post("/v1/petitions").key().json(submission()).call().await.expect(201);
    app.turn_to("2026-11-23T14:10:00+07:00");
    let ready = app.get("/readyz").call().await.expect(200);
    let waits = if on_postgres { 1 } else { 0 };
    assert_eq!(ready.body["queue"]["events"], waits, "SQLite numbers each event as it writes it");
    assert_eq!(codes(&ready.body).contains(&"queue_grows"), on_postgres);
    kiennghi::app::routine::number_events(&app.app).unwrap();
    let ready = app.get("/readyz").call().await.expect(200);
    assert_eq!((&ready.body["queue"]["events"], codes(&ready.body)), (&json!(0), vec!["calendar_ends_soon"]));
}

async fn tables_older_than_the_program_are_not_ready(db: TestDb) {
    use diesel::connection::SimpleConnection;
    let app = TestApp::new(db);
    app.get("/readyz").call().await.expect(200);
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version LIKE '2026112400000%'";
    let forgotten = app.app.db().write_now(move |c| -> Result<(), StoreError> {
        match c {
            AnyConnection::Postgres(c) => Ok(c.batch_execute(forget)?),
            AnyConnection::Sqlite(c) => Ok(c.batch_execute(forget)?),
        }
    });
    forgotten.unwrap();
    let refused = app.get("/readyz").call().await.expect(503);
    assert_eq!(refused.code(), "unavailable");
    app.get("/livez").call().await.expect(200);
}

/// One GET over a connection of its own.
async fn fetch(address: SocketAddr, path: &'static str) -> String {
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    web::block(exchange).await.unwrap()
}

async fn metrics_count_by_templates_and_names_of_ours(db: TestDb) {
    metrics::install().expect("nobody else counts");
    let app = TestApp::set(db, &["--limit-tracking", "1"]);
    let city = app.agency("H99", "Thành phố", None);
    let auditor = app.official("auditor", city, Role::Auditor, None, Visibility::Restricted);
    let token = app.token(auditor);
    let key = "0193a3c0-0000-7000-8000-00000000abcd";
    let submit = || app.post("/v1/petitions").header("Idempotency-Key", key).json(submission());
    let made = submit().call().await.expect(201);
    submit().call().await.expect(201);
    let (id, code) = (made.body["id"].as_str().unwrap(), made.body["code"].as_str().unwrap());
    app.get(format!("/v1/petitions/{id}")).token(&token).call().await.expect(200);
    app.get("/v1/petitions/not-there/at/all").call().await.expect(404);
    for _ in 0..2 {
        let proof = json!({"items": [{"code": code, "access_key": "wrong"}]});
        app.post("/v1/tracking").json(proof).from("192.0.2.77").call().await;
    }
    app.post("/v1/sessions")
        .json(json!({"username": "canary-name", "password": "wrong"}))
        .call()
        .await
        .expect(401);
    app.turn_to("2027-06-01T08:00:00+07:00");
    watch::count(&app.app).unwrap();

    let (server, address) = metrics::bind(app.app.clone(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    assert_eq!(statuses(&fetch(address, "/livez").await), [200]);
    assert_eq!(statuses(&fetch(address, "/v1/reference").await), [404], "nothing else is there");
    let text = fetch(address, "/metrics").await;
    for part in [
        "# TYPE http_server_request_duration_seconds histogram",
        "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_route=\"/v1/petitions/{id}\",http_response_status_code=\"200\",error_type=\"\",le=\"0.005\"}",
        "http_route=\"unknown\",http_response_status_code=\"404\"",
        "petitions_overdue{agency_level=\"province\"} 1",
        "idempotency_total{result=\"replayed\"}",
        "idempotency_total{result=\"first\"}",
        "sign_in_total{result=\"refused\"}",
        "rate_limited_total{policy=\"tracking\"}",
        "outbox_oldest_age_seconds",
        "db_pool_connections{state=\"in_use\"}",
        "db_pool_connections{state=\"idle\"}",
        "sqlite_writer_queue_depth 0",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "kiennghi_build_info{version=",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for canary in [id, code, "canary-name", "192.0.2.77", "not-there", key] {
        assert!(!text.contains(canary), "{canary} is a label");
    }
    handle.stop(false).await;
}

/// The program itself, serving a demo; its log goes to a file.
struct Program {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Program {
    fn start(db: &TestDb, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiennghi"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("DATABASE_URL", &db.url)
            .env("KIENNGHI_SECRET", "a secret of the tests, canary-secret")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        let address =
            address.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| panic!("{greeting}"));
        Self { child, address, folder }
    }

    /// Sends a request with headers and gives status and body.
    fn call(&self, head: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n{lines}\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (statuses(&answer)[0], serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Stops it and gives its log.
    fn log(mut self) -> String {
        self.signal("-INT");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn the_log_names_nobody(db: TestDb) {
    let program = Program::start(&db, &["--lock-failures", "2"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = [("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))];
    let traced: Vec<(&str, &str)> = traced.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        program.call("GET /readyz", &[&traced[..], &[("X-Request-Id", "found-again")]].concat(), "").0,
        200
    );
    let key = ("Idempotency-Key", "0193a3c0-0000-7000-8000-0000c0ffee00");
    let body = json!({
        "kind": "feedback", "title": "canary-title", "content": "canary-content", "field_code": "transport",
        "location": {"text": "canary-place"}, "client_reference": "0193a3c0-0000-7000-8000-00c0ffee0001",
        "submitter": {"full_name": "canary-person", "phone": "0987654321", "email": "canary@example.vn",
            "address": "canary-street", "id_document_type": "cccd", "id_document_number": "canary-number"},
    });
    let (status, made) = program.call("POST /v1/petitions", &[key], &body.to_string());
    assert_eq!(status, 201, "{made}");
    let (id, code, access) = (
        made["id"].as_str().unwrap().to_owned(),
        made["code"].as_str().unwrap().to_owned(),
        made["access_key"].as_str().unwrap().to_owned(),
    );
    // What is wrong with a value must not bring the value into the log.
    let wrong = body.to_string().replace("0987654321", "canary-phone");
    assert_eq!(program.call("POST /v1/petitions", &[], &wrong).0, 400);
    assert_eq!(program.call("POST /v1/petitions", &[key], &wrong).0, 422);
    assert_eq!(program.call("POST /v1/petitions", &[key], "{\"canary-broken\": ").0, 400);
    assert_eq!(program.call("GET /v1/canary-path/0912345678?canary-query=1", &[], "").0, 404);
    assert_eq!(
        program.call("GET /v1/petitions?canary-query=1", &[("Authorization", "Bearer canary-token")], "").0,
        401
    );
    let sign_in = |name: &str, password: &str| {
        program.call("POST /v1/sessions", &[], &json!({"username": name, "password": password}).to_string())
    };
    for status in [401, 401, 429] {
        assert_eq!(sign_in("canary-user", "canary-password").0, status);
    }
    let (status, session) = sign_in("intake", "kiennghi-demo");
    assert_eq!(status, 201);
    let token = session["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let staff =
        [("Authorization", bearer.as_str()), ("Cookie", "canary-cookie=1"), ("User-Agent", "canary-agent")];
    assert_eq!(program.call(&format!("GET /v1/petitions/{id}/submitter"), &staff, "").0, 200);
    assert_eq!(program.call(&format!("GET /v1/petitions?code={code}"), &staff, "").0, 200);
    assert_eq!(program.call("POST /v1/sandbox/clock", &staff, "{\"advance\": \"PT1S\"}").0, 403);
    let proof = json!({"items": [{"code": code, "access_key": access}]}).to_string();
    let (status, opened) = program.call("POST /v1/tracking", &[], &proof);
    assert_eq!(status, 200);
    let tracking = format!("Bearer {}", opened["access_token"].as_str().unwrap());
    let own = [("Authorization", tracking.as_str())];
    assert_eq!(program.call(&format!("GET /v1/tracking/petitions/{code}"), &own, "").0, 200);

    let log = program.log();
    let signature = token.rsplit('.').next().unwrap().to_owned();
    let tracking_signature = tracking.rsplit('.').next().unwrap().to_owned();
    let seen = [
        "canary",
        "0987654321",
        "0912345678",
        "c0ffee",
        "kiennghi-demo",
        code.as_str(),
        access.as_str(),
        &id,
    ];
    for secret in seen.into_iter().chain([signature.as_str(), tracking_signature.as_str(), "127.0.0.1"]) {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in {}", line.unwrap());
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let answered = |route: &str| {
        let of_route =
            |line: &&Value| line["fields"]["message"] == "answered" && line["span"]["route"] == route;
        lines.iter().find(of_route).unwrap_or_else(|| panic!("no line of {route} in\n{log}"))
    };
    let traced = answered("/readyz");
    assert_eq!(
        (&traced["span"]["request_id"], &traced["span"]["trace_id"]),
        (&json!("found-again"), &json!(trace))
    );
    assert_eq!(traced["fields"]["status"], 200);
    for route in ["/v1/petitions/{id}/submitter", "/v1/tracking/petitions/{code}", "unknown"] {
        answered(route);
    }
    let security = |what: &str| {
        let found = lines.iter().find(|line| line["target"] == "security" && line["fields"]["event"] == what);
        assert!(found.is_some(), "no security line of {what} in\n{log}");
    };
    ["proof refused", "proof locked", "proof accepted", "access denied", "personal data read"]
        .into_iter()
        .for_each(security);
}

async fn a_request_under_way_ends_before_the_server(db: TestDb) {
    let mut program = Program::start(&db, &[]);
    let body = submission().to_string();
    let (first, rest) = body.split_at(12);
    let mut under_way = TcpStream::connect(program.address).unwrap();
    write!(
        under_way,
        "POST /v1/petitions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Idempotency-Key: 0193a3c0-0000-7000-8000-00000000abcd\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    program.signal("-TERM");
    while program.call("GET /readyz", &[], "").0 == 200 {}
    under_way.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).unwrap();
    assert_eq!(statuses(&answer), [201], "{answer}");
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
}
