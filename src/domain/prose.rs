//! Free text: given by a caller, or kept outside the event that commits to it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::{id::TextId, refusal::FieldError};

/// A text on its way into, or already outside of, the event log.
///
/// History holds no free text: an event commits to it by a salted digest, so that a person can be erased and
/// the chain still verifies (design §1.6).
#[derive(Clone, PartialEq, Eq)]
pub enum Prose {
    /// As a caller wrote it.
    Given(String),
    /// Kept in the table of texts; `digest` is the hex SHA-256 of salt and text.
    Kept { text: TextId, digest: String },
}

impl std::fmt::Debug for Prose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::Kept { text, .. } => write!(f, "Kept({text})"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Given(String),
    Kept { text: TextId, digest: String },
    Fresh { given: String },
}

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(given) => Wire::Fresh { given: given.clone() },
            Self::Kept { text, digest } => Wire::Kept { text: *text, digest: digest.clone() },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Prose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Given(given) | Wire::Fresh { given } => Self::Given(normalised(&given)),
            Wire::Kept { text, digest } => Self::Kept { text, digest },
        })
    }
}

impl From<String> for Prose {
    fn from(given: String) -> Self {
        Self::Given(normalised(&given))
    }
}

/// The text in Unicode's composed form (NFC): Vietnamese typed on different keyboards becomes the same.
pub fn normalised(text: &str) -> String {
    text.nfc().collect()
}

/// What a text says without its accidents: its letters and digits in small, words one space apart.
pub fn wording(text: &str) -> String {
    let small = normalised(text).to_lowercase();
    let words = small.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

impl Prose {
    /// The text a caller gave; nothing when it is already kept elsewhere.
    pub fn given(&self) -> Option<&str> {
        match self {
            Self::Given(given) => Some(given),
            Self::Kept { .. } => None,
        }
    }
    /// Where the text is kept.
    pub fn kept(&self) -> Option<TextId> {
        match self {
            Self::Given(_) => None,
            Self::Kept { text, .. } => Some(*text),
        }
    }
}

/// Characters that no text may hold: controls other than TAB, LF, CR, and overrides of writing direction.
pub fn is_forbidden(character: char) -> bool {
    let allowed = matches!(character, '\t' | '\n' | '\r');
    let bidi = matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}');
    (character.is_control() && !allowed) || bidi
}

/// Checks one text against its limit in characters and the forbidden characters; required texts may not be blank.
pub fn check(pointer: &str, text: &str, limit: usize, multiline: bool) -> Option<FieldError> {
    if text.trim().is_empty() {
        return Some(FieldError::new(pointer, "blank", "Không được để trống.", "Must not be blank."));
    }
    let length = text.chars().count();
    if length > limit {
        return Some(FieldError::new(
            pointer,
            "too_long",
            format!("Tối đa {limit} ký tự, đang có {length}."),
            format!("At most {limit} characters; this has {length}."),
        ));
    }
    let broken = |c: char| is_forbidden(c) || (!multiline && matches!(c, '\n' | '\r' | '\t'));
    text.chars().any(broken).then(|| {
        FieldError::new(
            pointer,
            "forbidden_character",
            "Có ký tự điều khiển hoặc ký tự đảo chiều chữ không được phép.",
            "Holds a control character or a change of writing direction, which is not allowed.",
        )
    })
}
