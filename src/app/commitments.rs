//! Promises made in replies, due and kept, of petitions that the reader may see.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Error,
    cursor::{self, Binding},
    lists::{self, Reader},
    structure::Structure,
    when::When,
    world::World,
};
use crate::{
    domain::{
        commitments::{Keeping, Later},
        id::{AgencyId, OfficialId, PetitionId, TextId},
        time::{Day, Instant},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyName},
        commitments::{self, Key, PromiseRow, SaidRow, Signed, Wanted},
        lists::{Shown, seen},
        people,
    },
};

const ROUTE: &str = "/v1/commitments";
/// How many pages one call looks through for promises that its reader may see: a page may be short.
const MOST_PAGES: usize = 10;

/// Which promises are asked for.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Asked {
    pub petition_id: Option<PetitionId>,
    /// Of petitions with this agency.
    pub agency_id: Option<AgencyId>,
    /// Whether the agencies below are meant too; yes unless told.
    pub subtree: Option<bool>,
    pub structure: Option<Structure>,
    pub due_from: Option<Day>,
    pub due_to: Option<Day>,
    pub as_of: Option<When>,
    /// What was recorded later is left out.
    pub recorded_by: Option<When>,
}

/// A promise, and what became of it.
#[derive(Debug)]
pub struct Promise {
    pub row: PromiseRow,
    /// The petition's code.
    pub code: String,
    /// The words; nothing once they were erased.
    pub text: Option<String>,
    /// Who is to keep it: the agency the reply names, else the one that has the petition.
    pub agency_id: AgencyId,
    pub agency: Option<AgencyName>,
    /// Full name and position.
    pub person: Option<(OfficialId, (String, String))>,
    pub keeping: Keeping,
    /// When it was kept or replaced.
    pub settled_at: Option<Instant>,
}

/// A page of promises.
#[derive(Debug)]
pub struct Page {
    /// The moment it shows.
    pub as_of: Instant,
    /// Until when what was recorded counts; nothing: all of it.
    pub recorded_by: Option<Instant>,
    pub items: Vec<Promise>,
    pub next_cursor: Option<String>,
}

/// The promises asked for, the first due first.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page, Error> {
    let binding = Binding { route: ROUTE, caller: reader.scope(), filters: asked };
    let mut place: Option<Key> =
        cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let question = lists::Asked {
        as_of: asked.as_of,
        recorded_by: asked.recorded_by,
        agency_id: asked.agency_id,
        subtree: asked.subtree,
        structure: asked.structure,
        ..lists::Asked::default()
    }
    .question(world, reader);
    let (at, recorded_by) = (question.moment.at(), question.moment.recorded_by());
    // Signing takes effect when it is recorded.
    let known = recorded_by.unwrap_or(Instant::MAX);
    let signed = Signed { by: at.min(known), recorded_by: known };
    let wanted = Wanted { signed, petition: asked.petition_id, from: asked.due_from, to: asked.due_to };
    let most = usize::try_from(limit).map_err(Error::internal)?;
    let mut found: Vec<(PromiseRow, Shown)> = Vec::new();
    let mut goes_on = true;
    for _ in 0..MOST_PAGES {
        let rows = commitments::page(tx, &wanted, place, limit)?;
        goes_on = rows.len() == most;
        let ids: Vec<PetitionId> = rows.iter().map(|row| row.petition_id).collect();
        let seen = seen(tx, &question, &ids)?;
        for row in rows {
            if found.len() == most {
                goes_on = true;
                break;
            }
            place = Some((row.due_on, row.id));
            if let Some(shown) = seen.get(&row.petition_id) {
                found.push((row, shown.clone()));
            }
        }
        if !goes_on || found.len() == most {
            break;
        }
    }
    let next = place.filter(|_| goes_on);
    let next_cursor = next.map(|place| cursor::seal(&world.secret, &binding, &place)).transpose()?;
    let items = told(tx, world, (at, signed), found)?;
    Ok(Page { as_of: at, recorded_by, items, next_cursor })
}

/// Puts words, names and what became of them to promises.
fn told(
    tx: &mut AnyConnection,
    world: &World,
    (at, signed): (Instant, Signed),
    found: Vec<(PromiseRow, Shown)>,
) -> Result<Vec<Promise>, Error> {
    let petitions: Vec<PetitionId> = found.iter().map(|(row, _)| row.petition_id).collect();
    let texts: Vec<TextId> = found.iter().map(|(row, _)| row.text_id).collect();
    let officials: Vec<OfficialId> = found.iter().filter_map(|(row, _)| row.person_id).collect();
    let holders: Vec<AgencyId> =
        found.iter().map(|(row, (_, with))| row.agency_id.unwrap_or(*with)).collect();
    let said = commitments::said(tx, &petitions, signed)?;
    let words = commitments::words(tx, &texts)?;
    let people = people::names(tx, &officials)?;
    let agencies: HashMap<AgencyId, AgencyName> = agencies::names(tx, &holders)?;
    let promise = |((row, (code, _)), agency_id): ((PromiseRow, Shown), AgencyId)| {
        let (keeping, settled_at) = Keeping::of(row.due_on, &later(&said, &row), at, world.zone());
        Promise {
            text: words.get(&row.text_id).cloned().flatten(),
            agency: agencies.get(&agency_id).cloned(),
            person: row.person_id.and_then(|id| Some((id, people.get(&id)?.clone()))),
            row,
            code,
            agency_id,
            keeping,
            settled_at,
        }
    };
    Ok(found.into_iter().zip(holders).map(promise).collect())
}

/// What later revisions of the same reply say.
fn later(said: &[SaidRow], row: &PromiseRow) -> Vec<Later> {
    let after = said.iter().filter(|one| {
        (one.petition_id, one.round) == (row.petition_id, row.round) && one.number > row.number
    });
    after.filter_map(|one| Some((one.outcome, one.approved_at?))).collect()
}
