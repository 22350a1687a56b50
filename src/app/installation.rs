//! What kind of installation a database belongs to, and the clock it runs by.

use super::{App, Error, clock::Clock};
use crate::{
    domain::time::Instant,
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
/// anew, however it ended; to be called more often than that.
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
    app.write_now(move |tx, world| {
        Ok(meta::set(tx, SANDBOX_CLOCK, &world.now.plus_micros(ahead).to_string())?)
    })
}

/// Makes the agency of a code the one that takes what no other serves; false when there is no such agency.
pub fn set_default_agency(tx: &mut AnyConnection, code: &str) -> Result<bool, Error> {
    let Some(agency) = agencies::by_code(tx, code)? else { return Ok(false) };
    agencies::set_default(tx, agency.id)?;
    Ok(true)
}
