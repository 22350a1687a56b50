//! Measures the server against what is possible on the same machine in the same run, and prints a table in Markdown.
//!
//! `docs/benchmarks.md` says how to run it and what the columns mean. Nothing here asserts on time.

mod bare;
#[path = "../common/capture.rs"]
mod capture;
#[path = "../common/client.rs"]
mod client;
#[path = "../common/guard.rs"]
mod guard;
mod load;
mod operations;
mod pgbench;
#[path = "../common/postgres.rs"]
mod postgres;
mod report;
mod run;
mod script;
mod seed;
#[path = "../common/server.rs"]
mod server;
#[path = "../common/statement.rs"]
mod statement;
mod still;
mod workload;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

/// What goes wrong; the text is for whoever runs this.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// A database to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Measures the server against pgbench, bare SQLite and a static answer.
#[derive(Parser)]
#[command(name = "cargo bench --bench ratios --")]
pub(crate) struct Arguments {
    /// Databases to measure.
    #[arg(long, env = "KIENNGHI_BENCH_DATABASES", value_delimiter = ',', default_value = "postgres,sqlite")]
    pub(crate) databases: Vec<Database>,
    /// Seconds of each run.
    #[arg(long, env = "KIENNGHI_BENCH_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Connections at the same time, up to 99.
    #[arg(long, env = "KIENNGHI_BENCH_CONNECTIONS", value_delimiter = ',', default_value = "1,16,64", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) connections: Vec<u8>,
    /// What the server logs while it is measured, as RUST_LOG; its default is a line for each request.
    #[arg(long, env = "KIENNGHI_BENCH_LOG", default_value = "warn")]
    pub(crate) log: String,
    /// Prints the scripts for pgbench as well.
    #[arg(long)]
    pub(crate) scripts: bool,
    /// Cargo says this.
    #[arg(long, hide = true)]
    bench: bool,
    /// Serves an answer of so many bytes instead.
    #[arg(long, hide = true, value_name = "BYTES")]
    static_answer: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.static_answer {
        Some(bytes) => still::serve(bytes),
        None => run::all(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Says what is being done, away from the table.
pub(crate) fn progress(told: &str) {
    let _ = writeln!(io::stderr(), "bench: {told}");
}
