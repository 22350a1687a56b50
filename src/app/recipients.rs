//! Whom a reminder or an urging reaches: whoever holds the post now and may see the petition.
//!
//! Where there is nobody it goes up: person, head, the heads above, the coordinators of the installation, and in the end
//! its administrators, who learn that it happened and nothing of the petition.

use super::{Error, caller::LinesOf, world::World};
use crate::{
    domain::{
        access::{self, Lines, Person, Right},
        act::{Told, Urging},
        id::{AgencyId, OfficialId},
        petition::Case,
        vocabulary::{Recipient, ReminderLevel, Role, State},
    },
    store::{AnyConnection, agencies, people},
};

/// How many of one desk are told.
const DESK: i64 = 20;
/// How far up agencies are looked for; no line is longer.
const MOST_LEVELS: usize = 16;

/// Who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) told: Vec<Told>,
    /// Whether those it was meant for could not be told.
    pub(super) passed_on: bool,
}

/// Whom a reminder of a level reaches.
pub(super) fn of_level(
    tx: &mut AnyConnection,
    world: &World,
    case: &Case,
    level: ReminderLevel,
) -> Result<Found, Error> {
    let mut search = Search::over(tx, world, case)?;
    let holder = case.lead_or_intake();
    if level == ReminderLevel::Person {
        match case.responsible {
            Some(person) => search.try_each(tx, Recipient::Person, &[person])?,
            None => search.desk(tx)?,
        }
    }
    if level != ReminderLevel::Superior {
        search.head(tx, Recipient::Head, holder)?;
    }
    search.above(tx, holder)
}

/// Whom an urging reaches: the official it names, else the head of the agency it names, else whoever is responsible.
pub(super) fn of_urging(
    tx: &mut AnyConnection,
    world: &World,
    case: &Case,
    urging: &Urging,
) -> Result<Found, Error> {
    let mut search = Search::over(tx, world, case)?;
    let agency = urging.agency_id.unwrap_or_else(|| case.lead_or_intake());
    if let Some(official) = urging.official_id {
        search.try_each(tx, Recipient::Person, &[official])?;
    }
    search.head(tx, Recipient::Head, agency)?;
    if let Some(person) = case.responsible {
        search.try_each(tx, Recipient::Person, &[person])?;
    }
    search.above(tx, agency)
}

/// A search that stops at the first who can be told.
struct Search<'a> {
    world: &'a World,
    case: &'a Case,
    lines: Lines,
    /// How often somebody was looked for.
    tried: u32,
    told: Vec<Told>,
}

impl<'a> Search<'a> {
    fn over(tx: &mut AnyConnection, world: &'a World, case: &'a Case) -> Result<Self, Error> {
        let lines = LinesOf::read(tx, [case])?.of(case);
        Ok(Self { world, case, lines, tried: 0, told: Vec::new() })
    }

    /// Tries these, unless somebody was found before.
    fn try_each(
        &mut self,
        tx: &mut AnyConnection,
        found_as: Recipient,
        officials: &[OfficialId],
    ) -> Result<(), Error> {
        if !self.told.is_empty() {
            return Ok(());
        }
        self.tried += 1;
        for official_id in officials {
            let Some(person) = self.person(tx, *official_id)? else { continue };
            if found_as == Recipient::Admin || !access::roles(self.case, &person, &self.lines).is_empty() {
                self.told.push(Told { official_id: *official_id, position: person.position, found_as });
            }
        }
        Ok(())
    }

    /// An official with his rights of now; nobody who is disabled.
    fn person(&self, tx: &mut AnyConnection, id: OfficialId) -> Result<Option<Person>, Error> {
        let row = people::official(tx, id)?.filter(|row| row.disabled_at.is_none());
        let Some(row) = row else { return Ok(None) };
        let grants = people::grants_in_force(tx, id, self.world.now)?;
        let rights = grants.into_iter().map(|grant| Right {
            role: grant.role,
            agency: grant.agency_id,
            ceiling: grant.ceiling,
        });
        let rights = rights.collect();
        Ok(Some(Person { official: id, agency: row.agency_id, position: row.position, rights }))
    }

    /// Before an assignment nobody is responsible: whoever receives or assigns nearest to the intake agency is told.
    fn desk(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        let role = if self.case.state == State::Classified { Role::Coordinator } else { Role::Intake };
        let now = self.world.now;
        let mut agency = Some(self.case.intake_agency);
        for _ in 0..MOST_LEVELS {
            let holders = people::holders(tx, role, agency, now, DESK)?;
            self.try_each(tx, Recipient::Desk, &holders)?;
            let Some(below) = agency.filter(|_| self.told.is_empty()) else { break };
            agency = parent(tx, below)?;
        }
        self.tried = 1;
        Ok(())
    }

    fn head(&mut self, tx: &mut AnyConnection, found_as: Recipient, agency: AgencyId) -> Result<(), Error> {
        let row = agencies::by_id(tx, agency)?;
        let head = row.and_then(|row| row.head_official_id);
        self.try_each(tx, found_as, head.as_slice())
    }

    /// The heads above an agency, the nearest first; then the installation.
    fn above(mut self, tx: &mut AnyConnection, agency: AgencyId) -> Result<Found, Error> {
        let mut below = agency;
        for _ in 0..MOST_LEVELS {
            let Some(agency) = parent(tx, below)?.filter(|_| self.told.is_empty()) else { break };
            self.head(tx, Recipient::Superior, agency)?;
            below = agency;
        }
        if self.tried == 0 {
            // The top of all has no agency above it.
            self.tried = 1;
        }
        for (role, found_as) in [(Role::Coordinator, Recipient::Coordinator), (Role::Admin, Recipient::Admin)]
        {
            let holders = people::holders(tx, role, None, self.world.now, DESK)?;
            self.try_each(tx, found_as, &holders)?;
        }
        Ok(Found { passed_on: self.tried > 1 || self.told.is_empty(), told: self.told })
    }
}

fn parent(tx: &mut AnyConnection, agency: AgencyId) -> Result<Option<AgencyId>, Error> {
    Ok(agencies::by_id(tx, agency)?.and_then(|row| row.parent_id))
}
