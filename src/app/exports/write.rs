//! The job that writes exports: one at a time in each process, all of a list in one transaction that only reads.
//!
//! A writer says from time to time that it lives. What nobody writes any more, because its process was killed, another
//! takes over and begins anew, under a name of its own; a file has its name only once it is whole and on the disk.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    thread,
    time::Duration,
};

use super::{
    Address, Lists, end_facts,
    files::{self, SHEET_ROWS, Table},
    manifest, rights_of,
};
use crate::{
    app::{
        App, Error,
        caller::Caller,
        clock::real_now,
        history::{self, Subject},
        lists, signing,
        tokens::EXPORT_MANIFEST,
        world::World,
    },
    domain::{
        event::Actor,
        refusal::Refusal,
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
/// How often it is looked whether a beat is due.
const GLANCE: Duration = Duration::from_millis(100);
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
        let written = match row.attempts {
            ..=ATTEMPTS => fill(app, lists, &row, stopped),
            _ => Err(Cut::Never("internal")),
        };
        match written {
            Ok(()) => finished += 1,
            Err(Cut::Lost) => remove_attempt(app, &row, row.attempts),
            Err(Cut::Never(problem)) => fail(app, &row, problem)?,
            // Whoever stops leaves it to the next at once, and that is no attempt.
            Err(Cut::Stopped) => {
                let left = ExportRow { beat_at: None, attempts: row.attempts - 1, ..row.clone() };
                release(app, left, &row)?;
            }
            // It is tried again once it counts as left, unless another writes it already.
            Err(Cut::Failed(error)) => {
                if release(app, ExportRow { beat_at: Some(real_now()), ..row.clone() }, &row)? {
                    return Err(error);
                }
            }
        }
    }
    Ok(finished)
}

/// Takes the next export that nobody writes.
fn claim(app: &App) -> Result<Option<ExportRow>, Error> {
    let silent_since = |world: &World| world.real_now.plus_micros(-SILENCE);
    if app.read_now(|tx, world| Ok(exports::waiting(tx, silent_since(world))?.is_none()))? {
        return Ok(None);
    }
    app.write_now(move |tx, world| {
        let Some(known) = exports::waiting(tx, silent_since(world))? else { return Ok(None) };
        let row = ExportRow {
            state: ExportState::Running,
            attempts: known.attempts + 1,
            beat_at: Some(world.real_now),
            rows: 0,
            ..known.clone()
        };
        Ok(exports::update(tx, &row, &known)?.then_some(row))
    })
}

/// Writes the whole list into a file, and keeps what came of it; another thread says meanwhile that it goes on.
fn fill(app: &App, lists: &dyn Lists, row: &ExportRow, stopped: &dyn Fn() -> bool) -> Result<(), Cut> {
    let (over, lost, rows) = (AtomicBool::new(false), AtomicBool::new(false), AtomicI64::new(0));
    let filled = thread::scope(|scope| {
        scope.spawn(|| {
            let mut beat = real_now();
            while !over.load(Ordering::Relaxed) {
                thread::sleep(GLANCE);
                if real_now().micros() - beat.micros() >= BEAT {
                    beat = real_now();
                    let alive =
                        ExportRow { beat_at: Some(beat), rows: rows.load(Ordering::Relaxed), ..row.clone() };
                    // One that cannot be said now is said the next time.
                    lost.store(matches!(keep(app, row, alive, None), Err(Cut::Lost)), Ordering::Relaxed);
                }
            }
        });
        let ends = || stopped() || lost.load(Ordering::Relaxed);
        let filled = write(app, lists, row, &ends, &rows);
        over.store(true, Ordering::Relaxed);
        filled
    });
    match filled {
        Err(Cut::Stopped) if lost.into_inner() => Err(Cut::Lost),
        Err(cut) => Err(cut),
        Ok(filled) => succeed(app, row, filled),
    }
}

/// Writes the file, and gives the export as it is then.
fn write(
    app: &App,
    lists: &dyn Lists,
    row: &ExportRow,
    ends: &dyn Fn() -> bool,
    written: &AtomicI64,
) -> Result<ExportRow, Cut> {
    let address = Address::parse(&row.list).ok_or(Cut::Never("bad_question"))?;
    let columns = lists.columns(&address.path).ok_or(Cut::Never("bad_question"))?;
    let folder = &app.options().exports;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::internal)?;
    let part = part(folder, row, row.attempts);
    // One state of the database for all pages: what is written meanwhile is in none of them.
    let taken = app.read_now(|tx, world| {
        let mut table =
            Table::begin(&part, (row.format, row.bom), columns, world.zone(), &about(row, world))?;
        let reader = lists::reader(tx, world, &Caller::Official(row.ordered_by))?;
        let (mut cursor, mut rows) = (None::<String>, 0);
        loop {
            if ends() {
                return Ok(Err(Cut::Stopped));
            }
            let leaf = lists.page(tx, world, &reader, &address, (cursor.as_deref(), PAGE))?;
            rows += i64::try_from(leaf.items.len()).map_err(Error::internal)?;
            if row.format == ExportFormat::Xlsx && rows > SHEET_ROWS {
                return Ok(Err(Cut::Never("too_many_rows")));
            }
            table.add(&leaf.items)?;
            written.store(rows, Ordering::Relaxed);
            cursor = leaf.next_cursor;
            if cursor.is_none() {
                let calendar = world.calendar().version().try_into().map_err(Error::internal)?;
                let filled = ExportRow {
                    rows,
                    calendar_version: Some(calendar),
                    rights: Some(rights_of(&reader)?),
                    ..row.clone()
                };
                return Ok(Ok((table, filled)));
            }
        }
    })?;
    let (table, filled) = taken?;
    table.end()?;
    let (bytes, digest) = files::measure(&part)?;
    fs::rename(&part, super::file(app, row)).map_err(Error::internal)?;
    sync(folder)?;
    Ok(ExportRow { bytes, digest: Some(digest), ..filled })
}

/// What a workbook says of itself.
fn about(row: &ExportRow, world: &World) -> [(&'static str, String); 4] {
    [
        ("list", row.list.clone()),
        ("export", row.id.to_string()),
        ("calendar_version", world.calendar().version().to_string()),
        ("time_zone", world.zone().iana_name().unwrap_or_default().to_owned()),
    ]
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
    let now = real_now();
    let keys = app.read_now(|tx, world| signing::ring(tx, &world.secret))?;
    let (signature, kid) = keys.attest(EXPORT_MANIFEST, manifest(&row), now)?;
    row.state = ExportState::Succeeded;
    row.signature = Some(signature);
    row.kid = Some(kid);
    row.expires_at = Some(now.plus_micros(KEPT));
    for attempt in 1..row.attempts {
        remove_attempt(app, &row, attempt);
    }
    tracing::info!(export = %row.id, rows = row.rows, bytes = row.bytes, "an export was written");
    keep(app, known, row, Some("export-completion"))
}

fn fail(app: &App, known: &ExportRow, problem: &'static str) -> Result<(), Error> {
    tracing::warn!(export = %known.id, problem, "an export cannot be written");
    let row = ExportRow {
        state: ExportState::Failed,
        problem: Some(problem.to_owned()),
        expires_at: Some(real_now().plus_micros(KEPT)),
        ..known.clone()
    };
    left(app, known, keep(app, known, row, Some("export-failure"))).map(|_| ())
}

/// Leaves an export to whoever comes next; tells whether it was this writer's to leave.
fn release(app: &App, row: ExportRow, known: &ExportRow) -> Result<bool, Error> {
    left(app, known, keep(app, known, row, None))
}

/// Takes away what this attempt, or where it was the last all of them, have left.
fn left(app: &App, known: &ExportRow, kept: Result<(), Cut>) -> Result<bool, Error> {
    match kept {
        Ok(()) => tidy(app, known),
        Err(Cut::Failed(error)) => return Err(error),
        Err(_) => {
            remove_attempt(app, known, known.attempts);
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps how an export stands, with the event of its end, unless another writes it now.
fn keep(app: &App, known: &ExportRow, row: ExportRow, event: Option<&'static str>) -> Result<(), Cut> {
    let known = known.clone();
    let kept = app.write_now(move |tx: &mut AnyConnection, world: &World| {
        let row = ExportRow { finished_at: event.map(|_| world.now), ..row.clone() };
        if !exports::update(tx, &row, &known)? {
            return Ok(false);
        }
        if let Some(event) = event {
            let subject = Subject::Export(row.id);
            history::record(tx, world, &subject, &Actor::system(), event, end_facts(&row))?;
        }
        Ok(true)
    })?;
    if kept { Ok(()) } else { Err(Cut::Lost) }
}

/// Takes away what all attempts have left.
fn tidy(app: &App, row: &ExportRow) {
    (1..=row.attempts).for_each(|attempt| remove_attempt(app, row, attempt));
}

/// Takes away what one attempt has left; no other touches the file of the one that was kept.
fn remove_attempt(app: &App, row: &ExportRow, attempt: i32) {
    remove(&part(&app.options().exports, row, attempt));
    remove(&super::file(app, &ExportRow { attempts: attempt, ..row.clone() }));
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
        let row = ExportRow { state: ExportState::Expired, ..known.clone() };
        gone += usize::from(app.write_now(move |tx, _| Ok(exports::update(tx, &row, &known)?))?);
    }
    Ok(gone)
}
