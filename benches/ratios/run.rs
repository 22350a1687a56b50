//! The order of things: prepare both databases, then one row after the other, each limit right before our own run.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Arguments, Database, Fault,
    bare::{self, Bare},
    load::{Load, Measured},
    operations::{self, Callers, Operation, Requests},
    pgbench::{self, Amount, Pgbench},
    postgres::{self, Cluster},
    progress,
    report::{self, Notes, Row},
    seed,
    server::{Installation, Served},
    still::Still,
    workload::Workload,
};

/// Our own database on PostgreSQL, and the copy of it that pgbench works on.
const OURS: &str = "kiennghi";
const COPY: &str = "pgbench";
/// How long the server answers before anything is measured.
const WARM_UP: Duration = Duration::from_secs(1);
const WARM_CONNECTIONS: usize = 16;
/// How many seconds the jobs of the server get to number the events of a run.
const SETTLING: u32 = 180;
/// How many writes of bare SQLite share a commit.
const GROUP: u64 = 32;

/// A run of everything.
struct Bench<'a> {
    arguments: &'a Arguments,
    notes: &'a Notes,
    folder: &'a TempDir,
    postgres: Option<Postgres>,
    /// Number of the next run of pgbench; it has two digits.
    runs: Cell<u32>,
}

/// PostgreSQL, ready to be measured.
struct Postgres {
    cluster: Cluster,
    installation: Installation,
    callers: Callers,
    workload: Workload,
    version: String,
}

impl Postgres {
    /// How many petitions pgbench has classified.
    fn moved(&self) -> Option<u64> {
        self.cluster.ask(COPY, bare::MOVED).ok()?.trim().parse().ok()
    }
}

/// How many events the jobs of the server have not numbered yet.
fn unnumbered(cluster: &Cluster) -> Result<u64, Fault> {
    Ok(cluster.ask(OURS, bare::UNNUMBERED)?.trim().parse()?)
}

/// Waits until none is left, for so long at most.
fn until_numbered(waiting: impl Fn() -> Result<u64, Fault>) {
    for _ in 0..SETTLING {
        match waiting() {
            Ok(1..) => thread::sleep(Duration::from_secs(1)),
            _ => break,
        }
    }
}

/// What one database can do without us, by operation.
type Limits = Vec<(Operation, [Option<f64>; 2])>;

/// Runs everything and prints the table.
pub(crate) fn all(arguments: &Arguments) -> Result<(), Fault> {
    let notes = Notes::default();
    let folder = tempfile::tempdir()?;
    seed::write(&folder.path().join("backlog.ndjson"))?;
    let postgres = match postgres::find() {
        Some(binaries) => Some(prepare_postgres(binaries, &folder, arguments)?),
        None => {
            notes.add(
                "PostgreSQL's binaries with pgbench are absent: SQLite alone was measured, without bare SQLite, \
                 whose statements are read from PostgreSQL's log.",
            );
            None
        }
    };
    let bench = Bench { arguments, notes: &notes, folder: &folder, postgres, runs: Cell::new(10) };
    bench.about();
    report::head()?;
    for database in &arguments.databases {
        match database {
            Database::Postgres => bench.measure_postgres()?,
            Database::Sqlite => bench.measure_sqlite()?,
        }
    }
    notes.print()
}

fn installation(url: String, folder: &Path, arguments: &Arguments) -> Installation {
    Installation { url, folder: folder.to_owned(), log: arguments.log.clone() }
}

fn prepare_postgres(binaries: PathBuf, folder: &TempDir, arguments: &Arguments) -> Result<Postgres, Fault> {
    progress("PostgreSQL: a private server, a backlog, and the statements that the server sends");
    let cluster = Cluster::start(binaries, None)?;
    let version = cluster.version()?;
    cluster.ask("postgres", &format!("CREATE DATABASE {OURS}"))?;
    let installation = installation(cluster.url(OURS), folder.path(), arguments);
    seed::import(&installation, &folder.path().join("backlog.ndjson"))?;
    cluster.ask("postgres", &format!("ALTER DATABASE {OURS} SET log_statement = 'all'"))?;
    let server = installation.serve()?;
    let callers = Callers::sign_in(&server)?;
    // A job at work would send statements among those of a request.
    until_numbered(|| unnumbered(&cluster));
    let workload = Workload::capture(&cluster, &server, &callers)?;
    drop(server);
    cluster.ask("postgres", &format!("ALTER DATABASE {OURS} RESET log_statement"))?;
    cluster.ask(OURS, "VACUUM ANALYZE")?;
    cluster.ask("postgres", &format!("CREATE DATABASE {COPY} TEMPLATE {OURS}"))?;
    cluster.ask(COPY, &pgbench::table_of_petitions(&callers.known))?;
    cluster.ask(COPY, "VACUUM ANALYZE")?;
    if arguments.scripts {
        for operation in operations::ALL {
            let script =
                workload.script(operation).map(|script| pgbench::render(script, callers.known.len()));
            progress(&format!("{operation}:\n{}", script.unwrap_or_default()));
        }
    }
    Ok(Postgres { cluster, installation, callers, workload, version })
}

impl Bench<'_> {
    /// What has to be known of the machine.
    fn about(&self) {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let build = if cfg!(debug_assertions) { "a DEBUG build: worth nothing" } else { "a release build" };
        self.notes.add(format!(
            "{cores} cores, which load, server and database share; {} s each; {build}; RUST_LOG={}; limits off; \
             {} records imported before.",
            self.arguments.seconds,
            self.arguments.log,
            seed::RECORDS
        ));
        if let Some(postgres) = &self.postgres {
            self.notes.add(format!("PostgreSQL {}, fsync on, over a Unix socket.", postgres.version));
            for operation in operations::ALL {
                let Some(script) = postgres.workload.script(operation) else { continue };
                let (same, plain) = (script.statements.len(), script.plain().statements.len());
                self.notes.add(format!(
                    "{operation}: {same} statements with BEGIN and COMMIT, {plain} when plain."
                ));
            }
        }
    }

    fn measure_postgres(&self) -> Result<(), Fault> {
        let Some(postgres) = &self.postgres else { return Ok(()) };
        let server = postgres.installation.serve()?;
        self.measure("PostgreSQL", &server, &postgres.callers, &Limits::new())
    }

    fn measure_sqlite(&self) -> Result<(), Fault> {
        progress("SQLite: a backlog");
        let file = self.sqlite();
        let installation =
            installation(format!("sqlite:{}", file.display()), self.folder.path(), self.arguments);
        seed::import(&installation, &self.folder.path().join("backlog.ndjson"))?;
        let server = installation.serve()?;
        let callers = Callers::sign_in(&server)?;
        drop(server);
        let limits = match &self.postgres {
            Some(postgres) => self.notes.value("bare SQLite", self.bare(postgres, &file)),
            None => None,
        };
        let server = installation.serve()?;
        self.measure("SQLite", &server, &callers, &limits.unwrap_or_default())
    }

    /// What SQLite does alone, on a copy of the file.
    fn bare(&self, postgres: &Postgres, file: &Path) -> Result<Limits, Fault> {
        progress("bare SQLite");
        let copy = self.folder.path().join("bare.db");
        bare::copy(file, &copy)?;
        let bare = Bare::open(&copy, &postgres.cluster.ask(OURS, bare::NAMES)?)?;
        let script = |operation| postgres.workload.script(operation).ok_or("an operation without a script");
        let (submit, transition) = (script(Operation::Submit)?, script(Operation::Transition)?);
        let time = self.duration();
        let (alone, middle) = bare.write(submit, 0..u64::from(u32::MAX), 1, time)?;
        let (grouped, end) = bare.write(submit, middle..u64::from(u32::MAX), GROUP, time)?;
        let before = bare.moved()?;
        let (moved, first_end) = bare.write(transition, 0..middle, 1, time)?;
        let (moved_grouped, second_end) = bare.write(transition, middle..end, GROUP, time)?;
        if bare.moved()? - before < first_end + (second_end - middle) {
            return Err("its transitions found no petition to move".into());
        }
        let mut limits = vec![
            (Operation::Submit, [Some(alone), Some(grouped)]),
            (Operation::Transition, [Some(moved), Some(moved_grouped)]),
        ];
        for operation in [Operation::Read, Operation::Overdue] {
            let read = bare.read(script(operation)?, time);
            limits.push((operation, [self.notes.value(&format!("bare SQLite, {operation}"), read), None]));
        }
        Ok(limits)
    }

    fn measure(
        &self,
        database: &str,
        server: &Served,
        callers: &Callers,
        bare: &Limits,
    ) -> Result<(), Fault> {
        for operation in [Operation::Submit, Operation::Read, Operation::Overdue] {
            self.load(operation, server, callers, &[], WARM_CONNECTIONS, WARM_UP)?;
        }
        for connections in self.arguments.connections.iter().copied().map(usize::from) {
            let mut fresh = Vec::new();
            let mut submitted = None;
            for operation in operations::ALL {
                progress(&format!("{database}, {operation}, {connections} connections"));
                let pgbench = match &self.postgres {
                    Some(postgres) if database == "PostgreSQL" => {
                        self.pgbench(postgres, operation, connections, &mut submitted)
                    }
                    _ => [None, None],
                };
                let still = self.still(operation, server, callers, connections);
                let still = self.notes.value(&format!("static answer, {operation}"), still);
                self.settle(database);
                let (measured, memory) = server
                    .watched(|| self.load(operation, server, callers, &fresh, connections, self.duration()));
                let measured = measured?;
                if let Some(error) = &measured.first_error {
                    self.notes.add(format!("{database}, {operation}, {connections}: first error: {error}"));
                }
                let bare = bare.iter().find(|(of, _)| *of == operation);
                let bare = bare.map_or([None, None], |(_, limits)| *limits);
                let row = Row {
                    operation,
                    database,
                    connections,
                    measured: &measured,
                    pgbench,
                    bare,
                    still,
                    memory,
                };
                row.print()?;
                if operation == Operation::Submit {
                    fresh = measured.ids;
                }
            }
        }
        Ok(())
    }

    fn load(
        &self,
        operation: Operation,
        server: &Served,
        callers: &Callers,
        fresh: &[String],
        connections: usize,
        duration: Duration,
    ) -> Result<Measured, Fault> {
        let requests = Requests::new(operation, callers, fresh);
        Load { address: server.address, connections, duration, next: &|| requests.next() }.run()
    }

    /// pgbench with plain statements, and with those as sent. A transition takes the petitions that the same number
    /// of submissions just made under the same run.
    fn pgbench(
        &self,
        postgres: &Postgres,
        operation: Operation,
        clients: usize,
        submitted: &mut Option<f64>,
    ) -> [Option<f64>; 2] {
        let workload = &postgres.workload;
        let (Some(script), Some(submit)) = (workload.script(operation), workload.script(Operation::Submit))
        else {
            return [None, None];
        };
        let petitions = postgres.callers.known.len();
        let seconds = Amount::Seconds(self.arguments.seconds);
        let run = |text: &str, amount, run| {
            let what = Pgbench { database: COPY, script: text, clients, amount, run };
            let rate = pgbench::bench(&postgres.cluster, &what, self.folder.path());
            self.notes.value(&format!("pgbench, {operation}, {clients} clients"), rate)
        };
        let one = |text: &str, submitted: Option<f64>| {
            let number = self.runs.replace(self.runs.get() + 1);
            if operation != Operation::Transition {
                return run(text, seconds, number);
            }
            let each = (submitted? * self.arguments.seconds as f64 / clients as f64) as u64 + 1;
            run(&pgbench::render(submit, petitions), Amount::Each(each), number)?;
            let before = postgres.moved();
            let rate = run(text, Amount::Each(each), number)?;
            if postgres.moved()? - before? < each * clients as u64 {
                self.notes.add("pgbench's transitions found no petition to move: their ratio means nothing.");
            }
            Some(rate)
        };
        let same = one(&pgbench::render(script, petitions), *submitted);
        if operation == Operation::Submit {
            *submitted = same;
        }
        let plain = match script.is_plain() {
            true => same,
            false => one(&pgbench::render(&script.plain(), petitions), *submitted),
        };
        [plain, same]
    }

    /// A static answer of the size of the server's, under the same requests.
    fn still(
        &self,
        operation: Operation,
        server: &Served,
        callers: &Callers,
        connections: usize,
    ) -> Result<f64, Fault> {
        let petition = callers.known.first().ok_or("no petition is known")?;
        let subject = if operation == Operation::Submit { operations::fresh_key() } else { petition.clone() };
        // A transition answers as a reading does.
        let asked = if operation == Operation::Transition { Operation::Read } else { operation };
        let size = server.ask(&asked.request(callers, &subject, &[]))?.len();
        let still = Still::start(size)?;
        let requests = Requests::new(operation, callers, std::slice::from_ref(petition));
        let next = || requests.endless();
        Ok(Load { address: still.address, connections, duration: self.duration(), next: &next }.run()?.rate)
    }

    /// Lets the jobs of the server number the events of the run before, and the disk come to rest.
    fn settle(&self, database: &str) {
        match &self.postgres {
            Some(postgres) if database == "PostgreSQL" => {
                until_numbered(|| unnumbered(&postgres.cluster));
                self.notes.value("checkpoint", postgres.cluster.ask(OURS, "CHECKPOINT"));
            }
            _ => until_numbered(|| bare::unnumbered(&self.sqlite())),
        }
    }

    /// The file of our own SQLite.
    fn sqlite(&self) -> PathBuf {
        self.folder.path().join("kiennghi.db")
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.arguments.seconds)
    }
}
