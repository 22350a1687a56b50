//! The rules of the field.
//!
//! Invariant: nothing here does I/O, reads a clock, draws a random number, is async, or knows diesel or actix.

pub mod id;
pub mod identifiers;
pub mod prose;
pub mod refusal;
pub mod time;
pub mod vocabulary;
