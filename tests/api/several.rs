//! Two processes on one PostgreSQL are one installation: what one wrote the other knows, and what is due happens once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use kiennghi::app::clock::new_id;
use serde_json::{Value, json};

use crate::{
    cli::{Served, run, succeeds},
    kill::{Load, nothing_is_lost_or_doubled, petition_count, verified},
    support::{
        Case, Database, TestDb, cases,
        ledger::{AT_THE_GATE, Ledger, NAMES},
        load::{Answer, Staff, Story, call},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![Postgres:
        two_processes_write_number_and_close_as_one,
        while_one_numbers_the_other_does_not,
        of_many_at_one_version_one_wins_and_notes_do_not_compete,
        a_call_sent_to_both_at_once_is_done_once,
        allowances_hold_over_both_processes,
        a_lock_at_one_process_holds_at_the_other,
        a_sandbox_clock_turned_at_one_process_is_turned_at_both,
    ]
}

const CLIENTS: usize = 16;
/// Of each client, on one petition.
const NOTES: usize = 7;
/// A month and more after the demo begins: by then every petition answered there is to be closed.
const LATER: &str = "2027-01-04T08:00:00+07:00";

/// How many writes the clients make, at least.
fn writes() -> usize {
    std::env::var("KIENNGHI_SEVERAL_WRITES").map_or(1_000, |text| text.parse().unwrap())
}

/// Two processes, begun at the same moment; in the database each goes by its name.
fn pair(db: &TestDb, arguments: &[&str]) -> [Served; 2] {
    let start = |name: &'static str| {
        let url = format!("{}&application_name={name}", db.url);
        let arguments = [&["--demo"], arguments].concat();
        move || Served::start(&TestDb::foreign(url, Database::Postgres), &arguments)
    };
    thread::scope(|scope| {
        NAMES.map(|name| scope.spawn(start(name))).map(|started| started.join().expect("a server"))
    })
}

/// As [`pair`], on a database without any table, so that they make it together.
fn founders(arguments: &[&str]) -> (TestDb, [Served; 2]) {
    let db = TestDb::empty(Database::Postgres);
    let servers = pair(&db, arguments);
    (db, servers)
}

/// Turns the clocks of both at once, while nobody can write an event, and lets go when both are about to.
fn turn_both(ledger: &mut Ledger, servers: &[Served; 2], admin: &str) {
    thread::scope(|scope| {
        ledger.run("BEGIN; LOCK TABLE event IN SHARE MODE");
        let turned = servers.each_ref().map(|server| {
            scope.spawn(|| server.call("POST", "/v1/sandbox/clock", Some(admin), Some(json!({"set": LATER}))))
        });
        let both_wait = ledger.comes_to(
            "SELECT count(DISTINCT application_name) = 2 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        ledger.run("COMMIT");
        assert!(both_wait, "both close what is due");
        for turned in turned {
            let (status, body) = turned.join().expect("an answer");
            assert_eq!(status, 200, "{body}");
        }
    });
}

async fn two_processes_write_number_and_close_as_one(_: TestDb) {
    let (db, servers) = founders(&["--request-seconds", "3600", "--token-minutes", "600"]);
    let mut ledger = Ledger::open(&db);
    let keys = succeeds(&run(&db, &["keys", "list"]));
    assert_eq!(keys.matches(" signs since ").count(), 1, "{keys}");
    assert_eq!(keys.matches(" waits, published since ").count(), 1, "{keys}");
    let staff = Staff::sign_in(&servers[0]);
    let (_, admin) = servers[1].sign_in("admin", "kiennghi-demo");
    let before = petition_count(&verified(&db));

    let begun = Instant::now();
    let load = Load::start(&servers.each_ref(), &staff, vec![Vec::new(); CLIENTS]);
    load.wait_for(writes());
    let stories = load.end();
    let seconds = begun.elapsed().as_secs();
    let (petitions, acts) = nothing_is_lost_or_doubled(&db, before, &stories);
    println!(
        "{} writes of {CLIENTS} clients acknowledged by two processes in {seconds} s: \
         {petitions} petitions and {acts} acts, each there once",
        petitions + acts
    );
    let events = ledger.is_gapless();
    println!("{events} events in places 1 to {events}; {:?} numbered by each", ledger.shares("numbering"));
    let reminders = "event WHERE type = 'escalation'";
    let reminded = ledger.count(reminders);

    let due = ledger.count("petition WHERE state = 'answered' AND closes_at IS NOT NULL");
    assert!(stories.iter().flatten().all(Story::is_told) && due >= petitions as i64);
    turn_both(&mut ledger, &servers, &admin);
    let closed = ledger.closed_once();
    assert_eq!(closed, due, "each petition that was due closed once");
    assert_eq!(ledger.count("petition WHERE state = 'answered' AND closes_at IS NOT NULL"), 0);
    // What stays open is reminded of, each once: a key forbids a second time.
    let reminded = ledger.count(reminders) - reminded;
    assert_eq!(ledger.is_gapless(), events + closed + reminded);
    println!("{closed} petitions fell due at once; {:?} closed by each", ledger.shares("closing"));
    for server in servers {
        server.stop();
    }
    verified(&db);
}

async fn while_one_numbers_the_other_does_not(_: TestDb) {
    let (db, servers) = founders(&[]);
    let (_, admin) = servers[0].sign_in("admin", "kiennghi-demo");
    let mut ledger = Ledger::open(&db);
    ledger.shut_the_gate();
    for server in &servers {
        assert_eq!(post(server, "/v1/petitions", None, &[key()], &submission()).status, 201);
    }
    assert!(ledger.comes_to(&format!("SELECT count(*) > 0 FROM {AT_THE_GATE}")), "nobody numbers the log");
    let body = json!({"advance": "PT1S"});
    let turn = |server| post(server, "/v1/sandbox/clock", Some(&admin), &[], &body).status;
    thread::scope(|scope| {
        let turned = servers.each_ref().map(|server| scope.spawn(|| turn(server)));
        let mut waiting = 1;
        while waiting == 1 && turned.iter().any(|turned| !turned.is_finished()) {
            waiting = ledger.count(AT_THE_GATE);
        }
        ledger.open_the_gate();
        assert_eq!(waiting, 1, "so many are about to number");
        assert_eq!(turned.map(|turned| turned.join().expect("an answer")), [200, 200]);
    });
    ledger.is_gapless();
}

/// The same call of many clients at the same time, each at one of the servers in turn.
fn at_once<T: Send>(servers: &[Served; 2], send: impl Fn(&Served, usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let send = &send;
        let sent: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || send(&servers[client % 2], client))).collect();
        sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
    })
}

fn post(server: &Served, path: &str, token: Option<&str>, fields: &[(&str, String)], body: &Value) -> Answer {
    let bearer = token.map(|token| ("Authorization", format!("Bearer {token}")));
    let fields: Vec<_> = fields.iter().cloned().chain(bearer).collect();
    call(server.address, "POST", path, &fields, &body.to_string()).expect("an answer")
}

fn key() -> (&'static str, String) {
    ("Idempotency-Key", new_id::<()>().to_string())
}

fn submission() -> Value {
    json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng ba đêm.", "field_code": "transport"})
}

async fn of_many_at_one_version_one_wins_and_notes_do_not_compete(_: TestDb) {
    let (db, servers) = founders(&[]);
    let staff = Staff::sign_in(&servers[0]);
    let act = |server: &Served, (id, action): (&str, &str), version: usize, token: &str, body: &Value| {
        let seen = ("If-Match", format!("\"{version}\""));
        post(server, &format!("/v1/petitions/{id}/{action}"), Some(token), &[seen, key()], body)
    };
    let receipt = post(&servers[0], "/v1/petitions", None, &[key()], &submission());
    let id = receipt.body["id"].as_str().expect("an id");
    let words = json!({"kind": "feedback", "field_code": "transport", "public_title": "Đèn", "public_summary": "Đèn."});
    assert_eq!(act(&servers[1], (id, "classification"), 1, &staff.coordinator, &words).status, 200);
    for version in 2..12 {
        let field = if version % 2 == 0 { "environment" } else { "transport" };
        let body = json!({"field_code": field, "reason": "Đúng lĩnh vực"});
        let answers = at_once(&servers, |server, _| {
            act(server, (id, "reclassification"), version, &staff.coordinator, &body)
        });
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        // Who is in the others' way for too long is told to come later, and has changed nothing either.
        let lost = statuses[1..].iter().all(|status| [412, 503].contains(status));
        assert!(statuses[0] == 200 && lost, "{statuses:?}");
    }
    let (agency, person) = (&staff.ward, &staff.responsible);
    let body = json!({"agency_id": agency, "responsible_id": person});
    assert_eq!(act(&servers[0], (id, "assignment"), 12, &staff.coordinator, &body).status, 200);
    let away = AtomicUsize::new(0);
    let path = format!("/v1/petitions/{id}/progress-note");
    at_once(&servers, |server, client| {
        for note in 0..NOTES {
            let (key, body) = (key(), json!({"text": format!("{note} của {client}"), "public": false}));
            loop {
                let answer = post(server, &path, Some(&staff.handler), std::slice::from_ref(&key), &body);
                if answer.status == 200 {
                    break;
                }
                assert_eq!(answer.status, 503, "{}", answer.body);
                away.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let mut ledger = Ledger::open(&db);
    let notes = format!("event WHERE subject_id = '{id}' AND type = 'progress-note'");
    assert_eq!(ledger.count(&notes), (NOTES * CLIENTS) as i64);
    println!(
        "{} notes of {CLIENTS} clients on one petition, {} times told to come later",
        NOTES * CLIENTS,
        away.into_inner()
    );
    ledger.is_gapless();
    verified(&db);
}

async fn a_call_sent_to_both_at_once_is_done_once(_: TestDb) {
    let (db, servers) = founders(&[]);
    let before = petition_count(&verified(&db));
    for _ in 0..10 {
        let key = key();
        let answers = at_once(&servers, |server, _| {
            post(server, "/v1/petitions", None, std::slice::from_ref(&key), &submission())
        });
        let told: Vec<&Value> =
            answers.iter().filter(|answer| answer.status == 201).map(|answer| &answer.body).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409 | 503)));
        assert!(!told.is_empty() && told.iter().all(|receipt| receipt["id"] == told[0]["id"]), "{told:?}");
    }
    assert_eq!(petition_count(&verified(&db)), before + 10);
}

/// Of four times as many calls as are allowed, at both in turn, those that one process would have allowed get through.
async fn allowances_hold_over_both_processes(_: TestDb) {
    let allowed = 5;
    let settings = ["--limits-off=false", "--limit-submission=5", "--limit-sign-in=5", "--limit-tracking=5"];
    let (_db, servers) = founders(&settings);
    let of_citizen = json!({"items": [{"code": "KN-00000000-0", "access_key": "00000-00000-00000-00000-0"}]});
    let of_nobody = json!({"username": "nobody", "password": "wrong"});
    for (path, body, passed) in [
        ("/v1/petitions", submission(), 201),
        ("/v1/sessions", of_nobody, 401),
        ("/v1/tracking", of_citizen, 404),
    ] {
        let begun = Instant::now();
        let call = |turn: usize| post(&servers[turn % 2], path, None, &[key()], &body).status;
        let statuses: Vec<u16> = (0..4 * allowed).map(call).collect();
        assert!(statuses.iter().all(|status| [passed, 429].contains(status)), "{path}: {statuses:?}");
        let through = statuses.iter().filter(|status| **status == passed).count();
        // On a slow machine some of it grows back meanwhile.
        let grown = begun.elapsed().as_secs() as usize * allowed / 60 + 1;
        assert!((allowed..=allowed + grown).contains(&through), "{path}: {statuses:?}");
        println!(
            "{path}: {through} of {} calls at two processes got through, {allowed} a minute allowed",
            4 * allowed
        );
    }
}

async fn a_lock_at_one_process_holds_at_the_other(_: TestDb) {
    let lock = ["--lock-failures=3", "--lock-seconds=3600", "--lock-longest-seconds=3600"];
    let (_db, servers) = founders(&[&["--limits-off=false", "--limit-sign-in=0"], &lock[..]].concat());
    for turn in 0..3 {
        assert_eq!(servers[turn % 2].sign_in("handler", "wrong").0, 401);
    }
    for server in &servers {
        assert_eq!(server.sign_in("handler", "kiennghi-demo").0, 429, "the right password does not help");
        assert_eq!(server.sign_in("approver", "kiennghi-demo").0, 201, "nobody else is locked");
    }
}

async fn a_sandbox_clock_turned_at_one_process_is_turned_at_both(db: TestDb) {
    let [one, other] = pair(&db, &[]);
    let (_, admin) = one.sign_in("admin", "kiennghi-demo");
    let (status, body) = one.call("POST", "/v1/sandbox/clock", Some(&admin), Some(json!({"set": LATER})));
    assert_eq!(status, 200, "{body}");
    let later = LATER.parse().unwrap();
    let begun = Instant::now();
    while other.now() < later {
        assert!(begun.elapsed().as_secs() < 300, "the other goes on by its own clock");
    }
    // One that leaves does not take back what another noted.
    other.stop();
    drop(one);
    assert!(Served::start(&db, &["--demo"]).now() >= later);
}
