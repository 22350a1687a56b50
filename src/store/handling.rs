//! What handling leaves behind: assignments, replies with their documents and commitments, deliveries, ratings.

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, StoreError,
    schema::{assignment, commitment, delivery, document, official, rating, reply_revision},
};
use crate::{
    domain::{
        id::{AgencyId, DocumentId, OfficialId, PetitionId, RevisionId, RowId, TextId},
        time::{Day, Instant},
        vocabulary::{DeliveryMethod, Outcome, Satisfaction},
    },
    native,
};

/// Who held a petition: agency and person, with name and position as they were.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = assignment, treat_none_as_default_value = false)]
pub struct AssignmentRow {
    pub id: RowId,
    pub petition_id: PetitionId,
    pub round: i32,
    /// `lead` or `supporting`.
    pub part: String,
    pub agency_id: AgencyId,
    pub official_id: Option<OfficialId>,
    pub full_name: Option<String>,
    pub position: Option<String>,
    pub from_at: Instant,
    pub to_at: Option<Instant>,
}

/// One revision of a reply.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = reply_revision, treat_none_as_default_value = false)]
pub struct RevisionRow {
    pub id: RevisionId,
    pub petition_id: PetitionId,
    pub round: i32,
    pub number: i32,
    pub outcome: Option<Outcome>,
    pub text_id: TextId,
    pub author_id: Option<OfficialId>,
    pub approved_by: Option<OfficialId>,
    pub approved_at: Option<Instant>,
    pub document_id: Option<DocumentId>,
    pub notice: bool,
    pub created_at: Instant,
}

/// A promise made in a reply.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = commitment, treat_none_as_default_value = false)]
pub struct CommitmentRow {
    pub id: RowId,
    pub revision_id: RevisionId,
    pub text_id: TextId,
    pub due_on: Day,
    pub agency_id: Option<AgencyId>,
    pub person_id: Option<OfficialId>,
}

/// A numbered document of an agency.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = document, treat_none_as_default_value = false)]
pub struct DocumentRow {
    pub id: DocumentId,
    pub agency_id: AgencyId,
    pub issue_year: i32,
    pub number: String,
    pub symbol: String,
    pub issued_on: Day,
    pub signer: String,
}

/// An answer on its way to the citizen.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = delivery, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    pub id: RowId,
    pub petition_id: PetitionId,
    pub round: i32,
    pub method: DeliveryMethod,
    pub delivered_at: Instant,
    pub recorded_at: Instant,
    pub by_system: bool,
}

/// Begins a stretch in which somebody holds the petition; name and position are copied as they are now.
pub fn assign(tx: &mut AnyConnection, mut row: AssignmentRow) -> Result<(), StoreError> {
    if let Some(person) = row.official_id {
        let (name, position): (String, String) =
            official::table.find(person).select((official::full_name, official::position)).first(tx)?;
        row.full_name = Some(name);
        row.position = Some(position);
    }
    diesel::insert_into(assignment::table).values(&row).execute(tx)?;
    Ok(())
}

/// Ends the present assignments of a petition; only those of one part when it is given.
pub fn release(
    tx: &mut AnyConnection,
    petition: PetitionId,
    part: Option<&str>,
    at: Instant,
) -> Result<(), StoreError> {
    let present =
        assignment::table.filter(assignment::petition_id.eq(petition)).filter(assignment::to_at.is_null());
    match part {
        Some(part) => diesel::update(present.filter(assignment::part.eq(part)))
            .set(assignment::to_at.eq(at))
            .execute(tx)?,
        None => diesel::update(present).set(assignment::to_at.eq(at)).execute(tx)?,
    };
    Ok(())
}

/// The present assignments of a petition.
pub fn assignments(tx: &mut AnyConnection, petition: PetitionId) -> Result<Vec<AssignmentRow>, StoreError> {
    Ok(assignment::table
        .filter(assignment::petition_id.eq(petition))
        .filter(assignment::to_at.is_null())
        .order((assignment::part, assignment::id))
        .select(AssignmentRow::as_select())
        .load(tx)?)
}

/// Finds a document of an agency by year, number and symbol.
pub fn find_document(
    tx: &mut AnyConnection,
    wanted: &DocumentRow,
) -> Result<Option<(DocumentId, Day, String)>, StoreError> {
    Ok(document::table
        .filter(document::agency_id.eq(wanted.agency_id))
        .filter(document::issue_year.eq(wanted.issue_year))
        .filter(document::number.eq(&wanted.number))
        .filter(document::symbol.eq(&wanted.symbol))
        .select((document::id, document::issued_on, document::signer))
        .first(tx)
        .optional()?)
}

/// Enters a document in the agency's register.
pub fn insert_document(tx: &mut AnyConnection, row: &DocumentRow) -> Result<(), StoreError> {
    diesel::insert_into(document::table).values(row).execute(tx)?;
    Ok(())
}

/// Writes a revision with its commitments.
pub fn insert_revision(
    tx: &mut AnyConnection,
    row: &RevisionRow,
    commitments: &[CommitmentRow],
) -> Result<(), StoreError> {
    diesel::insert_into(reply_revision::table).values(row).execute(tx)?;
    for commitment_row in commitments {
        diesel::insert_into(commitment::table).values(commitment_row).execute(tx)?;
    }
    Ok(())
}

/// Writes many revisions that make no commitments.
pub fn insert_revisions(tx: &mut AnyConnection, rows: &[RevisionRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(reply_revision::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Signs a revision.
pub fn approve_revision(
    tx: &mut AnyConnection,
    id: RevisionId,
    by: Option<OfficialId>,
    at: Instant,
    document: Option<DocumentId>,
) -> Result<(), StoreError> {
    diesel::update(reply_revision::table.find(id))
        .set((
            reply_revision::approved_by.eq(by),
            reply_revision::approved_at.eq(at),
            reply_revision::document_id.eq(document),
            reply_revision::notice.eq(document.is_none()),
        ))
        .execute(tx)?;
    Ok(())
}

/// Marks a revision as public, again if it was taken down.
pub fn publish_revision(tx: &mut AnyConnection, id: RevisionId, at: Instant) -> Result<(), StoreError> {
    diesel::update(reply_revision::table.find(id))
        .set((reply_revision::published_at.eq(at), reply_revision::taken_down_at.eq(None::<Instant>)))
        .execute(tx)?;
    Ok(())
}

/// Marks the public revisions of a petition as taken down.
pub fn take_down(tx: &mut AnyConnection, petition: PetitionId, at: Instant) -> Result<(), StoreError> {
    let public = reply_revision::table
        .filter(reply_revision::petition_id.eq(petition))
        .filter(reply_revision::published_at.is_not_null())
        .filter(reply_revision::taken_down_at.is_null());
    diesel::update(public).set(reply_revision::taken_down_at.eq(at)).execute(tx)?;
    Ok(())
}

/// Writes a delivery.
pub fn insert_delivery(tx: &mut AnyConnection, row: &DeliveryRow) -> Result<(), StoreError> {
    diesel::insert_into(delivery::table).values(row).execute(tx)?;
    Ok(())
}

/// Writes what the citizen thinks of the answer of a round.
pub fn insert_rating(
    tx: &mut AnyConnection,
    petition: PetitionId,
    round: i32,
    satisfaction: Satisfaction,
    reasons: Option<TextId>,
    at: Instant,
) -> Result<(), StoreError> {
    diesel::insert_into(rating::table)
        .values((
            rating::petition_id.eq(petition),
            rating::round.eq(round),
            rating::satisfaction.eq(satisfaction),
            rating::reasons_id.eq(reasons),
            rating::created_at.eq(at),
        ))
        .execute(tx)?;
    Ok(())
}
