//! The job that writes exports: one at a time in each process, a page in each transaction that only reads.
//!
//! A writer says from time to time that it lives. What nobody writes any more, because its process was killed, another
//! takes over and begins anew; a file has its name only once it is whole and on the disk.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Address, Lists,
    files::{self, SHEET_ROWS, Table},
    manifest,
};
use crate::{
    app::{
        App, Error,
        caller::Caller,
        clock::real_now,
        history::{self, Subject, hex},
        lists,
        tokens::EXPORT_MANIFEST,
        world::World,
    },
    domain::{
        event::Actor,
        refusal::Refusal,
        time::Instant,
        vocabulary::{ExportFormat, ExportState},
    },
    store::{
        AnyConnection,
        exports::{self, ExportRow},
    },
};

/// Rows that are read at once.
const PAGE: u16 = 1000;
/// How often a writer says that it lives, and after how long it counts as gone; microseconds.
const BEAT: i64 = 5 * 1_000_000;
const SILENCE: i64 = 60 * 1_000_000;
/// How often an export is begun before it is given up.
const ATTEMPTS: i32 = 5;
/// How long a file is kept, in microseconds: a day.
const KEPT: i64 = 24 * 3_600 * 1_000_000;

/// Why a file is not finished here.
enum Cut {
    /// The process ends: another writes it.
    Stopped,
    /// Another writes it.
    Lost,
    /// It can never be written: a code.
    Never(&'static str),
    /// The calendar became another meanwhile: what is counted by it begins anew.
    Anew,
    Failed(Error),
}

impl From<Error> for Cut {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(_) | Error::Refused(Refusal::Forbidden(_)) => Self::Never("rights_lost"),
            Error::Refused(_)
            | Error::BadParameter(_)
            | Error::UnknownParameter { .. }
            | Error::InvalidCursor
            | Error::NotFound => Self::Never("bad_question"),
            other => Self::Failed(other),
        }
    }
}

/// Writes what was ordered, until told to stop; returns how many were finished.
pub fn run_due(app: &App, lists: &dyn Lists, stopped: &dyn Fn() -> bool) -> Result<usize, Error> {
    let mut finished = 0;
    while !stopped() {
        let Some(row) = claim(app)? else { break };
        if row.state != ExportState::Running {
            continue;
        }
        match fill(app, lists, &row, stopped) {
            Ok(()) => finished += 1,
            Err(Cut::Lost) => {}
            Err(Cut::Never(problem)) => fail(app, &row, problem)?,
            Err(Cut::Stopped | Cut::Anew) => release(app, &row, row.attempts - 1)?,
            Err(Cut::Failed(error)) => {
                release(app, &row, row.attempts)?;
                return Err(error);
            }
        }
    }
    Ok(finished)
}

/// Takes the next export that nobody writes; one that was begun too often is given up.
fn claim(app: &App) -> Result<Option<ExportRow>, Error> {
    let silent_since = |world: &World| world.real_now.plus_micros(-SILENCE);
    if app.read_now(|tx, world| Ok(exports::waiting(tx, silent_since(world))?.is_none()))? {
        return Ok(None);
    }
    app.write_now(move |tx, world| {
        let Some(known) = exports::waiting(tx, silent_since(world))? else { return Ok(None) };
        let given_up = known.attempts >= ATTEMPTS;
        let row = ExportRow {
            state: if given_up { ExportState::Failed } else { ExportState::Running },
            problem: given_up.then(|| "internal".to_owned()),
            attempts: known.attempts + 1,
            beat_at: Some(world.real_now),
            rows: 0,
            finished_at: given_up.then_some(world.now),
            expires_at: given_up.then(|| world.real_now.plus_micros(KEPT)),
            ..known.clone()
        };
        Ok(exports::update(tx, &row, &known)?.then_some(row))
    })
}

/// Writes the whole list into a file, and keeps what came of it.
fn fill(app: &App, lists: &dyn Lists, row: &ExportRow, stopped: &dyn Fn() -> bool) -> Result<(), Cut> {
    let address = Address::parse(&row.list).ok_or(Cut::Never("bad_question"))?;
    let columns = lists.columns(&address.path).ok_or(Cut::Never("bad_question"))?;
    let folder = &app.options().exports;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::internal)?;
    let part = part(folder, row, row.attempts);
    let (calendar, zone) = app.read_now(|_, world| Ok((world.calendar().version(), world.zone().clone())))?;
    let zone_name = zone.iana_name().unwrap_or_default().to_owned();
    let about = [
        ("list", row.list.clone()),
        ("export", row.id.to_string()),
        ("calendar_version", calendar.to_string()),
        ("time_zone", zone_name),
    ];
    let mut table = Table::begin(&part, (row.format, row.bom), columns, &zone, &about)?;
    let caller = Caller::Official(row.ordered_by);
    let (mut cursor, mut rows, mut beat): (Option<String>, i64, Instant) = (None, 0, real_now());
    loop {
        if stopped() {
            return Err(Cut::Stopped);
        }
        let (leaf, counted_by) = app.read_now(|tx, world| {
            let reader = lists::reader(tx, world, &caller)?;
            let leaf = lists.page(tx, world, &reader, &address, (cursor.as_deref(), PAGE))?;
            Ok((leaf, world.calendar().version()))
        })?;
        if counted_by != calendar {
            return Err(Cut::Anew);
        }
        rows += i64::try_from(leaf.items.len()).map_err(Error::internal)?;
        if row.format == ExportFormat::Xlsx && rows > SHEET_ROWS {
            return Err(Cut::Never("too_many_rows"));
        }
        table.add(&leaf.items)?;
        cursor = leaf.next_cursor;
        if cursor.is_none() {
            break;
        }
        let now = real_now();
        if now.micros() - beat.micros() >= BEAT {
            beat = now;
            keep(app, row, ExportRow { beat_at: Some(now), rows, ..row.clone() }, None)?;
        }
    }
    table.end()?;
    let (bytes, digest) = files::measure(&part)?;
    fs::rename(&part, super::file(app, row)).map_err(Error::internal)?;
    sync(folder)?;
    let version = calendar.try_into().map_err(Error::internal)?;
    let filled = ExportRow { rows, bytes, digest: Some(digest), calendar_version: Some(version), ..row.clone() };
    succeed(app, row, filled)
}

/// The name is on the disk too.
fn sync(folder: &Path) -> Result<(), Error> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::internal)
}

/// Where an attempt writes.
fn part(folder: &Path, row: &ExportRow, attempt: i32) -> PathBuf {
    folder.join(format!("{}.{attempt}.part", row.id))
}

fn succeed(app: &App, known: &ExportRow, mut row: ExportRow) -> Result<(), Cut> {
    let (claims, now) = (manifest(&row), real_now());
    let (signature, kid) = app.keys().attest(EXPORT_MANIFEST, claims, now)?;
    row.state = ExportState::Succeeded;
    row.signature = Some(signature);
    row.kid = Some(kid);
    row.expires_at = Some(now.plus_micros(KEPT));
    tidy(app, &row);
    tracing::info!(export = %row.id, rows = row.rows, bytes = row.bytes, "an export was written");
    keep(app, known, row, Some("export-completion"))
}

fn fail(app: &App, known: &ExportRow, problem: &'static str) -> Result<(), Error> {
    tidy(app, known);
    tracing::warn!(export = %known.id, problem, "an export cannot be written");
    let row = ExportRow {
        state: ExportState::Failed,
        problem: Some(problem.to_owned()),
        expires_at: Some(real_now().plus_micros(KEPT)),
        ..known.clone()
    };
    lost_is_fine(keep(app, known, row, Some("export-failure")))
}

/// Leaves an export to whoever comes next; only what failed counts as an attempt.
fn release(app: &App, known: &ExportRow, attempts: i32) -> Result<(), Error> {
    tidy(app, known);
    lost_is_fine(keep(app, known, ExportRow { beat_at: None, attempts, ..known.clone() }, None))
}

fn lost_is_fine(kept: Result<(), Cut>) -> Result<(), Error> {
    match kept {
        Err(Cut::Failed(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Keeps how an export stands, with the event of its end, unless another writes it now.
fn keep(app: &App, known: &ExportRow, row: ExportRow, event: Option<&'static str>) -> Result<(), Cut> {
    let known = known.clone();
    let kept = app.write_now(move |tx: &mut AnyConnection, world: &World| {
        let finished_at = event.map(|_| world.now);
        let row = ExportRow { finished_at, ..row.clone() };
        if !exports::update(tx, &row, &known)? {
            return Ok(false);
        }
        if let Some(event) = event {
            let facts = json!({"rows": row.rows, "bytes": row.bytes, "sha256": row.digest.as_deref().map(hex),
                "kid": row.kid, "problem": row.problem});
            history::record(tx, world, &Subject::Export(row.id), &Actor::system(), event, facts)?;
        }
        Ok(true)
    })?;
    if kept { Ok(()) } else { Err(Cut::Lost) }
}

/// Takes away what attempts have left.
fn tidy(app: &App, row: &ExportRow) {
    for attempt in 1..=row.attempts {
        remove(&part(&app.options().exports, row, attempt));
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "a file of an export could not be removed"),
    }
}

/// Removes the files whose time is over; what was in them stays in manifest and log.
pub fn forget_expired(app: &App) -> Result<usize, Error> {
    let rows = app.read_now(|tx, world| Ok(exports::expired(tx, world.real_now, 100)?))?;
    let mut gone = 0;
    for known in rows {
        tidy(app, &known);
        remove(&super::file(app, &known));
        let row = ExportRow { state: ExportState::Expired, ..known.clone() };
        gone += usize::from(app.write_now(move |tx, _| Ok(exports::update(tx, &row, &known)?))?);
    }
    Ok(gone)
}
