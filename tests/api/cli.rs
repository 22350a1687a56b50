//! The program itself, as an operator runs it: what it prints, how it ends, what it leaves behind.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use kiennghi::store::{Db, StoreError, meta};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Case, TestDb, cases, once};

const SECRET: &str = "a secret of the tests, long enough to be one";
const FIRST_START: &str = "2026-11-23T14:00:00+07:00";

pub(crate) fn cases() -> Vec<Case> {
    [
        cases![
            a_command_stamps_a_new_database_as_production,
            a_demo_is_a_sandbox_that_goes_on_where_it_was,
            a_demo_on_a_production_store_has_the_real_clock,
            a_user_who_was_added_can_sign_in,
            an_import_ends_with_its_report,
            an_operator_changes_the_signing_keys,
        ],
        cases![Sqlite: a_second_server_of_one_file_is_refused, readiness_goes_off_before_the_server_goes, a_log_that_nobody_reads_holds_nobody_up],
        cases![Postgres: a_secret_is_required_with_postgres, a_second_server_of_one_database_is_welcome],
        once![the_document_is_printed_as_the_file, what_goes_wrong_is_one_sentence],
    ]
    .concat()
}

/// The program, in a folder of its own and with nothing of the environment it was called in.
pub(crate) fn program(url: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiennghi"));
    command.args(arguments).current_dir(folder).env_clear();
    command.env("DATABASE_URL", url).env("KIENNGHI_SECRET", SECRET).env("RUST_LOG", "warn");
    command.env("KIENNGHI_LIMITS_OFF", "true");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(db: &TestDb, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    program(&db.url, folder.path(), arguments).output().unwrap()
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line on standard error of a program that ended with exit code 1.
#[track_caller]
pub(crate) fn sentence(output: &Output) -> String {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("kiennghi: ") && !told.contains("panicked"), "{told}");
    told
}

/// A server on a free port; killed when dropped.
pub(crate) struct Served {
    child: Child,
    greeting: String,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Served {
    #[track_caller]
    pub(crate) fn start(db: &TestDb, arguments: &[&str]) -> Self {
        Self::logging(db, arguments, "warn", |log| std::fs::File::create(log).unwrap().into())
    }

    /// The same with a log of this much that goes to a place of one's own.
    #[track_caller]
    fn logging(db: &TestDb, arguments: &[&str], filter: &str, to: impl FnOnce(&Path) -> Stdio) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let log = folder.path().join("stderr");
        let mut program = program(&db.url, folder.path(), &arguments);
        let mut child = program.env("RUST_LOG", filter).stderr(to(&log)).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
        let address =
            greeting.strip_prefix("kiennghi listens on http://").and_then(|rest| rest.split(';').next());
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{greeting}{}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        Self { child, greeting, address, _folder: folder }
    }

    /// Sends a request over a connection of its own; gives status and body.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {bearer}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    pub(crate) fn sign_in(&self, username: &str, password: &str) -> (u16, String) {
        let credentials = json!({"username": username, "password": password});
        let (status, body) = self.call("POST", "/v1/sessions", None, Some(credentials));
        (status, body["access_token"].as_str().unwrap_or_default().to_owned())
    }

    /// The time of the server's domain.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        let (status, body) = self.call("GET", "/readyz", None, None);
        assert_eq!(status, 200, "{body}");
        body["now"].as_str().unwrap().parse().unwrap()
    }

    /// Tells the server to stop as a terminal does, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.signal("-INT");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    /// Ends the server without a warning, as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn stamp(db: &TestDb) -> Option<String> {
    db.open().read_now::<_, StoreError>(|tx| meta::get(tx, "stamp")).unwrap()
}

async fn a_log_that_nobody_reads_holds_nobody_up(db: TestDb) {
    let server = Served::logging(&db, &["--demo"], "info", |_| Stdio::piped());
    // Each call is a line of more than 200 bytes, and a pipe holds 64 kB.
    for _ in 0..1000 {
        assert_eq!(server.call("GET", "/v1/lifecycle", None, None).0, 200);
    }
    server.stop();
}

async fn a_command_stamps_a_new_database_as_production(db: TestDb) {
    let db = TestDb::empty(db.database);
    succeeds(&run(&db, &["migrate"]));
    assert_eq!(stamp(&db).as_deref(), Some("production"));
    succeeds(&run(&db, &["migrate"]));
    let told = sentence(&run(&db, &["serve", "--listen", "127.0.0.1:0", "--clock", FIRST_START]));
    assert!(told.contains("--clock works on a sandbox only"), "{told}");
}

async fn a_demo_is_a_sandbox_that_goes_on_where_it_was(db: TestDb) {
    let start: jiff::Timestamp = FIRST_START.parse().unwrap();
    let server = Served::start(&db, &["--demo"]);
    assert!(server.greeting.contains("/docs; a sandbox, where it is 2026-11-23 14:0"), "{}", server.greeting);
    assert!(server.now() >= start);
    let (status, admin) = server.sign_in("admin", "kiennghi-demo");
    assert_eq!(status, 201);
    let turn = |body| server.call("POST", "/v1/sandbox/clock", Some(&admin), Some(body));
    let (status, turned) = turn(json!({"advance": "PT36H"}));
    assert_eq!(status, 200, "{turned}");
    assert!(server.now() >= start + jiff::Span::new().hours(36));
    assert_eq!(turn(json!({"set": FIRST_START})).0, 422, "it never goes back");

    let seen = server.now();
    // Killed, it could not say goodbye.
    drop(server);
    let again = Served::start(&db, &["--demo", "--clock", FIRST_START]);
    assert!(again.now() >= seen, "the same command line goes on where it was");
    assert_eq!(stamp(&db).as_deref(), Some("sandbox"));
    again.stop();
    let without = Served::start(&db, &[]);
    assert!(without.now() >= seen);
    assert_eq!(without.sign_in("admin", "kiennghi-demo").0, 401, "demo accounts are for --demo");
    without.stop();
}

async fn a_demo_on_a_production_store_has_the_real_clock(db: TestDb) {
    succeeds(&run(&db, &["migrate"]));
    let server = Served::start(&db, &["--demo"]);
    assert!(!server.greeting.contains("sandbox"), "{}", server.greeting);
    let (status, admin) = server.sign_in("admin", "kiennghi-demo");
    assert_eq!(status, 201);
    let (status, body) =
        server.call("POST", "/v1/sandbox/clock", Some(&admin), Some(json!({"advance": "PT1H"})));
    assert_eq!((status, body["reason"].as_str()), (409, Some("not_a_sandbox")));
    server.stop();
}

async fn a_second_server_of_one_file_is_refused(db: TestDb) {
    let server = Served::start(&db, &["--demo"]);
    let told = sentence(&run(&db, &["serve", "--listen", "127.0.0.1:0"]));
    assert!(told.contains("another process already serves"), "{told}");
    succeeds(&run(&db, &["migrate"]));
    server.stop();
    Served::start(&db, &[]).stop();
}

async fn readiness_goes_off_before_the_server_goes(db: TestDb) {
    let mut server = Served::start(&db, &["--demo"]);
    server.signal("-TERM");
    while server.call("GET", "/readyz", None, None).0 == 200 {}
    assert_eq!(server.call("GET", "/readyz", None, None).0, 503);
    assert_eq!(server.call("GET", "/livez", None, None).0, 200, "it still takes requests");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

async fn a_second_server_of_one_database_is_welcome(db: TestDb) {
    let (one, other) = (Served::start(&db, &["--demo"]), Served::start(&db, &["--demo"]));
    let (status, token) = one.sign_in("admin", "kiennghi-demo");
    assert_eq!(status, 201);
    let (status, body) =
        other.call("POST", "/v1/sandbox/clock", Some(&token), Some(json!({"advance": "PT1S"})));
    assert_eq!(status, 200, "one's token is good at the other: {body}");
    one.stop();
    other.stop();
}

async fn a_secret_is_required_with_postgres(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&db.url, folder.path(), &["serve"]).env_remove("KIENNGHI_SECRET").output().unwrap();
    assert!(sentence(&output).contains("KIENNGHI_SECRET is required with PostgreSQL"));
}

async fn a_user_who_was_added_can_sign_in(db: TestDb) {
    let server = Served::start(&db, &["--demo"]);
    let add = |username: &str, agency: &str, role: &str, password: &str| {
        let folder = tempfile::tempdir().unwrap();
        let position = ["--position", "Phó Chủ tịch", "--full-name", "Lê Thị Mới", "--ceiling", "restricted"];
        let named = ["user", "add", "--username", username, "--agency", agency, "--role", role];
        let mut child = program(&db.url, folder.path(), &[&named[..], &position].concat())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have refused before it read anything.
        let _ = child.stdin.take().unwrap().write_all(format!("{password}\nsomething else\n").as_bytes());
        child.wait_with_output().unwrap()
    };
    let done = succeeds(&add("moi", "H99.1", "approver", "mật khẩu dài"));
    assert_eq!(done, "added moi, approver of H99.1 and below, reads up to restricted\n");
    let (status, token) = server.sign_in("moi", "mật khẩu dài");
    assert_eq!(status, 201);
    let (status, body) = server.call("GET", "/v1/petitions?limit=1", Some(&token), None);
    assert_eq!(status, 200, "{body}");

    assert!(sentence(&add("moi", "H99.1", "approver", "mật khẩu dài")).contains("username: Taken already"));
    assert!(sentence(&add("khac", "X1", "approver", "mật khẩu dài")).contains("agency: There is no agency"));
    assert!(sentence(&add("khac", "H99.1", "approver", "ngắn")).contains("at least 8 characters"));
    assert!(sentence(&add("khac", "H99.1", "citizen", "mật khẩu dài")).contains("role: This role"));
    server.stop();
}

async fn an_operator_changes_the_signing_keys(db: TestDb) {
    let keys = |output: Output| -> Vec<(String, String)> {
        let lines = succeeds(&output);
        lines
            .lines()
            .map(|line| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap())
            .collect()
    };
    let first = keys(run(&db, &["keys", "list"]));
    assert_eq!(first.len(), 2, "{first:?}");
    let waits = |(_, standing): &&(String, String)| standing.starts_with("waits, published since ");
    let signs = |(_, standing): &&(String, String)| standing.starts_with("signs since ");
    assert_eq!((first.iter().filter(waits).count(), first.iter().filter(signs).count()), (1, 1), "{first:?}");
    let told = sentence(&run(&db, &["keys", "rotate"]));
    assert!(told.contains("published too lately") && told.contains("--now"), "{told}");
    assert_eq!(keys(run(&db, &["keys", "list"])), first);
    let second = keys(run(&db, &["keys", "rotate", "--now"]));
    assert_eq!(second.len(), 2);
    assert!(
        second.iter().all(|(kid, _)| first.iter().all(|(other, _)| other != kid)),
        "{first:?} {second:?}"
    );
    assert_eq!(keys(run(&db, &["keys", "list"])), second);
}

async fn an_import_ends_with_its_report(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backlog.ndjson");
    let record = json!({
        "source_system": "old", "external_id": "1", "kind": "feedback", "channel": "hotline", "title": "Đèn hỏng",
        "content": "Đèn đường hỏng ba đêm.", "field_code": "old_lights", "agency_code": "OLD.1",
        "received_at": "2015-01-01T00:20:09+07:00", "due_at": null, "closed_at": null, "reply_text": null,
        "location_text": null, "latitude": null, "longitude": null,
    });
    std::fs::write(&file, format!("{record}\nnot json\n")).unwrap();
    let import = |arguments: &[&str]| {
        let arguments = [&["import", file.to_str().unwrap()], arguments].concat();
        let output = succeeds(&run(&db, &arguments));
        let report: Value = serde_json::from_str(output.lines().last().unwrap()).unwrap();
        assert!(report["seconds"].is_number() && report["records_per_second"].is_number(), "{report}");
        let count = |name: &str| report[name].as_u64().unwrap();
        (["read", "created", "updated", "unchanged", "rejected"].map(count), report["errors"].clone())
    };
    let (counts, errors) = import(&[]);
    assert_eq!(counts, [2, 0, 0, 0, 2], "neither agency nor field is known: {errors}");
    let (counts, errors) = import(&["--create-missing"]);
    assert_eq!(counts, [2, 1, 0, 0, 1]);
    assert_eq!(errors[0]["line"], 2);
    assert_eq!(import(&[]).0, [2, 0, 0, 1, 1]);

    let told = sentence(&run(&db, &["import", "not-there.ndjson"]));
    assert!(told.contains("not-there.ndjson"), "{told}");
}

fn the_document_is_printed_as_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let output = program("sqlite:no.db", folder.path(), &["openapi"]).output().unwrap();
    assert_eq!(succeeds(&output), kiennghi::http::openapi::as_file().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no database is opened for it");
}

fn what_goes_wrong_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let fails =
        |url: &str, arguments: &[&str]| sentence(&program(url, folder.path(), arguments).output().unwrap());
    let told = fails("sqlite:x.db", &["serve", "--demo", "--listen", "0.0.0.0:0"]);
    assert!(told.contains("listens on loopback only"), "{told}");
    assert!(fails("mysql://localhost/x", &["migrate"]).contains("database_url: expected sqlite:PATH"));
    let told = fails("postgres://user:hidden@127.0.0.1:1/x", &["migrate"]);
    assert!(told.contains("the database cannot be reached") && !told.contains("hidden"), "{told}");
    std::fs::write(folder.path().join("text"), "not a database").unwrap();
    fails("sqlite:text", &["migrate"]);
    fails("sqlite:text/x.db", &["migrate"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = fails("sqlite:new.db", &["serve", "--listen", &address]);
    assert!(told.contains(&format!("cannot listen on {address}")), "{told}");
    let secret = folder.path().join("new.db.secret");
    assert!(!secret.exists(), "the setting was given");
    assert!(Db::open(&format!("sqlite:{}", folder.path().join("new.db").display())).is_ok());
}
