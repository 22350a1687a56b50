//! Who was urged when, and what answered it.

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError,
    agencies::lines::subtree_on,
    conditions::{self, Condition, Urged, either},
    question::{Place, Question, Tree},
    schema::{petition, petition_span, urging},
};
use crate::domain::{
    id::{AgencyId, EventId, OfficialId, PetitionId},
    time::Instant,
};

/// An urging.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = urging, treat_none_as_default_value = false)]
pub struct UrgingRow {
    pub event_id: EventId,
    pub petition_id: PetitionId,
    /// The agency that was urged, or that had the petition of an urged official.
    pub agency_id: Option<AgencyId>,
    pub official_id: Option<OfficialId>,
    pub urged_at: Instant,
    /// The first note that answered it.
    pub answer_id: Option<EventId>,
    pub answered_at: Option<Instant>,
}

/// Which urgings are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub answered: Option<bool>,
    /// The agency urged.
    pub place: Option<Place>,
    /// The first instant.
    pub from: Option<Instant>,
    /// The first instant that is too late.
    pub to: Option<Instant>,
    /// What happened later does not count; nothing: all of it. Urging and answering take effect when they are recorded.
    pub until: Option<Instant>,
}

/// The place of an urging in the list.
pub type Key = (Instant, EventId);

/// Notes that somebody was urged.
pub fn insert(tx: &mut AnyConnection, row: &UrgingRow) -> Result<(), StoreError> {
    diesel::insert_into(urging::table).values(row).execute(tx)?;
    Ok(())
}

/// Notes what answered an urging; the first answer stands.
pub fn answer(
    tx: &mut AnyConnection,
    petition: PetitionId,
    id: EventId,
    by: EventId,
    at: Instant,
) -> Result<(), StoreError> {
    let open =
        urging::table.find(id).filter(urging::petition_id.eq(petition)).filter(urging::answer_id.is_null());
    diesel::update(open).set((urging::answer_id.eq(by), urging::answered_at.eq(at))).execute(tx)?;
    Ok(())
}

/// The urgings of petitions that a reader may see, with the petition's code, the latest first. An answer that does not
/// count yet is left out.
pub fn page(
    tx: &mut AnyConnection,
    question: &Question,
    wanted: Wanted,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<(UrgingRow, String)>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .inner_join(urging::table)
        .select((UrgingRow::as_select(), petition::code))
        .order((urging::urged_at.desc(), urging::event_id.desc()))
        .limit(limit)
        .into_boxed();
    let all = conditions(question, wanted, after);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let mut rows: Vec<(UrgingRow, String)> = query.load(tx)?;
    for (row, _) in &mut rows {
        if wanted.until.is_some_and(|until| row.answered_at > Some(until)) {
            (row.answer_id, row.answered_at) = (None, None);
        }
    }
    Ok(rows)
}

fn conditions(question: &Question, wanted: Wanted, after: Option<Key>) -> Vec<Condition<Urged>> {
    let mut all = conditions::urged::of(question);
    let mut add = |condition: Condition<Urged>| all.push(condition);
    let answered = urging::answered_at.assume_not_null();
    match (wanted.answered, wanted.until) {
        (Some(true), None) => add(Box::new(urging::answer_id.is_not_null())),
        (Some(false), None) => add(Box::new(urging::answer_id.is_null())),
        (Some(true), Some(until)) => add(Box::new(answered.le(until))),
        (Some(false), Some(until)) => {
            add(either(Box::new(urging::answer_id.is_null()), Box::new(answered.gt(until))));
        }
        (None, _) => {}
    }
    if let Some(until) = wanted.until {
        add(Box::new(urging::urged_at.le(until)));
    }
    if let Some(Place { agency, below, tree }) = wanted.place {
        let urged = urging::agency_id.assume_not_null();
        match (below, tree) {
            (false, _) => add(Box::new(urged.eq(agency))),
            (true, Tree::Present | Tree::Today) => {
                add(Box::new(urged.eq_any(conditions::subtree(agency))));
            }
            (true, Tree::On(day)) => add(Box::new(urged.eq_any(subtree_on(agency, day)))),
        }
    }
    if let Some(from) = wanted.from {
        add(Box::new(urging::urged_at.ge(from)));
    }
    if let Some(to) = wanted.to {
        add(Box::new(urging::urged_at.lt(to)));
    }
    if let Some((at, id)) = after {
        add(Box::new(urging::urged_at.le(at)));
        add(either(Box::new(urging::urged_at.lt(at)), Box::new(urging::event_id.lt(id))));
    }
    all
}
