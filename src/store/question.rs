//! What a reader asks of many petitions, in the words of the store.

use serde::{Deserialize, Serialize};

use crate::domain::{
    access::Person,
    id::{AgencyId, OfficialId},
    time::{Day, Instant},
    vocabulary::{Channel, Kind, Level, Provenance, Stage, State, Timeliness, Visibility},
};

/// When one looks, and with whose knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// How things stand now.
    Now(Instant),
    /// How they stood, as we know it now.
    Past(Instant),
    /// How they stood at one instant by what had been recorded until another.
    Known { at: Instant, by: Instant },
}

impl Moment {
    /// The instant that is looked at.
    pub fn at(self) -> Instant {
        match self {
            Self::Now(at) | Self::Past(at) | Self::Known { at, .. } => at,
        }
    }

    /// Until when what was recorded counts; nothing: all of it.
    pub fn recorded_by(self) -> Option<Instant> {
        match self {
            Self::Known { by, .. } => Some(by),
            Self::Now(_) | Self::Past(_) => None,
        }
    }

    /// The last instants at which an event that counts took effect and was recorded.
    pub fn bounds(self) -> (Instant, Instant) {
        match self {
            Self::Now(_) => (Instant::MAX, Instant::MAX),
            Self::Past(at) => (at, Instant::MAX),
            Self::Known { at, by } => (at, by),
        }
    }
}

/// An agency that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub agency: AgencyId,
    /// Whether the agencies below it are meant too.
    pub below: bool,
    pub tree: Tree,
}

/// The structure in which agencies are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tree {
    /// Every petition with the agency it is with, below whoever is above it now.
    #[default]
    Present,
    /// Every petition with the agency it was with, below whoever was above it on this day.
    On(Day),
    /// Every petition with the agency that took over from the one it was with, as things are now.
    Today,
}

/// The level agencies had on a day; nothing: those without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtLevel {
    pub level: Option<Level>,
    pub on: Day,
    pub tree: Tree,
}

/// Against which end lateness is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The end that counts, with every extension and pause.
    #[default]
    Official,
    /// The end as it was when the clock first stood: neither extension nor pause helps.
    FirstDeadline,
    /// The end that the receipt promised: neither helps here either.
    Promise,
}

/// What was due and not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// It fell due at this instant or before.
    pub by: Instant,
    pub against: Against,
}

/// What a list of its own looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Open, and no clock was ever set.
    NoClock,
    /// Passed on to another body, of which no result was recorded since.
    NoResult,
}

/// What is asked for; nothing means anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    pub code: Option<String>,
    pub states: Option<Vec<State>>,
    pub kind: Option<Kind>,
    pub channel: Option<Channel>,
    pub field_code: Option<String>,
    /// The lead agency, before an assignment the intake agency.
    pub place: Option<Place>,
    pub level: Option<AtLevel>,
    pub responsible: Option<OfficialId>,
    /// Only those that nobody is responsible for.
    pub unassigned: bool,
    /// The area that the petition is about.
    pub area_code: Option<String>,
    pub visibility: Option<Visibility>,
    pub provenance: Option<Provenance>,
    pub timeliness: Option<Timeliness>,
    /// The first instant of receipt.
    pub received_from: Option<Instant>,
    /// The first instant of receipt that is too late.
    pub received_to: Option<Instant>,
    /// Open, and nothing that moves the version happened at this instant or later.
    pub idle_since: Option<Instant>,
    /// The stage whose clock counts; nothing: the one that speaks for the petition.
    pub clock: Option<Stage>,
    pub overdue: Option<Overdue>,
    pub gap: Option<Gap>,
}

impl Filters {
    /// Against which end lateness is measured.
    pub fn against(&self) -> Against {
        self.overdue.map_or(Against::Official, |overdue| overdue.against)
    }
}

/// A reader's question.
#[derive(Debug, Clone)]
pub struct Question {
    pub reader: Person,
    pub moment: Moment,
    pub filters: Filters,
}

impl Question {
    /// Whether many ask the same in the same words: everything there is, or everything overdue, with the few rights
    /// that most have. The texts of such questions are few.
    pub(super) fn is_common(&self) -> bool {
        let plain = Filters { overdue: self.filters.overdue, ..Filters::default() };
        self.filters == plain && self.reader.rights.len() <= 3
    }
}
