//! SQLite alone, by one thread: the rows of a write, the queries of a read, nothing above them.
//!
//! The statements are those that the server sends to PostgreSQL, since both databases get the same queries; ids of
//! agencies and petitions are put in the terms of this file.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ToSql,
    types::{ToSqlOutput, Value as Stored},
};
use uuid::Uuid;

use crate::{
    Fault,
    pgbench::word,
    script::{self, Form, Fresh, Script, Value},
    statement::{Piece, SETUP, bytes_of, elements, pieces, stored},
};

/// Counts the petitions that transitions have moved, on both databases.
pub(crate) const MOVED: &str =
    "SELECT count(*) FROM petition WHERE state = 'classified' AND provenance = 'native'";

/// A file with nothing above it.
pub(crate) struct Bare {
    connection: Connection,
    /// Ids of PostgreSQL with those of the same things here.
    here: HashMap<String, String>,
    /// The petitions that are read.
    petitions: Vec<Uuid>,
}

/// A value to bind.
enum Bound {
    Fixed(Stored),
    Fresh(Fresh),
    Petition,
}

/// What the tests of the two databases call the same thing: a name, and its id there.
pub(crate) const NAMES: &str = "SELECT 'agency ' || code, agency_id FROM agency_version
     UNION ALL SELECT 'petition ' || external_id, petition_id FROM external_ref";

/// How many events have no number yet.
pub(crate) const UNNUMBERED: &str = "SELECT count(*) FROM event WHERE position IS NULL";

/// The same of a file that a server has open.
pub(crate) fn unnumbered(file: &Path) -> Result<u64, Fault> {
    let count: i64 = Connection::open(file)?.query_row(UNNUMBERED, [], |row| row.get(0))?;
    Ok(count.try_into()?)
}

/// Copies a file at rest, with what its log may still hold.
pub(crate) fn copy(file: &Path, copy: &Path) -> Result<(), Fault> {
    Connection::open(file)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    std::fs::copy(file, copy)?;
    Ok(())
}

impl Bare {
    /// Opens a file that holds the same backlog as the PostgreSQL whose `names` are given: lines of `NAME|ID`.
    pub(crate) fn open(file: &Path, names: &str) -> Result<Self, Fault> {
        let connection = Connection::open(file)?;
        connection.execute_batch(SETUP)?;
        let mut own = HashMap::new();
        let mut petitions = Vec::new();
        {
            let mut query = connection.prepare(NAMES)?;
            let rows =
                query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            for row in rows {
                let (name, id) = row?;
                let id = Uuid::from_slice(&id)?;
                if name.starts_with("petition ") && petitions.len() < 1_000 {
                    petitions.push(id);
                }
                own.insert(name, id.to_string());
            }
        }
        let here = names.lines().filter_map(|line| {
            let (name, there) = line.rsplit_once('|')?;
            Some((there.to_owned(), own.get(name)?.clone()))
        });
        Ok(Self { here: here.collect(), connection, petitions })
    }

    /// Writes the rows of a script in groups of so many, from a number on; gives how many in a second, and the next
    /// number. Ends early at `end`.
    pub(crate) fn write(
        &self,
        script: &Script,
        numbers: std::ops::Range<u64>,
        group: u64,
        duration: Duration,
    ) -> Result<(f64, u64), Fault> {
        let parts = script.plain();
        let parts: Vec<_> = parts.statements.iter().filter(|part| script::is_write(&part.sql)).collect();
        let mut prepared = self.prepare(&parts)?;
        let mut begin = self.connection.prepare("BEGIN IMMEDIATE")?;
        let mut commit = self.connection.prepare("COMMIT")?;
        let begun = Instant::now();
        let mut number = numbers.start;
        while begun.elapsed() < duration && number < numbers.end {
            begin.execute([])?;
            for _ in 0..group.min(numbers.end - number) {
                for (statement, bounds) in &mut prepared {
                    let row = Row { bounds, number, petition: Uuid::nil() };
                    row.bind(statement)?;
                    // A write may return its row.
                    let mut rows = statement.raw_query();
                    while rows.next()?.is_some() {}
                }
                number += 1;
            }
            commit.execute([])?;
        }
        Ok(((number - numbers.start) as f64 / begun.elapsed().as_secs_f64(), number))
    }

    /// How many submitted petitions are classified.
    pub(crate) fn moved(&self) -> Result<u64, Fault> {
        let count: i64 = self.connection.query_row(MOVED, [], |row| row.get(0))?;
        Ok(count.try_into()?)
    }

    /// Runs the queries of a script, each time for another petition; gives how many times in a second.
    pub(crate) fn read(&self, script: &Script, duration: Duration) -> Result<f64, Fault> {
        let parts: Vec<_> = script.statements.iter().filter(|part| part.sql.starts_with("SELECT ")).collect();
        let mut prepared = self.prepare(&parts)?;
        let mut begin = self.connection.prepare("BEGIN")?;
        let mut commit = self.connection.prepare("COMMIT")?;
        let begun = Instant::now();
        let mut count = 0;
        for petition in self.petitions.iter().cycle() {
            if begun.elapsed() >= duration {
                break;
            }
            begin.execute([])?;
            for (statement, bounds) in &mut prepared {
                let row = Row { bounds, number: 0, petition: *petition };
                row.bind(statement)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    // Each column is fetched, as it is for an answer.
                    let mut column = 0;
                    while let Ok(value) = row.get_ref(column) {
                        std::hint::black_box(value);
                        column += 1;
                    }
                }
            }
            commit.execute([])?;
            count += 1;
        }
        Ok(f64::from(count) / begun.elapsed().as_secs_f64())
    }

    fn prepare(
        &self,
        parts: &[&script::Statement],
    ) -> Result<Vec<(rusqlite::Statement<'_>, Vec<Bound>)>, Fault> {
        let prepare = |part: &&script::Statement| {
            let (sql, bounds) = self.translate(part);
            let statement = self.connection.prepare(&sql).map_err(|error| format!("{error}: {sql}"))?;
            Ok((statement, bounds))
        };
        parts.iter().map(prepare).collect()
    }

    /// `= ANY($1)` becomes `IN (?, ?)`; a column left to its default is NULL, as no column has another.
    fn translate(&self, statement: &script::Statement) -> (String, Vec<Bound>) {
        let mut sql = String::new();
        let mut bounds = Vec::new();
        for piece in pieces(&statement.sql) {
            let Piece::Value(number) = piece else {
                if let Piece::Text(text) = piece {
                    sql.push_str(&text.replace("DEFAULT", "NULL").replace("= ANY(SELECT", "IN (SELECT"));
                }
                continue;
            };
            let value = statement.values.get(number).cloned().unwrap_or(Value::Null);
            let values = match sql.strip_suffix("= ANY(").map(str::len) {
                Some(length) => {
                    sql.truncate(length);
                    sql.push_str("IN (");
                    list(value)
                }
                None => vec![value],
            };
            sql.push_str(&vec!["?"; values.len()].join(", "));
            bounds.extend(values.into_iter().map(|value| self.bound(value)));
        }
        (sql, bounds)
    }

    fn bound(&self, value: Value) -> Bound {
        match value {
            Value::Null | Value::Ids(_) => Bound::Fixed(Stored::Null),
            Value::Same(text) => Bound::Fixed(stored(self.here.get(&text).cloned().unwrap_or(text))),
            Value::Fresh(fresh) => Bound::Fresh(fresh),
            Value::Petition => Bound::Petition,
        }
    }
}

/// The values of one run of a statement.
struct Row<'b> {
    bounds: &'b [Bound],
    number: u64,
    petition: Uuid,
}

impl Row<'_> {
    fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        for (index, bound) in self.bounds.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, Single { bound, row: self })?;
        }
        Ok(())
    }
}

struct Single<'b> {
    bound: &'b Bound,
    row: &'b Row<'b>,
}

impl ToSql for Single<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.bound {
            Bound::Fixed(value) => ToSqlOutput::Borrowed(value.into()),
            Bound::Fresh(fresh) => ToSqlOutput::Owned(made(fresh, self.row.number)),
            Bound::Petition => ToSqlOutput::Owned(Stored::Blob(self.row.petition.as_bytes().to_vec())),
        })
    }
}

fn made(fresh: &Fresh, number: u64) -> Stored {
    match &fresh.form {
        Form::Id => {
            let model = Uuid::try_parse(&fresh.model).unwrap_or_default().as_u128();
            let start = model >> 64 << 64;
            // The variant of a UUID, the slot, and the number in the last 48 bits.
            let end = (0b10_u64 << 62) | ((fresh.slot as u64) << 48) | number;
            Stored::Blob((start | u128::from(end)).to_be_bytes().to_vec())
        }
        Form::Bytes => {
            let mut bytes = bytes_of(&fresh.model).unwrap_or_default();
            bytes.truncate(bytes.len().saturating_sub(8));
            bytes.extend(number.to_be_bytes());
            Stored::Blob(bytes)
        }
        Form::Word => Stored::Text(format!("{}{number:012}", word(&fresh.model))),
    }
}

/// The elements of an array.
fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Ids(ids) => ids,
        Value::Same(text) => match elements(&text) {
            Some(elements) => elements.into_iter().map(|element| Value::Same(element.to_owned())).collect(),
            None => vec![Value::Same(text)],
        },
        other => vec![other],
    }
}
