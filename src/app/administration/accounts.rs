//! Officials and their accounts. A password is made by the server, told once, and kept as a hash alone.

use serde_json::json;

use super::{Admin, Done, Order, change, create, taken, unknown, watch::keeping_watch};
use crate::{
    app::{
        App, Error,
        caller::Caller,
        clock::new_id,
        history::{self, Subject},
        passwords,
        secrets::random,
        world::World,
    },
    domain::{
        administration::{beyond_reach, check_username, not_for_oneself},
        decide::checks::{Checks, LINE},
        event::Actor,
        id::{AgencyId, OfficialId},
        identifiers::{AccessKey, check_email},
        prose::normalised,
        refusal::Refusal,
        submission::Personal,
    },
    store::{
        AnyConnection, StoreError, agencies,
        people::{self, OfficialRow},
        sessions,
    },
};

/// Who an official is.
#[derive(Debug, Clone)]
pub struct OfficialFacts {
    pub agency_id: AgencyId,
    pub full_name: String,
    pub position: String,
    /// Nothing for an official who does not sign in.
    pub username: Option<String>,
    /// Where he gets notifications by mail.
    pub email: Option<Personal>,
}

/// An order that carries nothing.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

/// A password made by the server, with what is kept of it.
#[derive(Clone)]
pub struct Fresh {
    pub password: Personal,
    hash: String,
}

/// Makes a password of 100 bits, off the threads that answer; only for somebody who administers.
pub async fn fresh_password(app: &App, caller: Caller) -> Result<Fresh, Error> {
    app.read(None, move |tx, world| Admin::of(tx, world, &caller).map(|_| ())).await?;
    let key = AccessKey::from_bytes(random::<13>()?);
    let password = Personal::new(key.reveal());
    let hash = tokio::task::spawn_blocking(move || passwords::hash(key.reveal()));
    Ok(Fresh { password, hash: hash.await.map_err(Error::internal)?? })
}

/// Adds an official to an agency within reach; one with a username can sign in with the fresh password.
pub fn add(
    tx: &mut AnyConnection,
    world: &World,
    order: &Order<OfficialFacts>,
    fresh: &Fresh,
) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, facts| {
        check(tx, admin, facts)?;
        insert(tx, world, &admin.actor(), facts, Some(&fresh.hash)).map(Subject::Official)
    })
}

/// Adds an official whose facts are sound, and records it.
pub(in crate::app) fn insert(
    tx: &mut AnyConnection,
    world: &World,
    actor: &Actor,
    facts: &OfficialFacts,
    hash: Option<&str>,
) -> Result<OfficialId, Error> {
    let row = OfficialRow {
        id: new_id(),
        agency_id: facts.agency_id,
        full_name: normalised(&facts.full_name),
        position: normalised(&facts.position),
        username: facts.username.clone(),
        password_hash: facts.username.as_ref().and(hash).map(str::to_owned),
        demo: false,
        disabled_at: None,
        created_at: world.now,
        email: facts.email.as_ref().map(|email| email.reveal().to_owned()),
    };
    require_free(tx, &row)?;
    people::insert_official(tx, &row).map_err(of_username)?;
    record(tx, world, actor, &row, "creation")?;
    Ok(row.id)
}

/// Changes who an official is, or moves him to another agency. His petitions stay with him until they are handed over.
pub fn replace(
    tx: &mut AnyConnection,
    world: &World,
    id: OfficialId,
    order: &Order<OfficialFacts>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Official(id), see, |tx, admin, before, facts| {
        check(tx, admin, facts)?;
        require_grants(tx, world, admin, id, false)?;
        if facts.agency_id != before.agency_id && !people::headed_by(tx, id)?.is_empty() {
            return Err(Refusal::guard(
                "heads_an_agency",
                "Người này đang đứng đầu một cơ quan; hãy nêu người đứng đầu khác trước.",
                "This official heads an agency; name another head first.",
            )
            .into());
        }
        let hash = before.password_hash.clone().filter(|_| facts.username.is_some());
        let row = OfficialRow {
            agency_id: facts.agency_id,
            full_name: normalised(&facts.full_name),
            position: normalised(&facts.position),
            username: facts.username.clone(),
            password_hash: hash,
            email: facts.email.as_ref().map(|email| email.reveal().to_owned()),
            ..before
        };
        require_free(tx, &row)?;
        people::changes::update_official(tx, &row).map_err(of_username)?;
        record(tx, world, &admin.actor(), &row, "change")
    })
}

/// Disables an account: its rights rest at once, in every process. Petitions for which the official is responsible stay
/// with him in name, because a lost account cannot wait for their handover; the answer says how many they are.
pub fn disable(
    tx: &mut AnyConnection,
    world: &World,
    id: OfficialId,
    order: &Order<Bare>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Official(id), see, |tx, admin, before, _| {
        not_for_oneself(&admin.person, id)?;
        require_grants(tx, world, admin, id, false)?;
        require(before.disabled_at.is_none(), "already_disabled", "Tài khoản đã khóa.", "Disabled already.")?;
        let row = OfficialRow { disabled_at: Some(world.now), ..before };
        keeping_watch(tx, world, |tx| Ok(people::changes::update_official(tx, &row)?))?;
        sessions::revoke_others(tx, row.id, None, "disabled", world.real_now)?;
        history::record(tx, world, &Subject::Official(id), &admin.actor(), "disabling", json!({}))?;
        Ok(())
    })
}

/// Enables a disabled account again, with the rights it still has.
pub fn enable(
    tx: &mut AnyConnection,
    world: &World,
    id: OfficialId,
    order: &Order<Bare>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Official(id), see, |tx, admin, before, _| {
        require_grants(tx, world, admin, id, true)?;
        require(before.disabled_at.is_some(), "not_disabled", "Tài khoản không bị khóa.", "Not disabled.")?;
        people::changes::update_official(tx, &OfficialRow { disabled_at: None, ..before })?;
        history::record(tx, world, &Subject::Official(id), &admin.actor(), "enabling", json!({}))?;
        Ok(())
    })
}

/// Gives an account a fresh password. Whoever may do that could sign in as the official, so every right of the
/// official, to its ceiling, must be one that the administrator might grant.
pub fn reset_password(
    tx: &mut AnyConnection,
    world: &World,
    id: OfficialId,
    order: &Order<Bare>,
    fresh: &Fresh,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Official(id), see, |tx, admin, before, _| {
        not_for_oneself(&admin.person, id)?;
        require_grants(tx, world, admin, id, true)?;
        require(
            before.username.is_some(),
            "no_account",
            "Cán bộ này không có tên đăng nhập; hãy đặt username trước.",
            "This official has no username; give one first.",
        )?;
        let row = OfficialRow { password_hash: Some(fresh.hash.clone()), ..before };
        people::changes::update_official(tx, &row)?;
        sessions::revoke_others(tx, row.id, None, "password_reset", world.real_now)?;
        history::record(tx, world, &Subject::Official(id), &admin.actor(), "password-reset", json!({}))?;
        Ok(())
    })
}

/// An official whose agency is within reach; any other reads as absent.
pub fn within_reach(tx: &mut AnyConnection, admin: &Admin, id: OfficialId) -> Result<OfficialRow, Error> {
    let row = people::official(tx, id)?.ok_or(Error::NotFound)?;
    if admin.reaches(tx, row.agency_id)? { Ok(row) } else { Err(Error::NotFound) }
}

/// Refuses to touch an account that holds rights beyond reach, or, where one might sign in by it, beyond the ceiling.
pub(super) fn require_grants(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    id: OfficialId,
    to_ceiling: bool,
) -> Result<(), Error> {
    for grant in people::changes::grants_not_ended(tx, id, world.now)? {
        let line = grant.agency_id.map(|agency| super::line(tx, agency)).transpose()?;
        let allowed = match to_ceiling {
            true => admin.reach.up_to(line.as_deref(), grant.ceiling),
            false => admin.reach.over(line.as_deref()),
        };
        if !allowed {
            return Err(beyond_reach().into());
        }
    }
    Ok(())
}

fn require(holds: bool, code: &'static str, vi: &str, en: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::guard(code, vi, en)) }
}

fn check(tx: &mut AnyConnection, admin: &Admin, facts: &OfficialFacts) -> Result<(), Error> {
    check_facts(facts)?;
    if agencies::by_id(tx, facts.agency_id)?.is_none() {
        return Err(unknown("/agency_id").into());
    }
    admin.require(tx, facts.agency_id)
}

/// The faults of what is said of an official.
pub(in crate::app) fn check_facts(facts: &OfficialFacts) -> Result<(), Refusal> {
    let mut checks = Checks::default();
    checks.line("/full_name", &facts.full_name, LINE);
    checks.line("/position", &facts.position, LINE);
    checks.add(facts.username.as_deref().and_then(|name| check_username("/username", name)));
    checks.add(facts.email.as_ref().and_then(|email| check_email("/email", email.reveal())));
    checks.finish()
}

/// Of two who choose one name at once, the later one is told as well.
fn of_username(error: StoreError) -> Error {
    match error {
        StoreError::Unique => taken("/username").into(),
        other => other.into(),
    }
}

fn require_free(tx: &mut AnyConnection, row: &OfficialRow) -> Result<(), Error> {
    let Some(username) = &row.username else { return Ok(()) };
    match people::official_by_username(tx, username)? {
        Some(other) if other.id != row.id => Err(taken("/username").into()),
        _ => Ok(()),
    }
}

/// Records who an official is from now on.
pub(super) fn record(
    tx: &mut AnyConnection,
    world: &World,
    actor: &Actor,
    row: &OfficialRow,
    name: &str,
) -> Result<(), Error> {
    let facts = json!({
        "agency_id": row.agency_id, "full_name": { "given": row.full_name },
        "position": { "given": row.position },
        "username": row.username.as_ref().map(|username| json!({ "given": username })),
        "email": row.email.as_ref().map(|email| json!({ "given": email })),
    });
    history::record(tx, world, &Subject::Official(row.id), actor, name, facts)?;
    Ok(())
}
