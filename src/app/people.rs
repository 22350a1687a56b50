//! Local accounts of officials and what they are granted.

use super::{
    App, Error,
    administration::{
        accounts::{self, OfficialFacts},
        grants::{self, NewGrant},
    },
    passwords,
};
use crate::{
    domain::{
        administration::folded_username,
        decide::checks::{Checks, LINE},
        event::Actor,
        id::OfficialId,
        refusal::Refusal,
        submission::Personal,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, agencies,
        people::{self, OfficialRow},
    },
};

/// The account of a name, in small letters too: a phone begins a field with a capital.
pub(super) fn account(tx: &mut AnyConnection, username: &str) -> Result<Option<OfficialRow>, Error> {
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
                "Không có cơ quan này; thêm bằng kiennghi agency add.",
                "There is no agency of this code; add it with kiennghi agency add.",
            )
        })?;
        let facts = OfficialFacts {
            agency_id: agency.id,
            full_name: account.full_name.clone(),
            position: account.position.clone(),
            username: Some(account.username.clone()),
            email: None,
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
