//! The working calendar: which days count, when the desks are open, and where a deadline ends.
//!
//! Counting follows the Civil Code 2015, arts. 147–148: the day of the event is not counted, an end on a rest
//! day moves to the next working day, and the last day ends at 24:00. Which days rest is data, loaded from the
//! yearly official notice; a year without a notice is not covered, and what touches it is `provisional`.
//!
//! What was once known stays known: a calendar holds its earlier versions, and a clock names the one it counts by
//! (see [`editions`](Calendar::edition)).

mod change;
mod editions;
mod hours;
mod ics;
mod shift;
mod steps;
#[cfg(test)]
pub(super) mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    id::AgencyId,
    time::{Day, Instant},
    vocabulary::{Confidence, DayKind, Unit},
};

pub use change::{Amendment, ChangedDay, ChangedSeason, DayAction, SeasonAction};
pub use editions::Revision;
pub use hours::{Season, Session};
pub use ics::{Entry as IcsEntry, read as read_ics};
pub use steps::{Step, StepCode};
pub(super) use steps::{civil, clock_time, days_en};

/// An entry of the calendar: a day that differs from its weekday, or says why it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    pub kind: DayKind,
    /// What the day is called, as the notice has it.
    pub name: String,
    /// The official notice it was read from.
    pub source: String,
    pub confidence: Confidence,
}

/// Why no work is done on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closure<'a> {
    /// A Saturday or Sunday without an entry.
    Weekend,
    /// A holiday, a compensatory or a swapped day off.
    Entry(&'a CalendarDay),
}

/// Where a deadline ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last day on which it is still on time, in the calendar's zone.
    pub due_on: Day,
    /// The first instant that is too late (exclusive).
    pub due_at: Instant,
    /// Whether the result rests on a year whose calendar is not known yet.
    pub provisional: bool,
}

/// Rest days, make-up days and office hours of one zone, as one version has them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Counts from 1, what the installation began with.
    version: u32,
    /// When this version was recorded; nothing: it was there from the beginning.
    recorded_at: Option<Instant>,
    days: Arc<BTreeMap<Day, CalendarDay>>,
    years: Arc<BTreeSet<i16>>,
    /// The office hours of whoever has none of his own.
    sessions: Arc<[Session]>,
    seasons: Arc<[Season]>,
    /// The agencies whose office hours count: the one in charge and those above it.
    line: Arc<[AgencyId]>,
    /// The versions before this one, in order.
    earlier: Arc<[Calendar]>,
}

/// The last day a deadline can fall on; later ends are clamped to it, because both databases and jiff stop there.
pub const LAST_DAY: Day = Day::new(jiff::civil::date(9999, 12, 29));

/// Mondays are counted from here; any Monday would do.
const A_MONDAY: Day = Day::new(jiff::civil::date(1970, 1, 5));
/// More days than lie between any two representable days, so that sums of days never overflow.
const MOST_DAYS: i64 = 7_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

impl Calendar {
    /// A calendar of weekdays alone: no year covered, sessions 08:00–12:00 and 13:00–17:00.
    pub fn new(zone: TimeZone) -> Self {
        let sessions = [
            (Time::constant(8, 0, 0, 0), Time::constant(12, 0, 0, 0)),
            (Time::constant(13, 0, 0, 0), Time::constant(17, 0, 0, 0)),
        ];
        Self {
            zone,
            version: 1,
            recorded_at: None,
            days: Arc::default(),
            years: Arc::default(),
            sessions: Arc::new(sessions),
            seasons: Arc::new([]),
            line: Arc::new([]),
            earlier: Arc::new([]),
        }
    }
    /// Adds entries; a later entry for the same day replaces the earlier one.
    pub fn with_days(mut self, days: impl IntoIterator<Item = (Day, CalendarDay)>) -> Self {
        Arc::make_mut(&mut self.days).extend(days);
        self
    }
    /// Declares years as completely known.
    pub fn with_years(mut self, years: impl IntoIterator<Item = i16>) -> Self {
        Arc::make_mut(&mut self.years).extend(years);
        self
    }
    /// Replaces the office hours; nothing when they are empty, run backwards or overlap.
    pub fn with_sessions(mut self, sessions: Vec<Session>) -> Option<Self> {
        hours::are_sound(&sessions).then(|| self.sessions = sessions.into())?;
        Some(self)
    }

    /// The zone in which days begin and end.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
    /// The entry of a day, if it has one.
    pub fn entry(&self, day: Day) -> Option<&CalendarDay> {
        self.days.get(&day)
    }
    /// Every day with an entry, in order.
    pub fn entries(&self) -> impl Iterator<Item = (Day, &CalendarDay)> {
        self.days.iter().map(|(day, entry)| (*day, entry))
    }
    /// The years declared as completely known.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        self.years.iter().copied()
    }
    /// Whether the official notice of this day's year is loaded.
    pub fn is_covered(&self, day: Day) -> bool {
        self.years.contains(&day.date().year())
    }
    /// Whether work is done on this day; beyond the covered years Monday to Friday are taken for working days.
    pub fn is_working(&self, day: Day) -> bool {
        self.closure(day).is_none()
    }
    /// Why no work is done on this day, or nothing on a working day.
    pub fn closure(&self, day: Day) -> Option<Closure<'_>> {
        match self.days.get(&day) {
            Some(entry) if entry.kind == DayKind::SwapWork => None,
            Some(entry) => Some(Closure::Entry(entry)),
            None => is_weekend(day).then_some(Closure::Weekend),
        }
    }
    /// The working days after `after` up to and including `until`; 0 when `until` is not later.
    ///
    /// Also the working days overdue: those after the due day up to today. Costs the entries in between, not the days.
    pub fn working_days_between(&self, after: Day, until: Day) -> i64 {
        if until <= after {
            return 0;
        }
        let changed: i64 = self
            .days
            .range(after.plus_days(1)..=until)
            .map(|(day, entry)| i64::from(entry.kind == DayKind::SwapWork) - i64::from(!is_weekend(*day)))
            .sum();
        weekdays_through(until) - weekdays_through(after) + changed
    }
    /// The working day so many working days after `start`, which is not counted; 0 rolls to the next working day.
    pub fn add_working_days(&self, start: Day, amount: u32) -> Day {
        self.nth_working_day(start, i64::from(amount))
    }
    /// The instant at which so many working hours after `start` have passed; counting outside the sessions begins at
    /// the next one, and an end exactly at a session's end stays there.
    pub fn add_working_hours(&self, start: Instant, amount: u32) -> Instant {
        self.add_working_micros(start, native(amount, Unit::WorkingHours))
    }
    /// The working time between two instants in microseconds; 0 when `to` is not later.
    pub fn working_micros_between(&self, from: Instant, to: Instant) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (from.day(&self.zone), to.day(&self.zone));
        if first == last {
            return self.worked(to) - self.worked(from);
        }
        let between = self.whole_days_micros(first, last.plus_days(-1));
        self.day_micros(first) - self.worked(from) + between + self.worked(to)
    }
    /// Where so much of a unit, counted from `start`, ends.
    pub fn due(&self, start: Instant, amount: u32, unit: Unit) -> Due {
        self.advance(start, native(amount, unit), unit)
    }

    /// Like [`Self::due`], with the amount in the unit's own measure (see [`native`]).
    pub(super) fn advance(&self, start: Instant, amount: i64, unit: Unit) -> Due {
        let first = start.day(&self.zone);
        match unit {
            Unit::WorkingHours => {
                let due_at = self.add_working_micros(start, amount).min(LAST_DAY.end(&self.zone));
                let due_on = self.last_day(due_at);
                Due { due_on, due_at, provisional: !self.covers(first, due_on) }
            }
            Unit::WorkingDays => {
                let due_on = self.nth_working_day(first, amount);
                self.whole_day(due_on, !self.covers(first.plus_days(1).min(due_on), due_on))
            }
            Unit::CalendarDays => {
                let raw = later(first, amount);
                let due_on = self.roll(raw);
                self.whole_day(due_on, !self.covers(raw, due_on))
            }
        }
    }
    /// How much of a unit was used between two instants, in the unit's own measure; the first day is not counted.
    pub(super) fn used(&self, from: Instant, to: Instant, unit: Unit) -> i64 {
        let (first, last) = (from.day(&self.zone), to.day(&self.zone));
        match unit {
            Unit::WorkingHours => self.working_micros_between(from, to),
            Unit::WorkingDays => self.working_days_between(first, last),
            Unit::CalendarDays => first.days_until(last).max(0),
        }
    }
    /// The day an exclusive end belongs to: at midnight the day before.
    pub fn last_day(&self, due_at: Instant) -> Day {
        due_at.plus_micros(-1).day(&self.zone)
    }
    /// Whether every year touched by the days `from..=to` is loaded.
    pub(super) fn covers(&self, from: Day, to: Day) -> bool {
        (from.date().year()..=to.date().year()).all(|year| self.years.contains(&year))
    }
    /// The first working day at or after a day.
    pub(super) fn roll(&self, day: Day) -> Day {
        let mut day = day.min(LAST_DAY);
        while day < LAST_DAY && !self.is_working(day) {
            day = day.plus_days(1);
        }
        day
    }

    fn whole_day(&self, due_on: Day, provisional: bool) -> Due {
        Due { due_on, due_at: due_on.end(&self.zone), provisional }
    }

    fn nth_working_day(&self, start: Day, amount: i64) -> Day {
        let mut day = start.min(LAST_DAY);
        let mut left = amount;
        if left <= 0 {
            return self.roll(day);
        }
        // So many days hold at most so many working days: a jump never goes too far, and each leaves about 2/7.
        while left > 0 && day < LAST_DAY {
            let next = later(day, left);
            left -= self.working_days_between(day, next);
            day = next;
        }
        day
    }
}

/// An amount in the unit's own measure: days for day units, microseconds for working hours.
pub(super) fn native(amount: u32, unit: Unit) -> i64 {
    let amount = i64::from(amount).min(MOST_DAYS * 24);
    if unit == Unit::WorkingHours { amount * HOUR_MICROS } else { amount }
}

fn later(day: Day, days: i64) -> Day {
    day.plus_days(days.clamp(0, MOST_DAYS)).min(LAST_DAY)
}

fn is_weekend(day: Day) -> bool {
    A_MONDAY.days_until(day).rem_euclid(7) >= 5
}

/// Mondays to Fridays from a fixed Monday through `day`; differences of it count weekdays.
fn weekdays_through(day: Day) -> i64 {
    let days = A_MONDAY.days_until(day);
    days.div_euclid(7) * 5 + (days.rem_euclid(7) + 1).min(5)
}
