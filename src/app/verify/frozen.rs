//! Frozen reports: what is kept of each is what the log says was frozen.

use super::{Source, finding::Difference, finding::Finding, pages};
use crate::{
    app::{
        Error,
        frozen::digest,
        history::{Subject, hex},
    },
    store::{
        AnyConnection, StoreError,
        events::other,
        frozen::{self, FrozenRow},
    },
};

/// How many frozen reports one page takes.
const PAGE: i64 = 20;

/// Proves every frozen report.
pub(super) fn check(source: &mut Source<'_>) -> Result<Vec<Finding>, Error> {
    pages::check(source, ("frozen report", PAGE), frozen::page, |row| row.head.id, prove)
}

fn prove(tx: &mut AnyConnection, row: &FrozenRow) -> Result<Result<(), Difference>, Error> {
    let petitions = frozen::petitions(tx, row.head.id, None, i64::from(i32::MAX))?;
    if digest(row, &petitions)? != row.head.digest {
        return Ok(Err(Difference::row("frozen_report", "its digest is not that of what it holds")));
    }
    let subject = Subject::FrozenReport(row.head.id);
    let events: Result<Vec<_>, StoreError> = other::history(tx, subject.kind(), subject.id(), 0, 1);
    let said = events?.into_iter().next().map(|event| event.facts);
    let said = said.as_ref().and_then(|facts| facts.get("sha256")).and_then(|digest| digest.as_str());
    if said != Some(hex(&row.head.digest).as_str()) {
        return Ok(Err(Difference::row("frozen_report", "its digest is not the one in the log")));
    }
    Ok(Ok(()))
}
