//! A replica answers reads, and nobody misses what he wrote himself.

use std::time::Duration;

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use kiennghi::{
    domain::vocabulary::{Role, Visibility},
    store::Db,
};
use serde_json::Value;

use crate::support::{
    Case, TestDb, cases,
    client::TestApp,
    postgres::{self, Cluster},
};

/// Makes a primary and a standby that follows it; otherwise as the watchdog of the test run.
const PAIR: &str = r#"
trap '' INT TERM HUP PIPE
folder=$(mktemp -d "${TMPDIR:-/tmp}/kiennghi-pair-XXXXXX" 2>/dev/null || mktemp -d /tmp/kiennghi-pair-XXXXXX) || exit 1
cd "$folder" || exit 1
copy=$(dirname "$(readlink -f "$1/initdb")")/pg_basebackup
start() {
    "$1/pg_ctl" -D "$folder/$2" -l "$folder/log" -w -t 60 -o "-c listen_addresses='' \
        -c unix_socket_directories='$folder' -c port=$3 -c max_connections=60 -c fsync=off" start >>log 2>&1
}
if "$1/initdb" -D "$folder/primary" -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
   start "$1" primary 5432 &&
   "$copy" -h "$folder" -p 5432 -U postgres -D "$folder/standby" -R -c fast --no-sync >>log 2>&1 &&
   start "$1" standby 5433
then echo "$folder"; cat >/dev/null
else cat log >&2
fi
for server in standby primary; do "$1/pg_ctl" -D "$folder/$server" -m immediate -w stop >/dev/null 2>&1; done
cd / && rm -rf "$folder"
"#;

pub(crate) fn cases() -> Vec<Case> {
    cases![Postgres: a_writer_reads_what_he_wrote_and_the_public_may_lag]
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

struct Pair {
    folder: String,
    _servers: Cluster,
}

impl Pair {
    fn start() -> Self {
        let binaries = postgres::find().expect("the binaries of PostgreSQL");
        let (servers, folder) = postgres::watched(&binaries, PAIR, "fast").expect("a primary and a standby");
        Self { folder, _servers: servers }
    }

    fn url(&self, port: u16) -> String {
        format!(
            "postgres:///postgres?host={}&port={port}&user=postgres&application_name=kiennghi",
            self.folder
        )
    }

    fn ask(&self, port: u16, question: &str) -> i64 {
        let mut connection = PgConnection::establish(&self.url(port).replace("=kiennghi", "=test")).unwrap();
        sql_query(question).get_result::<Count>(&mut connection).unwrap().n
    }

    /// Waits for a server to say yes.
    async fn until(&self, port: u16, question: &str) {
        for _ in 0..600 {
            if self.ask(port, question) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {question}");
    }

    /// Waits until the standby has replayed all that is written by now.
    async fn catch_up(&self) {
        let written = self.ask(5432, "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS n");
        let caught_up =
            format!("SELECT (pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= {written})::int::bigint AS n");
        self.until(5433, &caught_up).await;
    }

    /// The standby's time, in microseconds.
    fn now(&self) -> i64 {
        self.ask(5433, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS n")
    }

    /// How many of our connections to the standby read something to the end since an instant.
    fn readings_since(&self, instant: i64) -> i64 {
        let ours = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'kiennghi'";
        let since = "query = 'COMMIT' AND extract(epoch FROM query_start) * 1000000";
        self.ask(5433, &format!("{ours} AND {since} >= {instant}"))
    }
}

async fn a_writer_reads_what_he_wrote_and_the_public_may_lag(unused: TestDb) {
    let pair = Pair::start();
    let db = Db::open(&pair.url(5432)).unwrap();
    db.migrate().unwrap();
    db.attach_replica(&pair.url(5433), 4).unwrap();
    let app = TestApp::over(db, unused);
    let first = app.agency("H99", "Thành phố", None);
    let official = app.official("ha", first, Role::Coordinator, None, Visibility::PartiesOnly);
    let token = app.token(official);
    pair.until(5433, "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'kiennghi'").await;
    // What comes later must be all that the standby lacks.
    pair.catch_up().await;

    pair.ask(5433, "SELECT 1::bigint AS n FROM (SELECT pg_wal_replay_pause()) AS asked");
    pair.until(5433, "SELECT (pg_get_wal_replay_pause_state() = 'paused')::int::bigint AS n").await;
    app.agency("H99.1", "Phường Mới", Some(first));
    let then = pair.now();
    let codes = |list: &Value| -> Vec<String> {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let his = app.get("/v1/agencies").token(&token).call().await.expect(200);
    assert_eq!(codes(&his.body), ["H99", "H99.1"], "the primary answers while the replica lags");
    assert_eq!(pair.readings_since(then), 0, "nothing was read from the replica for him");
    let public = app.get("/v1/agencies").call().await.expect(200);
    assert_eq!(codes(&public.body), ["H99"], "the replica answers the public");

    pair.ask(5433, "SELECT 1::bigint AS n FROM (SELECT pg_wal_replay_resume()) AS asked");
    pair.catch_up().await;
    let then = pair.now();
    let his = app.get("/v1/agencies").token(&token).call().await.expect(200);
    assert_eq!(codes(&his.body), ["H99", "H99.1"]);
    assert_eq!(pair.readings_since(then), 1, "the replica answers him once it has what he wrote");
}
