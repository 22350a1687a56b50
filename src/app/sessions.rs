//! Sessions: signing in, renewing, signing out, changing one's password.
//!
//! A session is a family of refresh tokens, each the successor of the one before. Whoever shows a spent one has a
//! copy: then the whole family ends. Tokens live in real time, whatever a sandbox clock shows.

use std::{fmt, net::IpAddr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    App, Error,
    caller::Caller,
    clock::{new_id, real_now},
    guessing,
    history::{self, Subject},
    passwords,
    people::account,
    secrets::{SecretText, random, sha256},
    signing,
    tokens::{self, Issued, Scope},
    world::World,
};
use crate::{
    domain::{
        decide::checks::Checks,
        event::Actor,
        id::{AccountId, Id, SessionId},
        refusal::Refusal,
        time::Instant,
    },
    store::{
        AnyConnection,
        people::{self, OfficialRow},
        sessions::{self, Holder, RefreshRow, SessionRow},
    },
};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// How long a spent token still gives the same successor: a phone's retry after an answer that was lost.
const GRACE: i64 = 10 * SECOND;
/// Bytes of a refresh token.
const TOKEN: usize = 32;

/// An access token, the refresh token that renews it, and whose they are.
pub struct Session {
    pub issued: Issued,
    pub refresh_token: SecretText,
    /// Seconds until the session is over, however much it is used.
    pub refresh_expires_in: i64,
    pub who: Who,
}

/// Whom a session speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Official(OfficialRow),
    Citizen(AccountId),
}

/// A session as the transaction left it, before an access token is signed.
pub(super) struct Begun {
    row: SessionRow,
    token: [u8; TOKEN],
    who: Who,
}

/// What came of showing a refresh token.
enum Turn {
    Renewed(Box<Begun>),
    /// Unknown, over, ended, or of somebody who may not sign in.
    Refused,
    /// It had been spent: the session has ended.
    Reused(SessionId),
}

/// Signs an official in. An unknown name takes as long as a wrong password, and reads the same; both are counted for
/// the name and for the address it was tried from.
pub async fn sign_in(
    app: &App,
    username: String,
    password: String,
    address: Option<IpAddr>,
) -> Result<Session, Error> {
    let guesses = guessing::of_name(app, &username, address);
    let begun = guessing::guarded(app, guesses, prove(app, username, password)).await?;
    finish(app, begun)
}

async fn prove(app: &App, username: String, password: String) -> Result<Begun, Error> {
    let found = app.read(None, move |tx, _| account(tx, &username)).await?;
    let usable = found.filter(|official| may_sign_in(app, official));
    let hash = usable.as_ref().and_then(|official| official.password_hash.clone());
    let fits = passwords::verify_off_thread(hash.clone(), password).await?;
    let official = usable.filter(|_| fits).ok_or(Error::Unauthenticated("invalid_credentials"))?;
    let hash = hash.unwrap_or_default();
    let days = app.options().session_days;
    app.write(None, move |tx, world| {
        // A password that was changed meanwhile opens nothing, and whoever changes it now sees this session.
        if !people::confirm_password(tx, official.id, &hash)? {
            return Err(Error::Unauthenticated("invalid_credentials"));
        }
        begin(tx, world, Who::Official(official.clone()), days)
    })
    .await
}

fn may_sign_in(app: &App, official: &OfficialRow) -> bool {
    official.disabled_at.is_none() && (app.options().demo || !official.demo)
}

/// Begins a session for somebody who proved elsewhere to be himself; for callers that are not async.
pub fn open_now(app: &App, who: Who) -> Result<Session, Error> {
    let days = app.options().session_days;
    finish(app, app.write_now(move |tx, world| begin(tx, world, who.clone(), days))?)
}

/// Begins a session for somebody who proved to be himself.
pub(super) fn begin(tx: &mut AnyConnection, world: &World, who: Who, days: u32) -> Result<Begun, Error> {
    let now = world.real_now;
    let (official_id, account_id) = match &who {
        Who::Official(official) => (Some(official.id), None),
        Who::Citizen(account) => (None, Some(*account)),
    };
    let row = SessionRow {
        id: new_id(),
        official_id,
        account_id,
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_micros(i64::from(days) * DAY),
        revoked_at: None,
        revoked_reason: None,
    };
    let token = random::<TOKEN>()?;
    sessions::insert(tx, &row)?;
    sessions::insert_refresh(tx, &refresh_row(&row, &token, now))?;
    Ok(Begun { row, token, who })
}

fn refresh_row(session: &SessionRow, token: &[u8; TOKEN], now: Instant) -> RefreshRow {
    RefreshRow { digest: sha256(token).to_vec(), session_id: session.id, issued_at: now, spent_at: None }
}

/// Signs the access token of a session.
pub(super) fn finish(app: &App, begun: Begun) -> Result<Session, Error> {
    let (sub, scope) = match &begun.who {
        Who::Official(official) => (official.id.to_string(), Scope::Staff),
        Who::Citizen(account) => (account.to_string(), Scope::Citizen),
    };
    let session = Some(begun.row.id.uuid());
    let subject =
        tokens::Subject { sub, client_id: "local".to_owned(), scope, petitions: Vec::new(), session };
    let now = real_now();
    let left = begun.row.expires_at.micros().saturating_sub(now.micros()).div_euclid(SECOND);
    Ok(Session {
        issued: app.keys().issue(subject, app.options().token_minutes, now)?,
        refresh_token: SecretText::new(URL_SAFE_NO_PAD.encode(begun.token)),
        refresh_expires_in: left.max(0),
        who: begun.who,
    })
}

/// Exchanges a refresh token for a new pair.
pub async fn refresh(app: &App, request_id: Option<String>, token: &str) -> Result<Session, Error> {
    let decoded = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::InvalidGrant)?;
    let token: [u8; TOKEN] = decoded.try_into().map_err(|_| Error::InvalidGrant)?;
    let demo = app.options().demo;
    match app.write(request_id, move |tx, world| turn(tx, world, &token, demo)).await? {
        Turn::Renewed(begun) => finish(app, *begun),
        Turn::Refused => Err(Error::InvalidGrant),
        Turn::Reused(session) => {
            tracing::warn!(target: "security", event = "refresh token reused", %session, "a spent refresh token was shown again: the session has ended");
            Err(Error::InvalidGrant)
        }
    }
}

/// Of two processes that exchange one token at once, the second is run anew and finds the successor of the first.
fn turn(tx: &mut AnyConnection, world: &World, token: &[u8; TOKEN], demo: bool) -> Result<Turn, Error> {
    let now = world.real_now;
    let digest = sha256(token);
    let found = sessions::by_refresh(tx, &digest)?;
    let alive = found.filter(|(_, row)| row.revoked_at.is_none() && row.expires_at > now);
    let Some((shown, row)) = alive else { return Ok(Turn::Refused) };
    let Some(who) = holder(tx, &row, demo)? else { return Ok(Turn::Refused) };
    let successor = world.secret.successor(token);
    let next = refresh_row(&row, &successor, now);
    match shown.spent_at {
        None => sessions::exchange(tx, &digest, &next)?,
        Some(at) if now < at.plus_micros(GRACE) && sessions::is_unspent(tx, &next.digest)? => {}
        Some(_) => {
            sessions::revoke(tx, row.id, "reuse", now)?;
            let facts = json!({ "official": row.official_id, "account": row.account_id });
            let session = Subject::Session(row.id);
            history::record(tx, world, &session, &Actor::system(), "refresh_token_reused", facts)?;
            return Ok(Turn::Reused(row.id));
        }
    }
    Ok(Turn::Renewed(Box::new(Begun { row, token: successor, who })))
}

/// Whose a session is, if he may still sign in.
fn holder(tx: &mut AnyConnection, row: &SessionRow, demo: bool) -> Result<Option<Who>, Error> {
    if let Some(account) = row.account_id {
        return Ok(Some(Who::Citizen(account)));
    }
    let Some(id) = row.official_id else { return Ok(None) };
    let official = people::official(tx, id)?;
    let usable = official.filter(|official| official.disabled_at.is_none() && (demo || !official.demo));
    Ok(usable.map(Who::Official))
}

/// The caller that a token of ours names.
pub async fn caller(app: &App, token: &str) -> Result<Caller, Error> {
    // A database that is down must not make sound tokens bad: the keys that we know still serve.
    if let Err(error) = signing::seek(app, token).await {
        tracing::warn!(?error, "no new signing keys could be looked for");
    }
    let claims = app.keys().verify(token, real_now())?;
    let bad = || Error::Unauthenticated("invalid_token");
    let session = claims.sid.map(Id::new);
    match (claims.scope, session) {
        (Scope::Staff, Some(session)) => {
            Ok(Caller::SignedIn(claims.sub.parse().map_err(|_| bad())?, session))
        }
        (Scope::Citizen, Some(session)) => {
            Ok(Caller::Citizen(claims.sub.parse().map_err(|_| bad())?, session))
        }
        (Scope::Tracking, None) => Ok(Caller::Tracker(claims.petitions.into_iter().map(Id::new).collect())),
        _ => Err(bad()),
    }
}

/// As the token says; refuses who has no session.
fn own(caller: &Caller) -> Result<(SessionId, Holder), Error> {
    match caller {
        Caller::SignedIn(official, session) => Ok((*session, Holder::Official(*official))),
        Caller::Citizen(account, session) => Ok((*session, Holder::Account(*account))),
        Caller::Anonymous => Err(Error::Unauthenticated("missing_token")),
        Caller::Official(_) | Caller::Tracker(_) => Err(Error::Unauthenticated("session_required")),
    }
}

/// The live sessions of somebody, the latest first, from before one on.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    holder: Holder,
    before: Option<SessionId>,
    limit: i64,
) -> Result<Vec<SessionRow>, Error> {
    Ok(sessions::live_of(tx, holder, world.real_now, before, limit)?)
}

/// Ends one of the caller's sessions, or the one he calls in; another's reads as absent.
pub fn end(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    which: Option<SessionId>,
) -> Result<(), Error> {
    let (own, holder) = check(tx, world, caller)?;
    let id = which.unwrap_or(own);
    let row = sessions::live(tx, id, world.real_now)?.filter(|row| is_of(row, holder));
    row.ok_or(Error::NotFound)?;
    Ok(sessions::revoke(tx, id, "signed_out", world.real_now)?)
}

fn is_of(row: &SessionRow, holder: Holder) -> bool {
    match holder {
        Holder::Official(official) => row.official_id == Some(official),
        Holder::Account(account) => row.account_id == Some(account),
    }
}

/// The session in which somebody calls, and whose it is; refuses whose session is over.
pub fn check(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<(SessionId, Holder), Error> {
    let (session, holder) = own(caller)?;
    super::caller::check_session(tx, world, caller)?;
    Ok((session, holder))
}

/// Changes the caller's password, from the present one to the new one, and ends his other sessions; a fault of form
/// is carried along, because other refusals come before it.
pub async fn change_password(
    app: &App,
    request_id: Option<String>,
    caller: Caller,
    given: Result<(String, String), Error>,
    address: Option<IpAddr>,
) -> Result<(), Error> {
    let Caller::SignedIn(official, session) = caller else {
        return Err(Error::Unauthenticated("official_required"));
    };
    let found = app.read(None, move |tx, world| {
        super::caller::person(tx, world, &caller)?;
        Ok(people::official(tx, official)?)
    });
    let row = found.await?.ok_or(Error::Unauthenticated("unknown_official"))?;
    let (Some(username), Some(old)) = (row.username, row.password_hash) else {
        return Err(no_password().into());
    };
    let (current, new) = given?;
    check_new(&username, &new)?;
    let proof = confirm(old.clone(), current);
    guessing::guarded(app, guessing::of_name(app, &username, address), proof).await.map_err(|error| {
        match error {
            Error::Unauthenticated(_) => wrong_password().into(),
            other => other,
        }
    })?;
    let fresh =
        tokio::task::spawn_blocking(move || passwords::hash(&new)).await.map_err(Error::internal)??;
    app.write(request_id, move |tx, world| {
        if !people::change_password(tx, official, &old, &fresh)? {
            return Err(Error::Busy);
        }
        sessions::revoke_others(tx, official, Some(session), "password_changed", world.real_now)?;
        Ok(())
    })
    .await
}

async fn confirm(stored: String, password: String) -> Result<(), Error> {
    let fits = passwords::verify_off_thread(Some(stored), password).await?;
    fits.then_some(()).ok_or(Error::Unauthenticated("invalid_credentials"))
}

fn wrong_password() -> Refusal {
    Refusal::field(
        "/current_password",
        "wrong",
        "Mật khẩu hiện tại không đúng.",
        "This is not the present password.",
    )
}

fn no_password() -> Refusal {
    Refusal::guard(
        "no_password",
        "Tài khoản này đăng nhập ở nơi khác và không có mật khẩu.",
        "This account signs in elsewhere and has no password.",
    )
}

/// Length, not composition (NIST SP 800-63B), and not the name itself.
fn check_new(username: &str, new: &str) -> Result<(), Error> {
    let mut checks = Checks::default();
    passwords::check(&mut checks, "/new_password", username, new);
    Ok(checks.finish()?)
}

/// Forgets the sessions that are over; returns how many.
pub fn forget_expired(app: &App) -> Result<usize, Error> {
    app.write_now(|tx, world| Ok(sessions::delete_expired(tx, world.real_now)?))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {:?})", self.issued, self.who)
    }
}
