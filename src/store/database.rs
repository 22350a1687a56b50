//! The handle to the database: reads and writes for async and for plain callers, migrations, health.

use std::{
    fs::{File, TryLockError},
    hash::{BuildHasher, Hasher, RandomState},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection, QueryDsl, RunQueryDsl,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection},
    migration::MigrationSource,
    pg::Pg,
    r2d2::{HandleError, Pool, PooledConnection},
    result::{DatabaseErrorKind, Error},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    connection::{AnyConnection, Connector, DatabaseKind, Location, Mode},
    error::{StoreError, is_conflict},
    schema::migration,
    writer::{Writer, guarded},
};

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
    pool: Pool<Connector>,
    /// SQLite only: all writes go through it.
    writer: Option<Writer>,
}

/// What a database is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Connections that nobody uses.
    pub idle: u32,
    /// Connections at work.
    pub in_use: u32,
    /// Writes that wait for SQLite's writer.
    pub waiting_writes: u32,
}

/// Held while serving a SQLite file; the operating system lets go of it with the process.
#[derive(Debug)]
pub struct ServingLock {
    /// Nothing on PostgreSQL, which any number of processes may serve.
    _file: Option<File>,
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
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(CHECKOUT_TIMEOUT)
            .error_handler(Box::new(LogErrors))
            .build_unchecked(reading);
        Ok(Self { inner: Arc::new(Inner { location, pool, writer }) })
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
        let Location::Sqlite(path) = &self.inner.location else {
            return Ok(ServingLock { _file: None });
        };
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
            Ok(()) => Ok(ServingLock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Configuration(format!("another process already serves {}", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(trouble(error)),
        }
    }

    /// Reads one snapshot, off the async threads. A write inside is refused by the database.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let db = self.clone();
        off_thread(move || db.read_now(read)).await
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

    /// Runs a single statement, off the async threads. On PostgreSQL without a transaction around it: it sees what is
    /// committed by then and waits for a twin instead of starting anew. After a lost connection it may run again.
    pub async fn alone<T, E, F>(&self, mut statement: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        if self.inner.writer.is_some() {
            return self.write(move |connection| Ok(statement(connection)?)).await;
        }
        let pool = self.inner.pool.clone();
        let run = move || {
            let mut stale = 0;
            loop {
                match statement(&mut *pool.get().map_err(StoreError::from)?) {
                    Err(StoreError::Unavailable(_)) if stale < pool.max_size() => stale += 1,
                    other => return other,
                }
            }
        };
        Ok(off_thread(run).await?)
    }

    /// As [`Db::read`] on the calling thread: for the command line and for tests.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.begin(Mode::Read)?;
        let result = read(&mut connection)?;
        connection.commit().map_err(StoreError::from)?;
        Ok(result)
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

    /// Whether the tables are those of this program, or of a later one; an error when the database does not answer.
    pub async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        let known = match self.kind() {
            DatabaseKind::Sqlite => {
                MigrationSource::<Sqlite>::migrations(&SQLITE_MIGRATIONS).map(|all| all.len())
            }
            DatabaseKind::Postgres => {
                MigrationSource::<Pg>::migrations(&POSTGRES_MIGRATIONS).map(|all| all.len())
            }
        };
        let known = known.map_err(|error| StoreError::Internal(error.to_string()))?;
        let applied: i64 = self
            .read(|connection| Ok::<_, StoreError>(migration::table.count().get_result(connection)?))
            .await?;
        Ok(usize::try_from(applied).is_ok_and(|applied| applied >= known))
    }

    /// What it is busy with at this moment.
    pub fn load(&self) -> Load {
        let state = self.inner.pool.state();
        let waiting = self.inner.writer.as_ref().map_or(0, Writer::waiting);
        Load {
            idle: state.idle_connections,
            in_use: state.connections.saturating_sub(state.idle_connections),
            waiting_writes: u32::try_from(waiting).unwrap_or(u32::MAX),
        }
    }

    /// Takes a connection and opens a transaction on it. A connection that was lost while it lay idle shows
    /// here, where trying another one is safe; at most the whole pool is stale.
    fn begin(&self, mode: Mode) -> Result<PooledConnection<Connector>, StoreError> {
        let mut stale = 0;
        loop {
            let mut connection = self.inner.pool.get()?;
            match connection.begin(mode).map_err(StoreError::from) {
                Ok(()) => return Ok(connection),
                Err(StoreError::Unavailable(_)) if stale < self.inner.pool.max_size() => stale += 1,
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
            std::thread::sleep(pause_before_retry(attempt));
        }
        Err(StoreError::Busy.into())
    }
}

/// Up to 16 ms, at random: those who were in each other's way must not meet again.
fn pause_before_retry(attempt: u32) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_micros(random % u64::from(attempt.min(8) * 2000))
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
