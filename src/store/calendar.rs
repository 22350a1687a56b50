//! The versions of the calendar: what each says, which clocks it moved, and which petitions are still to go over to it.

use diesel::{AggregateExpressionMethods, prelude::*};

use super::{
    AnyConnection, BATCH, DatabaseKind, StoreError, Together,
    conditions::{Condition, Plain, plain},
    question::Moment,
    schema::{
        calendar_coverage, calendar_entry, calendar_move, calendar_version, clock_span, office_hours,
        petition, petition_span,
    },
    together::padded,
};
use crate::{
    domain::{
        access::Person,
        id::{AgencyId, EventId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Basis, Confidence, DayKind, Stage, State, Visibility},
    },
    native,
};

/// A version of the calendar: one act, and how far petitions have gone over to it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_version, treat_none_as_default_value = false)]
pub struct VersionRow {
    pub version: i32,
    pub source: String,
    pub recorded_at: Instant,
    /// Who ordered it; nobody for what was there at first.
    pub official_id: Option<OfficialId>,
    pub event_id: Option<EventId>,
    /// Whether it was confirmed that deadlines may move into the past.
    pub confirmed_past: bool,
    /// The last petition that was looked at.
    pub reached: Option<PetitionId>,
    /// How many petitions have moved so far.
    pub moved: i32,
    /// When every petition had been looked at.
    pub finished_at: Option<Instant>,
}

/// What a version says of a day; without a kind the day follows its weekday again.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_entry, treat_none_as_default_value = false)]
pub struct EntryRow {
    pub day: Day,
    pub version: i32,
    pub kind: Option<DayKind>,
    pub name: Option<String>,
    pub source: String,
    pub confidence: Option<Confidence>,
    pub reason: Option<String>,
}

/// A year of which every day is known, since a version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_coverage)]
pub struct CoverageRow {
    pub year: i32,
    pub version: i32,
    pub source: String,
}

/// What a version says of the office hours of an agency from a day on; without sessions they are withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = office_hours, treat_none_as_default_value = false)]
pub struct HoursRow {
    pub agency_id: AgencyId,
    pub from_day: Day,
    pub version: i32,
    /// The first day on which they count no more.
    pub to_day: Option<Day>,
    /// How many agencies stood above it then.
    pub depth: i32,
    /// As `07:30-11:30,13:30-17:00`.
    pub sessions: Option<String>,
    pub source: String,
    pub reason: Option<String>,
}

/// A clock that a version moved, from when to when; nothing while it rests without a known end.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_move, treat_none_as_default_value = false)]
pub struct MoveRow {
    pub version: i32,
    pub petition_id: PetitionId,
    pub round: i32,
    pub stage: Stage,
    pub from_due_at: Option<Instant>,
    pub from_due_on: Option<Day>,
    pub from_provisional: bool,
    pub to_due_at: Option<Instant>,
    pub to_due_on: Option<Day>,
    pub to_provisional: bool,
    /// The event of the petition by which it moved.
    pub event_id: EventId,
}

/// Everything that a version says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sayings {
    pub entries: Vec<EntryRow>,
    pub coverage: Vec<CoverageRow>,
    pub hours: Vec<HoursRow>,
}

/// Which running clocks a change can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// Those that began before this instant and end on this day or later.
    pub days: Option<(Instant, Day)>,
    /// Those whose end is provisional.
    pub provisional: bool,
}

/// Every version, in order.
pub fn versions(tx: &mut AnyConnection) -> Result<Vec<VersionRow>, StoreError> {
    Ok(calendar_version::table.order(calendar_version::version).select(VersionRow::as_select()).load(tx)?)
}

/// Versions, the latest first, from before one on.
pub fn versions_page(
    tx: &mut AnyConnection,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<VersionRow>, StoreError> {
    Ok(calendar_version::table
        .filter(calendar_version::version.lt(before.unwrap_or(i32::MAX)))
        .order(calendar_version::version.desc())
        .limit(limit)
        .select(VersionRow::as_select())
        .load(tx)?)
}

/// One version.
pub fn version(tx: &mut AnyConnection, version: i32) -> Result<Option<VersionRow>, StoreError> {
    Ok(calendar_version::table.find(version).select(VersionRow::as_select()).first(tx).optional()?)
}

/// The version that petitions have not all gone over to; there is one at most.
pub fn unfinished(tx: &mut AnyConnection) -> Result<Option<VersionRow>, StoreError> {
    // The newest alone can be unfinished: no change is taken before the one before it is through.
    let newest = versions_page(tx, None, 1)?.pop();
    Ok(newest.filter(|row| row.finished_at.is_none()))
}

/// What every version says, in order.
pub fn sayings(tx: &mut AnyConnection) -> Result<Sayings, StoreError> {
    Ok(Sayings {
        entries: calendar_entry::table
            .order((calendar_entry::version, calendar_entry::day))
            .select(EntryRow::as_select())
            .load(tx)?,
        coverage: calendar_coverage::table
            .order((calendar_coverage::version, calendar_coverage::year))
            .select(CoverageRow::as_select())
            .load(tx)?,
        hours: office_hours::table
            .order((office_hours::version, office_hours::agency_id, office_hours::from_day))
            .select(HoursRow::as_select())
            .load(tx)?,
    })
}

/// What one version says.
pub fn sayings_of(tx: &mut AnyConnection, version: i32) -> Result<Sayings, StoreError> {
    let mut says = sayings(tx)?;
    says.entries.retain(|row| row.version == version);
    says.coverage.retain(|row| row.version == version);
    says.hours.retain(|row| row.version == version);
    Ok(says)
}

/// Takes the lock of whoever takes petitions over, until the transaction ends; false when another process holds it.
pub fn try_lock(tx: &mut AnyConnection) -> Result<bool, StoreError> {
    /// Any number that no other advisory lock of this database uses.
    const RECALCULATION: i64 = 0x6361_6c65_6e64_6172;
    match tx.kind() {
        DatabaseKind::Sqlite => Ok(true),
        DatabaseKind::Postgres => {
            let lock = format!("pg_try_advisory_xact_lock({RECALCULATION})");
            Ok(diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&lock)).get_result(tx)?)
        }
    }
}

/// What was said of a day, the first version first.
pub fn history_of(tx: &mut AnyConnection, day: Day) -> Result<Vec<EntryRow>, StoreError> {
    Ok(calendar_entry::table
        .filter(calendar_entry::day.eq(day))
        .order(calendar_entry::version)
        .select(EntryRow::as_select())
        .load(tx)?)
}

/// Writes a version and what it says; [`StoreError::Unique`] when another change was faster.
pub fn insert(tx: &mut AnyConnection, row: &VersionRow, says: &Sayings) -> Result<(), StoreError> {
    diesel::insert_into(calendar_version::table).values(row).execute(tx)?;
    for part in says.entries.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(calendar_entry::table).values(part).execute(c))?;
    }
    for part in says.coverage.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(calendar_coverage::table).values(part).execute(c))?;
    }
    for part in says.hours.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(office_hours::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Notes how far a version has come: changes no row when somebody else noted it meanwhile.
pub fn advance(
    tx: &mut AnyConnection,
    before: &VersionRow,
    reached: PetitionId,
    moved: i32,
) -> Result<bool, StoreError> {
    let same = calendar_version::table
        .find(before.version)
        .filter(calendar_version::moved.eq(before.moved))
        .filter(calendar_version::finished_at.is_null());
    let changed = diesel::update(same)
        .set((calendar_version::reached.eq(reached), calendar_version::moved.eq(moved)))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Notes that every petition has gone over, and how many moved.
pub fn finish(tx: &mut AnyConnection, version: i32, at: Instant) -> Result<(), StoreError> {
    let moved: i64 = calendar_move::table
        .filter(calendar_move::version.eq(version))
        .select(diesel::dsl::count(calendar_move::petition_id).aggregate_distinct())
        .first(tx)?;
    let moved = i32::try_from(moved).unwrap_or(i32::MAX);
    diesel::update(calendar_version::table.find(version))
        .set((calendar_version::finished_at.eq(at), calendar_version::moved.eq(moved)))
        .execute(tx)?;
    Ok(())
}

/// Petitions with a clock that runs by a rule, is not past and may be touched, by id, from after one on.
pub fn running(
    tx: &mut AnyConnection,
    touched: Touched,
    now: Instant,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let ahead = clock_span::due_at.is_null().or(clock_span::due_at.gt(now).assume_not_null());
    let mut query = clock_span::table
        .filter(clock_span::to_at.is_null())
        .filter(clock_span::ended_at.is_null())
        .filter(clock_span::basis.eq(Basis::Rule))
        .filter(ahead)
        .order(clock_span::petition_id)
        .select(clock_span::petition_id)
        .distinct()
        .limit(limit)
        .into_boxed();
    query = match touched.days {
        Some((before, from)) => {
            let ends = clock_span::due_on.is_null().or(clock_span::due_on.ge(from).assume_not_null());
            let within = clock_span::started_at.lt(before).and(ends);
            match touched.provisional {
                true => query.filter(within.or(clock_span::provisional.eq(true))),
                false => query.filter(within),
            }
        }
        // A clock that rests has no end that could be provisional.
        None => query.filter(clock_span::provisional.eq(true).or(clock_span::due_at.is_null())),
    };
    if let Some(after) = after {
        query = query.filter(clock_span::petition_id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// Writes that a clock moved.
pub fn insert_move<'r>(together: &mut Together<'r>, row: &'r MoveRow) {
    together.add(diesel::insert_into(calendar_move::table).values(row));
}

/// Writes that many clocks moved.
pub fn insert_moves(tx: &mut AnyConnection, rows: &[MoveRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(calendar_move::table).values(part).execute(c))?;
    }
    Ok(())
}

/// What of a petition is told with its moves.
pub type Face = (PetitionId, String, State);

/// What a reader may see; whoever configures the whole installation also everything that is not restricted.
fn sight(reader: &Person, configures: bool) -> Condition<Plain> {
    // Nobody knows when this is asked but as of now.
    let seen = plain::sight(reader, Moment::Now(Instant::new(jiff::Timestamp::UNIX_EPOCH)));
    match configures {
        true => Box::new(seen.or(petition::visibility.ne(Visibility::Restricted))),
        false => seen,
    }
}

/// Of these petitions those that may be told, by id.
pub fn told(
    tx: &mut AnyConnection,
    reader: &Person,
    configures: bool,
    ids: &[PetitionId],
) -> Result<Vec<Face>, StoreError> {
    Ok(petition::table
        .inner_join(petition_span::table)
        .filter(petition_span::to_at.is_null())
        .filter(petition::id.eq_any(padded(ids)))
        .filter(sight(reader, configures))
        .order(petition::id)
        .select((petition::id, petition::code, petition::state))
        .load(tx)?)
}

/// Of the petitions that a version moved those that may be told, by id, from after one on.
pub fn moved(
    tx: &mut AnyConnection,
    reader: &Person,
    configures: bool,
    version: i32,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<Face>, StoreError> {
    let moved = calendar_move::table.filter(calendar_move::version.eq(version));
    let mut query = petition::table
        .inner_join(petition_span::table)
        .filter(petition_span::to_at.is_null())
        .filter(petition::id.eq_any(moved.select(calendar_move::petition_id)))
        .filter(sight(reader, configures))
        .order(petition::id)
        .select((petition::id, petition::code, petition::state))
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// How a version moved these petitions, by petition, round and stage.
pub fn moves_of(
    tx: &mut AnyConnection,
    version: i32,
    ids: &[PetitionId],
) -> Result<Vec<MoveRow>, StoreError> {
    Ok(calendar_move::table
        .filter(calendar_move::version.eq(version))
        .filter(calendar_move::petition_id.eq_any(padded(ids)))
        .order((calendar_move::petition_id, calendar_move::round, calendar_move::stage))
        .select(MoveRow::as_select())
        .load(tx)?)
}
