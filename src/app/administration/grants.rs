//! Rights: which role an official holds, over which agencies, up to which visibility, and for how long.

use serde_json::json;

use super::{Admin, Done, Order, accounts, change, create, line, unknown, watch::keeping_watch};
use crate::{
    app::{
        Error,
        clock::new_id,
        history::{self, Subject},
        world::World,
    },
    domain::{
        administration::{beyond_reach, not_for_oneself},
        decide::checks::{Checks, REASON},
        event::Actor,
        id::{AgencyId, GrantId, OfficialId},
        prose::Prose,
        refusal::Refusal,
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, agencies,
        people::{self, GrantRow, OfficialRow},
    },
};

/// A role to be granted.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub official_id: OfficialId,
    pub role: Role,
    /// The top of the subtree; nothing: the whole installation.
    pub agency_id: Option<AgencyId>,
    pub ceiling: Visibility,
    /// Nothing: from the beginning of this local day.
    pub valid_from: Option<Instant>,
    pub valid_to: Option<Instant>,
}

/// Why a right ends.
#[derive(Debug, Clone)]
pub struct Revocation {
    pub reason: Prose,
}

/// Grants a role to an official within reach, over what is within reach, up to the administrator's own ceiling.
pub fn grant(tx: &mut AnyConnection, world: &World, order: &Order<NewGrant>) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, new| {
        let official = named(tx, admin, new.official_id)?;
        not_for_oneself(&admin.person, official.id)?;
        check(tx, world, new)?;
        let line = new.agency_id.map(|agency| line(tx, agency)).transpose()?;
        if !admin.reach.up_to(line.as_deref(), new.ceiling) {
            return Err(beyond_reach().into());
        }
        add(tx, world, &admin.actor(), new).map(Subject::Grant)
    })
}

/// Grants a role, and records it. Unless told otherwise it holds from the beginning of this local day on: the clocks of
/// two processes differ by seconds, and a right just granted must hold in both.
pub(in crate::app) fn add(
    tx: &mut AnyConnection,
    world: &World,
    actor: &Actor,
    new: &NewGrant,
) -> Result<GrantId, Error> {
    let row = GrantRow {
        id: new_id(),
        official_id: new.official_id,
        role: new.role,
        agency_id: new.agency_id,
        ceiling: new.ceiling,
        valid_from: new.valid_from.unwrap_or_else(|| today(world)),
        valid_to: new.valid_to,
        created_at: world.now,
    };
    people::insert_grant(tx, &row)?;
    let facts = json!({
        "official": row.official_id, "role": row.role, "agency": row.agency_id, "ceiling": row.ceiling,
        "valid_from": row.valid_from, "valid_to": row.valid_to,
    });
    history::record(tx, world, &Subject::Grant(row.id), actor, "grant", facts)?;
    Ok(row.id)
}

/// Ends a right now; one that has not begun never will.
pub fn revoke(
    tx: &mut AnyConnection,
    world: &World,
    id: GrantId,
    order: &Order<Revocation>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Grant(id), see, |tx, admin, before, revocation| {
        not_for_oneself(&admin.person, before.official_id)?;
        let line = before.agency_id.map(|agency| line(tx, agency)).transpose()?;
        admin.reach.require(line.as_deref())?;
        if before.valid_to.is_some_and(|end| end <= world.now) {
            return Err(Refusal::guard(
                "already_ended",
                "Quyền này đã hết hiệu lực.",
                "This right has ended already.",
            )
            .into());
        }
        let mut checks = Checks::default();
        checks.text("/reason", &revocation.reason, REASON);
        checks.finish()?;
        let end = world.now.max(before.valid_from);
        keeping_watch(tx, world, |tx| Ok(people::changes::end_grant(tx, id, end)?))?;
        let facts = json!({ "valid_to": end, "reason": revocation.reason });
        history::record(tx, world, &Subject::Grant(id), &admin.actor(), "revocation", facts)?;
        Ok(())
    })
}

/// A grant of an official within reach; any other reads as absent.
fn within_reach(tx: &mut AnyConnection, admin: &Admin, id: GrantId) -> Result<GrantRow, Error> {
    let row = people::changes::grant(tx, id)?.ok_or(Error::NotFound)?;
    accounts::within_reach(tx, admin, row.official_id)?;
    Ok(row)
}

/// The official a body names; one beyond reach reads as absent.
fn named(tx: &mut AnyConnection, admin: &Admin, id: OfficialId) -> Result<OfficialRow, Error> {
    match accounts::within_reach(tx, admin, id) {
        Err(Error::NotFound) => Err(unknown("/official_id").into()),
        found => found,
    }
}

fn check(tx: &mut AnyConnection, world: &World, new: &NewGrant) -> Result<(), Error> {
    let mut checks = Checks::default();
    checks.require(
        new.role.is_granted(),
        "/role",
        "not_granted",
        "Vai trò này không cấp cho cán bộ.",
        "This role is not one that officials are granted.",
    );
    let exists = new.agency_id.map(|agency| agencies::by_id(tx, agency)).transpose()?;
    checks.require(
        exists.is_none_or(|found| found.is_some()),
        "/agency_id",
        "unknown",
        "Không có cơ quan này.",
        "There is no such agency.",
    );
    checks.require(
        new.valid_from.is_none_or(|from| from >= today(world)),
        "/valid_from",
        "in_the_past",
        "Không cấp quyền lùi về ngày trước.",
        "A right cannot begin before today.",
    );
    checks.require(
        new.valid_to.is_none_or(|to| to > new.valid_from.unwrap_or(world.now).max(world.now)),
        "/valid_to",
        "not_after_the_beginning",
        "Phải sau lúc bắt đầu và sau bây giờ.",
        "Must be after the beginning, and after now.",
    );
    Ok(checks.finish()?)
}

/// The beginning of this local day.
fn today(world: &World) -> Instant {
    world.now.day(world.zone()).start(world.zone())
}
