//! What happens to clocks, as events store it: the wire form is append-only like the events themselves.

use serde::{Deserialize, Serialize};

use crate::domain::{
    calendar::{Calendar, Due},
    id::{AgencyId, PetitionId},
    rule::Rule,
    time::{Day, Instant},
    vocabulary::Stage,
};

/// One entry of the ledger. Entries without a round speak of the round opened last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClockOp {
    /// A stage begins and runs by a rule. Where its clock already runs, or was met, nothing changes.
    Start {
        round: u32,
        stage: Stage,
        at: Instant,
        rule: String,
        /// The end as promised at the start, so that a calendar loaded later cannot move it; see [`ClockOp::start`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_due: Option<Due>,
        /// The agency in charge at the start and those above it, whose office hours count to the end: a transfer
        /// changes no clock. Empty: the general office hours.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        offices: Vec<AgencyId>,
    },
    /// A source says when the stage is due (exclusive instant); such a clock is never re-selected or extended.
    Stated { round: u32, stage: Stage, at: Instant, due_at: Instant },
    /// Somebody decides the last day, be it a rest day or not.
    Decided { round: u32, stage: Stage, at: Instant, due_on: Day },
    /// Another rule applies after a classification, correction or reclassification; counts from the original start.
    Select { stage: Stage, rule: String },
    /// The rule now applying starts this stage later: its clock is withdrawn until it starts again, its first promise kept.
    Withdraw { stage: Stage },
    /// The amount is replaced, by the same rule or by the one named; counts from the original start.
    Extend {
        stage: Stage,
        amount: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// The running clocks of the procedure rest; with `until` they go on by themselves at that instant.
    Pause {
        at: Instant,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
    },
    /// They go on.
    Resume { at: Instant },
    /// A supplement came: clocks whose rule restarts count anew from zero, unless overdue; the others go on.
    Restart { at: Instant },
    /// What the stage asks for was done.
    Meet { stage: Stage, at: Instant },
    /// Running clocks end without result: those of the stages named, else those of the procedure.
    Stop {
        at: Instant,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stages: Option<Vec<Stage>>,
    },
    /// What the latest stop ended, and what was met with it, goes on as if it had never stopped.
    Unstop,
    /// A petition was merged into this one: running clocks (of one stage, or all) take its due instant where earlier.
    Cap {
        due_at: Instant,
        from: PetitionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
    },
    /// That merge was reversed: what it took over falls away.
    Uncap { from: PetitionId },
    /// Running clocks that are not past count by this version of the calendar from here on, and so does what starts
    /// later. Before the first entry of this kind it is version 1.
    Recalculate { calendar: u32, at: Instant },
}

impl ClockOp {
    /// A start by a rule, with the end it promises under the calendar of today at the agency in charge.
    pub fn start(round: u32, stage: Stage, at: Instant, rule: &Rule, calendar: &Calendar) -> Self {
        let first_due = Some(calendar.due(at, rule.amount, rule.unit));
        let offices = calendar.line().to_vec();
        Self::Start { round, stage, at, rule: rule.id.clone(), first_due, offices }
    }

    /// Whether the calendar matters to it; an end that was given as such is not counted.
    fn counts(&self) -> bool {
        !matches!(self, Self::Stated { .. } | Self::Decided { .. })
    }
}

/// The version of the calendar that a ledger has come to.
pub fn calendar_version(ops: &[ClockOp]) -> u32 {
    let last = ops.iter().rev().find_map(|op| match op {
        ClockOp::Recalculate { calendar, .. } => Some(*calendar),
        _ => None,
    });
    last.unwrap_or(1)
}

/// The entries that are about to follow a ledger, at an instant: where they count and the ledger has not come to this
/// version of the calendar, it comes to it first. So no entry is written over a calendar that is known no more.
pub fn brought_up(before: &[ClockOp], mut entries: Vec<ClockOp>, calendar: u32, at: Instant) -> Vec<ClockOp> {
    let names_one = entries.iter().any(|op| matches!(op, ClockOp::Recalculate { .. }));
    if !names_one && entries.iter().any(ClockOp::counts) && calendar_version(before) < calendar {
        entries.insert(0, ClockOp::Recalculate { calendar, at });
    }
    entries
}

/// The entries as if the latest rest had never begun.
pub fn without_last_pause(ops: &[ClockOp]) -> Vec<ClockOp> {
    let last = ops.iter().rposition(|op| matches!(op, ClockOp::Pause { .. }));
    ops.iter().enumerate().filter(|(index, _)| Some(*index) != last).map(|(_, op)| op.clone()).collect()
}
