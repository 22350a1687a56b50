//! Exports ordered, written, fetched, and read back in every format.

use std::{collections::BTreeMap, io::Cursor};

use calamine::{Data, Reader, Xlsx};
use kiennghi::{
    app::exports::{self, CellKind, Column, Lists, unguarded},
    http::exports::ListsOfApi,
};
use serde_json::{Value, json};

use crate::support::client::{Reply, TestApp};

/// What a file holds: the members of each row by their names, nothing for what is absent.
pub(super) type Rows = Vec<BTreeMap<String, Value>>;

/// Writes everything that was ordered.
pub(crate) fn write(app: &TestApp) -> usize {
    exports::run_due(&app.app, &ListsOfApi, &|| false).expect("exports are written")
}

/// Orders a list and has it written; gives the export as it then stands.
pub(crate) async fn export(app: &TestApp, token: &str, list: &str, format: &str) -> Reply {
    let body = json!({"list": list, "format": format});
    let ordered = app.post("/v1/exports").token(token).key().json(body).call().await.expect(202);
    assert_eq!(ordered.body["state"], "queued");
    assert_eq!(ordered.body["download"], Value::Null);
    assert_eq!(write(app), 1);
    let read = app.get(ordered.field("location")).token(token).call().await.expect(200);
    assert_eq!(read.body["state"], "succeeded", "{}", read.text);
    read
}

/// The file of an export, whose manifest it fits.
pub(crate) async fn fetched(app: &TestApp, export: &Reply) -> Reply {
    let file = app.get(export.body["download"]["href"].as_str().unwrap()).call().await.expect(200);
    assert_eq!(export.body["bytes"], file.bytes.len());
    assert_eq!(export.body["sha256"], sha256(&file.bytes));
    file
}

fn sha256(bytes: &[u8]) -> String {
    kiennghi::app::history::hex(&kiennghi::app::secrets::sha256(bytes))
}

/// The whole list at an address, page by page.
async fn listed(app: &TestApp, token: &str, address: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(format!("{address}&limit=7{cursor}")).token(token).call().await.expect(200);
        items.extend(page.body["items"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Every member of an item by its name, lists as a whole; what is null is absent.
pub(super) fn flat(item: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, name: String, found: &mut BTreeMap<String, Value>) {
        match value {
            Value::Null => {}
            Value::Object(members) => members.iter().for_each(|(member, value)| {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                walk(value, name, found);
            }),
            other => {
                found.insert(name, other.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(item, String::new(), &mut found);
    found
}

pub(crate) fn ndjson(file: &Reply) -> Rows {
    file.text.lines().map(|line| flat(&serde_json::from_str(line).expect("a line of JSON"))).collect()
}

fn columns(path: &str) -> Vec<Column> {
    ListsOfApi.columns(path).expect("a list that is exported")
}

/// The rows of a CSV, each cell read back as what its column holds.
pub(crate) fn csv(file: &Reply, path: &str) -> Rows {
    let columns = columns(path);
    assert!(file.text.ends_with("\r\n"), "lines end as RFC 4180 wants");
    let mut reader = csv::Reader::from_reader(&*file.bytes);
    let heading: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heading, columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    let row = |record: csv::StringRecord| {
        let cells = columns.iter().zip(record.iter()).filter_map(|(column, cell)| {
            let text = unguarded(cell)?;
            let value = match column.kind {
                CellKind::Text | CellKind::Instant | CellKind::Day => json!(text),
                CellKind::Number | CellKind::Truth | CellKind::Json => serde_json::from_str(text).unwrap(),
            };
            Some((column.name.clone(), value))
        });
        cells.collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// The first sheet of a workbook.
pub(crate) fn sheet(file: &Reply) -> calamine::Range<Data> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.bytes.to_vec())).unwrap();
    let formulas = book.worksheet_formula("kiennghi").unwrap();
    assert!(formulas.used_cells().next().is_none(), "nothing is a formula");
    book.worksheet_range("kiennghi").unwrap()
}

/// The rows of a workbook: instants and days as sheets count them, numbers as floats.
pub(super) fn xlsx(file: &Reply, path: &str) -> Rows {
    let (columns, range) = (columns(path), sheet(file));
    let mut rows = range.rows();
    let heading: Vec<_> = rows.next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(heading, columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    let row = |cells: &[Data]| {
        let cells = columns.iter().zip(cells).filter_map(|(column, cell)| {
            let value = match (column.kind, cell) {
                (_, Data::Empty) => return None,
                (CellKind::Instant | CellKind::Day, Data::DateTime(at)) => json!(at.as_f64()),
                (CellKind::Number, Data::Float(count)) => json!(count),
                (CellKind::Truth, Data::Bool(truth)) => json!(truth),
                (CellKind::Text, Data::String(text)) => json!(text),
                (CellKind::Json, Data::String(text)) => serde_json::from_str(text).unwrap(),
                other => panic!("{}: {other:?}", column.name),
            };
            Some((column.name.clone(), value))
        });
        cells.collect()
    };
    rows.map(row).collect()
}

/// The same rows as a sheet has them: civil time in Vietnam, to the millisecond.
pub(super) fn as_sheet(rows: &Rows, path: &str) -> Rows {
    let columns = columns(path);
    let kind = |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.kind);
    let days = |text: &str| {
        let (day, millis) = match text.len() {
            10 => (text.parse::<jiff::civil::Date>().unwrap(), 0),
            _ => {
                let there = text.parse::<jiff::Timestamp>().unwrap().in_tz("Asia/Ho_Chi_Minh").unwrap();
                let since = there.datetime().since(there.date().to_datetime(jiff::civil::Time::midnight()));
                (there.date(), since.unwrap().total(jiff::Unit::Millisecond).unwrap() as i64)
            }
        };
        let since = day.since(jiff::civil::date(1899, 12, 30)).unwrap().get_days();
        f64::from(since) + millis as f64 / 86_400_000.0
    };
    let cell = |(name, value): (&String, &Value)| {
        let value = match kind(name) {
            Some(CellKind::Instant | CellKind::Day) => json!(days(value.as_str().unwrap())),
            Some(CellKind::Number) => json!(value.as_f64().unwrap()),
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

/// Whether two sheets hold the same; times may differ by less than a millisecond.
pub(super) fn assert_same_sheet(one: &Rows, other: &Rows, what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{what}");
        for (name, value) in one {
            let close = value.as_f64().zip(other[name].as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-8);
            assert!(close || value == &other[name], "{what} {name}: {value} {}", other[name]);
        }
    }
}

/// Exports a list in every format and compares each with the list; gives how many rows it has.
pub(crate) async fn agrees(app: &TestApp, token: &str, list: &str) -> usize {
    let path = list.split('?').next().unwrap();
    let lines = export(app, token, list, "ndjson").await;
    let pinned = lines.body["list"].as_str().unwrap().to_owned();
    let shown: Rows = listed(app, token, &pinned).await.iter().map(flat).collect();
    assert_eq!(lines.body["rows"], shown.len(), "{list}");
    assert_eq!(ndjson(&fetched(app, &lines).await), shown, "{list}");
    let table = export(app, token, &pinned, "csv").await;
    assert_eq!(table.body["list"], lines.body["list"], "what is pinned stays so");
    assert_eq!(csv(&fetched(app, &table).await, path), shown, "{list}");
    let book = export(app, token, &pinned, "xlsx").await;
    assert_same_sheet(&xlsx(&fetched(app, &book).await, path), &as_sheet(&shown, path), list);
    shown.len()
}
