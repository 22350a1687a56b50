//! A backlog for every run: the same records, of which thousands are overdue whenever it runs.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::{Value, json};

use crate::{Fault, server::Installation};

/// How many records there are.
pub(crate) const RECORDS: usize = 20_000;
/// The agencies that hold them.
const AGENCIES: usize = 20;

/// Writes the records as an import file: a quarter open and overdue, a quarter open and due in 2099, the others
/// closed.
pub(crate) fn write(file: &Path) -> Result<(), Fault> {
    let mut out = BufWriter::new(File::create(file)?);
    for number in 0..RECORDS {
        let day =
            |month: usize| format!("2025-{:02}-{:02}T08:00:00+07:00", month + number % 3, 1 + number % 28);
        let (due, closed) = match number % 4 {
            0 => (day(5), None),
            1 => ("2099-06-01T08:00:00+07:00".to_owned(), None),
            _ => (day(5), Some(day(4))),
        };
        let record = json!({
            "source_system": "bench", "external_id": number.to_string(), "kind": "feedback", "channel": "hotline",
            "title": format!("Đèn đường hỏng ở ngõ {number}"),
            "content": "Ba đèn liền nhau tắt từ tuần trước, buổi tối rất tối, người đi bộ khó thấy ổ gà.",
            "field_code": format!("bench_{}", number % 7), "agency_code": format!("B.{}", number % AGENCIES),
            "received_at": day(1), "due_at": due, "closed_at": closed,
            "reply_text": closed.as_ref().map(|_| "Đã thay ba bóng đèn."),
            "location_text": format!("Ngõ {number}"), "latitude": 10.95, "longitude": 106.85,
        });
        writeln!(out, "{record}")?;
    }
    Ok(out.flush()?)
}

/// Imports the file, with the agencies and fields it names.
pub(crate) fn import(installation: &Installation, file: &Path) -> Result<(), Fault> {
    let file = file.to_str().ok_or("the path of the backlog must be UTF-8")?;
    let report: Value = serde_json::from_str(&installation.run(&["import", "--create-missing", file], "")?)?;
    match report.get("rejected").and_then(Value::as_u64) {
        Some(0) => Ok(()),
        _ => Err(format!("the import rejected records: {report}").into()),
    }
}
