//! Acts that end a petition or open it again.

use serde::{Deserialize, Serialize};

use super::DocumentRef;
use crate::domain::{
    prose::Prose,
    vocabulary::{Ground, TerminationGround},
};

/// Not taken up (LKN 11, LTC 29).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    pub ground: Ground,
    pub explanation: Prose,
    /// Whom the citizen should turn to; required when we are not competent.
    pub guided_to: Option<Prose>,
}

/// Kept without handling (lưu đơn, TT 05/2021 art. 6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    pub ground: Ground,
    pub explanation: Option<Prose>,
}

/// Passed on to a body outside this installation (LTC 24.2, N20 art. 9.1d).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forwarding {
    pub receiving_body: Prose,
    pub document: DocumentRef,
}

/// What that body answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForwardingResult {
    pub document: DocumentRef,
    pub text: Prose,
}

/// Nothing is left to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closing {}

/// The citizen asks to have it looked at again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReconsiderationRequest {
    pub reason: Prose,
}

/// The request is refused, with reasons; one that is granted is a reopening or a merge reversal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReconsiderationDecision {
    pub reasons: Prose,
}

/// A new round begins; the first one stays as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reopening {
    pub reason: Prose,
}

/// The author takes it back; of a group, so many people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withdrawal {
    pub reason: Prose,
    pub people: Option<u32>,
}

/// The procedure ends without an answer (LKN 10, LTC 34).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Termination {
    pub ground: TerminationGround,
    pub explanation: Option<Prose>,
    pub document: DocumentRef,
}
