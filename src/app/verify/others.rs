//! The chains of what is no petition: grants, agencies and the like.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Source, cannot_be_read, chain,
    finding::{Difference, Finding},
    texts::{self, Committing},
};
use crate::{
    app::Error,
    domain::id::PetitionId,
    store::{
        AnyConnection, StoreError,
        verify::{self, EventCells, Place, TextCells, Unreadable},
    },
};

/// How many events one page takes.
const PAGE: i64 = 1000;

/// What the chains came to.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) events: u64,
    pub(super) findings: Vec<Finding>,
}

/// Proves every chain. A subject that is wrong is told once.
pub(super) fn check(source: &mut Source<'_>) -> Result<Others, Error> {
    let mut others = Others::default();
    let mut before: Option<EventCells> = None;
    loop {
        let place = before.as_ref().map(|e| (e.subject_kind.clone(), e.subject_id, e.sequence));
        let (page, texts) = match source.read(|tx| Ok(read(tx, place.as_ref())))? {
            Ok(read) => read,
            Err(error) => {
                let difference = cannot_be_read(Unreadable { table: "event", error })?;
                let after =
                    place.map_or_else(|| "the first".to_owned(), |(kind, id, _)| format!("{kind} {id}"));
                others.findings.push(difference.of(format!("other subjects, from {after} on")));
                return Ok(others);
            }
        };
        if page.is_empty() {
            return Ok(others);
        }
        let mut by_event: HashMap<_, Vec<TextCells>> = HashMap::new();
        for text in texts {
            by_event.entry(text.event_id).or_default().push(text);
        }
        for cells in page {
            let former = before.as_ref().filter(|former| subject(former) == subject(&cells));
            let checked = chain::other(former, &cells, source.kind())?;
            let own = by_event.remove(&cells.id).unwrap_or_default();
            let checked = checked.and_then(|payload| text_of(&cells, &payload, &own));
            let name = format!("{} {}", cells.subject_kind, cells.subject_id);
            if let Err(difference) = checked
                && others.findings.last().is_none_or(|last| last.subject != name)
            {
                others.findings.push(difference.of(name));
            }
            others.events += 1;
            before = Some(cells);
        }
    }
}

/// A page of events with the texts of their subjects.
fn read(
    tx: &mut AnyConnection,
    after: Option<&Place>,
) -> Result<(Vec<EventCells>, Vec<TextCells>), StoreError> {
    let page = verify::other_events(tx, after, PAGE)?;
    let mut subjects: Vec<PetitionId> = page.iter().map(|cells| cells.subject_id).collect();
    subjects.dedup();
    let texts = verify::other_texts(tx, &subjects)?;
    Ok((page, texts))
}

fn subject(cells: &EventCells) -> (&str, PetitionId) {
    (&cells.subject_kind, cells.subject_id)
}

fn text_of(cells: &EventCells, payload: &Value, texts: &[TextCells]) -> Result<(), Difference> {
    let committing = Committing {
        id: cells.id,
        sequence: cells.sequence,
        recorded_at: cells.recorded_at,
        payload,
        root: "",
    };
    texts::check(&[committing], texts).map(|_| ())
}
