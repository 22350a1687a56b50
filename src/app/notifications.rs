//! What an official is told, as far as he may still know it.

use std::collections::HashMap;

use super::{
    Error,
    caller::{self, Caller},
    cursor::{self, Binding},
    public,
    world::World,
};
use crate::{
    domain::{
        access::Person,
        id::{PetitionId, RowId},
    },
    store::{
        AnyConnection,
        lists::{Filters, Moment, Question},
        notifications::{self, Key, NotificationRow},
    },
};

const ROUTE: &str = "/v1/notifications";

/// A notification with the code of its petition, as far as the official may see it.
#[derive(Debug)]
pub struct Notice {
    pub row: NotificationRow,
    /// Nothing where he might not see the petition then, or may not now.
    pub code: Option<String>,
}

/// A page of notifications.
#[derive(Debug)]
pub struct Notices {
    pub items: Vec<Notice>,
    pub next_cursor: Option<String>,
}

/// What the caller was told, the latest first.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    unread: bool,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Notices, Error> {
    let person = caller::person(tx, world, caller)?;
    let scope = caller.scope();
    let binding = Binding { route: ROUTE, caller: &scope, filters: &unread };
    let after: Option<Key> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let rows = notifications::of_official(tx, person.official, unread, after, limit + 1)?;
    let page = public::Page::of(rows, limit, |row| (row.created_at, row.id));
    let next_cursor = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
    Ok(Notices { items: with_codes(tx, world, person, page.items)?, next_cursor })
}

/// Notes that the caller read one of his notifications; somebody else's reads as absent.
pub fn read(tx: &mut AnyConnection, world: &World, caller: &Caller, id: RowId) -> Result<Notice, Error> {
    let person = caller::person(tx, world, caller)?;
    let row = notifications::find(tx, person.official, id)?.ok_or(Error::NotFound)?;
    if row.read_at.is_none() {
        notifications::mark_read(tx, id, world.now)?;
    }
    let read_at = row.read_at.or(Some(world.now));
    let notices = with_codes(tx, world, person, vec![NotificationRow { read_at, ..row }])?;
    notices.into_iter().next().ok_or(Error::NotFound)
}

/// The stricter of what he might see then and what he may see now.
pub(super) fn with_codes(
    tx: &mut AnyConnection,
    world: &World,
    reader: Person,
    rows: Vec<NotificationRow>,
) -> Result<Vec<Notice>, Error> {
    let ids: Vec<PetitionId> = rows.iter().filter(|row| row.shown).map(|row| row.petition_id).collect();
    let question = Question { reader, moment: Moment::Now(world.now), filters: Filters::default() };
    let codes: HashMap<PetitionId, String> = notifications::codes(tx, &question, &ids)?;
    let notice = |row: NotificationRow| {
        let code = codes.get(&row.petition_id).filter(|_| row.shown).cloned();
        Notice { row, code }
    };
    Ok(rows.into_iter().map(notice).collect())
}
