//! What samples are drawn from: petitions as a reader may see them, all of them, page by page.

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError, conditions,
    question::Question,
    schema::{petition, petition_span},
};
use crate::domain::{
    id::{AgencyId, PetitionId},
    time::Instant,
    vocabulary::{Kind, State},
};

/// What a draw looks at.
#[derive(Debug, Clone, Queryable)]
pub struct Candidate {
    pub petition: PetitionId,
    /// The lead agency, before an assignment the intake agency.
    pub agency: AgencyId,
    pub kind: Kind,
    pub field_code: String,
}

/// What is shown of one that was drawn.
#[derive(Debug, Clone, Queryable)]
pub struct DrawnRow {
    pub petition: PetitionId,
    pub code: String,
    pub kind: Kind,
    pub state: State,
    pub agency: AgencyId,
    pub field_code: String,
    pub received_at: Instant,
}

/// Petitions that fit a question in the order of their ids, from after one on.
pub fn candidates(
    tx: &mut AnyConnection,
    question: &Question,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<Candidate>, StoreError> {
    let mut query = petition::table
        .inner_join(petition_span::table)
        .select((petition::id, petition_span::agency_id, petition_span::kind, petition_span::field_code))
        .order(petition::id.asc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    let all = conditions::of_petition(question);
    Ok(all.into_iter().fold(query, |query, condition| query.filter(condition)).load(tx)?)
}

/// Those of these petitions that fit a question, in no order.
pub fn drawn(
    tx: &mut AnyConnection,
    question: &Question,
    ids: &[PetitionId],
) -> Result<Vec<DrawnRow>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .filter(petition::id.eq_any(ids.to_vec()))
        .select((
            petition::id,
            petition::code,
            petition_span::kind,
            petition_span::state,
            petition_span::agency_id,
            petition_span::field_code,
            petition_span::received_at,
        ))
        .into_boxed();
    let all = conditions::of_petition(question);
    Ok(all.into_iter().fold(query, |query, condition| query.filter(condition)).load(tx)?)
}
