//! The store: the only module that knows diesel and SQL.
//!
//! One set of queries serves SQLite and PostgreSQL. Functions are grouped by table family, take
//! `&mut AnyConnection`, and run inside a transaction that [`Db::read`] or [`Db::write`] opened; nothing else
//! opens one (inside, [`AnyConnection::savepoint`] marks a part that may fail alone).
//!
//! Invariants: nothing here knows a use case, HTTP or a clock; no SQL is written twice, except migrations.

pub mod accounts;
pub mod agencies;
pub mod backup;
pub mod calendar;
pub mod commitments;
mod conditions;
mod connection;
pub mod course;
mod database;
pub mod disclosures;
mod error;
pub mod events;
pub mod exports;
pub mod figures;
pub mod fingerprints;
pub mod frozen;
pub mod handling;
pub mod idempotency;
pub mod keys;
pub mod limits;
pub mod lists;
pub mod meta;
pub mod notifications;
pub mod outside;
pub mod people;
pub mod petitions;
pub mod public;
pub mod question;
pub mod reference;
pub mod reminders;
mod replica;
pub mod reports;
pub mod samples;
pub mod schema;
pub mod sessions;
pub mod spans;
pub mod sql_types;
pub mod summary;
mod together;
pub mod tracking;
pub mod urgings;
pub mod verify;
pub mod workload;
mod writer;

/// How many rows one statement of a batch writes: the widest table has 32 columns, and SQLite binds 32,766 values.
const BATCH: usize = 500;

pub use connection::{AnyConnection, DatabaseKind};
pub use database::{Db, Load, ServingLock};
pub use error::StoreError;
pub use replica::Freshness;
pub use sql_types::Json;
pub use together::Together;
