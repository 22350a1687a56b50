//! The lock on guessing passwords and access keys.
//!
//! An attempt is counted as failed before it is looked at, in one statement, and taken back when it succeeds: of
//! many at once no more get through than one after another. What is counted stands in the database, so that it
//! survives a restart and holds over all processes; an unknown name is counted as a known one, and refused alike.
//! A lock keeps nobody out who has a token already.

use std::net::IpAddr;

use super::{App, Error};
use crate::store::{
    AnyConnection,
    limits::{self, Locking},
};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
/// The name under which a refusal is told.
const POLICY: &str = "failed-proofs";

/// Something whose failed proofs are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// A digest: what it was made of cannot be read in the database.
    key: Vec<u8>,
    /// Many people may stand behind it: it bears more failures, and one who succeeds does not clear those of others.
    many: bool,
}

/// What counts when a name is signed in with, or an account's password is asked for again.
pub fn of_name(app: &App, name: &str, address: Option<IpAddr>) -> Vec<Guess> {
    let named = Guess { key: blind(app, "name", name), many: false };
    std::iter::once(named).chain(of_address(app, address)).collect()
}

/// What counts when the access key of a code is shown. A code may be publicly known: whoever guesses from one place
/// must not keep its author out, who comes from another.
pub fn of_code(app: &App, code: &str, address: Option<IpAddr>) -> Vec<Guess> {
    let place = address.map(|address| address.to_string()).unwrap_or_default();
    vec![
        Guess { key: blind(app, "code at address", &format!("{code} {place}")), many: false },
        Guess { key: blind(app, "code", code), many: true },
    ]
}

/// What counts for the place an attempt comes from.
pub fn of_address(app: &App, address: Option<IpAddr>) -> Option<Guess> {
    address.map(|address| Guess { key: blind(app, "address", &address.to_string()), many: true })
}

fn blind(app: &App, what: &str, text: &str) -> Vec<u8> {
    app.secret().blind(format!("guess {what} {text}").as_bytes()).to_vec()
}

/// Does what proves somebody's identity, unless one of the guesses is locked. Only a refusal of the proof counts.
pub async fn guarded<T>(
    app: &App,
    guesses: Vec<Guess>,
    proof: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    begin(app, guesses.clone()).await.inspect_err(|_| tell("locked"))?;
    let outcome = proof.await;
    match &outcome {
        Ok(_) => {
            succeeded(app, guesses).await?;
            tell("accepted");
        }
        Err(Error::Unauthenticated(_) | Error::NotFound) => tell("refused"),
        Err(_) => undo(app, guesses).await?,
    }
    outcome
}

/// One line for whoever watches the log for attacks, and one count; neither says who it was.
pub(super) fn tell(result: &'static str) {
    metrics::counter!("sign_in_total", "result" => result).increment(1);
    tracing::info!(target: "security", event = %format_args!("proof {result}"), "somebody proves who he is");
}

/// Counts an attempt at each of these; refused, and nothing counted, while one of them is locked.
pub async fn begin(app: &App, guesses: Vec<Guess>) -> Result<(), Error> {
    change(app, guesses, |tx, guess, rule| {
        if limits::attempt(tx, &guess.key, rule)? {
            return Ok(());
        }
        let until = limits::locked_until(tx, &guess.key)?.unwrap_or(rule.now);
        let seconds = (until - rule.now + SECOND - 1).div_euclid(SECOND).max(1);
        Err(Error::TooMany { policy: POLICY, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) })
    })
    .await
}

/// The attempt at these was right: what was counted for them is forgotten, or, where many stand behind it, this one.
pub async fn succeeded(app: &App, guesses: Vec<Guess>) -> Result<(), Error> {
    change(app, guesses, |tx, guess, rule| match guess.many {
        true => Ok(limits::take_back(tx, &guess.key, rule.forgets)?),
        false => Ok(limits::clear(tx, &guess.key)?),
    })
    .await
}

/// The attempt was none: something else went wrong.
async fn undo(app: &App, guesses: Vec<Guess>) -> Result<(), Error> {
    change(app, guesses, |tx, guess, rule| Ok(limits::take_back(tx, &guess.key, rule.forgets)?)).await
}

type Change = fn(&mut AnyConnection, &Guess, Locking) -> Result<(), Error>;

/// Changes the counts of those guesses that are limited, in one transaction and always in the same order: two
/// transactions then wait for each other and are never in each other's way.
async fn change(app: &App, mut guesses: Vec<Guess>, change: Change) -> Result<(), Error> {
    guesses.sort_by(|one, other| one.key.cmp(&other.key));
    guesses.dedup();
    let rules: Vec<_> = guesses.into_iter().filter_map(|guess| Some((rule(app, &guess)?, guess))).collect();
    if rules.is_empty() {
        return Ok(());
    }
    app.db().write(move |tx| rules.iter().try_for_each(|(rule, guess)| change(tx, guess, *rule))).await
}

/// When a guess locks; nothing when that is off.
fn rule(app: &App, guess: &Guess) -> Option<Locking> {
    let limits = &app.options().limits;
    let failures = i64::from(if guess.many { limits.failures_of_many } else { limits.failures });
    let forgets = if guess.many { HOUR / failures.max(1) } else { HOUR };
    (failures > 0).then(|| Locking {
        now: limits.now(),
        failures,
        forgets,
        first: i64::from(limits.lock_seconds) * SECOND,
        longest: i64::from(limits.longest_lock_seconds.max(limits.lock_seconds)) * SECOND,
    })
}
