//! What a closure changes at once: the agency, those below it, its people and the rights over it.

use serde_json::json;

use super::{Closure, Outcome, record};
use crate::{
    app::{
        Error,
        administration::{Admin, accounts, grants, line},
        history::{self, Subject},
        world::World,
    },
    domain::{
        administration::beyond_reach,
        id::{AgencyId, OfficialId},
        succession::Plan,
    },
    store::{
        AnyConnection,
        agencies::{
            self, AgencyRow,
            changes::{self, NewVersion},
            succession,
        },
        people::{self, GrantRow, OfficialRow},
        sessions,
    },
};

/// Ends an agency; its petitions follow.
pub(super) fn end(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    before: &AgencyRow,
    closure: &Closure,
    plan: &Plan,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    for child in succession::children(tx, before.id)? {
        let elsewhere = closure.children.iter().find(|(named, _)| *named == child).map(|(_, parent)| *parent);
        let Some(parent) = elsewhere.or(closure.children_to) else { continue };
        rehang(tx, world, admin, child, parent, plan)?;
        outcome.children += 1;
    }
    let officials = succession::officials(tx, before.id)?;
    let rights = people::changes::grants_over(tx, before.id, world.now)?;
    for official in &officials {
        move_official(tx, world, admin, *official, goes(closure, plan, *official))?;
        outcome.officials += 1;
    }
    for right in rights {
        // Who holds it from outside goes nowhere: it leads on to whoever takes the rest.
        let holder = right.official_id;
        let to =
            if officials.contains(&holder) { goes(closure, plan, holder) } else { Some(plan.default_id) };
        move_right(tx, world, admin, before.id, to.filter(|to| may_follow(closure, plan, *to)), right)?;
        outcome.grants += 1;
    }
    agencies::set_head(tx, before.id, None)?;
    let successors: Vec<AgencyId> = plan.successors.iter().map(|one| one.agency_id).collect();
    changes::dissolve(tx, before.id, plan.effective_on, &successors)?;
    record(tx, world, admin, before, closure, plan, outcome)?;
    Ok(())
}

/// Where an official of the closed agency goes; nothing: his account is closed.
fn goes(closure: &Closure, plan: &Plan, official: OfficialId) -> Option<AgencyId> {
    let named = closure.officials.iter().find(|(named, _)| *named == official).map(|(_, to)| *to);
    named.unwrap_or(Some(closure.officials_to.unwrap_or(plan.default_id)))
}

/// Whether rights lead on to an agency: to a successor only. Who goes to an agency above would hold them over all of it.
fn may_follow(closure: &Closure, plan: &Plan, to: AgencyId) -> bool {
    !closure.rights_end && plan.successor(to).is_some()
}

/// Puts an agency below another one from the day of the closure on, or from when its own name began, if that is later.
fn rehang(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    child: AgencyId,
    parent: AgencyId,
    plan: &Plan,
) -> Result<(), Error> {
    let Some(row) = agencies::by_id(tx, child)? else { return Ok(()) };
    let valid_from = row.valid_from.map_or(plan.effective_on, |from| from.max(plan.effective_on));
    let version = NewVersion {
        code: row.code.clone(),
        identifier: row.identifier.clone(),
        name: row.name.clone(),
        level: row.level,
        parent_id: Some(parent),
        valid_from: Some(valid_from),
    };
    changes::begin_version(tx, child, &version)?;
    changes::move_below(tx, child, Some(parent))?;
    let facts = json!({
        "code": row.code, "identifier": row.identifier, "name": { "given": row.name }, "level": row.level,
        "parent_id": parent, "serves_area": row.serves_area, "is_default": row.is_default,
        "head_official_id": row.head_official_id, "valid_from": valid_from,
    });
    history::record(tx, world, &Subject::Agency(child), &admin.actor(), "change", facts)?;
    Ok(())
}

/// Moves an official to another agency, or closes his account.
fn move_official(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    id: OfficialId,
    to: Option<AgencyId>,
) -> Result<(), Error> {
    let Some(row) = people::official(tx, id)? else { return Ok(()) };
    accounts::require_grants(tx, world, admin, id, false)?;
    match to {
        Some(agency_id) => {
            let row = OfficialRow { agency_id, ..row };
            people::changes::update_official(tx, &row)?;
            accounts::record(tx, world, &admin.actor(), &row, "change")
        }
        None => {
            people::changes::update_official(tx, &OfficialRow { disabled_at: Some(world.now), ..row })?;
            sessions::revoke_others(tx, id, None, "disabled", world.real_now)?;
            history::record(tx, world, &Subject::Official(id), &admin.actor(), "disabling", json!({}))?;
            Ok(())
        }
    }
}

/// Ends a right over the closed agency, and grants the same over a successor, if it leads on to one.
fn move_right(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    closing: AgencyId,
    to: Option<AgencyId>,
    right: GrantRow,
) -> Result<(), Error> {
    let end = world.now.max(right.valid_from);
    people::changes::end_grant(tx, right.id, end)?;
    let facts = json!({ "valid_to": end, "closed": closing });
    history::record(tx, world, &Subject::Grant(right.id), &admin.actor(), "revocation", facts)?;
    let active = people::official(tx, right.official_id)?.is_some_and(|holder| holder.disabled_at.is_none());
    let Some(to) = to.filter(|_| active) else { return Ok(()) };
    if !admin.reach.up_to(Some(&line(tx, to)?), right.ceiling) {
        return Err(beyond_reach().into());
    }
    let new = grants::NewGrant {
        official_id: right.official_id,
        role: right.role,
        agency_id: Some(to),
        ceiling: right.ceiling,
        valid_from: Some(right.valid_from).filter(|from| *from > world.now),
        valid_to: right.valid_to,
    };
    grants::add(tx, world, &admin.actor(), &new)?;
    Ok(())
}
