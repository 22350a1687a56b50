//! The one test binary: every test runs on SQLite and, where PostgreSQL is installed, on PostgreSQL as well.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod actions;
mod admin;
mod agencies;
mod anomalies;
mod architecture;
mod assaults;
mod attacks;
mod audit;
mod authorization;
mod backup;
mod bounds;
mod calendar;
mod cli;
mod commitments;
mod cube;
mod demo;
mod explain;
mod exports;
mod figures;
mod flow;
mod frozen;
mod histories;
mod import;
mod kill;
mod late;
mod limits;
mod lists;
mod mail;
mod manners;
mod oidc;
mod one_petition;
mod openapi;
mod operation;
mod outage;
mod past;
mod plans;
mod preview;
mod public;
mod questions;
mod reference;
mod refusals;
mod reminders;
mod replica;
mod reports;
mod rules;
mod schema_parity;
mod sessions;
mod several;
mod store;
mod store_tables;
mod support;
mod then;
mod together;
mod tracking;
mod verify;
mod walk;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use support::{Case, Database, postgres};

/// Every test there is.
fn all_cases() -> Vec<Case> {
    [
        actions::cases(),
        admin::cases(),
        agencies::cases(),
        anomalies::cases(),
        architecture::cases(),
        assaults::cases(),
        attacks::cases(),
        audit::cases(),
        authorization::cases(),
        backup::cases(),
        bounds::cases(),
        calendar::cases(),
        cli::cases(),
        commitments::cases(),
        cube::cases(),
        demo::cases(),
        explain::cases(),
        exports::cases(),
        figures::cases(),
        flow::cases(),
        frozen::cases(),
        histories::cases(),
        import::cases(),
        kill::cases(),
        late::cases(),
        limits::cases(),
        lists::cases(),
        mail::cases(),
        manners::cases(),
        oidc::cases(),
        one_petition::cases(),
        openapi::cases(),
        operation::cases(),
        outage::cases(),
        past::cases(),
        plans::cases(),
        preview::cases(),
        public::cases(),
        questions::cases(),
        reference::cases(),
        refusals::cases(),
        reminders::cases(),
        replica::cases(),
        reports::cases(),
        rules::cases(),
        schema_parity::cases(),
        sessions::cases(),
        several::cases(),
        store::cases(),
        store_tables::cases(),
        then::cases(),
        together::cases(),
        tracking::cases(),
        verify::cases(),
        walk::cases(),
    ]
    .concat()
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = all_cases();
    let binaries = postgres::find();
    if binaries.is_none() && std::env::var("KIENNGHI_REQUIRE_POSTGRES").is_ok_and(|value| value == "1") {
        eprintln!("PostgreSQL is required (KIENNGHI_REQUIRE_POSTGRES=1), but its binaries were not found");
        return ExitCode::FAILURE;
    }
    let databases: &[Database] = match binaries {
        Some(_) => &[Database::Sqlite, Database::Postgres],
        None => &[Database::Sqlite],
    };
    let trials: Vec<Trial> = cases.iter().flat_map(|case| case.trials(databases)).collect();
    let chosen = |prefix: &str| {
        let wanted = |trial: &&Trial| trial.name().starts_with(prefix) && !arguments.is_filtered_out(trial);
        trials.iter().filter(wanted).count()
    };
    let (on_sqlite, on_postgres, on_both) = (chosen("sqlite::"), chosen("postgres::"), chosen("once::"));

    // Tests that run once may compare the databases with each other.
    let needed = !arguments.list && on_postgres + on_both > 0;
    let cluster = match binaries.filter(|_| needed).map(|binaries| postgres::start(&binaries)).transpose() {
        Ok(cluster) => cluster,
        Err(why) => {
            eprintln!("PostgreSQL is installed, but no private server could be started: {why}");
            return ExitCode::FAILURE;
        }
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        match &cluster {
            Some(_) => println!(
                "suite ran on SQLite ({on_sqlite} tests) and on PostgreSQL {} ({on_postgres} tests), \
                 {on_both} tests need no database of their own",
                postgres::version()
            ),
            None if databases.len() == 2 => println!("suite ran on SQLite ({on_sqlite} tests)"),
            None => println!(
                "suite ran on SQLite ({on_sqlite} tests); PostgreSQL was not found, so nothing ran on it"
            ),
        }
    }
    support::clean_up();
    drop(cluster);
    conclusion.exit_code()
}
