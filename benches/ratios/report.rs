//! The table, printed row by row as it is measured, and the notes under it.

use std::{
    cell::RefCell,
    io::{self, Write},
};

use crate::{Fault, load::Measured, operations::Operation, progress};

/// One measurement and what it is held against, each in operations a second.
pub(crate) struct Row<'a> {
    pub(crate) operation: Operation,
    pub(crate) database: &'a str,
    pub(crate) connections: usize,
    pub(crate) measured: &'a Measured,
    /// pgbench with a statement for each table, and with the statements as sent.
    pub(crate) pgbench: [Option<f64>; 2],
    /// Bare SQLite: alone, and in groups.
    pub(crate) bare: [Option<f64>; 2],
    pub(crate) still: Option<f64>,
    /// MiB.
    pub(crate) memory: Option<u64>,
}

/// What is told under the table.
#[derive(Default)]
pub(crate) struct Notes(RefCell<Vec<String>>);

impl Notes {
    /// Keeps a note, once.
    pub(crate) fn add(&self, note: impl Into<String>) {
        let note = note.into();
        let mut notes = self.0.borrow_mut();
        if !notes.contains(&note) {
            progress(&note);
            notes.push(note);
        }
    }

    /// The value, or a note why there is none.
    pub(crate) fn value<T>(&self, what: &str, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.add(format!("{what}: {fault}"))).ok()
    }

    pub(crate) fn print(&self) -> Result<(), Fault> {
        let mut out = io::stdout().lock();
        writeln!(out)?;
        for note in self.0.borrow().iter() {
            writeln!(out, "- {note}")?;
        }
        Ok(())
    }
}

/// Prints the head of the table.
pub(crate) fn head() -> Result<(), Fault> {
    let columns = [
        "operation",
        "database",
        "connections",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "of plain pgbench",
        "of same pgbench",
        "of bare SQLite",
        "of bare SQLite in 32s",
        "of static answer",
        "RSS MiB",
        "errors",
    ];
    let line = columns.map(|name| if matches!(name, "operation" | "database") { "---" } else { "---:" });
    let mut out = io::stdout().lock();
    writeln!(out, "\n| {} |", columns.join(" | "))?;
    Ok(writeln!(out, "| {} |", line.join(" | "))?)
}

impl Row<'_> {
    pub(crate) fn print(&self) -> Result<(), Fault> {
        let rate = self.measured.rate;
        let of = |limit: Option<f64>| match limit {
            Some(limit) if limit > 0.0 => format!("{:.2} ({limit:.0})", rate / limit),
            _ => "–".to_owned(),
        };
        let cells = [
            self.operation.to_string(),
            self.database.to_owned(),
            self.connections.to_string(),
            format!("{rate:.0}"),
            format!("{:.2}", self.measured.p50),
            format!("{:.2}", self.measured.p99),
            of(self.pgbench.first().copied().flatten()),
            of(self.pgbench.last().copied().flatten()),
            of(self.bare.first().copied().flatten()),
            of(self.bare.last().copied().flatten()),
            of(self.still),
            self.memory.map_or("–".to_owned(), |memory| memory.to_string()),
            self.measured.errors.to_string(),
        ];
        let mut out = io::stdout().lock();
        writeln!(out, "| {} |", cells.join(" | "))?;
        Ok(out.flush()?)
    }
}
