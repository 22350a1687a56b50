//! Measures what an auditor asks over a million petitions, on both databases, against a tenth of them and against the
//! bare SQL. `docs/benchmarks.md` says how to run it and what the columns mean. Nothing here asserts on time.

mod bare;
#[path = "../common/capture.rs"]
mod capture;
#[path = "../common/client.rs"]
mod client;
mod dice;
mod export;
mod fill;
mod ground;
#[path = "../common/guard.rs"]
mod guard;
mod life;
#[path = "../common/postgres.rs"]
mod postgres;
mod questions;
mod report;
mod rows;
mod run;
#[path = "../common/server.rs"]
mod server;
#[path = "../common/statement.rs"]
mod statement;
mod story;
mod timing;

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
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

impl Database {
    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Measures overdue, its summary and timeliness over many petitions.
#[derive(Parser)]
#[command(name = "cargo bench --bench million --")]
pub(crate) struct Arguments {
    /// Databases to measure.
    #[arg(
        long,
        env = "KIENNGHI_MILLION_DATABASES",
        value_delimiter = ',',
        default_value = "postgres,sqlite"
    )]
    pub(crate) databases: Vec<Database>,
    /// How many petitions; the last is held against the first.
    #[arg(long, env = "KIENNGHI_MILLION_SIZES", value_delimiter = ',', default_value = "100000,1000000", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sizes: Vec<u64>,
    /// Seconds for each question; a slow one is asked at least `least` times all the same.
    #[arg(long, env = "KIENNGHI_MILLION_SECONDS", default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How often each question is asked at least.
    #[arg(long, env = "KIENNGHI_MILLION_LEAST", default_value_t = 5)]
    pub(crate) least: usize,
    /// Where databases are kept from one run to the next; else they are made in a temporary folder.
    #[arg(long, env = "KIENNGHI_MILLION_FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Makes the databases and measures nothing.
    #[arg(long)]
    pub(crate) only_fill: bool,
    /// Cargo says this.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run::all(&Arguments::parse()) {
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
