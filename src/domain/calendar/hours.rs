//! Office hours: which part of a working day counts, for whom and in which season.

use std::borrow::Cow;

use jiff::{SignedDuration, civil::Time};

use super::{Calendar, LAST_DAY};
use crate::domain::{
    id::AgencyId,
    time::{Day, Instant},
};

/// A stretch of office hours in local time, from its opening to its closing.
pub type Session = (Time, Time);

/// The office hours of an agency and of those below it that have none of their own, for a stretch of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    pub agency: AgencyId,
    /// How many agencies stand above it: of a line, the one that is deepest decides.
    pub depth: u32,
    pub from: Day,
    /// The first day on which they count no more; nothing: until further notice.
    pub to: Option<Day>,
    pub sessions: Vec<Session>,
    /// The decision or notice that says so.
    pub source: String,
}

impl Season {
    /// Whether they count on a day.
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
    /// Whether there is a day on which both count.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_in = |one: &Self, two: &Self| two.to.is_none_or(|to| one.from < to);
        begins_in(self, other) && begins_in(other, self)
    }
}

/// Whether sessions run forward, one after the other, and there is one.
pub(super) fn are_sound(sessions: &[Session]) -> bool {
    let forward = sessions.iter().all(|(open, close)| open < close);
    let apart = sessions.iter().zip(sessions.iter().skip(1)).all(|(one, next)| one.1 <= next.0);
    !sessions.is_empty() && forward && apart
}

impl Calendar {
    /// The same calendar with the office hours of an agency: its own, else those of the nearest above it.
    pub fn at(&self, line: &[AgencyId]) -> Self {
        Self { line: line.into(), ..self.clone() }
    }
    /// The same calendar with the office hours of a line of agencies, itself where it has these.
    pub fn with_hours_of(&self, line: &[AgencyId]) -> Cow<'_, Self> {
        if self.line() == line { Cow::Borrowed(self) } else { Cow::Owned(self.at(line)) }
    }
    /// The agencies whose office hours count.
    pub fn line(&self) -> &[AgencyId] {
        &self.line
    }
    /// Every season of every agency.
    pub fn seasons(&self) -> &[Season] {
        &self.seasons
    }
    /// Whether some agency has, or once had, office hours of its own.
    pub fn has_office_hours(&self) -> bool {
        !self.seasons.is_empty() || self.earlier.iter().any(|edition| !edition.seasons.is_empty())
    }

    /// The season that decides on a day; nothing where the general office hours count.
    pub(super) fn season(&self, day: Day) -> Option<&Season> {
        let own =
            self.seasons.iter().filter(|season| season.covers(day) && self.line.contains(&season.agency));
        own.max_by_key(|season| season.depth)
    }
    /// The office hours of a working day, in local time.
    pub fn sessions(&self, day: Day) -> &[Session] {
        self.season(day).map_or(&self.sessions, |season| &season.sessions)
    }
    /// The last day up to which office hours are those of `day`.
    pub(super) fn same_hours_until(&self, day: Day) -> Day {
        let own = self.seasons.iter().filter(|season| self.line.contains(&season.agency));
        let borders = own.flat_map(|season| [Some(season.from), season.to]).flatten();
        let next = borders.filter(|border| *border > day).min();
        next.map_or(Day::new(jiff::civil::Date::MAX), |border| border.plus_days(-1))
    }

    pub(super) fn add_working_micros(&self, start: Instant, amount: i64) -> Instant {
        let start = self.next_opening(start);
        if amount <= 0 {
            return start;
        }
        let mut day = start.day(self.zone());
        let worked = self.worked(start);
        let today = self.day_micros(day) - worked;
        if amount <= today {
            return self.at_worked(day, worked + amount);
        }
        let mut left = amount - today;
        loop {
            let next = day.plus_days(1);
            let (end, length) = (self.same_hours_until(next), self.session_micros(next));
            // The last day takes between one microsecond and a full day, so that an end at closing time stays there.
            let full = (left - 1) / length.max(1);
            let last = self.nth_working_day(day, full + 1);
            if last <= end || end >= LAST_DAY {
                return self.at_worked(last, left - full * length);
            }
            left -= self.working_days_between(day, end) * length;
            day = end;
        }
    }

    /// The working time of the days after `after` up to and including `until`.
    pub(super) fn whole_days_micros(&self, after: Day, until: Day) -> i64 {
        let (mut sum, mut day) = (0, after);
        while day < until {
            let next = day.plus_days(1);
            let end = self.same_hours_until(next).min(until);
            sum += self.working_days_between(day, end) * self.session_micros(next);
            day = end;
        }
        sum
    }

    /// `start` itself within a session, else the start of the next session.
    pub(super) fn next_opening(&self, start: Instant) -> Instant {
        let day = start.day(self.zone());
        if self.is_working(day) {
            let time = start.time(self.zone());
            if let Some((open, _)) = self.sessions(day).iter().find(|(_, close)| time < *close) {
                return start.max(day.at(*open, self.zone()));
            }
        }
        let next = self.nth_working_day(day, 1);
        self.sessions(next).first().map_or(start, |(open, _)| next.at(*open, self.zone()))
    }

    /// The working time of an instant's day that has passed by then.
    pub(super) fn worked(&self, at: Instant) -> i64 {
        let day = at.day(self.zone());
        if !self.is_working(day) {
            return 0;
        }
        let time = at.time(self.zone());
        self.sessions(day).iter().map(|(open, close)| micros_between(*open, time.min(*close)).max(0)).sum()
    }

    pub(super) fn day_micros(&self, day: Day) -> i64 {
        if self.is_working(day) { self.session_micros(day) } else { 0 }
    }

    /// The instant of a day at which so much of its working time has passed.
    pub(super) fn at_worked(&self, day: Day, mut amount: i64) -> Instant {
        for (open, close) in self.sessions(day) {
            let length = micros_between(*open, *close);
            if amount <= length {
                return day.at(open.saturating_add(SignedDuration::from_micros(amount)), self.zone());
            }
            amount -= length;
        }
        day.end(self.zone())
    }

    fn session_micros(&self, day: Day) -> i64 {
        self.sessions(day).iter().map(|(open, close)| micros_between(*open, *close)).sum()
    }
}

fn micros_between(from: Time, to: Time) -> i64 {
    i64::try_from(from.duration_until(to).as_micros()).unwrap_or(0)
}
