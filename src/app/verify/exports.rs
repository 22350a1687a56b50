//! Exports: what is kept of each order and of its file is what the log says.

use super::{Source, finding::Difference, finding::Finding, pages};
use crate::{
    app::{
        Error,
        attestation::{Attesting, Signed},
        exports::{end_facts, manifest, order_facts},
        history::Subject,
        tokens::EXPORT_MANIFEST,
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
    let keys = source.read(Attesting::load)?;
    let compare = |tx: &mut AnyConnection, row: &ExportRow| match compare(tx, row)? {
        Ok(()) if !is_borne_out(tx, &keys, row)? => {
            Ok(Err(Difference::row("export", "its signature is not that of its key")))
        }
        compared => Ok(compared),
    };
    let mut findings = pages::check(source, ("export", PAGE), exports::after, |row| row.id, compare)?;
    findings.extend(pages::all_there(source, ("export", "export", PAGE), exports::find)?);
    Ok(findings)
}

/// Whether the manifest of a file, if there was one, is what its key signed.
fn is_borne_out(tx: &mut AnyConnection, keys: &Attesting, row: &ExportRow) -> Result<bool, Error> {
    let (Some(kid), Some(signature)) = (&row.kid, &row.signature) else {
        return Ok(row.kid.is_none() && row.signature.is_none());
    };
    keys.bears_out(tx, Signed { what: EXPORT_MANIFEST, kid, signature }, &manifest(row))
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
