//! Backups: made while the server writes, refused where they would do harm, and as good as the original.

use std::path::Path;
use std::process::Output;

use crate::{
    cli::{Served, program, run, sentence, succeeds},
    kill::{Load, begin, verified},
    support::{Case, Database, TestDb, cases, postgres},
};

pub(crate) fn cases() -> Vec<Case> {
    [
        cases![Sqlite: a_backup_holds_what_was_acknowledged_before, a_damaged_backup_changes_nothing],
        cases![Postgres: a_dump_is_restored_and_goes_on, on_postgres_its_own_tools_are_named],
    ]
    .concat()
}

fn at(url: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    program(url, folder.path(), arguments).output().unwrap()
}

/// The head that a command printed.
#[track_caller]
fn head(said: &str) -> String {
    said.lines().find_map(|line| line.strip_prefix("head ")).expect(said).to_owned()
}

/// The petitions that clients were told of.
fn found(db: &TestDb, codes: &[String]) -> usize {
    let store = db.open();
    store
        .read_now::<_, kiennghi::store::StoreError>(|tx| {
            let mut count = 0;
            for code in codes {
                count += usize::from(kiennghi::store::petitions::find_by_code(tx, code)?.is_some());
            }
            Ok(count)
        })
        .unwrap()
}

async fn a_backup_holds_what_was_acknowledged_before(db: TestDb) {
    let (server, staff, _) = begin(&db);
    let early = Load::start(&[&server], &staff, vec![Vec::new(); 2]);
    early.wait_for(40);
    let early = early.end();
    let codes: Vec<String> = early.iter().flatten().map(|story| story.told.clone().unwrap().1).collect();

    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, url) = (place("copy.db"), format!("sqlite:{}", place("elsewhere/kiennghi.db")));
    let load = Load::start(&[&server], &staff, early);
    load.wait_for(10);
    let copied = succeeds(&run(&db, &["backup", &file]));
    load.wait_for(10);
    let told = sentence(&run(&db, &["backup", &file]));
    assert!(told.contains("exists; a backup overwrites nothing"), "{told}");
    let told = sentence(&run(&db, &["restore", &file, "--force"]));
    assert!(told.contains("another process already serves"), "{told}");
    load.end();
    server.stop();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(files(folder.path()), ["copy.db"], "nothing is left beside it");

    let restored = succeeds(&at(&url, &["restore", &file]));
    assert!(restored.contains("is in place\n0 differences: "), "{restored}");
    assert_eq!(head(&restored), head(&copied));
    let elsewhere = TestDb::foreign(url.clone(), Database::Sqlite);
    succeeds(&run(&elsewhere, &["verify", "--expect", &head(&copied)]));
    assert_eq!(found(&elsewhere, &codes), codes.len());
    let told = sentence(&at(&url, &["restore", &file]));
    assert!(told.contains("--force sets it aside"), "{told}");
    let again = succeeds(&at(&url, &["restore", &file, "--force"]));
    assert!(again.starts_with("the database that stood there is now "), "{again}");
    let kept = files(&folder.path().join("elsewhere"));
    let names = |end: &str| kept.iter().filter(|name| name.ends_with(end)).count();
    assert!(kept.iter().any(|name| name.starts_with("kiennghi.db.replaced-")), "{kept:?}");
    assert_eq!(names(".restoring") + names("-wal"), 0, "{kept:?}");

    // The original, which went on, goes on from the head of the copy; and the copy can be served.
    succeeds(&run(&db, &["verify", "--expect", &head(&copied)]));
    Served::start(&elsewhere, &["--demo"]).stop();
    verified(&elsewhere);
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn a_damaged_backup_changes_nothing(db: TestDb) {
    let (server, ..) = begin(&db);
    server.stop();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db").to_str().unwrap().to_owned();
    succeeds(&run(&db, &["backup", &file]));
    let url = format!("sqlite:{}", folder.path().join("new/kiennghi.db").display());
    let sound = std::fs::read(&file).unwrap();

    std::fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    let told = sentence(&at(&url, &["restore", &file]));
    assert!(told.contains("is damaged, or no SQLite database"), "{told}");
    // A page that SQLite itself finds sound, with a word in it that nobody wrote.
    let at_word = sound.windows(13).rposition(|bytes| bytes == b"\"registration").unwrap();
    let mut changed = sound.clone();
    changed[at_word + 1] = b'R';
    std::fs::write(&file, &changed).unwrap();
    let output = at(&url, &["restore", &file]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("1 differences from its own history; nothing was changed"), "{told}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("event 1: event."));
    assert_eq!(files(&folder.path().join("new")), ["kiennghi.db.serving"], "nothing was put in place");
}

async fn a_dump_is_restored_and_goes_on(db: TestDb) {
    let (server, staff, _) = begin(&db);
    let load = Load::start(&[&server], &staff, vec![Vec::new(); 2]);
    load.wait_for(30);
    let stories = load.end();
    let codes: Vec<String> = stories.iter().flatten().map(|story| story.told.clone().unwrap().1).collect();
    let kept = head(&verified(&db));
    let (Some(mut dump), Some(mut restore)) = (postgres::tool("pg_dump"), postgres::tool("pg_restore"))
    else {
        println!("pg_dump and pg_restore are not installed: nothing was dumped");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.dump");
    let dumped = dump.args(["--format=custom", "--file"]).arg(&file).arg(&db.url).output().unwrap();
    succeeds(&dumped);
    server.stop();

    let other = TestDb::empty(Database::Postgres);
    let options = ["--single-transaction", "--exit-on-error", "--no-owner", "--dbname"];
    succeeds(&restore.args(options).arg(&other.url).arg(&file).output().unwrap());
    succeeds(&run(&other, &["verify", "--expect", &kept]));
    assert_eq!(found(&other, &codes), codes.len());
    let server = Served::start(&other, &["--demo"]);
    let load = Load::start(&[&server], &staff, stories);
    load.wait_for(10);
    load.end();
    server.stop();
    succeeds(&run(&other, &["verify", "--expect", &kept]));
}

async fn on_postgres_its_own_tools_are_named(db: TestDb) {
    assert!(sentence(&run(&db, &["backup", "x"])).contains("pg_dump --format=custom --file=FILE"));
    assert!(sentence(&run(&db, &["restore", "x"])).contains("pg_restore --single-transaction"));
}
