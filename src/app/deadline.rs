//! The deadline as answers show it, from the fold of one petition or from the rows that lists read.

use super::world::World;
use crate::{
    domain::{
        clock::Clock,
        time::{Day, Instant},
        vocabulary::{Basis, Stage, Timeliness},
    },
    store::spans::{ClockRow, SpanRow},
};

/// Until when something is to be done, by which rule, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub stage: Stage,
    /// The first instant that is too late; nothing while the clock rests.
    pub due_at: Option<Instant>,
    /// The last day that is in time.
    pub due_on: Option<Day>,
    /// As it was first; it never moves.
    pub first_due_at: Instant,
    pub basis: Basis,
    pub provisional: bool,
    pub rule: Option<RuleName>,
    pub timeliness: Timeliness,
}

/// Which rule, and which law it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleName {
    pub code: String,
    pub legal_basis: String,
}

impl Deadline {
    /// The deadline of a clock at the world's present.
    pub fn of_clock(clock: &Clock, world: &World) -> Self {
        let due = clock.due_as_of(world.now);
        Self {
            stage: clock.stage,
            due_at: due.map(|due| due.due_at),
            due_on: due.map(|due| due.due_on),
            first_due_at: clock.first_due.due_at,
            basis: clock.basis,
            provisional: due.is_some_and(|due| due.provisional),
            rule: clock.rule.as_deref().and_then(|id| rule_name(id, world)),
            timeliness: clock.timeliness(world.now),
        }
    }

    /// The same from the present stretches of a petition and of its clock.
    pub fn of_rows(span: &SpanRow, clock: &ClockRow, world: &World) -> Option<Self> {
        let paused = is_paused(span, world.now);
        Some(Self {
            stage: clock.stage,
            due_at: clock.due_at.filter(|_| !paused),
            due_on: clock.due_on.filter(|_| !paused),
            first_due_at: clock.first_due_at?,
            basis: clock.basis,
            provisional: clock.provisional && !paused,
            rule: clock.rule_id.as_deref().and_then(|id| rule_name(id, world)),
            timeliness: timeliness(span, world.now),
        })
    }
}

fn rule_name(id: &str, world: &World) -> Option<RuleName> {
    let rule = world.rules().get(id)?;
    Some(RuleName { code: rule.code.clone(), legal_basis: rule.legal_basis.clone() })
}

fn is_paused(span: &SpanRow, now: Instant) -> bool {
    span.paused_until.is_some_and(|until| now < until)
}

/// How the clock of a stretch stands at an instant; agrees with [`Clock::timeliness`].
pub(super) fn timeliness(span: &SpanRow, at: Instant) -> Timeliness {
    if let Some(met) = span.met_at {
        let late = span.due_at.is_some_and(|due| due <= met);
        return if late { Timeliness::Missed } else { Timeliness::Met };
    }
    match span.open_due_at {
        _ if is_paused(span, at) => Timeliness::Paused,
        Some(due) if due <= at => Timeliness::Overdue,
        Some(_) if span.due_soon_at.is_some_and(|soon| soon <= at) => Timeliness::DueSoon,
        Some(_) => Timeliness::OnTrack,
        None => Timeliness::None,
    }
}
