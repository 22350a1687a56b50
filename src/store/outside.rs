//! Signing in elsewhere: sign-ins that were begun, and the outside identities of officials.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, delete, insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{oidc_authorization, outside_identity},
};
use crate::domain::{id::OfficialId, time::Instant};

/// A sign-in elsewhere that was begun.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_authorization)]
pub struct AuthorizationRow {
    /// SHA-256 of the state.
    pub state_digest: Vec<u8>,
    /// Name of the provider in the settings.
    pub provider: String,
    pub redirect_uri: String,
    pub nonce: String,
    /// BASE64URL(SHA-256(verifier)).
    pub challenge: String,
    /// The official who links an identity; nothing: somebody signs in.
    pub official_id: Option<OfficialId>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub used_at: Option<Instant>,
}

/// Under which outside identity an official signs in.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = outside_identity)]
pub struct IdentityRow {
    pub issuer: String,
    pub subject: String,
    pub official_id: OfficialId,
    pub created_at: Instant,
}

/// Remembers a sign-in that was begun.
pub fn insert_authorization(tx: &mut AnyConnection, row: &AuthorizationRow) -> Result<(), StoreError> {
    insert_into(oidc_authorization::table).values(row).execute(tx)?;
    Ok(())
}

/// Uses up a sign-in that was begun; nothing if it is unknown, over, or was used.
pub fn use_authorization(
    tx: &mut AnyConnection,
    digest: &[u8],
    now: Instant,
) -> Result<Option<AuthorizationRow>, StoreError> {
    let open = oidc_authorization::table.find(digest).filter(oidc_authorization::used_at.is_null());
    let used = update(open.filter(oidc_authorization::expires_at.gt(now)))
        .set(oidc_authorization::used_at.eq(now))
        .execute(tx)?;
    if used == 0 {
        return Ok(None);
    }
    let row = oidc_authorization::table.find(digest).select(AuthorizationRow::as_select());
    Ok(row.first(tx).optional()?)
}

/// Forgets the sign-ins that were over by an instant; returns how many.
pub fn delete_expired(tx: &mut AnyConnection, by: Instant) -> Result<usize, StoreError> {
    Ok(delete(oidc_authorization::table.filter(oidc_authorization::expires_at.le(by))).execute(tx)?)
}

/// Whose an outside identity is.
pub fn identity(
    tx: &mut AnyConnection,
    issuer: &str,
    subject: &str,
) -> Result<Option<IdentityRow>, StoreError> {
    let row = outside_identity::table.find((issuer, subject)).select(IdentityRow::as_select());
    Ok(row.first(tx).optional()?)
}

/// Links an outside identity to an official.
pub fn insert_identity(tx: &mut AnyConnection, row: &IdentityRow) -> Result<(), StoreError> {
    insert_into(outside_identity::table).values(row).execute(tx)?;
    Ok(())
}
