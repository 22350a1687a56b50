//! What an import came to.

use serde::Serialize;

/// How many rejected lines a report names.
const NAMED: usize = 100;

/// The report of an import (design §4).
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Lines that hold something.
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// The first hundred rejected lines.
    pub errors: Vec<Rejection>,
    pub seconds: f64,
    pub records_per_second: f64,
}

/// A line that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Counts from 1, blank lines included.
    pub line: u64,
    /// Nothing where the line could not be read so far.
    pub external_id: Option<String>,
    /// Stable machine code, such as `closed_before_received`.
    pub code: String,
    pub detail: String,
}

impl Report {
    /// Counts a rejected line, and names it if it is one of the first hundred.
    pub(super) fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.errors.len() < NAMED {
            self.errors.push(rejection);
        }
    }

    /// Adds what a part of the file came to.
    pub(super) fn add(&mut self, part: Report) {
        self.read += part.read;
        self.created += part.created;
        self.updated += part.updated;
        self.unchanged += part.unchanged;
        self.rejected += part.rejected;
        let room = NAMED.saturating_sub(self.errors.len());
        self.errors.extend(part.errors.into_iter().take(room));
    }

    /// Notes how long it took.
    pub(super) fn took(&mut self, micros: i64) {
        // Durations and counts of a file are far below 2^53.
        self.seconds = micros.max(1) as f64 / 1e6;
        self.records_per_second = self.read as f64 / self.seconds;
    }
}
