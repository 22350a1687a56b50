//! Signing in elsewhere: authorization code with PKCE (RFC 7636) at an OpenID provider of the settings.
//!
//! The app that asks keeps the verifier, we keep state and nonce, and the provider's word is taken for a pair of
//! issuer and subject alone. A state is used once, by whichever process is asked.

mod id_token;
mod provider;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use provider::Outside;
pub use provider::{Audience, Provider, Providers, is_usable_issuer};

use super::{
    App, Error,
    caller::{self, Caller},
    clock::{new_id, real_now},
    secrets::{SecretText, constant_time_eq, random, sha256},
    sessions::{self, Session, Who},
    world::World,
};
use crate::{
    domain::{
        id::OfficialId,
        refusal::{Refusal, Words},
        time::Instant,
    },
    store::{
        AnyConnection,
        accounts::{self, AccountRow},
        outside::{self, AuthorizationRow, IdentityRow},
        people::{self, OfficialRow},
    },
};

/// How long somebody may take at the provider.
const STATE_LIFE: i64 = 600 * 1_000_000;
/// Shortest and longest verifier (RFC 7636 §4.1), in characters.
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;
/// Longest code that is passed on, in bytes.
const CODE_LIMIT: usize = 2048;

/// What an app asks for before it sends somebody to a provider.
#[derive(Debug)]
pub struct Wanted {
    pub provider: String,
    pub redirect_uri: String,
    /// BASE64URL(SHA-256(verifier)), without padding.
    pub code_challenge: String,
}

/// Where to send him, and what will come back with him.
#[derive(Debug)]
pub struct Begun {
    pub authorization_url: String,
    pub state: SecretText,
    pub expires_at: Instant,
}

/// What the app shows when he is back.
pub struct Shown {
    pub state: SecretText,
    pub code: SecretText,
    pub code_verifier: SecretText,
}

/// Whom a provider vouches for.
struct Vouched {
    issuer: String,
    subject: String,
}

/// Begins a sign-in; with an official's session it begins the linking of an outside identity to him.
pub async fn begin(app: &App, caller: Caller, wanted: Wanted) -> Result<Begun, Error> {
    let provider = app.providers().find(&wanted.provider).ok_or_else(|| {
        let (vi, en) = ("Không có nơi đăng nhập này.", "There is no such provider.");
        Refusal::field("/provider", "unknown_code", vi, en)
    })?;
    let settings = provider.settings();
    if !settings.redirect_uris.contains(&wanted.redirect_uri) {
        let (vi, en) = ("Địa chỉ quay lại không được phép.", "This address to return to is not allowed.");
        return Err(Refusal::field("/redirect_uri", "not_allowed", vi, en).into());
    }
    let challenge = URL_SAFE_NO_PAD.decode(&wanted.code_challenge).unwrap_or_default();
    if challenge.len() != 32 {
        let (vi, en) = ("Cần SHA-256 của verifier, base64url.", "Needs the verifier's SHA-256 in base64url.");
        return Err(Refusal::field("/code_challenge", "not_s256", vi, en).into());
    }
    let endpoint = provider.authorization_endpoint().await?;
    let (state, nonce) = (URL_SAFE_NO_PAD.encode(random::<32>()?), URL_SAFE_NO_PAD.encode(random::<32>()?));
    let authorization_url = settings.authorization_url(endpoint, &wanted, &state, &nonce);
    let digest = sha256(state.as_bytes()).to_vec();
    let expires_at = app
        .write(None, move |tx, world| {
            let official = match &caller {
                Caller::SignedIn(..) => Some(caller::official(tx, world, &caller)?.id),
                _ => None,
            };
            let row = AuthorizationRow {
                state_digest: digest.clone(),
                provider: wanted.provider.clone(),
                redirect_uri: wanted.redirect_uri.clone(),
                nonce: nonce.clone(),
                challenge: wanted.code_challenge.clone(),
                official_id: official,
                created_at: world.real_now,
                expires_at: world.real_now.plus_micros(STATE_LIFE),
                used_at: None,
            };
            outside::insert_authorization(tx, &row)?;
            Ok(row.expires_at)
        })
        .await?;
    Ok(Begun { authorization_url, state: SecretText::new(state), expires_at })
}

/// Finishes a sign-in: a session for whom the provider vouches for.
pub async fn finish(app: &App, shown: Shown) -> Result<Session, Error> {
    let (provider, vouched) = redeem(app, shown, None).await?;
    let (days, demo) = (app.options().session_days, app.options().demo);
    let begun = app.write(None, move |tx, world| {
        let who = match provider {
            Audience::Citizens => Who::Citizen(account(tx, world, &vouched)?),
            Audience::Officials => Who::Official(official(tx, &vouched, demo)?),
        };
        sessions::begin(tx, world, who, days)
    });
    sessions::finish(app, begun.await?)
}

/// Links the identity that a provider vouches for to the official who calls.
pub async fn link(app: &App, caller: Caller, shown: Result<Shown, Error>) -> Result<(), Error> {
    let asking = caller.clone();
    let official = app.read(None, move |tx, world| Ok(caller::official(tx, world, &asking)?.id)).await?;
    let (audience, vouched) = redeem(app, shown?, Some(official)).await?;
    if audience != Audience::Officials {
        return Err(Error::InvalidGrant);
    }
    app.write(None, move |tx, world| {
        caller::official(tx, world, &caller)?;
        match outside::identity(tx, &vouched.issuer, &vouched.subject)? {
            Some(row) if row.official_id == official => Ok(()),
            Some(_) => Err(taken().into()),
            None => Ok(outside::insert_identity(
                tx,
                &IdentityRow {
                    issuer: vouched.issuer.clone(),
                    subject: vouched.subject.clone(),
                    official_id: official,
                    created_at: world.real_now,
                },
            )?),
        }
    })
    .await
}

fn taken() -> Refusal {
    Refusal::guard(
        "identity_taken",
        "Danh tính này đã gắn với cán bộ khác; liên hệ quản trị.",
        "This identity belongs to another official; ask an administrator.",
    )
}

/// Uses a state and exchanges the code; the state must have been begun by this official, or by nobody.
async fn redeem(app: &App, shown: Shown, official: Option<OfficialId>) -> Result<(Audience, Vouched), Error> {
    let digest = sha256(shown.state.reveal().as_bytes()).to_vec();
    let row = app.write(None, move |tx, world| Ok(outside::use_authorization(tx, &digest, world.real_now)?));
    let row = row.await?.filter(|row| row.official_id == official).ok_or(Error::InvalidGrant)?;
    let verifier = shown.code_verifier.reveal();
    let proof = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    let fits =
        VERIFIER.contains(&verifier.len()) && constant_time_eq(proof.as_bytes(), row.challenge.as_bytes());
    let code = shown.code.reveal();
    if !fits || !(1..=CODE_LIMIT).contains(&code.len()) {
        return Err(Error::InvalidGrant);
    }
    // A provider that left the settings meanwhile vouches for nobody.
    let provider = app.providers().find(&row.provider).ok_or(Error::InvalidGrant)?;
    let token = provider.exchange(code, verifier, &row.redirect_uri).await?;
    let subject = vouched_for(provider, &token, &row.nonce).await?;
    let settings = provider.settings();
    Ok((settings.who, Vouched { issuer: settings.issuer.clone(), subject }))
}

/// The subject of a sound ID token. An unknown key makes us look for new ones, at most once a minute.
async fn vouched_for(provider: &Outside, token: &str, nonce: &str) -> Result<String, Error> {
    let now = real_now();
    let kid = id_token::kid(token)?;
    let keys = provider.keys_for(kid.as_deref(), now).await?;
    id_token::subject(token, &keys, provider.settings(), nonce, now)
}

/// The account of a citizen, made on his first sign-in.
fn account(
    tx: &mut AnyConnection,
    world: &World,
    vouched: &Vouched,
) -> Result<crate::domain::id::AccountId, Error> {
    if let Some(row) = accounts::by_identity(tx, &vouched.issuer, &vouched.subject)? {
        return Ok(row.id);
    }
    let row = AccountRow {
        id: new_id(),
        issuer: vouched.issuer.clone(),
        subject: vouched.subject.clone(),
        created_at: world.real_now,
    };
    accounts::insert(tx, &row)?;
    Ok(row.id)
}

/// The official of an outside identity, if he may sign in.
fn official(tx: &mut AnyConnection, vouched: &Vouched, demo: bool) -> Result<OfficialRow, Error> {
    let identity = outside::identity(tx, &vouched.issuer, &vouched.subject)?;
    let row = match identity {
        Some(identity) => people::official(tx, identity.official_id)?,
        None => None,
    };
    let usable = row.filter(|row| row.disabled_at.is_none() && (demo || !row.demo));
    usable.ok_or_else(|| {
        Refusal::Forbidden(Words::new(
            "Danh tính này chưa gắn với cán bộ nào: đăng nhập bằng mật khẩu rồi gắn, hoặc nhờ quản trị.",
            "No official is linked to this identity: sign in with a password and link it, or ask an administrator.",
        ))
        .into()
    })
}

/// Forgets the states that are over; returns how many.
pub fn forget_expired(app: &App) -> Result<usize, Error> {
    app.write_now(|tx, world| Ok(outside::delete_expired(tx, world.real_now)?))
}
