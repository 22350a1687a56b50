//! Sessions over HTTP: renewing, ending, passwords, and the keys behind the tokens.

use actix_web::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kiennghi::{
    app::{
        App,
        clock::real_now,
        signing::{self, Outcome, Standing, Wish},
    },
    domain::{
        id::OfficialId,
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, StoreError,
        schema::{official, refresh_token, session},
    },
};
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{PASSWORD, Reply, TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_session_is_renewed_and_ended,
        a_lost_answer_is_given_again_once,
        two_renewals_at_once_leave_one_successor,
        attack_06_tokens_that_we_did_not_sign,
        attack_07_keys_that_the_token_brings,
        attack_08_tokens_for_others_or_another_time,
        attack_09_a_spent_refresh_token,
        refresh_tokens_that_hold_nothing_read_alike,
        sessions_are_listed_and_ended_by_their_owner_alone,
        who_may_not_sign_in_may_not_renew,
        a_password_is_changed,
        expired_sessions_are_forgotten,
        keys_follow_each_other_in_every_process,
        withdrawn_keys_hold_no_more,
    ]
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// An application with one official who audits.
fn with_auditor(db: TestDb) -> (TestApp, OfficialId) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    let auditor = app.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly);
    (app, auditor)
}

async fn sign_in(app: &TestApp) -> Value {
    let credentials = json!({"username": "auditor", "password": PASSWORD});
    app.post("/v1/sessions").json(credentials).call().await.expect(201).body
}

async fn renew(app: &TestApp, token: &str) -> Reply {
    app.post("/v1/sessions/refresh").json(json!({"refresh_token": token})).call().await
}

async fn reads(app: &TestApp, token: &str) -> u16 {
    app.get("/v1/overdue").token(token).call().await.status.as_u16()
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

/// Changes the store behind the server's back, in one write.
fn behind<T: Send + 'static>(
    app: &TestApp,
    mut change: impl FnMut(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
) -> T {
    app.app.write_now(move |tx, _| Ok(change(tx)?)).unwrap()
}

async fn a_session_is_renewed_and_ended(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let first = sign_in(&app).await;
    assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(first["refresh_expires_in"].as_i64().unwrap() / 86_400, 29);
    assert_eq!(first["official"]["id"], json!(auditor));
    assert_eq!(URL_SAFE_NO_PAD.decode(text(&first, "refresh_token")).unwrap().len(), 32);

    let second = renew(&app, text(&first, "refresh_token")).await.expect(200);
    assert_eq!(second.field("cache-control"), "no-store");
    assert_ne!(second.body["refresh_token"], first["refresh_token"]);
    assert_ne!(second.body["access_token"], first["access_token"]);
    assert_eq!(second.body["official"], first["official"]);
    let access = text(&second.body, "access_token");
    assert_eq!((reads(&app, text(&first, "access_token")).await, reads(&app, access).await), (200, 200));
    let third = renew(&app, text(&second.body, "refresh_token")).await.expect(200);

    // Nothing in the store opens anything.
    let stored: Vec<Vec<u8>> = behind(&app, |tx| {
        use diesel::{QueryDsl, RunQueryDsl};
        Ok(refresh_token::table.select(refresh_token::digest).load(tx)?)
    });
    assert_eq!(stored.len(), 3);
    let live = URL_SAFE_NO_PAD.decode(text(&third.body, "refresh_token")).unwrap();
    assert!(!stored.contains(&live));

    let out = app.send(Method::DELETE, "/v1/sessions/current").token(access).call().await.expect(204);
    assert_eq!(out.text, "");
    for token in [&first, &second.body, &third.body] {
        let refused = app.get("/v1/overdue").token(text(token, "access_token")).call().await.expect(401);
        assert_eq!(refused.body["reason"], "session_ended");
        assert_eq!(renew(&app, text(token, "refresh_token")).await.expect(400).code(), "invalid-grant");
    }
    app.send(Method::DELETE, "/v1/sessions/current").token(access).call().await.expect(401);
}

async fn a_lost_answer_is_given_again_once(db: TestDb) {
    let (app, _) = with_auditor(db);
    let first = sign_in(&app).await;
    let spent = text(&first, "refresh_token");
    let given = renew(&app, spent).await.expect(200);
    let again = renew(&app, spent).await.expect(200);
    assert_eq!(again.body["refresh_token"], given.body["refresh_token"]);
    // Once the successor is used, the answer has arrived, and a retry is no retry.
    renew(&app, text(&again.body, "refresh_token")).await.expect(200);
    assert_eq!(renew(&app, spent).await.expect(400).code(), "invalid-grant");
    assert_eq!(reads(&app, text(&again.body, "access_token")).await, 401);
}

async fn two_renewals_at_once_leave_one_successor(db: TestDb) {
    let (app, _) = with_auditor(db);
    for _ in 0..5 {
        let first = sign_in(&app).await;
        let spent = text(&first, "refresh_token");
        let (one, two, three) = tokio::join!(renew(&app, spent), renew(&app, spent), renew(&app, spent));
        let successors = [one, two, three].map(|reply| reply.expect(200).body["refresh_token"].clone());
        assert_eq!(successors[0], successors[1]);
        assert_eq!(successors[0], successors[2]);
        renew(&app, successors[0].as_str().unwrap()).await.expect(200);
    }
}

/// A token of ours, taken apart: its header and claims.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}

fn put_together(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn refused(app: &TestApp, token: &str) {
    let reply = app.get("/v1/overdue").token(token).call().await.expect(401);
    assert_eq!(reply.body["reason"], "invalid_token", "{token}");
    assert_eq!(reply.field("www-authenticate"), r#"Bearer realm="kiennghi", error="invalid_token""#);
}

async fn attack_06_tokens_that_we_did_not_sign(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let good = app.token(auditor);
    let (header, claims) = parts(&good);
    let signature = good.rsplit('.').next().unwrap();
    for alg in ["none", "None", "NONE"] {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": header["kid"]});
        refused(&app, &put_together(&header, &claims, "")).await;
        refused(&app, &put_together(&header, &claims, signature)).await;
    }
    // The public key, which everybody can read, as if it were a shared secret.
    let jwks = app.get("/.well-known/jwks.json").call().await.expect(200).body;
    for shared in [jwks["keys"][0].to_string(), text(&jwks["keys"][0], "x").to_owned()] {
        let mut confused = Header::new(Algorithm::HS256);
        (confused.typ, confused.kid) = (Some("at+jwt".into()), header["kid"].as_str().map(str::to_owned));
        let key = EncodingKey::from_secret(shared.as_bytes());
        refused(&app, &jsonwebtoken::encode(&confused, &claims, &key).unwrap()).await;
    }
    // Another key id, and other claims under our signature.
    let other = json!({"alg": "ES256", "typ": "at+jwt", "kid": "../../etc/passwd"});
    refused(&app, &put_together(&other, &claims, signature)).await;
    let mut raised = claims.clone();
    raised["exp"] = json!(i64::MAX);
    refused(&app, &put_together(&header, &raised, signature)).await;
    assert_eq!(reads(&app, &good).await, 200);
}

/// A P-256 key of an attacker, as PKCS #8.
fn foreign_key() -> EncodingKey {
    use aws_lc_rs::{rand::SystemRandom, signature::*};
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EncodingKey::from_ec_der(pkcs8.as_ref())
}

async fn attack_07_keys_that_the_token_brings(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let (header, claims) = parts(&app.token(auditor));
    // Where the header points, somebody would answer.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let there = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let key = foreign_key();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    for kid in [header["kid"].as_str().unwrap(), "attacker"] {
        let mut brought = Header::new(Algorithm::ES256);
        (brought.typ, brought.kid) = (Some("at+jwt".into()), Some(kid.to_owned()));
        let mut pointing = brought.clone();
        (pointing.jku, pointing.x5u) = (Some(there.clone()), Some(there.clone()));
        brought.jwk = Some(jwk.clone());
        for header in [brought, pointing] {
            refused(&app, &jsonwebtoken::encode(&header, &claims, &key).unwrap()).await;
        }
    }
    assert!(listener.accept().is_err(), "nobody may be called");
}

async fn attack_08_tokens_for_others_or_another_time(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let (header, claims) = parts(&app.token(auditor));
    // Signed with our own key, so that nothing but the claims can be at fault.
    let sealed = app
        .app
        .read_now(|tx, world| {
            let rows = kiennghi::store::keys::list(tx)?;
            let row = rows.into_iter().find(|row| row.signs_from.is_some()).unwrap();
            let purpose = format!("signing_key/{}", row.kid);
            Ok(world.secret.open(&purpose, &row.sealed_private).unwrap())
        })
        .unwrap();
    let key = EncodingKey::from_ec_der(&sealed);
    let signed = |typ: &str, change: &dyn Fn(&mut Value)| {
        let mut own = Header::new(Algorithm::ES256);
        (own.typ, own.kid) = (Some(typ.to_owned()), header["kid"].as_str().map(str::to_owned));
        let mut claims = claims.clone();
        change(&mut claims);
        jsonwebtoken::encode(&own, &claims, &key).unwrap()
    };
    assert_eq!(reads(&app, &signed("at+jwt", &|_| ())).await, 200);
    let now = real_now().micros() / SECOND;
    refused(&app, &signed("JWT", &|_| ())).await;
    refused(&app, &signed("at+jwt", &|claims| claims["aud"] = json!("another"))).await;
    refused(&app, &signed("at+jwt", &|claims| claims["iss"] = json!("https://another.example"))).await;
    refused(&app, &signed("at+jwt", &|claims| claims["nbf"] = json!(now + 600))).await;
    refused(&app, &signed("at+jwt", &|claims| claims["scope"] = json!("tracking"))).await;
    let expired = signed("at+jwt", &|claims| claims["exp"] = json!(now - 60));
    let reply = app.get("/v1/overdue").token(&expired).call().await.expect(401);
    assert_eq!(reply.body["reason"], "expired_token");
    // Another official's name in one's own session.
    let stranger = signed("at+jwt", &|claims| claims["sub"] = json!(uuid::Uuid::nil()));
    assert_eq!(reads(&app, &stranger).await, 401);
}

async fn attack_09_a_spent_refresh_token(db: TestDb) {
    let (app, _) = with_auditor(db);
    let (mine, other) = (sign_in(&app).await, sign_in(&app).await);
    let stolen = text(&mine, "refresh_token").to_owned();
    let next = renew(&app, &stolen).await.expect(200).body;
    // The grace has passed.
    behind(&app, |tx| {
        use diesel::QueryDsl;
        use diesel::{ExpressionMethods, RunQueryDsl};
        let spent = diesel::update(refresh_token::table.filter(refresh_token::spent_at.is_not_null()));
        Ok(spent.set(refresh_token::spent_at.eq(real_now().plus_micros(-11 * SECOND))).execute(tx)?)
    });
    let refused = renew(&app, &stolen).await.expect(400);
    assert_eq!((refused.code(), &refused.body["reason"]), ("invalid-grant", &Value::Null));
    // The whole family is dead, the thief's branch and the owner's; another session of his is not.
    assert_eq!(renew(&app, text(&next, "refresh_token")).await.expect(400).code(), "invalid-grant");
    assert_eq!(reads(&app, text(&next, "access_token")).await, 401);
    assert_eq!(reads(&app, text(&mine, "access_token")).await, 401);
    assert_eq!(reads(&app, text(&other, "access_token")).await, 200);
    let reasons: Vec<Option<String>> = behind(&app, |tx| {
        use diesel::{QueryDsl, RunQueryDsl};
        Ok(session::table.order(session::id).select(session::revoked_reason).load(tx)?)
    });
    assert_eq!(reasons, [Some("reuse".to_owned()), None]);
    let recorded: i64 = behind(&app, |tx| {
        use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
        use kiennghi::store::schema::event;
        let events = event::table.filter(event::subject_kind.eq("session"));
        Ok(events.filter(event::type_.eq("refresh_token_reused")).count().get_result(tx)?)
    });
    assert_eq!(recorded, 1);
}

/// A problem without what differs from request to request.
fn bare(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

async fn refresh_tokens_that_hold_nothing_read_alike(db: TestDb) {
    let (app, _) = with_auditor(db);
    let ended = sign_in(&app).await;
    app.send(Method::DELETE, "/v1/sessions/current")
        .token(text(&ended, "access_token"))
        .call()
        .await
        .expect(204);
    let expired = sign_in(&app).await;
    behind(&app, |tx| {
        use diesel::{ExpressionMethods, RunQueryDsl};
        Ok(diesel::update(session::table).set(session::expires_at.eq(real_now())).execute(tx)?)
    });
    let unknown = URL_SAFE_NO_PAD.encode([7; 32]);
    let model = renew(&app, &unknown).await.expect(400);
    assert_eq!(model.code(), "invalid-grant");
    let access = text(&expired, "access_token");
    for token in [text(&ended, "refresh_token"), text(&expired, "refresh_token"), "", "x", "ü", access] {
        assert_eq!(bare(&renew(&app, token).await.expect(400).body), bare(&model.body), "{token}");
    }
    assert_eq!(reads(&app, access).await, 401);
    app.post("/v1/sessions/refresh").json(json!({})).call().await.expect(400);
    app.post("/v1/sessions/refresh").json(json!({"refresh_token": "x", "more": 1})).call().await.expect(400);
}

async fn sessions_are_listed_and_ended_by_their_owner_alone(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let city = app.agency("H98", "Tỉnh", None);
    let foreign = app.token(app.official("handler", city, Role::Handler, None, Visibility::PartiesOnly));
    let tokens = [app.token(auditor), app.token(auditor), app.token(auditor)];
    let list = |token: &str, query: &str| app.get(format!("/v1/sessions{query}")).token(token).call();
    let page = list(&tokens[2], "?limit=2").await.expect(200).body;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
    let rest = list(&tokens[2], &format!("?cursor={}", text(&page, "next_cursor"))).await.expect(200).body;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    let cursor = format!("?cursor={}", text(&page, "next_cursor"));
    assert_eq!(list(&foreign, &cursor).await.expect(400).code(), "invalid-cursor");
    assert_eq!(list(&foreign, "").await.expect(200).body["items"].as_array().unwrap().len(), 1);

    let first = text(&rest["items"][0], "id");
    let end =
        |token: &str, id: &str| app.send(Method::DELETE, format!("/v1/sessions/{id}")).token(token).call();
    end(&foreign, first).await.expect(404);
    end(&tokens[2], "nothing").await.expect(404);
    assert_eq!(reads(&app, &tokens[0]).await, 200);
    end(&tokens[2], first).await.expect(204);
    end(&tokens[2], first).await.expect(404);
    assert_eq!((reads(&app, &tokens[0]).await, reads(&app, &tokens[1]).await), (401, 200));
    assert_eq!(list(&tokens[2], "").await.expect(200).body["items"].as_array().unwrap().len(), 2);
    let me = app.get("/v1/me").token(&tokens[2]).call().await.expect(200).body;
    assert_eq!(me["official"]["agency"]["code"], "H99");
    assert_eq!(me["official"]["username"], "auditor");
    assert_eq!(
        me["official"]["grants"],
        json!([{"role": "auditor", "agency": null, "ceiling": "parties_only", "valid_to": null}])
    );
}

async fn who_may_not_sign_in_may_not_renew(db: TestDb) {
    let (app, auditor) = with_auditor(db);
    let (one, two) = (sign_in(&app).await, sign_in(&app).await);
    let set_demo = |demo: bool| {
        behind(&app, move |tx| {
            use diesel::{ExpressionMethods, RunQueryDsl};
            Ok(diesel::update(official::table).set(official::demo.eq(demo)).execute(tx)?)
        })
    };
    set_demo(true);
    let strict = TestApp::beside(&app, |options| options.demo = false);
    let refused = strict.post("/v1/sessions/refresh").json(json!({"refresh_token": one["refresh_token"]}));
    assert_eq!(refused.call().await.expect(400).code(), "invalid-grant");
    let credentials = json!({"username": "auditor", "password": PASSWORD});
    strict.post("/v1/sessions").json(credentials).call().await.expect(401);
    let one = renew(&app, text(&one, "refresh_token")).await.expect(200).body;
    behind(&app, move |tx| {
        use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
        let row = diesel::update(official::table.find(auditor));
        Ok(row.set(official::disabled_at.eq(real_now())).execute(tx)?)
    });
    for session in [&one, &two] {
        assert_eq!(renew(&app, text(session, "refresh_token")).await.expect(400).code(), "invalid-grant");
        assert_eq!(reads(&app, text(session, "access_token")).await, 401);
    }
}

async fn a_password_is_changed(db: TestDb) {
    let (app, _) = with_auditor(db);
    let (here, there) = (sign_in(&app).await, sign_in(&app).await);
    let token = text(&here, "access_token");
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        app.send(Method::PUT, "/v1/me/password").token(token).json(body).call()
    };
    let fault = |reply: Reply| {
        let error = reply.expect(422).body["errors"][0].clone();
        (text(&error, "pointer").to_owned(), text(&error, "code").to_owned())
    };
    let said = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(fault(change("wrong", "một mật khẩu mới").await), said("#/current_password", "wrong"));
    assert_eq!(fault(change(PASSWORD, "ngắn").await), said("#/new_password", "too_short"));
    assert_eq!(fault(change(PASSWORD, &"x".repeat(1025)).await), said("#/new_password", "too_long"));
    assert_eq!(reads(&app, text(&there, "access_token")).await, 200);
    app.send(Method::PUT, "/v1/me/password").json(json!({})).call().await.expect(401);
    app.send(Method::PUT, "/v1/me/password").token(token).json(json!({})).call().await.expect(400);

    change(PASSWORD, "một mật khẩu mới").await.expect(204);
    assert_eq!((reads(&app, token).await, reads(&app, text(&there, "access_token")).await), (200, 401));
    assert_eq!(renew(&app, text(&there, "refresh_token")).await.expect(400).code(), "invalid-grant");
    renew(&app, text(&here, "refresh_token")).await.expect(200);
    let sign_in = |password: &str| {
        app.post("/v1/sessions").json(json!({"username": "auditor", "password": password})).call()
    };
    sign_in(PASSWORD).await.expect(401);
    sign_in("một mật khẩu mới").await.expect(201);
}

async fn expired_sessions_are_forgotten(db: TestDb) {
    let (app, _) = with_auditor(db);
    let (old, live) = (sign_in(&app).await, sign_in(&app).await);
    renew(&app, text(&old, "refresh_token")).await.expect(200);
    behind(&app, |tx| {
        use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
        let first: kiennghi::domain::id::SessionId =
            session::table.order(session::id).select(session::id).first(tx)?;
        let row = diesel::update(session::table.find(first));
        Ok(row.set(session::expires_at.eq(real_now())).execute(tx)?)
    });
    assert_eq!(kiennghi::app::sessions::forget_expired(&app.app).unwrap(), 1);
    assert_eq!(kiennghi::app::sessions::forget_expired(&app.app).unwrap(), 0);
    let left: i64 = behind(&app, |tx| {
        use diesel::{QueryDsl, RunQueryDsl};
        Ok(refresh_token::table.count().get_result(tx)?)
    });
    assert_eq!(left, 1);
    renew(&app, text(&live, "refresh_token")).await.expect(200);
}

/// The kids that are published, the signing one first.
async fn published(app: &TestApp) -> Vec<String> {
    let jwks = app.get("/.well-known/jwks.json").call().await.expect(200).body;
    jwks["keys"].as_array().unwrap().iter().map(|key| text(key, "kid").to_owned()).collect()
}

fn kid(token: &str) -> String {
    text(&parts(token).0, "kid").to_owned()
}

fn signs(app: &App) -> Vec<String> {
    let keys = signing::list(app).unwrap().into_iter();
    keys.filter(|(_, standing)| matches!(standing, Standing::Signs(_))).map(|(kid, _)| kid).collect()
}

async fn keys_follow_each_other_in_every_process(db: TestDb) {
    let (one, auditor) = with_auditor(db);
    let two = TestApp::beside(&one, |_| ());
    let first = published(&one).await;
    assert_eq!((first.len(), &published(&two).await), (2, &first));
    let old = one.token(auditor);
    assert_eq!(kid(&old), first[0]);

    // Too young: it was published a moment ago.
    let now = real_now();
    let wished = signing::wish(&one.app, Wish::Rotate, now).unwrap();
    assert!(matches!(wished, Outcome::NotBefore(at) if at > now.plus_micros(3_500 * SECOND)), "{wished:?}");
    // Nothing is due after 89 days; after 90 one process rotates, and the other finds it done.
    signing::tend(&one.app, now.plus_micros(89 * DAY)).unwrap();
    assert_eq!(signs(&one.app), [first[0].clone()]);
    let then = now.plus_micros(90 * DAY + 60 * SECOND);
    let (app, other) = (one.app.clone(), two.app.clone());
    let tend = |app: App, at: Instant| tokio::task::spawn_blocking(move || signing::tend(&app, at).unwrap());
    let (a, b) = tokio::join!(tend(app, then), tend(other, then));
    a.unwrap();
    b.unwrap();
    let second = published(&one).await;
    assert_eq!(second.len(), 3, "the old one, the new one, and one that waits");
    assert_eq!((&second[0], &signs(&one.app)[..]), (&first[1], &[first[1].clone()][..]));
    assert!(second.contains(&first[0]));
    assert_eq!(kid(&two.token(auditor)), first[1], "the other process signs with it too");
    for app in [&one, &two] {
        assert_eq!((reads(app, &old).await, reads(app, &two.token(auditor)).await), (200, 200));
    }
    // A day later no token of the old one can be alive.
    signing::tend(&two.app, then.plus_micros(DAY)).unwrap();
    assert_eq!(published(&two).await.len(), 3);
    signing::tend(&two.app, then.plus_micros(DAY + 700 * SECOND)).unwrap();
    let third = published(&two).await;
    assert_eq!((third.len(), third.contains(&first[0])), (2, false));
}

async fn withdrawn_keys_hold_no_more(db: TestDb) {
    let (one, auditor) = with_auditor(db);
    let two = TestApp::beside(&one, |_| ());
    let stolen = one.token(auditor);
    let session = sign_in(&one).await;
    let before = published(&one).await;
    assert_eq!(signing::wish(&one.app, Wish::Replace, real_now()).unwrap(), Outcome::Changed);
    let after = published(&one).await;
    assert!(after.len() == 2 && after.iter().all(|kid| !before.contains(kid)));
    refused(&one, &stolen).await;
    let renewed = renew(&one, text(&session, "refresh_token")).await.expect(200).body;
    // The other process meets the new key, looks once, and then knows that the old one is gone.
    assert_eq!(reads(&two, text(&renewed, "access_token")).await, 200);
    refused(&two, &stolen).await;

    // Unknown keys make nobody look more than once a minute.
    signing::wish(&one.app, Wish::Replace, real_now()).unwrap();
    let newest = one.token(auditor);
    refused(&two, &newest).await;
    signing::tend(&two.app, real_now()).unwrap();
    assert_eq!(reads(&two, &newest).await, 200);
}
