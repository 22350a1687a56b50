//! What everybody may read of petitions: types of their own, which have no place for personal data.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Error,
    deadline::Deadline,
    timeline::{self, Mark},
    world::World,
};
use crate::{
    domain::{
        clock,
        event::Event,
        id::{AgencyId, OfficialId},
        identifiers::PetitionCode,
        petition::Case,
        prose::Prose,
        time::{Day, Instant},
        vocabulary::{Code, Kind, PublicStatus, State},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyName},
        events, people, petitions,
        public::{self, After, Face, Wanted},
    },
};

/// An agency by id, code and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyFace {
    pub id: AgencyId,
    pub code: String,
    pub name: String,
}

/// Who answers for a petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFace {
    pub full_name: String,
    pub position: String,
}

/// A petition in the public list.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicPetition {
    pub code: String,
    pub kind: Kind,
    pub field_code: String,
    pub status: PublicStatus,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub agency: Option<AgencyFace>,
    pub responsible: Option<PersonFace>,
    pub deadline: Option<Deadline>,
    pub public_from: Instant,
}

/// A petition's public page.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicPage {
    pub petition: PublicPetition,
    pub timeline: Vec<(Mark, Option<AgencyFace>)>,
    /// The published text and when it was published.
    pub reply: Option<(Instant, String)>,
}

/// A published reply to a petition that is not public: text, agency and date, and nothing of the petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicReply {
    pub text: String,
    pub agency: Option<AgencyFace>,
    pub issued_on: Option<Day>,
}

/// What the public list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Filter {
    pub kind: Option<Kind>,
    pub field_code: Option<String>,
    pub agency_id: Option<AgencyId>,
    pub status: Option<PublicStatus>,
    pub area_code: Option<String>,
}

/// A page of a list with the sort values of its last row, if there is more.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, A> {
    pub items: Vec<T>,
    pub next: Option<A>,
}

impl<T, A> Page<T, A> {
    /// Makes a page of one row more than was asked for: the row too many says that there is more.
    pub fn of(mut rows: Vec<T>, limit: i64, after: impl Fn(&T) -> A) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(after);
        Self { items: rows, next }
    }
}

/// Public petitions, the latest published first.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    filter: &Filter,
    after: Option<After<crate::domain::id::PetitionKey>>,
    limit: i64,
) -> Result<Page<PublicPetition, After<crate::domain::id::PetitionKey>>, Error> {
    let states = filter.status.map(|status| {
        State::ALL.iter().copied().filter(|state| state.public_status() == status).collect::<Vec<_>>()
    });
    let wanted = Wanted {
        kind: filter.kind,
        field_code: filter.field_code.clone(),
        agency_id: filter.agency_id,
        states,
        area_code: filter.area_code.clone(),
    };
    let faces = public::petitions(tx, &wanted, after, limit + 1)?;
    let page = Page::of(faces, limit, |face| (face.public_from.unwrap_or(world.now), face.id));
    let names = Names::of(tx, &page.items)?;
    let deadlines = deadlines(tx, world, &page.items)?;
    let items = page.items.into_iter().zip(deadlines).map(|(face, deadline)| PublicPetition {
        agency: names.agency(face.span.agency_id),
        responsible: face.responsible_id.and_then(|id| names.person(id)),
        code: face.code,
        kind: face.span.kind,
        field_code: face.span.field_code,
        status: face.span.state.public_status(),
        title: face.public_title,
        summary: face.public_summary,
        deadline,
        public_from: face.public_from.unwrap_or(world.now),
    });
    Ok(Page { items: items.collect(), next: page.next })
}

/// The public page of a petition; what is not public reads as absent.
pub fn page(tx: &mut AnyConnection, world: &World, code: &str) -> Result<PublicPage, Error> {
    let code = PetitionCode::parse("code", code).map_err(|_| Error::NotFound)?;
    let row = petitions::find_by_code(tx, code.as_str())?.ok_or(Error::NotFound)?;
    let public_from = row.public_from.ok_or(Error::NotFound)?;
    let events: Vec<Event> = events::history(tx, row.id, None)?.into_iter().map(|row| row.event).collect();
    let case = Case::fold(&events).filter(Case::is_public).ok_or(Error::NotFound)?;
    let detail = petitions::detail(tx, row.id)?;
    let marks: Vec<Mark> = events.iter().filter_map(timeline::for_everybody).collect();
    let mut named: Vec<AgencyId> = marks.iter().filter_map(|mark| mark.agency).collect();
    named.push(case.lead_or_intake());
    let officials: Vec<OfficialId> = case.responsible.into_iter().collect();
    let names = Names::load(tx, &named, &officials)?;
    let petition = PublicPetition {
        code: case.code.clone(),
        kind: case.kind,
        field_code: case.field_code.clone(),
        status: case.state.public_status(),
        title: detail.public_title,
        summary: detail.public_summary,
        agency: names.agency(case.lead_or_intake()),
        responsible: case.responsible.and_then(|id| names.person(id)),
        deadline: deadline(&case, world),
        public_from,
    };
    let timeline =
        marks.into_iter().map(|mark| (mark.clone(), mark.agency.and_then(|id| names.agency(id)))).collect();
    Ok(PublicPage { petition, timeline, reply: published(tx, &case)? })
}

/// Published replies to petitions that are not public.
pub fn replies(
    tx: &mut AnyConnection,
    world: &World,
    after: Option<After<crate::domain::id::RevisionKey>>,
    limit: i64,
) -> Result<Page<PublicReply, After<crate::domain::id::RevisionKey>>, Error> {
    let rows = public::replies(tx, after, limit + 1)?;
    let page = Page::of(rows, limit, |row| (row.published_at, row.revision));
    let agencies: Vec<AgencyId> = page.items.iter().map(|row| row.agency_id).collect();
    let names = Names::load(tx, &agencies, &[])?;
    let items = page.items.into_iter().filter_map(|row| {
        Some(PublicReply {
            text: row.text?,
            agency: names.agency(row.agency_id),
            issued_on: row.issued_on.or(row.approved_at.map(|at| at.day(world.zone()))),
        })
    });
    Ok(Page { items: items.collect(), next: page.next })
}

/// The deadline that speaks for a case now.
pub(super) fn deadline(case: &Case, world: &World) -> Option<Deadline> {
    let clocks = case.clocks(world.rules(), world.calendar());
    clock::current(&clocks, case.round).map(|clock| Deadline::of_clock(clock, world))
}

/// The deadlines of list rows, in their order.
pub(super) fn deadlines(
    tx: &mut AnyConnection,
    world: &World,
    faces: &[Face],
) -> Result<Vec<Option<Deadline>>, Error> {
    let ids: Vec<_> = faces.iter().map(|face| face.id).collect();
    let clocks = public::present_clocks(tx, &ids)?;
    let deadline = |face: &Face| {
        let clock = clocks.get(&(face.id, face.span.round, face.span.clock_stage?))?;
        Deadline::of_rows(&face.span, clock, world)
    };
    Ok(faces.iter().map(deadline).collect())
}

/// The published text of a reply, unless it was taken down or erased.
pub(super) fn published(tx: &mut AnyConnection, case: &Case) -> Result<Option<(Instant, String)>, Error> {
    let Some((at, text)) = &case.published else { return Ok(None) };
    let texts = events::texts(tx, case.id)?;
    let text = Prose::kept(text).and_then(|id| texts.get(&id).cloned().flatten());
    Ok(text.map(|text| (*at, text)))
}

/// Names of agencies and officials that an answer shows.
pub(super) struct Names {
    agencies: HashMap<AgencyId, AgencyName>,
    people: HashMap<OfficialId, (String, String)>,
}

impl Names {
    /// The names that list rows show.
    pub(super) fn of(tx: &mut AnyConnection, faces: &[Face]) -> Result<Self, Error> {
        let agencies: Vec<AgencyId> = faces.iter().map(|face| face.span.agency_id).collect();
        let officials: Vec<OfficialId> = faces.iter().filter_map(|face| face.responsible_id).collect();
        Self::load(tx, &agencies, &officials)
    }

    /// The names of these agencies and officials.
    pub(super) fn load(
        tx: &mut AnyConnection,
        agencies: &[AgencyId],
        officials: &[OfficialId],
    ) -> Result<Self, Error> {
        Ok(Self { agencies: agencies::names(tx, agencies)?, people: people::names(tx, officials)? })
    }

    pub(super) fn agency(&self, id: AgencyId) -> Option<AgencyFace> {
        let AgencyName { code, name } = self.agencies.get(&id)?.clone();
        Some(AgencyFace { id, code, name })
    }

    pub(super) fn person(&self, id: OfficialId) -> Option<PersonFace> {
        let (full_name, position) = self.people.get(&id)?.clone();
        Some(PersonFace { full_name, position })
    }
}
