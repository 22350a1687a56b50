//! Rows as they stand: every column of every table that a verification compares.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::{
    domain::{
        id::{AgencyId, DocumentId, EventId, OfficialId, PetitionId, RevisionId, TextId},
        time::Instant,
        vocabulary::{LinkKind, Outcome, Satisfaction},
    },
    store::{
        calendar::MoveRow,
        fingerprints::FingerprintRow,
        handling::{AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow},
        notifications::NotificationRow,
        petitions::{DetailRow, PetitionRow, SubmitterRow},
        reminders::{EscalationRow, LookRow},
        schema::{event_text, petition_link, rating, reply_revision},
        spans::{ClockRow, SpanRow},
        urgings::UrgingRow,
    },
};

/// Every column of an event as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct EventCells {
    pub id: EventId,
    pub subject_kind: String,
    pub subject_id: PetitionId,
    /// Wider than the column's type: SQLite takes any number.
    pub sequence: i64,
    pub type_: String,
    pub actor_official_id: Option<OfficialId>,
    pub actor_role: String,
    pub actor_agency_id: Option<AgencyId>,
    pub actor_position: Option<String>,
    pub on_behalf_of: Option<String>,
    pub client: Option<String>,
    /// JSON text.
    pub origin: Option<String>,
    pub request_id: Option<String>,
    pub caused_by: Option<EventId>,
    pub occurred_at: Instant,
    pub recorded_at: Instant,
    /// JSON text: on SQLite as it was written, on PostgreSQL as the server spells it.
    pub payload: String,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub position: Option<i64>,
}

/// Every column of a text.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = event_text)]
pub struct TextCells {
    pub id: TextId,
    pub subject_id: PetitionId,
    pub event_id: EventId,
    pub slot: String,
    pub salt: Vec<u8>,
    pub body: Option<String>,
    pub created_at: Instant,
}

/// Every column of a revision.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = reply_revision)]
pub struct RevisionCells {
    pub id: RevisionId,
    pub petition_id: PetitionId,
    pub round: i32,
    pub number: i32,
    pub outcome: Option<Outcome>,
    pub text_id: TextId,
    pub author_id: Option<OfficialId>,
    pub approved_by: Option<OfficialId>,
    pub approved_at: Option<Instant>,
    pub document_id: Option<DocumentId>,
    pub notice: bool,
    pub published_at: Option<Instant>,
    pub taken_down_at: Option<Instant>,
    pub created_at: Instant,
}

/// Every column of a rating.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = rating)]
pub struct RatingCells {
    pub petition_id: PetitionId,
    pub round: i32,
    pub satisfaction: Satisfaction,
    pub reasons_id: Option<TextId>,
    pub created_at: Instant,
}

/// Every column of a link.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = petition_link)]
pub struct LinkCells {
    pub from_id: PetitionId,
    pub to_id: PetitionId,
    pub kind: LinkKind,
    pub created_at: Instant,
}

/// A move of a petition when an agency was closed, with the event of the agency.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct MoveCells {
    pub petition_id: PetitionId,
    pub from_id: AgencyId,
    pub to_id: AgencyId,
    pub event_id: EventId,
}

/// Everything that is kept of one petition.
#[derive(Clone)]
pub struct Held {
    pub row: PetitionRow,
    pub detail: Option<DetailRow>,
    pub submitter: Option<SubmitterRow>,
    /// In sequence order.
    pub events: Vec<EventCells>,
    pub texts: Vec<TextCells>,
    pub spans: Vec<SpanRow>,
    pub clocks: Vec<ClockRow>,
    pub assignments: Vec<AssignmentRow>,
    pub revisions: Vec<RevisionCells>,
    pub fingerprints: Vec<FingerprintRow>,
    pub documents: HashMap<DocumentId, DocumentRow>,
    pub commitments: Vec<CommitmentRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub ratings: Vec<RatingCells>,
    /// How changes of the calendar moved it.
    pub recalculated: Vec<MoveRow>,
    /// The links that lead from it.
    pub links: Vec<LinkCells>,
    pub moves: Vec<MoveCells>,
    /// Its names in other systems: source, external id.
    pub externals: Vec<(String, String)>,
    pub escalations: Vec<EscalationRow>,
    pub notifications: Vec<NotificationRow>,
    pub urgings: Vec<UrgingRow>,
    pub look: Option<LookRow>,
}

impl Held {
    pub(super) fn of(row: PetitionRow) -> Self {
        Self {
            row,
            detail: None,
            submitter: None,
            events: Vec::new(),
            texts: Vec::new(),
            spans: Vec::new(),
            clocks: Vec::new(),
            assignments: Vec::new(),
            revisions: Vec::new(),
            fingerprints: Vec::new(),
            documents: HashMap::new(),
            commitments: Vec::new(),
            deliveries: Vec::new(),
            ratings: Vec::new(),
            recalculated: Vec::new(),
            links: Vec::new(),
            moves: Vec::new(),
            externals: Vec::new(),
            escalations: Vec::new(),
            notifications: Vec::new(),
            urgings: Vec::new(),
            look: None,
        }
    }
}
