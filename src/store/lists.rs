//! Lists of petitions as a reader may see them, live and as of an instant, page by page.

use diesel::prelude::*;

pub use super::conditions::{Filters, Moment, Place, Question};
use super::{
    AnyConnection, StoreError,
    conditions::{self, Condition, Plain},
    schema::{clock_span, petition, petition_span},
    spans::{ClockRow, SpanRow},
    together::{Often, Stable, padded},
};
use crate::domain::{
    id::PetitionId,
    time::{Day, Instant},
    vocabulary::{Provenance, Stage},
};

/// A row of a list: a stretch of a petition, and what of its present face goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRow {
    pub span: SpanRow,
    pub code: String,
    pub title: String,
    pub version: i32,
    pub provenance: Provenance,
}

/// The order of a list. Each has a tie-breaker, so that no two rows stand in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Received last first.
    Newest,
    /// Received first first.
    Oldest,
    /// Only those whose clock has an end and is open: the first to fall due first.
    DueFirst,
    /// The same, the last to fall due first.
    DueLast,
    /// Only those that the two before leave out: received last first.
    NotDue,
}

/// The place of a row in an order: what the order looks at, then the petition.
pub type Key = (Instant, PetitionId);

/// A page of a list, from after a place on.
pub fn page(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    match question.filters.clock {
        None => of_petitions(tx, question, order, after, limit),
        Some(stage) => of_stage(tx, question, stage, order, after, limit),
    }
}

/// What of a petition's present face goes into a list.
pub(super) type Face = (String, String, i32, Provenance);

pub(super) fn listed((span, (code, title, version, provenance)): (SpanRow, Face)) -> ListedRow {
    ListedRow { span, code, title, version, provenance }
}

fn of_petitions(
    tx: &mut AnyConnection,
    question: &Question,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let mut all = conditions::of_petition(question);
    all.extend(after.map(|key| past(order, key)));
    let face = (petition::code, petition::title, petition::version, petition::provenance);
    let query = petition::table
        .inner_join(petition_span::table)
        .select((SpanRow::as_select(), face))
        .limit(limit)
        .into_boxed();
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let id = petition_span::petition_id;
    let query = match order {
        Order::Newest => query.order((petition_span::received_at.desc(), id.desc())),
        Order::Oldest => query.order((petition_span::received_at.asc(), id.asc())),
        Order::DueFirst => query
            .filter(petition_span::open_due_at.is_not_null())
            .order((petition_span::open_due_at.asc(), id.asc())),
        Order::DueLast => query
            .filter(petition_span::open_due_at.is_not_null())
            .order((petition_span::open_due_at.desc(), id.desc())),
        Order::NotDue => query
            .filter(petition_span::open_due_at.is_null())
            .order((petition_span::received_at.desc(), id.desc())),
    };
    let rows: Vec<(SpanRow, Face)> = Often { query, often: question.is_common() }.load(tx)?;
    Ok(rows.into_iter().map(listed).collect())
}

/// What stands after a place. The first half of each condition bounds the walk through the index.
fn past(order: Order, (at, id): Key) -> Condition<Plain> {
    let (received, due) = (petition_span::received_at, petition_span::open_due_at);
    let (below, above) = (petition_span::petition_id.lt(id), petition_span::petition_id.gt(id));
    match order {
        Order::Newest | Order::NotDue => Box::new(received.le(at).and(received.lt(at).or(below))),
        Order::Oldest => Box::new(received.ge(at).and(received.gt(at).or(above))),
        Order::DueFirst => {
            let bound = due.ge(at).assume_not_null();
            Box::new(bound.and(due.gt(at).assume_not_null().or(above)))
        }
        Order::DueLast => {
            let bound = due.le(at).assume_not_null();
            Box::new(bound.and(due.lt(at).assume_not_null().or(below)))
        }
    }
}

/// What a list by the clock of one stage shows of that clock.
type Shown = (Option<Instant>, Option<Instant>, Option<Day>, Option<Instant>);

fn of_stage(
    tx: &mut AnyConnection,
    question: &Question,
    stage: Stage,
    order: Order,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let due = clock_span::open_due_at;
    let id = clock_span::petition_id;
    let face = (petition::code, petition::title, petition::version, petition::provenance);
    let shown = (due, clock_span::due_at, clock_span::due_on, clock_span::paused_until);
    let query = petition::table
        .inner_join(petition_span::table)
        .inner_join(clock_span::table)
        .select((SpanRow::as_select(), face, shown))
        .filter(due.is_not_null())
        .limit(limit)
        .into_boxed();
    let all = conditions::of_stage(question, stage);
    let mut query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let last_first = order == Order::DueLast;
    query = match after {
        Some((at, after)) if last_first => {
            query.filter(due.le(at)).filter(due.lt(at).or(id.lt(after).nullable()))
        }
        Some((at, after)) => query.filter(due.ge(at)).filter(due.gt(at).or(id.gt(after).nullable())),
        None => query,
    };
    query =
        if last_first { query.order((due.desc(), id.desc())) } else { query.order((due.asc(), id.asc())) };
    let rows: Vec<(SpanRow, Face, Shown)> = query.load(tx)?;
    let with_clock = |(span, face, (open_due_at, due_at, due_on, paused_until)): (SpanRow, Face, Shown)| {
        let clock_stage = Some(stage);
        let of_clock = SpanRow {
            clock_stage,
            open_due_at,
            due_at,
            due_on,
            paused_until,
            due_soon_at: None,
            met_at: None,
            ..span
        };
        listed((of_clock, face))
    };
    Ok(rows.into_iter().map(with_clock).collect())
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
        .select(ClockRow::as_select());
    match moment {
        Moment::Now(_) => Ok(Stable(of.filter(clock_span::to_at.is_null())).load(tx)?),
        Moment::Past(at) => {
            let open = clock_span::to_at.is_null().or(clock_span::to_at.gt(at));
            Ok(Stable(of.filter(clock_span::from_at.le(at)).filter(open)).load(tx)?)
        }
    }
}
