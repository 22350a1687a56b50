//! Parameters that hold no more than the document says.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

/// A text of at most `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short<const MOST: usize>(pub String);

/// A whole number from 0 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpTo<const MOST: u32>(pub u32);

impl<'de, const MOST: usize> Deserialize<'de> for Short<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() <= MOST {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!("Tối đa {MOST} ký tự. | At most {MOST} characters.")))
    }
}

impl<'de, const MOST: u32> Deserialize<'de> for UpTo<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        match u32::try_from(number) {
            Ok(number) if number <= MOST => Ok(Self(number)),
            _ => {
                let allowed = format!("Cần số từ 0 đến {MOST}. | Needs a number from 0 to {MOST}.");
                Err(D::Error::invalid_value(Unexpected::Unsigned(number), &allowed.as_str()))
            }
        }
    }
}
