//! What an official made and looks after, such as exports and frozen reports: his own, or for whoever sees everything
//! everybody's.

use super::{
    Error, World,
    cursor::{self, Binding},
    lists::Reader,
    public,
};
use crate::{
    domain::id::{OfficialId, RowId},
    store::StoreError,
};

/// A page, the latest first.
#[derive(Debug)]
pub struct Page<R> {
    pub items: Vec<R>,
    pub next_cursor: Option<String>,
}

/// What was found, for whoever made it, and for whoever sees everything anyway; to others it reads as absent.
pub(super) fn seen<R>(
    reader: &Reader,
    found: Option<R>,
    made_by: impl Fn(&R) -> OfficialId,
) -> Result<R, Error> {
    let seen = |row: &R| made_by(row) == reader.person.official || reader.sees_everything();
    found.filter(seen).ok_or(Error::NotFound)
}

/// What a reader made; whoever sees everything may ask for what everybody did. `latest` gives the rows of somebody or of
/// all, from before one on.
pub(super) fn page<R>(
    world: &World,
    reader: &Reader,
    (route, all): (&str, bool),
    (cursor, limit): (Option<&str>, i64),
    id: impl Fn(&R) -> RowId,
    latest: impl FnOnce(Option<OfficialId>, Option<RowId>, i64) -> Result<Vec<R>, StoreError>,
) -> Result<Page<R>, Error> {
    let of = (!(all && reader.sees_everything())).then_some(reader.person.official);
    let binding = Binding { route, caller: reader.scope(), filters: &all };
    let before: Option<RowId> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let page = public::Page::of(latest(of, before, limit + 1)?, limit, id);
    let next_cursor = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
    Ok(Page { items: page.items, next_cursor })
}
