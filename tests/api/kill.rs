//! Killed in the middle of its work, nothing that was acknowledged is lost, and nothing is done twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
};

use kiennghi::{
    domain::id::PetitionId,
    store::{Db, StoreError, events, petitions},
};

use crate::{
    cli::{Served, run, succeeds},
    support::{
        Case, Database, TestDb, cases,
        load::{Client, Heard, Staff, Story},
        postgres,
        requests::Dice,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    [cases![a_killed_server_loses_nothing], cases![Postgres: a_killed_database_loses_nothing]].concat()
}

const CLIENTS: usize = 4;

fn rounds() -> usize {
    std::env::var("KIENNGHI_KILL_ROUNDS").map_or(5, |text| text.parse().unwrap())
}

/// Clients at work on one server.
pub(crate) struct Load {
    clients: Vec<JoinHandle<Vec<Story>>>,
    heard: Receiver<Heard>,
    enough: Arc<AtomicBool>,
}

impl Load {
    /// Each client goes on with petitions of its own, at these servers of one database in turn.
    pub(crate) fn start(servers: &[&Served], staff: &Staff, stories: Vec<Vec<Story>>) -> Self {
        let (sender, heard) = channel();
        let enough = Arc::new(AtomicBool::new(false));
        let client = Client {
            addresses: servers.iter().map(|server| server.address).collect(),
            staff: staff.clone(),
            heard: sender,
            enough: Arc::clone(&enough),
        };
        Self { clients: stories.into_iter().map(|own| client.clone().start(own)).collect(), heard, enough }
    }

    /// Waits until so many calls were acknowledged.
    pub(crate) fn wait_for(&self, acknowledged: usize) {
        let all = self.heard.iter().filter(|heard| *heard == Heard::Acknowledged);
        assert_eq!(all.take(acknowledged).count(), acknowledged, "the clients ended early");
    }

    /// Waits until a client was told to come later.
    fn wait_for_outage(&self) {
        assert!(self.heard.iter().any(|heard| heard == Heard::Away), "the clients ended early");
    }

    /// What the clients know, after each call was answered or the server is gone.
    pub(crate) fn end(self) -> Vec<Vec<Story>> {
        self.enough.store(true, Ordering::Relaxed);
        self.clients.into_iter().map(|client| client.join().expect("a client")).collect()
    }
}

/// A server with the demo's people, and how many petitions there are.
pub(crate) fn begin(db: &TestDb) -> (Served, Staff, u64) {
    let server = Served::start(db, &["--demo"]);
    let staff = Staff::sign_in(&server);
    let before = petition_count(&verified(db));
    (server, staff, before)
}

/// What a verification says that found nothing.
#[track_caller]
pub(crate) fn verified(db: &TestDb) -> String {
    let said = succeeds(&run(db, &["verify"]));
    assert!(said.starts_with("0 differences: "), "{said}");
    said
}

pub(crate) fn petition_count(said: &str) -> u64 {
    said.split_whitespace().nth(2).unwrap().parse().unwrap()
}

/// Everything that was acknowledged is there once, and the whole is what its history says.
pub(crate) fn nothing_is_lost_or_doubled(db: &TestDb, before: u64, stories: &[Vec<Story>]) -> (usize, usize) {
    let (mut petitions, mut acts) = (0, 0);
    let store: Db = db.open();
    for story in stories.iter().flatten() {
        let (id, code) = story.told.clone().expect("each submission was answered in the end");
        let id: PetitionId = id.parse().unwrap();
        let reference = story.reference;
        let (found, row, history) = store
            .read_now::<_, StoreError>(|tx| {
                let found = petitions::find_by_client_reference(tx, reference)?.map(|(id, _)| id);
                Ok((found, petitions::find(tx, id)?, events::history(tx, id, None)?))
            })
            .unwrap();
        assert_eq!((found, row.map(|row| row.code)), (Some(id), Some(code)));
        let names: Vec<&str> = history.iter().map(|stored| stored.event.record.act.name()).collect();
        assert_eq!(names, story.history());
        assert!(history.iter().map(|stored| stored.event.sequence).eq(1..=names.len() as u32));
        petitions += 1;
        acts += story.writes() - 1;
    }
    drop(store);
    assert_eq!(petition_count(&verified(db)), before + petitions as u64, "no petition came twice");
    (petitions, acts)
}

async fn a_killed_server_loses_nothing(db: TestDb) {
    let (mut server, staff, before) = begin(&db);
    let mut dice = Dice::new(std::process::id().into());
    let mut stories = vec![Vec::new(); CLIENTS];
    for _ in 0..rounds() {
        let load = Load::start(&[&server], &staff, stories);
        load.wait_for(20 + dice.below(150));
        server.kill();
        stories = load.end();
        server = Served::start(&db, &["--demo"]);
    }
    // What was not answered is asked for again.
    let load = Load::start(&[&server], &staff, stories);
    load.wait_for(20);
    let stories = load.end();
    server.stop();
    let (petitions, acts) = nothing_is_lost_or_doubled(&db, before, &stories);
    println!(
        "the server was killed {} times: {petitions} petitions and {acts} acts acknowledged, each there once",
        rounds()
    );
}

async fn a_killed_database_loses_nothing(_: TestDb) {
    let cluster = postgres::Own::start();
    let db = TestDb::foreign(cluster.url(), Database::Postgres);
    let (server, staff, before) = begin(&db);
    let mut dice = Dice::new(std::process::id().into());
    let load = Load::start(&[&server], &staff, vec![Vec::new(); CLIENTS]);
    for _ in 0..rounds() {
        load.wait_for(20 + dice.below(150));
        cluster.kill();
        load.wait_for_outage();
        cluster.start_again();
    }
    load.wait_for(20);
    let stories = load.end();
    server.stop();
    let (petitions, acts) = nothing_is_lost_or_doubled(&db, before, &stories);
    println!(
        "the database was killed {} times: {petitions} petitions and {acts} acts acknowledged, each there once",
        rounds()
    );
}
