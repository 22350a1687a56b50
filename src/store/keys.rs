//! The keys that sign access tokens, reports and manifests; their private half is sealed before it comes here, and goes
//! once no token needs it. What else they signed is checked by their public half, which stays.

use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, delete,
    insert_into, update,
};

use super::{
    AnyConnection, StoreError,
    schema::{attestation_key, signing_key},
};
use crate::domain::time::Instant;

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_key)]
pub struct SigningKeyRow {
    /// The `kid` of the JSON Web Key Set.
    pub kid: String,
    /// The JWS name of the algorithm, such as `ES256`.
    pub algorithm: String,
    /// The private key, sealed with the installation secret.
    pub sealed_private: Vec<u8>,
    pub public_pem: String,
    pub created_at: Instant,
    /// Since when it signs no more; tokens it signed before are still verified.
    pub retired_at: Option<Instant>,
    /// Since when it signs; nothing: it is published and waits its turn.
    pub signs_from: Option<Instant>,
}

/// The public half of a key that signs, or signed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = attestation_key, treat_none_as_default_value = false)]
pub struct AttestationKeyRow {
    pub kid: String,
    pub algorithm: String,
    pub public_pem: String,
    pub signs_from: Instant,
    pub retired_at: Option<Instant>,
    /// Whether it was replaced because it may have been known to somebody.
    pub revoked: bool,
}

/// Notes that a key signs from now on, and no other.
pub fn attest(connection: &mut AnyConnection, key: &AttestationKeyRow) -> Result<(), StoreError> {
    update(attestation_key::table.filter(attestation_key::retired_at.is_null()))
        .set(attestation_key::retired_at.eq(key.signs_from))
        .execute(connection)?;
    insert_into(attestation_key::table).values(key).execute(connection)?;
    Ok(())
}

/// Notes that every key whose private half is still here may be known to somebody.
pub fn revoke(connection: &mut AnyConnection, now: Instant) -> Result<(), StoreError> {
    let known: Vec<String> = signing_key::table.select(signing_key::kid).load(connection)?;
    update(attestation_key::table.filter(attestation_key::kid.eq_any(known)))
        .set(attestation_key::revoked.eq(true))
        .execute(connection)?;
    update(attestation_key::table.filter(attestation_key::retired_at.is_null()))
        .set(attestation_key::retired_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Every key that signed, the newest first.
pub fn attesting(connection: &mut AnyConnection) -> Result<Vec<AttestationKeyRow>, StoreError> {
    Ok(attestation_key::table
        .order((attestation_key::signs_from.desc(), attestation_key::kid.asc()))
        .select(AttestationKeyRow::as_select())
        .load(connection)?)
}

/// Every key, the newest first.
pub fn list(connection: &mut AnyConnection) -> Result<Vec<SigningKeyRow>, StoreError> {
    Ok(signing_key::table
        .order((signing_key::created_at.desc(), signing_key::kid.asc()))
        .select(SigningKeyRow::as_select())
        .load(connection)?)
}

/// Adds a key.
pub fn insert(connection: &mut AnyConnection, key: &SigningKeyRow) -> Result<(), StoreError> {
    insert_into(signing_key::table).values(key).execute(connection)?;
    Ok(())
}

/// Lets a waiting key sign from now on, and no other.
pub fn promote(connection: &mut AnyConnection, kid: &str, now: Instant) -> Result<(), StoreError> {
    let signing = signing_key::table.filter(signing_key::retired_at.is_null());
    update(signing.filter(signing_key::signs_from.is_not_null()))
        .set(signing_key::retired_at.eq(now))
        .execute(connection)?;
    update(signing_key::table.find(kid)).set(signing_key::signs_from.eq(now)).execute(connection)?;
    Ok(())
}

/// Forgets the keys that were retired before an instant; returns how many.
pub fn delete_retired_before(connection: &mut AnyConnection, instant: Instant) -> Result<usize, StoreError> {
    Ok(delete(signing_key::table.filter(signing_key::retired_at.lt(instant))).execute(connection)?)
}

/// Forgets every key.
pub fn delete_all(connection: &mut AnyConnection) -> Result<usize, StoreError> {
    Ok(delete(signing_key::table).execute(connection)?)
}
