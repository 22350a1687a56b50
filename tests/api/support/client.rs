//! The API in process, over a database of its own: no port, a clock one can turn, a person for each role.

use actix_web::{
    body::to_bytes,
    http::{Method, StatusCode},
    test, web,
};
use kiennghi::{
    app::{
        App, Options,
        clock::{Clock, new_id},
        limits::Limits,
        passwords,
        secrets::InstallationSecret,
        sessions::{self, Who},
    },
    config, domain, http,
    store::{
        Db,
        accounts::{self, AccountRow},
        agencies::{self, NewAgency},
        people::{self, GrantRow, OfficialRow},
    },
};
use serde_json::Value;

use super::{TestDb, exports_folder};
use domain::{
    id::{AgencyId, OfficialId},
    time::Instant,
    vocabulary::{Code, Level, Role, Visibility},
};

/// The instant at which every test begins, unless it says otherwise: Monday 23 November 2026, 14:00 in Vietnam.
pub(crate) const START: &str = "2026-11-23T14:00:00+07:00";
/// The password of every test account.
pub(crate) const PASSWORD: &str = "kiennghi-test";
const SECRET: &str = "a secret of the tests, long enough to be one";

/// An application with its HTTP service over one test database.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) db: TestDb,
    pub(crate) edge: web::Data<http::Edge>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) bytes: web::Bytes,
}

/// A request in the making.
pub(crate) struct Send<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    from: Option<std::net::SocketAddr>,
}

impl TestApp {
    /// An application whose clock stands at `START` and runs on.
    pub(crate) fn new(db: TestDb) -> Self {
        Self::starting(db, START)
    }

    /// An application whose clock begins at an instant.
    pub(crate) fn starting(db: TestDb, start: &str) -> Self {
        Self::open(db, start, Limits::off(), edge())
    }

    /// An application with the settings of a command line, whose limits have a clock that only the test turns.
    pub(crate) fn set(db: TestDb, arguments: &[&str]) -> Self {
        let arguments = [&["kiennghi", "openapi"], arguments].concat();
        let (_, settings) = config::resolve_from(arguments, None).expect("settings");
        let clock = Clock::standing(START.parse().expect("an instant")).into();
        Self::open(db, START, Limits { clock, ..settings.limits.clone() }, http::edge(&settings))
    }

    /// A second process on the same database.
    pub(crate) fn twin(&self, arguments: &[&str]) -> Self {
        let twin = Self::set(self.db.shared(), arguments);
        let ahead = self.app.options().limits.clock.now();
        twin.app.options().limits.clock.set(ahead).expect("the clock goes forward");
        twin
    }

    fn open(db: TestDb, start: &str, limits: Limits, edge: web::Data<http::Edge>) -> Self {
        Self { app: application(db.open(), start, limits), db, edge }
    }

    /// An application over another database than the test was given.
    pub(crate) fn over(other: Db, db: TestDb) -> Self {
        Self { app: application(other, START, Limits::off()), db, edge: edge() }
    }

    /// Another process over the same database, with some other settings.
    pub(crate) fn beside(other: &Self, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = other.app.options().clone();
        change(&mut options);
        let secret = InstallationSecret::derive(SECRET).expect("a secret");
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("the zone");
        let clock = Clock::sandbox(other.now().to_string().parse().expect("an instant"));
        let db = other.db.shared();
        let app = App::open(db.open(), clock, secret, zone, options).expect("an application");
        Self { app, db, edge: other.edge.clone() }
    }

    /// The present time of the domain.
    pub(crate) fn now(&self) -> Instant {
        self.app.clock().now()
    }

    /// Turns the clock forward to an instant.
    pub(crate) fn turn_to(&self, instant: &str) {
        self.app.clock().set(instant.parse().expect("an instant")).expect("the clock goes forward");
    }

    /// Adds an agency; the first one is the default.
    pub(crate) fn agency(&self, code: &str, name: &str, parent: Option<AgencyId>) -> AgencyId {
        let id: AgencyId = new_id();
        let new = NewAgency {
            id,
            code: code.to_owned(),
            identifier: None,
            name: name.to_owned(),
            level: Some(if parent.is_none() { Level::Province } else { Level::Commune }),
            parent_id: parent,
            serves_area: None,
            is_default: parent.is_none(),
            valid_from: None,
            created_at: self.now(),
        };
        self.app.write_now(move |tx, _| Ok(agencies::insert(tx, &new)?)).expect("add an agency");
        id
    }

    /// Adds an official who can sign in under `username`, with one right over an agency and below, or over everything.
    pub(crate) fn official(
        &self,
        username: &str,
        home: AgencyId,
        role: Role,
        over: Option<AgencyId>,
        ceiling: Visibility,
    ) -> OfficialId {
        let id: OfficialId = new_id();
        let now: Instant = "2020-01-01T00:00:00Z".parse().expect("an instant");
        let row = OfficialRow {
            id,
            agency_id: home,
            full_name: format!("Cán bộ {username}"),
            position: role.as_str().to_owned(),
            username: Some(username.to_owned()),
            password_hash: Some(password_hash()),
            demo: false,
            disabled_at: None,
            created_at: now,
            email: None,
        };
        self.app.write_now(move |tx, _| Ok(people::insert_official(tx, &row)?)).expect("add an official");
        self.grant(id, role, over, ceiling);
        id
    }

    /// Grants a role.
    pub(crate) fn grant(
        &self,
        official: OfficialId,
        role: Role,
        over: Option<AgencyId>,
        ceiling: Visibility,
    ) {
        let now: Instant = "2020-01-01T00:00:00Z".parse().expect("an instant");
        let row = GrantRow {
            id: new_id(),
            official_id: official,
            role,
            agency_id: over,
            ceiling,
            valid_from: now,
            valid_to: None,
            created_at: now,
        };
        self.app.write_now(move |tx, _| Ok(people::insert_grant(tx, &row)?)).expect("grant");
    }

    /// An access token of an official, without the slow sum of signing in.
    pub(crate) fn token(&self, official: OfficialId) -> String {
        let found = self.app.read_now(move |tx, _| Ok(people::official(tx, official)?)).expect("a look");
        let who = Who::Official(found.expect("an official"));
        sessions::open_now(&self.app, who).expect("a session").issued.token
    }

    /// An access token of a citizen with a new account.
    pub(crate) fn citizen(&self, subject: &str) -> String {
        let row = AccountRow {
            id: new_id(),
            issuer: "https://id.example.vn".to_owned(),
            subject: subject.to_owned(),
            created_at: self.now(),
        };
        let account = row.id;
        self.app.write_now(move |tx, _| Ok(accounts::insert(tx, &row)?)).expect("an account");
        sessions::open_now(&self.app, Who::Citizen(account)).expect("a session").issued.token
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Send<'_> {
        self.send(Method::GET, path)
    }
    pub(crate) fn post(&self, path: impl Into<String>) -> Send<'_> {
        self.send(Method::POST, path)
    }
    pub(crate) fn send(&self, method: Method, path: impl Into<String>) -> Send<'_> {
        Send { app: self, method, path: path.into(), headers: Vec::new(), body: None, from: None }
    }
}

fn application(db: Db, start: &str, limits: Limits) -> App {
    let clock = Clock::sandbox(start.parse().expect("an instant"));
    let secret = InstallationSecret::derive(SECRET).expect("a secret");
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("the zone");
    let options = Options {
        token_minutes: 60,
        session_days: 30,
        key_days: 90,
        providers: Vec::new(),
        demo: true,
        idempotency_hours: 24,
        limits,
        mail: None,
        exports: exports_folder(),
    };
    App::open(db, clock, secret, zone, options).expect("an application")
}

/// One hash for all: the sum is slow on purpose.
fn password_hash() -> String {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| passwords::hash(PASSWORD).expect("a hash")).clone()
}

/// The edge of the default settings, made once: it holds the whole document.
fn edge() -> web::Data<http::Edge> {
    static EDGE: std::sync::OnceLock<web::Data<http::Edge>> = std::sync::OnceLock::new();
    EDGE.get_or_init(|| {
        let (_, settings) = config::resolve_from(["kiennghi", "openapi"], None).expect("settings");
        http::edge(&settings)
    })
    .clone()
}

impl Send<'_> {
    /// With a field.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
    /// From an address.
    pub(crate) fn from(mut self, address: &str) -> Self {
        self.from = Some((address.parse::<std::net::IpAddr>().expect("an address"), 50_000).into());
        self
    }
    /// With a bearer token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }
    /// With the version seen.
    pub(crate) fn seen(self, version: impl std::fmt::Display) -> Self {
        self.header("If-Match", format!("\"{version}\""))
    }
    /// With a fresh idempotency key.
    pub(crate) fn key(self) -> Self {
        let key = new_id::<()>().to_string();
        self.header("Idempotency-Key", key)
    }
    /// With a JSON body.
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body.to_string().into());
        self.header("Content-Type", "application/json")
    }
    /// With a body as it is.
    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it and reads the answer.
    pub(crate) async fn call(self) -> Reply {
        let service =
            test::init_service(http::application(self.app.app.clone(), self.app.edge.clone())).await;
        let mut request = test::TestRequest::default().method(self.method).uri(&self.path);
        for (name, value) in self.headers {
            request = request.append_header((name, value));
        }
        if let Some(address) = self.from {
            request = request.peer_addr(address);
        }
        if let Some(body) = self.body {
            request = request.set_payload(body);
        }
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let bytes = to_bytes(response.into_body()).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, body, text, bytes }
    }
}

impl Reply {
    /// The same reply, if its status is this one; else the test fails with the body.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
    /// The problem's code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
    /// The version in the ETag.
    pub(crate) fn version(&self) -> u32 {
        self.field("etag").trim_matches('"').parse().expect("an ETag")
    }
    /// A field of the header, or nothing.
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}
