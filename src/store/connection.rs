//! A connection to either database, opened by the scheme of its URL, and the one place that opens transactions.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, ConnectionError, PgConnection, QueryResult, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{ManageConnection, R2D2Connection},
};

use super::error::StoreError;

/// A connection to PostgreSQL or SQLite; one set of queries runs on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on the connection at hand with its own backend, where the enum of both cannot say it:
/// batch inserts, `ON CONFLICT`, unions. The text stays one.
#[macro_export]
macro_rules! native {
    ($connection:expr, $c:ident => $body:expr) => {
        match $connection {
            $crate::store::AnyConnection::Postgres($c) => $body,
            $crate::store::AnyConnection::Sqlite($c) => $body,
        }
    };
}

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reads one snapshot and writes nothing.
    Read,
    /// Writes. SQLite takes the lock at once: a transaction that upgrades later fails instead of waiting.
    /// PostgreSQL refuses to overwrite what another changed since our snapshot, and `Db::write` tries again.
    Write,
    /// Changes the tables. On PostgreSQL each statement sees what is committed by then: whoever waited for
    /// another process to migrate must see its work.
    Migrate,
}

impl AnyConnection {
    /// Which database this leads to.
    pub fn kind(&self) -> DatabaseKind {
        match self {
            Self::Postgres(_) => DatabaseKind::Postgres,
            Self::Sqlite(_) => DatabaseKind::Sqlite,
        }
    }

    pub(super) fn begin(&mut self, mode: Mode) -> QueryResult<()> {
        match self {
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                match mode {
                    Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    Mode::Write => "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    Mode::Migrate => "BEGIN ISOLATION LEVEL READ COMMITTED",
                },
            ),
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                match mode {
                    Mode::Read => "BEGIN",
                    Mode::Write | Mode::Migrate => "BEGIN IMMEDIATE",
                },
            ),
        }
    }

    /// Runs a part of a transaction that, when it fails, undoes itself alone. On PostgreSQL this is the only way
    /// to go on after a statement that failed.
    pub fn savepoint<T, E: From<StoreError>>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let outside = self.depth().map_err(StoreError::from)?;
        self.begin_savepoint().map_err(StoreError::from)?;
        let result = part(self);
        let ended = if result.is_ok() { self.commit() } else { self.roll_back_to(outside) };
        ended.map_err(StoreError::from)?;
        result
    }

    /// Sets a savepoint inside the open transaction.
    pub(super) fn begin_savepoint(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::begin_transaction(self)
    }

    /// Commits the innermost transaction or savepoint.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::commit_transaction(self)
    }

    /// Rolls back until only `depth` levels are open: a panic may have left savepoints of its own behind.
    pub(super) fn roll_back_to(&mut self, depth: u32) -> QueryResult<()> {
        while self.depth()? > depth {
            <Self as Connection>::TransactionManager::rollback_transaction(self)?;
        }
        Ok(())
    }

    /// How many transactions and savepoints are open.
    pub(super) fn depth(&mut self) -> QueryResult<u32> {
        let status = <Self as Connection>::TransactionManager::transaction_manager_status_mut(self);
        Ok(status.transaction_depth()?.map_or(0, std::num::NonZeroU32::get))
    }
}

/// Where a database is, parsed from its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A file; its folder is made when it is absent.
    Sqlite(PathBuf),
    /// The URL as libpq takes it.
    Postgres(String),
}

impl Location {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", path))
                if path.is_empty() || path.starts_with(':') || path.starts_with("file:") =>
            {
                Err(StoreError::Configuration("a SQLite database is a file: write sqlite:PATH".to_owned()))
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            _ => Err(StoreError::Configuration(
                "the database URL must be sqlite:PATH or postgres://USER@HOST/NAME".to_owned(),
            )),
        }
    }

    pub(super) fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite(_) => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }
}

/// Opens connections for a pool; unlike the derived `establish` it reports why it could not.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    location: Location,
    mode: Mode,
}

/// A process whose machine vanished in a transaction would keep its locks, the sequencer's among them, until TCP gives
/// up hours later. Ours never rest for long between two statements.
const POSTGRES_SETUP: &str = "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '60s'";

/// Waits for a lock first of all: even the change to WAL can meet one.
const SQLITE_SETUP: &str = "PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 1073741824;
    PRAGMA temp_store = MEMORY;";

impl Connector {
    pub(super) fn new(location: Location, mode: Mode) -> Self {
        Self { location, mode }
    }

    /// Opens one connection, ready for use.
    pub(super) fn open(&self) -> Result<AnyConnection, StoreError> {
        match &self.location {
            Location::Sqlite(path) => self.open_sqlite(path),
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(&with_connect_timeout(url))?;
                connection.batch_execute(POSTGRES_SETUP)?;
                Ok(AnyConnection::Postgres(connection))
            }
        }
    }

    fn open_sqlite(&self, path: &Path) -> Result<AnyConnection, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Configuration(format!("{}: {error}", folder.display())))?;
        }
        let name = path
            .to_str()
            .ok_or(ConnectionError::InvalidConnectionUrl("the path must be UTF-8".to_owned()))?;
        let mut connection = SqliteConnection::establish(name)
            .map_err(|error| StoreError::Configuration(format!("{}: {error}", path.display())))?;
        connection.batch_execute(SQLITE_SETUP)?;
        if self.mode == Mode::Read {
            connection.batch_execute("PRAGMA query_only = ON")?;
        }
        Ok(AnyConnection::Sqlite(connection))
    }
}

/// A host that swallows packets must not hold a thread of the pool for minutes.
fn with_connect_timeout(url: &str) -> String {
    match url {
        _ if url.contains("connect_timeout=") => url.to_owned(),
        _ if url.contains('?') => format!("{url}&connect_timeout=5"),
        _ => format!("{url}?connect_timeout=5"),
    }
}

impl ManageConnection for Connector {
    type Connection = AnyConnection;
    type Error = StoreError;

    fn connect(&self) -> Result<AnyConnection, StoreError> {
        self.open()
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        Ok(connection.ping()?)
    }

    /// An open transaction or a lost server makes a connection useless to the next one.
    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}
