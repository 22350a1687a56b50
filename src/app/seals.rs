//! The digests by which the first event of a petition commits to what stands beside the log: who submitted it, and
//! the keys by which its author finds it again.

use serde::Serialize;

use super::{
    Error,
    history::hex,
    secrets::{digest, sha256},
};
use crate::{
    domain::{event, time::Instant, vocabulary::Assurance},
    store::petitions::{DetailRow, SubmitterRow},
};

/// The particulars as the first form of events committed to them; the order of the members is part of the digest.
#[derive(Serialize)]
struct Particulars<'a> {
    full_name: &'a Option<String>,
    phone: &'a Option<String>,
    email: &'a Option<String>,
    address: &'a Option<String>,
    id_document_type: &'a Option<String>,
    id_document_number: &'a Option<String>,
    organisation: &'a Option<String>,
    tax_code: &'a Option<String>,
}

/// The particulars, how sure we are of them, and the consent to keep them.
#[derive(Serialize)]
struct Submitter<'a> {
    particulars: Particulars<'a>,
    assurance: Assurance,
    consent_version: &'a Option<String>,
    consent_at: Option<Instant>,
}

/// The salted digest of who submitted, as events of this form (`Record::schema`) commit to it: the first form left
/// out assurance and consent.
pub(super) fn submitter(row: &SubmitterRow, schema: u32) -> Result<Vec<u8>, Error> {
    let particulars = Particulars {
        full_name: &row.full_name,
        phone: &row.phone,
        email: &row.email,
        address: &row.address,
        id_document_type: &row.id_document_type,
        id_document_number: &row.id_document_number,
        organisation: &row.organisation,
        tax_code: &row.tax_code,
    };
    let bytes = if schema == 1 {
        serde_json::to_vec(&particulars)
    } else {
        serde_json::to_vec(&Submitter {
            particulars,
            assurance: row.assurance,
            consent_version: &row.consent_version,
            consent_at: row.consent_at,
        })
    };
    Ok(digest(&row.salt, &bytes.map_err(Error::internal)?).to_vec())
}

/// The digest of a phone's own reference and key, in hexadecimal; nothing without any. It needs no salt: reference
/// and key are random, and the fingerprint of the content never stands without the reference.
pub(super) fn keys(detail: &DetailRow) -> Result<Option<String>, Error> {
    let DetailRow { client_reference, client_fingerprint, access_key_hash, .. } = detail;
    if client_reference.is_none() && client_fingerprint.is_none() && access_key_hash.is_none() {
        return Ok(None);
    }
    let value = serde_json::json!({
        "client_reference": client_reference,
        "client_fingerprint": client_fingerprint.as_deref().map(hex),
        "access_key_hash": access_key_hash.as_deref().map(hex),
    });
    Ok(Some(hex(&sha256(&event::canonical_json(&value).map_err(Error::internal)?))))
}
