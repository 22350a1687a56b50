//! Acts of the written reply: draft, approval, publication, delivery, rating.

use serde::{Deserialize, Serialize};

use crate::domain::{
    id::{AgencyId, OfficialId, RevisionId},
    prose::Prose,
    time::Day,
    vocabulary::{DeliveryMethod, Outcome, Satisfaction},
};

/// Something promised in a reply, with a day and who does it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    pub text: Prose,
    pub due_on: Day,
    pub agency_id: Option<AgencyId>,
    pub person_id: Option<OfficialId>,
}

/// The document that carries a reply (NĐ 30/2020/NĐ-CP arts. 8, 15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedDocument {
    pub number: String,
    pub symbol: String,
    pub signer: String,
    pub issued_on: Day,
}

/// A signed notice without a number; enough for feedback and suggestions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedNotice {
    pub signer: String,
    pub signed_on: Day,
}

/// A draft of the reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyDraft {
    pub revision: RevisionId,
    pub text: Prose,
    pub outcome: Outcome,
    pub commitments: Vec<Commitment>,
}

/// The draft goes to whoever signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplySubmission {}

/// The draft comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyReturn {
    pub remarks: Prose,
}

/// The reply is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyApproval {
    pub document: Option<SignedDocument>,
    pub notice: Option<SignedNotice>,
    pub addressee: Option<Prose>,
}

/// A new version of a reply already given; the earlier one stays in history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyRevision {
    pub revision: RevisionId,
    pub text: Prose,
    pub outcome: Outcome,
    pub commitments: Vec<Commitment>,
    pub author_id: OfficialId,
    pub reason: Prose,
    pub document: Option<SignedDocument>,
    pub notice: Option<SignedNotice>,
}

/// A separate, reviewed text for everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    pub public_text: Prose,
}

/// The public copy is hidden; a sealed one stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Takedown {
    pub reason: Prose,
}

/// The reply reached the citizen; the appeal window starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub method: DeliveryMethod,
}

/// What the citizen thinks of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    pub satisfaction: Satisfaction,
    pub reasons: Option<Prose>,
}
