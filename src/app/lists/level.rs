//! The level of agencies, as a reader asks for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::domain::vocabulary::{Code, Level};

/// A level, or `unknown`: agencies that were never given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelAsked(Option<Level>);

impl LevelAsked {
    /// The word for agencies without a level.
    pub const UNKNOWN: &'static str = "unknown";

    /// Every word there is.
    pub fn words() -> Vec<&'static str> {
        Level::ALL.iter().map(|level| level.as_str()).chain([Self::UNKNOWN]).collect()
    }

    /// The level of a word, or nothing.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            Self::UNKNOWN => Some(Self(None)),
            code => Level::parse(code).map(|level| Self(Some(level))),
        }
    }

    /// The level; nothing for agencies without one.
    pub fn level(self) -> Option<Level> {
        self.0
    }
}

impl Serialize for LevelAsked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.map_or(Self::UNKNOWN, Level::as_str))
    }
}

impl<'de> Deserialize<'de> for LevelAsked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let words = || Self::words().join(", ");
        Self::parse(&word)
            .ok_or_else(|| D::Error::custom(format!("Cần một trong: {0}. | Must be one of: {0}.", words())))
    }
}
