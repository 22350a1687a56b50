//! What another version of the calendar does to running clocks, before it is done.

use super::{Clock, ClockOp, Ledger, calendar_version};
use crate::domain::{
    calendar::{Calendar, Due},
    rule::RuleBook,
    time::Instant,
    vocabulary::Stage,
};

/// A running clock that another version of the calendar moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub round: u32,
    pub stage: Stage,
    /// Where it ends by the version it counts by; nothing while it rests without a known end.
    pub from: Option<Due>,
    /// Where it ends by the other one.
    pub to: Option<Due>,
}

impl Move {
    fn between(before: &Clock, after: &Clock) -> Self {
        Self { round: before.round, stage: before.stage, from: before.due, to: after.due }
    }
    /// Whether a clock that is in time at this instant would be overdue at once.
    pub fn is_into_past(&self, now: Instant) -> bool {
        self.to.is_some_and(|due| due.due_at <= now) && self.from.is_none_or(|due| now < due.due_at)
    }
}

/// The clocks that a version of the calendar moves, from this instant on: running ones that are not past. A clock that
/// only ceases to be provisional, or to which another rest is left, counts as moved.
pub fn moves(ops: &[ClockOp], book: &RuleBook, calendar: &Calendar, version: u32, at: Instant) -> Vec<Move> {
    if calendar_version(ops) >= version {
        return Vec::new();
    }
    let mut ledger = Ledger::new(book, calendar);
    ledger.extend(ops);
    let before = ledger.clocks();
    ledger.apply(&ClockOp::Recalculate { calendar: version, at });
    let after = ledger.clocks();
    let pairs = before.iter().zip(&after).filter(|(before, after)| before != after);
    pairs.map(|(before, after)| Move::between(before, after)).collect()
}
