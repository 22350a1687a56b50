//! Lists of petitions as a reader may see them, live and as of an instant, page by page.

use std::collections::HashMap;

use diesel::prelude::*;

pub use super::question::{Against, AtLevel, Filters, Gap, Moment, Overdue, Place, Question, Tree};
use super::{
    AnyConnection, StoreError,
    conditions::{self, Condition, Plain, agency_code, holds},
    schema::{clock_span, petition, petition_span},
    spans::{ClockRow, SpanRow},
    together::{Often, Stable, padded},
};
use crate::domain::{
    access::Person,
    id::{AgencyId, PetitionId},
    time::{Day, Instant},
    vocabulary::Provenance,
};

/// A row of a list: a stretch of a petition, and what of its present face goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRow {
    pub span: SpanRow,
    pub code: String,
    pub title: String,
    pub version: i32,
    pub provenance: Provenance,
    pub promised_due_at: Option<Instant>,
    /// The end that lateness is measured against.
    pub end: Option<Instant>,
}

/// The order of a list. Each has a tie-breaker, so that no two rows stand in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Received last first.
    Newest,
    /// Received first first.
    Oldest,
    /// Only those that have the end which lateness is measured against: the first to fall due first.
    DueFirst,
    /// The same, the last to fall due first.
    DueLast,
    /// The same, by the code that agencies went by on a day, then the first to fall due first.
    ByAgency(Day),
    /// Only those that the three before leave out: received last first.
    NotDue,
}

/// The place of a row in an order: what the order looks at, then the petition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The code of the agency, where the order looks at it.
    pub agency: Option<String>,
    pub at: Instant,
    pub petition: PetitionId,
}

/// A page of a list, from after a place on.
pub fn page(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    match (question.filters.clock, question.filters.against()) {
        (None, Against::Official) => of_petitions(tx, question, order, after, limit),
        (None, Against::Promise) => of_promises(tx, question, order, after, limit),
        _ => of_clocks(tx, question, order, after, limit),
    }
}

/// What of a petition's present face goes into a list.
pub(super) type Face = (String, String, i32, Provenance, Option<Instant>);

/// The columns of [`Face`].
macro_rules! face {
    () => {
        (petition::code, petition::title, petition::version, petition::provenance, petition::promised_due_at)
    };
}
pub(super) use face;

/// A row of a list.
pub(super) fn listed(span: SpanRow, (code, title, version, provenance, promised_due_at): Face) -> ListedRow {
    let end = span.open_due_at;
    ListedRow { span, code, title, version, provenance, promised_due_at, end }
}

/// Narrows a query to what has an end, puts it in an order of ends, and begins after a place. The first half of each
/// condition bounds the walk through the index.
macro_rules! by_end {
    ($query:expr, $end:expr, $id:expr, $order:expr, $after:expr) => {{
        let (end, id, order) = ($end, $id, $order);
        let query = $query.filter(end.is_not_null());
        let query = match ($after, order) {
            (None, _) => query,
            (Some(Key { agency, at, petition }), Order::ByAgency(day)) => {
                let code = agency.unwrap_or_default();
                let later = end.gt(at).or(end.eq(at).and(id.gt(petition).nullable()));
                let same = agency_code(day).eq(code.clone()).nullable().and(later);
                query.filter(agency_code(day).gt(code).nullable().or(same))
            }
            (Some(Key { at, petition, .. }), Order::DueLast) => {
                query.filter(end.le(at)).filter(end.lt(at).or(id.lt(petition).nullable()))
            }
            (Some(Key { at, petition, .. }), _) => {
                query.filter(end.ge(at)).filter(end.gt(at).or(id.gt(petition).nullable()))
            }
        };
        match order {
            Order::ByAgency(day) => query.order((agency_code(day), end.asc(), id.asc())),
            Order::DueLast => query.order((end.desc(), id.desc())),
            _ => query.order((end.asc(), id.asc())),
        }
    }};
}

fn of_petitions(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .select((SpanRow::as_select(), face!()))
        .limit(limit)
        .into_boxed();
    let all = conditions::of_petition(question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let id = petition_span::petition_id;
    let received = petition_span::received_at;
    let query = match order {
        Order::Newest | Order::NotDue | Order::Oldest => {
            let query = match after {
                Some(key) => query.filter(past(order, key)),
                None => query,
            };
            match order {
                Order::Oldest => query.order((received.asc(), id.asc())),
                Order::NotDue => {
                    query.filter(petition_span::open_due_at.is_null()).order((received.desc(), id.desc()))
                }
                _ => query.order((received.desc(), id.desc())),
            }
        }
        _ => by_end!(query, petition_span::open_due_at, id, order, after),
    };
    let rows: Vec<(SpanRow, Face)> = Often { query, often: question.is_common() }.load(tx)?;
    Ok(rows.into_iter().map(|(span, face)| listed(span, face)).collect())
}

/// What stands after a place in an order of receipt.
fn past(order: Order, Key { at, petition, .. }: Key) -> Condition<Plain> {
    let (received, id) = (petition_span::received_at, petition_span::petition_id);
    match order {
        Order::Oldest => Box::new(received.ge(at).and(received.gt(at).or(id.gt(petition)))),
        _ => Box::new(received.le(at).and(received.lt(at).or(id.lt(petition)))),
    }
}

fn of_promises(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .select((SpanRow::as_select(), face!()))
        .limit(limit)
        .into_boxed();
    let all = conditions::of_petition(question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let query = by_end!(query, petition::promised_due_at, petition::id, order, after);
    let rows: Vec<(SpanRow, Face)> = query.load(tx)?;
    let of_promise = |(span, face)| {
        let row = listed(span, face);
        ListedRow { end: row.promised_due_at, ..row }
    };
    Ok(rows.into_iter().map(of_promise).collect())
}

fn of_clocks(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .inner_join(clock_span::table)
        .select((SpanRow::as_select(), face!(), ClockRow::as_select()))
        .limit(limit)
        .into_boxed();
    let all = conditions::of_clock(question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let (id, against) = (clock_span::petition_id, question.filters.against());
    let query = match against {
        Against::Official => by_end!(query, clock_span::open_due_at, id, order, after),
        Against::FirstDeadline => by_end!(query, clock_span::first_due_at, id, order, after),
        Against::Promise => by_end!(query, petition::promised_due_at, id, order, after),
    };
    let rows: Vec<(SpanRow, Face, ClockRow)> = query.load(tx)?;
    let asked = question.filters.clock.is_some();
    let with_clock = |(span, face, clock): (SpanRow, Face, ClockRow)| {
        let row = listed(if asked { of_stage(span, &clock) } else { span }, face);
        let end = match against {
            Against::Official => clock.open_due_at,
            Against::FirstDeadline => clock.first_due_at,
            Against::Promise => row.promised_due_at,
        };
        ListedRow { end, ..row }
    };
    Ok(rows.into_iter().map(with_clock).collect())
}

/// A stretch with the clock of one stage in place of the one that speaks for the petition.
fn of_stage(span: SpanRow, clock: &ClockRow) -> SpanRow {
    SpanRow {
        clock_stage: Some(clock.stage),
        open_due_at: clock.open_due_at,
        due_at: clock.due_at,
        due_on: clock.due_on,
        paused_until: clock.paused_until,
        due_soon_at: None,
        met_at: None,
        ..span
    }
}

/// The clocks of these petitions as they stood, in no order.
pub fn clocks(
    tx: &mut AnyConnection,
    petitions: &[PetitionId],
    moment: Moment,
) -> Result<Vec<ClockRow>, StoreError> {
    if petitions.is_empty() {
        return Ok(Vec::new());
    }
    let of = clock_span::table
        .filter(clock_span::petition_id.eq_any(padded(petitions)))
        .select(ClockRow::as_select())
        .into_boxed();
    let held: Condition<clock_span::table> = holds!(clock_span, moment);
    Ok(Stable(of.filter(held)).load(tx)?)
}

/// What is shown of a petition: its code, and the agency it is with.
pub type Shown = (String, AgencyId);

/// Those of these petitions that fit a question.
pub fn seen(
    tx: &mut AnyConnection,
    question: &Question,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, Shown>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .filter(petition::id.eq_any(padded(petitions)))
        .select((petition::id, (petition::code, petition_span::agency_id)))
        .into_boxed();
    let all = conditions::of_petition(question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let rows: Vec<(PetitionId, Shown)> = query.load(tx)?;
    Ok(rows.into_iter().collect())
}

/// The codes of those of these petitions that a reader may see in each of their stretches, by the strictest of them.
pub fn seen_throughout(
    tx: &mut AnyConnection,
    reader: &Person,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, String>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .filter(petition::id.eq_any(padded(petitions)))
        .filter(petition_span::to_at.is_null())
        .filter(conditions::whole::sight(reader))
        .select((petition::id, petition::code));
    let rows: Vec<(PetitionId, String)> = query.load(tx)?;
    Ok(rows.into_iter().collect())
}

/// Those of these petitions that are there at a moment, whoever may see them.
pub fn standing(
    tx: &mut AnyConnection,
    moment: Moment,
    petitions: &[PetitionId],
) -> Result<Vec<PetitionId>, StoreError> {
    let query = petition::table
        .inner_join(petition_span::table)
        .filter(petition::id.eq_any(padded(petitions)))
        .filter(conditions::plain::in_force(moment))
        .select(petition::id);
    Ok(query.load(tx)?)
}
