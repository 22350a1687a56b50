//! A second server of PostgreSQL that replays the first, and may answer reads.
//!
//! Whoever may have written sees what was written: his read goes there only when the replica has replayed
//! everything that the primary had made durable when the read began, whichever process wrote it. Otherwise, and
//! whenever the replica does not answer, the primary reads.

use diesel::{QueryableByName, RunQueryDsl, r2d2::PooledConnection, sql_query, sql_types::Text};

use super::{
    StoreError,
    connection::{Connector, DatabaseKind, Location, Mode},
    database::{Pools, pool},
};

/// How new what is read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// For somebody who may have written a moment ago.
    OwnWrites,
    /// For whom a moment's delay is nothing: the public.
    Any,
}

/// A place in the primary's log.
#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    lsn: String,
}

/// Opens the pool of a replica. It may be down: then the primary reads until it is back. Its connections are opened
/// ahead, for nobody waits for one.
pub(super) fn open(url: &str, connections: u32) -> Result<diesel::r2d2::Pool<Connector>, StoreError> {
    let location = Location::parse(url)?;
    if location.kind() != DatabaseKind::Postgres {
        return Err(StoreError::Configuration("a replica is a server of PostgreSQL".to_owned()));
    }
    Ok(pool(Connector::new(location, Mode::Read), connections, None))
}

/// A connection to the replica with an open transaction, if there is one that is new enough.
pub(super) fn begin(pools: &Pools, freshness: Freshness) -> Option<PooledConnection<Connector>> {
    let replica = pools.replica.get()?;
    match try_begin(pools, replica, freshness) {
        Ok(connection) => connection,
        Err(error) => {
            tracing::debug!(%error, "the replica does not answer; the primary reads");
            None
        }
    }
}

fn try_begin(
    pools: &Pools,
    replica: &diesel::r2d2::Pool<Connector>,
    freshness: Freshness,
) -> Result<Option<PooledConnection<Connector>>, StoreError> {
    // Asked before the connection is taken, and before the transaction whose snapshot must not be older.
    let needed = match freshness {
        Freshness::Any => None,
        Freshness::OwnWrites => Some(durable(&mut *pools.primary.get()?)?),
    };
    let Some(mut connection) = replica.try_get() else { return Ok(None) };
    if let Some(needed) = needed
        && !has_replayed(&mut connection, &needed)?
    {
        return Ok(None);
    }
    connection.begin(Mode::Read)?;
    Ok(Some(connection))
}

/// How far the primary's log is durable.
fn durable(primary: &mut super::AnyConnection) -> Result<Place, StoreError> {
    Ok(sql_query("SELECT pg_current_wal_flush_lsn()::text AS lsn").get_result(primary)?)
}

/// Whether a replica has replayed the log up to a place.
fn has_replayed(replica: &mut super::AnyConnection, needed: &Place) -> Result<bool, StoreError> {
    let reached = sql_query(
        "SELECT pg_last_wal_replay_lsn()::text AS lsn WHERE pg_last_wal_replay_lsn() >= $1::pg_lsn",
    );
    let rows: Vec<Place> = reached.bind::<Text, _>(&needed.lsn).load(replica)?;
    Ok(!rows.is_empty())
}
