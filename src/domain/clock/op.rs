//! What happens to clocks, as events store it: the wire form is append-only like the events themselves.

use serde::{Deserialize, Serialize};

use crate::domain::{
    calendar::{Calendar, Due},
    id::PetitionId,
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
}

impl ClockOp {
    /// A start by a rule, with the end it promises under the calendar of today.
    pub fn start(round: u32, stage: Stage, at: Instant, rule: &Rule, calendar: &Calendar) -> Self {
        let first_due = Some(calendar.due(at, rule.amount, rule.unit));
        Self::Start { round, stage, at, rule: rule.id.clone(), first_due }
    }
}

/// The entries as if the latest rest had never begun.
pub fn without_last_pause(ops: &[ClockOp]) -> Vec<ClockOp> {
    let last = ops.iter().rposition(|op| matches!(op, ClockOp::Pause { .. }));
    ops.iter().enumerate().filter(|(index, _)| Some(*index) != last).map(|(_, op)| op.clone()).collect()
}
