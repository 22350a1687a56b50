//! Who calls: nobody known, an official with the rights of now, or a citizen who showed the keys of his petitions.

use super::{Error, world::World};
use crate::{
    domain::{
        access::{self, Lines, Person, Right},
        event::Actor,
        id::{AgencyId, OfficialId, PetitionId},
        petition::Case,
        vocabulary::Role,
    },
    store::{AnyConnection, agencies, people},
};

/// The caller of a use case, as the token says; rights are looked up in the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    Official(OfficialId),
    Tracker(Vec<PetitionId>),
}

impl Caller {
    /// The name under which idempotency keys and cursors of this caller are kept.
    pub fn scope(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Official(official) => format!("official:{official}"),
            Self::Tracker(petitions) => {
                let mut names: Vec<_> = petitions.iter().map(ToString::to_string).collect();
                names.sort();
                format!(
                    "tracker:{}",
                    super::history::hex(&super::secrets::sha256(names.join(",").as_bytes()))
                )
            }
        }
    }
}

/// The official behind a caller with the rights in force now; an unknown or disabled one is nobody.
pub fn person(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Person, Error> {
    let Caller::Official(id) = caller else { return Err(Error::Unauthenticated("official_required")) };
    let official = people::official(tx, *id)?.filter(|official| official.disabled_at.is_none());
    let official = official.ok_or(Error::Unauthenticated("unknown_official"))?;
    let rights = people::grants_in_force(tx, *id, world.now)?;
    Ok(Person {
        official: official.id,
        agency: official.agency_id,
        position: official.position,
        rights: rights
            .into_iter()
            .map(|grant| Right { role: grant.role, agency: grant.agency_id, ceiling: grant.ceiling })
            .collect(),
    })
}

/// An official acting in a role.
pub fn actor(person: &Person, role: Role) -> Actor {
    Actor {
        role,
        official: Some(person.official),
        agency: Some(person.agency),
        position: Some(person.position.clone()),
    }
}

/// The lines from the agencies of a case to the top.
pub fn lines(tx: &mut AnyConnection, case: &Case) -> Result<Lines, Error> {
    let supporting: Vec<AgencyId> = case.supporting.iter().map(|support| support.agency_id).collect();
    let mut ids = supporting.clone();
    ids.extend([case.intake_agency, case.lead_or_intake()]);
    ids.sort_unstable();
    ids.dedup();
    let lines = agencies::lines(tx, &ids)?;
    let line = |id: AgencyId| lines.get(&id).cloned().unwrap_or_default();
    Ok(Lines {
        intake: line(case.intake_agency),
        lead: line(case.lead_or_intake()),
        supporting: supporting.into_iter().flat_map(line).collect(),
    })
}

/// The person behind a caller, if it is an official; refuses who is nobody.
pub fn identify(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Option<Person>, Error> {
    match caller {
        Caller::Anonymous => Err(Error::Unauthenticated("missing_token")),
        Caller::Tracker(_) => Ok(None),
        Caller::Official(_) => person(tx, world, caller).map(Some),
    }
}

/// The roles in which a caller stands to a case; not visible reads as absent.
pub fn standing(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    case: &Case,
) -> Result<(Option<Person>, Vec<Role>), Error> {
    let Some(person) = identify(tx, world, caller)? else {
        let own = matches!(caller, Caller::Tracker(petitions) if petitions.contains(&case.id));
        return if own { Ok((None, vec![Role::Citizen])) } else { Err(Error::NotFound) };
    };
    let lines = lines(tx, case)?;
    let roles = access::roles(case, &person, &lines);
    if roles.is_empty() { Err(Error::NotFound) } else { Ok((Some(person), roles)) }
}
