//! Single bytes changed behind the program's back.

use std::collections::BTreeMap;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use kiennghi::{
    app::{Error, verify},
    domain::id::PetitionId,
    store::{AnyConnection, DatabaseKind, StoreError},
};

use super::{lived_in, zone};
use crate::support::{Case, TestDb, cases, client::TestApp, requests::Dice};

pub(crate) fn cases() -> Vec<Case> {
    cases![every_changed_byte_is_found]
}

/// Each table whose rows derive from events, and to which petition a row belongs.
const TABLES: [(&str, &str); 15] = [
    ("event", "CASE WHEN subject_kind = 'petition' THEN subject_id END"),
    ("event_text", "subject_id"),
    ("reply_revision", "petition_id"),
    ("submitter", "petition_id"),
    ("petition", "id"),
    ("petition_detail", "petition_id"),
    ("petition_span", "petition_id"),
    ("clock_span", "petition_id"),
    ("assignment", "petition_id"),
    ("document", "(SELECT petition_id FROM reply_revision r WHERE r.document_id = document.id LIMIT 1)"),
    ("commitment", "(SELECT petition_id FROM reply_revision r WHERE r.id = commitment.revision_id)"),
    ("delivery", "petition_id"),
    ("rating", "petition_id"),
    ("petition_link", "from_id"),
    ("calendar_move", "petition_id"),
];

/// What no event says: keys drawn at random to which nothing refers, and what a person was called then.
const NOT_DERIVED: [&str; 7] = [
    "petition_span.id",
    "clock_span.id",
    "assignment.id",
    "assignment.full_name",
    "assignment.position",
    "commitment.id",
    "delivery.id",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    two: String,
    #[diesel(sql_type = Text)]
    three: String,
}

fn lines(tx: &mut AnyConnection, query: &str) -> Vec<(String, String, String)> {
    let lines: Vec<Line> = sql_query(query).load(tx).unwrap_or_else(|error| panic!("{query}: {error}"));
    lines.into_iter().map(|line| (line.one, line.two, line.three)).collect()
}

/// How a column's bytes are read, changed and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bytes,
    Uuid,
    Text,
    Json,
    /// So many bytes, from the lowest, may change.
    Whole(usize),
    Instant,
    Day,
    Real,
    YesOrNo,
}

#[derive(Debug, Clone)]
struct Column {
    table: &'static str,
    owner: &'static str,
    name: String,
    form: Form,
}

/// The columns of all tables that hold a value somewhere.
fn columns(tx: &mut AnyConnection) -> Vec<Column> {
    let kind = tx.kind();
    let mut columns = Vec::new();
    for (table, owner) in TABLES {
        let query = match kind {
            DatabaseKind::Sqlite => {
                format!("SELECT name AS one, type AS two, '' AS three FROM pragma_table_info('{table}')")
            }
            DatabaseKind::Postgres => format!(
                "SELECT column_name::text AS one, data_type::text AS two, '' AS three \
                 FROM information_schema.columns WHERE table_name = '{table}' AND table_schema = 'public'"
            ),
        };
        for (name, data_type, _) in lines(tx, &query) {
            let form = match data_type.as_str() {
                "boolean" => Form::YesOrNo,
                "BLOB" | "bytea" => Form::Bytes,
                "uuid" => Form::Uuid,
                "TEXT" | "text" => Form::Text,
                "jsonb" => Form::Json,
                "INTEGER" | "bigint" => Form::Whole(8),
                "integer" => Form::Whole(4),
                "timestamp with time zone" => Form::Instant,
                "date" => Form::Day,
                "REAL" | "double precision" => Form::Real,
                other => panic!("{table}.{name} is {other}"),
            };
            let column = Column { table, owner, name, form };
            if !NOT_DERIVED.contains(&column.full_name().as_str()) {
                columns.push(column);
            }
        }
    }
    columns
}

impl Column {
    fn full_name(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// The rows with a value: key, owner, the value as hexadecimal or decimal digits.
    fn rows(&self, tx: &mut AnyConnection) -> Vec<(String, String, String)> {
        let Self { table, owner, name, form } = self;
        let (key, owner, value) = match tx.kind() {
            DatabaseKind::Sqlite => (
                "CAST(rowid AS TEXT)",
                format!("coalesce(hex({owner}), '')"),
                match form {
                    Form::Whole(_) | Form::YesOrNo => format!("CAST({name} AS TEXT)"),
                    Form::Real => format!("printf('%!.17g', {name})"),
                    _ => format!("hex({name})"),
                },
            ),
            DatabaseKind::Postgres => (
                "ctid::text",
                format!("coalesce(({owner})::text, '')"),
                match form {
                    Form::Bytes => format!("encode({name}, 'hex')"),
                    Form::Uuid => format!("replace({name}::text, '-', '')"),
                    Form::Text | Form::Json => format!("encode(convert_to({name}::text, 'UTF8'), 'hex')"),
                    Form::Whole(_) | Form::Real => format!("{name}::text"),
                    Form::Instant => format!("((extract(epoch FROM {name}) * 1000000)::bigint)::text"),
                    Form::Day => format!("({name} - date '2000-01-01')::text"),
                    Form::YesOrNo => format!("({name}::int)::text"),
                },
            ),
        };
        let query = format!(
            "SELECT {key} AS one, {owner} AS two, {value} AS three FROM {table} WHERE {name} IS NOT NULL ORDER BY 1"
        );
        lines(tx, &query)
    }

    /// The value with one byte changed, as SQL; nothing when the byte chosen cannot be.
    fn changed(&self, kind: DatabaseKind, value: &str, dice: &mut Dice) -> Option<String> {
        let name = "columns hold what their type says";
        let flip = |whole: i64, bytes: usize, dice: &mut Dice| {
            whole ^ ((1 + dice.below(255) as i64) << (8 * dice.below(bytes)))
        };
        let sqlite = kind == DatabaseKind::Sqlite;
        match self.form {
            Form::YesOrNo => Some(if value == "0" { "true" } else { "false" }.to_owned()),
            Form::Whole(bytes) => {
                let changed = flip(value.parse().expect(name), bytes, dice);
                Some(if bytes == 4 { (changed as i32).to_string() } else { changed.to_string() })
            }
            Form::Instant => {
                let changed = flip(value.parse().expect(name), 6, dice);
                Some(format!("timestamptz '1970-01-01 00:00:00+00' + {changed} * interval '1 microsecond'"))
            }
            Form::Day => Some(format!("date '2000-01-01' + {}", flip(value.parse().expect(name), 2, dice))),
            Form::Real => {
                let bits = value.parse::<f64>().expect(name).to_bits();
                let changed = f64::from_bits(flip(bits.cast_signed(), 8, dice).cast_unsigned());
                changed.is_finite().then(|| format!("{changed:e}"))
            }
            Form::Bytes | Form::Uuid | Form::Text | Form::Json => {
                let mut bytes: Vec<u8> = (0..value.len() / 2)
                    .map(|index| u8::from_str_radix(&value[index * 2..index * 2 + 2], 16).expect(name))
                    .collect();
                let at = dice.below(bytes.len());
                *bytes.get_mut(at)? ^= 1 + dice.below(255) as u8;
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = matches!(self.form, Form::Text | Form::Json);
                if text && (std::str::from_utf8(&bytes).is_err() || bytes.contains(&0)) {
                    return None;
                }
                Some(match (self.form, sqlite) {
                    (Form::Bytes | Form::Uuid, true) => format!("X'{hex}'"),
                    (_, true) => format!("CAST(X'{hex}' AS TEXT)"),
                    (Form::Bytes, false) => format!("decode('{hex}', 'hex')"),
                    (Form::Uuid, false) => format!("'{hex}'::uuid"),
                    (Form::Json, false) => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')::jsonb"),
                    (_, false) => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')"),
                })
            }
        }
    }
}

/// Ends a savepoint, so that nothing of it stays.
enum Undone {
    Trouble,
    Found(Option<String>),
}

impl From<StoreError> for Undone {
    fn from(_: StoreError) -> Self {
        Self::Trouble
    }
}

/// Changes one byte, verifies, and takes the change back. Nothing when the database does not take the change, or
/// says that it is none.
fn tamper(
    tx: &mut AnyConnection,
    column: &Column,
    row: &(String, String, String),
    dice: &mut Dice,
) -> Option<(String, Option<String>)> {
    let (key, owner, value) = row;
    let (place, differs) = match tx.kind() {
        DatabaseKind::Sqlite => (format!("rowid = {key}"), "IS NOT"),
        DatabaseKind::Postgres => (format!("ctid = '{key}'"), "IS DISTINCT FROM"),
    };
    let changed = column.changed(tx.kind(), value, dice)?;
    let Column { table, name, .. } = column;
    let update =
        format!("UPDATE {table} SET {name} = {changed} WHERE {place} AND {name} {differs} {changed}");
    let undone = tx.savepoint(|tx| -> Result<(), Undone> {
        match sql_query(&update).execute(tx) {
            Ok(1) => {}
            _ => return Err(Undone::Trouble),
        }
        // Where a row stands in the whole log, and what is no petition's, shows in the whole alone.
        let whole = owner.is_empty() || column.full_name() == "event.position";
        let petition: Option<PetitionId> = owner.parse().ok().filter(|_| !whole);
        let found = match petition {
            Some(id) => verify::petition(tx, &zone(), id).unwrap().map(|finding| finding.to_string()),
            None => {
                let mut first = None;
                verify::run_in(tx, &zone(), None, &mut |told| {
                    if let verify::Told::Finding(finding) = told {
                        first.get_or_insert(finding.to_string());
                    }
                })
                .unwrap();
                first
            }
        };
        Err(Undone::Found(found))
    });
    match undone {
        Err(Undone::Found(found)) => Some((update, found)),
        _ => None,
    }
}

/// Lets changes break references, as whoever has the file or the server can.
fn unbind(tx: &mut AnyConnection) {
    let command = match tx.kind() {
        DatabaseKind::Sqlite => "PRAGMA defer_foreign_keys = ON",
        DatabaseKind::Postgres => "SET LOCAL session_replication_role = replica",
    };
    sql_query(command).execute(tx).unwrap();
}

async fn every_changed_byte_is_found(db: TestDb) {
    let wanted: usize = std::env::var("KIENNGHI_CHANGES").map_or(1_000, |text| text.parse().unwrap());
    let app = lived_in(db).await;
    kiennghi::app::routine::number_events(&app.app).unwrap();
    let tried = app.app.write_now(move |tx, _| {
        unbind(tx);
        let columns = columns(tx);
        let (with, without): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .map(|column| {
                let rows = column.rows(tx);
                (column, rows)
            })
            .partition(|(_, rows)| !rows.is_empty());
        let mut dice = Dice::new(20_261_124);
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        let mut missed = Vec::new();
        let mut done = 0;
        while done < wanted {
            // Every column in turn, a row and a byte at random.
            let (column, rows) = &with[done % with.len()];
            let row = &rows[dice.below(rows.len())];
            let Some((update, found)) = (0..50).find_map(|_| tamper(tx, column, row, &mut dice)) else {
                panic!("no byte of {} could be changed", column.full_name());
            };
            done += 1;
            *tried.entry(column.table.to_owned()).or_default() += 1;
            if found.is_none() {
                missed.push(update);
            }
        }
        let empty: Vec<String> = without.iter().map(|(column, _)| column.full_name()).collect();
        assert!(missed.is_empty(), "{} of {done} were missed: {missed:#?}", missed.len());
        println!("{done} single bytes changed, each found; by table {tried:?}; columns without any value: {empty:?}");
        Ok::<_, Error>(tried)
    });
    assert!(
        ["event", "event_text", "reply_revision", "submitter"]
            .iter()
            .all(|table| tried.as_ref().unwrap()[*table] > 0)
    );
}

/// Removes the petition that came last with everything that is kept of it.
pub(super) fn forget_last_petition(app: &TestApp) {
    app.app
        .write_now(|tx, _| {
            unbind(tx);
            let last = "(SELECT subject_id FROM event ORDER BY position DESC LIMIT 1)";
            for table in [
                "event_text",
                "petition_reminder",
                "petition_span",
                "clock_span",
                "petition_detail",
                "petition",
                "event",
            ] {
                let key = match table {
                    "event" | "event_text" => "subject_id",
                    "petition" => "id",
                    _ => "petition_id",
                };
                sql_query(format!("DELETE FROM {table} WHERE {key} = {last}")).execute(tx).unwrap();
            }
            Ok(())
        })
        .unwrap();
}
