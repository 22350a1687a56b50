//! The order of things: each database with each size is made where it is not there yet, and measured right after.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Arguments, Database, Fault,
    bare::{self, Names},
    capture::Sent,
    client::Connection,
    export, fill,
    ground::{self, AUDITOR, Ground},
    postgres::{self, Cluster},
    progress,
    questions::{self, About, Asked, Question, Reader},
    report::{self, Measured, short},
    server::{Installation, Served},
    timing::{Patience, Times, repeat},
};

/// How often a question is asked at most.
const MOST: usize = 1_000;
/// A database that is renamed must be nobody's.
const LEAVE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'filling'";
/// What PostgreSQL is asked to note of a question before its statements are known.
const LOGGED: &str = "SET log_statement = 'all'";

/// A run of everything.
struct Bench<'a> {
    arguments: &'a Arguments,
    folder: PathBuf,
    cluster: Option<Cluster>,
    /// The server's statements for each question over so many petitions.
    sent: HashMap<(u64, Question), Vec<Sent>>,
    notes: Vec<String>,
}

/// Runs everything and prints a table for each database.
pub(crate) fn all(arguments: &Arguments) -> Result<(), Fault> {
    let temporary: TempDir;
    let folder = match &arguments.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            folder.canonicalize()?
        }
        None => {
            temporary = tempfile::tempdir()?;
            temporary.path().to_owned()
        }
    };
    let cluster = match postgres::find() {
        Some(binaries) if arguments.databases.contains(&Database::Postgres) => {
            let kept = folder.join("postgres");
            Some(Cluster::start(binaries, arguments.folder.is_some().then_some(kept.as_path()))?)
        }
        _ => None,
    };
    let mut bench = Bench { arguments, folder, cluster, sent: HashMap::new(), notes: Vec::new() };
    bench.about()?;
    for database in &arguments.databases {
        let mut measured = Vec::new();
        for size in &arguments.sizes {
            match database {
                Database::Postgres => bench.on_postgres(*size, &mut measured)?,
                Database::Sqlite => bench.on_sqlite(*size, &mut measured)?,
            }
        }
        if !measured.is_empty() {
            report::print(*database, &arguments.sizes, &measured)?;
        }
    }
    report::print_notes(&bench.notes)
}

impl Bench<'_> {
    fn about(&mut self) -> Result<(), Fault> {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let build = if cfg!(debug_assertions) { "a DEBUG build: worth nothing" } else { "a release build" };
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("unknown").to_owned();
        self.notes.push(format!(
            "{cores} cores, which client, server and database share; {build}; load {load} at the beginning."
        ));
        match &self.cluster {
            Some(cluster) => {
                self.notes.push(format!("PostgreSQL {}, over a Unix socket.", cluster.version()?))
            }
            None => self.notes.push(
                "Without PostgreSQL there is no bare SQL: the server's statements are read from its log."
                    .to_owned(),
            ),
        }
        Ok(())
    }

    fn installation(&self, url: String) -> Installation {
        Installation { url, folder: self.folder.clone(), log: "warn".to_owned() }
    }

    fn patience(&self) -> Patience {
        let Arguments { seconds, least, .. } = self.arguments;
        Patience { time: Duration::from_secs(*seconds), least: *least, most: MOST }
    }

    fn on_postgres(&mut self, size: u64, measured: &mut Vec<Measured>) -> Result<(), Fault> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        let name = format!("petitions_{size}");
        let there = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        if cluster.ask("postgres", &there)?.trim() == "0" {
            progress(&format!("PostgreSQL, {} petitions: the installation", short(size)));
            cluster.ask("postgres", "DROP DATABASE IF EXISTS filling")?;
            cluster.ask("postgres", "CREATE DATABASE filling")?;
            let installation = self.installation(cluster.url("filling"));
            ground::prepare(&installation)?;
            fill::postgres(cluster, "filling", &Ground::of(&installation)?, size)?;
            cluster.ask("postgres", LEAVE)?;
            cluster.ask("postgres", &format!("ALTER DATABASE filling RENAME TO {name}"))?;
        }
        if self.arguments.only_fill {
            return Ok(());
        }
        let url = cluster.url(&name);
        let installation = self.installation(url.clone());
        cluster.ask("postgres", &format!("ALTER DATABASE {name} {LOGGED}"))?;
        let mut sent = Vec::new();
        {
            let server = installation.serve()?;
            let reader = Reader::sign_in(&server, AUDITOR)?;
            reader.look_around()?;
            for question in questions::all() {
                let asked = reader.ask(question)?;
                let found =
                    bare::sent(cluster, needle(question.0), || server.ask(&asked.request).map(|_| ()))?;
                sent.push(((size, question), found));
            }
        }
        self.sent.extend(sent);
        cluster.ask("postgres", &format!("ALTER DATABASE {name} RESET log_statement"))?;
        let bench = &*self;
        let bare = |question| {
            let sent = bench.sent.get(&(size, question)).ok_or("no statements")?;
            Ok(Some(bare::on_postgres(&url, sent, bench.patience())?))
        };
        let memory = bench.measure(Database::Postgres, size, &installation, bare, measured)?;
        self.note(Database::Postgres, size, memory, measured);
        Ok(())
    }

    fn on_sqlite(&mut self, size: u64, measured: &mut Vec<Measured>) -> Result<(), Fault> {
        let file = self.folder.join(format!("petitions_{size}.db"));
        if !file.exists() {
            progress(&format!("SQLite, {} petitions: the installation", short(size)));
            let filling = self.folder.join("filling.db");
            remove(&filling)?;
            let installation = self.installation(format!("sqlite:{}", filling.display()));
            ground::prepare(&installation)?;
            fill::sqlite(&filling, &Ground::of(&installation)?, size)?;
            std::fs::rename(&filling, &file)?;
        }
        if self.arguments.only_fill {
            return Ok(());
        }
        let installation = self.installation(format!("sqlite:{}", file.display()));
        let names = match &self.cluster {
            Some(cluster) => Some(Names::of(cluster, &format!("petitions_{size}"), &file)?),
            None => None,
        };
        let bare = |question| match (&names, self.sent.get(&(size, question))) {
            (Some(names), Some(sent)) => Ok(Some(bare::on_sqlite(&file, names, sent, self.patience())?)),
            _ => Ok(None),
        };
        let memory = self.measure(Database::Sqlite, size, &installation, bare, measured)?;
        self.note(Database::Sqlite, size, memory, measured);
        Ok(())
    }

    /// Asks every question of the server, and right after of the bare database; gives the most memory the server held,
    /// and what is to be told of the export of everything, which a server of its own writes.
    fn measure(
        &self,
        database: Database,
        size: u64,
        installation: &Installation,
        bare: impl Fn(Question) -> Result<Option<Times>, Fault>,
        measured: &mut Vec<Measured>,
    ) -> Result<(Option<u64>, String), Fault> {
        let server = installation.serve()?;
        let reader = Reader::sign_in(&server, AUDITOR)?;
        let mut memory = None;
        for question in questions::all() {
            let (about, when) = question;
            let asked = reader.ask(question)?;
            let (times, most) = server.watched(|| self.ask(&server, &asked));
            let times = times.map_err(|fault| format!("{about}, {when}: {fault}"))?;
            memory = memory.max(most);
            let bare = bare(question).map_err(|fault| format!("bare SQL, {about}, {when}: {fault}"))?;
            progress(&format!(
                "{}, {}, {about}, {when}: p50 {:.1} ms, p99 {:.1} ms of {}; bare {:.1} ms; rows {}",
                database.name(),
                short(size),
                times.p50,
                times.p99,
                times.count,
                bare.map_or(f64::NAN, |bare| bare.p50),
                asked.rows.map_or("–".to_owned(), |rows| rows.to_string()),
            ));
            measured.push(Measured { question, size, server: times, bare, page: asked.page });
        }
        drop(server);
        let server = installation.serve()?;
        let told = export::everything(&server, &Reader::sign_in(&server, AUDITOR)?)?;
        progress(&format!("{}, {}: {told}", database.name(), short(size)));
        Ok((memory, told))
    }

    fn ask(&self, server: &Served, asked: &Asked) -> Result<Times, Fault> {
        let mut connection = Connection::open(server.address)?;
        repeat(self.patience(), || match connection.exchange(&asked.request)? {
            (200, _) => Ok(()),
            (status, body) => Err(format!("{status} {}", String::from_utf8_lossy(body)).into()),
        })
    }

    fn note(
        &mut self,
        database: Database,
        size: u64,
        (memory, told): (Option<u64>, String),
        measured: &[Measured],
    ) {
        let counts = measured.iter().filter(|one| one.size == size).map(|one| one.server.count);
        let memory = memory.map_or("unknown".to_owned(), |memory| format!("{memory} MiB"));
        self.notes.push(format!(
            "{}, {}: the server held {memory} at most; each question was asked {} to {} times; {told}.",
            database.name(),
            short(size),
            counts.clone().min().unwrap_or_default(),
            counts.max().unwrap_or_default(),
        ));
    }
}

/// What stands in one of the statements of a question.
fn needle(about: About) -> &'static str {
    match about {
        About::FirstPage | About::DeepPage => r#""petition_span"."open_due_at" IS NOT NULL"#,
        About::Summary => r#"min("petition_span"."open_due_at")"#,
        About::Timeliness => "round1_outcome = 'answered'",
    }
}

/// Removes what an interrupted run left of a file, with its log and what is beside it.
fn remove(file: &Path) -> Result<(), Fault> {
    for ending in ["", "-wal", "-shm", "-journal", ".serving"] {
        let path = format!("{}{ending}", file.display());
        if std::fs::exists(&path)? {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
