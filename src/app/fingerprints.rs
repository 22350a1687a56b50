//! What a reply says without its accidents, as a digest.

use super::{Error, history::FreshTexts, secrets::sha256};
use crate::{
    domain::{
        id::{PetitionId, RevisionId},
        prose::{Prose, wording},
    },
    store::{
        AnyConnection,
        fingerprints::{self, FingerprintRow},
    },
};

/// The digest of a text: the same for texts that differ in case, spaces and punctuation alone.
pub fn of(text: &str) -> Vec<u8> {
    sha256(wording(text).as_bytes()).to_vec()
}

/// Keeps the digest of a revision's text.
pub(super) fn keep(
    tx: &mut AnyConnection,
    petition_id: PetitionId,
    revision_id: RevisionId,
    text: &Prose,
    fresh: &FreshTexts,
) -> Result<(), Error> {
    match text.kept().and_then(|id| fresh.get(&id)) {
        Some(text) => {
            Ok(fingerprints::insert(tx, &FingerprintRow { revision_id, petition_id, fingerprint: of(text) })?)
        }
        None => Ok(()),
    }
}
