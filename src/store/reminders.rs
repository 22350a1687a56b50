//! When reminders come: the thresholds, and for each petition the moment of its next one.

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, StoreError, Together,
    schema::{escalation, petition_reminder, reminder_threshold},
};
use crate::{
    domain::{
        id::{EventId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Anchor, ReminderLevel, Stage, Unit},
    },
    native,
};

/// When a level is reminded of the clocks of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reminder_threshold)]
pub struct ThresholdRow {
    pub code: String,
    /// Nothing: every stage of the procedure.
    pub stage: Option<Stage>,
    pub level: ReminderLevel,
    pub anchor: Anchor,
    /// Percent of the time, or so many of `unit`.
    pub amount: i32,
    pub unit: Option<Unit>,
    pub legal_basis: String,
    pub effective_from: Option<Day>,
    /// The first day on which it is no longer in force.
    pub effective_to: Option<Day>,
    pub created_at: Instant,
}

/// When a petition is looked at next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = petition_reminder, treat_none_as_default_value = false)]
pub struct LookRow {
    pub petition_id: PetitionId,
    /// The first moment at which a reminder may be delivered; nothing while none is to come.
    pub look_at: Option<Instant>,
    /// The revision of the thresholds it was reckoned by; nothing once the petition is over.
    pub revision: Option<i32>,
}

/// A reminder that was given.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = escalation)]
pub struct EscalationRow {
    pub petition_id: PetitionId,
    pub round: i32,
    pub stage: Stage,
    pub level: ReminderLevel,
    /// The code of the threshold that was reached.
    pub threshold: String,
    pub event_id: EventId,
}

/// Every threshold, by code.
pub fn thresholds(tx: &mut AnyConnection) -> Result<Vec<ThresholdRow>, StoreError> {
    Ok(reminder_threshold::table
        .order(reminder_threshold::code.asc())
        .select(ThresholdRow::as_select())
        .load(tx)?)
}

/// Thresholds by code, from after a code on.
pub fn thresholds_page(
    tx: &mut AnyConnection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ThresholdRow>, StoreError> {
    let mut query = reminder_threshold::table
        .order(reminder_threshold::code.asc())
        .limit(limit)
        .select(ThresholdRow::as_select())
        .into_boxed();
    if let Some(code) = after {
        query = query.filter(reminder_threshold::code.gt(code));
    }
    Ok(query.load(tx)?)
}

/// The threshold of a code.
pub fn threshold(tx: &mut AnyConnection, code: &str) -> Result<Option<ThresholdRow>, StoreError> {
    Ok(reminder_threshold::table.find(code).select(ThresholdRow::as_select()).first(tx).optional()?)
}

/// Adds a threshold; [`StoreError::Unique`] when the code is taken.
pub fn insert_threshold(tx: &mut AnyConnection, row: &ThresholdRow) -> Result<(), StoreError> {
    diesel::insert_into(reminder_threshold::table).values(row).execute(tx)?;
    Ok(())
}

/// Ends a threshold on a day.
pub fn end_threshold(tx: &mut AnyConnection, code: &str, effective_to: Day) -> Result<(), StoreError> {
    diesel::update(reminder_threshold::table.find(code))
        .set(reminder_threshold::effective_to.eq(effective_to))
        .execute(tx)?;
    Ok(())
}

/// Notes for a new petition when it is looked at first.
pub fn insert<'r>(together: &mut Together<'r>, row: &'r LookRow) {
    together.add(diesel::insert_into(petition_reminder::table).values(row));
}

/// Notes it for many.
pub fn insert_all(tx: &mut AnyConnection, rows: &[LookRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(petition_reminder::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Notes for a petition when it is looked at next.
pub fn set<'r>(together: &mut Together<'r>, row: &LookRow) {
    let own = petition_reminder::table.find(row.petition_id);
    together.add(
        diesel::update(own)
            .set((petition_reminder::look_at.eq(row.look_at), petition_reminder::revision.eq(row.revision))),
    );
}

/// The petitions of which a reminder may be delivered now, the longest waiting first.
pub fn due(tx: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<PetitionId>, StoreError> {
    Ok(petition_reminder::table
        .filter(petition_reminder::look_at.is_not_null())
        .filter(petition_reminder::look_at.le(now))
        .order((petition_reminder::look_at, petition_reminder::petition_id))
        .limit(limit)
        .select(petition_reminder::petition_id)
        .load(tx)?)
}

/// The petitions whose moment was reckoned by thresholds before this revision.
pub fn outdated(tx: &mut AnyConnection, revision: i32, limit: i64) -> Result<Vec<PetitionId>, StoreError> {
    Ok(petition_reminder::table
        .filter(petition_reminder::revision.is_not_null())
        .filter(petition_reminder::revision.lt(revision))
        .order(petition_reminder::revision)
        .limit(limit)
        .select(petition_reminder::petition_id)
        .load(tx)?)
}

/// When a petition is looked at next; nothing for backfill.
pub fn look(tx: &mut AnyConnection, id: PetitionId) -> Result<Option<LookRow>, StoreError> {
    Ok(petition_reminder::table.find(id).select(LookRow::as_select()).first(tx).optional()?)
}

/// Notes that a reminder was given; [`StoreError::Unique`] when this level was reminded of this clock before.
pub fn insert_escalation(tx: &mut AnyConnection, row: &EscalationRow) -> Result<(), StoreError> {
    diesel::insert_into(escalation::table).values(row).execute(tx)?;
    Ok(())
}
