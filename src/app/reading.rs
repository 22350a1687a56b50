//! One petition in full, for somebody who may see it: the fold, with names and texts put back.

use std::collections::HashMap;

use super::{
    Error,
    actions::Done,
    caller::{self, Caller},
    disclosures,
    history::{self, Loaded},
    past::Past,
    world::World,
};
use crate::{
    domain::{
        access,
        clock::Clock,
        id::{AgencyId, OfficialId, PetitionId, TextId},
        lifecycle,
        petition::Case,
        prose::Prose,
        time::Instant,
        vocabulary::{Action, Code, LinkKind, Role},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyName},
        events, people,
        petitions::{self, DetailRow, SubmitterRow},
    },
};

/// A petition at the other end of a link, which the reader may see too.
#[derive(Debug, Clone)]
pub struct Linked {
    pub id: PetitionId,
    pub code: String,
    pub kind: LinkKind,
    /// Whether the link leads from this petition to the other.
    pub outgoing: bool,
}

/// A petition with everything its view shows.
#[derive(Debug)]
pub struct Reading {
    /// When it is looked at.
    pub now: Instant,
    /// The moment of the past that it shows; nothing: the present.
    pub past: Option<Past>,
    pub case: Case,
    pub clocks: Vec<Clock>,
    pub texts: HashMap<TextId, Option<String>>,
    pub agencies: HashMap<AgencyId, AgencyName>,
    /// Full name and position by official.
    pub people: HashMap<OfficialId, (String, String)>,
    pub detail: DetailRow,
    pub links: Vec<Linked>,
    /// Source and external id.
    pub externals: Vec<(String, String)>,
    pub roles: Vec<Role>,
}

impl Reading {
    /// The text behind a reference; nothing once it was erased.
    pub fn text(&self, prose: &Prose) -> Option<&str> {
        self.texts.get(&prose.kept()?)?.as_deref()
    }

    /// What the reader may do now, by the table.
    pub fn actions(&self) -> Vec<Action> {
        let may = |action: &Action| {
            self.roles.iter().any(|role| lifecycle::find(self.case.state, *action, *role).is_some())
        };
        Action::ALL.iter().copied().filter(may).collect()
    }

    /// The clock that `deadline` shows.
    pub fn present_clock(&self) -> Option<&Clock> {
        crate::domain::clock::current(&self.clocks, self.case.round)
    }
}

/// Reads a petition for a caller, as far as a sequence when one is given (a replayed answer).
pub fn read(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    up_to: Option<u32>,
) -> Result<Reading, Error> {
    let mut loaded = history::load(tx, id)?.ok_or(Error::NotFound)?;
    let (_, mut roles) = caller::standing(tx, world, caller, &loaded.case)?;
    if up_to.is_some_and(|sequence| sequence < loaded.case.sequence) {
        loaded = history::fold(tx, loaded.row, up_to)?;
        // The stricter of then and now.
        let (_, then) = caller::standing(tx, world, caller, &loaded.case)?;
        roles.retain(|role| then.contains(role));
    }
    put_together(tx, world, caller, loaded, roles)
}

/// Reads the petition that a call left, for whoever called.
pub fn read_done(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    done: Done,
) -> Result<Reading, Error> {
    let Some(after) = done.after else {
        return read(tx, world, caller, done.petition, Some(done.sequence));
    };
    let (_, roles) = caller::standing(tx, world, caller, &after.case)?;
    put_together(tx, world, caller, after, roles)
}

/// Puts names and texts to a fold.
pub fn put_together(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    loaded: Loaded,
    roles: Vec<Role>,
) -> Result<Reading, Error> {
    let case = loaded.case;
    let (agency_ids, official_ids) = named(&case);
    Ok(Reading {
        now: world.now,
        past: None,
        clocks: case.clocks(world.rules(), world.calendar()),
        texts: events::texts(tx, case.id)?,
        agencies: agencies::names(tx, &agency_ids)?,
        people: people::names(tx, &official_ids)?,
        detail: petitions::detail(tx, case.id)?,
        links: links(tx, world, caller, case.id)?,
        externals: petitions::externals(tx, case.id)?,
        roles,
        case,
    })
}

/// Agencies and officials that a view of a case names.
pub(super) fn named(case: &Case) -> (Vec<AgencyId>, Vec<OfficialId>) {
    let mut agencies = vec![case.intake_agency];
    let mut officials = Vec::new();
    agencies.extend(case.lead);
    officials.extend(case.responsible);
    for support in &case.supporting {
        agencies.push(support.agency_id);
        officials.extend(support.person_id);
    }
    for commitment in case.reply.iter().flat_map(|reply| &reply.commitments) {
        agencies.extend(commitment.agency_id);
        officials.extend(commitment.person_id);
    }
    officials.extend(case.reply.iter().flat_map(|reply| reply.authors.iter().copied()));
    officials.extend(case.reply.iter().filter_map(|reply| reply.approved.as_ref()?.by));
    (agencies, officials)
}

/// Only links to petitions that the reader may see: the others are as if they were not there.
fn links(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
) -> Result<Vec<Linked>, Error> {
    let links = petitions::links(tx, id)?;
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let others: Vec<PetitionId> = links.iter().map(|link| link.petition).collect();
    let visible = caller::visible(tx, world, caller, &others)?;
    let seen = links.into_iter().filter_map(|link| {
        let code = visible.get(&link.petition)?.code.clone();
        Some(Linked { id: link.petition, code, kind: link.kind, outgoing: link.outgoing })
    });
    Ok(seen.collect())
}

/// Reads who submitted a petition, and writes down that it was read.
pub fn read_submitter(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
) -> Result<Option<SubmitterRow>, Error> {
    let loaded = history::load(tx, id)?.ok_or(Error::NotFound)?;
    let (person, roles) = caller::standing(tx, world, caller, &loaded.case)?;
    let person = person.ok_or(Error::Unauthenticated("official_required"))?;
    if !access::may_read_submitter(&loaded.case, &roles) {
        return Err(access::submitter_is_sealed().into());
    }
    let row = petitions::find_submitter(tx, id)?;
    let needs_it = |role: &Role| access::may_read_submitter(&loaded.case, &[*role]);
    let role = roles.iter().copied().find(needs_it).unwrap_or(Role::Intake);
    disclosures::note(tx, world, &loaded.case, person.official, role)?;
    Ok(row)
}

/// Whether a caller may see who read the personal data of a petition: auditors may.
pub fn check_reads(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
) -> Result<(), Error> {
    let loaded = history::load(tx, id)?.ok_or(Error::NotFound)?;
    let (_, roles) = caller::standing(tx, world, caller, &loaded.case)?;
    if roles.contains(&Role::Auditor) { Ok(()) } else { Err(disclosures::for_auditors().into()) }
}
