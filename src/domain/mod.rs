//! The rules of the field.
//!
//! Invariant: nothing here does I/O, reads a clock, draws a random number, is async, or knows diesel or actix.

pub mod access;
pub mod act;
pub mod administration;
pub mod calendar;
pub mod clock;
pub mod commitments;
pub mod decide;
pub mod escalation;
pub mod event;
pub mod figures;
pub mod id;
pub mod identifiers;
pub mod lifecycle;
pub mod petition;
pub mod prose;
pub mod refusal;
pub mod rule;
pub mod sampling;
pub mod submission;
pub mod succession;
pub mod time;
pub mod tree;
pub mod vocabulary;
