//! How petitions came to stand where they do: what was done to their clocks, and who held them.

use std::collections::HashMap;

use diesel::{dsl::count_star, prelude::*};

use super::{
    AnyConnection, StoreError,
    question::Moment,
    schema::{event, event_text, petition_span},
    together::{Stable, padded},
};
use crate::domain::{
    id::{AgencyId, PetitionId, TextId},
    time::Instant,
    vocabulary::{Action, Code, State},
};

/// A stretch of a petition with one agency, as far as a moment knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub petition: PetitionId,
    pub agency: AgencyId,
    pub state: State,
    pub from_at: Instant,
    /// Its end, or the moment itself.
    pub to_at: Instant,
}

/// How often each of some acts was done to each of these petitions until a moment; what was never done is left out.
pub fn acts(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
    wanted: &[Action],
    moment: Moment,
) -> Result<HashMap<(PetitionId, Action), i64>, StoreError> {
    if petitions.is_empty() {
        return Ok(HashMap::new());
    }
    let (occurred, recorded) = moment.bounds();
    let names: Vec<&str> = wanted.iter().map(|action| action.as_str()).collect();
    let counted = event::table
        .filter(event::subject_kind.eq("petition"))
        .filter(event::subject_id.eq_any(padded(petitions)))
        .filter(event::type_.eq_any(names))
        .filter(event::occurred_at.le(occurred))
        .filter(event::recorded_at.le(recorded))
        .group_by((event::subject_id, event::type_))
        .select((event::subject_id, event::type_, count_star()));
    let rows: Vec<(PetitionId, String, i64)> = Stable(counted).load(tx)?;
    let known =
        |(petition, name, count): (PetitionId, String, i64)| Some(((petition, Action::parse(&name)?), count));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Who held these petitions until a moment, each petition's stretches in their order.
pub fn stays(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
    moment: Moment,
) -> Result<Vec<Stay>, StoreError> {
    type Row = (PetitionId, AgencyId, State, Instant, Option<Instant>, Option<Instant>);
    if petitions.is_empty() {
        return Ok(Vec::new());
    }
    let (occurred, recorded) = moment.bounds();
    let held = petition_span::table
        .filter(petition_span::petition_id.eq_any(padded(petitions)))
        .filter(petition_span::from_at.le(occurred))
        .filter(petition_span::recorded_from.le(recorded))
        .order((petition_span::petition_id, petition_span::sequence))
        .select((
            petition_span::petition_id,
            petition_span::agency_id,
            petition_span::state,
            petition_span::from_at,
            petition_span::to_at,
            petition_span::recorded_to,
        ));
    let rows: Vec<Row> = Stable(held).load(tx)?;
    let stay = |(petition, agency, state, from_at, to_at, recorded_to): Row| {
        let known = recorded_to.is_some_and(|at| at <= recorded);
        let end = to_at.filter(|to| known && *to <= moment.at());
        Stay { petition, agency, state, from_at, to_at: end.unwrap_or(moment.at()) }
    };
    Ok(rows.into_iter().map(stay).collect())
}

/// The bodies of these texts; an erased one has none.
pub fn bodies(tx: &mut AnyConnection, texts: &[TextId]) -> Result<HashMap<TextId, String>, StoreError> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let kept = event_text::table
        .filter(event_text::id.eq_any(padded(texts)))
        .filter(event_text::body.is_not_null())
        .select((event_text::id, event_text::body.assume_not_null()));
    let rows: Vec<(TextId, String)> = Stable(kept).load(tx)?;
    Ok(rows.into_iter().collect())
}
