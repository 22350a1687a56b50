//! The use cases and what they stand on: time, secrets, tokens, cursors, and the one type of failure.
//!
//! A use case is a plain function over a transaction and a [`World`]; [`App`] opens the one and makes the other.
//! Invariant: nothing here knows HTTP; wall clock and random numbers are read in `clock` and `secrets` alone.

pub mod actions;
pub mod administration;
pub mod attestation;
pub mod backup;
pub mod caller;
pub mod clock;
pub mod commitments;
pub mod cursor;
pub mod deadline;
pub mod demo;
pub mod disclosures;
pub mod dossier;
mod effects;
pub mod error;
pub mod explaining;
pub mod exports;
pub mod figures;
pub mod fingerprints;
pub mod frozen;
pub mod guessing;
pub mod history;
pub mod idempotency;
pub mod import;
pub mod installation;
mod known;
pub mod limits;
pub mod lists;
pub mod logging;
pub mod mail;
pub mod me;
mod notices;
pub mod notifications;
pub mod oidc;
pub mod own;
pub mod passwords;
pub mod past;
pub mod people;
pub mod preview;
pub mod projection;
pub mod public;
pub mod reading;
pub mod recalculation;
mod recipients;
pub mod reminders;
pub mod reports;
pub mod routine;
pub mod samples;
mod seals;
pub mod secrets;
pub mod sessions;
pub mod signing;
pub mod structure;
pub mod submission;
pub mod succession;
pub mod summary;
pub mod timeline;
pub mod tokens;
pub mod trace;
pub mod tracking;
pub mod urgings;
pub mod verify;
pub mod watch;
pub mod when;
pub mod world;

use std::sync::Arc;

use jiff::tz::TimeZone;

use clock::{Clock, real_now};
pub use error::Error;
use oidc::{Provider, Providers};
use secrets::InstallationSecret;
use signing::Keys;
use tokens::KeyRing;
pub use world::World;
use world::{Met, ReferenceCache};

use crate::store::{AnyConnection, Db, Freshness};

/// How this installation runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long an access token lives.
    pub token_minutes: u32,
    /// How long a session lives, however much it is used.
    pub session_days: u32,
    /// After how many days the next key signs; 0: only at an operator's request.
    pub key_days: u32,
    /// Where people may sign in elsewhere.
    pub providers: Vec<Provider>,
    /// Whether demo accounts may sign in.
    pub demo: bool,
    /// How long idempotency keys are kept.
    pub idempotency_hours: u32,
    /// How much a client may do.
    pub limits: limits::Limits,
    /// Where mail goes out; nothing is queued without.
    pub mail: Option<mail::Server>,
    /// The folder of exported files.
    pub exports: std::path::PathBuf,
}

/// The application: one per process, cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Clock,
    secret: Arc<InstallationSecret>,
    keys: Keys,
    reference: ReferenceCache,
    providers: Providers,
    options: Options,
    pulse: watch::Pulse,
}

impl App {
    /// Puts an application together over a migrated database; makes the first signing keys when there are none.
    pub fn open(
        db: Db,
        clock: Clock,
        secret: InstallationSecret,
        zone: TimeZone,
        options: Options,
    ) -> Result<Self, Error> {
        let secret = Arc::new(secret);
        let keys = Keys::open(&db, &secret)?;
        let reference = ReferenceCache::new(zone);
        let providers = Providers::open(&options.providers)?;
        Ok(Self {
            inner: Arc::new(Inner {
                db,
                clock,
                secret,
                keys,
                reference,
                providers,
                options,
                pulse: watch::Pulse::default(),
            }),
        })
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.db
    }
    /// The clock of the domain.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }
    /// The keys that sign and verify tokens.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.inner.keys.ring()
    }
    /// The installation's secret.
    pub fn secret(&self) -> &InstallationSecret {
        &self.inner.secret
    }
    /// Where people may sign in elsewhere.
    pub fn providers(&self) -> &Providers {
        &self.inner.providers
    }
    /// How this installation runs.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Runs a use case that reads for somebody who may have written a moment ago, and must see it.
    pub async fn read<T, F>(&self, request_id: Option<String>, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        self.read_as(Freshness::OwnWrites, request_id, read).await
    }

    /// Runs a use case that reads for the public, from a replica if there is one.
    pub async fn read_public<T, F>(&self, request_id: Option<String>, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        self.read_as(Freshness::Any, request_id, read).await
    }

    async fn read_as<T, F>(
        &self,
        freshness: Freshness,
        request_id: Option<String>,
        read: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let read = move |tx: &mut AnyConnection| {
            let world = inner.world(tx, request_id)?;
            read(tx, &world)
        };
        self.inner.db.read(freshness, read).await
    }

    /// Runs a use case that writes; it may run again when others changed the same rows.
    pub async fn write<T, F>(&self, request_id: Option<String>, mut write: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        self.inner
            .db
            .write(move |tx| {
                let world = inner.world(tx, request_id.clone())?;
                write(tx, &world)
            })
            .await
    }

    /// As [`App::read`], for callers that are not async.
    pub fn read_now<T>(
        &self,
        read: impl FnOnce(&mut AnyConnection, &World) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.inner.db.read_now(|tx| {
            let world = self.inner.world(tx, None)?;
            read(tx, &world)
        })
    }

    /// As [`App::write`], for callers that are not async.
    pub fn write_now<T, F>(&self, mut write: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        self.inner.db.write_now(move |tx| {
            let world = inner.world(tx, None)?;
            write(tx, &world)
        })
    }
}

impl Inner {
    fn world(&self, tx: &mut AnyConnection, request_id: Option<String>) -> Result<World, Error> {
        Ok(World {
            now: self.clock.now(),
            real_now: real_now(),
            reference: self.reference.current(tx)?,
            secret: Arc::clone(&self.secret),
            request_id,
            mails: self.options.mail.is_some(),
            met: Met::default(),
        })
    }
}
