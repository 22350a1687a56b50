//! The reference data: fields, the calendar and the deadline rules.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{deadline_rule, field},
};
use crate::domain::{
    time::{Day, Instant},
    vocabulary::{
        Channel, Complexity, Confidence, Kind, OnSupplement, Stage, StartEvent, SubmitterType, Unit, Urgency,
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

/// One version of a deadline rule; a selector that is absent fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deadline_rule, treat_none_as_default_value = false)]
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
    /// Where it comes from; nothing for what was there at first.
    pub source: Option<String>,
    /// When we learnt of it; nothing: it was there at first.
    pub recorded_at: Option<Instant>,
    /// When we learnt that it ends.
    pub ending_recorded_at: Option<Instant>,
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

/// Every version of every deadline rule.
pub fn deadline_rules(connection: &mut AnyConnection) -> Result<Vec<DeadlineRuleRow>, StoreError> {
    Ok(deadline_rule::table
        .order((deadline_rule::code.asc(), deadline_rule::id.asc()))
        .select(DeadlineRuleRow::as_select())
        .load(connection)?)
}

/// A version of a rule.
pub fn deadline_rule(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<DeadlineRuleRow>, StoreError> {
    Ok(deadline_rule::table.find(id).select(DeadlineRuleRow::as_select()).first(connection).optional()?)
}

/// Adds a version of a rule; [`StoreError::Unique`] when the id is taken.
pub fn insert_rule(connection: &mut AnyConnection, row: &DeadlineRuleRow) -> Result<(), StoreError> {
    insert_into(deadline_rule::table).values(row).execute(connection)?;
    Ok(())
}

/// Says from which day on a version of a rule is no longer in force; nothing else of it ever changes.
pub fn end_rule(connection: &mut AnyConnection, id: &str, to: Day, at: Instant) -> Result<(), StoreError> {
    update(deadline_rule::table.find(id))
        .set((deadline_rule::effective_to.eq(to), deadline_rule::ending_recorded_at.eq(at)))
        .execute(connection)?;
    Ok(())
}
