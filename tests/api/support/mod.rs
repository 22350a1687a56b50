//! What tests stand on: a database of their own, and their registration.

pub(crate) mod client;
pub(crate) mod given;
pub(crate) mod journey;
pub(crate) mod ledger;
pub(crate) mod live;
pub(crate) mod load;
pub(crate) mod postgres;
pub(crate) mod provider;
pub(crate) mod records;
pub(crate) mod requests;

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use kiennghi::store::Db;
use libtest_mimic::Trial;
use tempfile::TempDir;

/// The databases a test can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A migrated database that belongs to one test and ends with it.
pub(crate) struct TestDb {
    /// As the program takes it: `sqlite:PATH` or `postgres://…`.
    pub(crate) url: String,
    pub(crate) database: Database,
    end: End,
}

enum End {
    /// It belongs to another handle.
    RemoveFolder(TempDir),
    DropDatabase(String),
    /// Somebody else removes it.
    Leave,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl TestDb {
    /// A copy of the migrated template.
    pub(crate) fn new(database: Database) -> Self {
        match database {
            Database::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let file = folder.path().join("test.db");
                std::fs::copy(sqlite_template(), &file).expect("copy the template");
                Self { url: format!("sqlite:{}", file.display()), database, end: End::RemoveFolder(folder) }
            }
            Database::Postgres => Self::in_cluster(postgres_template()),
        }
    }

    /// A database without any table.
    pub(crate) fn empty(database: Database) -> Self {
        match database {
            Database::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let file = folder.path().join("folder/not/there/test.db");
                Self { url: format!("sqlite:{}", file.display()), database, end: End::RemoveFolder(folder) }
            }
            Database::Postgres => Self::in_cluster("template1"),
        }
    }

    /// A database that somebody else made and removes.
    pub(crate) fn foreign(url: String, database: Database) -> Self {
        Self { url, database, end: End::Leave }
    }

    fn in_cluster(template: &str) -> Self {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        postgres::copy(template, &name);
        Self { url: postgres::url(&name), database: Database::Postgres, end: End::DropDatabase(name) }
    }

    /// Another handle to the same database, which this one must outlive.
    pub(crate) fn shared(&self) -> Self {
        Self { url: self.url.clone(), database: self.database, end: End::Leave }
    }

    /// Opens the database as the program does.
    pub(crate) fn open(&self) -> Db {
        Db::open(&self.url).expect("open the database")
    }

    /// The file of a SQLite database.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite:").expect("a SQLite database"))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.end {
            // The folder removes itself.
            End::RemoveFolder(_folder) => {}
            End::Leave => {}
            End::DropDatabase(name) => postgres::run(&format!("DROP DATABASE {name} WITH (FORCE)")),
        }
    }
}

static SQLITE_TEMPLATE: Mutex<Option<(TempDir, PathBuf)>> = Mutex::new(None);

fn sqlite_template() -> PathBuf {
    let mut template = SQLITE_TEMPLATE.lock().expect("no test made the template panic");
    let (_, file) = template.get_or_insert_with(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("template.db");
        // Dropping the handle closes the file, so that all of it is in one place.
        Db::open(&format!("sqlite:{}", file.display())).unwrap().migrate().unwrap();
        (folder, file)
    });
    file.clone()
}

fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<&str> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        postgres::run("CREATE DATABASE template_migrated");
        Db::open(&postgres::url("template_migrated")).unwrap().migrate().unwrap();
        "template_migrated"
    })
}

static EXPORTS: Mutex<Option<TempDir>> = Mutex::new(None);

/// The folder of exported files, one for all tests: their names are unique.
pub(crate) fn exports_folder() -> PathBuf {
    let mut folder = EXPORTS.lock().expect("no test made the folder panic");
    folder.get_or_insert_with(|| tempfile::tempdir().expect("a temporary folder")).path().to_owned()
}

/// Removes what outlives the tests: statics are not dropped.
pub(crate) fn clean_up() {
    EXPORTS.lock().expect("no test made the folder panic").take();
    SQLITE_TEMPLATE.lock().expect("no test made the template panic").take();
}

type Body = fn(Database) -> Pin<Box<dyn Future<Output = ()>>>;

/// A test and where it runs.
#[derive(Clone)]
pub(crate) struct Case {
    /// File and function: `store::a_write_is_durable`.
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// How a test is run.
#[derive(Clone)]
pub(crate) enum Run {
    /// Once per database, each time with a fresh one.
    On(&'static [Database], Body),
    /// Once.
    Once(fn()),
}

impl Case {
    /// One trial per database this run has.
    pub(crate) fn trials(&self, databases: &[Database]) -> Vec<Trial> {
        match self.run {
            Run::Once(body) => {
                vec![Trial::test(format!("once::{}", self.name), move || {
                    body();
                    Ok(())
                })]
            }
            Run::On(on, body) => {
                let trial = |database: Database| {
                    let prefix = format!("{database:?}").to_lowercase();
                    Trial::test(format!("{prefix}::{}", self.name), move || {
                        actix_web::rt::System::new().block_on(body(database));
                        Ok(())
                    })
                };
                databases.iter().filter(|database| on.contains(database)).copied().map(trial).collect()
            }
        }
    }
}

/// Registers `async fn(TestDb)`, on both databases or on the one named first.
macro_rules! cases {
    (Sqlite: $($name:ident),+ $(,)?) => { $crate::support::cases!(@on &[$crate::support::Database::Sqlite]; $($name),+) };
    (Postgres: $($name:ident),+ $(,)?) => { $crate::support::cases!(@on &[$crate::support::Database::Postgres]; $($name),+) };
    (@on $on:expr; $($name:ident),+) => {
        vec![$($crate::support::Case {
            name: concat!(module_path!(), "::", stringify!($name)).trim_start_matches("api::"),
            run: $crate::support::Run::On($on, |database| Box::pin($name($crate::support::TestDb::new(database)))),
        }),+]
    };
    ($($name:ident),+ $(,)?) => {
        $crate::support::cases!(@on &[$crate::support::Database::Sqlite, $crate::support::Database::Postgres]; $($name),+)
    };
}
pub(crate) use cases;

/// Registers `fn()`: tests that need no database, or make several.
macro_rules! once {
    ($($name:ident),+ $(,)?) => {
        vec![$($crate::support::Case {
            name: concat!(module_path!(), "::", stringify!($name)).trim_start_matches("api::"),
            run: $crate::support::Run::Once($name),
        }),+]
    };
}
pub(crate) use once;
