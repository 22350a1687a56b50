//! The codes of agencies: one belongs to one agency for ever, whether it still has it or not.

use std::collections::{HashMap, HashSet};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::AgencyRow;
use crate::{
    domain::{id::AgencyId, time::Day},
    store::{AnyConnection, StoreError, schema::agency_version},
};

/// The agency that ever had this code, as it is or as it last was: a code is one agency's for ever.
pub fn by_any_code(connection: &mut AnyConnection, code: &str) -> Result<Option<AgencyRow>, StoreError> {
    let found: Option<AgencyId> = agency_version::table
        .filter(agency_version::code.eq(code))
        .order(agency_version::agency_id)
        .select(agency_version::agency_id)
        .first(connection)
        .optional()?;
    found.map_or(Ok(None), |id| super::last(connection, id))
}

/// Whether another agency has or ever had this code.
pub fn is_code_of_another(
    connection: &mut AnyConnection,
    code: &str,
    own: Option<AgencyId>,
) -> Result<bool, StoreError> {
    let holders: Vec<AgencyId> = agency_version::table
        .filter(agency_version::code.eq(code))
        .select(agency_version::agency_id)
        .distinct()
        .load(connection)?;
    Ok(holders.into_iter().any(|holder| Some(holder) != own))
}

/// Every agency in force.
pub fn in_force(connection: &mut AnyConnection) -> Result<HashSet<AgencyId>, StoreError> {
    let present = agency_version::table.filter(agency_version::valid_to.is_null());
    let rows: Vec<AgencyId> = present.select(agency_version::agency_id).load(connection)?;
    Ok(rows.into_iter().collect())
}

/// Every agency there is or was by each of its codes.
pub fn codes(connection: &mut AnyConnection) -> Result<HashMap<String, AgencyId>, StoreError> {
    let rows: Vec<(String, AgencyId, Option<Day>)> = agency_version::table
        .select((agency_version::code, agency_version::agency_id, agency_version::valid_to))
        .load(connection)?;
    let mut codes = HashMap::new();
    for (code, agency, valid_to) in rows {
        if valid_to.is_none() || !codes.contains_key(&code) {
            codes.insert(code, agency);
        }
    }
    Ok(codes)
}
