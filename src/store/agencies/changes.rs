//! Changes of agencies: new versions, a new place in the tree, an end with successors.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, QueryDsl, RunQueryDsl, delete, dsl::max,
    insert_into, update,
};

use super::VersionRow;
use crate::{
    domain::{
        id::{AgencyId, OfficialId},
        time::Day,
        vocabulary::Level,
    },
    native,
    store::{
        AnyConnection, StoreError,
        schema::{agency, agency_closure, agency_succession, agency_version},
        sql_types::sql,
    },
};

/// What an agency is called and where it stands from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    pub code: String,
    pub identifier: Option<String>,
    pub name: String,
    pub level: Option<Level>,
    pub parent_id: Option<AgencyId>,
    pub valid_from: Option<Day>,
}

/// Ends the version in force on the day the new one begins, and begins it; [`StoreError::Unique`] when another agency
/// has the code.
pub fn begin_version(
    connection: &mut AnyConnection,
    id: AgencyId,
    new: &NewVersion,
) -> Result<(), StoreError> {
    let last: Option<i32> = agency_version::table
        .filter(agency_version::agency_id.eq(id))
        .select(max(agency_version::number))
        .first(connection)?;
    let number = last.ok_or(StoreError::NotFound)?;
    update(agency_version::table.find((id, number)))
        .set(agency_version::valid_to.eq(new.valid_from))
        .execute(connection)?;
    insert_into(agency_version::table)
        .values(VersionRow {
            agency_id: id,
            number: number + 1,
            code: &new.code,
            identifier: new.identifier.as_deref(),
            name: &new.name,
            level: new.level,
            parent_id: new.parent_id,
            valid_from: new.valid_from,
        })
        .execute(connection)?;
    Ok(())
}

/// Says which area an agency serves and who heads it.
pub fn set_service(
    connection: &mut AnyConnection,
    id: AgencyId,
    serves_area: Option<&str>,
    head: Option<OfficialId>,
) -> Result<(), StoreError> {
    update(agency::table.find(id))
        .set((agency::serves_area.eq(serves_area), agency::head_official_id.eq(head)))
        .execute(connection)?;
    Ok(())
}

/// Moves an agency with everything below it under another one, or to the top, as its versions already say it. The caller
/// has seen to it that the new parent is not below the agency.
pub fn move_below(
    connection: &mut AnyConnection,
    id: AgencyId,
    parent: Option<AgencyId>,
) -> Result<(), StoreError> {
    let moved = super::descendants(connection, id)?;
    delete(
        agency_closure::table
            .filter(agency_closure::descendant_id.eq_any(&moved))
            .filter(agency_closure::ancestor_id.ne_all(&moved)),
    )
    .execute(connection)?;
    let above = match parent {
        Some(parent) => super::lines(connection, &[parent])?.remove(&parent).unwrap_or_default(),
        None => Vec::new(),
    };
    for ancestor in above {
        let below = agency_closure::table
            .filter(agency_closure::ancestor_id.eq(id))
            .select((ancestor.into_sql::<sql::Id>(), agency_closure::descendant_id));
        insert_into(agency_closure::table)
            .values(below)
            .into_columns((agency_closure::ancestor_id, agency_closure::descendant_id))
            .execute(connection)?;
    }
    super::lines::follow(connection, id)
}

/// Ends an agency on a day and names who takes over. Its place in the tree stays: whoever stands above still reaches
/// what it left.
pub fn dissolve(
    connection: &mut AnyConnection,
    id: AgencyId,
    valid_to: Day,
    successors: &[AgencyId],
) -> Result<(), StoreError> {
    let present = agency_version::table
        .filter(agency_version::agency_id.eq(id))
        .filter(agency_version::valid_to.is_null());
    update(present).set(agency_version::valid_to.eq(valid_to)).execute(connection)?;
    let rows: Vec<_> = successors
        .iter()
        .map(|to| {
            (
                agency_succession::from_id.eq(id),
                agency_succession::to_id.eq(*to),
                agency_succession::effective_on.eq(valid_to),
            )
        })
        .collect();
    native!(connection, c => insert_into(agency_succession::table).values(&rows).execute(c))?;
    Ok(())
}

/// Who took over from an agency.
pub fn successors(connection: &mut AnyConnection, id: AgencyId) -> Result<Vec<AgencyId>, StoreError> {
    Ok(agency_succession::table
        .filter(agency_succession::from_id.eq(id))
        .order(agency_succession::to_id)
        .select(agency_succession::to_id)
        .load(connection)?)
}

/// How many agencies stand directly below one now.
pub fn count_children(connection: &mut AnyConnection, id: AgencyId) -> Result<i64, StoreError> {
    Ok(agency_version::table
        .filter(agency_version::parent_id.eq(id))
        .filter(agency_version::valid_to.is_null())
        .count()
        .get_result(connection)?)
}

/// The agencies in force that petitions come to by an area or by default.
pub fn serving_somebody(connection: &mut AnyConnection) -> Result<Vec<AgencyId>, StoreError> {
    Ok(agency::table
        .inner_join(agency_version::table.on(agency_version::agency_id.eq(agency::id)))
        .filter(agency_version::valid_to.is_null())
        .filter(agency::serves_area.is_not_null().or(agency::is_default.eq(true)))
        .select(agency::id)
        .load(connection)?)
}
