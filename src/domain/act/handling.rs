//! Acts of handling: who has it, how far it is, how long it may take.

use serde::{Deserialize, Serialize};

use super::DocumentRef;
use crate::domain::{
    id::{AgencyId, EventId, OfficialId},
    prose::Prose,
    time::Day,
    vocabulary::{Complexity, ComplexityCriterion, SuspensionGround},
};

/// An agency that helps, with the person it named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    pub agency_id: AgencyId,
    pub person_id: Option<OfficialId>,
}

/// Given to an agency and a named responsible person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    pub agency_id: AgencyId,
    pub responsible_id: OfficialId,
    pub supporting: Vec<Support>,
    /// Only for an imported record without a clock: the day decided.
    pub due_on: Option<Day>,
}

/// Given to another agency; the clocks go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    pub agency_id: AgencyId,
    pub responsible_id: OfficialId,
    pub supporting: Vec<Support>,
    pub reason: Prose,
}

/// Another person of the same agency takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    pub responsible_id: OfficialId,
    pub reason: Option<Prose>,
}

/// An agency that had a part in it was closed, and its successor takes that part; nothing else changes. What is absent
/// stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Succession {
    pub from: AgencyId,
    pub to: AgencyId,
    /// Whether the successor is the intake agency from now on.
    pub intake: bool,
    /// Whether it leads, and who is responsible there.
    pub responsible_id: Option<OfficialId>,
    /// Who supports from now on, if that changed.
    pub supporting: Option<Vec<Support>>,
}

/// Not ours, and whose it is instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decline {
    pub reason: Prose,
    pub agency_id: AgencyId,
}

/// Taken up (thụ lý).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    pub document: Option<DocumentRef>,
}

/// The procedure rests (LKN 11a, LTC 34).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspension {
    pub ground: SuspensionGround,
    pub explanation: Option<Prose>,
    pub document: DocumentRef,
}

/// The procedure goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resumption {
    pub document: Option<DocumentRef>,
}

/// More time, by written decision (LKN 28, LTC 30).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub criteria: Vec<ComplexityCriterion>,
    pub reason: Option<Prose>,
    pub decision: DocumentRef,
    pub notified_on: Day,
    /// The whole new amount in the rule's unit; for complaints and denunciations the law sets it.
    pub amount: Option<u32>,
    /// What the extension makes of the case; decided here, never asked for.
    pub complexity: Option<Complexity>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgressNote {
    pub text: Prose,
    /// Whether the citizen and the public may read it.
    pub public: bool,
    /// The urging this note answers.
    pub answers: Option<EventId>,
}

/// Somebody with oversight urges the agency (đôn đốc).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Urging {
    pub agency_id: Option<AgencyId>,
    pub official_id: Option<OfficialId>,
    pub text: Prose,
}
