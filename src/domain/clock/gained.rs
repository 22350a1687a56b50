//! What moved a deadline, and by how much: the measures by which an auditor sees what was done to make it look better.
//!
//! A gain is counted from one last day in time to another, in days and in the working days among them; later is
//! positive. So gains add up: from A to B and from B to C is from A to C, in both measures. What moves an end within a
//! day, as an hour does, gains no day.

use std::{
    iter::Sum,
    ops::{Add, AddAssign},
};

use super::{Clock, promise::after_intake};
use crate::domain::{
    calendar::{Calendar, Due},
    rule::{RuleBook, Traits},
    time::{Day, Instant},
    vocabulary::{Code, Language, Stage, StartEvent, codes},
};

codes! {
    /// Why a deadline moved.
    Cause "cause" {
        /// Another kind, field, urgency, channel or basis document selects another rule or another start.
        Classification "classification" "Phân loại" "Classification",
        /// Taken up later (or, negative, earlier) than an intake would that takes all its time.
        IntakeDelay "intake_delay" "Thụ lý muộn hoặc sớm" "Late or early intake",
        /// More time by written decision.
        Extension "extension" "Gia hạn" "Extension",
        /// It rested, waited for a supplement, or was counted anew after one.
        Pause "pause" "Tạm dừng" "Pause",
        /// The earlier end of a merged petition, taken over or given up again.
        Merge "merge" "Gộp đơn" "Merge",
        /// A day that somebody decided, or that a source states.
        Decision "decision" "Hạn được ấn định" "A day decided",
        /// The calendar is another one than when it was promised.
        Calendar "calendar" "Lịch thay đổi" "Calendar",
    }
    /// What happened to the end of a clock.
    MoveKind "move of a deadline" {
        Start "start" "Bắt đầu tính" "Starts",
        Move "move" "Đổi hạn" "Moves",
        Rest "rest" "Tạm dừng, chưa có hạn" "Rests",
        Withdrawal "withdrawal" "Không còn áp dụng" "Withdrawn",
    }
}

/// How far a last day in time moved: positive is later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gain {
    pub calendar_days: i64,
    /// The working days among them, by the calendar of whoever asks.
    pub working_days: i64,
}

impl Gain {
    /// From one last day to another.
    pub fn between(before: Day, after: Day, calendar: &Calendar) -> Self {
        let forward = calendar.working_days_between(before, after);
        let backward = calendar.working_days_between(after, before);
        Self { calendar_days: before.days_until(after), working_days: forward - backward }
    }
}

impl Add for Gain {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            calendar_days: self.calendar_days + other.calendar_days,
            working_days: self.working_days + other.working_days,
        }
    }
}

impl AddAssign for Gain {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Gain {
    fn sum<I: Iterator<Item = Self>>(gains: I) -> Self {
        gains.fold(Self::default(), Add::add)
    }
}

/// The end that the first round of a petition heads for if every stage to come takes all its time: the end of its
/// resolution where that has begun, else what [`super::promise`] would say of the facts as they are now, with the
/// intake as it runs. Nothing without any rule, and while the clock it rests on has no end.
pub fn expected(
    clocks: &[Clock],
    traits: &Traits,
    received_at: Instant,
    book: &RuleBook,
    calendar: &Calendar,
) -> Option<Due> {
    let first = |stage| clocks.iter().find(|clock| clock.round == 1 && clock.stage == stage);
    if let Some(resolution) = first(Stage::Resolution) {
        return resolution.due;
    }
    let intake = first(Stage::Intake);
    let Some(rule) = book.select(Stage::Resolution, traits, received_at.day(calendar.zone())) else {
        return first(Stage::Forwarding).or(intake)?.due;
    };
    match intake {
        Some(intake) if rule.start_event != StartEvent::Receipt => {
            Some(after_intake(Some(intake.due?), rule, received_at, calendar))
        }
        _ => Some(after_intake(None, rule, received_at, calendar)),
    }
}
