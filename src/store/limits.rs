//! What clients have used of their allowances, and how often they failed to prove who they are.
//!
//! Each count is one statement, which decides and writes at once: of many that come together none is missed.

use diesel::{
    ExpressionMethods, IntoSql, OptionalExtension, QueryDsl, RunQueryDsl, delete, dsl::case_when,
    insert_into, query_dsl::methods::FilterDsl, sql_types::BigInt, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{guess, rate_limit},
};
use crate::native;

/// One call out of an allowance; everything in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    /// Since 1970.
    pub now: i64,
    /// What one call uses.
    pub step: i64,
    /// The whole allowance.
    pub window: i64,
}

/// When failures lock and for how long; everything in microseconds but the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locking {
    /// Since 1970.
    pub now: i64,
    /// How many failures are borne.
    pub failures: i64,
    /// The time after which one failure is forgotten.
    pub forgets: i64,
    /// The first lock; each further one is twice as long.
    pub first: i64,
    /// The longest lock.
    pub longest: i64,
}

/// Takes one call out of the allowance of a key: when it will be whole again, or nothing if there is none left.
pub fn take(connection: &mut AnyConnection, key: &[u8], taking: Taking) -> Result<Option<i64>, StoreError> {
    let Taking { now, step, window } = taking;
    Ok(native!(connection, c => insert_into(rate_limit::table)
        .values((rate_limit::key.eq(key), rate_limit::whole_at.eq(now + step)))
        .on_conflict(rate_limit::key)
        .do_update()
        .set(rate_limit::whole_at.eq(
            case_when(rate_limit::whole_at.gt(now), rate_limit::whole_at).otherwise(now.into_sql::<BigInt>())
                + step,
        ))
        .filter(rate_limit::whole_at.le(now + window - step))
        .returning(rate_limit::whole_at)
        .get_result(c)
        .optional())?)
}

/// When the allowance of a key will be whole again.
pub fn whole_at(connection: &mut AnyConnection, key: &[u8]) -> Result<Option<i64>, StoreError> {
    Ok(QueryDsl::select(rate_limit::table.find(key), rate_limit::whole_at).first(connection).optional()?)
}

/// Counts an attempt as failed before it is looked at; false, and nothing counted, while the key is locked.
pub fn attempt(connection: &mut AnyConnection, key: &[u8], locking: Locking) -> Result<bool, StoreError> {
    let Locking { now, failures, forgets, first, longest } = locking;
    let first_lock = if failures > 1 { 0 } else { first };
    let rows = native!(connection, c => insert_into(guess::table)
        .values((
            guess::key.eq(key),
            guess::failed_at.eq(now),
            guess::forgotten_at.eq(now + forgets),
            guess::locked_for.eq(first_lock),
        ))
        .on_conflict(guess::key)
        .do_update()
        .set((
            guess::failed_at.eq(now),
            guess::forgotten_at.eq(
                case_when(guess::forgotten_at.gt(now), guess::forgotten_at).otherwise(now.into_sql::<BigInt>())
                    + forgets,
            ),
            guess::locked_for.eq(
                case_when(guess::forgotten_at.le(now + (failures - 2) * forgets), 0.into_sql::<BigInt>())
                    .when(guess::locked_for.eq(0), first.into_sql::<BigInt>())
                    .when(guess::locked_for.gt(longest / 2), longest.into_sql::<BigInt>())
                    .otherwise(guess::locked_for * 2),
            ),
        ))
        .filter((guess::failed_at + guess::locked_for).le(now))
        .execute(c))?;
    Ok(rows > 0)
}

/// Until when a key is locked.
pub fn locked_until(connection: &mut AnyConnection, key: &[u8]) -> Result<Option<i64>, StoreError> {
    let until = QueryDsl::select(guess::table.find(key), guess::failed_at + guess::locked_for);
    Ok(until.first(connection).optional()?)
}

/// Forgets the failures of a key.
pub fn clear(connection: &mut AnyConnection, key: &[u8]) -> Result<(), StoreError> {
    delete(guess::table.find(key)).execute(connection)?;
    Ok(())
}

/// Takes one failure back: the attempt was none.
pub fn take_back(connection: &mut AnyConnection, key: &[u8], forgets: i64) -> Result<(), StoreError> {
    update(guess::table.find(key))
        .set((guess::forgotten_at.eq(guess::forgotten_at - forgets), guess::locked_for.eq(0)))
        .execute(connection)?;
    Ok(())
}

/// Forgets what no longer limits anybody; returns how many rows.
pub fn forget(connection: &mut AnyConnection, now: i64) -> Result<usize, StoreError> {
    let rates =
        delete(FilterDsl::filter(rate_limit::table, rate_limit::whole_at.lt(now))).execute(connection)?;
    let guesses = delete(FilterDsl::filter(guess::table, guess::forgotten_at.lt(now))).execute(connection)?;
    Ok(rates + guesses)
}
