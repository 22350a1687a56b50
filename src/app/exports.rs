//! Lists that are written into files: ordered, written by a job, fetched by a link that expires.
//!
//! An export is any list by its address, as the API itself gives it behind each figure. The moment it shows is set when
//! it is ordered, and all of it is read from one state of the database; what came of it stands in a signed manifest and
//! in the log. Invariants: a file holds what its list shows, nothing more; whoever's rights changed meanwhile gets none.

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
    own::{self, Page},
    secrets::sha256,
    when::When,
};
use crate::{
    domain::{
        access::Right,
        id::{Id, OfficialId, RowId},
        refusal::Refusal,
        time::Instant,
        vocabulary::{ExportFormat, ExportState, Role},
    },
    store::{
        AnyConnection,
        exports::{self, ExportRow},
    },
};

/// How many exports of one person wait or are written at once, and how many files of his are kept.
const AT_ONCE: i64 = 3;
const KEPT_AT_ONCE: i64 = 50;
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

    /// The same list at a moment, unless it names one: as it stood, and as it was known. What will be recorded later
    /// is not known yet.
    fn at(mut self, world: &World) -> Self {
        let later = |text: &str| text.parse::<When>().is_ok_and(|when| when.end(world) > world.now);
        self.parameters.retain(|(name, value)| name != "recorded_by" || !later(value));
        for name in ["as_of", "recorded_by"] {
            if !self.parameters.iter().any(|(given, _)| given == name) {
                self.parameters.push((name.to_owned(), world.now.to_string()));
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

/// What is ordered, once it was found that it can be.
#[derive(Debug)]
pub struct Question {
    list: String,
    format: ExportFormat,
    bom: bool,
    /// When it was asked, which is the moment it shows unless it names another.
    at: Instant,
    as_of: Instant,
    recorded_by: Option<Instant>,
}

/// Looks at what is wanted before anything is written: the list is asked for its first row, so that a wrong question is
/// refused here.
pub fn question(
    tx: &mut AnyConnection,
    world: &World,
    lists: &dyn Lists,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Question, Error> {
    let reader = lists::reader(tx, world, caller)?;
    let address = Address::parse(&wanted.list)
        .filter(|address| lists.columns(&address.path).is_some())
        .ok_or_else(|| not_a_list(lists))?
        .at(world);
    let first = lists.page(tx, world, &reader, &address, (None, 1)).map_err(wrong_question)?;
    Ok(Question {
        list: address.text()?,
        format: wanted.format,
        bom: wanted.bom && wanted.format == ExportFormat::Csv,
        at: world.now,
        as_of: first.as_of,
        recorded_by: first.recorded_by,
    })
}

/// Takes an order, if there is room for it. Gives the export, and whether it was ordered before with the same key.
pub fn order(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    (question, key): (&Question, Option<&RequestKey>),
) -> Result<(ExportRow, bool), Error> {
    let reader = lists::reader(tx, world, caller)?;
    if let Some(done) = idempotency::replay(tx, key)? {
        let row = exports::find(tx, Id::new(done.petition.uuid()))?;
        return Ok((row.ok_or(Error::NotFound)?, true));
    }
    room(tx, reader.person.official)?;
    let Question { list, format, bom, at, as_of, recorded_by } = question;
    let row = ExportRow {
        id: new_id(),
        list: list.clone(),
        format: *format,
        bom: *bom,
        ordered_by: reader.person.official,
        ordered_at: *at,
        state: ExportState::Queued,
        attempts: 0,
        beat_at: None,
        as_of: Some(*as_of),
        recorded_by: *recorded_by,
        calendar_version: None,
        rights: None,
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
    let sequence =
        history::record(tx, world, &Subject::Export(row.id), &actor, "export-order", order_facts(&row))?;
    idempotency::remember(tx, world, key, 202, Replay { petition: Id::new(row.id.uuid()), sequence })?;
    Ok((row, false))
}

/// Whether the caller may order one more; who he is comes before how many he has.
pub fn check_room(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    key: Option<&RequestKey>,
) -> Result<(), Error> {
    let reader = lists::reader(tx, world, caller)?;
    if idempotency::replay(tx, key)?.is_some() {
        return Ok(());
    }
    room(tx, reader.person.official)
}

fn room(tx: &mut AnyConnection, official: OfficialId) -> Result<(), Error> {
    let [unfinished, kept] = exports::held_by(tx, official)?;
    if unfinished >= AT_ONCE {
        return Err(Refusal::guard(
            "too_many_exports",
            "Đang có 3 bản xuất chưa xong: chờ một bản xong rồi yêu cầu tiếp.",
            "Three exports of yours are not finished: wait for one of them.",
        )
        .into());
    }
    if kept >= KEPT_AT_ONCE {
        return Err(Refusal::guard(
            "too_many_files",
            "Đang giữ 50 tệp của bạn: mỗi tệp hết hạn sau một ngày, chờ rồi yêu cầu tiếp.",
            "Fifty files of yours are kept: each goes after a day, wait for that.",
        )
        .into());
    }
    Ok(())
}

/// What the log says was ordered.
pub(super) fn order_facts(row: &ExportRow) -> Value {
    json!({"list": row.list, "format": row.format, "bom": row.bom, "as_of": row.as_of, "recorded_by": row.recorded_by})
}

/// What the log says came of it.
pub(super) fn end_facts(row: &ExportRow) -> Value {
    json!({"rows": row.rows, "bytes": row.bytes, "sha256": row.digest.as_deref().map(hex), "kid": row.kid,
        "calendar_version": row.calendar_version, "problem": row.problem})
}

/// The rights of a reader as one value, which is another once they are others.
fn rights_of(reader: &Reader) -> Result<Vec<u8>, Error> {
    let person = &reader.person;
    let one = |right: &Right| json!([right.role, right.agency, right.ceiling]).to_string();
    let mut rights: Vec<String> = person.rights.iter().map(one).collect();
    rights.sort();
    let all = json!([person.agency, rights]);
    Ok(sha256(&serde_json::to_vec(&all).map_err(Error::internal)?).to_vec())
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
    own::seen(reader, exports::find(tx, id)?, |row| row.ordered_by)
}

/// What a reader ordered; whoever sees everything may ask for the exports of all.
pub fn page(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    all: bool,
    place: (Option<&str>, i64),
) -> Result<Page<ExportRow>, Error> {
    own::page(
        world,
        reader,
        ("/v1/exports", all),
        place,
        |row: &ExportRow| row.id,
        |of, before, limit| exports::page(tx, of, before, limit),
    )
}

/// What a link opens, and until when.
#[derive(Debug, Serialize, Deserialize)]
struct Opens {
    export: RowId,
    until: i64,
}

/// The binding of links: whoever has one may fetch the file.
const LINKS: Binding<'static, ()> = Binding { route: "/v1/exports/{id}/file", caller: "", filters: &() };

/// A link to the file of an export, and until when it opens it; nothing while there is no file. It is for whoever
/// ordered it, as long as his rights are those it was written by.
pub fn link(world: &World, reader: &Reader, row: &ExportRow) -> Result<Option<(String, Instant)>, Error> {
    let own = row.ordered_by == reader.person.official && row.rights == Some(rights_of(reader)?);
    let Some(expires) = row.expires_at.filter(|_| own && row.state == ExportState::Succeeded) else {
        return Ok(None);
    };
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

/// Where the file of an export is: each attempt has its own.
pub fn file(app: &App, row: &ExportRow) -> std::path::PathBuf {
    app.options().exports.join(format!("{}.{}.{}", row.id, row.attempts, row.format))
}

/// What is signed of a file: everything needed to make it again, and its digest.
pub fn manifest(row: &ExportRow) -> Value {
    json!({
        "export_id": row.id, "list": row.list, "format": row.format, "as_of": row.as_of,
        "recorded_by": row.recorded_by, "calendar_version": row.calendar_version, "rows": row.rows,
        "bytes": row.bytes, "sha256": row.digest.as_deref().map(hex),
    })
}
