//! The server as an operator runs it: a process of its own, asked over the network.

use std::{
    fs::File,
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    Fault,
    client::{Connection, request},
    guard::{self, Guarded},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kiennghi");
const GREETING: &str = "kiennghi listens on http://";
const SECRET: &str = "a secret of the benchmark, long enough to be one";
/// The password of the accounts of `--demo`, and of others that a benchmark makes.
pub(crate) const PASSWORD: &str = "kiennghi-demo";
/// How often the memory is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// How the server is started.
pub(crate) struct Installation {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    /// What the server logs, as `RUST_LOG`.
    pub(crate) log: String,
}

/// A server that runs; stopped when dropped.
pub(crate) struct Served {
    process: Guarded,
    pub(crate) address: SocketAddr,
}

impl Installation {
    /// Puts a command into the surroundings of the installation, with nothing of our own.
    fn settle(&self, mut command: Command) -> Result<Command, Fault> {
        command.current_dir(&self.folder).env_clear();
        command.env("DATABASE_URL", &self.url).env("KIENNGHI_SECRET", SECRET).env("RUST_LOG", &self.log);
        command.env("KIENNGHI_TOKEN_MINUTES", "1440").env("KIENNGHI_LIMITS_OFF", "true");
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        command.stderr(log);
        Ok(command)
    }

    /// Runs a command of the program to its end; gives what it says.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<String, Fault> {
        let mut command = self.settle(Command::new(PROGRAM))?;
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no pipe")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)?),
            false => Err(format!("{}: {}", arguments.join(" "), self.logged()).into()),
        }
    }

    pub(crate) fn serve(&self) -> Result<Served, Fault> {
        let command = guard::command(PROGRAM, &["serve", "--demo", "--listen", "127.0.0.1:0"]);
        let mut process = Guarded::start(&mut self.settle(command)?)?;
        let greeting = process.line()?;
        let address = greeting.strip_prefix(GREETING).and_then(|rest| rest.split([';', '\n']).next());
        let address = address.and_then(|address| address.parse().ok());
        let address = address.ok_or_else(|| format!("the server does not start: {}", self.logged()))?;
        Ok(Served { process, address })
    }

    /// The end of what the program logged.
    fn logged(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        text.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }
}

impl Served {
    /// Asks once over a connection of its own.
    pub(crate) fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut connection = Connection::open(self.address)?;
        let (status, body) = connection.exchange(request)?;
        match status {
            200..=299 => Ok(body.to_vec()),
            _ => Err(format!("{status} {}", String::from_utf8_lossy(body)).into()),
        }
    }

    /// The token of an account.
    pub(crate) fn sign_in(&self, username: &str) -> Result<String, Fault> {
        let body = json!({"username": username, "password": PASSWORD}).to_string();
        let answer: Value =
            serde_json::from_slice(&self.ask(&request("POST", "/v1/sessions", &[], &body))?)?;
        let token = answer.get("access_token").and_then(Value::as_str).ok_or("no token")?;
        Ok(token.to_owned())
    }

    /// Runs something and tells the most memory the server held meanwhile, in MiB; nothing where the system does
    /// not say.
    pub(crate) fn watched<T>(&self, work: impl FnOnce() -> T) -> (T, Option<u64>) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut most = None;
                while !over.load(Ordering::Relaxed) {
                    most = most.max(resident(self.process.process));
                    thread::sleep(GLANCE);
                }
                most
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            (done, watch.join().ok().flatten())
        })
    }
}

/// Resident memory of a process in MiB.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024)
}
