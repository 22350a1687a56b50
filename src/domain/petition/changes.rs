//! Every change of a deadline, and what the first round gained over its promise, told by the history of a petition.

use std::collections::BTreeMap;

use super::Case;
use crate::domain::{
    act::Act,
    calendar::{Calendar, Due},
    clock::{self, Cause, Clock, ClockOp, Gain, Ledger, MoveKind, PROCEDURE},
    event::Event,
    rule::RuleBook,
    time::{Day, Instant},
    vocabulary::Stage,
};

/// One change of the end of one clock.
#[derive(Debug, Clone)]
pub struct DueChange<'e> {
    pub event: &'e Event,
    pub round: u32,
    pub stage: Stage,
    pub kind: MoveKind,
    pub cause: Cause,
    /// The end before; nothing at a start, and while the clock rested.
    pub from: Option<Due>,
    /// The end after; nothing while it rests or once it is withdrawn.
    pub to: Option<Due>,
    /// Against the end it had last; nothing where there is none to compare.
    pub gained: Option<Gain>,
}

/// How the end of the first round came from the promise on the receipt to where it is: the gains by cause and the
/// stages to come add up to the way from the one to the other. A reopening begins a round of its own and leaves this
/// as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub promised_on: Day,
    pub promised_at: Instant,
    /// The end of the clock that speaks for the first round; while it rests the one it had last.
    pub due: Due,
    /// What each cause gained.
    pub gained: BTreeMap<Cause, Gain>,
    /// The time of stages that have not begun: the promise counts it, the deadline shown does not yet, so it is
    /// negative until the resolution runs.
    pub to_come: Gain,
}

impl Balance {
    /// What a cause gained; nothing moved by it is no day.
    pub fn by(&self, cause: Cause) -> Gain {
        self.gained.get(&cause).copied().unwrap_or_default()
    }
    /// All of it: from the promise to the end shown.
    pub fn total(&self) -> Gain {
        self.gained.values().copied().sum::<Gain>() + self.to_come
    }
}

/// Walks through a history, in sequence order: every change of every clock, and the balance of the first round where
/// there is a promise.
pub fn due_changes<'e>(
    events: impl IntoIterator<Item = &'e Event>,
    book: &RuleBook,
    calendar: &Calendar,
) -> (Vec<DueChange<'e>>, Option<Balance>) {
    let mut walk = Walk {
        ledger: Ledger::new(book, calendar),
        book,
        calendar,
        case: None,
        clocks: Vec::new(),
        last: BTreeMap::new(),
        changes: Vec::new(),
        sums: None,
    };
    events.into_iter().for_each(|event| walk.take_in(event));
    (walk.changes, walk.sums.map(|sums| sums.balance(calendar)))
}

struct Walk<'e, 'a> {
    ledger: Ledger<'a>,
    book: &'a RuleBook,
    calendar: &'a Calendar,
    case: Option<Case>,
    clocks: Vec<Clock>,
    /// The end that each clock had last, by round and stage.
    last: BTreeMap<(u32, Stage), Due>,
    changes: Vec<DueChange<'e>>,
    sums: Option<Sums>,
}

impl<'e> Walk<'e, '_> {
    fn take_in(&mut self, event: &'e Event) {
        let calendars = |op: &&ClockOp| matches!(op, ClockOp::Recalculate { .. });
        let (by_calendar, by_act): (Vec<_>, Vec<_>) = event.record.clocks.iter().partition(calendars);
        if self.case.is_some() && !by_calendar.is_empty() {
            // Whatever else was done, the calendar came first.
            self.take_in_ops(event, by_calendar, Cause::Calendar);
            self.sum_up(Cause::Calendar);
        } else {
            self.ledger.extend(by_calendar);
        }
        let first = self.case.is_none();
        match &mut self.case {
            Some(case) => case.apply(event),
            None => self.case = Case::begin(event),
        }
        let cause = cause(&event.record.act);
        self.take_in_ops(event, by_act, cause);
        // The receipt promises what the petition heads for; a difference is another calendar.
        self.sum_up(if first { Cause::Calendar } else { cause });
    }

    fn take_in_ops(&mut self, event: &'e Event, ops: Vec<&ClockOp>, cause: Cause) {
        if !ops.is_empty() {
            self.ledger.extend(ops);
            let fresh = self.ledger.clocks();
            let before = std::mem::replace(&mut self.clocks, fresh);
            self.compare(event, &before, cause);
        }
    }

    fn compare(&mut self, event: &'e Event, before: &[Clock], cause: Cause) {
        let key = |clock: &Clock| (clock.round, clock.stage);
        let gone = before.iter().filter(|former| self.clocks.iter().all(|clock| key(clock) != key(former)));
        let gone = gone.map(|former| (former, None));
        let present = self.clocks.iter().map(|clock| (clock, Some(clock)));
        for (shown, now) in gone.chain(present) {
            let former = before.iter().find(|former| key(former) == key(shown));
            let from = former.and_then(|former| former.due);
            let to = now.and_then(|now| now.due);
            // A further delivery or publication is a clock of its own; what was withdrawn and starts again goes on.
            let starts = match (former, now) {
                (None, _) => true,
                (Some(former), Some(now)) => {
                    former.started_at != now.started_at && !PROCEDURE.contains(&shown.stage)
                }
                _ => false,
            };
            if former.is_some() && now.is_some() && !starts && from == to {
                continue;
            }
            let last =
                self.last.get(&key(shown)).copied().filter(|_| PROCEDURE.contains(&shown.stage) || !starts);
            let between = |last: Due, to: Due| Gain::between(last.due_on, to.due_on, self.calendar);
            self.changes.push(DueChange {
                event,
                round: shown.round,
                stage: shown.stage,
                kind: match now {
                    None => MoveKind::Withdrawal,
                    Some(_) if starts => MoveKind::Start,
                    Some(_) if to.is_none() => MoveKind::Rest,
                    Some(_) => MoveKind::Move,
                },
                cause,
                from,
                to,
                gained: last.zip(to).map(|(last, to)| between(last, to)),
            });
            if let Some(to) = to {
                self.last.insert(key(shown), to);
            }
        }
    }

    fn sum_up(&mut self, cause: Cause) {
        let Some(case) = self.case.as_ref().filter(|case| case.round == 1) else { return };
        let facts = &case.registration;
        let (Some(at), Some(on)) = (facts.promised_due_at, facts.promised_due_on) else { return };
        let due = clock::current(&self.clocks, 1).and_then(|clock| clock.due);
        let calendar = self.ledger.calendar();
        let ahead = clock::expected(&self.clocks, &case.traits(), case.received_at, self.book, &calendar);
        let promised = Due { due_on: on, due_at: at, provisional: false };
        let sums = self.sums.get_or_insert_with(|| Sums::new(promised));
        sums.due = due.unwrap_or(sums.due);
        if let Some(ahead) = ahead {
            let gained = Gain::between(sums.ahead.due_on, ahead.due_on, self.calendar);
            *sums.gained.entry(cause).or_default() += gained;
            sums.ahead = ahead;
        }
    }
}

/// The balance in the making.
struct Sums {
    promised: Due,
    due: Due,
    /// The end it headed for last.
    ahead: Due,
    gained: BTreeMap<Cause, Gain>,
}

impl Sums {
    fn new(promised: Due) -> Self {
        Self { promised, due: promised, ahead: promised, gained: BTreeMap::new() }
    }
    fn balance(self, calendar: &Calendar) -> Balance {
        Balance {
            promised_on: self.promised.due_on,
            promised_at: self.promised.due_at,
            due: self.due,
            to_come: Gain::between(self.ahead.due_on, self.due.due_on, calendar),
            gained: self.gained,
        }
    }
}

/// Why an act moves deadlines. An end closes a rest that nobody closed; what is no act of somebody is the calendar's.
fn cause(act: &Act) -> Cause {
    match act {
        Act::Classification(_) | Act::Reclassification(_) | Act::Correction(_) => Cause::Classification,
        Act::Acceptance(_) => Cause::IntakeDelay,
        Act::Extension(_) => Cause::Extension,
        Act::Merge(_) | Act::MergeReversal(_) | Act::Survival(_) => Cause::Merge,
        Act::Registration(_) | Act::Import(_) | Act::ImportUpdate(_) | Act::Assignment(_) => Cause::Decision,
        Act::SupplementRequest(_)
        | Act::Supplement(_)
        | Act::SupplementWaiver(_)
        | Act::Suspension(_)
        | Act::Resumption(_)
        | Act::Rejection(_)
        | Act::Filing(_)
        | Act::Forwarding(_)
        | Act::Split(_)
        | Act::ReplyApproval(_)
        | Act::Withdrawal(_)
        | Act::Termination(_) => Cause::Pause,
        _ => Cause::Calendar,
    }
}
