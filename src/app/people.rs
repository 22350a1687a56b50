//! Local accounts of officials and what they are granted.

use serde_json::json;

use super::{App, Error, clock::new_id, history, passwords, world::World};
use crate::{
    domain::{
        decide::checks::{Checks, LINE},
        id::{AgencyId, OfficialId},
        refusal::Refusal,
        submission::Personal,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, agencies,
        people::{self, GrantRow, OfficialRow},
    },
};

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
    passwords::check(&mut checks, "password", &account.username, password.reveal());
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
