//! `kiennghi` follows each citizen's petition from submission to public written reply.
//!
//! # Bird's eye
//!
//! A petition is its history. An act comes in over HTTP ([`http`]); a use case ([`app`]) opens a transaction, folds
//! the history ([`domain::petition::Case`]), lets the domain decide ([`domain::decide`]) by the table of moves
//! ([`domain::lifecycle`]), and appends one event ([`app::history`]). With the event, in the same transaction, are
//! written the petition's present row, the spans that lists and reports read, and what the act leaves behind. Two
//! databases stand behind one set of queries ([`store`]).
//!
//! # Code map
//!
//! - [`domain`]: the rules. Lifecycle, acts, decisions, calendar, rules, clocks, access, identifiers.
//! - [`app`]: use cases, sync functions over a transaction and a [`app::World`].
//! - [`store`]: diesel, connections, the writer thread, one file for each family of tables.
//! - [`http`]: `mod.rs` is the URL map; bodies in, views out, problems for every refusal.
//! - [`jobs`]: what happens by itself.
//! - [`config`]: settings, parsed once.
//!
//! # Invariants
//!
//! - Imports run one way: `main → {http, jobs} → app → {domain, store}`, `store → domain`; a test holds it.
//! - `domain` does no I/O, reads no clock, draws no random number; time and ids come from `app::clock` alone.
//! - One place opens transactions (`store::Db`), one place appends events (`app::history`), and nothing is ever
//!   updated in the log but the `position` that the sequencer gives.
//! - A deadline is never stored as late: overdue is computed from `due_at` and a moment.
//! - Free text and personal data stand outside the log, which commits to them by salted digest. Personal data has
//!   its own types and tables, is never logged, and no view but the one made for it has a place for it.

pub mod app;
pub mod config;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod store;
