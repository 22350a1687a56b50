//! A frozen report against the same question asked again: for another moment, or by what is known now of its own;
//! petition by petition. The differences of all petitions add up to those of the figures.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{LOOKED_AT, cut, entry, question, told};
use crate::{
    app::{
        Error, World,
        cursor::{self, Binding},
        figures::{Entries, Wanted},
        lists::Reader,
        when::When,
    },
    domain::{
        event::Event,
        figures::{Change, Entry},
        id::PetitionId,
        time::Instant,
    },
    store::{
        AnyConnection, events,
        frozen::{self, FrozenRow},
    },
};

/// The most events that are told of a petition.
const EVENTS: usize = 100;

/// With what a frozen report is compared.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Other {
    /// Nothing: with now.
    pub as_of: Option<When>,
    /// What was recorded later is left out.
    pub recorded_by: Option<When>,
}

/// A page of petitions that count otherwise.
#[derive(Debug)]
pub struct Comparison {
    /// The moment it is compared with.
    pub as_of: Instant,
    /// Until when what was recorded counts there; nothing: all of it.
    pub recorded_by: Option<Instant>,
    pub items: Vec<Compared>,
    pub next_cursor: Option<String>,
}

/// A petition that counts otherwise.
#[derive(Debug)]
pub struct Compared {
    pub petition: PetitionId,
    pub code: String,
    pub changes: Vec<Change>,
    /// What only one of the two takes into account, in order.
    pub events: Vec<Event>,
}

/// Which petitions count otherwise than they were frozen.
///
/// A page may be empty and still have another after it. Left out is what is hidden from the reader at either moment, and
/// what whoever froze the report did not see.
pub fn compare(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    row: &FrozenRow,
    other: Other,
    (cursor, limit): (Option<&str>, i64),
) -> Result<Comparison, Error> {
    #[derive(Serialize, Deserialize)]
    struct End(PetitionId);

    let head = &row.head;
    let filters = (head.id, other);
    let binding =
        Binding { route: "/v1/frozen-reports/{id}/comparison", caller: reader.scope(), filters: &filters };
    let after: Option<End> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let after = after.map(|End(id)| id);
    let (report, frozen) = question(head)?;
    let Other { as_of, recorded_by } = other;
    let then = Entries::of(world, reader, report, &frozen)?;
    let now = Entries::of(world, reader, report, &Wanted { as_of, recorded_by, ..frozen })?;

    let kept = frozen::petitions(tx, head.id, after, LOOKED_AT)?;
    let kept: Vec<(PetitionId, Entry)> = kept.iter().map(|one| (one.petition_id, entry(one))).collect();
    let kept_ids: Vec<PetitionId> = kept.iter().map(|(id, _)| *id).collect();
    let (ids, horizon) = both(&kept_ids, &now.petitions(tx, after, LOOKED_AT)?)?;
    let mut kept: HashMap<PetitionId, Entry> = kept.into_iter().collect();
    let mut entries = now.find(tx, world, Some(&ids))?;
    let told = told(head)?;
    // What counts in the frozen question now but was not kept, whoever froze it did not see: no difference of figures.
    let fresh: Vec<PetitionId> = entries.keys().filter(|id| !kept.contains_key(id)).copied().collect();
    for (unseen, _) in then.find(tx, world, Some(&fresh))? {
        entries.remove(&unseen);
    }
    let changed = ids.iter().filter_map(|id| {
        let (then, now) = (kept.remove(id).unwrap_or_default(), entries.remove(id).unwrap_or_default());
        let changes = then.changes(&now, &told);
        (!changes.is_empty()).then_some((*id, changes))
    });
    let changed: Vec<(PetitionId, Vec<Change>)> = changed.collect();

    let changed_ids: Vec<PetitionId> = changed.iter().map(|(id, _)| *id).collect();
    let codes = codes(tx, [&then, &now], &changed_ids, &kept_ids)?;
    let shown = changed.into_iter().filter_map(|(id, changes)| Some((id, codes.get(&id)?.clone(), changes)));
    let (shown, end) = cut(shown.collect(), limit, horizon, |(id, ..)| *id)?;
    let next_cursor = end.map(|end| cursor::seal(&world.secret, &binding, &End(end))).transpose()?;
    let moment = now.moment();
    Ok(Comparison {
        as_of: moment.at(),
        recorded_by: moment.recorded_by(),
        items: with_events(tx, [&then, &now], shown)?,
        next_cursor,
    })
}

/// The petitions of both lists as far as both were read, and where that is when one of them goes on.
fn both(kept: &[PetitionId], asked: &[PetitionId]) -> Result<(Vec<PetitionId>, Option<PetitionId>), Error> {
    let most = usize::try_from(LOOKED_AT).map_err(Error::internal)?;
    let full = [kept, asked].into_iter().filter(|ids| ids.len() == most);
    let horizon = full.filter_map(|ids| ids.last().copied()).min();
    let all: BTreeSet<PetitionId> = kept.iter().chain(asked).copied().collect();
    Ok((all.into_iter().filter(|id| horizon.is_none_or(|end| *id <= end)).collect(), horizon))
}

/// The codes of those that are not hidden at a moment of which something is told: of what was not kept nothing is told
/// of then. Who is left out of one of the two by a filter, or was not there yet, is told all the same.
fn codes(
    tx: &mut AnyConnection,
    [then, now]: [&Entries; 2],
    changed: &[PetitionId],
    kept: &[PetitionId],
) -> Result<HashMap<PetitionId, String>, Error> {
    let kept: HashSet<&PetitionId> = kept.iter().collect();
    let known: Vec<PetitionId> = changed.iter().filter(|id| kept.contains(id)).copied().collect();
    let (mut codes, mut hidden) = (HashMap::new(), Vec::new());
    for (entries, ids) in [(then, known.as_slice()), (now, changed)] {
        let seen = entries.seen(tx, ids)?;
        hidden.extend(entries.hidden(tx, ids, &seen)?);
        codes.extend(seen);
    }
    hidden.iter().for_each(|id| {
        codes.remove(id);
    });
    Ok(codes)
}

/// Puts to each petition what only one of the two takes into account.
fn with_events(
    tx: &mut AnyConnection,
    [then, now]: [&Entries; 2],
    shown: Vec<(PetitionId, String, Vec<Change>)>,
) -> Result<Vec<Compared>, Error> {
    let ids: Vec<PetitionId> = shown.iter().map(|(id, ..)| *id).collect();
    let mut histories = events::histories(tx, &ids)?;
    let compared = shown.into_iter().map(|(petition, code, changes)| {
        let history = histories.remove(&petition).unwrap_or_default().into_iter();
        let events = history.filter(|event| then.takes_in(event) != now.takes_in(event)).take(EVENTS);
        Compared { petition, code, changes, events: events.collect() }
    });
    Ok(compared.collect())
}
