//! A table of which each row is proven by itself, page by page.

use super::{Source, finding::Difference, finding::Finding};
use crate::{
    app::Error,
    domain::id::RowId,
    store::{AnyConnection, StoreError, events::other},
};

/// Proves every row of a table, so many in each transaction that only reads. `next` gives the rows after one in the
/// order of their ids, `prove` the first difference of a row from what it should be.
pub(super) fn check<R>(
    source: &mut Source<'_>,
    (what, limit): (&str, i64),
    next: impl Fn(&mut AnyConnection, Option<RowId>, i64) -> Result<Vec<R>, StoreError>,
    id: impl Fn(&R) -> RowId,
    prove: impl Fn(&mut AnyConnection, &R) -> Result<Result<(), Difference>, Error>,
) -> Result<Vec<Finding>, Error> {
    let (mut findings, mut after) = (Vec::new(), None);
    loop {
        let from = after;
        let page = source.read(|tx| {
            let rows = next(tx, from, limit)?;
            let proven = rows.iter().map(|row| Ok((id(row), prove(tx, row)?)));
            proven.collect::<Result<Vec<_>, Error>>()
        })?;
        let Some((last, _)) = page.last() else { return Ok(findings) };
        after = Some(*last);
        for (id, proven) in page {
            if let Err(difference) = proven {
                findings.push(difference.of(format!("{what} {id}")));
            }
        }
    }
}

/// Proves that whatever of a kind the log knows is there.
pub(super) fn all_there<R>(
    source: &mut Source<'_>,
    (what, kind, limit): (&str, &'static str, i64),
    find: impl Fn(&mut AnyConnection, RowId) -> Result<Option<R>, StoreError>,
) -> Result<Vec<Finding>, Error> {
    let logged =
        |tx: &mut AnyConnection, after: Option<RowId>, limit: i64| other::subjects(tx, kind, after, limit);
    check(
        source,
        (what, limit),
        logged,
        |id| *id,
        |tx, id| {
            let there = find(tx, *id)?.is_some();
            Ok(if there { Ok(()) } else { Err(Difference::row(kind, "the log knows of it, and it is gone")) })
        },
    )
}
