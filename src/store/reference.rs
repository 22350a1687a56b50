//! The reference data: fields, the calendar and the deadline rules.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{calendar_day, calendar_year, deadline_rule, field},
};
use crate::domain::{
    time::{Day, Instant},
    vocabulary::{
        Channel, Complexity, Confidence, DayKind, Kind, OnSupplement, Stage, StartEvent, SubmitterType, Unit,
        Urgency,
    },
};

/// A field: what petitions are about.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = field)]
pub struct FieldRow {
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    /// Where the entry comes from: the seed, an administrator, an import.
    pub provenance: String,
    pub created_at: Instant,
    /// Whether it can be chosen; one that cannot stays readable.
    pub active: bool,
}

/// A day that differs from the working week.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_day)]
pub struct CalendarDayRow {
    pub day: Day,
    pub kind: DayKind,
    pub name: String,
    /// The decision or notice that says so.
    pub source: String,
    pub confidence: Confidence,
}

/// One version of a deadline rule; a selector that is absent fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deadline_rule)]
pub struct DeadlineRuleRow {
    pub id: String,
    /// What the versions of a rule share.
    pub code: String,
    pub kind: Option<Kind>,
    pub instance: Option<i32>,
    pub stage: Stage,
    pub channel: Option<Channel>,
    pub submitter_type: Option<SubmitterType>,
    pub field_code: Option<String>,
    pub urgency: Option<Urgency>,
    pub complexity: Option<Complexity>,
    pub remote_area: Option<bool>,
    pub start_event: StartEvent,
    /// How many of `unit`.
    pub amount: i32,
    pub unit: Unit,
    /// The most an extension can reach, counted from the original start, in `unit`.
    pub ceiling: Option<i32>,
    pub on_supplement: OnSupplement,
    /// The last part of the time during which it is "due soon", in percent.
    pub due_soon_percent: i32,
    pub legal_basis: String,
    pub confidence: Confidence,
    pub effective_from: Option<Day>,
    /// The first day on which it is no longer in force.
    pub effective_to: Option<Day>,
}

/// Every field, by code.
pub fn fields(connection: &mut AnyConnection) -> Result<Vec<FieldRow>, StoreError> {
    Ok(field::table.order(field::code.asc()).select(FieldRow::as_select()).load(connection)?)
}

/// The field of a code.
pub fn field(connection: &mut AnyConnection, code: &str) -> Result<Option<FieldRow>, StoreError> {
    Ok(field::table.find(code).select(FieldRow::as_select()).first(connection).optional()?)
}

/// Whether a field can be chosen for a petition.
pub fn is_active(connection: &mut AnyConnection, code: &str) -> Result<bool, StoreError> {
    Ok(field(connection, code)?.is_some_and(|field| field.active))
}

/// Adds a field; [`StoreError::Unique`] when the code is taken.
pub fn insert_field(connection: &mut AnyConnection, row: &FieldRow) -> Result<(), StoreError> {
    insert_into(field::table).values(row).execute(connection)?;
    Ok(())
}

/// Changes the names of a field, and whether it can be chosen.
pub fn update_field(connection: &mut AnyConnection, row: &FieldRow) -> Result<(), StoreError> {
    update(field::table.find(&row.code))
        .set((field::name_vi.eq(&row.name_vi), field::name_en.eq(&row.name_en), field::active.eq(row.active)))
        .execute(connection)?;
    Ok(())
}

/// Fields by code, from after a code on.
pub fn fields_page(
    connection: &mut AnyConnection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<FieldRow>, StoreError> {
    let mut query =
        field::table.order(field::code.asc()).limit(limit).select(FieldRow::as_select()).into_boxed();
    if let Some(code) = after {
        query = query.filter(field::code.gt(code));
    }
    Ok(query.load(connection)?)
}

/// Every day that differs from the working week, in order.
pub fn calendar_days(connection: &mut AnyConnection) -> Result<Vec<CalendarDayRow>, StoreError> {
    Ok(calendar_day::table
        .order(calendar_day::day.asc())
        .select(CalendarDayRow::as_select())
        .load(connection)?)
}

/// The years for which every such day is known; beyond them a deadline is provisional.
pub fn calendar_years(connection: &mut AnyConnection) -> Result<Vec<i32>, StoreError> {
    Ok(calendar_year::table.order(calendar_year::year.asc()).select(calendar_year::year).load(connection)?)
}

/// Every version of every deadline rule.
pub fn deadline_rules(connection: &mut AnyConnection) -> Result<Vec<DeadlineRuleRow>, StoreError> {
    Ok(deadline_rule::table
        .order((deadline_rule::code.asc(), deadline_rule::id.asc()))
        .select(DeadlineRuleRow::as_select())
        .load(connection)?)
}
