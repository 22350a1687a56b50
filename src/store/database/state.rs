//! How a database stands: whether its tables fit the program, and what it is busy with.

use diesel::{QueryDsl, RunQueryDsl, migration::MigrationSource, pg::Pg, sqlite::Sqlite};

use super::{Db, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, off_thread};
use crate::store::{AnyConnection, DatabaseKind, StoreError, schema::migration, writer::Writer};

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

impl Db {
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
        let db = self.clone();
        let count = move || {
            db.read_now(|c| -> Result<i64, StoreError> { Ok(migration::table.count().get_result(c)?) })
        };
        let applied = off_thread(count).await?;
        Ok(usize::try_from(applied).is_ok_and(|applied| applied >= known))
    }

    /// What it is busy with at this moment.
    pub fn load(&self) -> Load {
        let state = self.inner.pools.primary.state();
        let waiting = self.inner.writer.as_ref().map_or(0, Writer::waiting);
        Load {
            idle: state.idle_connections,
            in_use: state.connections.saturating_sub(state.idle_connections),
            waiting_writes: u32::try_from(waiting).unwrap_or(u32::MAX),
        }
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
        let pool = self.inner.pools.primary.clone();
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
}
