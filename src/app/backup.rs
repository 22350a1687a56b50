//! A SQLite database as a file to keep, and back: a copy is complete, checked and private, or it is not there.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;

use super::{
    Error,
    clock::real_now,
    verify::{self, Head, Summary, Told},
};
use crate::store::{
    Db, ServingLock, StoreError,
    backup::{create_private, look_into},
};

/// A backup that was made.
#[derive(Debug, Clone)]
pub struct Copied {
    pub bytes: u64,
    /// The head of the log in it.
    pub head: Head,
}

/// Copies a living SQLite database into a new file, readable by its owner alone; returns after the file is durable.
pub fn backup(db: &Db, file: &Path) -> Result<Copied, Error> {
    if file.try_exists().map_err(|error| trouble(file, &error))? {
        return Err(stop(format!("{} exists; a backup overwrites nothing", file.display())));
    }
    let draft = beside(file, ".part");
    let copied = copy_checked(db, &draft).and_then(|head| {
        let bytes = settle(&draft, file).map_err(|error| trouble(file, &error))?;
        Ok(Copied { bytes, head })
    });
    if copied.is_err() {
        // It may not have come so far as to exist; what is said is why there is no backup.
        let _ = fs::remove_file(&draft);
    }
    copied
}

fn copy_checked(db: &Db, draft: &Path) -> Result<Head, Error> {
    db.copy_into(draft)?;
    look_into(draft, verify::head)
}

/// Puts a backup where a database is served from, after it was checked, brought to the present schema and verified.
/// A database that stands there already is set aside under another name if `force` says so; returns that name.
///
/// Refused while the target is being served.
pub fn restore(
    file: &Path,
    target: &Path,
    zone: &TimeZone,
    force: bool,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<(Summary, Option<PathBuf>), Error> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(|error| trouble(folder, &error))?;
    }
    let _lock = ServingLock::claim(target)?;
    let stands = target.try_exists().map_err(|error| trouble(target, &error))?;
    if stands && !force {
        let place = target.display();
        return Err(stop(format!("{place} exists; --force sets it aside and puts the backup in its place")));
    }
    let draft = beside(target, ".restoring");
    let summary = prove(file, &draft, zone, tell).inspect_err(|_| discard(&draft))?;
    if summary.differences > 0 {
        discard(&draft);
        let (name, count) = (file.display(), summary.differences);
        return Err(stop(format!(
            "{name} has {count} differences from its own history; nothing was changed"
        )));
    }
    let aside = if stands { Some(set_aside(target).map_err(|error| trouble(target, &error))?) } else { None };
    settle(&draft, target).map_err(|error| trouble(target, &error))?;
    Ok((summary, aside))
}

/// Copies the backup beside its target and verifies it there, brought to the present schema.
fn prove(
    file: &Path,
    draft: &Path,
    zone: &TimeZone,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Summary, Error> {
    // What an earlier attempt left: nobody else is here, for the target is claimed.
    discard(draft);
    let mut from = File::open(file).map_err(|error| trouble(file, &error))?;
    let mut to = create_private(draft).map_err(|error| trouble(draft, &error))?;
    io::copy(&mut from, &mut to).map_err(|error| trouble(draft, &error))?;
    drop(to);
    look_into(draft, |_| Ok::<_, Error>(()))?;
    let db = Db::open(&format!("sqlite:{}", draft.display()))?;
    db.migrate()?;
    verify::run(&db, zone, None, tell)
}

/// Makes a file durable and gives it its name; returns its size.
fn settle(draft: &Path, name: &Path) -> io::Result<u64> {
    let file = File::open(draft)?;
    file.sync_all()?;
    fs::rename(draft, name)?;
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(file.metadata()?.len())
}

/// Gives a database another name, with the journal that belongs to it: beside another file it would be its ruin.
fn set_aside(target: &Path) -> io::Result<PathBuf> {
    let aside = beside(target, &format!(".replaced-{}", real_now().micros()));
    for end in ENDS {
        match fs::rename(beside(target, end), beside(&aside, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// The journal first: a crash in between leaves no journal beside a file it does not belong to.
const ENDS: [&str; 3] = ["-wal", "-shm", ""];

fn discard(draft: &Path) {
    for end in ENDS {
        // What is not there need not go.
        let _ = fs::remove_file(beside(draft, end));
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

fn stop(sentence: String) -> Error {
    StoreError::Configuration(sentence).into()
}

fn trouble(path: &Path, error: &io::Error) -> Error {
    stop(format!("{}: {error}", path.display()))
}
