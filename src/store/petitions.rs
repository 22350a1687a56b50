//! Petitions: the present face, what is beside it, and who submitted it.

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, StoreError, Together,
    schema::{external_ref, petition, petition_detail, petition_link, submitter},
    together::{Stable, padded},
};
use crate::{
    domain::{
        id::{AgencyId, OfficialId, PetitionId, RowId},
        time::{Day, Instant},
        vocabulary::{
            Assurance, Channel, Complexity, Kind, LinkKind, Provenance, State, SubmitterType, Urgency,
            Visibility,
        },
    },
    native,
};

/// The present face of a petition; its truth is the history.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = petition, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PetitionRow {
    pub id: PetitionId,
    pub code: String,
    pub kind: Kind,
    pub instance: Option<i32>,
    pub channel: Channel,
    pub submitter_type: SubmitterType,
    pub field_code: String,
    pub urgency: Urgency,
    pub complexity: Complexity,
    pub remote_area: bool,
    pub visibility: Visibility,
    pub provenance: Provenance,
    pub state: State,
    pub title: String,
    pub intake_agency_id: AgencyId,
    pub lead_agency_id: Option<AgencyId>,
    pub responsible_id: Option<OfficialId>,
    /// Against whom it is directed; the respondent of a denunciation never sees it.
    pub respondent_official_id: Option<OfficialId>,
    /// Whether it was ever classified: before that nothing of it is public, not even in a count.
    pub classified: bool,
    pub round: i32,
    pub version: i32,
    pub sequence: i32,
    pub received_at: Instant,
    /// The local month of receipt, `YYYY-MM`.
    pub received_month: String,
    pub promised_due_at: Option<Instant>,
    pub promised_due_on: Option<Day>,
    /// When it became public; nothing while it is not.
    pub public_from: Option<Instant>,
    pub merged_into: Option<PetitionId>,
    pub last_hash: Vec<u8>,
    /// When it closes by itself.
    pub closes_at: Option<Instant>,
    pub created_at: Instant,
}

/// What belongs to a petition but is seldom asked for.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = petition_detail, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct DetailRow {
    pub petition_id: PetitionId,
    pub public_title: Option<String>,
    pub public_summary: Option<String>,
    pub location_text: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub area_code: Option<String>,
    pub client_reference: Option<RowId>,
    pub client_fingerprint: Option<Vec<u8>>,
    pub access_key_hash: Option<Vec<u8>>,
}

/// Who submitted a petition: personal data, read only by those who need it, and never without a trace.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = submitter, treat_none_as_default_value = false)]
pub struct SubmitterRow {
    pub petition_id: PetitionId,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub id_document_type: Option<String>,
    pub id_document_number: Option<String>,
    pub organisation: Option<String>,
    pub tax_code: Option<String>,
    pub assurance: Assurance,
    pub consent_version: Option<String>,
    pub consent_at: Option<Instant>,
    pub salt: Vec<u8>,
    pub digest: Vec<u8>,
}

/// The name of a record in another system.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = external_ref, primary_key(source, external_id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ExternalRow {
    pub source: String,
    pub external_id: String,
    pub petition_id: PetitionId,
    pub payload_digest: Vec<u8>,
    pub source_status: Option<String>,
    pub updated_at: Instant,
}

/// A petition at the other end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    pub petition: PetitionId,
    pub kind: LinkKind,
    /// Whether the link leads from this petition to the other.
    pub outgoing: bool,
}

/// Writes a new petition with its details.
pub fn insert<'r>(together: &mut Together<'r>, row: &'r PetitionRow, detail: &'r DetailRow) {
    together.add(diesel::insert_into(petition::table).values(row));
    together.add(diesel::insert_into(petition_detail::table).values(detail));
}

/// Writes many new petitions with their details.
pub fn insert_all(
    tx: &mut AnyConnection,
    rows: &[PetitionRow],
    details: &[DetailRow],
) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(petition::table).values(part).execute(c))?;
    }
    for part in details.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(petition_detail::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Writes the petition's new face if its history still ends where we read it; changes no row when somebody was faster.
pub fn update<'r>(together: &mut Together<'r>, row: &'r PetitionRow, read_at: i32) {
    let same = petition::table.filter(petition::id.eq(row.id)).filter(petition::sequence.eq(read_at));
    together.add(diesel::update(same).set(row));
}

/// Finds a petition.
pub fn find(tx: &mut AnyConnection, id: PetitionId) -> Result<Option<PetitionRow>, StoreError> {
    Ok(petition::table.find(id).select(PetitionRow::as_select()).first(tx).optional()?)
}

/// Finds many petitions, in no order.
pub fn find_many(tx: &mut AnyConnection, ids: &[PetitionId]) -> Result<Vec<PetitionRow>, StoreError> {
    let found = petition::table.filter(petition::id.eq_any(padded(ids))).select(PetitionRow::as_select());
    Ok(Stable(found).load(tx)?)
}

/// Finds a petition by its code.
pub fn find_by_code(tx: &mut AnyConnection, code: &str) -> Result<Option<PetitionRow>, StoreError> {
    Ok(petition::table
        .filter(petition::code.eq(code))
        .select(PetitionRow::as_select())
        .first(tx)
        .optional()?)
}

/// The petitions that are due to close by themselves, oldest first.
pub fn due_to_close(tx: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<PetitionId>, StoreError> {
    Ok(petition::table
        .filter(petition::closes_at.is_not_null())
        .filter(petition::closes_at.le(now))
        .order((petition::closes_at, petition::id))
        .limit(limit)
        .select(petition::id)
        .load(tx)?)
}

/// The details of a petition.
pub fn detail(tx: &mut AnyConnection, id: PetitionId) -> Result<DetailRow, StoreError> {
    Ok(petition_detail::table.find(id).select(DetailRow::as_select()).first(tx)?)
}

/// Changes the public words of a petition.
pub fn set_public_words(
    tx: &mut AnyConnection,
    id: PetitionId,
    title: Option<&str>,
    summary: Option<&str>,
) -> Result<(), StoreError> {
    diesel::update(petition_detail::table.find(id))
        .set((petition_detail::public_title.eq(title), petition_detail::public_summary.eq(summary)))
        .execute(tx)?;
    Ok(())
}

/// Changes where a petition is about.
pub fn set_place(
    tx: &mut AnyConnection,
    id: PetitionId,
    text: Option<&str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
) -> Result<(), StoreError> {
    diesel::update(petition_detail::table.find(id))
        .set((
            petition_detail::location_text.eq(text),
            petition_detail::latitude.eq(latitude),
            petition_detail::longitude.eq(longitude),
        ))
        .execute(tx)?;
    Ok(())
}

/// A petition made under a phone's own reference, with the fingerprint of its content.
pub type Referenced = (PetitionId, Option<Vec<u8>>);

/// Finds the petition that a phone's own reference made.
pub fn find_by_client_reference(
    tx: &mut AnyConnection,
    reference: RowId,
) -> Result<Option<Referenced>, StoreError> {
    Ok(petition_detail::table
        .filter(petition_detail::client_reference.eq(reference))
        .select((petition_detail::petition_id, petition_detail::client_fingerprint))
        .first(tx)
        .optional()?)
}

/// Writes who submitted a petition.
pub fn insert_submitter<'r>(together: &mut Together<'r>, row: &'r SubmitterRow) {
    together.add(diesel::insert_into(submitter::table).values(row));
}

/// Reads who submitted a petition; nothing for an anonymous one.
pub fn find_submitter(tx: &mut AnyConnection, id: PetitionId) -> Result<Option<SubmitterRow>, StoreError> {
    Ok(submitter::table.find(id).select(SubmitterRow::as_select()).first(tx).optional()?)
}

/// Links one petition to another; one link of a kind is enough.
pub fn link(
    tx: &mut AnyConnection,
    from: PetitionId,
    to: PetitionId,
    kind: LinkKind,
    at: Instant,
) -> Result<(), StoreError> {
    if petition_link::table.find((from, to, kind)).count().get_result::<i64>(tx)? > 0 {
        return Ok(());
    }
    diesel::insert_into(petition_link::table)
        .values((
            petition_link::from_id.eq(from),
            petition_link::to_id.eq(to),
            petition_link::kind.eq(kind),
            petition_link::created_at.eq(at),
        ))
        .execute(tx)?;
    Ok(())
}

/// Removes a link that turned out wrong; history keeps that it was there.
pub fn unlink(
    tx: &mut AnyConnection,
    from: PetitionId,
    to: PetitionId,
    kind: LinkKind,
) -> Result<(), StoreError> {
    diesel::delete(petition_link::table.find((from, to, kind))).execute(tx)?;
    Ok(())
}

/// The links of a petition, in both directions.
pub fn links(tx: &mut AnyConnection, id: PetitionId) -> Result<Vec<LinkRow>, StoreError> {
    links_where(tx, id, None)
}

/// Those of them that were made by an instant.
pub fn links_made_by(
    tx: &mut AnyConnection,
    id: PetitionId,
    by: Instant,
) -> Result<Vec<LinkRow>, StoreError> {
    links_where(tx, id, Some(by))
}

fn links_where(
    tx: &mut AnyConnection,
    id: PetitionId,
    made_by: Option<Instant>,
) -> Result<Vec<LinkRow>, StoreError> {
    let mut query = petition_link::table
        .filter(petition_link::from_id.eq(id).or(petition_link::to_id.eq(id)))
        .order((petition_link::created_at, petition_link::from_id, petition_link::to_id))
        .select((petition_link::from_id, petition_link::to_id, petition_link::kind))
        .into_boxed();
    if let Some(by) = made_by {
        query = query.filter(petition_link::created_at.le(by));
    }
    let rows: Vec<(PetitionId, PetitionId, LinkKind)> = query.load(tx)?;
    Ok(rows
        .into_iter()
        .map(|(from, to, kind)| LinkRow {
            petition: if from == id { to } else { from },
            kind,
            outgoing: from == id,
        })
        .collect())
}

/// Finds what we hold of a record of another system.
pub fn find_external(
    tx: &mut AnyConnection,
    source: &str,
    external_id: &str,
) -> Result<Option<ExternalRow>, StoreError> {
    Ok(external_ref::table
        .find((source, external_id))
        .select(ExternalRow::as_select())
        .first(tx)
        .optional()?)
}

/// What we hold of many records of one other system, each with the way its petition came in.
pub fn find_externals(
    tx: &mut AnyConnection,
    source: &str,
    external_ids: &[&str],
) -> Result<Vec<(ExternalRow, Provenance)>, StoreError> {
    Ok(external_ref::table
        .inner_join(petition::table.on(petition::id.eq(external_ref::petition_id)))
        .filter(external_ref::source.eq(source))
        .filter(external_ref::external_id.eq_any(external_ids))
        .select((ExternalRow::as_select(), petition::provenance))
        .load(tx)?)
}

/// Remembers the names of many records in other systems.
pub fn insert_externals(tx: &mut AnyConnection, rows: &[ExternalRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(external_ref::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Remembers the name of a record in another system.
pub fn insert_external(tx: &mut AnyConnection, row: &ExternalRow) -> Result<(), StoreError> {
    diesel::insert_into(external_ref::table).values(row).execute(tx)?;
    Ok(())
}

/// Remembers what the other system sent last.
pub fn update_external(tx: &mut AnyConnection, row: &ExternalRow) -> Result<(), StoreError> {
    diesel::update(external_ref::table.find((&row.source, &row.external_id))).set(row).execute(tx)?;
    Ok(())
}

/// The names a petition has in other systems: source, external id.
pub fn externals(tx: &mut AnyConnection, id: PetitionId) -> Result<Vec<(String, String)>, StoreError> {
    Ok(external_ref::table
        .filter(external_ref::petition_id.eq(id))
        .order((external_ref::source, external_ref::external_id))
        .select((external_ref::source, external_ref::external_id))
        .load(tx)?)
}
