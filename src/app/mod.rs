//! The use cases and what they stand on: time, secrets, tokens, cursors, and the one type of failure.
//!
//! Invariant: nothing here knows HTTP; wall clock and random numbers are read in `clock` and `secrets` alone.

pub mod clock;
pub mod cursor;
mod effects;
pub mod error;
pub mod history;
pub mod passwords;
pub mod projection;
pub mod secrets;
pub mod tokens;
pub mod world;

pub use error::Error;
