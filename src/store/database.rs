//! The handle to the database: reads and writes for async and for plain callers, migrations, health.

use std::{
    fs::{File, TryLockError},
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection},
    r2d2::{HandleError, Pool, PooledConnection},
    result::{DatabaseErrorKind, Error},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    connection::{AnyConnection, Connector, DatabaseKind, Location, Mode},
    error::{StoreError, is_conflict},
    replica::{self, Freshness},
    writer::{Writer, guarded},
};

mod state;

pub use state::Load;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Connections to PostgreSQL, for reads and writes (measured best on two cores: 16).
const POSTGRES_POOL: u32 = 16;
/// Reading connections to SQLite; the writer has its own.
const SQLITE_POOL: u32 = 4;
/// How long a caller waits for a connection before the answer is "unavailable".
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a write on PostgreSQL is run anew because others changed the same rows.
const ATTEMPTS: u32 = 30;

/// A handle to one database; clones share pool and writer.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    pools: Pools,
    /// SQLite only: all writes go through it.
    writer: Option<Writer>,
}

/// The connections that lie ready.
pub(super) struct Pools {
    pub(super) primary: Pool<Connector>,
    pub(super) replica: OnceLock<Pool<Connector>>,
}

/// Held while serving a SQLite file; the operating system lets go of it with the process.
#[derive(Debug)]
pub struct ServingLock {
    /// Nothing on PostgreSQL, which any number of processes may serve.
    _file: Option<File>,
}

impl ServingLock {
    /// Claims a SQLite file, which need not exist yet.
    pub fn claim(path: &Path) -> Result<Self, StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".serving");
        let trouble =
            |error: std::io::Error| StoreError::Configuration(format!("{}.serving: {error}", path.display()));
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(PathBuf::from(name))
            .map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Configuration(format!("another process already serves {}", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(trouble(error)),
        }
    }
}

impl Db {
    /// Opens `sqlite:PATH` (made with its folder when absent) or `postgres://…` with a pool of 16.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with_pool(url, POSTGRES_POOL)
    }

    /// As [`Db::open`], with so many connections to PostgreSQL; SQLite takes no notice.
    pub fn open_with_pool(url: &str, connections: u32) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        let writing = Connector::new(location.clone(), Mode::Write);
        // Opened at once, so that a wrong URL or a stopped server is reported with its reason.
        let first = writing.open()?;
        let (reading, size, writer) = match location.kind() {
            DatabaseKind::Postgres => (writing, connections, None),
            DatabaseKind::Sqlite => {
                let reading = Connector::new(location.clone(), Mode::Read);
                (reading, SQLITE_POOL, Some(Writer::start(writing, first)?))
            }
        };
        let pools = Pools { primary: pool(reading, size, Some(0)), replica: OnceLock::new() };
        Ok(Self { inner: Arc::new(Inner { location, pools, writer }) })
    }

    /// Lets a replica of this PostgreSQL answer reads; a second one is refused.
    pub fn attach_replica(&self, url: &str, connections: u32) -> Result<(), StoreError> {
        let second = || StoreError::Configuration("one replica at most".to_owned());
        self.inner.pools.replica.set(replica::open(url, connections)?).map_err(|_| second())
    }

    /// Which database this is.
    pub fn kind(&self) -> DatabaseKind {
        self.inner.location.kind()
    }

    /// Brings the tables up to date; several processes may call it at once.
    pub fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = Connector::new(self.inner.location.clone(), Mode::Migrate).open()?;
        connection.begin(Mode::Migrate)?;
        let migrations = match &mut connection {
            AnyConnection::Postgres(c) => {
                // The number is the project's own; whoever comes second waits and finds nothing to do.
                c.batch_execute("SELECT pg_advisory_xact_lock(7521839960)")?;
                POSTGRES_MIGRATIONS
            }
            AnyConnection::Sqlite(_) => SQLITE_MIGRATIONS,
        };
        connection
            .run_pending_migrations(migrations)
            .map_err(|error| StoreError::Internal(format!("migration: {error}")))?;
        Ok(connection.commit()?)
    }

    /// Claims a SQLite file for this process until the lock is dropped; refused while another one serves it.
    pub fn lock_for_serving(&self) -> Result<ServingLock, StoreError> {
        match &self.inner.location {
            Location::Sqlite(path) => ServingLock::claim(path),
            Location::Postgres(_) => Ok(ServingLock { _file: None }),
        }
    }

    pub(super) fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Reads one snapshot, off the async threads, from a replica if there is one and it is new enough. A write
    /// inside is refused by the database.
    pub async fn read<T, E, F>(&self, freshness: Freshness, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let db = self.clone();
        off_thread(move || match replica::begin(&db.inner.pools, freshness) {
            Some(connection) => finish_reading(connection, read),
            None => db.read_now(read),
        })
        .await
    }

    /// Writes in one transaction, off the async threads; returns after it is durable.
    ///
    /// On PostgreSQL the closure runs anew when others changed the same rows meanwhile, so it must not do
    /// anything that cannot be undone. Its snapshot begins with its first statement.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let Some(writer) = &self.inner.writer else {
            let db = self.clone();
            return off_thread(move || db.write_retrying(write)).await;
        };
        let (reply, answer) = tokio::sync::oneshot::channel();
        // Whoever stopped waiting does not need the answer.
        writer.submit(write, move |result| drop(reply.send(result)))?;
        answer.await.unwrap_or_else(|_| Err(writer_died().into()))
    }

    /// Reads one snapshot of the primary on the calling thread: for jobs, the command line and tests.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        finish_reading(self.begin(Mode::Read)?, read)
    }

    /// As [`Db::write`] for the command line and for tests; blocks the calling thread.
    pub fn write_now<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let Some(writer) = &self.inner.writer else {
            return self.write_retrying(write);
        };
        let (reply, answer) = crossbeam_channel::bounded(1);
        writer.submit(write, move |result| drop(reply.send(result)))?;
        answer.recv().unwrap_or_else(|_| Err(writer_died().into()))
    }

    /// Takes a connection and opens a transaction on it. A connection that was lost while it lay idle shows
    /// here, where trying another one is safe; at most the whole pool is stale.
    fn begin(&self, mode: Mode) -> Result<PooledConnection<Connector>, StoreError> {
        let mut stale = 0;
        loop {
            let mut connection = self.inner.pools.primary.get()?;
            match connection.begin(mode).map_err(StoreError::from) {
                Ok(()) => return Ok(connection),
                Err(StoreError::Unavailable(_)) if stale < self.inner.pools.primary.max_size() => stale += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn write_retrying<T, E: From<StoreError>>(
        &self,
        mut write: impl FnMut(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        for attempt in 1..=ATTEMPTS {
            let mut connection = self.begin(Mode::Write)?;
            let trouble = Arc::<Trouble>::default();
            connection.set_instrumentation(Watch(trouble.clone()));
            let result = guarded(|| write(&mut connection)).and_then(|value| {
                connection.commit().map_err(StoreError::from)?;
                Ok(value)
            });
            // A connection that cannot roll back is dropped by the pool.
            let rolled_back = connection.roll_back_to(0);
            if result.is_ok() || rolled_back.is_err() || !trouble.passes(attempt) {
                return result;
            }
            drop(connection);
            std::thread::sleep(pause_before_retry(attempt));
        }
        Err(StoreError::Busy.into())
    }
}

/// Connections, so many of them opened before they are needed (nothing: all).
pub(super) fn pool(connector: Connector, size: u32, idle: Option<u32>) -> Pool<Connector> {
    Pool::builder()
        .max_size(size)
        .min_idle(idle)
        .test_on_check_out(false)
        .connection_timeout(CHECKOUT_TIMEOUT)
        .error_handler(Box::new(LogErrors))
        .build_unchecked(connector)
}

/// Reads in the transaction that is open.
fn finish_reading<T, E: From<StoreError>>(
    mut connection: PooledConnection<Connector>,
    read: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    let result = read(&mut connection)?;
    connection.commit().map_err(StoreError::from)?;
    Ok(result)
}

/// At random, up to 4 ms at first and twice as much each time, at most 256 ms: those who were in each other's way
/// must not meet again, and the more of them there are, the wider they must spread.
fn pause_before_retry(attempt: u32) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_micros(random % (2000 << attempt.min(7)))
}

fn writer_died() -> StoreError {
    StoreError::Internal("the writer gave no answer".to_owned())
}

async fn off_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Internal(error.to_string()).into()),
    }
}

/// What the statements of one write ran into, whatever its closure made of their errors.
#[derive(Default)]
struct Trouble {
    conflict: AtomicBool,
    unique: AtomicBool,
}

impl Trouble {
    /// Whether a failed write deserves another attempt. A unique violation gets one: the row that was in the
    /// way may have been committed after our snapshot, and the second look finds it.
    fn passes(&self, attempt: u32) -> bool {
        self.conflict.load(Ordering::Relaxed) || (attempt == 1 && self.unique.load(Ordering::Relaxed))
    }
}

struct Watch(Arc<Trouble>);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = event {
            self.0.conflict.fetch_or(is_conflict(error), Ordering::Relaxed);
            let unique = matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _));
            self.0.unique.fetch_or(unique, Ordering::Relaxed);
        }
    }
}

#[derive(Debug)]
struct LogErrors;

impl HandleError<StoreError> for LogErrors {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "no connection could be opened");
    }
}
