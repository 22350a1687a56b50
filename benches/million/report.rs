//! The table, and the notes under it.

use std::io::{self, Write};

use crate::{
    Database, Fault,
    questions::{About, Question},
    timing::Times,
};

/// What one question took in one database of one size.
pub(crate) struct Measured {
    pub(crate) question: Question,
    pub(crate) size: u64,
    pub(crate) server: Times,
    pub(crate) bare: Option<Times>,
    /// The page that was asked for, where the list has fewer.
    pub(crate) page: Option<usize>,
}

/// Prints what was measured in a database: a row for each question, with the columns of each size and the ratio of the
/// last size to the first.
pub(crate) fn print(database: Database, sizes: &[u64], all: &[Measured]) -> Result<(), Fault> {
    let mut head = vec!["question".to_owned(), "as of".to_owned()];
    for size in sizes {
        let size = short(*size);
        head.extend([
            format!("{size}: p50 ms"),
            "p99".to_owned(),
            "bare p50".to_owned(),
            "of bare".to_owned(),
        ]);
    }
    if let (Some(first), Some(last)) = (sizes.first(), sizes.last()) {
        let ratio = format!("{} ÷ {}", short(*last), short(*first));
        head.extend([format!("p50 {ratio}"), format!("p99 {ratio}")]);
    }
    let lines = (0..head.len()).map(|column| if column < 2 { "---" } else { "---:" });
    let mut out = io::stdout().lock();
    writeln!(out, "\n**{}**\n\n| {} |", database.name(), head.join(" | "))?;
    writeln!(out, "| {} |", lines.collect::<Vec<_>>().join(" | "))?;
    let mut questions: Vec<Question> = Vec::new();
    all.iter().for_each(|one| {
        if !questions.contains(&one.question) {
            questions.push(one.question);
        }
    });
    for question in questions {
        let of = |size: u64| all.iter().find(|one| one.question == question && one.size == size);
        let mut cells = vec![question.0.to_string(), question.1.to_string()];
        for measured in sizes.iter().map(|size| of(*size)) {
            cells.extend(
                measured.map_or_else(
                    || ["–".to_owned(), "–".to_owned(), "–".to_owned(), "–".to_owned()],
                    cells_of,
                ),
            );
        }
        let first = sizes.first().and_then(|size| of(*size));
        let last = sizes.last().and_then(|size| of(*size));
        let ratio = |time: fn(&Times) -> f64| match first.zip(last) {
            Some((first, last)) => format!("{:.2}", time(&last.server) / time(&first.server)),
            None => "–".to_owned(),
        };
        cells.extend([ratio(|times| times.p50), ratio(|times| times.p99)]);
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(out.flush()?)
}

fn cells_of(measured: &Measured) -> [String; 4] {
    let page = match (measured.question.0, measured.page) {
        (About::DeepPage, Some(page)) => format!(" (page {page})"),
        _ => String::new(),
    };
    let Times { p50, p99, .. } = measured.server;
    let bare = measured.bare.map(|bare| bare.p50);
    let told = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
    [format!("{p50:.1}{page}"), format!("{p99:.1}"), told(bare), told(bare.map(|bare| p50 / bare))]
}

/// A size as one says it: 100k, 1M.
pub(crate) fn short(size: u64) -> String {
    match size {
        _ if size.is_multiple_of(1_000_000) => format!("{}M", size / 1_000_000),
        _ if size.is_multiple_of(1_000) => format!("{}k", size / 1_000),
        _ => size.to_string(),
    }
}

/// Prints what is to be known beside the table.
pub(crate) fn print_notes(notes: &[String]) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    writeln!(out)?;
    notes.iter().try_for_each(|note| writeln!(out, "- {note}"))?;
    Ok(out.flush()?)
}
