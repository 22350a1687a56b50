//! The versions of a calendar: each is what the one before said, and what one recorded act changed of it.

use std::sync::Arc;

use super::{Calendar, CalendarDay, Season};
use crate::domain::{
    id::AgencyId,
    time::{Day, Instant},
};

/// What one recorded act changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// What a day is from now on; nothing: it follows its weekday again.
    pub days: Vec<(Day, Option<CalendarDay>)>,
    /// Years that are completely known from now on.
    pub years: Vec<i16>,
    /// Office hours that are withdrawn, by agency and first day.
    pub withdrawn: Vec<(AgencyId, Day)>,
    /// Office hours that are added.
    pub seasons: Vec<Season>,
}

impl Calendar {
    /// Counts from 1.
    pub fn version(&self) -> u32 {
        self.version
    }
    /// When this version was recorded; nothing: it was there from the beginning.
    pub fn recorded_at(&self) -> Option<Instant> {
        self.recorded_at
    }

    /// The next version, which keeps this one.
    pub fn followed_by(&self, recorded_at: Instant, revision: Revision) -> Self {
        let bare = Self { earlier: Arc::new([]), line: Arc::new([]), ..self.clone() };
        let earlier = self.earlier.iter().cloned().chain([bare]).collect();
        let mut days = self.days.as_ref().clone();
        for (day, entry) in revision.days {
            match entry {
                Some(entry) => days.insert(day, entry),
                None => days.remove(&day),
            };
        }
        let ended = |season: &&Season| !revision.withdrawn.contains(&(season.agency, season.from));
        let seasons = self.seasons.iter().filter(ended).cloned().chain(revision.seasons).collect();
        Self {
            version: self.version + 1,
            recorded_at: Some(recorded_at),
            days: Arc::new(days),
            years: Arc::new(self.years.iter().copied().chain(revision.years).collect()),
            seasons,
            earlier,
            ..self.clone()
        }
    }

    /// A version by its number, with the general office hours; this one where there is no such version.
    pub fn edition(&self, version: u32) -> &Self {
        let position = usize::try_from(version).unwrap_or(0).wrapping_sub(1);
        self.earlier.get(position).unwrap_or(self)
    }
    /// The version since which a day has the entry it has, or has none.
    pub fn entry_since(&self, day: Day) -> u32 {
        let same = |edition: &&Self| edition.entry(day) == self.entry(day);
        self.earlier.iter().rev().take_while(same).last().unwrap_or(self).version
    }
    /// The version that was known at an instant; before everything that was recorded, the first.
    pub fn known_by(&self, known: Instant) -> &Self {
        let recorded = |edition: &&Self| edition.recorded_at.is_none_or(|at| at <= known);
        let newest = std::iter::once(self).chain(self.earlier.iter().rev()).find(recorded);
        newest.or(self.earlier.first()).unwrap_or(self)
    }
}
