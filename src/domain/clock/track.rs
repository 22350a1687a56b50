//! The raw facts of one clock, and what follows from them.

use std::borrow::Cow;

use crate::domain::{
    calendar::{Calendar, Due, native},
    clock::{Clock, ClockStatus, Hold, Remaining},
    id::PetitionId,
    rule::Rule,
    time::Instant,
    vocabulary::{Basis, Stage, Unit},
};

/// The share of its time in which a stated or decided clock is due soon, in percent; rules carry their own.
const DUE_SOON_PERCENT: u8 = 20;
const MINUTE_MICROS: i64 = 60_000_000;

/// A rest of the clock; it ends at the earlier of the two instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    pub(super) from: Instant,
    pub(super) until: Option<Instant>,
    pub(super) resumed: Option<Instant>,
}

impl Pause {
    pub(super) fn end(&self) -> Option<Instant> {
        match (self.until, self.resumed) {
            (Some(until), Some(resumed)) => Some(until.min(resumed)),
            (until, resumed) => until.or(resumed),
        }
    }
}

/// An end given as such, not counted: it shifts by the pauses that come after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed {
    pub(super) at: Instant,
    /// How many pauses the clock already had.
    pub(super) after: usize,
}

/// What measures the clock.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure<'a> {
    Rule { rule: &'a Rule, amount: u32, extended_from: Option<u32> },
    Stated(Fixed),
    Decided(Fixed),
}

#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    pub(super) round: u32,
    pub(super) stage: Stage,
    pub(super) measure: Measure<'a>,
    /// The version of the calendar it counts by, with the office hours of where it started.
    pub(super) calendar: Cow<'a, Calendar>,
    pub(super) started_at: Instant,
    /// The start, or the latest restart.
    pub(super) counted_from: Instant,
    pub(super) pauses: Vec<Pause>,
    pub(super) caps: Vec<(PetitionId, Fixed)>,
    pub(super) first_due: Due,
    pub(super) status: ClockStatus,
    pub(super) ended_at: Option<Instant>,
    pub(super) withdrawn: bool,
}

/// One stretch of counting, in the measure of the unit; all but the last are ended by a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    pub(super) from: Instant,
    pub(super) pause: Option<(Instant, Option<Instant>)>,
    /// What was left at the end of the stretch, or at the start of the last one.
    pub(super) left: i64,
}

/// What follows from the facts.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub(super) due: Option<Due>,
    pub(super) legs: Vec<Leg>,
    /// Where the last effective pause began, what it left, and in which unit, if no one has ended it.
    hold: Option<Hold>,
    /// The merge whose earlier end took over.
    pub(super) capped: bool,
}

impl Track<'_> {
    /// The clock as others see it.
    pub(super) fn clock(&self) -> Clock {
        let standing = self.standing();
        let (rule, basis, percent) = match self.measure {
            Measure::Rule { rule, .. } => (Some(rule.id.clone()), Basis::Rule, rule.due_soon_percent),
            Measure::Stated(_) => (None, Basis::Stated, DUE_SOON_PERCENT),
            Measure::Decided(_) => (None, Basis::Decided, DUE_SOON_PERCENT),
        };
        Clock {
            round: self.round,
            stage: self.stage,
            rule,
            basis,
            started_at: self.started_at,
            due_soon_at: standing.due.map(|due| self.due_soon_at(due.due_at, percent)),
            due: standing.due,
            first_due: self.first_due,
            status: self.status,
            ended_at: self.ended_at,
            hold: standing.hold,
        }
    }

    /// Derives due date and pause. A pause at or after the due instant changes nothing.
    pub(super) fn standing(&self) -> Standing {
        let calendar = self.calendar.as_ref();
        let mut standing = match self.measure {
            Measure::Rule { rule, amount, .. } => self.counted(calendar, amount, rule.unit),
            Measure::Stated(fixed) | Measure::Decided(fixed) => self.shifted(calendar, fixed),
        };
        let caps = self.caps.iter().filter_map(|(_, cap)| self.shifted(calendar, *cap).due);
        if let Some(cap) = caps.min_by_key(|cap| cap.due_at) {
            let earlier = match (standing.due, standing.hold) {
                (Some(due), _) => cap.due_at < due.due_at,
                // Taken over while the clock rests: it bites only if it had passed before the rest began.
                (None, hold) => hold.is_none_or(|hold| cap.due_at <= hold.from),
            };
            if earlier {
                standing.due = Some(cap);
                standing.hold = standing.hold.filter(|hold| hold.from < cap.due_at);
                standing.capped = true;
            }
        }
        standing
    }

    fn counted(&self, calendar: &Calendar, amount: u32, unit: Unit) -> Standing {
        let mut standing = Standing::default();
        let (mut from, mut left) = (self.counted_from, native(amount, unit));
        for (begin, end, pause) in self.rests() {
            if calendar.advance(from, left, unit).due_at <= begin {
                break;
            }
            left = (left - calendar.used(from, begin, unit)).max(0);
            standing.legs.push(Leg { from, pause: Some((begin, end)), left });
            standing.hold = self.hold(pause, remaining(left, unit));
            match end {
                Some(end) => from = end,
                None => return standing,
            }
        }
        standing.legs.push(Leg { from, pause: None, left });
        let mut due = calendar.advance(from, left, unit);
        if unit != Unit::CalendarDays {
            // What was used before a pause was counted on the calendar too.
            let first = self.counted_from.day(calendar.zone()).plus_days(1).min(due.due_on);
            due.provisional |= !calendar.covers(first, due.due_on);
        }
        standing.due = Some(due);
        standing
    }

    /// A given end after the pauses that began before it; nothing while an indefinite one lasts.
    ///
    /// An end at midnight moves by whole days, from the day of the pause to the day of the resumption, so that its
    /// last day stays a whole one; any other end moves by the time elapsed.
    fn shifted(&self, calendar: &Calendar, fixed: Fixed) -> Standing {
        let zone = calendar.zone();
        let (mut at, mut standing) = (fixed.at, Standing::default());
        for (begin, end, pause) in self.rests().skip(fixed.after) {
            if at <= begin {
                break;
            }
            let left = begin.day(zone).days_until(calendar.last_day(at)).max(0);
            standing.legs.push(Leg { from: begin, pause: Some((begin, end)), left });
            standing.hold = self.hold(pause, remaining(left, Unit::CalendarDays));
            let Some(end) = end else { return standing };
            let day = at.day(zone);
            at = if at == day.start(zone) {
                day.plus_days(begin.day(zone).days_until(end.day(zone))).start(zone)
            } else {
                at.plus_micros(end.micros().saturating_sub(begin.micros()))
            };
        }
        standing.due = Some(fixed_due(calendar, at));
        standing
    }

    /// Beginning and end of each pause; the end of the clock ends a pause too.
    fn rests(&self) -> impl Iterator<Item = (Instant, Option<Instant>, &Pause)> {
        self.pauses.iter().map(|pause| {
            let end = match (pause.end(), self.ended_at) {
                (Some(end), Some(ended)) => Some(end.min(ended)),
                (end, ended) => end.or(ended),
            };
            (pause.from, end.map(|end| end.max(pause.from)), pause)
        })
    }

    fn hold(&self, pause: &Pause, remaining: Remaining) -> Option<Hold> {
        let open = pause.resumed.is_none() && self.status == ClockStatus::Running;
        open.then_some(Hold { from: pause.from, until: pause.until, remaining })
    }

    /// When so many percent of the time are used.
    pub(super) fn used_at(&self, percent: u8) -> Option<Instant> {
        let due = self.standing().due?;
        Some(self.due_soon_at(due.due_at, 100_u8.saturating_sub(percent)))
    }

    /// The start of the last `percent` of the time from start to due, pauses left out.
    fn due_soon_at(&self, due_at: Instant, percent: u8) -> Instant {
        let rests: Vec<(i64, i64)> = self
            .rests()
            .filter_map(|(begin, end, _)| Some((begin.micros(), end?.min(due_at).micros())))
            .filter(|(begin, end)| begin < end)
            .collect();
        let rested: i64 = rests.iter().map(|(begin, end)| end - begin).sum();
        let total = (due_at.micros() - self.counted_from.micros() - rested).max(0);
        let mut left = total / 100 * i64::from(percent) + total % 100 * i64::from(percent) / 100;
        let mut at = due_at.micros();
        for (begin, end) in rests.into_iter().rev() {
            if at - end >= left {
                break;
            }
            left -= at - end;
            at = begin;
        }
        due_at.plus_micros(at - left - due_at.micros())
    }
}

pub(super) fn fixed_due(calendar: &Calendar, due_at: Instant) -> Due {
    Due { due_on: calendar.last_day(due_at), due_at, provisional: false }
}

pub(super) fn remaining(left: i64, unit: Unit) -> Remaining {
    let whole = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    if unit != Unit::WorkingHours {
        return Remaining { amount: whole(left), minutes: 0, unit };
    }
    let minutes = left / MINUTE_MICROS;
    Remaining { amount: whole(minutes / 60), minutes: whole(minutes % 60), unit }
}
