//! Signing in: local accounts of officials, and the keys that sign their tokens.

use serde_json::json;

use super::{
    App, Error,
    caller::Caller,
    clock::{new_id, real_now},
    history, passwords,
    secrets::InstallationSecret,
    tokens::{Issued, KeyRing, Scope, StoredKey, Subject},
    world::World,
};
use crate::{
    domain::{
        decide::checks::{Checks, LINE},
        id::{AgencyId, Id, OfficialId},
        refusal::Refusal,
        submission::Personal,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, Db, agencies,
        keys::{self, SigningKeyRow},
        people::{self, GrantRow, OfficialRow},
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
    let found = app.read(None, move |tx, _| Ok(people::official_by_username(tx, &username)?)).await?;
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

/// Adds an official who can sign in, with one grant, and records it.
pub fn add_account(app: &App, account: NewAccount, password: &Personal) -> Result<OfficialId, Error> {
    let mut checks = Checks::default();
    checks.line("username", &account.username, LINE);
    checks.line("full_name", &account.full_name, LINE);
    checks.line("position", &account.position, LINE);
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
                "Không có cơ quan này.",
                "There is no agency of this code.",
            )
        })?;
        if people::official_by_username(tx, &account.username)?.is_some() {
            return Err(Refusal::field("username", "taken", "Tên này đã có.", "This name is taken.").into());
        }
        let id: OfficialId = new_id();
        let row = OfficialRow {
            id,
            agency_id: agency.id,
            full_name: account.full_name.clone(),
            position: account.position.clone(),
            username: Some(account.username.clone()),
            password_hash: Some(hash.clone()),
            demo: false,
            disabled_at: None,
            created_at: world.now,
        };
        people::insert_official(tx, &row)?;
        let over = (!account.whole_installation).then_some(agency.id);
        grant(tx, world, id, account.role, over, account.ceiling)?;
        Ok(id)
    })
}

/// Grants a role from the beginning of this local day on: the clocks of two processes differ by seconds, and a right
/// just granted must hold in both. A grant has a history of its own.
pub fn grant(
    tx: &mut AnyConnection,
    world: &World,
    official: OfficialId,
    role: Role,
    over: Option<AgencyId>,
    ceiling: Visibility,
) -> Result<(), Error> {
    let row = GrantRow {
        id: new_id(),
        official_id: official,
        role,
        agency_id: over,
        ceiling,
        valid_from: world.now.day(world.zone()).start(world.zone()),
        valid_to: None,
        created_at: world.now,
    };
    people::insert_grant(tx, &row)?;
    let facts = json!({ "official": official, "role": role, "agency": over, "ceiling": ceiling });
    history::record_other(tx, world, "grant", row.id.uuid(), "grant", facts)
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
