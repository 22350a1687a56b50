//! The clocks of a petition: a pure fold over an append-only ledger, with rules and a calendar.
//!
//! Each clock counts by one version of the calendar, which the ledger names ([`ClockOp::Recalculate`]): a calendar that
//! changes moves no clock by itself, and what was derived once is derived alike for ever.
//!
//! A clock knows when it is due; whether it is late is computed from that and a moment, and never stored.

mod explain;
mod gained;
mod ledger;
mod moves;
mod op;
mod promise;
#[cfg(test)]
mod tests;
mod track;

use super::{
    calendar::Due,
    time::Instant,
    vocabulary::{Basis, Stage, Timeliness, Unit},
};

pub use gained::{Cause, Gain, MoveKind, expected};
pub use ledger::Ledger;
pub use moves::{Move, moves};
pub use op::{ClockOp, brought_up, calendar_version, without_last_pause};
pub use promise::promise;

/// The stages that pauses, supplements and the ends of a petition touch; the others go on.
pub const PROCEDURE: [Stage; 3] = [Stage::Intake, Stage::Resolution, Stage::Forwarding];

/// Whether a clock runs, and how it ended if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStatus {
    Running,
    /// What the stage asks for was done; in time or not, see [`Clock::timeliness`].
    Met,
    /// Ended without result.
    Stopped,
}

/// What was left when a clock paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// Whole units left.
    pub amount: u32,
    /// Minutes on top of whole working hours, rounded down; 0 for days.
    pub minutes: u32,
    /// The rule's unit; calendar days for a stated or decided date.
    pub unit: Unit,
}

/// The latest pause of a running clock, if nobody has ended it; with `until` it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub from: Instant,
    /// When it ends by itself (exclusive); nothing: not before somebody ends it.
    pub until: Option<Instant>,
    pub remaining: Remaining,
}

/// How one stage of one round stands, as far as its ledger goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub round: u32,
    pub stage: Stage,
    /// The id of the rule it runs by; nothing for a stated or decided date.
    pub rule: Option<String>,
    pub basis: Basis,
    /// Where it began; an extension or another rule counts from here too.
    pub started_at: Instant,
    /// Where it ends, after any pause that ends by itself; nothing while an indefinite pause lasts.
    pub due: Option<Due>,
    /// The first instant at which it is due soon; nothing without `due`.
    pub due_soon_at: Option<Instant>,
    /// The end as it was when the clock first started; it never moves.
    pub first_due: Due,
    pub status: ClockStatus,
    /// When it was met or stopped.
    pub ended_at: Option<Instant>,
    pub hold: Option<Hold>,
}

impl Clock {
    /// Whether a pause that began before the due instant lasts at this moment.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.status == ClockStatus::Running
            && self.hold.is_some_and(|hold| hold.from <= now && hold.until.is_none_or(|until| now < until))
    }
    /// Where it ends as seen at this moment: nothing while it is paused.
    pub fn due_as_of(&self, now: Instant) -> Option<Due> {
        if self.is_paused(now) { None } else { self.due }
    }
    /// How it stands at this moment: overdue from the due instant on, met only before it.
    pub fn timeliness(&self, now: Instant) -> Timeliness {
        let passed = |moment: Instant| self.due.is_some_and(|due| due.due_at <= moment);
        match self.status {
            ClockStatus::Stopped => Timeliness::None,
            ClockStatus::Met if self.ended_at.is_some_and(passed) => Timeliness::Missed,
            ClockStatus::Met => Timeliness::Met,
            ClockStatus::Running if self.is_paused(now) => Timeliness::Paused,
            ClockStatus::Running if passed(now) => Timeliness::Overdue,
            ClockStatus::Running if self.due_soon_at.is_some_and(|soon| soon <= now) => Timeliness::DueSoon,
            ClockStatus::Running => Timeliness::OnTrack,
        }
    }
}

/// The clock that speaks for a petition: the round's resolution clock where one exists, else its intake clock.
pub fn current(clocks: &[Clock], round: u32) -> Option<&Clock> {
    let of = |stage| clocks.iter().find(|clock| clock.round == round && clock.stage == stage);
    of(Stage::Resolution).or_else(|| of(Stage::Intake))
}
