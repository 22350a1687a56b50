//! To whom personal data was given: noted in the transaction that gives it, and read by auditors.
//!
//! Invariant: no use case hands out who submitted a petition but through [`note`].

use super::{
    Error,
    caller::{self, Caller},
    clock::new_id,
    cursor::{self, Binding},
    when::When,
    world::World,
};
use crate::{
    domain::{
        access::{self, Person},
        id::{OfficialId, PetitionId},
        petition::Case,
        refusal::{FieldError, Refusal, Words},
        vocabulary::Role,
    },
    store::{
        AnyConnection,
        disclosures::{self, DisclosureRow, Key, Wanted},
        people,
    },
};

/// How many pages of the log one call looks through for rows that its reader may see: a page may be short.
const MOST_PAGES: usize = 10;

/// What a reader asks for, in his words.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub petition: Option<PetitionId>,
    pub official: Option<OfficialId>,
    pub client: Option<String>,
    pub from: Option<When>,
    /// The first time that is too late; a day begins it.
    pub to: Option<When>,
}

/// One entry of the log with the names that belong to it.
#[derive(Debug)]
pub struct Disclosure {
    pub row: DisclosureRow,
    pub code: String,
    /// Full name and position.
    pub official: Option<(String, String)>,
}

/// A page of the log.
#[derive(Debug)]
pub struct Page {
    pub items: Vec<Disclosure>,
    pub next_cursor: Option<String>,
}

/// Notes that an official received who submitted a petition; whether it was sealed is noted with it.
pub(super) fn note(
    tx: &mut AnyConnection,
    world: &World,
    case: &Case,
    official: OfficialId,
    role: Role,
) -> Result<(), Error> {
    let what = if access::is_sealed(case) { "sealed_submitter" } else { "submitter" };
    let row = DisclosureRow {
        id: new_id(),
        petition_id: case.id,
        official_id: Some(official),
        client: None,
        role,
        what: what.to_owned(),
        at: world.now,
        request_id: world.request_id.clone(),
    };
    Ok(disclosures::insert(tx, &row)?)
}

/// To whom personal data was given, the latest first, as far as an auditor may see the petitions; `route` names the
/// list the cursor belongs to.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    route: &str,
    asked: Result<(Asked, Option<String>, i64), Error>,
) -> Result<Page, Error> {
    let auditor = auditor(caller::person(tx, world, caller)?)?;
    let (asked, cursor, limit) = asked?;
    let wanted = asked.wanted(world)?;
    let scope = caller.scope();
    let binding = Binding { route, caller: &scope, filters: &wanted };
    let mut place: Option<Key> =
        cursor.as_deref().map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let most = usize::try_from(limit).map_err(Error::internal)?;
    let mut found: Vec<(DisclosureRow, String)> = Vec::new();
    let mut goes_on = true;
    for _ in 0..MOST_PAGES {
        let rows = disclosures::page(tx, &wanted, place, limit)?;
        goes_on = rows.len() == most;
        let ids: Vec<PetitionId> = rows.iter().map(|row| row.petition_id).collect();
        let seen = disclosures::seen(tx, &auditor, world.now, &ids)?;
        for row in rows {
            if found.len() == most {
                goes_on = true;
                break;
            }
            place = Some((row.at, row.id));
            if let Some(code) = seen.get(&row.petition_id) {
                found.push((row, code.clone()));
            }
        }
        if !goes_on || found.len() == most {
            break;
        }
    }
    let next = place.filter(|_| goes_on);
    let next_cursor = next.map(|place| cursor::seal(&world.secret, &binding, &place)).transpose()?;
    Ok(Page { items: with_names(tx, found)?, next_cursor })
}

impl Asked {
    fn wanted(&self, world: &World) -> Result<Wanted, Error> {
        let (from, to) = (self.from.map(|from| from.start(world)), self.to.map(|to| to.start(world)));
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            return Err(Error::BadParameter(FieldError::new(
                "to",
                "not_after_from",
                "`to` phải sau `from`.",
                "`to` must come after `from`.",
            )));
        }
        Ok(Wanted { petition: self.petition, official: self.official, client: self.client.clone(), from, to })
    }
}

/// The person as far as he audits; refuses who does not.
fn auditor(person: Person) -> Result<Person, Error> {
    let rights: Vec<_> = person.rights.into_iter().filter(|right| right.role == Role::Auditor).collect();
    if rights.is_empty() {
        return Err(for_auditors().into());
    }
    Ok(Person { rights, ..person })
}

/// The refusal to show the log.
pub(super) fn for_auditors() -> Refusal {
    Refusal::Forbidden(Words::new(
        "Nhật ký truy cập dành cho người giám sát.",
        "The log of reads is for auditors.",
    ))
}

fn with_names(tx: &mut AnyConnection, found: Vec<(DisclosureRow, String)>) -> Result<Vec<Disclosure>, Error> {
    let officials: Vec<OfficialId> = found.iter().filter_map(|(row, _)| row.official_id).collect();
    let names = people::names(tx, &officials)?;
    let entry = |(row, code): (DisclosureRow, String)| Disclosure {
        official: row.official_id.and_then(|id| names.get(&id).cloned()),
        row,
        code,
    };
    Ok(found.into_iter().map(entry).collect())
}

/// To whom the personal data of one petition was given, the first first; the caller has seen to who asks.
pub(super) fn of_petition(tx: &mut AnyConnection, petition: PetitionId) -> Result<Vec<DisclosureRow>, Error> {
    const MOST: i64 = 10_000;
    let wanted = Wanted { petition: Some(petition), ..Wanted::default() };
    let mut rows = disclosures::page(tx, &wanted, None, MOST)?;
    rows.reverse();
    Ok(rows)
}
