//! A frozen report against another moment, or against what is known now of its own: petition by petition.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    app::{
        Error, World,
        cursor::{self, Binding},
        figures::{self, Wanted},
        lists::Reader,
        when::When,
    },
    domain::{id::PetitionId, time::Instant},
    store::{
        AnyConnection, events,
        figures::Classed,
        frozen::{self, FrozenRow},
        spans::{self, SpanRow},
    },
};

/// How many petitions of the report one page looks at: most of them stand where they stood.
const LOOKED_AT: i64 = 1_000;

/// A page of petitions that stand in another column.
#[derive(Debug)]
pub struct Comparison {
    /// The moment it is compared with.
    pub as_of: Instant,
    pub items: Vec<Compared>,
    pub next_cursor: Option<String>,
}

/// A petition that stands in another column.
#[derive(Debug)]
pub struct Compared {
    pub petition: PetitionId,
    pub code: String,
    pub then: String,
    pub now: String,
    /// The event, recorded after the freezing, since which it stands there; nothing where time alone did it.
    pub event: Option<Moving>,
}

/// An event that moved a petition.
#[derive(Debug, Clone)]
pub struct Moving {
    pub sequence: u32,
    pub name: &'static str,
    pub occurred_at: Instant,
    pub recorded_at: Instant,
}

/// Which petitions of a frozen report stand in another column, as of a moment or now.
///
/// A page may be empty and still have another after it. What the reader may not see is left out.
pub fn compare(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    row: &FrozenRow,
    as_of: Option<When>,
    (cursor, limit): (Option<&str>, i64),
) -> Result<Comparison, Error> {
    #[derive(Serialize, Deserialize)]
    struct End(PetitionId);

    let filters = (row.id, as_of);
    let binding =
        Binding { route: "/v1/frozen-reports/{id}/comparison", caller: reader.scope(), filters: &filters };
    let after: Option<End> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let frozen = frozen::petitions(tx, row.id, after.map(|End(id)| id), LOOKED_AT)?;
    let ids: Vec<PetitionId> = frozen.iter().map(|one| one.petition_id).collect();
    let wanted = Wanted { as_of, ..Wanted::default() };
    let now = figures::columns_of(tx, world, reader, &wanted, Some(&ids), (None, LOOKED_AT))?;
    let mut now: HashMap<PetitionId, Classed> = now.into_iter().map(|one| (one.petition, one)).collect();
    let most = usize::try_from(limit).map_err(Error::internal)?;
    let (mut moved, mut last, mut whole) = (Vec::new(), None, true);
    for one in &frozen {
        if moved.len() == most {
            whole = false;
            break;
        }
        last = Some(one.petition_id);
        if let Some(now) = now.remove(&one.petition_id).filter(|now| now.figure != one.figure) {
            moved.push((one.figure.clone(), now));
        }
    }
    let goes_on = !whole || i64::try_from(frozen.len()).map_err(Error::internal)? == LOOKED_AT;
    let end = last.filter(|_| goes_on).map(End);
    let next_cursor = end.map(|end| cursor::seal(&world.secret, &binding, &end)).transpose()?;
    let ids: Vec<PetitionId> = moved.iter().map(|(_, now)| now.petition).collect();
    let movers = movers(tx, row, &ids, wanted.moment(world).at())?;
    let item = |(then, now): (String, Classed)| Compared {
        event: movers.get(&now.petition).cloned(),
        petition: now.petition,
        code: now.code,
        then,
        now: now.figure,
    };
    let items = moved.into_iter().map(item).collect();
    Ok(Comparison { as_of: wanted.moment(world).at(), items, next_cursor })
}

/// Of each petition the first event, recorded after the freezing, since which its first round stands as it does.
fn movers(
    tx: &mut AnyConnection,
    row: &FrozenRow,
    ids: &[PetitionId],
    at: Instant,
) -> Result<HashMap<PetitionId, Moving>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut histories = events::histories(tx, ids)?;
    let mut found = HashMap::new();
    for (id, spans) in spans::of_petitions(tx, ids)? {
        let Some(present) = spans.iter().rfind(|span| span.from_at <= at) else { continue };
        let first = spans.iter().find(|span| span.recorded_from > row.frozen_at && alike(span, present));
        let event = first.and_then(|span| {
            let history = histories.remove(&id)?;
            history.into_iter().find(|event| i32::try_from(event.sequence) == Ok(span.sequence))
        });
        if let Some(event) = event {
            let moving = Moving {
                sequence: event.sequence,
                name: event.record.act.name(),
                occurred_at: event.occurred_at,
                recorded_at: event.recorded_at,
            };
            found.insert(id, moving);
        }
    }
    Ok(found)
}

/// Whether the first round of both stands in the same way.
fn alike(one: &SpanRow, other: &SpanRow) -> bool {
    let first = |span: &SpanRow| {
        let ends = (span.round1_met_at, span.round1_due_at, span.round1_paused_until);
        (span.round1_outcome.clone(), ends, span.open_due_at.is_some())
    };
    first(one) == first(other)
}
