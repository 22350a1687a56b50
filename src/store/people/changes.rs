//! Changes of accounts and grants, and who holds which role.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl,
    SelectableHelper, update,
};

use super::{GrantRow, OfficialRow};
use crate::{
    domain::{
        id::{AgencyId, GrantId, OfficialId},
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    store::{
        AnyConnection, StoreError,
        schema::{grant_of_role, official},
    },
};

/// Writes an official anew; [`StoreError::Unique`] when the username is taken.
pub fn update_official(connection: &mut AnyConnection, row: &OfficialRow) -> Result<(), StoreError> {
    update(official::table.find(row.id))
        .set((
            official::agency_id.eq(row.agency_id),
            official::full_name.eq(&row.full_name),
            official::position.eq(&row.position),
            official::username.eq(&row.username),
            official::password_hash.eq(&row.password_hash),
            official::disabled_at.eq(row.disabled_at),
            official::email.eq(&row.email),
        ))
        .execute(connection)?;
    Ok(())
}

/// How many officials of an agency are not disabled.
pub fn count_active(connection: &mut AnyConnection, agency: AgencyId) -> Result<i64, StoreError> {
    Ok(official::table
        .filter(official::agency_id.eq(agency))
        .filter(official::disabled_at.is_null())
        .count()
        .get_result(connection)?)
}

/// The grant of an id.
pub fn grant(connection: &mut AnyConnection, id: GrantId) -> Result<Option<GrantRow>, StoreError> {
    Ok(grant_of_role::table.find(id).select(GrantRow::as_select()).first(connection).optional()?)
}

/// Every grant of an official, ended ones too, in the order in which they were made, from after one on.
pub fn grants_of(
    connection: &mut AnyConnection,
    official: OfficialId,
    after: Option<GrantId>,
    limit: i64,
) -> Result<Vec<GrantRow>, StoreError> {
    let mut query = grant_of_role::table
        .filter(grant_of_role::official_id.eq(official))
        .order(grant_of_role::id.asc())
        .limit(limit)
        .select(GrantRow::as_select())
        .into_boxed();
    if let Some(id) = after {
        query = query.filter(grant_of_role::id.gt(id));
    }
    Ok(query.load(connection)?)
}

/// The grants of an official that have not ended, those to come included.
pub fn grants_not_ended(
    connection: &mut AnyConnection,
    official: OfficialId,
    at: Instant,
) -> Result<Vec<GrantRow>, StoreError> {
    Ok(grant_of_role::table
        .filter(grant_of_role::official_id.eq(official))
        .filter(grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at)))
        .select(GrantRow::as_select())
        .load(connection)?)
}

/// The grants over exactly this agency that have not ended, those to come included.
pub fn grants_over(
    connection: &mut AnyConnection,
    agency: AgencyId,
    at: Instant,
) -> Result<Vec<GrantRow>, StoreError> {
    Ok(grant_of_role::table
        .filter(grant_of_role::agency_id.eq(agency))
        .filter(grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at)))
        .order(grant_of_role::id)
        .select(GrantRow::as_select())
        .load(connection)?)
}

/// Ends a grant at an instant.
pub fn end_grant(connection: &mut AnyConnection, id: GrantId, at: Instant) -> Result<(), StoreError> {
    update(grant_of_role::table.find(id)).set(grant_of_role::valid_to.eq(at)).execute(connection)?;
    Ok(())
}

/// Where a role reaches and how far: the top of the subtree, or nothing for the whole installation.
pub type Hold = (Role, Option<AgencyId>, Visibility);

/// How these roles are held at an instant by officials who are not disabled.
pub fn holds(connection: &mut AnyConnection, roles: &[Role], at: Instant) -> Result<Vec<Hold>, StoreError> {
    let not_ended = grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at));
    Ok(grant_of_role::table
        .inner_join(official::table.on(official::id.eq(grant_of_role::official_id)))
        .filter(official::disabled_at.is_null())
        .filter(grant_of_role::role.eq_any(roles))
        .filter(grant_of_role::valid_from.le(at).and(not_ended))
        .select((grant_of_role::role, grant_of_role::agency_id, grant_of_role::ceiling))
        .distinct()
        .load(connection)?)
}
