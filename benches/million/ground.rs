//! What petitions stand on: agencies and their people, whom the program itself makes, rules, calendar and fields.

use std::sync::Arc;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use jiff::tz::TimeZone;
use kiennghi::{
    app::{
        self,
        world::{Reference, ReferenceCache},
    },
    domain::{
        clock::ClockOp,
        id::{AgencyId, Id, OfficialId},
        rule::Traits,
        time::Instant,
        vocabulary::Stage,
    },
    store::{DatabaseKind, Db},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Fault,
    client::request,
    progress,
    server::{Installation, PASSWORD, Served},
};

/// The city of the demo, above everything else.
const CITY: &str = "H99";
/// Departments and communes below it, and the units below each of so many of them: three levels, about 200 agencies.
const DEPARTMENTS: usize = 16;
const COMMUNES: usize = 110;
const UNITS: usize = 64;
/// Who may see everything.
pub(crate) const AUDITOR: &str = "overseer";
/// The moment from which the lives of petitions are looked back at: where a new sandbox begins.
const NOW: &str = "2026-11-23T14:00:00+07:00";

/// An agency with its people.
pub(crate) struct Agency {
    pub(crate) id: AgencyId,
    pub(crate) officials: Vec<OfficialId>,
}

/// Everything that petitions stand on.
pub(crate) struct Ground {
    pub(crate) reference: Arc<Reference>,
    /// In the order of their codes.
    pub(crate) agencies: Vec<Agency>,
    pub(crate) fields: Vec<String>,
    pub(crate) now: Instant,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    other: String,
}

/// Makes an installation with about 200 agencies, an official in each, and an auditor of everything.
pub(crate) fn prepare(installation: &Installation) -> Result<(), Fault> {
    progress("agencies and officials");
    let server = installation.serve()?;
    let admin = format!("Bearer {}", server.sign_in("admin")?);
    let office = Office { server: &server, admin };
    let city = agencies(installation)?.into_iter().find(|(code, _)| code == CITY).ok_or("no demo city")?.1;
    let mut parents = Vec::new();
    for number in 0..DEPARTMENTS + COMMUNES {
        let (level, word) = if number < DEPARTMENTS {
            ("department", "Sở")
        } else {
            ("commune", "Ủy ban nhân dân xã")
        };
        let code = format!("{CITY}.{}", 100 + number);
        parents.push((office.found(&code, &format!("{word} số {number}"), level, &city.to_string())?, code));
    }
    for (parent, code) in parents.iter().take(UNITS) {
        office.found(&format!("{code}.1"), &format!("Phòng của {code}"), "unit", parent)?;
    }
    drop(server);
    let account = [
        "user",
        "add",
        "--username",
        AUDITOR,
        "--full-name",
        "Đỗ Thị Bao Quát",
        "--position",
        "Giám sát viên",
    ];
    let right = ["--agency", CITY, "--role", "auditor", "--whole-installation", "--ceiling", "restricted"];
    installation.run(&[&account[..], &right[..]].concat(), &format!("{PASSWORD}\n"))?;
    Ok(())
}

/// An administrator at work.
struct Office<'s> {
    server: &'s Served,
    admin: String,
}

impl Office<'_> {
    /// Founds an agency with one official; gives its id.
    fn found(&self, code: &str, name: &str, level: &str, parent: &str) -> Result<String, Fault> {
        let id = self.post(
            "/v1/agencies",
            &json!({"code": code, "name": name, "level": level, "parent_id": parent}),
        )?;
        let official =
            json!({"agency_id": id, "full_name": format!("Nguyễn Văn {code}"), "position": "Chuyên viên"});
        self.post("/v1/officials", &official)?;
        Ok(id)
    }

    fn post(&self, path: &str, body: &Value) -> Result<String, Fault> {
        let asked = request("POST", path, &[("Authorization", &self.admin)], &body.to_string());
        let answer: Value = serde_json::from_slice(&self.server.ask(&asked)?)?;
        Ok(answer.get("id").and_then(Value::as_str).ok_or("an answer without an id")?.to_owned())
    }
}

fn lines(db: &Db, sql: &str) -> Result<Vec<(String, String)>, Fault> {
    let rows: Vec<Line> = db
        .read_now::<_, app::Error>(|tx| {
            let rows = sql_query(sql).load(tx);
            rows.map_err(|error| kiennghi::store::StoreError::from(error).into())
        })
        .map_err(|error| error.for_operator())?;
    Ok(rows.into_iter().map(|line| (line.one, line.other)).collect())
}

/// The expression for an id as its hexadecimal digits.
fn hex(db: &Db, column: &str) -> String {
    match db.kind() {
        DatabaseKind::Sqlite => format!("lower(hex({column}))"),
        DatabaseKind::Postgres => format!("{column}::text"),
    }
}

fn open(installation: &Installation) -> Result<Db, Fault> {
    Ok(Db::open(&installation.url)?)
}

/// The agencies of an installation by code, in the order of their codes.
fn agencies(installation: &Installation) -> Result<Vec<(String, Uuid)>, Fault> {
    let db = open(installation)?;
    let id = hex(&db, "agency_id");
    let rows = lines(
        &db,
        &format!(
            "SELECT code AS one, {id} AS other FROM agency_version WHERE valid_to IS NULL ORDER BY code"
        ),
    )?;
    rows.into_iter().map(|(code, id)| Ok((code, Uuid::try_parse(&id)?))).collect()
}

impl Ground {
    /// Reads it from an installation.
    pub(crate) fn of(installation: &Installation) -> Result<Self, Fault> {
        let db = open(installation)?;
        let zone = TimeZone::get("Asia/Ho_Chi_Minh")?;
        let cache = ReferenceCache::new(zone);
        let reference = db.read_now(|tx| cache.current(tx)).map_err(|error| error.for_operator())?;
        let (agency, official) = (hex(&db, "agency_id"), hex(&db, "id"));
        let people = lines(
            &db,
            &format!(
                "SELECT {agency} AS one, {official} AS other FROM official ORDER BY full_name, position"
            ),
        )?;
        let all = agencies(installation)?.into_iter().map(|(_, id)| {
            let mine = people.iter().filter(|(at, _)| Uuid::try_parse(at).ok() == Some(id));
            let officials = mine.map(|(_, person)| Ok(Id::new(Uuid::try_parse(person)?)));
            Ok(Agency { id: Id::new(id), officials: officials.collect::<Result<_, Fault>>()? })
        });
        let fields = lines(&db, "SELECT code AS one, code AS other FROM field ORDER BY code")?;
        Ok(Self {
            reference,
            agencies: all.collect::<Result<_, Fault>>()?,
            fields: fields.into_iter().map(|(code, _)| code).collect(),
            now: NOW.parse()?,
        })
    }

    /// What starts the clock of a stage, where a rule sets one.
    pub(crate) fn start(&self, stage: Stage, traits: &Traits, at: Instant) -> Option<ClockOp> {
        let rule = self.reference.rules.select(stage, traits, at.day(self.reference.zone()))?;
        Some(ClockOp::start(1, stage, at, rule, &self.reference.calendar))
    }
}
