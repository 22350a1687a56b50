//! An OpenID provider of the tests' own, on the loopback: it vouches for whom the test says, as the test says.

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::{rand::SystemRandom, signature::*};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use kiennghi::{
    app::{
        clock::real_now,
        oidc::{Audience, Provider},
        secrets::{SecretText, sha256},
    },
    domain::refusal::Words,
};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "kiennghi test";
pub(crate) const CLIENT_SECRET: &str = "một bí mật/+";
pub(crate) const BACK: &str = "https://app.example.vn/back";
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The provider, while the test runs.
pub(crate) struct FakeProvider {
    pub(crate) issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    key: EncodingKey,
    codes: Mutex<HashMap<String, Code>>,
    discoveries: AtomicUsize,
    key_sets: AtomicUsize,
    trace: Mutex<Option<String>>,
}

/// A code that was given out, and what it is good for, once.
struct Code {
    challenge: String,
    redirect_uri: String,
    id_token: String,
}

/// A P-256 key.
pub(crate) fn fresh_key() -> EncodingKey {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EncodingKey::from_ec_der(pkcs8.as_ref())
}

impl FakeProvider {
    /// Listens on a port of its own for as long as the test's system runs.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            issuer: issuer.clone(),
            key: fresh_key(),
            codes: Mutex::default(),
            discoveries: AtomicUsize::new(0),
            key_sets: AtomicUsize::new(0),
            trace: Mutex::default(),
        });
        let data = web::Data::from(Arc::clone(&inner));
        let app = move || {
            App::new()
                .app_data(data.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(token))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        actix_web::rt::spawn(server);
        Self { issuer, inner }
    }

    /// How the settings name it.
    pub(crate) fn settings(&self, name: &str, who: Audience) -> Provider {
        Provider {
            name: name.to_owned(),
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SecretText::new(CLIENT_SECRET)),
            who,
            subject_claim: "sub".to_owned(),
            acr: None,
            redirect_uris: vec![BACK.to_owned()],
            label: Words::new("Định danh thử", "Test identity"),
            cache_minutes: 60,
        }
    }

    /// The `traceparent` of the last exchange of a code.
    pub(crate) fn trace(&self) -> Option<String> {
        self.inner.trace.lock().unwrap().clone()
    }

    /// Vouches for somebody who was sent to this address; returns the code he comes back with. The claims and the
    /// header are as `change` leaves them.
    pub(crate) fn vouch(
        &self,
        address: &str,
        subject: &str,
        change: impl FnOnce(&mut Header, &mut Value),
    ) -> String {
        self.vouch_with(&self.inner.key, address, subject, change)
    }

    /// As [`FakeProvider::vouch`], signed with another key.
    pub(crate) fn vouch_with(
        &self,
        key: &EncodingKey,
        address: &str,
        subject: &str,
        change: impl FnOnce(&mut Header, &mut Value),
    ) -> String {
        let asked = query(address);
        assert_eq!(
            (asked["response_type"].as_str(), asked["code_challenge_method"].as_str()),
            ("code", "S256")
        );
        assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), (CLIENT, "openid"));
        let now = real_now().micros() / 1_000_000;
        let mut claims = json!({"iss": self.issuer, "aud": CLIENT, "sub": subject, "nonce": asked["nonce"],
            "iat": now, "exp": now + 300});
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("one".to_owned());
        change(&mut header, &mut claims);
        let id_token = jsonwebtoken::encode(&header, &claims, key).unwrap();
        let code = URL_SAFE_NO_PAD.encode(sha256(asked["state"].as_bytes()));
        let known = Code {
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
            id_token,
        };
        self.inner.codes.lock().unwrap().insert(code.clone(), known);
        code
    }

    /// How often the discovery document and the key set were fetched.
    pub(crate) fn fetched(&self) -> (usize, usize) {
        (self.inner.discoveries.load(Ordering::Relaxed), self.inner.key_sets.load(Ordering::Relaxed))
    }
}

/// The parameters of an address.
pub(crate) fn query(address: &str) -> HashMap<String, String> {
    let (_, query) = address.split_once('?').expect("parameters");
    web::Query::<HashMap<String, String>>::from_query(query).unwrap().into_inner()
}

async fn discovery(inner: web::Data<Inner>) -> HttpResponse {
    inner.discoveries.fetch_add(1, Ordering::Relaxed);
    let at = |path: &str| format!("{}/{path}", inner.issuer);
    HttpResponse::Ok().json(json!({"issuer": inner.issuer, "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"), "jwks_uri": at("keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic"]}))
}

async fn keys(inner: web::Data<Inner>) -> HttpResponse {
    inner.key_sets.fetch_add(1, Ordering::Relaxed);
    let mut jwk = Jwk::from_encoding_key(&inner.key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("one".to_owned());
    HttpResponse::Ok().json(json!({"keys": [jwk]}))
}

async fn token(
    inner: web::Data<Inner>,
    request: HttpRequest,
    form: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    // RFC 6749 §2.3.1: both parts are form-encoded first.
    let basic = base64::engine::general_purpose::STANDARD
        .encode("kiennghi+test:m%E1%BB%99t+b%C3%AD+m%E1%BA%ADt%2F%2B");
    let sent = request.headers().get("authorization").and_then(|field| field.to_str().ok());
    assert_eq!(sent, Some(format!("Basic {basic}").as_str()));
    let trace = request.headers().get("traceparent").and_then(|field| field.to_str().ok());
    *inner.trace.lock().unwrap() = trace.map(str::to_owned);
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let known = inner.codes.lock().unwrap().remove(&text("code"));
    let fits = known.filter(|known| {
        URL_SAFE_NO_PAD.encode(sha256(text("code_verifier").as_bytes())) == known.challenge
            && text("redirect_uri") == known.redirect_uri
            && text("grant_type") == "authorization_code"
    });
    match fits {
        Some(known) => HttpResponse::Ok().json(json!({"id_token": known.id_token, "access_token": "x",
            "token_type": "Bearer"})),
        None => HttpResponse::BadRequest().json(json!({"error": "invalid_grant"})),
    }
}
