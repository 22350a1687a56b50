//! Frozen reports: figures with the petitions behind them, signed, so that nobody can say later that they were others;
//! and what became of each petition since.
//!
//! A report is made where nobody waits for it, and then kept. Invariant: the figures of its groups are the sums of what
//! is kept of each petition.

mod comparison;
mod kept;
mod making;

use serde_json::json;

pub use comparison::{Compared, Comparison, Other, compare};
pub use kept::{Kept, KeptPage, petitions};
pub use making::{Asked, Made, Prepared, claims, facts, keep, prepare};

use super::{
    Error, World,
    figures::Wanted,
    lists::Reader,
    own::{self, Page},
    secrets::sha256,
    when::When,
};
use crate::{
    domain::{
        event,
        figures::{Entry, Report},
        id::{PetitionId, RowId},
        vocabulary::Code,
    },
    store::{
        AnyConnection,
        frozen::{self, FrozenHead, FrozenPetition, FrozenRow},
    },
};

/// What is kept of each petition in reports frozen by earlier versions of the program: one of these.
const COLUMNS: [&str; 8] = [
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "open_in_time",
    "open_overdue",
    "open_paused",
    "ended_otherwise",
    "no_deadline",
];

/// How many petitions are looked at in one piece.
const LOOKED_AT: i64 = 1_000;

/// SHA-256 over everything that was frozen, in canonical form.
pub fn digest(row: &FrozenRow, petitions: &[FrozenPetition]) -> Result<Vec<u8>, Error> {
    let petitions: Vec<(PetitionId, &str)> =
        petitions.iter().map(|one| (one.petition_id, one.figures.as_str())).collect();
    let head = &row.head;
    let mut whole = json!({"id": head.id, "report": head.report, "query": head.query.0, "as_of": head.as_of.micros(),
        "frozen_at": head.frozen_at.micros(), "frozen_by": head.frozen_by, "rows": row.rows.0, "petitions": petitions});
    if let (Some(figures), Some(members)) = (&head.figures, whole.as_object_mut()) {
        members.insert("figures".to_owned(), figures.0.clone());
    }
    Ok(sha256(&event::canonical_json(&whole).map_err(Error::internal)?).to_vec())
}

/// The ids of the figures and amounts that are kept of each petition.
pub fn told(head: &FrozenHead) -> Result<Vec<String>, Error> {
    match &head.figures {
        Some(figures) => serde_json::from_value(figures.0.clone()).map_err(Error::internal),
        None => Ok(COLUMNS.map(str::to_owned).to_vec()),
    }
}

/// The report and the question that were frozen: closed at the moment it shows, as was known when it was frozen.
fn question(head: &FrozenHead) -> Result<(Report, Wanted), Error> {
    let unknown = || Error::internal(format!("no report is called {}", head.report));
    let report = Report::parse(&head.report).ok_or_else(unknown)?;
    let wanted: Wanted = serde_json::from_value(head.query.0.clone()).map_err(Error::internal)?;
    Ok((report, closed(wanted, head)))
}

/// A question that nothing can enter which comes only later: its window ends with the moment it shows.
fn closed(wanted: Wanted, head: &FrozenHead) -> Wanted {
    let end = head.as_of.plus_micros(1);
    Wanted {
        as_of: Some(When::At(head.as_of)),
        recorded_by: Some(wanted.recorded_by.unwrap_or(When::At(head.frozen_at))),
        to: Some(wanted.to.unwrap_or(When::At(end))),
        ..wanted
    }
}

/// What is kept of a petition.
fn entry(one: &FrozenPetition) -> Entry {
    one.figures.parse().unwrap_or_else(|never| match never {})
}

/// As many as a page shows, and after which petition the next one begins: where the list was read to if it goes on.
fn cut<T>(
    mut items: Vec<T>,
    limit: i64,
    read_to: Option<PetitionId>,
    id: impl Fn(&T) -> PetitionId,
) -> Result<(Vec<T>, Option<PetitionId>), Error> {
    let most = usize::try_from(limit).map_err(Error::internal)?;
    let whole = items.len() <= most;
    items.truncate(most);
    let end = if whole { read_to } else { items.last().map(id) };
    Ok((items, end))
}

/// A frozen report, for whoever froze it, and for whoever sees everything anyway.
pub fn find(tx: &mut AnyConnection, reader: &Reader, id: RowId) -> Result<FrozenRow, Error> {
    own::seen(reader, frozen::find(tx, id)?, |row| row.head.frozen_by)
}

/// What a reader froze; whoever sees everything may ask for what everybody did.
pub fn page(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    all: bool,
    place: (Option<&str>, i64),
) -> Result<Page<FrozenHead>, Error> {
    own::page(
        world,
        reader,
        ("/v1/frozen-reports", all),
        place,
        |head: &FrozenHead| head.id,
        |of, before, limit| frozen::latest(tx, of, before, limit),
    )
}
