//! Points in time as a reader gives them: an instant, or a day of which the beginning or the end is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::World;
use crate::{
    domain::time::{Day, Instant},
    store::question::Moment,
};

/// An instant or a civil day of the configured zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    At(Instant),
    On(Day),
}

impl When {
    /// The instant, or the beginning of the day.
    pub fn start(self, world: &World) -> Instant {
        match self {
            Self::At(at) => at,
            Self::On(day) => day.start(world.zone()),
        }
    }

    /// The instant, or the end of the day (24:00).
    pub fn end(self, world: &World) -> Instant {
        match self {
            Self::At(at) => at,
            Self::On(day) => day.end(world.zone()),
        }
    }
}

/// The moment a reader asks for; a future one shows how things will stand if nothing happens. With `recorded_by` it is
/// seen with the knowledge of that time; without `as_of` it is now.
pub fn moment(world: &World, as_of: Option<When>, recorded_by: Option<When>) -> Moment {
    let at = as_of.map(|when| when.end(world));
    match (at, recorded_by.map(|when| when.end(world))) {
        (at, Some(by)) => Moment::Known { at: at.unwrap_or(world.now), by },
        (Some(at), None) => Moment::Past(at),
        (None, None) => Moment::Now(world.now),
    }
}

impl FromStr for When {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            0..=10 => text.parse().map(Self::On),
            _ => text.parse().map(Self::At),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::On(day) => day.fmt(f),
        }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            D::Error::custom(
                "Cần ngày (2026-11-23) hoặc thời điểm RFC 3339 có múi giờ (2026-11-23T14:00:00+07:00; dấu + viết là %2B). | \
                 Needs a date (2026-11-23) or an RFC 3339 time with offset (2026-11-23T14:00:00+07:00; write + as %2B).",
            )
        })
    }
}
