//! Why the domain says no, in both languages; nothing here knows HTTP.

use super::vocabulary::{Action, State};

/// A sentence in Vietnamese and in English, written for the person who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

impl Words {
    /// Pairs the two sentences.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

/// One thing wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body (RFC 6901), or the name of the parameter.
    pub pointer: String,
    /// Stable machine code, such as `too_long`.
    pub code: &'static str,
    pub words: Words,
}

impl FieldError {
    /// Names the field and says what is wrong with it.
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), code, words: Words::new(vi, en) }
    }
}

/// The ways in which the domain refuses; a refusal has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The caller's roles do not include this act here.
    Forbidden(Words),
    /// The transition table has no such row.
    IllegalMove { action: Action, state: State },
    /// The row exists, but a guard holds it back; `code` is stable.
    Guard { code: &'static str, words: Words },
    /// The content does not do: every fault found, by field.
    Invalid(Vec<FieldError>),
}

impl Refusal {
    /// A guard of the transition table.
    pub fn guard(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Guard { code, words: Words::new(vi, en) }
    }
    /// A single fault of one field.
    pub fn field(pointer: &str, code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, code, vi, en)])
    }
}
