//! What was answered to a request that carried an idempotency key; saved in the transaction of its effect.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, delete, insert_into,
};

use super::{
    AnyConnection, Json, StoreError, Together,
    schema::idempotency_record::{self, created_at},
};
use crate::domain::{
    id::{Id, RowKey},
    time::Instant,
};

/// Who sent which key where: what makes two requests one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    pub caller: &'a str,
    pub method: &'a str,
    /// The template of the path, without the ids in it.
    pub route: &'a str,
    pub key: &'a str,
}

/// A record: the answer by reference, or as a body without secrets and personal data.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_record, treat_none_as_default_value = false)]
pub struct IdempotencyRow {
    pub caller: String,
    pub method: String,
    pub route: String,
    pub key: String,
    /// Digest of the request; another one under the same key is a mistake of the client.
    pub fingerprint: Vec<u8>,
    /// The HTTP status that was answered.
    pub status: i32,
    /// What was made or changed; of which kind it is depends on the route.
    pub subject_id: Option<Id<RowKey>>,
    /// The sequence the subject had reached by the answer.
    pub sequence: Option<i32>,
    pub body: Option<Json>,
    pub created_at: Instant,
}

/// The record of a request that came before, if any.
pub fn find(connection: &mut AnyConnection, scope: Scope<'_>) -> Result<Option<IdempotencyRow>, StoreError> {
    Ok(idempotency_record::table
        .find((scope.caller, scope.method, scope.route, scope.key))
        .select(IdempotencyRow::as_select())
        .first(connection)
        .optional()?)
}

/// Saves a record; [`StoreError::Unique`] when a twin was faster.
pub fn insert<'r>(together: &mut Together<'r>, record: &'r IdempotencyRow) {
    together.add(insert_into(idempotency_record::table).values(record));
}

/// Forgets the records made before an instant; returns how many.
pub fn delete_before(connection: &mut AnyConnection, instant: Instant) -> Result<usize, StoreError> {
    Ok(delete(idempotency_record::table.filter(created_at.lt(instant))).execute(connection)?)
}
