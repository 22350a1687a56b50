//! Agencies with their versions, and who is below whom.

pub mod changes;
mod codes;
pub mod lines;
pub mod succession;

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, RunQueryDsl, insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{agency, agency_closure, agency_version},
    sql_types::sql,
    together::{Stable, padded},
};
pub use codes::{by_any_code, codes, in_force, is_code_of_another};

use crate::domain::{
    id::{AgencyId, OfficialId},
    time::{Day, Instant},
    vocabulary::Level,
};

/// An agency under its present name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AgencyRow {
    pub id: AgencyId,
    pub code: String,
    /// The official electronic identifier, where it has one.
    pub identifier: Option<String>,
    pub name: String,
    pub level: Option<Level>,
    pub parent_id: Option<AgencyId>,
    /// The head, who is kept out of cases against him.
    pub head_official_id: Option<OfficialId>,
    /// The administrative area whose petitions come here.
    pub serves_area: Option<String>,
    /// Whether petitions come here that name neither agency nor area.
    pub is_default: bool,
    /// Nothing: since ever.
    pub valid_from: Option<Day>,
    /// The first day on which it is no more, if it was dissolved.
    pub valid_to: Option<Day>,
}

/// Which agencies are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Wanted {
    pub parent_id: Option<AgencyId>,
    pub level: Option<Level>,
    /// The whole present code.
    pub code: Option<String>,
    /// As it was called, and where it stood, on this day.
    pub as_of: Option<Day>,
}

/// What an answer shows of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyName {
    pub code: String,
    pub name: String,
}

/// An agency to be added, with its first version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgency {
    pub id: AgencyId,
    pub code: String,
    pub identifier: Option<String>,
    pub name: String,
    pub level: Option<Level>,
    pub parent_id: Option<AgencyId>,
    pub serves_area: Option<String>,
    pub is_default: bool,
    /// Nothing: since ever.
    pub valid_from: Option<Day>,
    pub created_at: Instant,
}

#[derive(Insertable)]
#[diesel(table_name = agency_version)]
struct VersionRow<'a> {
    agency_id: AgencyId,
    number: i32,
    code: &'a str,
    identifier: Option<&'a str>,
    name: &'a str,
    level: Option<Level>,
    parent_id: Option<AgencyId>,
    valid_from: Option<Day>,
}

/// Agencies joined with their versions, in the order of [`AgencyRow`].
macro_rules! versions {
    () => {
        agency::table.inner_join(agency_version::table.on(agency_version::agency_id.eq(agency::id))).select((
            agency::id,
            agency_version::code,
            agency_version::identifier,
            agency_version::name,
            agency_version::level,
            agency_version::parent_id,
            agency::head_official_id,
            agency::serves_area,
            agency::is_default,
            agency_version::valid_from,
            agency_version::valid_to,
        ))
    };
}

/// Agencies joined with the version in force.
macro_rules! present {
    () => {
        versions!().filter(agency_version::valid_to.is_null())
    };
}

/// Adds an agency below its parent; [`StoreError::Unique`] when the code is in force already.
pub fn insert(connection: &mut AnyConnection, new: &NewAgency) -> Result<(), StoreError> {
    insert_into(agency::table)
        .values((
            agency::id.eq(new.id),
            agency::serves_area.eq(&new.serves_area),
            agency::is_default.eq(new.is_default),
            agency::created_at.eq(new.created_at),
        ))
        .execute(connection)?;
    insert_into(agency_version::table)
        .values(VersionRow {
            agency_id: new.id,
            number: 1,
            code: &new.code,
            identifier: new.identifier.as_deref(),
            name: &new.name,
            level: new.level,
            parent_id: new.parent_id,
            valid_from: new.valid_from,
        })
        .execute(connection)?;
    insert_into(agency_closure::table)
        .values((agency_closure::ancestor_id.eq(new.id), agency_closure::descendant_id.eq(new.id)))
        .execute(connection)?;
    if let Some(parent) = new.parent_id {
        let above = agency_closure::table
            .filter(agency_closure::descendant_id.eq(parent))
            .select((agency_closure::ancestor_id, new.id.into_sql::<sql::Id>()));
        insert_into(agency_closure::table)
            .values(above)
            .into_columns((agency_closure::ancestor_id, agency_closure::descendant_id))
            .execute(connection)?;
    }
    lines::begin(connection, new.id, new.parent_id)
}

/// Names the head of an agency, or nobody.
pub fn set_head(
    connection: &mut AnyConnection,
    id: AgencyId,
    head: Option<OfficialId>,
) -> Result<(), StoreError> {
    let changed =
        update(agency::table.find(id)).set(agency::head_official_id.eq(head)).execute(connection)?;
    if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// The agency of an id, under its present name.
pub fn by_id(connection: &mut AnyConnection, id: AgencyId) -> Result<Option<AgencyRow>, StoreError> {
    Ok(present!().filter(agency::id.eq(id)).first(connection).optional()?)
}

/// The agency of an id as it is, or as it last was when it was dissolved.
pub fn last(connection: &mut AnyConnection, id: AgencyId) -> Result<Option<AgencyRow>, StoreError> {
    let versions = versions!().filter(agency::id.eq(id)).order(agency_version::number.desc());
    Ok(versions.first(connection).optional()?)
}

/// Everything an agency was called, the first version first; each as a row of its time.
pub fn history(connection: &mut AnyConnection, id: AgencyId) -> Result<Vec<AgencyRow>, StoreError> {
    let versions = versions!().filter(agency::id.eq(id)).order(agency_version::number.asc());
    Ok(versions.load(connection)?)
}

/// The agency whose present code this is.
pub fn by_code(connection: &mut AnyConnection, code: &str) -> Result<Option<AgencyRow>, StoreError> {
    Ok(present!().filter(agency_version::code.eq(code)).first(connection).optional()?)
}

/// The agency that last took the petitions of an area, before it was closed.
pub fn served(connection: &mut AnyConnection, area_code: &str) -> Result<Option<AgencyRow>, StoreError> {
    let gone =
        versions!().filter(agency::serves_area.eq(area_code)).filter(agency_version::valid_to.is_not_null());
    Ok(gone
        .order((agency_version::valid_to.desc(), agency_version::code.asc()))
        .first(connection)
        .optional()?)
}

/// The agency that takes the petitions of an area.
pub fn serving(connection: &mut AnyConnection, area_code: &str) -> Result<Option<AgencyRow>, StoreError> {
    let serving = present!().filter(agency::serves_area.eq(area_code));
    Ok(serving.order(agency_version::code.asc()).first(connection).optional()?)
}

/// The agency that takes petitions which name neither agency nor area.
pub fn default(connection: &mut AnyConnection) -> Result<Option<AgencyRow>, StoreError> {
    let default = present!().filter(agency::is_default.eq(true));
    Ok(default.order(agency_version::code.asc()).first(connection).optional()?)
}

/// The present code and name of each of these agencies; of a dissolved one the last.
pub fn names(
    connection: &mut AnyConnection,
    ids: &[AgencyId],
) -> Result<HashMap<AgencyId, AgencyName>, StoreError> {
    let named = agency_version::table
        .filter(agency_version::agency_id.eq_any(padded(ids)))
        .order((agency_version::agency_id, agency_version::number))
        .select((agency_version::agency_id, agency_version::code, agency_version::name));
    let rows: Vec<(AgencyId, String, String)> = Stable(named).load(connection)?;
    Ok(rows.into_iter().map(|(id, code, name)| (id, AgencyName { code, name })).collect())
}

/// The agency itself and everything below it.
pub fn descendants(connection: &mut AnyConnection, id: AgencyId) -> Result<Vec<AgencyId>, StoreError> {
    Ok(agency_closure::table
        .filter(agency_closure::ancestor_id.eq(id))
        .select(agency_closure::descendant_id)
        .load(connection)?)
}

/// The agencies directly below one (or below none: the tops), by code, from after a code on.
pub fn children(
    connection: &mut AnyConnection,
    parent: Option<AgencyId>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<AgencyRow>, StoreError> {
    let mut query = present!().order(agency_version::code.asc()).limit(limit).into_boxed();
    query = match parent {
        Some(parent) => query.filter(agency_version::parent_id.eq(parent)),
        None => query.filter(agency_version::parent_id.is_null()),
    };
    if let Some(code) = after {
        query = query.filter(agency_version::code.gt(code));
    }
    Ok(query.load(connection)?)
}

/// Agencies by code, from after a code on; what is absent fits every agency.
pub fn page(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<AgencyRow>, StoreError> {
    let mut query = versions!().order(agency_version::code.asc()).limit(limit).into_boxed();
    query = match wanted.as_of {
        None => query.filter(agency_version::valid_to.is_null()),
        Some(day) => query
            .filter(
                agency_version::valid_from.is_null().or(agency_version::valid_from.assume_not_null().le(day)),
            )
            .filter(
                agency_version::valid_to.is_null().or(agency_version::valid_to.assume_not_null().gt(day)),
            ),
    };
    if let Some(parent) = wanted.parent_id {
        query = query.filter(agency_version::parent_id.eq(parent));
    }
    if let Some(level) = wanted.level {
        query = query.filter(agency_version::level.eq(level));
    }
    if let Some(code) = &wanted.code {
        query = query.filter(agency_version::code.eq(code));
    }
    if let Some(code) = after {
        query = query.filter(agency_version::code.gt(code));
    }
    Ok(query.load(connection)?)
}

/// The agencies that take the petitions of an area, by area.
pub fn of_areas(connection: &mut AnyConnection) -> Result<Vec<AgencyRow>, StoreError> {
    let serving = present!().filter(agency::serves_area.is_not_null());
    Ok(serving.order((agency::serves_area.asc(), agency_version::code.asc())).load(connection)?)
}

/// Every pair of an agency and one that stands below it now, or is itself.
pub fn closure(connection: &mut AnyConnection) -> Result<Vec<(AgencyId, AgencyId)>, StoreError> {
    Ok(agency_closure::table
        .select((agency_closure::ancestor_id, agency_closure::descendant_id))
        .load(connection)?)
}

/// For each agency the line to the top, beginning with itself; in no order beyond that.
pub fn lines(
    connection: &mut AnyConnection,
    ids: &[AgencyId],
) -> Result<HashMap<AgencyId, Vec<AgencyId>>, StoreError> {
    let above = agency_closure::table
        .filter(agency_closure::descendant_id.eq_any(padded(ids)))
        .select((agency_closure::descendant_id, agency_closure::ancestor_id));
    let rows: Vec<(AgencyId, AgencyId)> = Stable(above).load(connection)?;
    let mut lines: HashMap<AgencyId, Vec<AgencyId>> = HashMap::new();
    for (descendant, ancestor) in rows {
        lines.entry(descendant).or_default().push(ancestor);
    }
    Ok(lines)
}

/// Makes one agency the one that takes what no other serves.
pub fn set_default(connection: &mut AnyConnection, id: AgencyId) -> Result<(), StoreError> {
    update(agency::table.filter(agency::is_default.eq(true)))
        .set(agency::is_default.eq(false))
        .execute(connection)?;
    update(agency::table.find(id)).set(agency::is_default.eq(true)).execute(connection)?;
    Ok(())
}

/// An agency as it was called at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyVersion {
    pub code: String,
    pub name: String,
    pub level: Option<Level>,
    /// Whether it was no more by then.
    pub closed: bool,
}

/// Each of these agencies as it was called on a day; before its first version as in that, after its end as in the last.
pub fn on(
    connection: &mut AnyConnection,
    ids: &[AgencyId],
    day: Day,
) -> Result<HashMap<AgencyId, AgencyVersion>, StoreError> {
    type Row = (AgencyId, Option<Day>, Option<Day>, String, String, Option<Level>);
    let called = agency_version::table
        .filter(agency_version::agency_id.eq_any(padded(ids)))
        .order((agency_version::agency_id, agency_version::number))
        .select((
            agency_version::agency_id,
            agency_version::valid_from,
            agency_version::valid_to,
            agency_version::code,
            agency_version::name,
            agency_version::level,
        ));
    let rows: Vec<Row> = Stable(called).load(connection)?;
    let mut named: HashMap<AgencyId, AgencyVersion> = HashMap::new();
    for (id, from, to, code, name, level) in rows {
        if from.is_none_or(|from| from <= day) || !named.contains_key(&id) {
            named.insert(id, AgencyVersion { code, name, level, closed: to.is_some_and(|to| to <= day) });
        }
    }
    Ok(named)
}
