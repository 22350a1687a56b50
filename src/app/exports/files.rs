//! Tables as files, row by row: what is written is not kept in memory.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::digest::{Context, SHA256};
use jiff::{civil::date, tz::TimeZone};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;

use super::cells::{CellKind, Column};
use crate::{
    app::Error,
    domain::{
        time::{Day, Instant},
        vocabulary::ExportFormat,
    },
};

/// The most rows a sheet has below its heading.
pub(super) const SHEET_ROWS: i64 = 1_048_575;
/// From so many rows on a workbook may be larger than 4 GiB before it is packed.
const LARGE: u32 = 200_000;
/// The longest text a cell of a sheet holds, in UTF-16 units.
const CELL: usize = 32_767;
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A table that is being written.
pub(super) struct Table {
    columns: Vec<Column>,
    into: Into,
}

enum Into {
    Ndjson(BufWriter<File>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Xlsx(Box<Sheet>),
}

/// A workbook whose rows go to a temporary file at once.
struct Sheet {
    file: File,
    workbook: Workbook,
    zone: TimeZone,
    next: u32,
    at: Format,
    on: Format,
}

impl Table {
    /// Begins a table in a new file; `about` is said on a second sheet, where there can be one.
    pub(super) fn begin(
        path: &Path,
        (format, bom): (ExportFormat, bool),
        columns: Vec<Column>,
        zone: &TimeZone,
        about: &[(&str, String)],
    ) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(Error::internal)?;
        let into = match format {
            ExportFormat::Ndjson => Into::Ndjson(BufWriter::new(file)),
            ExportFormat::Csv => {
                let mut file = BufWriter::new(file);
                if bom {
                    file.write_all(MARK).map_err(Error::internal)?;
                }
                // RFC 4180 §2: lines end with CRLF.
                let mut lines = csv::WriterBuilder::new();
                let mut csv = lines.terminator(csv::Terminator::CRLF).from_writer(file);
                csv.write_record(columns.iter().map(|column| &column.name)).map_err(Error::internal)?;
                Into::Csv(Box::new(csv))
            }
            ExportFormat::Xlsx => Into::Xlsx(Box::new(
                Sheet::begin(file, path, &columns, zone, about).map_err(Error::internal)?,
            )),
        };
        Ok(Self { columns, into })
    }

    /// Adds rows.
    pub(super) fn add(&mut self, items: &[Value]) -> Result<(), Error> {
        let columns = &self.columns;
        match &mut self.into {
            Into::Ndjson(file) => items.iter().try_for_each(|item| {
                serde_json::to_writer(&mut *file, item).map_err(Error::internal)?;
                file.write_all(b"\n").map_err(Error::internal)
            }),
            Into::Csv(csv) => items.iter().try_for_each(|item| {
                let cells = columns.iter().map(|column| column.text(item));
                csv.write_record(cells.map(|cell| cell.into_owned())).map_err(Error::internal)
            }),
            Into::Xlsx(sheet) => {
                items.iter().try_for_each(|item| sheet.add(columns, item)).map_err(Error::internal)
            }
        }
    }

    /// Ends the file, and has it on the disk.
    pub(super) fn end(self) -> Result<(), Error> {
        let file = match self.into {
            Into::Ndjson(file) => file.into_inner().map_err(|error| Error::internal(error.to_string()))?,
            Into::Csv(csv) => {
                let file = csv.into_inner().map_err(|error| Error::internal(error.to_string()))?;
                file.into_inner().map_err(|error| Error::internal(error.to_string()))?
            }
            Into::Xlsx(mut sheet) => {
                // Beyond 4 GiB a ZIP file is of another kind, which old readers do not know.
                sheet.workbook.use_zip_large_file(sheet.next > LARGE);
                sheet.workbook.save_to_writer(&mut sheet.file).map_err(Error::internal)?;
                sheet.file
            }
        };
        file.sync_all().map_err(Error::internal)
    }
}

impl Sheet {
    fn begin(
        file: File,
        path: &Path,
        columns: &[Column],
        zone: &TimeZone,
        about: &[(&str, String)],
    ) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        if let Some(folder) = path.parent() {
            workbook.set_tempdir(folder)?;
        }
        let heading = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name("kiennghi")?.set_freeze_panes(1, 0)?;
        for (number, column) in (0..).zip(columns) {
            let width = if matches!(column.kind, CellKind::Instant) { 20.0 } else { 16.0 };
            sheet.set_column_width(number, width)?;
            sheet.write_string_with_format(0, number, &column.name, &heading)?;
        }
        let sheet = workbook.add_worksheet();
        sheet.set_name("about")?.set_column_width(0, 20.0)?.set_column_width(1, 100.0)?;
        for (row, (name, value)) in (0..).zip(about) {
            sheet.write_string_with_format(row, 0, *name, &heading)?.write_string(row, 1, value)?;
        }
        let (at, on) = ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd");
        let (at, on) = (Format::new().set_num_format(at), Format::new().set_num_format(on));
        Ok(Self { file, workbook, zone: zone.clone(), next: 1, at, on })
    }

    /// Adds a row. Texts are written as texts, never as formulas or links.
    fn add(&mut self, columns: &[Column], item: &Value) -> Result<(), XlsxError> {
        let row = self.next;
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (number, column) in (0..).zip(columns) {
            let Some(value) = column.of(item) else { continue };
            let serial = value.as_str().and_then(|text| match column.kind {
                CellKind::Instant => text.parse().ok().map(|at| (serial_at(at, &self.zone), &self.at)),
                CellKind::Day => text.parse().ok().map(|on| (serial_on(on), &self.on)),
                _ => None,
            });
            match (serial, value) {
                (Some((serial, format)), _) => {
                    sheet.write_number_with_format(row, number, serial, format)?;
                }
                (None, Value::Number(count)) => {
                    sheet.write_number(row, number, count.as_f64().unwrap_or_default())?;
                }
                (None, Value::Bool(truth)) => {
                    sheet.write_boolean(row, number, *truth)?;
                }
                (None, Value::String(text)) => {
                    sheet.write_string(row, number, fitting(text))?;
                }
                (None, other) => {
                    sheet.write_string(row, number, fitting(&other.to_string()))?;
                }
            }
        }
        self.next += 1;
        Ok(())
    }
}

/// As much of a text as a cell holds; what is cut ends with an ellipsis.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= CELL {
        return text.to_owned();
    }
    let mut units = 1;
    let kept = text.chars().take_while(|letter| {
        units += letter.len_utf16();
        units <= CELL
    });
    kept.chain(['…']).collect()
}

/// The days since 30 December 1899, as sheets count them.
fn serial_on(day: Day) -> f64 {
    let days = Day::new(date(1899, 12, 30)).days_until(day);
    // Civil days are far below the whole numbers that a float keeps.
    i32::try_from(days).map_or(0.0, f64::from)
}

/// An instant in civil time of the zone, to the millisecond: sheets know no zones.
fn serial_at(at: Instant, zone: &TimeZone) -> f64 {
    let time = at.time(zone);
    let seconds = (i32::from(time.hour()) * 60 + i32::from(time.minute())) * 60 + i32::from(time.second());
    let milliseconds = f64::from(seconds) * 1000.0 + f64::from(time.millisecond());
    serial_on(at.day(zone)) + milliseconds / 86_400_000.0
}

/// How long a file is in bytes, and its SHA-256.
pub(super) fn measure(path: &Path) -> Result<(i64, Vec<u8>), Error> {
    let mut file = File::open(path).map_err(Error::internal)?;
    let (mut context, mut part, mut bytes) = (Context::new(&SHA256), vec![0; 1 << 16], 0_usize);
    loop {
        let read = file.read(&mut part).map_err(Error::internal)?;
        let Some(some) = part.get(..read).filter(|some| !some.is_empty()) else { break };
        context.update(some);
        bytes += read;
    }
    Ok((bytes.try_into().map_err(Error::internal)?, context.finish().as_ref().to_vec()))
}
