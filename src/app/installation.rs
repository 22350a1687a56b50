//! What kind of installation a database belongs to, and the clock it runs by.

use serde_json::json;

use super::{
    App, Error, World,
    administration::{self, agencies::AgencyFacts},
    clock::Clock,
    history::{self, Subject},
};
use crate::{
    domain::{event::Actor, id::AgencyId, refusal::Refusal, time::Instant, vocabulary::Level},
    store::{AnyConnection, Db, agencies, meta},
};

/// Where a new sandbox begins: Monday 23 November 2026, 14:00 in Vietnam.
const SANDBOX_START: &str = "2026-11-23T14:00:00+07:00";
const STAMP: &str = "stamp";
const SANDBOX_CLOCK: &str = "sandbox_clock";
const SANDBOX: &str = "sandbox";
const PRODUCTION: &str = "production";

/// How far ahead of the sandbox clock its note is: a process that ends without warning has shown nothing later.
const AHEAD_MICROS: i64 = 10_000_000;

/// A clock was asked for, but the store is a production one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoClock;

/// The clock of this database. A database is stamped once, when it is new: as a sandbox when one is asked for, else
/// as production, for ever.
///
/// A sandbox that was here before goes on where it was; asked to `start` earlier than that, it does not go back.
pub fn clock(db: &Db, sandbox: bool, start: Option<Instant>) -> Result<Result<Clock, NoClock>, Error> {
    let (stamp, last) = db.write_now(move |tx| -> Result<(String, Option<String>), Error> {
        let stamp = match meta::get(tx, STAMP)? {
            Some(stamp) => stamp,
            None => {
                let fresh = if sandbox || start.is_some() { SANDBOX } else { PRODUCTION };
                meta::set(tx, STAMP, fresh)?;
                fresh.to_owned()
            }
        };
        Ok((stamp, meta::get(tx, SANDBOX_CLOCK)?))
    })?;
    if stamp != SANDBOX {
        return Ok(if start.is_some() { Err(NoClock) } else { Ok(Clock::real()) });
    }
    let last: Option<Instant> = last.map(|last| last.parse()).transpose().map_err(Error::internal)?;
    let begin = match start.max(last) {
        Some(begin) => begin,
        None => SANDBOX_START.parse().map_err(Error::internal)?,
    };
    Ok(Ok(Clock::sandbox(begin)))
}

/// Writes down where the sandbox clock will be in ten seconds, so that it does not go back when the process begins
/// anew, however it ended; to be called more often than that. A clock that another process of this installation
/// turned further is followed.
pub fn reserve_clock(app: &App) -> Result<(), Error> {
    note_clock(app, AHEAD_MICROS)
}

/// Writes down where the sandbox clock stands, at the end of the process.
pub fn leave_clock(app: &App) -> Result<(), Error> {
    note_clock(app, 0)
}

fn note_clock(app: &App, ahead: i64) -> Result<(), Error> {
    if !app.clock().is_sandbox() {
        return Ok(());
    }
    let further = app.write_now(move |tx, world| {
        let noted = meta::get(tx, SANDBOX_CLOCK)?.map(|noted| noted.parse::<Instant>()).transpose();
        let noted = noted.map_err(Error::internal)?;
        let further = noted.map(|noted| noted.plus_micros(-AHEAD_MICROS)).filter(|at| *at > world.now);
        if further.is_none() {
            meta::set(tx, SANDBOX_CLOCK, &world.now.plus_micros(ahead).to_string())?;
        }
        Ok(further)
    })?;
    if let Some(further) = further {
        // Only if it was turned further meanwhile, which is as well.
        let _ = app.clock().set(further);
    }
    Ok(())
}

/// Makes the agency of a code the one that takes what no other serves, and records it if it was not; false when there
/// is no such agency.
pub fn set_default_agency(tx: &mut AnyConnection, world: &World, code: &str) -> Result<bool, Error> {
    let Some(agency) = agencies::by_code(tx, code)? else { return Ok(false) };
    if !agency.is_default {
        agencies::set_default(tx, agency.id)?;
        let facts = json!({ "is_default": true });
        history::record(tx, world, &Subject::Agency(agency.id), &Actor::system(), "change", facts)?;
    }
    Ok(true)
}

/// Adds an agency at the command line, so that there is a place for the first administrator; true when it became the
/// one that takes what no other serves, because there was none.
pub fn add_agency(
    app: &App,
    code: String,
    name: String,
    level: Level,
    parent: Option<String>,
) -> Result<bool, Error> {
    app.write_now(move |tx, world| {
        let parent = parent.as_deref().map(|code| require(tx, code)).transpose()?;
        let is_default = agencies::default(tx)?.is_none();
        let facts = AgencyFacts {
            code: code.clone(),
            identifier: None,
            name: name.clone(),
            level: Some(level),
            parent_id: parent,
            serves_area: None,
            is_default,
            head_official_id: None,
            valid_from: None,
        };
        administration::agencies::check_facts(world, &facts)?;
        administration::agencies::add(tx, world, &Actor::system(), &facts)?;
        Ok(is_default)
    })
}

fn require(tx: &mut AnyConnection, code: &str) -> Result<AgencyId, Error> {
    let found = agencies::by_code(tx, code)?;
    let unknown = || {
        Refusal::field("parent", "unknown_code", "Không có cơ quan này.", "There is no agency of this code.")
    };
    Ok(found.ok_or_else(unknown)?.id)
}
