//! The life of the keys that sign tokens: one signs, one is published and waits, the others only verify.
//!
//! Every process of an installation shares the stored keys. A waiting key is published long before it signs, so that
//! nobody meets it unprepared; a retired one stays published until the last token it signed is over. Its public half stays
//! for good, since what it attested may be read years later.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{
    App, Error,
    clock::real_now,
    secrets::InstallationSecret,
    tokens::{KeyRing, StoredKey},
};
use crate::{
    domain::time::Instant,
    store::{
        AnyConnection, Db, Freshness,
        keys::{self, AttestationKeyRow, SigningKeyRow},
        meta,
    },
};

/// The `iss` of our tokens.
const ISSUER: &str = "kiennghi";
/// The `aud` of our tokens.
const AUDIENCE: &str = "kiennghi-api";
/// The row of `meta` that every change of keys writes: of two processes that do so at once, one begins anew.
const REVISION: &str = "signing_keys_revision";
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// How long a key is published before it signs: longer than anybody keeps our key set.
const PUBLISHED_BEFORE: i64 = 3_600 * SECOND;
/// How long a retired key verifies: the longest life a token may have by the settings, and some minutes.
const KEPT: i64 = DAY + 600 * SECOND;
/// How often a token with an unknown key may make us look for new ones.
const SOUGHT_EVERY: i64 = 60 * SECOND;

/// The keys as this process knows them.
pub(super) struct Keys {
    ring: RwLock<Arc<KeyRing>>,
    sought_at: Mutex<Option<Instant>>,
}

/// What is wished of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// One that signs and one that waits, if they are missing.
    Complete,
    /// The next one, if the present one has signed for so many days.
    WhenOlder(u32),
    /// The next one, at the request of an operator.
    Rotate,
    /// New ones at once; the present ones may be known to somebody and hold no more.
    Replace,
}

/// What came of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The keys stand as they stood.
    Unchanged,
    Changed,
    /// The waiting key has not been published long enough; it may sign from this instant on.
    NotBefore(Instant),
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Published since.
    Waits(Instant),
    Signs(Instant),
    /// Verifies until.
    Verifies(Instant),
}

impl Keys {
    /// Opens the stored keys; makes the first ones when there are none.
    pub(super) fn open(db: &Db, secret: &Arc<InstallationSecret>) -> Result<Self, Error> {
        let maker = Arc::clone(secret);
        let whole = db.read_now(|tx| -> Result<bool, Error> {
            let rows = keys::list(tx)?;
            Ok(signing(&rows).is_some() && waiting(&rows).is_some())
        })?;
        if !whole {
            db.write_now(move |tx| alter(tx, &maker, Wish::Complete, real_now()))?;
        }
        let ring = db.read_now(|tx| ring(tx, secret))?;
        Ok(Self { ring: RwLock::new(Arc::new(ring)), sought_at: Mutex::new(None) })
    }

    /// The ring as it is now.
    pub(super) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Whether a token with an unknown key may make us look now; a flood of them does so once a minute.
    fn may_seek(&self, now: Instant) -> bool {
        let mut sought_at = self.sought_at.lock().unwrap_or_else(PoisonError::into_inner);
        let may = sought_at.is_none_or(|at| at.plus_micros(SOUGHT_EVERY) <= now);
        if may {
            *sought_at = Some(now);
        }
        may
    }
}

/// Looks for new keys when a token names one that we do not know.
pub(super) async fn seek(app: &App, token: &str) -> Result<(), Error> {
    if app.keys().knows_key_of(token) || !app.inner.keys.may_seek(real_now()) {
        return Ok(());
    }
    let secret = Arc::clone(&app.inner.secret);
    let fresh = app.db().read(Freshness::OwnWrites, move |tx| ring(tx, &secret)).await?;
    app.inner.keys.replace(fresh);
    Ok(())
}

/// Does what is due by the real time `now`: rotates by age, forgets what need not verify any more, and takes up what
/// other processes did.
pub fn tend(app: &App, now: Instant) -> Result<(), Error> {
    let days = app.options().key_days;
    let rows = app.db().read_now(|tx| -> Result<_, Error> { Ok(keys::list(tx)?) })?;
    let stale = rows.iter().any(|row| row.retired_at.is_some_and(|at| at.plus_micros(KEPT) < now));
    if stale || is_due(&rows, days, now) {
        wish(app, Wish::WhenOlder(days), now)?;
    }
    let secret = Arc::clone(&app.inner.secret);
    let fresh = app.db().read_now(move |tx| ring(tx, &secret))?;
    app.inner.keys.replace(fresh);
    Ok(())
}

/// Changes the keys as wished at the real time `now`, and uses them.
pub fn wish(app: &App, wish: Wish, now: Instant) -> Result<Outcome, Error> {
    let maker = Arc::clone(&app.inner.secret);
    let outcome = app.db().write_now(move |tx| alter(tx, &maker, wish, now))?;
    let secret = Arc::clone(&app.inner.secret);
    app.inner.keys.replace(app.db().read_now(move |tx| ring(tx, &secret))?);
    if outcome == Outcome::Changed {
        tracing::info!(?wish, "the signing keys changed");
    }
    Ok(outcome)
}

/// Every key and where it stands, the newest first.
pub fn list(app: &App) -> Result<Vec<(String, Standing)>, Error> {
    let rows = app.db().read_now(|tx| -> Result<_, Error> { Ok(keys::list(tx)?) })?;
    Ok(rows.into_iter().map(|row| (row.kid.clone(), standing(&row))).collect())
}

fn standing(row: &SigningKeyRow) -> Standing {
    match (row.signs_from, row.retired_at) {
        (_, Some(at)) => Standing::Verifies(at.plus_micros(KEPT)),
        (Some(at), None) => Standing::Signs(at),
        (None, None) => Standing::Waits(row.created_at),
    }
}

/// The key that signs.
fn signing(rows: &[SigningKeyRow]) -> Option<&SigningKeyRow> {
    rows.iter().find(|row| matches!(standing(row), Standing::Signs(_)))
}

/// The key that signs next.
fn waiting(rows: &[SigningKeyRow]) -> Option<&SigningKeyRow> {
    rows.iter().find(|row| matches!(standing(row), Standing::Waits(_)))
}

/// Whether the signing key has signed for so many days; never with 0.
fn is_due(rows: &[SigningKeyRow], days: u32, now: Instant) -> bool {
    let since = signing(rows).and_then(|row| row.signs_from);
    days > 0 && since.is_some_and(|since| since.plus_micros(i64::from(days) * DAY) <= now)
}

fn alter(
    tx: &mut AnyConnection,
    secret: &InstallationSecret,
    wish: Wish,
    now: Instant,
) -> Result<Outcome, Error> {
    meta::set(tx, REVISION, &now.to_string())?;
    keys::delete_retired_before(tx, now.plus_micros(-KEPT))?;
    let rows = keys::list(tx)?;
    match wish {
        Wish::Complete => {}
        Wish::WhenOlder(days) if !is_due(&rows, days, now) => return Ok(Outcome::Unchanged),
        Wish::WhenOlder(_) | Wish::Rotate => {
            let next = waiting(&rows).ok_or_else(|| Error::internal("no signing key waits"))?;
            let from = next.created_at.plus_micros(PUBLISHED_BEFORE);
            if from > now {
                return Ok(Outcome::NotBefore(from));
            }
            keys::promote(tx, &next.kid, now)?;
            keys::attest(tx, &attesting(next, now))?;
        }
        Wish::Replace => {
            keys::revoke(tx, now)?;
            keys::delete_all(tx)?;
        }
    }
    complete(tx, secret, now)
}

/// Makes the keys that are missing: one that signs, one that waits.
fn complete(tx: &mut AnyConnection, secret: &InstallationSecret, now: Instant) -> Result<Outcome, Error> {
    let rows = keys::list(tx)?;
    if signing(&rows).is_none() {
        let key = fresh(secret, now, Some(now))?;
        keys::insert(tx, &key)?;
        keys::attest(tx, &attesting(&key, now))?;
    }
    if waiting(&rows).is_none() {
        keys::insert(tx, &fresh(secret, now, None)?)?;
    }
    Ok(Outcome::Changed)
}

/// The public half of a key that signs from now on.
fn attesting(key: &SigningKeyRow, now: Instant) -> AttestationKeyRow {
    AttestationKeyRow {
        kid: key.kid.clone(),
        algorithm: key.algorithm.clone(),
        public_pem: key.public_pem.clone(),
        signs_from: now,
        retired_at: None,
        revoked: false,
    }
}

fn fresh(
    secret: &InstallationSecret,
    now: Instant,
    signs_from: Option<Instant>,
) -> Result<SigningKeyRow, Error> {
    let key = StoredKey::generate(secret)?;
    Ok(SigningKeyRow {
        kid: key.kid,
        algorithm: "ES256".to_owned(),
        sealed_private: key.sealed_private,
        public_pem: key.public_pem,
        created_at: now,
        retired_at: None,
        signs_from,
    })
}

/// The ring of the stored keys; the one that signs comes first. What is to be read for years is signed by a ring made in
/// its own transaction: another process may have retired the key that this one knows.
pub(super) fn ring(tx: &mut AnyConnection, secret: &InstallationSecret) -> Result<KeyRing, Error> {
    let mut rows = keys::list(tx)?;
    rows.sort_by_key(|row| !matches!(standing(row), Standing::Signs(_)));
    let stored: Vec<StoredKey> = rows
        .into_iter()
        .map(|row| StoredKey { kid: row.kid, sealed_private: row.sealed_private, public_pem: row.public_pem })
        .collect();
    KeyRing::open(secret, &stored, ISSUER, AUDIENCE)
}
