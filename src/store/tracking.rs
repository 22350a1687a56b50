//! What tracking by code and access key needs.

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError,
    schema::{petition, petition_detail, petition_link},
};
use crate::domain::{id::PetitionId, vocabulary::LinkKind};

/// A petition and how its author proves to be it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    pub code: String,
    pub petition: PetitionId,
    /// SHA-256 of the key that a phone made; nothing: the key is ours.
    pub key_hash: Option<Vec<u8>>,
}

/// The locks of these codes, in no order; unknown codes are left out.
pub fn locks(tx: &mut AnyConnection, codes: &[String]) -> Result<Vec<Lock>, StoreError> {
    let rows: Vec<(String, PetitionId, Option<Vec<u8>>)> = petition::table
        .inner_join(petition_detail::table.on(petition_detail::petition_id.eq(petition::id)))
        .filter(petition::code.eq_any(codes))
        .select((petition::code, petition::id, petition_detail::access_key_hash))
        .load(tx)?;
    let lock = |(code, petition, key_hash)| Lock { code, petition, key_hash };
    Ok(rows.into_iter().map(lock).collect())
}

/// The petitions that were split from these, with their codes, in the order in which they came to be.
pub fn parts(tx: &mut AnyConnection, of: &[PetitionId]) -> Result<Vec<(PetitionId, String)>, StoreError> {
    Ok(petition_link::table
        .inner_join(petition::table.on(petition::id.eq(petition_link::from_id)))
        .filter(petition_link::to_id.eq_any(of))
        .filter(petition_link::kind.eq(LinkKind::Part))
        .order(petition::id)
        .select((petition::id, petition::code))
        .load(tx)?)
}
