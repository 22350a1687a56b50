//! A private PostgreSQL server that lives as long as the test run: without network, without durability.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};

/// The watchdog: makes and starts the cluster, says where it is, and waits for the test run to end, also by a
/// kill, which closes its standard input. Then it stops the server and removes the folder.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP PIPE
folder=$(mktemp -d "${TMPDIR:-/tmp}/kiennghi-pg-XXXXXX" 2>/dev/null || mktemp -d /tmp/kiennghi-pg-XXXXXX) || exit 1
cd "$folder" || exit 1
case $2 in
  durable) options='' ;;
  *) options='-c fsync=off -c full_page_writes=off -c synchronous_commit=off' ;;
esac
if "$1/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
   "$1/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -o "-c listen_addresses='' \
     -c unix_socket_directories='$folder' -c port=5432 -c max_connections=300 -c wal_level=minimal \
     -c max_wal_senders=0 $options" start >>log 2>&1
then echo "$folder"; cat >/dev/null
else cat log >&2
fi
"$1/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

/// The folder with the binaries of PostgreSQL.
pub(crate) struct Binaries(PathBuf);

/// A running server; stops when dropped.
pub(crate) struct Cluster {
    watchdog: Child,
}

static FOLDER: OnceLock<String> = OnceLock::new();
static VERSION: OnceLock<String> = OnceLock::new();

/// Looks for PostgreSQL on the path, where Debian keeps it, and where `pg_config` says.
pub(crate) fn find() -> Option<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort_by_key(|folder| std::cmp::Reverse(major(folder)));
    folders.extend(debian);
    folders.extend(output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    let complete =
        |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(complete).map(Binaries)
}

fn major(folder: &Path) -> Option<u32> {
    folder.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Starts the server. PostgreSQL refuses to run as root, who becomes the user `postgres` for it.
pub(crate) fn start(binaries: &Binaries) -> Result<Cluster, String> {
    let version = output(Command::new(binaries.0.join("postgres")).arg("--version"))
        .and_then(|line| line.split_whitespace().nth(2).map(str::to_owned))
        .ok_or("postgres --version says nothing")?;
    let (cluster, folder) = watched(binaries, WATCHDOG, "fast")?;
    VERSION.set(version).map_err(|_| "started twice")?;
    FOLDER.set(folder).map_err(|_| "started twice")?;
    Ok(cluster)
}

/// Makes a cluster under a watchdog; gives its folder too.
pub(crate) fn watched(
    binaries: &Binaries,
    script: &str,
    durability: &str,
) -> Result<(Cluster, String), String> {
    let mut watchdog = as_postgres(script)
        .arg(&binaries.0)
        .arg(durability)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut folder = String::new();
    let stdout = watchdog.stdout.take().ok_or("no pipe")?;
    BufReader::new(stdout).read_line(&mut folder).map_err(|error| error.to_string())?;
    let cluster = Cluster { watchdog };
    match folder.trim() {
        "" => Err("see the log above".to_owned()),
        folder => Ok((cluster, folder.to_owned())),
    }
}

/// A shell script, run as the user that PostgreSQL may run as.
fn as_postgres(script: &str) -> Command {
    let mut command = Command::new(become_postgres().first().copied().unwrap_or("sh"));
    if let Some(rest) = become_postgres().get(1..) {
        command.args(rest).arg("sh");
    }
    command.args(["-c", script, "kiennghi-watchdog"]);
    command
}

/// A durable server of one test, which may be killed.
pub(crate) struct Own {
    binaries: Binaries,
    folder: String,
    _cluster: Cluster,
}

impl Own {
    pub(crate) fn start() -> Self {
        let binaries = find().expect("PostgreSQL is installed");
        let (cluster, folder) = watched(&binaries, WATCHDOG, "durable").expect("a server of its own");
        Self { binaries, folder, _cluster: cluster }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.folder)
    }

    /// Kills the server's first process; the others end when they see it gone.
    pub(crate) fn kill(&self) {
        self.script(r#"kill -9 "$(head -n 1 "$2/data/postmaster.pid")""#);
    }

    /// Starts it again, as soon as the last of the former processes is gone.
    pub(crate) fn start_again(&self) {
        self.script(
            r#"options="-c listen_addresses='' -c unix_socket_directories='$2' -c port=5432 -c max_connections=300 \
                -c wal_level=minimal -c max_wal_senders=0"
            for attempt in 1 2 3 4 5 6 7 8 9 10; do
                "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "$options" start >/dev/null 2>&1 && exit 0
                sleep 0.3
            done
            tail "$2/log" >&2
            exit 1"#,
        );
    }

    fn script(&self, script: &str) {
        let status = as_postgres(script).arg(&self.binaries.0).arg(&self.folder).status().expect("a shell");
        assert!(status.success(), "{script}");
    }
}

/// The words that run a command as the user `postgres`; none unless we are root.
fn become_postgres() -> &'static [&'static str] {
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let has = |program: &str| output(Command::new(program).arg("--version")).is_some();
    match root {
        false => &[],
        true if has("runuser") => &["runuser", "-u", "postgres", "--"],
        true => &["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"],
    }
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// Whether this run has a server.
pub(crate) fn is_running() -> bool {
    FOLDER.get().is_some()
}

/// The version of the server, such as `15.18`.
pub(crate) fn version() -> &'static str {
    VERSION.get().expect("the server runs")
}

/// Makes a database as a copy of another. Copying files is ten times faster than the default of PostgreSQL 15,
/// and the only way before.
pub(crate) fn copy(template: &str, name: &str) {
    let major: u32 = version().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    let strategy = if major >= 15 { "STRATEGY FILE_COPY" } else { "" };
    run(&format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}"));
}

/// The URL of a database of the private server.
pub(crate) fn url(database: &str) -> String {
    let folder = FOLDER.get().expect("the server runs");
    format!("postgres:///{database}?host={folder}&user=postgres")
}

/// A tool of PostgreSQL, such as `pg_dump`; nothing where it is not installed.
pub(crate) fn tool(name: &str) -> Option<Command> {
    let found = |program: &PathBuf| output(Command::new(program).arg("--version")).is_some();
    [find()?.0.join(name), PathBuf::from(name)].into_iter().find(found).map(Command::new)
}

/// Runs a statement on the server, outside of any test's database.
pub(crate) fn run(statement: &str) {
    let mut connection = PgConnection::establish(&url("postgres")).expect("connect to the private server");
    connection.batch_execute(statement).expect(statement);
}
