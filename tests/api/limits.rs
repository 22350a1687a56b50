//! Who asks too often is told when to come back; who guesses is locked out, and nobody else is.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{PASSWORD, Reply, Send, TestApp},
};
use kiennghi::domain::vocabulary::{Role, Visibility};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = cases![
        attack_10_wrong_passwords_end_in_a_lock,
        attack_17_a_flood_of_petitions_is_held_up,
        attack_18_a_forwarded_address_is_believed_from_our_proxies_alone,
        attack_39_guessing_keys_ends_in_a_lock,
        whoever_is_signed_in_guesses_no_more,
        a_lock_survives_a_restart_and_doubles,
        a_right_password_clears_what_was_counted,
        many_guesses_at_once_are_no_more_than_one_after_another,
        every_limited_answer_says_how_it_stands,
        a_limit_of_zero_is_none,
        what_is_old_is_forgotten,
    ];
    all.extend(cases![Postgres: processes_share_the_limits_that_protect]);
    all
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

fn submission() -> Value {
    json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng ba đêm.", "field_code": "transport"})
}

fn submit(app: &TestApp) -> Send<'_> {
    app.post("/v1/petitions").key().json(submission())
}

fn sign_in<'a>(app: &'a TestApp, username: &str, password: &str) -> Send<'a> {
    app.post("/v1/sessions").json(json!({"username": username, "password": password}))
}

fn later(app: &TestApp, micros: i64) {
    app.app.options().limits.clock.advance(micros).expect("the clock goes forward");
}

/// The seconds after which a refused client should come back; the refusal has all it must have.
#[track_caller]
fn refused(reply: Reply, policy: &str) -> i64 {
    let reply = reply.expect(429);
    assert_eq!(reply.code(), "quota-exceeded");
    assert_eq!(reply.body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(reply.body["violated-policies"], json!([policy]));
    let seconds: i64 = reply.field("retry-after").parse().expect("Retry-After");
    assert!(seconds > 0 && reply.body["detail"].as_str().unwrap().contains(&format!("{seconds} giây")));
    seconds
}

/// The numbers of a RateLimit field: calls left, seconds until one more.
fn standing(reply: &Reply, policy: &str) -> (i64, i64) {
    let field = reply.field("ratelimit");
    let one = field.split(", ").find_map(|one| one.strip_prefix(&format!("\"{policy}\";r=")));
    let (left, next) = one.unwrap_or_else(|| panic!("{policy}: {field}")).split_once(";t=").unwrap();
    (left.parse().unwrap(), next.parse().unwrap())
}

async fn attack_10_wrong_passwords_end_in_a_lock(db: TestDb) {
    let app = TestApp::set(db, &["--limit-sign-in", "0", "--lock-failures", "5"]);
    let city = app.agency("H99", "Thành phố", None);
    let official = app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly);
    let session = app.token(official);
    let mut seen = Vec::new();
    for name in ["handler", "nobody"] {
        let mut texts = Vec::new();
        for _ in 0..5 {
            let wrong = sign_in(&app, name, "wrong").from("192.0.2.1").call().await.expect(401);
            assert_eq!(wrong.body["reason"], "invalid_credentials");
            texts.push(wrong.body["detail"].clone());
        }
        // The right password does not help any more, from wherever it comes.
        let locked = sign_in(&app, name, PASSWORD).from("192.0.2.9").call().await;
        texts.push(locked.body["detail"].clone());
        assert_eq!(refused(locked, "failed-proofs"), 60);
        seen.push(texts);
    }
    assert_eq!(seen[0], seen[1], "who exists cannot be told from who does not");
    let list = app.get("/v1/petitions").token(&session).from("192.0.2.1").call().await;
    list.expect(200);
    later(&app, MINUTE);
    sign_in(&app, "handler", PASSWORD).from("192.0.2.1").call().await.expect(201);
}

async fn attack_17_a_flood_of_petitions_is_held_up(db: TestDb) {
    let app = TestApp::set(db, &[]);
    let city = app.agency("H99", "Thành phố", None);
    let intake = app.official("intake", city, Role::Intake, None, Visibility::Restricted);
    let token = app.token(intake);
    let mine = || submit(&app).token(&token).from("192.0.2.1");
    for left in (0..10).rev() {
        let reply = mine().call().await.expect(201);
        assert_eq!(standing(&reply, "submission-per-caller").0, left);
    }
    let wait = refused(mine().call().await, "submission-per-caller");
    assert_eq!(wait, 6);
    // Without a token the address counts, and another address is another client.
    let nobodys = |from: &'static str| submit(&app).from(from);
    for left in (0..30).rev() {
        let reply = nobodys("192.0.2.1").call().await.expect(201);
        assert_eq!(standing(&reply, "submission").0, left);
    }
    for _ in 0..20 {
        refused(nobodys("192.0.2.1").call().await, "submission");
    }
    nobodys("192.0.2.2").call().await.expect(201);
    later(&app, wait * SECOND);
    mine().call().await.expect(201);
    // A flood from one network of IPv6 is one client's.
    for host in 0..30 {
        submit(&app).from(&format!("2001:db8::{host:x}")).call().await.expect(201);
    }
    refused(submit(&app).from("2001:db8::ffff").call().await, "submission");
    submit(&app).from("2001:db8:0:1::1").call().await.expect(201);
    let list = app.get("/v1/petitions?limit=100").token(&token).call().await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 73, "what was refused left nothing behind");
}

async fn attack_18_a_forwarded_address_is_believed_from_our_proxies_alone(db: TestDb) {
    let app = TestApp::set(db, &["--limit-submission", "2", "--trusted-proxies", "10.0.0.0/8,192.168.7.7"]);
    app.agency("H99", "Thành phố", None);
    let from = |peer: &'static str, named: &str| submit(&app).from(peer).header("X-Forwarded-For", named);
    for dodge in ["1.2.3.4", "1.2.3.5"] {
        from("192.0.2.1", dodge).call().await.expect(201);
    }
    refused(from("192.0.2.1", "1.2.3.6").call().await, "submission");
    // Behind our own proxy each client is its own, and what it wrote itself does not count.
    for _ in 0..2 {
        from("10.0.0.1", "198.51.100.1").call().await.expect(201);
    }
    refused(from("10.0.0.1", "6.6.6.6, 198.51.100.1").call().await, "submission");
    refused(from("192.168.7.7", "198.51.100.1, 10.9.9.9").call().await, "submission");
    from("10.0.0.1", "198.51.100.2").call().await.expect(201);
}

async fn attack_39_guessing_keys_ends_in_a_lock(db: TestDb) {
    let app = TestApp::set(db, &["--limit-tracking", "0", "--lock-failures", "4"]);
    app.agency("H99", "Thành phố", None);
    let receipt = submit(&app).call().await.expect(201);
    let (code, key) = (receipt.body["code"].as_str().unwrap(), receipt.body["access_key"].as_str().unwrap());
    let show = |code: &str, key: &str, from: &str| {
        app.post("/v1/tracking").json(json!({"items": [{"code": code, "access_key": key}]})).from(from)
    };
    let wrong = "00000-00000-00000-00000-0";
    for unknown in [code, "KN-00000000-0"] {
        for _ in 0..4 {
            assert_eq!(show(unknown, wrong, "192.0.2.1").call().await.expect(404).code(), "not-found");
        }
        assert_eq!(refused(show(unknown, key, "192.0.2.1").call().await, "failed-proofs"), 60);
    }
    // The author, who comes from elsewhere, is not kept out.
    let opened = show(code, key, "192.0.2.2").call().await.expect(200);
    let token = opened.body["access_token"].as_str().unwrap();
    app.get(format!("/v1/tracking/petitions/{code}")).token(token).from("192.0.2.1").call().await.expect(200);
    // A code is the same however it is typed.
    let typed = code.to_lowercase().replace('-', " ");
    refused(show(&typed, wrong, "192.0.2.1").call().await, "failed-proofs");
}

async fn whoever_is_signed_in_guesses_no_more(db: TestDb) {
    let app = TestApp::set(
        db,
        &[
            "--limit-tracking",
            "0",
            "--limit-sign-in",
            "0",
            "--lock-failures",
            "3",
            "--lock-failures-of-many",
            "50",
        ],
    );
    let city = app.agency("H99", "Thành phố", None);
    let official = app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly);
    // Whoever found a telephone that is signed in does not find out the password with it.
    let session = app.token(official);
    let change = |present: &str| {
        let body = json!({"current_password": present, "new_password": "ba con mèo đen trên mái"});
        app.send(Method::PUT, "/v1/me/password").token(&session).from("192.0.2.1").json(body)
    };
    for _ in 0..3 {
        assert_eq!(change("wrong").call().await.expect(422).body["errors"][0]["code"], "wrong");
    }
    assert_eq!(refused(change(PASSWORD).call().await, "failed-proofs"), 60);
    refused(sign_in(&app, "handler", PASSWORD).from("192.0.2.2").call().await, "failed-proofs");
    later(&app, MINUTE);
    change(PASSWORD).call().await.expect(204);
    // An account of one's own is no place to try keys from.
    let receipt = submit(&app).from("192.0.2.3").call().await.expect(201);
    let (code, key) = (receipt.body["code"].as_str().unwrap(), receipt.body["access_key"].as_str().unwrap());
    let citizen = app.citizen("079123456789");
    let claim = |key: &str| {
        let items = json!({"items": [{"code": code, "access_key": key}]});
        app.post("/v1/me/petitions").token(&citizen).from("192.0.2.4").json(items)
    };
    for _ in 0..3 {
        claim("00000-00000-00000-00000-0").call().await.expect(404);
    }
    assert_eq!(refused(claim(key).call().await, "failed-proofs"), 60);
    let mine = app.get("/v1/me/petitions").token(&citizen).call().await.expect(200);
    assert_eq!(mine.body["items"], json!([]));
    later(&app, MINUTE);
    assert_eq!(claim(key).call().await.expect(200).body["petitions"], json!([code]));
}

async fn a_lock_survives_a_restart_and_doubles(db: TestDb) {
    let settings = ["--limit-sign-in", "0", "--lock-failures", "2", "--lock-longest-seconds", "300"];
    let app = TestApp::set(db, &settings);
    let city = app.agency("H99", "Thành phố", None);
    app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly);
    async fn guess(app: &TestApp) -> Reply {
        sign_in(app, "handler", "wrong").from("192.0.2.1").call().await
    }
    guess(&app).await.expect(401);
    for lock in [60, 120, 240, 300, 300] {
        guess(&app).await.expect(401);
        assert_eq!(refused(guess(&app).await, "failed-proofs"), lock);
        let restarted = app.twin(&settings);
        assert_eq!(refused(guess(&restarted).await, "failed-proofs"), lock);
        later(&app, lock * SECOND - 1);
        assert_eq!(refused(guess(&app).await, "failed-proofs"), 1);
        later(&app, 1);
    }
    // After hours of quiet nothing is left of it.
    later(&app, 12 * 60 * MINUTE);
    guess(&app).await.expect(401);
    sign_in(&app, "handler", PASSWORD).from("192.0.2.1").call().await.expect(201);
}

async fn a_right_password_clears_what_was_counted(db: TestDb) {
    let app =
        TestApp::set(db, &["--limit-sign-in", "0", "--lock-failures", "3", "--lock-failures-of-many", "6"]);
    let city = app.agency("H99", "Thành phố", None);
    app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly);
    let try_with = |password: &'static str| sign_in(&app, "handler", password).from("192.0.2.1");
    for _ in 0..2 {
        for _ in 0..2 {
            try_with("wrong").call().await.expect(401);
        }
        try_with(PASSWORD).call().await.expect(201);
    }
    // Whoever has an account of his own does not clear with it what his address owes.
    for name in ["a", "b"] {
        sign_in(&app, name, "wrong").from("192.0.2.1").call().await.expect(401);
    }
    let wait = refused(try_with(PASSWORD).call().await, "failed-proofs");
    assert_eq!(wait, 60);
    sign_in(&app, "handler", PASSWORD).from("192.0.2.2").call().await.expect(201);
}

async fn many_guesses_at_once_are_no_more_than_one_after_another(db: TestDb) {
    let app = TestApp::set(db, &["--limit-sign-in", "0", "--lock-failures", "3"]);
    app.agency("H99", "Thành phố", None);
    let guess = || async { sign_in(&app, "handler", "wrong").call().await.status.as_u16() };
    let (a, b, c, d, e, f, g, h) =
        tokio::join!(guess(), guess(), guess(), guess(), guess(), guess(), guess(), guess());
    let mut statuses = [a, b, c, d, e, f, g, h];
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 401, 429, 429, 429, 429, 429]);
}

async fn every_limited_answer_says_how_it_stands(db: TestDb) {
    let app = TestApp::set(db, &["--limit-read", "60", "--limit-caller", "120"]);
    let city = app.agency("H99", "Thành phố", None);
    let auditor = app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly);
    let token = app.token(auditor);
    let ask = |path: &'static str| app.get(path).from("192.0.2.1");
    let first = ask("/v1/reference").call().await.expect(200);
    assert_eq!(first.field("ratelimit-policy"), "\"read\";q=60;w=60");
    assert_eq!(standing(&first, "read"), (59, 1));
    let lost = ask("/v1/nowhere").call().await.expect(404);
    assert_eq!(standing(&lost, "read"), (58, 1), "a refusal counts and says so");
    // A token that does not hold is nobody's.
    let forged = ask("/v1/petitions").token("x").call().await.expect(401);
    assert_eq!(standing(&forged, "read"), (57, 1));
    let known = ask("/v1/petitions").token(&token).call().await.expect(200);
    assert_eq!(known.field("ratelimit-policy"), "\"caller\";q=120;w=60");
    assert_eq!(standing(&known, "caller"), (119, 1));
    for _ in 0..57 {
        ask("/v1/lifecycle").call().await.expect(200);
    }
    let full = ask("/v1/lifecycle").header("Accept-Language", "en").call().await.expect(429);
    assert_eq!(standing(&full, "read").0, 0);
    assert_eq!(full.body["detail"], "Try again in 1 seconds.");
    later(&app, SECOND);
    ask("/v1/lifecycle").call().await.expect(200);
}

async fn a_limit_of_zero_is_none(db: TestDb) {
    let app =
        TestApp::set(db, &["--limit-submission", "0", "--limit-caller-submission", "0", "--limit-read", "0"]);
    app.agency("H99", "Thành phố", None);
    for _ in 0..40 {
        let reply = submit(&app).from("192.0.2.1").call().await.expect(201);
        assert_eq!(reply.field("ratelimit"), "");
    }
}

async fn what_is_old_is_forgotten(db: TestDb) {
    use kiennghi::app::limits;
    let app = TestApp::set(db, &[]);
    app.agency("H99", "Thành phố", None);
    sign_in(&app, "handler", "wrong").from("192.0.2.1").call().await.expect(401);
    submit(&app).from("192.0.2.1").call().await.expect(201);
    assert_eq!(limits::forget_old(&app.app).unwrap(), 0);
    later(&app, 2 * 60 * MINUTE);
    // Name and address; on PostgreSQL also the two allowances.
    let shared = if app.db.database == crate::support::Database::Postgres { 2 } else { 0 };
    assert_eq!(limits::forget_old(&app.app).unwrap(), 2 + shared);
}

async fn processes_share_the_limits_that_protect(db: TestDb) {
    let one = TestApp::set(db, &[]);
    let other = one.twin(&[]);
    one.agency("H99", "Thành phố", None);
    let mut taken = 0;
    for call in 0..40 {
        let app = if call % 2 == 0 { &one } else { &other };
        let reply = submit(app).from("192.0.2.1").call().await;
        taken += usize::from(reply.status == 201);
        assert!(reply.status == 201 || reply.status == 429, "{}", reply.text);
    }
    assert!((30..=31).contains(&taken), "{taken}");
}
