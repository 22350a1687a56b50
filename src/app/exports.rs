//! Lists that are written into files: ordered, written by a job, fetched by a link that expires.
//!
//! An export is any list by its address, as the API itself gives it behind each figure. The moment it shows is set when
//! it is ordered, so that every page of it shows the same; what came of it stands in a signed manifest and in the log.
//! Invariants: a file holds what its list shows, nothing more; whoever lost his rights meanwhile gets none.

mod cells;
mod files;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use cells::{CellKind, Column, guarded, unguarded};
pub use write::{forget_expired, run_due};

use super::{
    App, Error, World,
    caller::{self, Caller},
    clock::new_id,
    cursor::{self, Binding},
    history::{self, Subject, hex},
    idempotency::{self, Replay, RequestKey},
    lists::{self, Reader},
};
use crate::{
    domain::{
        id::{Id, RowId},
        refusal::Refusal,
        time::Instant,
        vocabulary::{ExportFormat, ExportState, Role},
    },
    store::{
        AnyConnection,
        exports::{self, ExportRow},
    },
};

/// How many exports of one person wait or are written at once.
const AT_ONCE: i64 = 3;
/// How long a link opens a file, in microseconds: a quarter of an hour. Whoever needs longer asks for another.
const LINK_LIFE: i64 = 15 * 60 * 1_000_000;

/// The lists that can be written; who serves them knows them.
pub trait Lists: Send + Sync {
    /// What the list of a path is made of; nothing where it cannot be written.
    fn columns(&self, path: &str) -> Option<Vec<Column>>;

    /// The paths that can be written.
    fn paths(&self) -> Vec<&'static str>;

    /// A page of a list from a cursor on, of so many rows.
    fn page(
        &self,
        tx: &mut AnyConnection,
        world: &World,
        reader: &Reader,
        address: &Address,
        place: (Option<&str>, u16),
    ) -> Result<Leaf, Error>;
}

/// A page of a list as it is shown.
#[derive(Debug)]
pub struct Leaf {
    pub as_of: Instant,
    pub recorded_by: Option<Instant>,
    pub items: Vec<Value>,
    pub next_cursor: Option<String>,
}

/// The address of a list: its path and its parameters, without cursor and limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub path: String,
    pub parameters: Vec<(String, String)>,
}

impl Address {
    /// Reads an address such as `/v1/overdue?agency_id=…`; each parameter is known once.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
        let once: BTreeMap<&str, ()> = pairs.iter().map(|(name, _)| (name.as_str(), ())).collect();
        if once.len() != pairs.len() {
            return None;
        }
        let parameters = pairs.into_iter().filter(|(name, _)| name != "cursor" && name != "limit");
        Some(Self { path: path.to_owned(), parameters: parameters.collect() })
    }

    /// The same list at a moment, unless it names one: as it stood, and as it was known.
    fn at(mut self, now: Instant) -> Self {
        for name in ["as_of", "recorded_by"] {
            if !self.parameters.iter().any(|(given, _)| given == name) {
                self.parameters.push((name.to_owned(), now.to_string()));
            }
        }
        self
    }

    /// The parameters as a query string, with those of a page.
    pub fn query(&self, place: &[(&str, &str)]) -> Result<String, Error> {
        let given = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = given.chain(place.iter().copied()).collect();
        serde_urlencoded::to_string(all).map_err(Error::internal)
    }

    fn text(&self) -> Result<String, Error> {
        Ok(format!("{}?{}", self.path, self.query(&[])?))
    }
}

/// What is ordered.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub list: String,
    pub format: ExportFormat,
    pub bom: bool,
}

/// Takes an order: the list is asked for its first row at once, so that a wrong question is refused here. Gives the
/// export, and whether it was ordered before with the same key.
pub fn order(
    tx: &mut AnyConnection,
    world: &World,
    lists: &dyn Lists,
    caller: &Caller,
    (wanted, key): (Result<&Wanted, Error>, Result<&Option<RequestKey>, Error>),
) -> Result<(ExportRow, bool), Error> {
    let reader = lists::reader(tx, world, caller)?;
    let (wanted, key) = (wanted?, key?.as_ref());
    if let Some(done) = idempotency::replay(tx, key)? {
        let row = exports::find(tx, Id::new(done.petition.uuid()))?;
        return Ok((row.ok_or(Error::NotFound)?, true));
    }
    let address = Address::parse(&wanted.list)
        .filter(|address| lists.columns(&address.path).is_some())
        .ok_or_else(|| not_a_list(lists))?
        .at(world.now);
    let first = lists.page(tx, world, &reader, &address, (None, 1)).map_err(wrong_question)?;
    if exports::unfinished_of(tx, reader.person.official)? >= AT_ONCE {
        return Err(Refusal::guard(
            "too_many_exports",
            "Đang có 3 bản xuất chưa xong: chờ một bản xong rồi yêu cầu tiếp.",
            "Three exports of yours are not finished: wait for one of them.",
        )
        .into());
    }
    let row = ExportRow {
        id: new_id(),
        list: address.text()?,
        format: wanted.format,
        bom: wanted.bom && wanted.format == ExportFormat::Csv,
        ordered_by: reader.person.official,
        ordered_at: world.now,
        state: ExportState::Queued,
        attempts: 0,
        beat_at: None,
        as_of: Some(first.as_of),
        recorded_by: first.recorded_by,
        calendar_version: None,
        rows: 0,
        bytes: 0,
        digest: None,
        kid: None,
        signature: None,
        problem: None,
        finished_at: None,
        expires_at: None,
    };
    exports::insert(tx, &row)?;
    let role = reader.person.rights.iter().map(|right| right.role).find(|role| *role != Role::Admin);
    let actor = caller::actor(&reader.person, role.unwrap_or(Role::Auditor));
    let facts = json!({"list": row.list, "format": row.format, "as_of": row.as_of, "recorded_by": row.recorded_by});
    let sequence = history::record(tx, world, &Subject::Export(row.id), &actor, "export-order", facts)?;
    idempotency::remember(tx, world, key, 202, Replay { petition: Id::new(row.id.uuid()), sequence })?;
    Ok((row, false))
}

fn not_a_list(lists: &dyn Lists) -> Error {
    let paths = lists.paths().join(", ");
    Refusal::field(
        "/list",
        "not_a_list",
        format!("Cần địa chỉ của một danh sách, mỗi tham số một lần; xuất được: {paths}."),
        format!("Needs the address of a list, each parameter once; these can be exported: {paths}."),
    )
    .into()
}

/// A fault in the parameters of the address is one of the member that holds it.
fn wrong_question(error: Error) -> Error {
    let (vi, en) = match &error {
        Error::BadParameter(fault) => (
            format!("Tham số {}: {}", fault.pointer, fault.words.vi),
            format!("Parameter {}: {}", fault.pointer, fault.words.en),
        ),
        Error::UnknownParameter { name } => {
            (format!("Danh sách không có tham số {name}."), format!("The list has no parameter {name}."))
        }
        _ => return error,
    };
    Refusal::field("/list", "bad_question", vi, en).into()
}

/// An export, for whoever ordered it, and for whoever sees everything anyway.
pub fn find(tx: &mut AnyConnection, reader: &Reader, id: RowId) -> Result<ExportRow, Error> {
    let row = exports::find(tx, id)?.ok_or(Error::NotFound)?;
    let own = row.ordered_by == reader.person.official;
    if own || reader.sees_everything() { Ok(row) } else { Err(Error::NotFound) }
}

/// A page of exports, the latest first.
#[derive(Debug)]
pub struct Page {
    pub items: Vec<ExportRow>,
    pub next_cursor: Option<String>,
}

/// What a reader ordered; whoever sees everything may ask for the exports of all.
pub fn page(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    all: bool,
    (cursor, limit): (Option<&str>, i64),
) -> Result<Page, Error> {
    let of = (!(all && reader.sees_everything())).then_some(reader.person.official);
    let binding = Binding { route: "/v1/exports", caller: reader.scope(), filters: &all };
    let before: Option<RowId> =
        cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let mut items = exports::page(tx, of, before, limit + 1)?;
    let shown = usize::try_from(limit).map_err(Error::internal)?;
    let goes_on = items.len() > shown;
    items.truncate(shown);
    let last = items.last().filter(|_| goes_on);
    let next_cursor = last.map(|row| cursor::seal(&world.secret, &binding, &row.id)).transpose()?;
    Ok(Page { items, next_cursor })
}

/// What a link opens, and until when.
#[derive(Debug, Serialize, Deserialize)]
struct Opens {
    export: RowId,
    until: i64,
}

/// The binding of links: whoever has one may fetch the file.
const LINKS: Binding<'static, ()> = Binding { route: "/v1/exports/{id}/file", caller: "", filters: &() };

/// A link to the file of an export, and until when it opens it; nothing while there is no file.
pub fn link(world: &World, row: &ExportRow) -> Result<Option<(String, Instant)>, Error> {
    let Some(expires) = row.expires_at.filter(|_| row.state == ExportState::Succeeded) else { return Ok(None) };
    if expires <= world.real_now {
        return Ok(None);
    }
    let until = expires.min(world.real_now.plus_micros(LINK_LIFE));
    let token = cursor::seal(&world.secret, &LINKS, &Opens { export: row.id, until: until.micros() })?;
    Ok(Some((format!("/v1/exports/{}/file?token={token}", row.id), until)))
}

/// The export whose file a link opens; what no link opens is not there.
pub fn opened(tx: &mut AnyConnection, world: &World, id: RowId, token: &str) -> Result<ExportRow, Error> {
    let opens: Opens = cursor::open(&world.secret, &LINKS, token).map_err(|_| Error::NotFound)?;
    if opens.export != id || opens.until <= world.real_now.micros() {
        return Err(Error::NotFound);
    }
    let row = exports::find(tx, id)?.ok_or(Error::NotFound)?;
    let there = row.state == ExportState::Succeeded && row.expires_at > Some(world.real_now);
    if there { Ok(row) } else { Err(Error::NotFound) }
}

/// Where the file of an export is.
pub fn file(app: &App, row: &ExportRow) -> std::path::PathBuf {
    app.options().exports.join(format!("{}.{}", row.id, row.format))
}

/// What is signed of a file: everything needed to make it again, and its digest.
pub fn manifest(row: &ExportRow) -> Value {
    json!({
        "export_id": row.id, "list": row.list, "format": row.format, "as_of": row.as_of,
        "recorded_by": row.recorded_by, "calendar_version": row.calendar_version, "rows": row.rows,
        "bytes": row.bytes, "sha256": row.digest.as_deref().map(hex),
    })
}
