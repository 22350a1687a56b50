//! A provider of the settings and what it publishes, fetched with limits of time and size, one at a time, and kept.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use super::{Wanted, id_token::KeySet};
use crate::{
    app::{Error, clock::real_now, secrets::SecretText, trace},
    domain::{refusal::Words, time::Instant},
};

/// How long a provider may take to answer.
const TIME: Duration = Duration::from_secs(5);
/// Most bytes of an answer that are read.
const SIZE: usize = 256 * 1024;
const SECOND: i64 = 1_000_000;
/// How long a failure stands for those who ask next, so that they do not wait one after another.
const FAILURE_STANDS: i64 = 5 * SECOND;
/// How often an unknown key may make us fetch the key set.
const SOUGHT_EVERY: i64 = 60 * SECOND;

/// For whom a provider vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Officials,
    Citizens,
}

/// A provider as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Short name in our addresses.
    pub name: String,
    /// The `iss` of its tokens, exactly.
    pub issuer: String,
    pub client_id: String,
    /// Nothing: we are a public client there.
    pub client_secret: Option<SecretText>,
    pub who: Audience,
    /// The claim that names a person: `sub`, unless officials are known by another.
    pub subject_claim: String,
    /// The `acr` that its tokens must have.
    pub acr: Option<String>,
    /// Where it may send people back to, exactly.
    pub redirect_uris: Vec<String>,
    pub label: Words,
    /// How long its documents are kept, in minutes.
    pub cache_minutes: u32,
}

/// Every provider of the settings.
#[derive(Debug, Default)]
pub struct Providers(Vec<Outside>);

/// A provider with what is known of it.
pub struct Outside {
    settings: Provider,
    client: Client,
    discovery: Mutex<Slot<Discovery>>,
    keys: Mutex<Slot<KeySet>>,
}

/// A document and when it was fetched, or failed to be.
struct Slot<T> {
    held: Option<(Arc<T>, Instant)>,
    failed_at: Option<Instant>,
}

/// What we need of the discovery document (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

impl Providers {
    /// Makes ready to ask these providers; asks none of them yet.
    pub fn open(settings: &[Provider]) -> Result<Self, Error> {
        let open = |settings: &Provider| -> Result<Outside, Error> {
            let client = Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .timeout(TIME)
                // A connection belongs to the thread that opened it, and each of ours has a runtime of its own.
                .pool_max_idle_per_host(0)
                .build()
                .map_err(Error::internal)?;
            let settings = settings.clone();
            Ok(Outside { settings, client, discovery: Mutex::default(), keys: Mutex::default() })
        };
        Ok(Self(settings.iter().map(open).collect::<Result<_, _>>()?))
    }

    /// The provider of a name.
    pub fn find(&self, name: &str) -> Option<&Outside> {
        self.0.iter().find(|outside| outside.settings.name == name)
    }

    /// Every provider, as the settings order them.
    pub fn list(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter().map(|outside| &outside.settings)
    }
}

impl Provider {
    /// Where somebody is sent to sign in.
    pub(super) fn authorization_url(
        &self,
        mut endpoint: Url,
        wanted: &Wanted,
        state: &str,
        nonce: &str,
    ) -> String {
        endpoint
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &wanted.redirect_uri)
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", &wanted.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(acr) = &self.acr {
            endpoint.query_pairs_mut().append_pair("acr_values", acr);
        }
        endpoint.into()
    }

    fn kept(&self) -> i64 {
        i64::from(self.cache_minutes) * 60 * SECOND
    }
}

impl Outside {
    /// As the settings say.
    pub(super) fn settings(&self) -> &Provider {
        &self.settings
    }

    /// Where people sign in.
    pub(super) async fn authorization_endpoint(&self) -> Result<Url, Error> {
        safe(&self.discovery().await?.authorization_endpoint)
    }

    /// Exchanges a code for an ID token. 400 is a code that holds nothing; every other refusal is ours to mend.
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<String, Error> {
        let discovery = self.discovery().await?;
        let (id, secret) = (&self.settings.client_id, self.settings.client_secret.as_ref());
        let methods = &discovery.token_endpoint_auth_methods_supported;
        let in_body = !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic");
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_uri),
        ];
        let request = self.client.post(safe(&discovery.token_endpoint)?);
        let request = match secret {
            Some(secret) if in_body => {
                form.extend([("client_id", id.as_str()), ("client_secret", secret.reveal())]);
                request
            }
            Some(secret) => request.basic_auth(encoded(id), Some(encoded(secret.reveal()))),
            None => {
                form.push(("client_id", id));
                request
            }
        };
        let (status, body) = self.send(request.form(&form)).await?;
        if status == StatusCode::BAD_REQUEST {
            return Err(Error::InvalidGrant);
        }
        Ok(self.read::<TokenAnswer>(status, &body)?.id_token)
    }

    /// The key set; fetched anew when it lacks this key, at most once a minute.
    pub(super) async fn keys_for(&self, kid: Option<&str>, now: Instant) -> Result<Arc<KeySet>, Error> {
        let discovery = self.discovery().await?;
        let mut slot = self.keys.lock().await;
        let lacking = |set: &KeySet| kid.is_some_and(|kid| set.find(kid).is_none());
        if let Some((set, at)) = &slot.held {
            let kept = if lacking(set) { SOUGHT_EVERY } else { self.settings.kept() };
            if now < at.plus_micros(kept) {
                return Ok(Arc::clone(set));
            }
        }
        self.fill(&mut slot, &discovery.jwks_uri).await
    }

    async fn discovery(&self) -> Result<Arc<Discovery>, Error> {
        let mut slot = self.discovery.lock().await;
        if let Some((document, at)) = &slot.held
            && real_now() < at.plus_micros(self.settings.kept())
        {
            return Ok(Arc::clone(document));
        }
        let address =
            format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let document = self.fill(&mut slot, &address).await?;
        if document.issuer == self.settings.issuer {
            return Ok(document);
        }
        *slot = Slot { held: None, failed_at: Some(real_now()) };
        Err(self.down("its discovery document names another issuer"))
    }

    /// Fetches a document; whoever waited for the lock takes what the first one got, or his failure.
    async fn fill<T: DeserializeOwned>(&self, slot: &mut Slot<T>, address: &str) -> Result<Arc<T>, Error> {
        if slot.failed_at.is_some_and(|at| real_now() < at.plus_micros(FAILURE_STANDS)) {
            return Err(Error::Unavailable);
        }
        let fetched = match safe(address) {
            Ok(address) => self.send(self.client.get(address)).await,
            Err(error) => Err(error),
        };
        let read = fetched.and_then(|(status, body)| self.read::<T>(status, &body));
        slot.failed_at = read.is_err().then(real_now);
        let document = Arc::new(read?);
        slot.held = Some((Arc::clone(&document), real_now()));
        Ok(document)
    }

    /// Sends a request and reads the answer as far as the limit.
    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Error> {
        let request =
            trace::outgoing().into_iter().fold(request, |request, (name, text)| request.header(name, text));
        let mut answer = request.send().await.map_err(|error| self.down(&error.without_url().to_string()))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| self.down("its answer broke off"))? {
            if body.len() + chunk.len() > SIZE {
                return Err(self.down("its answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((answer.status(), body))
    }

    fn read<T: DeserializeOwned>(&self, status: StatusCode, body: &[u8]) -> Result<T, Error> {
        if status != StatusCode::OK {
            return Err(self.down(&format!("it answered {status}")));
        }
        serde_json::from_slice(body).map_err(|_| self.down("its answer is not what the protocol says"))
    }

    fn down(&self, why: &str) -> Error {
        tracing::warn!(provider = self.settings.name, why, "an outside provider cannot be used");
        Error::Unavailable
    }
}

/// An address that may be asked: HTTPS, or this machine.
fn safe(address: &str) -> Result<Url, Error> {
    let url = Url::parse(address).map_err(|_| Error::Unavailable)?;
    if is_safe(&url) { Ok(url) } else { Err(Error::Unavailable) }
}

/// HTTPS, or plain HTTP on the loopback; without a name and password in it.
fn is_safe(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let bare = url.username().is_empty() && url.password().is_none() && !host.is_empty();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

/// Whether an issuer of the settings can be asked at all.
pub fn is_usable_issuer(issuer: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none())
}

/// As RFC 6749 §2.3.1 wants names and secrets in the Basic scheme.
fn encoded(text: &str) -> String {
    reqwest::Url::parse_with_params("x:", [("", text)])
        .ok()
        .and_then(|url| url.query().map(|query| query.trim_start_matches('=').to_owned()))
        .unwrap_or_default()
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { held: None, failed_at: None }
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outside").field(&self.settings).finish()
    }
}
