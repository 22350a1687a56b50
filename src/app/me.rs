//! What the caller is and has.

use super::{
    Error,
    caller::{self, Caller},
    world::World,
};
use crate::{
    domain::{
        id::AgencyId,
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection,
        accounts::{self, AccountRow},
        agencies::{self, AgencyName},
        people::{self, OfficialRow},
    },
};

/// An agency under its present name.
pub type Named = (AgencyId, AgencyName);

/// A right in force.
#[derive(Debug)]
pub struct Grant {
    pub role: Role,
    /// The top of the subtree it covers; nothing: the whole installation.
    pub over: Option<Named>,
    pub ceiling: Visibility,
    pub valid_to: Option<Instant>,
}

/// Who calls.
#[derive(Debug)]
pub enum Me {
    Official { official: Box<OfficialRow>, home: Named, grants: Vec<Grant> },
    Citizen(AccountRow),
}

/// Reads who calls, and what he may do now.
pub fn read(tx: &mut AnyConnection, world: &World, who: &Caller) -> Result<Me, Error> {
    if let Caller::Citizen(..) = who {
        let id = caller::account(tx, world, who)?;
        return Ok(Me::Citizen(accounts::find(tx, id)?.ok_or(Error::Unauthenticated("session_ended"))?));
    }
    let official = caller::official(tx, world, who)?;
    let rows = people::grants_in_force(tx, official.id, world.now)?;
    let mut ids: Vec<AgencyId> = rows.iter().filter_map(|row| row.agency_id).collect();
    ids.push(official.agency_id);
    let names = agencies::names(tx, &ids)?;
    let named = |id: AgencyId| {
        let unnamed = || AgencyName { code: String::new(), name: String::new() };
        (id, names.get(&id).cloned().unwrap_or_else(unnamed))
    };
    let grant = |row: people::GrantRow| Grant {
        role: row.role,
        over: row.agency_id.map(named),
        ceiling: row.ceiling,
        valid_to: row.valid_to,
    };
    let home = named(official.agency_id);
    let grants = rows.into_iter().map(grant).collect();
    Ok(Me::Official { home, grants, official: Box::new(official) })
}
