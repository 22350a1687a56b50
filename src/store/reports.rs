//! Counts by group, made by the database: what is overdue, and what the public may count.

use diesel::{
    dsl::{count_star, min},
    prelude::*,
};

use super::{
    AnyConnection, StoreError,
    conditions::{self, Question},
    schema::{clock_span, petition, petition_span},
};
use crate::domain::{
    id::AgencyId,
    time::Instant,
    vocabulary::{Channel, Kind, State},
};

/// By what a report groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    Agency,
    Field,
    Kind,
    Channel,
    Month,
}

/// What a group has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupKey {
    Agency(AgencyId),
    Field(String),
    Kind(Kind),
    Channel(Channel),
    /// `YYYY-MM`.
    Month(String),
}

/// How many petitions of a group are overdue, and since when the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueGroup {
    pub key: GroupKey,
    pub count: i64,
    pub oldest_due_at: Option<Instant>,
}

macro_rules! overdue {
    ($tx:expr, $question:expr, $column:expr, $key:path) => {{
        let rows: Vec<(_, i64, Option<Instant>)> = match $question.filters.clock {
            None => {
                let query = petition::table
                    .inner_join(petition_span::table)
                    .group_by($column)
                    .select(($column, count_star(), min(petition_span::open_due_at)))
                    .into_boxed();
                let all = conditions::of_petition($question);
                all.into_iter().fold(query, |query, condition| query.filter(condition)).load($tx)?
            }
            Some(stage) => {
                let query = petition::table
                    .inner_join(petition_span::table)
                    .inner_join(clock_span::table)
                    .group_by($column)
                    .select(($column, count_star(), min(clock_span::open_due_at)))
                    .into_boxed();
                let all = conditions::of_stage($question, stage);
                all.into_iter().fold(query, |query, condition| query.filter(condition)).load($tx)?
            }
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
        Grouping::Agency => overdue!(tx, question, petition_span::agency_id, GroupKey::Agency),
        Grouping::Field => overdue!(tx, question, petition_span::field_code, GroupKey::Field),
        Grouping::Kind => overdue!(tx, question, petition_span::kind, GroupKey::Kind),
        Grouping::Channel => overdue!(tx, question, petition_span::channel, GroupKey::Channel),
        Grouping::Month => overdue!(tx, question, petition_span::received_month, GroupKey::Month),
    })
}

/// How many petitions that were ever classified there are of each kind in each state.
pub fn classified(tx: &mut AnyConnection) -> Result<Vec<(Kind, State, i64)>, StoreError> {
    Ok(petition::table
        .filter(petition::classified.eq(true))
        .group_by((petition::kind, petition::state))
        .select((petition::kind, petition::state, count_star()))
        .load(tx)?)
}
