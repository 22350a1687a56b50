//! Settings of the installation itself, as pairs of key and value.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, insert_into};

use super::{AnyConnection, StoreError, schema::meta};
use crate::native;

/// The value of a key, if it was ever set.
pub fn get(connection: &mut AnyConnection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(meta::table.find(key).select(meta::value).first(connection).optional()?)
}

/// Sets a key, whether it had a value or not.
pub fn set(connection: &mut AnyConnection, key: &str, value: &str) -> Result<(), StoreError> {
    native!(connection, c => insert_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value)))
        .on_conflict(meta::key)
        .do_update()
        .set(meta::value.eq(value))
        .execute(c))?;
    Ok(())
}
