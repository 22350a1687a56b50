//! What a verification finds, in words that hold no text and nothing about a person.

use std::fmt;

/// Where the store differs from what its history says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The event it concerns, where it concerns one.
    pub sequence: Option<i64>,
    pub table: &'static str,
    /// Nothing where a whole row is wrong.
    pub column: Option<&'static str>,
    pub detail: String,
}

/// The first difference of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind and name, such as `petition KN-4F7K2M9PX`.
    pub subject: String,
    pub difference: Difference,
}

impl Difference {
    /// A row that is wrong as a whole.
    pub(super) fn row(table: &'static str, detail: impl Into<String>) -> Self {
        Self { sequence: None, table, column: None, detail: detail.into() }
    }

    /// A column that is wrong.
    pub(super) fn column(table: &'static str, column: &'static str, detail: impl Into<String>) -> Self {
        Self { column: Some(column), ..Self::row(table, detail) }
    }

    /// The event it concerns.
    pub(super) fn at(self, sequence: i64) -> Self {
        Self { sequence: Some(sequence), ..self }
    }

    /// Whose difference it is.
    pub(super) fn of(self, subject: impl Into<String>) -> Finding {
        Finding { subject: subject.into(), difference: self }
    }
}

/// Says what must be, and what is, of a column that may be shown.
pub(super) fn not_as_expected(expected: &dyn fmt::Debug, found: &dyn fmt::Debug) -> String {
    format!("expected {expected:?}, found {found:?}")
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { sequence, table, column, detail } = &self.difference;
        write!(f, "{}", self.subject)?;
        if let Some(sequence) = sequence {
            write!(f, ", event {sequence}")?;
        }
        match column {
            Some(column) => write!(f, ": {table}.{column}: {detail}"),
            None => write!(f, ": {table}: {detail}"),
        }
    }
}
