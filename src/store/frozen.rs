//! Frozen reports: what they said, and what each petition counted in them. Nothing here is ever changed.

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, Json, StoreError,
    schema::{frozen_petition, frozen_report},
};
use crate::{
    domain::{
        id::{OfficialId, PetitionId, RowId},
        time::Instant,
    },
    native,
};

/// What was frozen, without its figures and petitions.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = frozen_report, treat_none_as_default_value = false)]
pub struct FrozenHead {
    pub id: RowId,
    pub report: String,
    /// The question, as the list behind a figure takes it.
    pub query: Json,
    pub as_of: Instant,
    pub petitions: i32,
    /// SHA-256 over everything that was frozen.
    pub digest: Vec<u8>,
    pub kid: String,
    /// A compact JWS over the digest.
    pub signature: String,
    pub frozen_at: Instant,
    pub frozen_by: OfficialId,
    /// The ids of the figures and amounts that are kept of each petition; nothing: the columns of the report on
    /// timeliness.
    pub figures: Option<Json>,
}

/// A frozen report without its petitions.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = frozen_report, treat_none_as_default_value = false)]
pub struct FrozenRow {
    #[diesel(embed)]
    pub head: FrozenHead,
    /// The figures of each group.
    pub rows: Json,
}

/// What a petition counted.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = frozen_petition)]
pub struct FrozenPetition {
    pub report_id: RowId,
    pub petition_id: PetitionId,
    /// Its entry in the report, written.
    pub figures: String,
}

/// Keeps a frozen report.
pub fn insert(
    tx: &mut AnyConnection,
    row: &FrozenRow,
    petitions: &[FrozenPetition],
) -> Result<(), StoreError> {
    diesel::insert_into(frozen_report::table).values(row).execute(tx)?;
    for part in petitions.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(frozen_petition::table).values(part).execute(c))?;
    }
    Ok(())
}

/// The frozen report of an id.
pub fn find(tx: &mut AnyConnection, id: RowId) -> Result<Option<FrozenRow>, StoreError> {
    Ok(frozen_report::table.find(id).select(FrozenRow::as_select()).first(tx).optional()?)
}

/// Frozen reports in the order of their ids, from after one on.
pub fn page(tx: &mut AnyConnection, after: Option<RowId>, limit: i64) -> Result<Vec<FrozenRow>, StoreError> {
    let mut query = frozen_report::table
        .select(FrozenRow::as_select())
        .order(frozen_report::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(frozen_report::id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// What somebody froze, or everybody, the latest first, from before one on.
pub fn latest(
    tx: &mut AnyConnection,
    of: Option<OfficialId>,
    before: Option<RowId>,
    limit: i64,
) -> Result<Vec<FrozenHead>, StoreError> {
    let mut query = frozen_report::table
        .select(FrozenHead::as_select())
        .order(frozen_report::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(official) = of {
        query = query.filter(frozen_report::frozen_by.eq(official));
    }
    if let Some(before) = before {
        query = query.filter(frozen_report::id.lt(before));
    }
    Ok(query.load(tx)?)
}

/// The petitions of a frozen report in the order of their ids, from after one on.
pub fn petitions(
    tx: &mut AnyConnection,
    report: RowId,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<FrozenPetition>, StoreError> {
    let mut query = frozen_petition::table
        .filter(frozen_petition::report_id.eq(report))
        .select(FrozenPetition::as_select())
        .order(frozen_petition::petition_id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(frozen_petition::petition_id.gt(after));
    }
    Ok(query.load(tx)?)
}
