//! Officials and the roles granted to them.

pub mod changes;

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, OptionalExtension, QueryDsl, Queryable,
    RunQueryDsl, Selectable, SelectableHelper, insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{agency, event_text, grant_of_role, official},
    together::{Stable, padded},
};
use crate::domain::{
    id::{AgencyId, GrantId, Id, OfficialId, PetitionId},
    time::Instant,
    vocabulary::{Code, Role, Visibility},
};

/// An official, who may have an account.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = official)]
pub struct OfficialRow {
    pub id: OfficialId,
    pub agency_id: AgencyId,
    pub full_name: String,
    pub position: String,
    pub username: Option<String>,
    /// A PHC string of argon2.
    pub password_hash: Option<String>,
    /// Signs in only while the server runs with `--demo`.
    pub demo: bool,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
    /// Where he gets his mail: personal data, never logged.
    pub email: Option<String>,
}

/// Without name, password and address, so that none reaches a log.
impl std::fmt::Debug for OfficialRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfficialRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A role granted to an official.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = grant_of_role)]
pub struct GrantRow {
    pub id: GrantId,
    pub official_id: OfficialId,
    pub role: Role,
    /// The top of the subtree it covers; nothing: the whole installation.
    pub agency_id: Option<AgencyId>,
    /// The strictest visibility it reaches.
    pub ceiling: Visibility,
    pub valid_from: Instant,
    /// The first instant at which it is no longer in force.
    pub valid_to: Option<Instant>,
    pub created_at: Instant,
}

/// Adds an official; [`StoreError::Unique`] when the username is taken.
pub fn insert_official(connection: &mut AnyConnection, row: &OfficialRow) -> Result<(), StoreError> {
    insert_into(official::table).values(row).execute(connection)?;
    Ok(())
}

/// The official of an id.
pub fn official(connection: &mut AnyConnection, id: OfficialId) -> Result<Option<OfficialRow>, StoreError> {
    Ok(official::table.find(id).select(OfficialRow::as_select()).first(connection).optional()?)
}

/// The official who signs in under a name.
pub fn official_by_username(
    connection: &mut AnyConnection,
    username: &str,
) -> Result<Option<OfficialRow>, StoreError> {
    Ok(official::table
        .filter(official::username.eq(username))
        .select(OfficialRow::as_select())
        .first(connection)
        .optional()?)
}

/// Whether an official who may sign in still has this password. Writes the row, so that a change of the password at
/// the same time and this one do not pass each other unseen.
pub fn confirm_password(tx: &mut AnyConnection, id: OfficialId, hash: &str) -> Result<bool, StoreError> {
    change_password(tx, id, hash, hash)
}

/// Replaces the password of an official who may sign in, if it is still the one given.
pub fn change_password(
    tx: &mut AnyConnection,
    id: OfficialId,
    old: &str,
    new: &str,
) -> Result<bool, StoreError> {
    let present = official::table.find(id).filter(official::password_hash.eq(old));
    let changed = update(present.filter(official::disabled_at.is_null()))
        .set(official::password_hash.eq(new))
        .execute(tx)?;
    Ok(changed == 1)
}

/// The officials of an agency in the order in which they were added, from after one on.
pub fn officials_of(
    connection: &mut AnyConnection,
    agency: AgencyId,
    after: Option<OfficialId>,
    limit: i64,
) -> Result<Vec<OfficialRow>, StoreError> {
    let mut query = official::table
        .filter(official::agency_id.eq(agency))
        .order(official::id.asc())
        .limit(limit)
        .select(OfficialRow::as_select())
        .into_boxed();
    if let Some(id) = after {
        query = query.filter(official::id.gt(id));
    }
    Ok(query.load(connection)?)
}

/// Adds a grant.
pub fn insert_grant(connection: &mut AnyConnection, row: &GrantRow) -> Result<(), StoreError> {
    insert_into(grant_of_role::table).values(row).execute(connection)?;
    Ok(())
}

/// The grants of an official that are in force at an instant.
pub fn grants_in_force(
    connection: &mut AnyConnection,
    official: OfficialId,
    at: Instant,
) -> Result<Vec<GrantRow>, StoreError> {
    let not_ended = grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at));
    Ok(grant_of_role::table
        .filter(grant_of_role::official_id.eq(official))
        .filter(grant_of_role::valid_from.le(at).and(not_ended))
        .order(grant_of_role::id.asc())
        .select(GrantRow::as_select())
        .load(connection)?)
}

/// Which agencies an official heads.
pub fn headed_by(connection: &mut AnyConnection, official: OfficialId) -> Result<Vec<AgencyId>, StoreError> {
    Ok(agency::table.filter(agency::head_official_id.eq(official)).select(agency::id).load(connection)?)
}

/// Names and positions of officials, by id.
pub fn names(
    connection: &mut AnyConnection,
    ids: &[OfficialId],
) -> Result<HashMap<OfficialId, (String, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named = official::table.filter(official::id.eq_any(padded(ids))).select((
        official::id,
        official::full_name,
        official::position,
    ));
    let rows: Vec<(OfficialId, String, String)> = Stable(named).load(connection)?;
    Ok(rows.into_iter().map(|(id, name, position)| (id, (name, position))).collect())
}

/// The same as they were at an instant, as far as the histories of the officials tell; what these do not tell, such as
/// an account that was there before its history, reads as it does now.
pub fn names_at(
    connection: &mut AnyConnection,
    ids: &[OfficialId],
    at: Instant,
) -> Result<HashMap<OfficialId, (String, String)>, StoreError> {
    let mut names = names(connection, ids)?;
    let subjects: Vec<PetitionId> = ids.iter().map(|id| Id::new(id.uuid())).collect();
    let told = event_text::table
        .filter(event_text::subject_id.eq_any(padded(&subjects)))
        .filter(event_text::slot.eq_any(["/full_name", "/position"]))
        .filter(event_text::created_at.le(at))
        .order((event_text::created_at, event_text::id))
        .select((event_text::subject_id, event_text::slot, event_text::body));
    let rows: Vec<(PetitionId, String, Option<String>)> = Stable(told).load(connection)?;
    for (subject, slot, body) in rows {
        if let (Some((name, position)), Some(body)) = (names.get_mut(&Id::new(subject.uuid())), body) {
            *(if slot == "/full_name" { name } else { position }) = body;
        }
    }
    Ok(names)
}

/// Those who hold a role by a grant over just this agency (nothing: the whole installation), at most so many. Who is
/// disabled holds nothing.
pub fn holders(
    connection: &mut AnyConnection,
    role: Role,
    agency: Option<AgencyId>,
    at: Instant,
    limit: i64,
) -> Result<Vec<OfficialId>, StoreError> {
    let not_ended = grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at));
    let held = grant_of_role::table
        .inner_join(official::table.on(official::id.eq(grant_of_role::official_id)))
        .filter(official::disabled_at.is_null())
        .filter(grant_of_role::role.eq(role))
        .filter(grant_of_role::valid_from.le(at).and(not_ended))
        .order(official::id.asc())
        .limit(limit)
        .select(official::id)
        .distinct()
        .into_boxed();
    let held = match agency {
        Some(agency) => held.filter(grant_of_role::agency_id.eq(agency)),
        None => held.filter(grant_of_role::agency_id.is_null()),
    };
    Ok(held.load(connection)?)
}

/// Whether some grant in force of this role with this ceiling or a stricter one reaches an agency, from itself or from
/// above. Who is disabled holds nothing.
pub fn is_role_held_over(
    connection: &mut AnyConnection,
    role: Role,
    ceiling: Visibility,
    line: &[AgencyId],
    at: Instant,
) -> Result<bool, StoreError> {
    let not_ended = grant_of_role::valid_to.is_null().or(grant_of_role::valid_to.gt(at));
    let reaches = grant_of_role::agency_id.is_null().or(grant_of_role::agency_id.eq_any(line.to_vec()));
    let enough: Vec<Visibility> =
        Visibility::ALL.iter().copied().filter(|visibility| *visibility >= ceiling).collect();
    let held = grant_of_role::table
        .inner_join(official::table.on(official::id.eq(grant_of_role::official_id)))
        .filter(official::disabled_at.is_null())
        .filter(grant_of_role::role.eq(role))
        .filter(grant_of_role::ceiling.eq_any(enough))
        .filter(grant_of_role::valid_from.le(at).and(not_ended))
        .filter(reaches)
        .select(grant_of_role::id);
    Ok(diesel::select(diesel::dsl::exists(held)).get_result(connection)?)
}
