//! Backfill: the records of another system come in as petitions with a history, silently (design §3, Imports).
//!
//! Each record is known by source and external id. What was sent before is left alone, what changed becomes an
//! event of its own, and a petition that came in here is never touched.

mod codes;
mod lines;
mod part;
mod record;
mod report;
mod update;

use std::{io::BufRead, sync::Arc};

pub use lines::open;
pub use report::{Rejection, Report};

use super::{App, Error, clock::real_now};
use crate::store::StoreError;
use codes::Codes;
use lines::Line;
use record::Numbered;

/// The most lines of one transaction.
const LINES: usize = 500;
/// How often a part is tried whose random codes met others; one of 40 random bits does so once in a lifetime.
const ATTEMPTS: u32 = 3;

/// Lines that were read, in order, and what those came to that could not be understood.
#[derive(Default)]
struct Gathered {
    records: Vec<Numbered>,
    report: Report,
}

/// Imports a backlog of one JSON record a line; what is good goes in, what is not is in the report.
///
/// `create_missing` adds agencies and fields the installation does not know. `progress` hears how many lines are
/// done. Fails when the file cannot be read to its end; what was imported by then stays, and the next run finds it
/// unchanged.
pub fn run(
    app: &App,
    mut input: impl BufRead,
    create_missing: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, Error> {
    let begun = real_now();
    let mut report = Report::default();
    let mut codes = app.read_now(|tx, _| Codes::load(tx, create_missing))?;
    let mut line = 0;
    loop {
        let (gathered, ended) = gather(&mut input, &mut line)?;
        report.add(gathered.report);
        let (part, known) = write(app, Arc::new(gathered.records), codes)?;
        codes = known;
        report.add(part);
        progress(line);
        if ended {
            break;
        }
    }
    report.took(real_now().micros() - begun.micros());
    Ok(report)
}

/// Reads the lines of one transaction; says whether the file has ended.
fn gather(input: &mut impl BufRead, line: &mut u64) -> Result<(Gathered, bool), Error> {
    let mut gathered = Gathered::default();
    for _ in 0..LINES {
        let read =
            lines::next(input).map_err(|error| Error::internal(format!("after line {line}: {error}")))?;
        let Some(read) = read else { return Ok((gathered, true)) };
        *line += 1;
        gathered.take_in(*line, read);
    }
    Ok((gathered, false))
}

impl Gathered {
    fn take_in(&mut self, line: u64, read: Line) {
        let parsed = match &read {
            Line::Bytes(bytes) => {
                let bom: &[u8] = if line == 1 { b"\xEF\xBB\xBF" } else { b"" };
                let bytes = bytes.strip_prefix(bom).unwrap_or(bytes);
                if bytes.trim_ascii().is_empty() {
                    return;
                }
                Numbered::parse(line, bytes)
            }
            Line::TooLong => Err(Rejection {
                line,
                external_id: None,
                code: "line_too_long".to_owned(),
                detail: format!("A line may have {} bytes.", lines::LIMIT),
            }),
        };
        self.report.read += 1;
        match parsed {
            Ok(record) => self.records.push(record),
            Err(rejection) => self.report.reject(rejection),
        }
    }
}

/// Writes the records of one transaction; codes drawn at random that others have are drawn anew.
fn write(app: &App, records: Arc<Vec<Numbered>>, codes: Codes) -> Result<(Report, Codes), Error> {
    let create_missing = codes.create_missing();
    let mut known = Some(codes);
    for attempt in 1.. {
        let (records, mut held) = (Arc::clone(&records), known.take());
        let written = app.write_now(move |tx, world| {
            // An attempt that failed may have added to what it held: the next one looks for itself.
            let codes = held.take().map_or_else(|| Codes::load(tx, create_missing), Ok)?;
            part::write(tx, world, codes, &records)
        });
        match written {
            Err(error) if attempt < ATTEMPTS && is_taken(&error) => {}
            other => return other,
        }
    }
    Err(Error::Busy)
}

fn is_taken(error: &Error) -> bool {
    match error {
        Error::Internal(cause) => cause.downcast_ref::<StoreError>() == Some(&StoreError::Unique),
        _ => false,
    }
}
