//! A SQLite database as one file at rest: a copy of a living one, and a look into a copy.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::Text,
};

use super::{
    connection::{AnyConnection, Connector, Location, Mode},
    database::Db,
    error::StoreError,
};

impl Db {
    /// Copies a SQLite database, as it is at this moment, into a file that does not exist yet; readers and writers
    /// go on meanwhile, also those of other processes.
    pub fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let location = self.location();
        if !matches!(location, Location::Sqlite(_)) {
            return Err(StoreError::Configuration("only a SQLite database is copied as a file".to_owned()));
        }
        let name =
            file.to_str().ok_or_else(|| StoreError::Configuration("the path must be UTF-8".to_owned()))?;
        // SQLite fills an empty file and takes no other: it is nobody else's from the beginning.
        create_private(file).map_err(|error| trouble(file, &error))?;
        let mut connection = Connector::new(location.clone(), Mode::Migrate).open()?;
        sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(&mut connection)?;
        Ok(())
    }
}

/// Makes a new file that only its owner may read.
pub fn create_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// The first fault that SQLite finds in a file, or `ok`.
#[derive(QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// Checks a SQLite file at rest page by page, and reads from it without leaving a trace beside it.
pub fn look_into<T, E: From<StoreError>>(
    file: &Path,
    read: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    let name = file.to_str().ok_or_else(|| StoreError::Configuration("the path must be UTF-8".to_owned()))?;
    let mut connection = SqliteConnection::establish(name).map_err(StoreError::from)?;
    connection.batch_execute("PRAGMA query_only = ON").map_err(|error| damaged(file, error))?;
    let mut connection = AnyConnection::Sqlite(connection);
    connection.begin(Mode::Read).map_err(|error| damaged(file, error))?;
    let sound: Integrity = sql_query("PRAGMA integrity_check(1)")
        .get_result(&mut connection)
        .map_err(|error| damaged(file, error))?;
    if sound.integrity_check != "ok" {
        return Err(damaged(file, sound.integrity_check).into());
    }
    let result = read(&mut connection)?;
    connection.commit().map_err(StoreError::from)?;
    Ok(result)
}

fn damaged(file: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Configuration(format!("{} is damaged, or no SQLite database: {why}", file.display()))
}

fn trouble(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Configuration(format!("{}: {error}", file.display()))
}
