//! A table of which each row is proven by itself, page by page.

use super::{Source, finding::Difference, finding::Finding};
use crate::{
    app::Error,
    domain::id::RowId,
    store::{AnyConnection, StoreError},
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
