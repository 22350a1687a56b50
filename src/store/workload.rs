//! How many open petitions are with whom: asked before somebody goes.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};

use super::{AnyConnection, StoreError, schema::petition};
use crate::domain::{
    id::{AgencyId, OfficialId},
    vocabulary::{Code, Kind, State},
};

/// Open petitions. Every member of the index of statistics is named, so that only their rows are read.
macro_rules! open {
    () => {
        petition::table
            .filter(petition::classified.eq_any([false, true]))
            .filter(petition::kind.eq_any(Kind::ALL))
            .filter(petition::state.eq_any(State::ALL.iter().copied().filter(|state| state.is_open())))
    };
}

/// How many open petitions an agency received or leads.
pub fn open_at(connection: &mut AnyConnection, agency: AgencyId) -> Result<i64, StoreError> {
    let there = petition::intake_agency_id.eq(agency).or(petition::lead_agency_id.eq(agency));
    Ok(open!().filter(there).count().get_result(connection)?)
}

/// For how many open petitions an official is responsible.
pub fn open_with(connection: &mut AnyConnection, official: OfficialId) -> Result<i64, StoreError> {
    Ok(open!().filter(petition::responsible_id.eq(official)).count().get_result(connection)?)
}

/// The agencies that received an open petition.
pub fn receiving(connection: &mut AnyConnection) -> Result<Vec<AgencyId>, StoreError> {
    Ok(open!().select(petition::intake_agency_id).distinct().load(connection)?)
}
