//! Signing in: local accounts of officials, and the keys that sign their tokens.

use super::{
    App, Error,
    administration::{
        accounts::{self, OfficialFacts},
        grants::{self, NewGrant},
    },
    caller::Caller,
    clock::real_now,
    passwords,
    secrets::InstallationSecret,
    tokens::{Issued, KeyRing, Scope, StoredKey, Subject},
};
use crate::{
    domain::{
        administration::folded_username,
        decide::checks::Checks,
        event::Actor,
        id::{Id, OfficialId},
        refusal::Refusal,
        submission::Personal,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, Db, agencies,
        keys::{self, SigningKeyRow},
        people::{self, OfficialRow},
    },
};

/// The `iss` of our tokens.
const ISSUER: &str = "kiennghi";
/// The `aud` of our tokens.
const AUDIENCE: &str = "kiennghi-api";

/// A token and whose it is.
#[derive(Debug)]
pub struct Session {
    pub issued: Issued,
    pub official: OfficialId,
    pub full_name: String,
    pub position: String,
}

/// Opens the stored signing keys; makes the first one when there is none.
pub(super) fn key_ring(db: &Db, secret: &InstallationSecret) -> Result<KeyRing, Error> {
    let fresh = StoredKey::generate(secret)?;
    let rows = db.write_now(move |tx| -> Result<Vec<SigningKeyRow>, Error> {
        if keys::list(tx)?.is_empty() {
            let row = SigningKeyRow {
                kid: fresh.kid.clone(),
                algorithm: "ES256".to_owned(),
                sealed_private: fresh.sealed_private.clone(),
                public_pem: fresh.public_pem.clone(),
                created_at: real_now(),
                retired_at: None,
            };
            keys::insert(tx, &row)?;
        }
        Ok(keys::list(tx)?)
    })?;
    let stored: Vec<StoredKey> = rows
        .into_iter()
        .map(|row| StoredKey { kid: row.kid, sealed_private: row.sealed_private, public_pem: row.public_pem })
        .collect();
    KeyRing::open(secret, &stored, ISSUER, AUDIENCE)
}

/// Signs an official in. An unknown name takes as long as a wrong password, and reads the same.
pub async fn sign_in(app: &App, username: String, password: String) -> Result<Session, Error> {
    let demo = app.options().demo;
    let found = app.read(None, move |tx, _| account(tx, &username)).await?;
    let usable = found.filter(|official| official.disabled_at.is_none() && (demo || !official.demo));
    let hash = usable.as_ref().and_then(|official| official.password_hash.clone());
    let fits = passwords::verify_off_thread(hash, password).await?;
    let official = usable.filter(|_| fits).ok_or(Error::Unauthenticated("invalid_credentials"))?;
    let subject = Subject {
        sub: official.id.to_string(),
        client_id: "local".to_owned(),
        scope: Scope::Staff,
        petitions: Vec::new(),
    };
    let issued = app.keys().issue(subject, app.options().token_minutes, real_now())?;
    Ok(Session { issued, official: official.id, full_name: official.full_name, position: official.position })
}

/// The account of a name, in small letters too: a phone begins a field with a capital.
fn account(tx: &mut AnyConnection, username: &str) -> Result<Option<OfficialRow>, Error> {
    match people::official_by_username(tx, username)? {
        None => Ok(people::official_by_username(tx, &folded_username(username))?),
        found => Ok(found),
    }
}

/// An account to add, with one grant.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub username: String,
    pub full_name: String,
    pub position: String,
    pub agency_code: String,
    pub role: Role,
    /// Whether the role reaches the whole installation, and not only the agency and what is below it.
    pub whole_installation: bool,
    pub ceiling: Visibility,
}

/// Adds an official who can sign in, with one grant, and records both.
pub fn add_account(app: &App, account: NewAccount, password: &Personal) -> Result<OfficialId, Error> {
    let mut checks = Checks::default();
    checks.require(
        password.reveal().chars().count() >= passwords::PASSWORD_MINIMUM,
        "password",
        "too_short",
        "Mật khẩu cần ít nhất 8 ký tự.",
        "The password needs at least 8 characters.",
    );
    checks.require(
        account.role.is_granted(),
        "role",
        "not_granted",
        "Vai trò này không cấp cho cán bộ.",
        "This role is not one that officials are granted.",
    );
    checks.finish()?;
    let hash = passwords::hash(password.reveal())?;
    app.write_now(move |tx, world| {
        let agency = agencies::by_code(tx, &account.agency_code)?.ok_or_else(|| {
            Refusal::field(
                "agency",
                "unknown_code",
                "Không có cơ quan này; thêm bằng kiennghi agency add.",
                "There is no agency of this code; add it with kiennghi agency add.",
            )
        })?;
        let facts = OfficialFacts {
            agency_id: agency.id,
            full_name: account.full_name.clone(),
            position: account.position.clone(),
            username: Some(account.username.clone()),
        };
        accounts::check_facts(&facts)?;
        let id = accounts::insert(tx, world, &Actor::system(), &facts, Some(&hash))?;
        let right = NewGrant {
            official_id: id,
            role: account.role,
            agency_id: (!account.whole_installation).then_some(agency.id),
            ceiling: account.ceiling,
            valid_from: None,
            valid_to: None,
        };
        grants::add(tx, world, &Actor::system(), &right)?;
        Ok(id)
    })
}

/// The caller that a token of ours names.
pub fn caller(app: &App, token: &str) -> Result<Caller, Error> {
    let claims = app.keys().verify(token, real_now())?;
    match claims.scope {
        Scope::Staff => {
            let official = claims.sub.parse().map_err(|_| Error::Unauthenticated("invalid_token"))?;
            Ok(Caller::Official(official))
        }
        Scope::Tracking => Ok(Caller::Tracker(claims.petitions.into_iter().map(Id::new).collect())),
    }
}
