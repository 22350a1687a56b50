//! Acts of reception: coming in, classification, supplement, split, merge.

use serde::{Deserialize, Serialize};

use super::DocumentRef;
use crate::domain::{
    id::{AgencyId, OfficialId, PetitionId, RevisionId},
    prose::Prose,
    time::{Day, Instant},
    vocabulary::{Channel, Kind, LinkKind, Provenance, SubmitterType, Urgency, Visibility},
};

/// Against whom a complaint or denunciation is directed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Respondent {
    pub agency_id: Option<AgencyId>,
    pub official_id: Option<OfficialId>,
}

/// The petition this one follows, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    pub petition: PetitionId,
    pub link: LinkKind,
}

/// A petition came in: what was declared at receipt, from which the promise follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub code: String,
    pub kind: Kind,
    pub instance: Option<u8>,
    pub channel: Channel,
    pub submitter_type: SubmitterType,
    pub field_code: String,
    pub urgency: Urgency,
    pub remote_area: bool,
    pub visibility: Visibility,
    pub provenance: Provenance,
    pub intake_agency: AgencyId,
    pub received_at: Instant,
    pub title: Prose,
    pub content: Prose,
    /// The declared place, as JSON text: it may be somebody's home.
    pub location: Option<Prose>,
    pub incident_at: Option<Instant>,
    pub incoming_number: Option<String>,
    pub letter_date: Option<Day>,
    pub group_size: Option<u32>,
    pub keep_secret: bool,
    pub respondent: Option<Respondent>,
    /// Hex digest of the submitter's particulars, which live in their own table.
    pub submitter_digest: Option<String>,
    /// Hex digest of the reference and key that the author's phone made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_digest: Option<String>,
    pub previous: Option<Previous>,
    /// The petition this one was split from.
    pub part_of: Option<PetitionId>,
    pub promised_due_at: Option<Instant>,
    pub promised_due_on: Option<Day>,
}

/// A record taken over from another system: silent backfill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    pub registration: Registration,
    pub source: String,
    pub external_id: String,
}

/// What changed at the source of an imported record: only changed members are present.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportUpdate {
    pub kind: Option<Kind>,
    pub channel: Option<Channel>,
    pub field_code: Option<String>,
    pub agency: Option<AgencyId>,
    pub title: Option<Prose>,
    pub content: Option<Prose>,
    pub location: Option<Prose>,
    /// The reply of a closed record, or a note about an open one.
    pub reply: Option<Prose>,
    /// The revision that holds the reply of a closed record.
    pub revision: Option<RevisionId>,
    pub closed_at: Option<Instant>,
    /// The source took its closing back.
    pub reopened: bool,
}

/// Intake's or the coordinator's reading of the petition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    pub kind: Kind,
    pub instance: Option<u8>,
    pub field_code: String,
    pub urgency: Urgency,
    pub remote_area: bool,
    /// Absent in a request: the default of the kind.
    pub visibility: Option<Visibility>,
    /// Where the rule starts at a document, such as a conference's conclusion notice.
    pub basis_document: Option<DocumentRef>,
    pub public_title: Option<Prose>,
    pub public_summary: Option<Prose>,
    pub respondent: Option<Respondent>,
}

/// A later change of kind, field or visibility; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reclassification {
    pub kind: Option<Kind>,
    pub instance: Option<u8>,
    pub field_code: Option<String>,
    pub visibility: Option<Visibility>,
    pub respondent: Option<Respondent>,
    pub public_title: Option<Prose>,
    pub public_summary: Option<Prose>,
    pub reason: Prose,
}

/// A slip of transcription put right; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    pub title: Option<Prose>,
    pub content: Option<Prose>,
    pub channel: Option<Channel>,
    pub submitter_type: Option<SubmitterType>,
    pub urgency: Option<Urgency>,
    pub remote_area: Option<bool>,
    pub incoming_number: Option<String>,
    pub letter_date: Option<Day>,
    pub group_size: Option<u32>,
    pub reason: Prose,
}

/// Something is missing; the clock rests until it comes or the day to answer by has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupplementRequest {
    pub missing: Prose,
    pub answer_by: Day,
}

/// What was missing came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Supplement {
    pub text: Prose,
}

/// It can go on without the supplement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupplementWaiver {
    pub reason: Prose,
}

/// A mixed letter became several petitions (LTCD 25.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    pub parts: Vec<PetitionId>,
    /// As strict as the strictest part.
    pub visibility: Visibility,
    pub reason: Option<Prose>,
}

/// The same matter as another petition, which survives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    pub survivor: PetitionId,
    pub reason: Option<Prose>,
}

/// The merge was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeReversal {
    pub reason: Prose,
}

/// On the survivor: the other petition came, or left again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    pub merged: PetitionId,
    pub left: bool,
}

/// The calendar came to this version, and clocks of this petition moved with it; which ones, their ledger says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recalculation {
    pub calendar: u32,
}
