//! By what reports group, and what the public may count.

use diesel::{
    dsl::{count_star, sql},
    expression::SqlLiteral,
    prelude::*,
};

use super::{AnyConnection, StoreError, conditions::TODAY, schema::petition, sql_types::sql::Id};
use crate::domain::{
    id::{AgencyId, OfficialId},
    vocabulary::{Channel, Kind, State},
};

/// By what a report groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    Agency,
    /// The agency with which it is counted today, for one that was closed.
    AgencyToday,
    Field,
    Kind,
    Channel,
    Month,
    Person,
}

/// The expression for [`Grouping::AgencyToday`].
pub(super) fn today() -> SqlLiteral<Id> {
    sql::<Id>(TODAY)
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
    /// The responsible person; nothing: nobody is.
    Person(Option<OfficialId>),
}

/// How many petitions that were ever classified there are of each kind in each state.
pub fn classified(tx: &mut AnyConnection) -> Result<Vec<(Kind, State, i64)>, StoreError> {
    Ok(petition::table
        .filter(petition::classified.eq(true))
        .group_by((petition::kind, petition::state))
        .select((petition::kind, petition::state, count_star()))
        .load(tx)?)
}
