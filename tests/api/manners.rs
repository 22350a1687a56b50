//! How the server behaves towards clients that are slow, broken, hostile, or simply browsers.

use std::io::Read;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{Reply, TestApp},
    live::{Live, statuses},
};
use kiennghi::{
    domain::vocabulary::{Role, Visibility},
    store::{AnyConnection, StoreError},
};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = cases![
        attack_19_a_page_has_one_to_a_hundred_rows,
        attack_21_json_is_read_strictly,
        attack_22_a_compressed_body_is_not_unpacked,
        attack_27_parameters_are_known_and_given_once,
        attack_28_a_filter_is_text_and_nothing_else,
        attack_37_markup_is_data_everywhere,
        attack_38_only_listed_origins_may_call,
        attack_40_a_fault_of_ours_shows_nothing,
        answers_are_compressed_as_the_client_likes,
        the_tag_of_a_compressed_answer_is_another_and_good_for_writing,
        every_reply_tells_browsers_what_they_may,
    ];
    all.extend(cases![Sqlite:
        attack_20_long_bodies_are_refused_on_the_wire,
        attack_23_slow_clients_are_let_go,
        attack_24_smuggled_requests_are_refused,
        attack_25_endless_and_broken_headers_are_refused,
        attack_26_other_methods_do_nothing,
        a_request_ends_in_time,
    ]);
    all
}

fn submission(title: &str) -> Value {
    json!({"kind": "feedback", "title": title, "content": "Đèn hỏng ba đêm.", "field_code": "transport"})
}

async fn attack_19_a_page_has_one_to_a_hundred_rows(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly));
    for limit in ["1000000", "101", "0", "-1", "1e3", "", "%31%30%30%30", "0x10", "9999999999999999999999"] {
        let reply = app.get(format!("/v1/petitions?limit={limit}")).token(&token).call().await.expect(400);
        assert_eq!(
            (reply.code(), reply.body["errors"][0]["pointer"].as_str()),
            ("invalid-parameter", Some("limit"))
        );
    }
    app.get("/v1/petitions?limit=100").token(&token).call().await.expect(200);
}

async fn attack_21_json_is_read_strictly(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let send = |body: String| {
        app.post("/v1/petitions").key().header("Content-Type", "application/json").raw(body).call()
    };
    let with_title = |title: &str| submission("TITLE").to_string().replace("\"TITLE\"", title);
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    for body in [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        with_title(&deep("[", "]")),
        "{\"kind\":\"feedback\",\"kind\":\"feedback\"}".to_owned(),
        format!("[{}]", submission("x")),
        "[null,null]".to_owned(),
        with_title("NaN"),
        with_title("1e999"),
        with_title("\"\\ud800\""),
        with_title("\"\\udc00\\ud800\""),
        "\u{feff}{}".to_owned(),
    ] {
        let reply = send(body.clone()).await.expect(400);
        let shown: String = body.chars().take(60).collect();
        assert_eq!(reply.code(), "malformed", "{shown}");
    }
    // NUL is well-formed JSON: the content is what it may not be in, on both databases.
    let nul = send(with_title("\"a\\u0000b\"")).await.expect(422);
    assert_eq!(nul.body["errors"][0]["pointer"], "#/title");
}

async fn attack_22_a_compressed_body_is_not_unpacked(db: TestDb) {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 50_000_000]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 256 * 1024, "small enough to be taken");
    for coding in ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x-unknown"] {
        let reply = app
            .post("/v1/petitions")
            .key()
            .header("Content-Type", "application/json")
            .header("Content-Encoding", coding)
            .raw(bomb.clone())
            .call()
            .await
            .expect(415);
        assert_eq!(reply.code(), "unsupported-media-type", "{coding}");
    }
    app.post("/v1/petitions")
        .key()
        .header("Content-Encoding", "identity")
        .json(submission("Đèn hỏng"))
        .call()
        .await
        .expect(201);
}

async fn attack_27_parameters_are_known_and_given_once(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly));
    let ask = |query: &str| app.get(format!("/v1/petitions?{query}")).token(&token).call();
    for (query, code) in [
        ("limit=1&limit=100", "invalid-parameter"),
        ("limit=1&%6Cimit=100", "invalid-parameter"),
        ("LIMIT=1", "unknown-parameter"),
        ("limit[]=1", "unknown-parameter"),
        ("admin=true", "unknown-parameter"),
        ("=1", "unknown-parameter"),
    ] {
        assert_eq!(ask(query).await.expect(400).code(), code, "{query}");
    }
}

async fn attack_28_a_filter_is_text_and_nothing_else(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::Restricted));
    app.post("/v1/petitions").key().json(submission("Đèn hỏng")).call().await.expect(201);
    let ask = |query: String| app.get(format!("/v1/petitions?{query}")).token(&token).call();
    assert_eq!(ask("limit=10".to_owned()).await.expect(200).body["items"].as_array().unwrap().len(), 1);
    for text in
        ["%27%20OR%201%3D1--", "%25", "_", "%5C", "%22%3B%20DROP%20TABLE%20petition%3B--", "transport%27"]
    {
        let found = ask(format!("field_code={text}")).await.expect(200);
        assert_eq!(found.body["items"], json!([]), "{text}");
        let reply = ask(format!("code={text}")).await;
        assert!(reply.status == 400 || reply.body["items"] == json!([]), "{text}: {}", reply.text);
        assert_eq!(ask(format!("sort={text}")).await.expect(400).code(), "invalid-parameter");
    }
    for sort in ["received_at%3B--", "content", "password_hash", "1", "(SELECT%201)"] {
        assert_eq!(ask(format!("sort={sort}")).await.expect(400).code(), "invalid-parameter", "{sort}");
    }
    assert_eq!(ask("limit=10".to_owned()).await.expect(200).body["items"].as_array().unwrap().len(), 1);
}

async fn attack_37_markup_is_data_everywhere(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("auditor", city, Role::Auditor, None, Visibility::Restricted));
    let markup = "<script>alert(1)</script>";
    app.post("/v1/petitions").key().json(submission(markup)).call().await.expect(201);
    let list = app.get("/v1/petitions").token(&token).call().await.expect(200);
    assert_eq!(list.field("content-type"), "application/json");
    assert_eq!(list.field("x-content-type-options"), "nosniff");
    assert_eq!(list.body["items"][0]["title"], markup, "kept as it was written");
    let page = app.get("/problems/%3Cscript%3Ealert(1)%3C%2Fscript%3E").call().await.expect(404);
    assert_eq!(page.field("content-type"), "application/problem+json");
    for path in ["/problems/validation", "/docs/", "/docs/index.html"] {
        let page = app.get(path).call().await.expect(200);
        assert!(page.field("content-type").starts_with("text/html"), "{path}");
        let policy = page.field("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src"));
        assert!(!scripts.unwrap_or_default().contains("unsafe"), "{path}: {policy}");
        // What the page needs, the policy must allow: no script stands in the page itself.
        let inline = page.text.split("<script").skip(1).filter(|script| !script.starts_with(" src="));
        assert_eq!(inline.filter(|script| !script.contains("src=")).count(), 0, "{path}");
    }
}

async fn attack_38_only_listed_origins_may_call(db: TestDb) {
    let (good, evil) = ("https://app.example.vn", "https://evil.example");
    let app = TestApp::set(db, &["--cors-origins", "https://app.example.vn,http://localhost:3000"]);
    app.agency("H99", "Thành phố", None);
    let vary = |reply: &Reply| -> String {
        let all = reply.headers.iter().filter(|(name, _)| name == "vary");
        all.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    };
    let preflight = |origin: &str, method: &str| {
        let asked = app.send(Method::OPTIONS, "/v1/petitions").header("Origin", origin);
        asked.header("Access-Control-Request-Method", method).call()
    };
    for origin in [
        evil,
        "null",
        "https://app.example.vn.evil.example",
        "http://app.example.vn",
        "https://app.example.vn/",
    ] {
        let reply = app
            .get("/v1/reference")
            .header("Origin", origin)
            .header("Cookie", "a=b")
            .call()
            .await
            .expect(200);
        assert_eq!(reply.field("access-control-allow-origin"), "", "{origin}");
        assert!(vary(&reply).contains("Origin"), "{}", vary(&reply));
        for method in ["PUT", "POST", "GET"] {
            let asked = preflight(origin, method).await;
            assert_eq!(asked.field("access-control-allow-origin"), "", "{origin} {method}");
            assert_eq!(asked.field("access-control-allow-methods"), "");
        }
    }
    let asked = preflight(good, "POST").await.expect(204);
    assert_eq!(asked.field("access-control-allow-origin"), good);
    assert!(asked.field("access-control-allow-methods").contains("POST"));
    assert!(asked.field("access-control-allow-headers").contains("Idempotency-Key"));
    assert!(vary(&asked).contains("Origin"));
    let problem = app.get("/v1/petitions").header("Origin", good).call().await.expect(401);
    for reply in [&app.get("/v1/reference").header("Origin", good).call().await.expect(200), &problem] {
        assert_eq!(reply.field("access-control-allow-origin"), good);
        let exposed = reply.field("access-control-expose-headers");
        for name in ["ETag", "Location", "RateLimit", "Retry-After", "X-Request-Id"] {
            assert!(exposed.contains(name), "{name}: {exposed}");
        }
    }
    for reply in [&asked, &problem] {
        assert_eq!(reply.field("access-control-allow-credentials"), "", "there is no cookie to send");
    }
}

async fn attack_40_a_fault_of_ours_shows_nothing(db: TestDb) {
    use diesel::connection::SimpleConnection;
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let submit =
        || app.post("/v1/petitions").key().header("X-Request-Id", "seen-in-the-log").json(submission("Đèn"));
    submit().call().await.expect(201);
    // A table that is not there any more.
    let rename = |from: &'static str, to: &'static str| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        app.app.db().write_now(move |c| -> Result<(), StoreError> {
            match c {
                AnyConnection::Postgres(c) => Ok(c.batch_execute(&statement)?),
                AnyConnection::Sqlite(c) => Ok(c.batch_execute(&statement)?),
            }
        })
    };
    rename("petition_detail", "gone").unwrap();
    let fault = submit().call().await.expect(500);
    assert_eq!((fault.code(), fault.body["request_id"].as_str()), ("internal", Some("seen-in-the-log")));
    for inside in ["petition_detail", "SQL", "sqlite", "relation", "diesel", "src/", "panicked"] {
        assert!(!fault.text.contains(inside), "{}", fault.text);
    }
    app.get("/livez").call().await.expect(200);
    rename("gone", "petition_detail").unwrap();
    submit().call().await.expect(201);
}

/// Unpacks a body by the coding its reply names.
fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut plain = Vec::new();
    match reply.field("content-encoding") {
        "" => plain.extend(&reply.bytes),
        "gzip" => drop(flate2::read::GzDecoder::new(&reply.bytes[..]).read_to_end(&mut plain).unwrap()),
        "br" => drop(brotli::Decompressor::new(&reply.bytes[..], 4096).read_to_end(&mut plain).unwrap()),
        "zstd" => plain = zstd::decode_all(&reply.bytes[..]).unwrap(),
        other => panic!("{other}"),
    }
    plain
}

async fn answers_are_compressed_as_the_client_likes(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let ask = |path: &'static str, wish: &str| app.get(path).header("Accept-Encoding", wish).call();
    let plain = app.get("/v1/reference").call().await.expect(200);
    assert!(plain.bytes.len() > 1024 && plain.field("content-encoding").is_empty());
    for (wish, coding) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("identity", ""),
        ("gzip;q=0", ""),
    ] {
        let reply = ask("/v1/reference", wish).await.expect(200);
        assert_eq!(reply.field("content-encoding"), coding, "{wish}");
        assert!(coding.is_empty() || reply.bytes.len() < plain.bytes.len() / 2, "{wish}");
        assert!(unpacked(&reply) == plain.bytes.to_vec(), "{wish}");
        let vary: Vec<_> =
            reply.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value).collect();
        assert!(vary.iter().any(|value| value.contains("Accept-Encoding")), "{vary:?}");
    }
    assert_eq!(ask("/livez", "gzip").await.expect(200).field("content-encoding"), "", "too short to gain");
}

async fn the_tag_of_a_compressed_answer_is_another_and_good_for_writing(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let token = app.token(app.official("coordinator", city, Role::Coordinator, None, Visibility::Restricted));
    let long = json!({"kind": "feedback", "title": "Đèn", "content": "Đèn hỏng ba đêm. ".repeat(100), "field_code": "transport"});
    let made = app.post("/v1/petitions").key().json(long).call().await.expect(201);
    let path = format!("/v1/petitions/{}", made.body["id"].as_str().unwrap());
    let read = |wish: &str| app.get(path.clone()).token(&token).header("Accept-Encoding", wish).call();
    assert_eq!(read("identity").await.expect(200).field("etag"), "\"1\"");
    assert_eq!(read("br").await.expect(200).field("etag"), "\"1-br\"");
    let zipped = read("gzip").await.expect(200).field("etag").to_owned();
    assert_eq!(zipped, "\"1-gzip\"");
    let classification = json!({"kind": "feedback", "field_code": "transport", "visibility": "parties_only"});
    let classify = |tag: &str| {
        let call = app.post(format!("{path}/classification")).token(&token).json(classification.clone());
        call.header("If-Match", tag).call()
    };
    classify("\"2-gzip\"").await.expect(412);
    classify("W/\"1-gzip\"").await.expect(412);
    classify(&zipped).await.expect(200);
    classify(&zipped).await.expect(412);

    let known = |wish: &str, tag: String| {
        app.get("/v1/reference").header("Accept-Encoding", wish).header("If-None-Match", tag).call()
    };
    let tag =
        app.get("/v1/reference").header("Accept-Encoding", "gzip").call().await.field("etag").to_owned();
    assert!(tag.ends_with("-gzip\""), "{tag}");
    let same = known("gzip", tag.clone()).await.expect(304);
    assert_eq!(same.field("etag"), tag, "it names what the client has");
    let plain = tag.replace("-gzip", "");
    assert_eq!(known("identity", plain.clone()).await.expect(304).field("etag"), plain);
}

async fn every_reply_tells_browsers_what_they_may(db: TestDb) {
    let app = TestApp::set(db, &["--public-url", "https://kn.example.vn"]);
    app.agency("H99", "Thành phố", None);
    let replies = [
        app.get("/livez").call().await.expect(200),
        app.get("/v1/reference").call().await.expect(200),
        app.get("/v1/petitions").call().await.expect(401),
        app.get("/v1/nowhere").call().await.expect(404),
        app.send(Method::OPTIONS, "/v1/petitions").call().await.expect(204),
        app.get("/docs/swagger-ui.css").call().await.expect(200),
    ];
    for reply in replies {
        assert_eq!(reply.field("x-content-type-options"), "nosniff");
        assert_eq!(reply.field("referrer-policy"), "no-referrer");
        assert_eq!(reply.field("cross-origin-resource-policy"), "same-origin");
        assert_eq!(reply.field("strict-transport-security"), "max-age=31536000");
        assert!(reply.field("content-security-policy").starts_with("default-src 'none'"));
        assert!(reply.field("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!((reply.field("server"), reply.field("x-powered-by")), ("", ""));
        assert!(!reply.field("x-request-id").is_empty());
    }
    let plain = TestApp::set(app.db.shared(), &["--public-url", "http://kn.example.vn"]);
    let reply = plain.get("/livez").call().await;
    assert_eq!(reply.field("strict-transport-security"), "", "only where there is TLS");
}

const POST: &str = "POST /v1/petitions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const KEY: &str = "Idempotency-Key: 0193a3c0-0000-7000-8000-00000000abcd\r\n";

async fn attack_20_long_bodies_are_refused_on_the_wire(db: TestDb) {
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let live = Live::start(&app, &[]);
    let body = format!("{{\"title\":\"{}\"}}", "a".repeat(300_000));
    let declared = format!("{POST}{KEY}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunked = format!(
        "{POST}{KEY}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for sent in [declared, chunked] {
        let answer = live.exchange(sent).await;
        assert_eq!(statuses(&answer), [413], "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("too-large"), "{answer}");
    }
    live.stop().await;
}

async fn attack_23_slow_clients_are_let_go(db: TestDb) {
    let settings = ["--header-seconds", "1", "--body-seconds", "1"];
    let app = TestApp::set(db, &settings);
    app.agency("H99", "Thành phố", None);
    let live = Live::start(&app, &settings);
    let head = live.exchange("GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert_eq!(statuses(&head), [408], "{head}");
    let body = live.exchange(format!("{POST}{KEY}Content-Length: 100\r\nConnection: close\r\n\r\n{{")).await;
    assert_eq!(statuses(&body), [408], "{body}");
    assert!(body.contains("request-timeout"), "{body}");
    live.stop().await;
}

async fn attack_24_smuggled_requests_are_refused(db: TestDb) {
    let app = TestApp::new(db);
    let live = Live::start(&app, &[]);
    let hidden = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    let cases = [
        format!("{POST}{KEY}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{POST}{KEY}Content-Length: 5\r\nContent-Length: 6\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{POST}{KEY}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{POST}{KEY}Content-Length : 5\r\n\r\nabcde{hidden}"),
        format!("{POST}{KEY}Content-Length: +5\r\n\r\nabcde{hidden}"),
        format!("GET /livez HTTP/1.1\r\n\r\n{hidden}"),
    ];
    for sent in cases {
        let answer = live.exchange(sent.clone()).await;
        assert_eq!(statuses(&answer), [400], "{sent}\n{answer}");
    }
    live.stop().await;
}

async fn attack_25_endless_and_broken_headers_are_refused(db: TestDb) {
    let app = TestApp::new(db);
    let live = Live::start(&app, &[]);
    let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: 1\r\n".repeat(500));
    for (sent, status) in [(long, 431), (many, 400)] {
        let answer = live.exchange(sent).await;
        assert!([status, 431].contains(&statuses(&answer)[0]), "{answer}");
    }
    for value in ["a\0b", "a\rb", "a\nb"] {
        let answer = live.exchange(format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Bad: {value}\r\n\r\n")).await;
        assert_eq!(statuses(&answer), [400], "{value:?}: {answer}");
    }
    live.stop().await;
}

async fn attack_26_other_methods_do_nothing(db: TestDb) {
    let app = TestApp::new(db);
    let live = Live::start(&app, &[]);
    for method in ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "BREW"] {
        let sent = format!(
            "{method} /v1/reference HTTP/1.1\r\nHost: x\r\nX-Canary: seen\r\nConnection: close\r\n\r\n"
        );
        let answer = live.exchange(sent).await;
        assert_eq!(statuses(&answer), [405], "{method}: {answer}");
        assert!(answer.to_lowercase().contains("allow: get, head, options"), "{method}: {answer}");
        assert!(!answer.contains("X-Canary"), "nothing is echoed");
    }
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let sent = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{name}: DELETE\r\nConnection: close\r\n\r\n");
        assert_eq!(statuses(&live.exchange(sent).await), [200], "{name}");
    }
    live.stop().await;
}

async fn a_request_ends_in_time(db: TestDb) {
    let settings = ["--request-seconds", "1", "--body-seconds", "60"];
    let app = TestApp::set(db, &settings);
    app.agency("H99", "Thành phố", None);
    let live = Live::start(&app, &settings);
    let answer =
        live.exchange(format!("{POST}{KEY}Content-Length: 100\r\nConnection: close\r\n\r\n{{")).await;
    assert_eq!(statuses(&answer), [503], "{answer}");
    assert!(answer.contains("\"unavailable\"") && answer.to_lowercase().contains("retry-after"), "{answer}");
    live.stop().await;
}
