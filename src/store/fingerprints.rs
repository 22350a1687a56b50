//! Digests of replies without their accidents, by which the same text sent to many is found.
//!
//! The log commits to each text by a salted digest, which tells nothing of two texts. These are not salted, and stand
//! outside the log beside the text itself: whoever can read them can read that. They go when the text goes.

use diesel::prelude::*;

use super::{AnyConnection, StoreError, schema::reply_fingerprint};
use crate::domain::id::{PetitionId, RevisionId};

/// The digest of one revision of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reply_fingerprint)]
pub struct FingerprintRow {
    pub revision_id: RevisionId,
    pub petition_id: PetitionId,
    pub fingerprint: Vec<u8>,
}

/// Keeps the digest of a revision.
pub fn insert(tx: &mut AnyConnection, row: &FingerprintRow) -> Result<(), StoreError> {
    diesel::insert_into(reply_fingerprint::table).values(row).execute(tx)?;
    Ok(())
}
