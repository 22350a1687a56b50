//! Lists that are written into files: what was ordered, how far each is, and what came of it.

use diesel::{dsl::sql, prelude::*, sql_types::Bool};

use super::{AnyConnection, StoreError, schema::export};
use crate::domain::{
    id::{OfficialId, RowId},
    time::Instant,
    vocabulary::{ExportFormat, ExportState},
};

/// An export.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = export, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ExportRow {
    pub id: RowId,
    /// The address of the list, with the moment it shows.
    pub list: String,
    pub format: ExportFormat,
    /// Whether a CSV begins with the mark by which Excel knows UTF-8.
    pub bom: bool,
    pub ordered_by: OfficialId,
    pub ordered_at: Instant,
    pub state: ExportState,
    /// How often it was begun.
    pub attempts: i32,
    /// When its writer was last known to be alive; real time.
    pub beat_at: Option<Instant>,
    /// The moment the list shows.
    pub as_of: Option<Instant>,
    pub recorded_by: Option<Instant>,
    /// The version of the calendar that working days were counted by.
    pub calendar_version: Option<i32>,
    /// A digest of the rights it was written by.
    pub rights: Option<Vec<u8>>,
    /// How many rows were written.
    pub rows: i64,
    pub bytes: i64,
    /// SHA-256 of the file.
    pub digest: Option<Vec<u8>>,
    pub kid: Option<String>,
    /// A compact JWS over the manifest.
    pub signature: Option<String>,
    /// Why it failed: a code.
    pub problem: Option<String>,
    pub finished_at: Option<Instant>,
    /// When its file goes; real time.
    pub expires_at: Option<Instant>,
}

// Not bound: SQLite takes an index over a part of a table for conditions it can read alone.
const UNFINISHED: &str = "state IN ('queued', 'running')";
const WITH_FILES: &str = "state IN ('succeeded', 'failed')";

/// Keeps an order.
pub fn insert(tx: &mut AnyConnection, row: &ExportRow) -> Result<(), StoreError> {
    diesel::insert_into(export::table).values(row).execute(tx)?;
    Ok(())
}

/// The export of an id.
pub fn find(tx: &mut AnyConnection, id: RowId) -> Result<Option<ExportRow>, StoreError> {
    Ok(export::table.find(id).select(ExportRow::as_select()).first(tx).optional()?)
}

/// Exports, the latest first, from before one on: those an official ordered, or all.
pub fn page(
    tx: &mut AnyConnection,
    ordered_by: Option<OfficialId>,
    before: Option<RowId>,
    limit: i64,
) -> Result<Vec<ExportRow>, StoreError> {
    let mut query =
        export::table.select(ExportRow::as_select()).order(export::id.desc()).limit(limit).into_boxed();
    if let Some(official) = ordered_by {
        query = query.filter(export::ordered_by.eq(official));
    }
    if let Some(before) = before {
        query = query.filter(export::id.lt(before));
    }
    Ok(query.load(tx)?)
}

/// Exports in the order of their ids, from after one on.
pub fn after(tx: &mut AnyConnection, after: Option<RowId>, limit: i64) -> Result<Vec<ExportRow>, StoreError> {
    let mut query = export::table.select(ExportRow::as_select()).order(export::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(export::id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// How many exports of an official are not finished, and how many have a file.
pub fn held_by(tx: &mut AnyConnection, official: OfficialId) -> Result<[i64; 2], StoreError> {
    let mut held = |which: &str| {
        let of = export::table.filter(export::ordered_by.eq(official)).filter(sql::<Bool>(which));
        of.count().get_result(tx)
    };
    Ok([held(UNFINISHED)?, held(WITH_FILES)?])
}

/// The first export that waits for a writer: none has begun it, or the one that did was not heard of since.
pub fn waiting(tx: &mut AnyConnection, silent_since: Instant) -> Result<Option<ExportRow>, StoreError> {
    let silent = export::beat_at.is_null().or(export::beat_at.lt(silent_since).assume_not_null());
    Ok(export::table
        .filter(sql::<Bool>(UNFINISHED))
        .filter(silent)
        .order(export::id)
        .select(ExportRow::as_select())
        .first(tx)
        .optional()?)
}

/// Exports whose file is to go.
pub fn expired(tx: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<ExportRow>, StoreError> {
    Ok(export::table
        .filter(sql::<Bool>(WITH_FILES))
        .filter(export::expires_at.le(now))
        .order(export::expires_at)
        .select(ExportRow::as_select())
        .limit(limit)
        .load(tx)?)
}

/// Keeps how an export stands, if it still is at the attempt that the caller knows; tells whether it is.
pub fn update(tx: &mut AnyConnection, row: &ExportRow, known: &ExportRow) -> Result<bool, StoreError> {
    let same = export::table
        .filter(export::id.eq(known.id))
        .filter(export::attempts.eq(known.attempts))
        .filter(export::state.eq(known.state));
    Ok(diesel::update(same).set(row).execute(tx)? == 1)
}
