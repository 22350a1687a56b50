//! The export of everything: how long it takes, and what memory the server holds before and during it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{Fault, client::request, questions::Reader, server::Served};

/// How often it is looked whether the file is there.
const GLANCE: Duration = Duration::from_millis(500);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Has all petitions written as NDJSON; gives what is to be told of it.
pub(crate) fn everything(server: &Served, reader: &Reader<'_>) -> Result<String, Fault> {
    let ((), before) = server.watched(|| thread::sleep(GLANCE));
    let before = before.ok_or("the system does not tell of memory")?;
    let begun = Instant::now();
    let (made, most) = server.watched(|| written(server, reader));
    let (made, seconds) = (made?, begun.elapsed().as_secs_f64());
    let count = |name: &str| made.get(name).and_then(Value::as_u64).ok_or("an export without counts");
    let (rows, bytes) = (count("rows")?, count("bytes")?);
    Ok(format!(
        "an export of {rows} rows, {} MiB of NDJSON, took {seconds:.0} s ({:.0} rows a second); the server held {before} MiB \
         before and {} MiB at most meanwhile",
        bytes / 1024 / 1024,
        rows as f64 / seconds,
        most.unwrap_or_default(),
    ))
}

/// Orders it, and waits for its end.
fn written(server: &Served, reader: &Reader<'_>) -> Result<Value, Fault> {
    let body = json!({"list": "/v1/petitions?sort=received_at", "format": "ndjson"}).to_string();
    let order = request("POST", "/v1/exports", &[("Authorization", reader.bearer())], &body);
    let ordered: Value = serde_json::from_slice(&server.ask(&order)?)?;
    let id = ordered.get("id").and_then(Value::as_str).ok_or("an export without an id")?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        thread::sleep(GLANCE);
        let export: Value =
            serde_json::from_slice(&server.ask(&reader.request(&format!("/v1/exports/{id}")))?)?;
        match export.get("state").and_then(Value::as_str) {
            Some("queued" | "running") => {}
            Some("succeeded") => return Ok(export),
            _ => return Err(format!("the export ended otherwise: {export}").into()),
        }
    }
    Err("the export did not end".into())
}
