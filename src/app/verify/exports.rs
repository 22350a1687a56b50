//! Exports: what is kept of each order and of its file is what the log says.

use super::{Source, finding::Difference, finding::Finding, pages};
use crate::{
    app::{
        Error,
        exports::{end_facts, order_facts},
        history::Subject,
    },
    domain::vocabulary::ExportState,
    store::{
        AnyConnection, StoreError,
        events::other,
        exports::{self, ExportRow},
    },
};

/// How many exports one page takes.
const PAGE: i64 = 200;

/// Compares every export with its events: its order, and its end if it has one; and proves that none is gone.
pub(super) fn check(source: &mut Source<'_>) -> Result<Vec<Finding>, Error> {
    let mut findings = pages::check(source, ("export", PAGE), exports::after, |row| row.id, compare)?;
    findings.extend(pages::all_there(source, ("export", "export", PAGE), exports::find)?);
    Ok(findings)
}

fn compare(tx: &mut AnyConnection, row: &ExportRow) -> Result<Result<(), Difference>, Error> {
    let subject = Subject::Export(row.id);
    let events: Result<Vec<_>, StoreError> = other::history(tx, subject.kind(), subject.id(), 0, 2);
    let mut events = events?.into_iter();
    let Some(order) = events.next() else {
        return Ok(Err(Difference::row("export", "the log knows of no such order")));
    };
    if order.facts != order_facts(row) || order.actor.official != Some(row.ordered_by) {
        return Ok(Err(Difference::row("export", "is not what the log says was ordered")));
    }
    let ended = matches!(row.state, ExportState::Succeeded | ExportState::Failed | ExportState::Expired);
    match events.next() {
        Some(end) if ended && end.facts == end_facts(row) => Ok(Ok(())),
        None if !ended => Ok(Ok(())),
        _ => Ok(Err(Difference::row("export", "did not end as the log says"))),
    }
}
