//! The server's own statements for a question, read from PostgreSQL's log, with nothing above them: one connection,
//! prepared once, every row fetched.
//!
//! Both databases get the same queries; on SQLite agencies, people and petitions stand under ids of that file.

use std::{collections::HashMap, path::Path};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection};
use rusqlite::{Connection, types::Value as Stored};
use uuid::Uuid;

use crate::{
    Fault,
    capture::{self, Sent},
    postgres::Cluster,
    statement::{Piece, SETUP, elements, pieces, stored},
    timing::{Patience, Times, repeat},
};

/// What both databases call the same thing: a name, and its id there.
const NAMES: &str = "SELECT 'agency ' || code, agency_id FROM agency_version
     UNION ALL SELECT 'official ' || full_name || ' ' || position, id FROM official";

/// The transaction in which the server answered a question; `needle` stands in one of its statements.
pub(crate) fn sent(
    cluster: &Cluster,
    needle: &str,
    ask: impl FnOnce() -> Result<(), Fault>,
) -> Result<Vec<Sent>, Fault> {
    let ((), transactions) = capture::during(&cluster.log(), ask)?;
    let of_question = |all: &Vec<Sent>| all.iter().any(|sent| sent.sql.contains(needle));
    // The server's own figures may ask likewise: the question comes last.
    let found = transactions.into_iter().rev().find(of_question);
    Ok(found.ok_or("the log shows no statement of the request")?)
}

/// Runs them on PostgreSQL.
pub(crate) fn on_postgres(url: &str, sent: &[Sent], patience: Patience) -> Result<Times, Fault> {
    let mut connection = PgConnection::establish(url)?;
    connection.batch_execute("SET TIME ZONE 'UTC'")?;
    let mut run = Vec::new();
    for (number, statement) in sent.iter().enumerate() {
        if !statement.sql.starts_with("SELECT ") {
            run.push(statement.sql.clone());
            continue;
        }
        let text = pieces(&statement.sql).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Value(number) => literal(statement.parameters.get(number)),
        });
        connection.batch_execute(&format!("PREPARE asked_{number} AS {}", text.collect::<String>()))?;
        run.push(format!("EXECUTE asked_{number}"));
    }
    repeat(patience, || Ok(run.iter().try_for_each(|sql| connection.batch_execute(sql))?))
}

fn literal(value: Option<&Option<String>>) -> String {
    match value {
        Some(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        _ => "NULL".to_owned(),
    }
}

/// The ids of PostgreSQL with those of the same things in a file.
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    pub(crate) fn of(cluster: &Cluster, database: &str, file: &Path) -> Result<Self, Fault> {
        let connection = Connection::open(file)?;
        let mut query = connection.prepare(NAMES)?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let own: HashMap<String, Vec<u8>> = rows.collect::<Result<_, _>>()?;
        let there = cluster.ask(database, NAMES)?;
        let both = there.lines().filter_map(|line| {
            let (name, there) = line.rsplit_once('|')?;
            let here = Uuid::from_slice(own.get(name)?).ok()?;
            Some((there.to_owned(), here.to_string()))
        });
        Ok(Self(both.collect()))
    }

    fn here(&self, value: &str) -> Stored {
        stored(self.0.get(value).cloned().unwrap_or_else(|| value.to_owned()))
    }
}

/// Runs them on SQLite.
pub(crate) fn on_sqlite(
    file: &Path,
    names: &Names,
    sent: &[Sent],
    patience: Patience,
) -> Result<Times, Fault> {
    let connection = Connection::open(file)?;
    connection.execute_batch(SETUP)?;
    let mut prepared = Vec::new();
    for statement in sent.iter().filter(|statement| statement.sql.starts_with("SELECT ")) {
        let (sql, values) = translated(statement, names);
        let query = connection.prepare(&sql).map_err(|error| format!("{error}: {sql}"))?;
        prepared.push((query, values));
    }
    let (mut begin, mut commit) = (connection.prepare("BEGIN")?, connection.prepare("COMMIT")?);
    repeat(patience, || {
        begin.execute([])?;
        for (query, values) in &mut prepared {
            let mut rows = query.query(rusqlite::params_from_iter(values.iter()))?;
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
        Ok(())
    })
}

/// `= ANY($1)` becomes `IN (?, ?)`.
fn translated(statement: &Sent, names: &Names) -> (String, Vec<Stored>) {
    let mut sql = String::new();
    let mut values = Vec::new();
    for piece in pieces(&statement.sql) {
        let Piece::Value(number) = piece else {
            if let Piece::Text(text) = piece {
                sql.push_str(&text.replace("= ANY(SELECT", "IN (SELECT"));
            }
            continue;
        };
        let value = statement.parameters.get(number).cloned().flatten();
        let many = sql.strip_suffix("= ANY(").map(str::len).zip(value.as_deref().and_then(elements));
        let before = values.len();
        match (many, &value) {
            (Some((length, all)), _) => {
                sql.truncate(length);
                sql.push_str("IN (");
                values.extend(all.into_iter().map(|one| names.here(one)));
            }
            (None, Some(one)) => values.push(names.here(one)),
            (None, None) => values.push(Stored::Null),
        }
        sql.push_str(&vec!["?"; values.len() - before].join(", "));
    }
    (sql, values)
}
