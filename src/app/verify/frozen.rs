//! Frozen reports: what is kept of each is what the log says was frozen.

use super::{Source, finding::Difference, finding::Finding, pages};
use crate::{
    app::{
        Error,
        attestation::{Attesting, Signed},
        frozen::{claims, digest, facts},
        history::Subject,
        tokens::FROZEN_REPORT,
    },
    store::{
        AnyConnection, StoreError,
        events::other,
        frozen::{self, FrozenHead, FrozenRow},
    },
};

/// How many frozen reports one page takes.
const PAGE: i64 = 20;

/// Proves every frozen report, and that none is gone.
pub(super) fn check(source: &mut Source<'_>) -> Result<Vec<Finding>, Error> {
    let keys = source.read(Attesting::load)?;
    let prove = |tx: &mut AnyConnection, row: &FrozenRow| prove(tx, &keys, row);
    let mut findings = pages::check(source, ("frozen report", PAGE), frozen::page, |row| row.head.id, prove)?;
    findings.extend(pages::all_there(source, ("frozen report", "frozen_report", PAGE), frozen::find)?);
    Ok(findings)
}

fn prove(tx: &mut AnyConnection, keys: &Attesting, row: &FrozenRow) -> Result<Result<(), Difference>, Error> {
    let petitions = frozen::petitions(tx, row.head.id, None, i64::from(i32::MAX))?;
    if digest(row, &petitions)? != row.head.digest {
        return Ok(Err(Difference::row("frozen_report", "its digest is not that of what it holds")));
    }
    let subject = Subject::FrozenReport(row.head.id);
    let events: Result<Vec<_>, StoreError> = other::history(tx, subject.kind(), subject.id(), 0, 1);
    let said = events?.into_iter().next();
    if said
        .is_none_or(|said| said.facts != facts(&row.head) || said.actor.official != Some(row.head.frozen_by))
    {
        return Ok(Err(Difference::row("frozen_report", "is not what the log says was frozen")));
    }
    let FrozenHead { kid, signature, .. } = &row.head;
    let signed = Signed { what: FROZEN_REPORT, kid, signature };
    if !keys.bears_out(tx, signed, &claims(&row.head))? {
        return Ok(Err(Difference::row("frozen_report", "its signature is not that of its key")));
    }
    Ok(Ok(()))
}
