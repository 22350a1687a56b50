//! A private PostgreSQL, as durable as it comes: fsync on, commits wait for the disk. And its pgbench.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::Fault;

/// Makes and starts the cluster, says where it is, and waits for this program to end, also by a kill, which closes
/// its standard input. Then it stops the server, and removes the folder unless it was given one to keep.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP PIPE
kept=$2
folder=${kept:-$(mktemp -d "${TMPDIR:-/tmp}/kiennghi-bench-XXXXXX" 2>/dev/null || mktemp -d /tmp/kiennghi-bench-XXXXXX)}
cd "$folder" && chmod 755 "$folder" || exit 1
if { [ -d data ] || "$1/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >setup 2>&1; } &&
   "$1/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -o "-c listen_addresses='' \
     -c unix_socket_directories='$folder' -c port=5432 -c max_connections=200 -c shared_buffers=256MB \
     -c max_wal_size=4GB -c fsync=on -c synchronous_commit=on -c log_line_prefix='@%p ' -c log_checkpoints=off \
     -c logging_collector=off -c log_destination=stderr -c lc_messages=C" start >>setup 2>&1
then chmod 644 "$folder/log"; echo "$folder"; cat >/dev/null
else cat setup log >&2
fi
if [ "$kept" ]; then "$1/pg_ctl" -D "$folder/data" -m fast -w stop >/dev/null 2>&1; exit; fi
"$1/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

/// A running server; stops when dropped.
pub(crate) struct Cluster {
    watchdog: Child,
    folder: PathBuf,
    binaries: PathBuf,
}

/// Looks for PostgreSQL with pgbench on the path, and where Debian keeps it.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    let tools = ["initdb", "pg_ctl", "postgres", "psql", "pgbench"];
    folders.into_iter().find(|folder| tools.iter().all(|name| folder.join(name).is_file()))
}

impl Cluster {
    /// Starts the server, in a folder that is kept if one is given. PostgreSQL refuses to run as root, who becomes the
    /// user `postgres` for it.
    pub(crate) fn start(binaries: PathBuf, kept: Option<&Path>) -> Result<Self, Fault> {
        let root = said(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        if let Some(kept) = kept {
            std::fs::create_dir_all(kept)?;
            if root {
                said(Command::new("chown").arg("postgres:").arg(kept))?;
            }
        }
        let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
        if root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args(["-c", WATCHDOG, "kiennghi-bench"]).arg(&binaries).arg(kept.unwrap_or(Path::new("")));
        let mut watchdog = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = watchdog.stdout.take().ok_or("no pipe")?;
        let mut cluster = Self { watchdog, folder: PathBuf::new(), binaries };
        let mut folder = String::new();
        BufReader::new(stdout).read_line(&mut folder)?;
        match folder.trim() {
            "" => Err("PostgreSQL does not start; see above".into()),
            folder => {
                cluster.folder = PathBuf::from(folder);
                Ok(cluster)
            }
        }
    }

    /// Version of the server, such as `15.18`.
    pub(crate) fn version(&self) -> Result<String, Fault> {
        Ok(self.ask("postgres", "SHOW server_version")?.trim().to_owned())
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", self.folder.display())
    }

    /// Where the server logs what it was sent.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Runs SQL; gives the rows, columns apart by `|`.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> Result<String, Fault> {
        let arguments = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql];
        said(self.tool("psql", database).args(arguments))
    }

    /// A program of PostgreSQL, told where the server is.
    pub(crate) fn tool(&self, name: &str, database: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.arg("-h").arg(&self.folder).args(["-p", "5432", "-U", "postgres"]);
        command.env("PGDATABASE", database);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// What a program says on standard output; what it says on standard error when it fails.
pub(crate) fn said(command: &mut Command) -> Result<String, Fault> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let name = command.get_program();
    let name = Path::new(name).file_name().unwrap_or(OsStr::new("program")).display();
    let told = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = told.lines().rev().take(4).collect();
    Err(format!("{name}: {}", last.into_iter().rev().collect::<Vec<_>>().join(" / ")).into())
}
