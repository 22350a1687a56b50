//! What the store promises: durable answers, writes that fail alone, retries, and types that come back as they went.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
    connection::SimpleConnection, dsl::max, insert_into, sql_query,
};
use kiennghi::{
    domain::{
        id::{Id, RowKey},
        time::{Day, Instant},
        vocabulary::Kind,
    },
    native,
    store::{AnyConnection, Db, Freshness, Json, StoreError, meta, schema::event},
};

use crate::{
    schema_parity::execute,
    support::{Case, Database, TestDb, cases, once},
};

pub(crate) fn cases() -> Vec<Case> {
    [
        cases![
            types_come_back_as_they_went,
            writes_fail_and_panic_alone,
            savepoints_undo_themselves_alone,
            concurrent_changes_lose_nothing,
            reads_cannot_write,
            errors_have_their_kind,
            a_write_of_a_caller_who_left_is_done,
        ],
        cases![Sqlite: answers_leave_after_the_commit, a_lost_commit_fails_the_whole_group, a_full_queue_is_busy,
            a_file_is_served_once],
        cases![Postgres: twins_find_each_other, lost_connections_are_replaced, a_connection_lost_in_a_write_is_unavailable],
        once![urls_are_checked, an_unreachable_server_is_named],
    ]
    .concat()
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text};
    use kiennghi::store::sql_types::sql::{Day, Id, Instant, Json};

    probe (id) {
        id -> Id,
        at -> Instant,
        ended -> Nullable<Instant>,
        day -> Nullable<Day>,
        body -> Nullable<Json>,
        kind -> Nullable<Text>,
        count -> BigInt,
        share -> Double,
        yes -> Bool,
    }
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = probe)]
struct Probe {
    id: Id<RowKey>,
    at: Instant,
    ended: Option<Instant>,
    day: Option<Day>,
    body: Option<Json>,
    kind: Option<Kind>,
    count: i64,
    share: f64,
    yes: bool,
}

fn probe_table(db: &TestDb) -> Db {
    let open = db.open();
    execute(&open, match db.database {
        Database::Sqlite => {
            "CREATE TABLE probe (id BLOB PRIMARY KEY NOT NULL, at INTEGER NOT NULL, ended INTEGER, day TEXT, body TEXT,
             kind TEXT, count INTEGER NOT NULL, share REAL NOT NULL, yes INTEGER NOT NULL) STRICT"
        }
        Database::Postgres => {
            "CREATE TABLE probe (id uuid PRIMARY KEY, at timestamptz NOT NULL, ended timestamptz, day date,
             body jsonb, kind text, count bigint NOT NULL, share double precision NOT NULL, yes boolean NOT NULL)"
        }
    });
    open
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn probes() -> Vec<Probe> {
    let id = |number: u128| Id::new(uuid::Uuid::from_u128(number));
    let first = Probe {
        id: id(1),
        at: instant("0001-01-01T00:00:00Z"),
        ended: None,
        day: None,
        body: None,
        kind: None,
        count: i64::MIN,
        share: -0.1,
        yes: false,
    };
    let last = Probe {
        id: id(u128::MAX),
        at: instant("9999-12-30T22:00:00Z"),
        ended: Some(instant("2026-11-23T14:00:00.123456+07:00")),
        day: Some("9999-12-31".parse().unwrap()),
        body: Some(Json(serde_json::json!({"b": [1, 2.5, null], "a": "Kiến nghị \"\u{1F600}\""}))),
        kind: Some(Kind::RegulationFeedback),
        count: i64::MAX,
        share: 105.834_16,
        yes: true,
    };
    let middle = Probe {
        id: id(2),
        at: instant("1999-12-31T23:59:59.999999Z"),
        day: Some("0001-01-01".parse().unwrap()),
        ..first.clone()
    };
    vec![first, middle, last]
}

async fn types_come_back_as_they_went(db: TestDb) {
    let open = probe_table(&db);
    let written = probes();
    let rows = written.clone();
    let insert = move |connection: &mut AnyConnection| -> Result<usize, StoreError> {
        Ok(native!(connection, c => insert_into(probe::table).values(&rows).execute(c))?)
    };
    assert_eq!(open.write(insert).await, Ok(3));

    let [first, middle, last] = [0, 1, 2].map(|index: usize| written[index].clone());
    open.read(Freshness::Any, move |c| -> Result<(), StoreError> {
        let all: Vec<Probe> = probe::table.order(probe::at.asc()).select(Probe::as_select()).load(c)?;
        assert_eq!(all, written);
        let by_id: Vec<Probe> = probe::table.order(probe::id.asc()).select(Probe::as_select()).load(c)?;
        assert_eq!(by_id, written);
        let latest: Option<Instant> = probe::table.select(max(probe::at)).first(c)?;
        assert_eq!(latest, Some(last.at));
        let ended: Option<Instant> = probe::table.select(max(probe::ended)).first(c)?;
        assert_eq!(ended, last.ended);
        let some = probe::table.filter(probe::id.eq_any([first.id, last.id])).order(probe::id.asc());
        assert_eq!(some.select(probe::count).load(c), Ok(vec![i64::MIN, i64::MAX]));
        let kinds = probe::table.filter(probe::kind.eq_any([Kind::RegulationFeedback, Kind::Proposal]));
        assert_eq!(kinds.select(probe::kind).first(c), Ok(Some(Kind::RegulationFeedback)));
        let before = probe::table.filter(probe::at.lt(middle.at)).select(probe::id);
        assert_eq!(before.load(c), Ok(vec![first.id]));
        let later = probe::table.filter(probe::ended.lt(last.at)).select(probe::id);
        assert_eq!(later.load(c), Ok(vec![last.id]));
        let days = probe::table.filter(probe::day.gt(middle.day)).select(probe::day);
        assert_eq!(days.load(c), Ok(vec![last.day]));
        Ok(())
    })
    .await
    .unwrap();
}

fn set(key: &'static str) -> impl FnMut(&mut AnyConnection) -> Result<(), StoreError> + Send + 'static {
    move |connection| meta::set(connection, key, "set")
}

fn get(db: &Db, key: &'static str) -> Option<String> {
    db.read_now(|connection| meta::get(connection, key)).unwrap()
}

/// A write that occupies the writer until the other end says go.
fn gate()
-> (crossbeam_channel::Sender<()>, impl FnMut(&mut AnyConnection) -> Result<(), StoreError> + Send + 'static)
{
    let (go, wait) = crossbeam_channel::bounded::<()>(1);
    (go, move |_: &mut AnyConnection| {
        // Either way the gate is open: a message, or a sender that is gone.
        let _ = wait.recv();
        Ok(())
    })
}

async fn writes_fail_and_panic_alone(db: TestDb) {
    let open = db.open();
    let (go, gate) = gate();
    let fail = |connection: &mut AnyConnection| -> Result<(), StoreError> {
        meta::set(connection, "failed", "set")?;
        Err(StoreError::NotFound)
    };
    let broken = |connection: &mut AnyConnection| -> Result<(), StoreError> {
        meta::set(connection, "broken", "set")?;
        connection.batch_execute("SELECT * FROM nowhere")?;
        Ok(())
    };
    let panics = |connection: &mut AnyConnection| -> Result<(), StoreError> {
        meta::set(connection, "panicked", "set")?;
        connection.savepoint(|connection| -> Result<(), StoreError> {
            meta::set(connection, "panicked-deeper", "set")?;
            // Unlike `panic!` this prints nothing.
            std::panic::resume_unwind(Box::new("on purpose"))
        })
    };
    let results = tokio::join!(
        open.write(gate),
        open.write(set("first")),
        open.write(fail),
        open.write(broken),
        open.write(panics),
        open.write(set("last")),
        async { drop(go) },
    );
    assert_eq!((results.0, results.1, results.5), (Ok(()), Ok(()), Ok(())));
    assert_eq!(results.2, Err(StoreError::NotFound));
    assert!(matches!(results.3, Err(StoreError::Internal(_))), "{:?}", results.3);
    assert!(
        matches!(&results.4, Err(StoreError::Internal(why)) if why.contains("on purpose")),
        "{:?}",
        results.4
    );
    for (key, kept) in [
        ("first", true),
        ("last", true),
        ("failed", false),
        ("broken", false),
        ("panicked", false),
        ("panicked-deeper", false),
    ] {
        assert_eq!(get(&open, key).is_some(), kept, "{key}");
    }
}

async fn savepoints_undo_themselves_alone(db: TestDb) {
    let open = db.open();
    let write = |connection: &mut AnyConnection| -> Result<(), StoreError> {
        meta::set(connection, "before", "set")?;
        let part = connection.savepoint(|connection| -> Result<(), StoreError> {
            meta::set(connection, "inside", "set")?;
            connection.batch_execute("SELECT * FROM nowhere")?;
            Ok(())
        });
        assert!(part.is_err());
        meta::set(connection, "after", "set")
    };
    open.write(write).await.unwrap();
    assert_eq!(["before", "inside", "after"].map(|key| get(&open, key).is_some()), [true, false, true]);
}

async fn answers_leave_after_the_commit(db: TestDb) {
    let open = db.open();
    let (go, gate) = gate();
    let answered = Arc::new(AtomicBool::new(false));
    let (reader, seen_answered) = (open.clone(), answered.clone());
    let looks = move |connection: &mut AnyConnection| -> Result<(), StoreError> {
        // The same group: what the write before left is here, but nobody else sees it, nor has it been answered.
        assert!(meta::get(connection, "first")?.is_some());
        assert_eq!(get(&reader, "first"), None);
        assert!(!seen_answered.load(Ordering::SeqCst));
        Ok(())
    };
    let first = async {
        let result = open.write(set("first")).await;
        answered.store(true, Ordering::SeqCst);
        assert!(get(&open, "first").is_some());
        result
    };
    let results = tokio::join!(open.write(gate), first, open.write(looks), async { drop(go) });
    assert_eq!((results.0, results.1, results.2), (Ok(()), Ok(()), Ok(())));
}

async fn a_lost_commit_fails_the_whole_group(db: TestDb) {
    let open = db.open();
    let (go, gate) = gate();
    let doomed = |connection: &mut AnyConnection| -> Result<(), StoreError> {
        connection.batch_execute(
            "PRAGMA defer_foreign_keys = ON;
             INSERT INTO agency_closure (ancestor_id, descendant_id) VALUES (zeroblob(16), zeroblob(16))",
        )?;
        Ok(())
    };
    let results =
        tokio::join!(open.write(gate), open.write(set("first")), open.write(doomed), async { drop(go) });
    let failure = Err(StoreError::ForeignKey);
    assert_eq!((results.0, results.1, results.2), (failure.clone(), failure.clone(), failure));
    assert_eq!(get(&open, "first"), None);
    assert_eq!(open.write(set("next")).await, Ok(()));
}

async fn a_full_queue_is_busy(db: TestDb) {
    let open = db.open();
    let (go, gate) = gate();
    let (started, running) = crossbeam_channel::bounded(1);
    let mut gate = gate;
    let gate = move |connection: &mut AnyConnection| {
        let _ = started.send(());
        gate(connection)
    };
    let gated = actix_web::rt::spawn({
        let open = open.clone();
        async move { open.write(gate).await }
    });
    tokio::task::yield_now().await;
    running.recv().unwrap();
    let mut busy = false;
    // Polling once queues the write; nobody waits for it.
    for _ in 0..=1024 {
        let answer = tokio::time::timeout(Duration::ZERO, open.write(set("queued"))).await;
        busy = answer == Ok(Err(StoreError::Busy));
    }
    assert!(busy);
    drop(go);
    assert_eq!(gated.await.unwrap(), Ok(()));
    while open.write(set("after")).await == Err(StoreError::Busy) {}
    assert!(get(&open, "after").is_some() && get(&open, "queued").is_some());
}

async fn a_write_of_a_caller_who_left_is_done(db: TestDb) {
    let open = db.open();
    let (go, gate) = gate();
    assert!(tokio::time::timeout(Duration::ZERO, open.write(gate)).await.is_err());
    assert!(tokio::time::timeout(Duration::ZERO, open.write(set("orphan"))).await.is_err());
    drop(go);
    while get(&open, "orphan").is_none() {
        std::thread::yield_now();
    }
}

async fn concurrent_changes_lose_nothing(db: TestDb) {
    let open = db.open();
    open.write_now(|connection| meta::set(connection, "count", "0")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let increment = |connection: &mut AnyConnection| -> Result<(), StoreError> {
                        let count: u32 = meta::get(connection, "count")?.unwrap().parse().unwrap();
                        meta::set(connection, "count", &(count + 1).to_string())
                    };
                    open.write_now(increment).unwrap();
                }
            });
        }
    });
    assert_eq!(get(&open, "count").as_deref(), Some("80"));
}

/// Two requests look for a row, find none and insert it: the second finds the first one's on its second attempt.
async fn twins_find_each_other(db: TestDb) {
    let open = db.open();
    let both_looked = Arc::new(Barrier::new(2));
    let attempts = Arc::new(AtomicU32::new(0));
    let twin = || {
        let (both_looked, attempts) = (both_looked.clone(), attempts.clone());
        let mut first = true;
        move |connection: &mut AnyConnection| -> Result<&'static str, StoreError> {
            attempts.fetch_add(1, Ordering::SeqCst);
            let found = meta::get(connection, "twin")?;
            if std::mem::take(&mut first) {
                both_looked.wait();
            }
            if found.is_some() {
                return Ok("found");
            }
            connection.batch_execute("INSERT INTO meta (key, value) VALUES ('twin', '')")?;
            Ok("made")
        }
    };
    let (one, other) = tokio::join!(open.write(twin()), open.write(twin()));
    let mut results = [one.unwrap(), other.unwrap()];
    results.sort_unstable();
    assert_eq!((results, attempts.load(Ordering::SeqCst)), (["found", "made"], 3));
}

async fn reads_cannot_write(db: TestDb) {
    let open = db.open();
    let result = open.read_now(|connection| meta::set(connection, "key", "value"));
    assert!(matches!(result, Err(StoreError::Internal(_))), "{result:?}");
    assert_eq!(open.is_up_to_date().await, Ok(true));
}

async fn errors_have_their_kind(db: TestDb) {
    let open = db.open();
    let run = |statement: &'static str| {
        open.write_now(move |connection| -> Result<(), StoreError> {
            Ok(connection.batch_execute(statement)?)
        })
    };
    assert_eq!(run("INSERT INTO kind (code) VALUES ('proposal')"), Err(StoreError::Unique));
    assert_eq!(
        run(
            "INSERT INTO calendar_entry (day, version, kind, name, source, confidence) VALUES ('2031-01-01', 1, 'no', '', '', 'seen')"
        ),
        Err(StoreError::ForeignKey)
    );
    let missing = open.read_now(|connection| -> Result<Option<i64>, StoreError> {
        Ok(event::table.select(event::position).first(connection)?)
    });
    assert_eq!(missing, Err(StoreError::NotFound));
}

async fn a_file_is_served_once(db: TestDb) {
    let (one, other) = (db.open(), db.open());
    let lock = one.lock_for_serving().unwrap();
    assert!(matches!(other.lock_for_serving(), Err(StoreError::Configuration(_))));
    drop(lock);
    assert!(other.lock_for_serving().is_ok());
    assert!(db.path().is_file());
}

/// Ends every other connection to this database, as a restart of the server would.
fn end_connections(db: &TestDb) {
    let other = db.open();
    let statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    other
        .write_now(move |c| -> Result<(), StoreError> { Ok(sql_query(statement).execute(c).map(drop)?) })
        .unwrap();
}

async fn lost_connections_are_replaced(db: TestDb) {
    let open = db.open();
    let several = tokio::join!(
        open.is_up_to_date(),
        open.is_up_to_date(),
        open.is_up_to_date(),
        open.write(set("before"))
    );
    assert_eq!(several, (Ok(true), Ok(true), Ok(true), Ok(())));
    end_connections(&db);
    assert_eq!(open.write(set("after")).await, Ok(()));
    assert_eq!(open.is_up_to_date().await, Ok(true));
}

async fn a_connection_lost_in_a_write_is_unavailable(db: TestDb) {
    let open = db.open();
    let suicide = |c: &mut AnyConnection| -> Result<(), StoreError> {
        meta::set(c, "lost", "set")?;
        Ok(sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(c).map(drop)?)
    };
    let result = open.write(suicide).await;
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    assert_eq!(get(&open, "lost"), None);
    assert_eq!(open.write(set("next")).await, Ok(()));
}

fn urls_are_checked() {
    for url in ["", "data.db", "sqlite:", "sqlite::memory:", "mysql://localhost/x"] {
        assert!(matches!(Db::open(url).map(drop), Err(StoreError::Configuration(_))), "{url}");
    }
    let empty = TestDb::empty(Database::Sqlite);
    empty.open().migrate().unwrap();
    assert!(empty.path().is_file());
}

fn an_unreachable_server_is_named() {
    let result = Db::open("postgres://localhost/x?host=/nowhere").map(drop);
    assert!(matches!(&result, Err(StoreError::Unavailable(why)) if why.contains("/nowhere")), "{result:?}");
}
