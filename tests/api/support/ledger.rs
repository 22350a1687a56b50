//! What two processes did, seen in the tables themselves: which of them numbered or closed what, and how often.

use std::{thread, time::Instant};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query,
    sql_types::BigInt,
};

use super::TestDb;

/// The names under which the two processes of a test know the database.
pub(crate) const NAMES: [&str; 2] = ["one", "other"];

/// Who waits at the gate that [`Ledger::shut_the_gate`] puts up.
pub(crate) const AT_THE_GATE: &str =
    "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";

/// A look at the tables that is not the program's own.
pub(crate) struct Ledger(PgConnection);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Ledger {
    /// Writes down from now on which process gave an event its number, and which closed a petition.
    pub(crate) fn open(db: &TestDb) -> Self {
        let mut ledger = Self(PgConnection::establish(&db.url).expect("connect to the database"));
        ledger.run(
            "CREATE TABLE deed (process text NOT NULL, what text NOT NULL, event uuid, petition uuid);
            CREATE FUNCTION deed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO deed VALUES (current_setting('application_name'), TG_ARGV[0], NEW.id, NEW.subject_id);
                RETURN NULL;
            END $$;
            CREATE TRIGGER numbering AFTER UPDATE OF position ON event
                FOR EACH ROW EXECUTE FUNCTION deed('numbering');
            CREATE TRIGGER closing AFTER INSERT ON event
                FOR EACH ROW WHEN (NEW.type = 'closing') EXECUTE FUNCTION deed('closing');",
        );
        ledger
    }

    /// Runs statements.
    pub(crate) fn run(&mut self, statements: &str) {
        self.0.batch_execute(statements).expect(statements);
    }

    fn number(&mut self, query: &str) -> i64 {
        let query = format!("SELECT ({query})::bigint AS number");
        sql_query(&query).get_result::<Number>(&mut self.0).expect(&query).number
    }

    /// How many rows there are.
    pub(crate) fn count(&mut self, rows: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {rows}"))
    }

    /// Whether a condition comes to hold, by what the processes do of themselves.
    pub(crate) fn comes_to(&mut self, condition: &str) -> bool {
        let begun = Instant::now();
        while self.number(&format!("SELECT ({condition})::int")) == 0 {
            if begun.elapsed().as_secs() >= 300 {
                return false;
            }
            thread::yield_now();
        }
        true
    }

    /// Lets whoever is about to number wait at a gate, which is shut.
    pub(crate) fn shut_the_gate(&mut self) {
        self.run(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_xact_lock_shared(1);
                RETURN NULL;
            END $$;
            CREATE TRIGGER gate BEFORE UPDATE OF position ON event EXECUTE FUNCTION gate();
            SELECT pg_advisory_lock(1);",
        );
    }

    pub(crate) fn open_the_gate(&mut self) {
        self.run("SELECT pg_advisory_unlock(1)");
    }

    /// The whole log has the places 1 to N in the order of each history, and no event was given a second one.
    pub(crate) fn is_gapless(&mut self) -> i64 {
        let numbered = self.comes_to("SELECT count(*) = 0 FROM event WHERE position IS NULL");
        assert!(numbered, "nobody numbers the log");
        let twice =
            "(SELECT 1 FROM deed WHERE what = 'numbering' GROUP BY event HAVING count(*) > 1) AS twice";
        assert_eq!(self.count(twice), 0, "events were numbered twice");
        let events = self.count("event");
        let places = "SELECT count(DISTINCT position) FROM event WHERE position > 0";
        assert_eq!(self.number(places), events);
        assert_eq!(self.number("SELECT max(position) FROM event"), events);
        let broken = "(SELECT 1 FROM event GROUP BY subject_kind, subject_id
            HAVING min(sequence) <> 1 OR max(sequence) <> count(*)) AS broken";
        assert_eq!(self.count(broken), 0, "a history has a gap");
        let disordered = "(SELECT position < lag(position) OVER (PARTITION BY subject_kind, subject_id
            ORDER BY sequence) AS back FROM event) AS pairs WHERE back";
        assert_eq!(self.count(disordered), 0, "a history is numbered in another order");
        events
    }

    /// How many petitions were closed since the ledger was opened; none of them twice.
    pub(crate) fn closed_once(&mut self) -> i64 {
        let closed = self.count("deed WHERE what = 'closing'");
        let petitions = "SELECT count(DISTINCT petition) FROM deed WHERE what = 'closing'";
        assert_eq!(self.number(petitions), closed, "a petition was closed twice");
        closed
    }

    /// How much each process did.
    pub(crate) fn shares(&mut self, what: &str) -> [i64; 2] {
        NAMES.map(|name| self.count(&format!("deed WHERE what = '{what}' AND process = '{name}'")))
    }
}
