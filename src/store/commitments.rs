//! Promises made in signed replies, in the order of their days, and what later revisions say of them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError,
    schema::{commitment, event_text, reply_revision},
    together::padded,
};
use crate::domain::{
    id::{AgencyId, OfficialId, PetitionId, RowId, TextId},
    time::{Day, Instant},
    vocabulary::Outcome,
};

/// A promise with the revision that made it.
#[derive(Debug, Clone, Queryable)]
pub struct PromiseRow {
    pub id: RowId,
    pub due_on: Day,
    pub text_id: TextId,
    /// Who is to keep it, where the reply names somebody.
    pub agency_id: Option<AgencyId>,
    pub person_id: Option<OfficialId>,
    pub petition_id: PetitionId,
    pub round: i32,
    /// The number of the revision.
    pub number: i32,
    /// When it was signed.
    pub approved_at: Option<Instant>,
}

/// Which promises are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub signed: Signed,
    pub petition: Option<PetitionId>,
    /// Due on this day or later.
    pub from: Option<Day>,
    /// Due before this day.
    pub to: Option<Day>,
}

/// Which revisions count.
#[derive(Debug, Clone, Copy)]
pub struct Signed {
    /// Signed by then.
    pub by: Instant,
    /// On record by then: a signed reply of another system is taken over later than it was signed.
    pub recorded_by: Instant,
}

/// The place of a promise in the list.
pub type Key = (Day, RowId);

/// The first due first, from after a place on.
pub fn page(
    tx: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<PromiseRow>, StoreError> {
    let (due, id) = (commitment::due_on, commitment::id);
    let mut query = commitment::table
        .inner_join(reply_revision::table.on(commitment::revision_id.eq(reply_revision::id)))
        .filter(reply_revision::approved_at.le(wanted.signed.by).assume_not_null())
        .filter(reply_revision::created_at.le(wanted.signed.recorded_by))
        .order((due.asc(), id.asc()))
        .limit(limit)
        .select((
            id,
            due,
            commitment::text_id,
            commitment::agency_id,
            commitment::person_id,
            reply_revision::petition_id,
            reply_revision::round,
            reply_revision::number,
            reply_revision::approved_at,
        ))
        .into_boxed();
    if let Some(petition) = wanted.petition {
        query = query.filter(reply_revision::petition_id.eq(petition));
    }
    if let Some(from) = wanted.from {
        query = query.filter(due.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(due.lt(to));
    }
    if let Some((last, row)) = after {
        // The first half bounds the walk through the index.
        query = query.filter(due.ge(last)).filter(due.gt(last).or(id.gt(row)));
    }
    Ok(query.load(tx)?)
}

/// What a signed revision says of the promises made before it.
#[derive(Debug, Clone, Queryable)]
pub struct SaidRow {
    pub petition_id: PetitionId,
    pub round: i32,
    pub number: i32,
    pub outcome: Option<Outcome>,
    pub approved_at: Option<Instant>,
}

/// The revisions of these petitions that count, in their order.
pub fn said(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
    signed: Signed,
) -> Result<Vec<SaidRow>, StoreError> {
    Ok(reply_revision::table
        .filter(reply_revision::petition_id.eq_any(padded(petitions)))
        .filter(reply_revision::approved_at.le(signed.by).assume_not_null())
        .filter(reply_revision::created_at.le(signed.recorded_by))
        .order((reply_revision::petition_id, reply_revision::number))
        .select((
            reply_revision::petition_id,
            reply_revision::round,
            reply_revision::number,
            reply_revision::outcome,
            reply_revision::approved_at,
        ))
        .load(tx)?)
}

/// The words behind references; an erased one has none.
pub fn words(
    tx: &mut AnyConnection,
    texts: &[TextId],
) -> Result<HashMap<TextId, Option<String>>, StoreError> {
    let rows: Vec<(TextId, Option<String>)> = event_text::table
        .filter(event_text::id.eq_any(padded(texts)))
        .select((event_text::id, event_text::body))
        .load(tx)?;
    Ok(rows.into_iter().collect())
}
