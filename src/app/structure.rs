//! Agencies change: in which structure figures are counted, as it was then or as it is now.

use serde::{Deserialize, Serialize};

use super::World;
use crate::{
    domain::time::Day,
    store::{
        lists::{Moment, Tree},
        reports::Grouping,
    },
};

/// The structure in which agencies and their subtrees are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// As it was at the moment looked at.
    #[default]
    Then,
    /// As it is today: what a closed agency had counts with its successors.
    Now,
}

impl Structure {
    /// The tree to count in.
    pub(super) fn tree(self, world: &World, moment: Moment) -> Tree {
        match (self, moment) {
            (Self::Now, _) => Tree::Today,
            (Self::Then, Moment::Now(_)) => Tree::Present,
            (Self::Then, _) => Tree::On(day(world, moment)),
        }
    }

    /// The agency that groups.
    pub(super) fn by_agency(self) -> Grouping {
        match self {
            Self::Then => Grouping::Agency,
            Self::Now => Grouping::AgencyToday,
        }
    }

    /// The day whose names agencies bear.
    pub(super) fn day(self, world: &World, moment: Moment) -> Day {
        match self {
            Self::Then => day(world, moment),
            Self::Now => world.now.day(world.zone()),
        }
    }
}

/// The civil day that a moment shows: midnight is the end of the day before, for a past day is looked at as it ended.
pub(super) fn day(world: &World, moment: Moment) -> Day {
    match moment {
        Moment::Now(at) => at.day(world.zone()),
        Moment::Past(at) | Moment::Known { at, .. } => at.plus_micros(-1).day(world.zone()),
    }
}
