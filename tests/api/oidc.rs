//! Signing in elsewhere: citizens and officials, and whoever pretends to be one.

use actix_web::http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kiennghi::{
    app::{
        clock::real_now,
        oidc::{Audience, Provider},
    },
    domain::{
        id::OfficialId,
        vocabulary::{Role, Visibility},
    },
    store::schema::{official, session},
};
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{Reply, TestApp},
    provider::{BACK, CHALLENGE, FakeProvider, VERIFIER, fresh_key, query},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_citizen_signs_in_elsewhere,
        attack_11_login_delegation,
        what_the_id_token_must_say,
        what_the_id_token_must_be_signed_with,
        a_provider_that_is_down,
        a_provider_is_told_of_the_trace,
        unknown_keys_make_one_fetch,
        an_official_links_and_signs_in,
        a_citizen_keeps_his_petitions,
        a_citizen_claims_and_acts,
    ]
}

/// An application with a provider for citizens and one for officials, which are the same.
struct Scene {
    /// Holds the database.
    _first: TestApp,
    app: TestApp,
    fake: FakeProvider,
    official: OfficialId,
}

impl Scene {
    fn new(db: TestDb) -> Self {
        Self::with(db, |_| ())
    }

    fn with(db: TestDb, change: impl FnOnce(&mut Provider)) -> Self {
        let (first, fake) = (TestApp::new(db), FakeProvider::start());
        let city = first.agency("H99", "Thành phố", None);
        let official = first.official("auditor", city, Role::Auditor, None, Visibility::PartiesOnly);
        let mut citizens = fake.settings("citizens", Audience::Citizens);
        change(&mut citizens);
        let providers = vec![citizens, fake.settings("officials", Audience::Officials)];
        let app = TestApp::beside(&first, |options| options.providers = providers);
        Self { _first: first, app, fake, official }
    }

    /// Begins at a provider: where somebody is sent, and the state.
    async fn begin(&self, provider: &str, token: Option<&str>) -> (String, String) {
        let body = json!({"provider": provider, "redirect_uri": BACK, "code_challenge": CHALLENGE});
        let request = self.app.post("/v1/sessions/oidc/authorizations").json(body);
        let request = match token {
            Some(token) => request.token(token),
            None => request,
        };
        let begun = request.call().await.expect(201).body;
        (text(&begun, "authorization_url"), text(&begun, "state"))
    }

    async fn finish(&self, state: &str, code: &str, verifier: &str) -> Reply {
        let body = json!({"state": state, "code": code, "code_verifier": verifier});
        self.app.post("/v1/sessions/oidc").json(body).call().await
    }

    /// Signs somebody in with an ID token as `change` leaves it.
    async fn sign_in(&self, subject: &str, change: impl FnOnce(&mut Header, &mut Value)) -> Reply {
        let (address, state) = self.begin("citizens", None).await;
        let code = self.fake.vouch(&address, subject, change);
        self.finish(&state, &code, VERIFIER).await
    }

    /// The access token of a citizen.
    async fn citizen(&self, subject: &str) -> String {
        text(&self.sign_in(subject, |_, _| ()).await.expect(201).body, "access_token")
    }

    /// How many sessions there are but those of the test's own tokens.
    fn sessions(&self) -> i64 {
        let count = |tx: &mut _| {
            use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
            let theirs = session::table.filter(session::account_id.is_not_null());
            theirs.count().get_result::<i64>(tx).map_err(Into::into)
        };
        self.app.app.db().read_now::<i64, kiennghi::store::StoreError>(count).unwrap()
    }

    async fn submit(&self, token: Option<&str>, title: &str) -> (String, String) {
        let body =
            json!({"kind": "feedback", "title": title, "content": "Đèn hỏng.", "field_code": "transport"});
        let request = self.app.post("/v1/petitions").key().json(body);
        let request = match token {
            Some(token) => request.token(token),
            None => request,
        };
        let receipt = request.call().await.expect(201).body;
        (text(&receipt, "code"), text(&receipt, "access_key"))
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

/// A problem without what differs from request to request.
fn bare(body: &Value) -> Value {
    let mut body = body.clone();
    for name in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

#[track_caller]
fn refused(reply: Reply, what: &str) {
    assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid-grant"), "{what}: {}", reply.text);
}

async fn a_citizen_signs_in_elsewhere(db: TestDb) {
    let scene = Scene::new(db);
    let listed = scene.app.get("/v1/sessions/oidc/providers").header("Accept-Language", "en");
    let listed = listed.call().await.expect(200);
    let view = |name: &str| json!({"name": name, "label": "Test identity", "who": name});
    assert_eq!(listed.body["items"], json!([view("citizens"), view("officials")]));

    let (address, state) = scene.begin("citizens", None).await;
    assert!(address.starts_with(&format!("{}/authorize?", scene.fake.issuer)), "{address}");
    assert_eq!((&query(&address)["state"], query(&address)["redirect_uri"].as_str()), (&state, BACK));
    let code = scene.fake.vouch(&address, "079123", |_, _| ());
    // Any process can finish it.
    let other = TestApp::beside(&scene.app, |_| ());
    let body = json!({"state": state, "code": code, "code_verifier": VERIFIER});
    let first = other.post("/v1/sessions/oidc").json(body).call().await.expect(201);
    assert_eq!(first.field("cache-control"), "no-store");
    let first = first.body;
    assert_eq!(first.get("official"), None);
    let again = scene.sign_in("079123", |_, _| ()).await.expect(201).body;
    assert_eq!(first["account"]["id"], again["account"]["id"]);
    assert_ne!(scene.sign_in("079124", |_, _| ()).await.expect(201).body["account"], first["account"]);

    let token = text(&first, "access_token");
    let me = scene.app.get("/v1/me").token(&token).call().await.expect(200);
    assert_eq!(me.body["account"]["id"], first["account"]["id"]);
    assert!(!me.text.contains("079123"), "the number of a person stays with us");
    scene.app.get("/v1/petitions").token(&token).call().await.expect(401);
    let renewed = json!({"refresh_token": first["refresh_token"]});
    let renewed = scene.app.post("/v1/sessions/refresh").json(renewed).call().await.expect(200).body;
    assert_eq!(renewed["account"], first["account"]);
    let out = scene.app.send(Method::DELETE, "/v1/sessions/current");
    out.token(&text(&renewed, "access_token")).call().await.expect(204);
    scene.app.get("/v1/me").token(&token).call().await.expect(401);
    let (discoveries, key_sets) = scene.fake.fetched();
    assert_eq!((discoveries, key_sets), (2, 2), "each process fetches once");
}

async fn attack_11_login_delegation(db: TestDb) {
    let scene = Scene::new(db);
    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&address, "an", |_, _| ());
    refused(scene.finish("another-state", &code, VERIFIER).await, "a state that was never begun");
    refused(scene.finish(&state, &code, &VERIFIER.replace('d', "e")).await, "another verifier");
    refused(scene.finish(&state, &code, VERIFIER).await, "a state that was used, though in vain");

    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&address, "an", |_, _| ());
    let body = json!({"state": state, "code": code});
    scene.app.post("/v1/sessions/oidc").json(body).call().await.expect(400);
    refused(scene.finish(&state, &code, "").await, "no verifier");
    assert_eq!(scene.sessions(), 0);

    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&address, "an", |_, _| ());
    scene.finish(&state, &code, VERIFIER).await.expect(201);
    refused(scene.finish(&state, &code, VERIFIER).await, "state and code once more");
    let (_, fresh) = scene.begin("citizens", None).await;
    refused(scene.finish(&fresh, &code, VERIFIER).await, "the code once more");
    // Somebody else's code under one's own state: the nonce is another one's.
    let (theirs, _) = scene.begin("citizens", None).await;
    let (_, mine) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&theirs, "victim", |_, _| ());
    refused(scene.finish(&mine, &code, VERIFIER).await, "another one's code");

    let begin = |redirect_uri: &str, challenge: &str| {
        let body = json!({"provider": "citizens", "redirect_uri": redirect_uri, "code_challenge": challenge});
        scene.app.post("/v1/sessions/oidc/authorizations").json(body).call()
    };
    for other in
        ["https://evil.example/back", "https://app.example.vn/back/", "https://app.example.vn/back?x=1"]
    {
        let reply = begin(other, CHALLENGE).await.expect(422);
        assert_eq!(reply.body["errors"][0]["pointer"], "#/redirect_uri", "{other}");
    }
    for weak in ["", "plain", VERIFIER.get(1..).unwrap()] {
        assert_eq!(begin(BACK, weak).await.expect(422).body["errors"][0]["pointer"], "#/code_challenge");
    }
    let unknown = json!({"provider": "x", "redirect_uri": BACK, "code_challenge": CHALLENGE});
    scene.app.post("/v1/sessions/oidc/authorizations").json(unknown).call().await.expect(422);
    assert_eq!(scene.sessions(), 1);

    // A state that nobody came back with in time.
    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&address, "an", |_, _| ());
    let expire = |tx: &mut _| {
        use diesel::{ExpressionMethods, RunQueryDsl};
        use kiennghi::store::schema::oidc_authorization as states;
        let rows = diesel::update(states::table).set(states::expires_at.eq(real_now()));
        rows.execute(tx).map_err(Into::into)
    };
    scene.app.app.db().write_now::<usize, kiennghi::store::StoreError, _>(expire).unwrap();
    refused(scene.finish(&state, &code, VERIFIER).await, "too late");
    assert!(kiennghi::app::oidc::forget_expired(&scene.app.app).unwrap() > 3);
    assert_eq!(scene.sessions(), 1);
}

async fn what_the_id_token_must_say(db: TestDb) {
    let scene = Scene::with(db, |provider| provider.acr = Some("loa3".to_owned()));
    let now = real_now().micros() / 1_000_000;
    let good = |claims: &mut Value| claims["acr"] = json!("loa3");
    scene.sign_in("an", |_, claims| good(claims)).await.expect(201);
    let listed = |claims: &mut Value| {
        claims["aud"] = json!(["kiennghi test", "another"]);
        claims["azp"] = json!("kiennghi test");
    };
    scene.sign_in("an", |_, claims| (good(claims), listed(claims)).0).await.expect(201);
    type Change = fn(&mut Value, i64);
    let changes: &[(&str, Change)] = &[
        ("no acr", |claims, _| drop(claims.as_object_mut().unwrap().remove("acr"))),
        ("a weaker acr", |claims, _| claims["acr"] = json!("loa1")),
        ("another audience", |claims, _| claims["aud"] = json!("another")),
        ("several audiences, nobody asked", |claims, _| claims["aud"] = json!(["kiennghi test", "another"])),
        ("asked by another", |claims, _| claims["azp"] = json!("another")),
        ("another issuer", |claims, _| claims["iss"] = json!("https://evil.example")),
        ("another nonce", |claims, _| claims["nonce"] = json!("x")),
        ("no nonce", |claims, _| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("expired", |claims, now| claims["exp"] = json!(now - 60)),
        ("no expiry", |claims, _| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("from the future", |claims, now| claims["iat"] = json!(now + 600)),
        ("not yet", |claims, now| claims["nbf"] = json!(now + 600)),
        ("nobody", |claims, _| claims["sub"] = json!("")),
        ("a number for a name", |claims, _| claims["sub"] = json!(7)),
    ];
    let before = scene.sessions();
    for (what, change) in changes {
        let reply = scene.sign_in("an", |_, claims| {
            good(claims);
            change(claims, now);
        });
        refused(reply.await, what);
    }
    assert_eq!(scene.sessions(), before);
}

async fn what_the_id_token_must_be_signed_with(db: TestDb) {
    let scene = Scene::new(db);
    let foreign = fresh_key();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&foreign, Algorithm::ES256).unwrap();
    // Where the header points, somebody would answer.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let there = format!("http://{}/keys", listener.local_addr().unwrap());
    for kid in [Some("one"), Some("two"), None] {
        let (address, state) = scene.begin("citizens", None).await;
        let code = scene.fake.vouch_with(&foreign, &address, "an", |header, _| {
            header.kid = kid.map(str::to_owned);
            header.jwk = Some(jwk.clone());
            (header.jku, header.x5u) = (Some(there.clone()), Some(there.clone()));
        });
        refused(scene.finish(&state, &code, VERIFIER).await, "a foreign key");
    }
    assert!(listener.accept().is_err(), "nobody may be called");
    let shared = EncodingKey::from_secret(b"kiennghi test");
    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch_with(&shared, &address, "an", |header, _| header.alg = Algorithm::HS256);
    refused(scene.finish(&state, &code, VERIFIER).await, "a shared secret");
    assert_eq!(scene.sessions(), 0);
    scene.sign_in("an", |header, _| header.kid = None).await.expect(201);
}

async fn a_provider_is_told_of_the_trace(db: TestDb) {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let scene = Scene::new(db);
    let (address, state) = scene.begin("citizens", None).await;
    let code = scene.fake.vouch(&address, "079123456789", |_, _| ());
    let body = json!({"state": state, "code": code, "code_verifier": VERIFIER});
    let request = scene.app.post("/v1/sessions/oidc").json(body);
    request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).call().await.expect(201);
    let told = scene.fake.trace().expect("a trace");
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-01"), "{told}");
    assert!(!told.contains("00f067aa0ba902b7"), "our own span, not the caller's");
}

async fn a_provider_that_is_down(db: TestDb) {
    // A port that nobody listens on any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let scene = Scene::with(db, |provider| provider.issuer = format!("http://{gone}"));
    let body = json!({"provider": "citizens", "redirect_uri": BACK, "code_challenge": CHALLENGE});
    for _ in 0..2 {
        let begin = scene.app.post("/v1/sessions/oidc/authorizations").json(body.clone());
        let reply = begin.call().await.expect(503);
        assert_eq!((reply.code(), reply.field("retry-after")), ("unavailable", "5"));
        assert!(!reply.text.contains("127.0.0.1"), "{}", reply.text);
    }
    // The other one serves all the same.
    scene.begin("officials", None).await;
    // A document that names another issuer is no document.
    let foreign = scene.fake.issuer.replace("127.0.0.1", "localhost");
    let mut settings = scene.fake.settings("citizens", Audience::Citizens);
    settings.issuer = foreign;
    let app = TestApp::beside(&scene.app, |options| options.providers = vec![settings]);
    app.post("/v1/sessions/oidc/authorizations").json(body).call().await.expect(503);
}

async fn unknown_keys_make_one_fetch(db: TestDb) {
    let scene = Scene::new(db);
    scene.sign_in("an", |_, _| ()).await.expect(201);
    for number in 0..10 {
        let reply = scene.sign_in("an", |header, _| header.kid = Some(format!("unknown-{number}"))).await;
        refused(reply, "an unknown key");
    }
    scene.sign_in("an", |_, _| ()).await.expect(201);
    assert_eq!(scene.fake.fetched(), (1, 1));
}

async fn an_official_links_and_signs_in(db: TestDb) {
    let scene = Scene::new(db);
    let token = scene.app.token(scene.official);
    let sign_in = async || {
        let (address, state) = scene.begin("officials", None).await;
        let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
        scene.finish(&state, &code, VERIFIER).await
    };
    let link = async |state: &str, code: &str, token: &str| {
        let body = json!({"state": state, "code": code, "code_verifier": VERIFIER});
        scene.app.post("/v1/me/outside-identities").token(token).json(body).call().await
    };
    assert_eq!(sign_in().await.expect(403).code(), "forbidden");

    // What was begun to sign in does not link, and what was begun to link does not sign in.
    let (address, state) = scene.begin("officials", None).await;
    let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
    refused(link(&state, &code, &token).await, "a state that was begun by nobody");
    let (address, state) = scene.begin("officials", Some(&token)).await;
    let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
    refused(scene.finish(&state, &code, VERIFIER).await, "a state that was begun to link");

    let colleague = {
        let ward = scene.app.agency("H99.1", "Phường", None);
        scene.app.token(scene.app.official("handler", ward, Role::Handler, None, Visibility::PartiesOnly))
    };
    let (address, state) = scene.begin("officials", Some(&token)).await;
    let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
    refused(link(&state, &code, &colleague).await, "a state that another began");
    for status in [204, 204] {
        let (address, state) = scene.begin("officials", Some(&token)).await;
        let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
        link(&state, &code, &token).await.expect(status);
    }
    let (address, state) = scene.begin("officials", Some(&colleague)).await;
    let code = scene.fake.vouch(&address, "cb-17", |_, _| ());
    assert_eq!(link(&state, &code, &colleague).await.expect(409).body["reason"], "identity_taken");

    let session = sign_in().await.expect(201).body;
    assert_eq!(session["official"]["id"], json!(scene.official));
    let access = text(&session, "access_token");
    scene.app.get("/v1/overdue").token(&access).call().await.expect(200);
    let id = scene.official;
    let disable = move |tx: &mut _| {
        use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
        let row = diesel::update(official::table.find(id)).set(official::disabled_at.eq(real_now()));
        row.execute(tx).map_err(Into::into)
    };
    scene.app.app.db().write_now::<usize, kiennghi::store::StoreError, _>(disable).unwrap();
    sign_in().await.expect(403);
    scene.app.get("/v1/overdue").token(&access).call().await.expect(401);
}

async fn a_citizen_keeps_his_petitions(db: TestDb) {
    let scene = Scene::new(db);
    let (an, binh) = (scene.citizen("an").await, scene.citizen("binh").await);
    let mut codes = Vec::new();
    for number in 0..3 {
        codes.push(scene.submit(Some(&an), &format!("Việc {number}")).await.0);
    }
    let list =
        |token: &str, query: &str| scene.app.get(format!("/v1/me/petitions{query}")).token(token).call();
    let found = |body: &Value| -> Vec<String> {
        body["items"].as_array().unwrap().iter().map(|item| text(item, "code")).collect()
    };
    let first = list(&an, "?limit=2").await.expect(200).body;
    assert_eq!(found(&first), [codes[2].clone(), codes[1].clone()]);
    let cursor = format!("?cursor={}", text(&first, "next_cursor"));
    let rest = list(&an, &cursor).await.expect(200).body;
    assert_eq!((found(&rest), &rest["next_cursor"]), (vec![codes[0].clone()], &Value::Null));
    assert_eq!(list(&binh, &cursor).await.expect(400).code(), "invalid-cursor");
    assert_eq!(list(&binh, "").await.expect(200).body["items"], json!([]));
    // The same list as under tracking, and the same view.
    let tracked = scene.app.get("/v1/tracking/petitions").token(&an).call().await.expect(200).body;
    let mut both = [found(&tracked), codes.clone()];
    both.iter_mut().for_each(|codes| codes.sort());
    assert_eq!(both[0], both[1]);
    let view =
        |token: &str| scene.app.get(format!("/v1/tracking/petitions/{}", codes[0])).token(token).call();
    assert_eq!(view(&an).await.expect(200).body["title"], "Việc 0");
    let foreign = view(&binh).await.expect(404);
    let absent = scene.app.get("/v1/tracking/petitions/KN-000000000").token(&binh).call().await.expect(404);
    assert_eq!(bare(&foreign.body), bare(&absent.body));
    for token in [scene.app.token(scene.official), tracking_token(&scene).await] {
        assert_eq!(list(&token, "").await.expect(401).body["reason"], "account_required");
    }
    scene.app.send(Method::DELETE, "/v1/sessions/current").token(&an).call().await.expect(204);
    assert_eq!(list(&an, "").await.expect(401).body["reason"], "session_ended");
    view(&an).await.expect(401);
    let body = json!({"kind": "feedback", "title": "x", "content": "x", "field_code": "transport"});
    scene.app.post("/v1/petitions").token(&an).key().json(body).call().await.expect(401);
}

/// The token of somebody who showed a key and has no account.
async fn tracking_token(scene: &Scene) -> String {
    let (code, key) = scene.submit(None, "Ẩn danh").await;
    let body = json!({"items": [{"code": code, "access_key": key}]});
    text(&scene.app.post("/v1/tracking").json(body).call().await.expect(200).body, "access_token")
}

async fn a_citizen_claims_and_acts(db: TestDb) {
    let scene = Scene::new(db);
    let (an, binh) = (scene.citizen("an").await, scene.citizen("binh").await);
    let ((mine, key), (other, other_key)) =
        (scene.submit(None, "Đèn hỏng").await, scene.submit(None, "Ngập").await);
    let claim = |token: &str, items: Value| {
        scene.app.post("/v1/me/petitions").token(token).json(json!({"items": items})).call()
    };
    let item = |code: &str, key: &str| json!({"code": code, "access_key": key});
    let wrong = claim(&an, json!([item(&mine, &other_key)])).await.expect(404);
    let unknown = claim(&an, json!([item("KN-000000000", &key)])).await.expect(404);
    let tracking = json!({"items": [item(&mine, &other_key)]});
    let tracking = scene.app.post("/v1/tracking").json(tracking).call().await.expect(404);
    assert_eq!(bare(&wrong.body), bare(&unknown.body));
    assert_eq!(bare(&wrong.body), bare(&tracking.body));
    claim(&an, json!([])).await.expect(422);
    claim(&an, json!([{"code": mine}])).await.expect(400);
    for _ in 0..2 {
        let claimed = claim(&an, json!([item(&mine, &key), item(&other, &key)])).await.expect(200).body;
        assert_eq!(claimed, json!({"petitions": [mine], "not_found": [other]}));
    }
    // Two of a household may keep one petition.
    claim(&binh, json!([item(&mine, &key)])).await.expect(200);

    let act = |code: &str, token: &str, version: u32| {
        let address = format!("/v1/tracking/petitions/{code}/withdrawal");
        scene.app.post(address).token(token).seen(version).json(json!({"reason": "Đã sửa xong"})).call()
    };
    act(&other, &an, 1).await.expect(404);
    act(&mine, &an, 7).await.expect(412);
    let done = act(&mine, &an, 1).await.expect(200);
    assert_eq!(done.body["public_status"], "ended");
    let list = scene.app.get("/v1/me/petitions").token(&binh).call().await.expect(200).body;
    assert_eq!(
        (&list["items"][0]["code"], &list["items"][0]["public_status"]),
        (&json!(mine), &json!("ended"))
    );
}
