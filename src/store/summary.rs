//! What is overdue, counted by group.

use diesel::{
    dsl::{count_star, min},
    prelude::*,
};

use super::{
    AnyConnection, StoreError,
    agencies::{descendants, lines::subtree_on},
    conditions::{of_clock, of_counted},
    question::{Against, Question, Tree},
    reports::{GroupKey, Grouping, today},
    schema::{agency_closure, agency_line, clock_span, petition, petition_span},
};
use crate::domain::{id::AgencyId, time::Instant};

/// How many petitions of a group are overdue, and since when the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueGroup {
    pub key: GroupKey,
    pub count: i64,
    /// The earliest of the ends that lateness is measured against.
    pub oldest_due_at: Option<Instant>,
}

/// Counts what a question finds by the value of a column.
macro_rules! counted {
    ($tx:expr, $question:expr, $column:expr, $key:expr) => {{
        /// Petitions with their spans, or with their clocks as well, by the earliest of an end.
        macro_rules! of {
            ($conditions:ident, $source:expr, $end:expr) => {{
                let query = $source.group_by($column).select(($column, count_star(), min($end))).into_boxed();
                let all = $conditions($question);
                all.into_iter().fold(query, |query, condition| query.filter(condition)).load($tx)?
            }};
        }
        let plain = petition::table.inner_join(petition_span::table);
        let clocked = petition::table.inner_join(petition_span::table).inner_join(clock_span::table);
        let filters = &$question.filters;
        let rows: Vec<(_, i64, Option<Instant>)> = match (filters.clock, filters.against()) {
            (None, Against::Official) => of!(of_counted, plain, petition_span::open_due_at),
            (None, Against::Promise) => of!(of_counted, plain, petition::promised_due_at),
            (_, Against::Official) => of!(of_clock, clocked, clock_span::open_due_at),
            (_, Against::FirstDeadline) => of!(of_clock, clocked, clock_span::first_due_at),
            (_, Against::Promise) => of!(of_clock, clocked, petition::promised_due_at),
        };
        let group = |(key, count, oldest_due_at)| OverdueGroup { key: $key(key), count, oldest_due_at };
        rows.into_iter().map(group).collect()
    }};
}

/// The groups of what a question finds, in no order.
pub fn overdue(
    tx: &mut AnyConnection,
    question: &Question,
    grouping: Grouping,
) -> Result<Vec<OverdueGroup>, StoreError> {
    Ok(match grouping {
        Grouping::Agency => counted!(tx, question, petition_span::agency_id, GroupKey::Agency),
        Grouping::AgencyToday => counted!(tx, question, today(), GroupKey::Agency),
        Grouping::Field => counted!(tx, question, petition_span::field_code, GroupKey::Field),
        Grouping::Kind => counted!(tx, question, petition_span::kind, GroupKey::Kind),
        Grouping::Channel => counted!(tx, question, petition_span::channel, GroupKey::Channel),
        Grouping::Month => counted!(tx, question, petition_span::received_month, GroupKey::Month),
        Grouping::Person => counted!(tx, question, petition_span::responsible_id, GroupKey::Person),
    })
}

/// Each of these agencies with each agency above it in a tree, itself included: who is above, who is below.
pub fn lines(
    tx: &mut AnyConnection,
    agencies: &[AgencyId],
    tree: Tree,
) -> Result<Vec<(AgencyId, AgencyId)>, StoreError> {
    Ok(match tree {
        Tree::On(day) => agency_line::table
            .filter(agency_line::descendant_id.eq_any(agencies.to_vec()))
            .filter(agency_line::valid_from.le(day))
            .filter(agency_line::valid_to.gt(day))
            .select((agency_line::ancestor_id, agency_line::descendant_id))
            .load(tx)?,
        Tree::Present | Tree::Today => agency_closure::table
            .filter(agency_closure::descendant_id.eq_any(agencies.to_vec()))
            .select((agency_closure::ancestor_id, agency_closure::descendant_id))
            .load(tx)?,
    })
}

/// An agency and everything below it in a tree.
pub fn below(tx: &mut AnyConnection, top: AgencyId, tree: Tree) -> Result<Vec<AgencyId>, StoreError> {
    match tree {
        Tree::On(day) => Ok(subtree_on(top, day).load(tx)?),
        Tree::Present | Tree::Today => descendants(tx, top),
    }
}
