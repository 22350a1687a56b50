//! Who calls: nobody known, an official with the rights of now, or a citizen who showed the keys of his petitions or
//! signed in elsewhere.

use std::collections::HashMap;

use super::{Error, history, world::World};
use crate::{
    domain::{
        access::{self, Lines, Person, Right},
        event::Actor,
        id::{AccountId, AgencyId, OfficialId, PetitionId, SessionId},
        petition::Case,
        vocabulary::Role,
    },
    store::{
        AnyConnection, agencies,
        people::{self, OfficialRow},
        sessions,
    },
};

/// The caller of a use case, as the token says; rights are looked up in the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    /// An official whom the program itself names, such as in the demo.
    Official(OfficialId),
    /// An official with a session that must be alive.
    SignedIn(OfficialId, SessionId),
    Tracker(Vec<PetitionId>),
    /// A citizen with a session that must be alive.
    Citizen(AccountId, SessionId),
}

impl Caller {
    /// The name under which idempotency keys and cursors of this caller are kept.
    pub fn scope(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Official(official) | Self::SignedIn(official, _) => format!("official:{official}"),
            Self::Citizen(account, _) => format!("account:{account}"),
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
    if let Caller::Official(id) | Caller::SignedIn(id, _) = caller
        && let Some(person) = world.met.get(*id)
    {
        return Ok(person);
    }
    let official = official(tx, world, caller)?;
    let rights = people::grants_in_force(tx, official.id, world.now)?;
    let person = Person {
        official: official.id,
        agency: official.agency_id,
        position: official.position,
        rights: rights
            .into_iter()
            .map(|grant| Right { role: grant.role, agency: grant.agency_id, ceiling: grant.ceiling })
            .collect(),
    };
    world.met.keep(&person);
    Ok(person)
}

/// The official behind a caller; refuses who is disabled, and whose session is over.
pub fn official(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<OfficialRow, Error> {
    let (found, reason) = match caller {
        Caller::Official(id) => (people::official(tx, *id)?, "unknown_official"),
        Caller::SignedIn(id, session) => {
            (sessions::official_in(tx, *session, *id, world.real_now)?, "session_ended")
        }
        _ => return Err(Error::Unauthenticated("official_required")),
    };
    found.filter(|official| official.disabled_at.is_none()).ok_or(Error::Unauthenticated(reason))
}

/// The account of a citizen; refuses whose session is over.
pub fn account(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<AccountId, Error> {
    let Caller::Citizen(account, session) = caller else {
        return Err(Error::Unauthenticated("account_required"));
    };
    let row = sessions::live(tx, *session, world.real_now)?;
    let alive = row.is_some_and(|row| row.account_id == Some(*account));
    if alive { Ok(*account) } else { Err(Error::Unauthenticated("session_ended")) }
}

/// Refuses whose session is over.
pub fn check_session(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<(), Error> {
    match caller {
        Caller::Citizen(..) => account(tx, world, caller).map(drop),
        _ => official(tx, world, caller).map(drop),
    }
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

/// The lines to the top from the agencies of some cases.
pub struct LinesOf(HashMap<AgencyId, Vec<AgencyId>>);

impl LinesOf {
    /// Reads those of all these cases at once.
    pub fn read<'c>(
        tx: &mut AnyConnection,
        cases: impl IntoIterator<Item = &'c Case>,
    ) -> Result<Self, Error> {
        let mut ids: Vec<AgencyId> = Vec::new();
        for case in cases {
            ids.extend([case.intake_agency, case.lead_or_intake()]);
            ids.extend(case.supporting.iter().map(|support| support.agency_id));
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(agencies::lines(tx, &ids)?))
    }

    /// Those of one of them.
    pub fn of(&self, case: &Case) -> Lines {
        let line = |id: AgencyId| self.0.get(&id).cloned().unwrap_or_default();
        Lines {
            intake: line(case.intake_agency),
            lead: line(case.lead_or_intake()),
            supporting: case.supporting.iter().flat_map(|support| line(support.agency_id)).collect(),
        }
    }
}

/// The person behind a caller, if it is an official; refuses who is nobody.
pub fn identify(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Option<Person>, Error> {
    match caller {
        Caller::Anonymous => Err(Error::Unauthenticated("missing_token")),
        Caller::Tracker(_) => Ok(None),
        Caller::Official(_) | Caller::SignedIn(..) => person(tx, world, caller).map(Some),
        Caller::Citizen(..) => account(tx, world, caller).map(|_| None),
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
    let lines = LinesOf::read(tx, [case])?;
    let roles = access::roles(case, &person, &lines.of(case));
    if roles.is_empty() { Err(Error::NotFound) } else { Ok((Some(person), roles)) }
}

/// Those of many petitions that a caller may see, by id.
pub fn visible(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    ids: &[PetitionId],
) -> Result<HashMap<PetitionId, Case>, Error> {
    let person = identify(tx, world, caller)?;
    let found = history::load_many(tx, ids)?;
    let cases = found.into_iter().map(|loaded| (loaded.case.id, loaded.case));
    let mut cases: HashMap<PetitionId, Case> = cases.collect();
    match person {
        None => cases.retain(|id, _| matches!(caller, Caller::Tracker(own) if own.contains(id))),
        Some(person) => {
            let lines = LinesOf::read(tx, cases.values())?;
            cases.retain(|_, case| !access::roles(case, &person, &lines.of(case)).is_empty());
        }
    }
    Ok(cases)
}
