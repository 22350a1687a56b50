//! Exports: what is kept of each order and of its file is what the log says.

use super::{Source, finding::Difference, finding::Finding};
use crate::{
    app::{
        Error,
        history::{Subject, hex},
    },
    domain::vocabulary::Code,
    store::{
        AnyConnection, StoreError,
        events::other,
        exports::{self, ExportRow},
    },
};

/// How many exports one page takes.
const PAGE: i64 = 200;

/// Compares every export with its events: its order, and its end if it has one.
pub(super) fn check(source: &mut Source<'_>) -> Result<Vec<Finding>, Error> {
    let (mut findings, mut after) = (Vec::new(), None);
    loop {
        let from = after;
        let page = source.read(|tx| {
            let rows = exports::after(tx, from, PAGE)?;
            let compared = rows.iter().map(|row| Ok((row.id, compare(tx, row)?)));
            compared.collect::<Result<Vec<_>, Error>>()
        })?;
        let Some((last, _)) = page.last() else { return Ok(findings) };
        after = Some(*last);
        for (id, compared) in page {
            if let Err(difference) = compared {
                findings.push(difference.of(format!("export {id}")));
            }
        }
    }
}

fn compare(tx: &mut AnyConnection, row: &ExportRow) -> Result<Result<(), Difference>, Error> {
    let subject = Subject::Export(row.id);
    let events: Result<Vec<_>, StoreError> = other::history(tx, subject.kind(), subject.id(), 0, 2);
    let mut events = events?.into_iter();
    let said = |facts: &serde_json::Value, name: &str| facts.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let Some(order) = events.next() else {
        return Ok(Err(Difference::row("export", "the log knows of no such order")));
    };
    let same = said(&order.facts, "list").as_ref() == Some(&row.list)
        && said(&order.facts, "format").as_deref() == Some(row.format.as_str())
        && order.actor.official == Some(row.ordered_by);
    if !same {
        return Ok(Err(Difference::row("export", "is not what the log says was ordered")));
    }
    let digest = events.next().and_then(|end| said(&end.facts, "sha256"));
    if digest != row.digest.as_deref().map(hex) {
        return Ok(Err(Difference::row("export", "its digest is not the one in the log")));
    }
    Ok(Ok(()))
}
