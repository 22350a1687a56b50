//! Spans: one row per stretch in which what lists and reports look at did not change.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, StoreError, Together,
    schema::{clock_span, petition_span},
};
use crate::{
    domain::{
        id::{AgencyId, OfficialId, PetitionId, RowId},
        time::{Day, Instant},
        vocabulary::{Basis, Channel, Kind, Stage, State, Visibility},
    },
    native,
};

/// A stretch of a petition; the present one has no end.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = petition_span, treat_none_as_default_value = false)]
pub struct SpanRow {
    pub id: RowId,
    pub petition_id: PetitionId,
    pub sequence: i32,
    pub state: State,
    /// The lead agency, before an assignment the intake agency.
    pub agency_id: AgencyId,
    pub intake_agency_id: AgencyId,
    pub responsible_id: Option<OfficialId>,
    pub kind: Kind,
    pub channel: Channel,
    pub field_code: String,
    pub visibility: Visibility,
    pub round: i32,
    pub received_at: Instant,
    pub received_month: String,
    /// The stage whose clock `deadline` shows.
    pub clock_stage: Option<Stage>,
    /// When a clock that nothing has met or stopped falls due; nothing while it rests without a known end.
    pub open_due_at: Option<Instant>,
    /// From when that clock counts as due soon.
    pub due_soon_at: Option<Instant>,
    pub due_at: Option<Instant>,
    pub due_on: Option<Day>,
    /// Until when the clock rests; the far future when nobody knows.
    pub paused_until: Option<Instant>,
    /// When the clock was met.
    pub met_at: Option<Instant>,
    /// How round 1 stands: `open`, `answered` or `ended`.
    pub round1_outcome: String,
    pub round1_met_on: Option<Day>,
    pub round1_met_at: Option<Instant>,
    pub round1_due_at: Option<Instant>,
    pub round1_due_on: Option<Day>,
    pub round1_paused_until: Option<Instant>,
    pub from_at: Instant,
    pub to_at: Option<Instant>,
    pub recorded_from: Instant,
    /// When we learnt that it had ended; nothing for the present one.
    pub recorded_to: Option<Instant>,
}

/// A stretch of one clock; the present one has no end.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = clock_span, treat_none_as_default_value = false)]
pub struct ClockRow {
    pub id: RowId,
    pub petition_id: PetitionId,
    pub round: i32,
    pub stage: Stage,
    pub rule_id: Option<String>,
    pub basis: Basis,
    pub started_at: Instant,
    pub open_due_at: Option<Instant>,
    pub due_at: Option<Instant>,
    pub due_on: Option<Day>,
    pub first_due_at: Option<Instant>,
    pub provisional: bool,
    pub paused_until: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub from_at: Instant,
    pub to_at: Option<Instant>,
    pub recorded_from: Instant,
    /// When we learnt that it had ended; nothing for the present one.
    pub recorded_to: Option<Instant>,
}

/// Begins a stretch.
pub fn insert<'r>(together: &mut Together<'r>, row: &'r SpanRow) {
    together.add(diesel::insert_into(petition_span::table).values(row));
}

/// Writes many stretches, of petitions and of their clocks.
pub fn insert_all(tx: &mut AnyConnection, rows: &[SpanRow], clocks: &[ClockRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(petition_span::table).values(part).execute(c))?;
    }
    for part in clocks.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(clock_span::table).values(part).execute(c))?;
    }
    Ok(())
}

/// When a stretch ended, and when we learnt it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    pub at: Instant,
    pub recorded_at: Instant,
}

/// Ends the present stretch of a petition.
pub fn close(together: &mut Together<'_>, petition: PetitionId, end: Close) {
    let present = petition_span::table
        .filter(petition_span::petition_id.eq(petition))
        .filter(petition_span::to_at.is_null());
    let set = (petition_span::to_at.eq(end.at), petition_span::recorded_to.eq(end.recorded_at));
    together.add(diesel::update(present).set(set));
}

/// All stretches of a petition in order.
pub fn of_petition(tx: &mut AnyConnection, petition: PetitionId) -> Result<Vec<SpanRow>, StoreError> {
    Ok(petition_span::table
        .filter(petition_span::petition_id.eq(petition))
        .order((petition_span::from_at, petition_span::sequence))
        .select(SpanRow::as_select())
        .load(tx)?)
}

/// All stretches of many petitions, each petition's in order.
pub fn of_petitions(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, Vec<SpanRow>>, StoreError> {
    let rows: Vec<SpanRow> = petition_span::table
        .filter(petition_span::petition_id.eq_any(petitions))
        .order((petition_span::petition_id, petition_span::from_at, petition_span::sequence))
        .select(SpanRow::as_select())
        .load(tx)?;
    let mut all: HashMap<PetitionId, Vec<SpanRow>> = HashMap::new();
    rows.into_iter().for_each(|row| all.entry(row.petition_id).or_default().push(row));
    Ok(all)
}

/// Begins a stretch of a clock.
pub fn insert_clock<'r>(together: &mut Together<'r>, row: &'r ClockRow) {
    together.add(diesel::insert_into(clock_span::table).values(row));
}

/// Ends the present stretch of a clock.
pub fn close_clock(together: &mut Together<'_>, petition: PetitionId, round: i32, stage: Stage, end: Close) {
    let present = clock_span::table
        .filter(clock_span::petition_id.eq(petition))
        .filter(clock_span::round.eq(round))
        .filter(clock_span::stage.eq(stage))
        .filter(clock_span::to_at.is_null());
    let set = (clock_span::to_at.eq(end.at), clock_span::recorded_to.eq(end.recorded_at));
    together.add(diesel::update(present).set(set));
}
