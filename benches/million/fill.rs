//! Petitions straight into the tables: told by several threads, written by one, without indexes until the end.

use std::{
    io::{BufWriter, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use rusqlite::{
    Connection, Statement, ToSql,
    types::{ToSqlOutput, Value as Stored, ValueRef},
};

use crate::{
    Fault,
    ground::Ground,
    life::Life,
    postgres::Cluster,
    progress,
    rows::{self, Cell, Sink, TABLES, Table},
    story,
};

/// How many petitions go from one thread to the other at once.
const CHUNK: u64 = 500;
/// How many chunks SQLite writes in a transaction.
const CHUNKS_TOGETHER: u64 = 100;
/// How often a line tells how far it is.
const TOLD: u64 = 100_000;

/// What comes from a thread that tells.
type Told<'g> = Result<Vec<Life<'g>>, Fault>;

/// Tells so many petitions and hands them over in their order; after each chunk `paused` may end a transaction.
fn told(
    ground: &Ground,
    count: u64,
    mut position: i64,
    sink: &mut dyn Sink,
    mut paused: impl FnMut(u64) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let chunks = count.div_ceil(CHUNK);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let mut receivers = Vec::new();
        for first in 0..threads as u64 {
            let (sender, receiver) = sync_channel::<Told<'_>>(2);
            receivers.push(receiver);
            scope.spawn(move || {
                for chunk in (first..chunks).step_by(threads) {
                    let numbers = chunk * CHUNK..((chunk + 1) * CHUNK).min(count);
                    let lives = numbers.map(|number| story::tell(ground, number, count)).collect();
                    // Nobody listens any more after a fault.
                    if sender.send(lives).is_err() {
                        return;
                    }
                }
            });
        }
        for (chunk, receiver) in (0..chunks).zip(receivers.iter().cycle()) {
            for life in receiver.recv()?? {
                rows::put(&life, &mut position, sink)?;
            }
            if (chunk * CHUNK).is_multiple_of(TOLD) {
                progress(&format!("{} of {count} petitions", chunk * CHUNK));
            }
            paused(chunk)?;
        }
        Ok(())
    })
}

fn names() -> String {
    TABLES.iter().map(|table| format!("'{}'", table.name)).collect::<Vec<_>>().join(", ")
}

/// Half a file is thrown away: nothing need be safe before the end.
const ALONE: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
    PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1048576; PRAGMA temp_store = MEMORY; PRAGMA threads = 2;";

/// Takes a file for oneself; whoever has just read it may need a moment to let go.
fn alone(connection: &Connection) -> Result<(), Fault> {
    for _ in 0..100 {
        if connection.execute_batch(ALONE).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(connection.execute_batch(ALONE)?)
}

/// Fills a SQLite file, whose installation is there.
pub(crate) fn sqlite(file: &Path, ground: &Ground, count: u64) -> Result<(), Fault> {
    let connection = Connection::open(file)?;
    alone(&connection)?;
    // In the order in which they were made: of two that cost the same, SQLite takes the younger.
    let indexes: Vec<(String, String)> = connection
        .prepare(&format!(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({}) ORDER BY rowid",
            names()
        ))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let first: i64 =
        connection.query_row("SELECT coalesce(max(position), 0) + 1 FROM event", [], |row| row.get(0))?;
    let statements = TABLES.iter().map(|table| connection.prepare(&insert(table)));
    let mut sink = SqliteSink { statements: statements.collect::<Result<_, _>>()? };
    connection.execute_batch("BEGIN")?;
    told(ground, count, first, &mut sink, |chunk| {
        if chunk % CHUNKS_TOGETHER == CHUNKS_TOGETHER - 1 {
            connection.execute_batch("COMMIT; BEGIN")?;
        }
        Ok(())
    })?;
    connection.execute_batch("COMMIT")?;
    drop(sink);
    progress("indexes");
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    progress("ANALYZE");
    Ok(connection.execute_batch("ANALYZE; PRAGMA journal_mode = WAL")?)
}

fn insert(table: &Table) -> String {
    let gaps = vec!["?"; table.columns.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({gaps})", table.name, table.columns.join(", "))
}

struct SqliteSink<'c> {
    statements: Vec<Statement<'c>>,
}

impl Sink for SqliteSink<'_> {
    fn put(&mut self, table: usize, row: &[Cell<'_>]) -> Result<(), Fault> {
        let statement = self.statements.get_mut(table).ok_or("no such table")?;
        for (index, cell) in row.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, cell)?;
        }
        statement.raw_execute()?;
        Ok(())
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Stored::Null),
            Self::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Whole(number) => ToSqlOutput::Owned(Stored::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(Stored::Real(*number)),
            Self::Yes(yes) => ToSqlOutput::Owned(Stored::Integer((*yes).into())),
            Self::At(at) => ToSqlOutput::Owned(Stored::Integer(at.micros())),
            Self::On(day) => ToSqlOutput::Owned(Stored::Text(day.to_string())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Takes the indexes away that no constraint stands on, and notes how to make them anew.
const WITHOUT_INDEXES: &str = "
    CREATE TABLE bench_index AS SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename IN (NAMES)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname);
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT indexname FROM bench_index LOOP EXECUTE 'DROP INDEX ' || quote_ident(one.indexname); END LOOP;
    END $$";
const WITH_INDEXES: &str = "
    SET maintenance_work_mem = '512MB';
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT indexdef FROM bench_index LOOP EXECUTE one.indexdef; END LOOP;
    END $$;
    DROP TABLE bench_index";

/// Fills a database of PostgreSQL, whose installation is there.
pub(crate) fn postgres(cluster: &Cluster, database: &str, ground: &Ground, count: u64) -> Result<(), Fault> {
    cluster.ask(database, &WITHOUT_INDEXES.replace("NAMES", &names()))?;
    let first = cluster.ask(database, "SELECT coalesce(max(position), 0) + 1 FROM event")?.trim().parse()?;
    let copies = TABLES.iter().map(|table| CopyIn::begin(cluster, database, table));
    let mut sink = PostgresSink { copies: copies.collect::<Result<_, _>>()?, line: Vec::new() };
    told(ground, count, first, &mut sink, |_| Ok(()))?;
    sink.copies.into_iter().try_for_each(CopyIn::end)?;
    progress("indexes");
    cluster.ask(database, WITH_INDEXES)?;
    progress("VACUUM ANALYZE");
    cluster.ask(database, "VACUUM ANALYZE")?;
    cluster.ask(database, "CHECKPOINT")?;
    Ok(())
}

/// A COPY that goes on, by a psql of its own.
struct CopyIn {
    psql: Child,
    pipe: BufWriter<ChildStdin>,
}

impl CopyIn {
    fn begin(cluster: &Cluster, database: &str, table: &Table) -> Result<Self, Fault> {
        let copy = format!("COPY {} ({}) FROM STDIN", table.name, table.columns.join(", "));
        let mut command = cluster.tool("psql", database);
        // Rows come table by table in no order: references are not looked up.
        command.env("PGOPTIONS", "-c session_replication_role=replica");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &copy]).stdin(Stdio::piped());
        let mut psql = command.spawn()?;
        let pipe = psql.stdin.take().ok_or("no pipe")?;
        Ok(Self { psql, pipe: BufWriter::with_capacity(1 << 20, pipe) })
    }

    fn end(self) -> Result<(), Fault> {
        let Self { mut psql, mut pipe } = self;
        pipe.flush()?;
        drop(pipe);
        if psql.wait()?.success() { Ok(()) } else { Err("a COPY failed; see above".into()) }
    }
}

struct PostgresSink {
    copies: Vec<CopyIn>,
    line: Vec<u8>,
}

impl Sink for PostgresSink {
    fn put(&mut self, table: usize, row: &[Cell<'_>]) -> Result<(), Fault> {
        self.line.clear();
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                self.line.push(b'\t');
            }
            write_cell(&mut self.line, cell)?;
        }
        self.line.push(b'\n');
        Ok(self.copies.get_mut(table).ok_or("no such table")?.pipe.write_all(&self.line)?)
    }
}

fn write_cell(line: &mut Vec<u8>, cell: &Cell<'_>) -> Result<(), Fault> {
    match cell {
        Cell::Null => line.extend(b"\\N"),
        Cell::Id(id) => write!(line, "{id}")?,
        Cell::Text(text) => text.bytes().for_each(|byte| match byte {
            b'\\' => line.extend(b"\\\\"),
            b'\t' => line.extend(b"\\t"),
            b'\n' => line.extend(b"\\n"),
            other => line.push(other),
        }),
        Cell::Whole(number) => write!(line, "{number}")?,
        Cell::Real(number) => write!(line, "{number}")?,
        Cell::Yes(yes) => line.push(if *yes { b't' } else { b'f' }),
        Cell::At(at) => write!(line, "{at}")?,
        Cell::On(day) => write!(line, "{day}")?,
        Cell::Bytes(bytes) => {
            line.extend(b"\\\\x");
            bytes.iter().try_for_each(|byte| write!(line, "{byte:02x}"))?;
        }
    }
    Ok(())
}
