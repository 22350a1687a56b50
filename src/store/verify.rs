//! What a verification reads: everything that is kept of some petitions, the chains of other subjects, the whole log
//! by its positions, and rows that belong to nothing.
//!
//! Values that a changed byte could make unreadable are read as text, so that the fault can be named.

use std::collections::HashMap;

use diesel::{
    dsl::{exists, not, sql},
    prelude::*,
    sql_types::{Nullable, Text},
};

use super::{
    AnyConnection, DatabaseKind, StoreError,
    handling::{AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow},
    petitions::{DetailRow, PetitionRow, SubmitterRow},
    schema::{
        assignment, clock_span, commitment, delivery, document, event, event_text, external_ref, petition,
        petition_detail, petition_link, petition_span, rating, reply_revision, submitter,
    },
    spans::{ClockRow, SpanRow},
};
use crate::domain::{
    id::{AgencyId, DocumentId, EventId, OfficialId, PetitionId, RevisionId, TextId},
    time::Instant,
    vocabulary::{LinkKind, Outcome, Satisfaction},
};

/// Every column of an event as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct EventCells {
    pub id: EventId,
    pub subject_kind: String,
    pub subject_id: PetitionId,
    pub sequence: i32,
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
    pub documents: HashMap<DocumentId, DocumentRow>,
    pub commitments: Vec<CommitmentRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub ratings: Vec<RatingCells>,
    /// The links that lead from it.
    pub links: Vec<LinkCells>,
    /// Its names in other systems: source, external id.
    pub externals: Vec<(String, String)>,
}

/// A table of which some row could not be read.
#[derive(Debug)]
pub struct Unreadable {
    pub table: &'static str,
    pub error: StoreError,
}

/// The ids of petitions in order, from after one on.
pub fn petition_ids(
    tx: &mut AnyConnection,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let mut query = petition::table.select(petition::id).order(petition::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// Everything that is kept of these petitions, in the order of their ids.
pub fn held(tx: &mut AnyConnection, ids: &[PetitionId]) -> Result<Vec<Held>, Unreadable> {
    /// Reads the rows of one table that belong to these petitions.
    macro_rules! of {
        ($table:ident . $key:ident as $row:ty) => {
            $table::table
                .filter($table::$key.eq_any(ids))
                .select(<$row>::as_select())
                .load::<$row>(tx)
                .map_err(unreadable(stringify!($table)))?
        };
    }
    let mut all: HashMap<PetitionId, Held> =
        of!(petition.id as PetitionRow).into_iter().map(|row| (row.id, Held::of(row))).collect();
    /// Puts each row where it belongs.
    macro_rules! sort {
        ($rows:expr, $key:ident, $member:ident) => {
            for row in $rows {
                if let Some(held) = all.get_mut(&row.$key) {
                    held.$member.extend([row]);
                }
            }
        };
    }
    for row in of!(petition_detail.petition_id as DetailRow) {
        all.entry(row.petition_id).and_modify(|held| held.detail = Some(row));
    }
    for row in of!(submitter.petition_id as SubmitterRow) {
        all.entry(row.petition_id).and_modify(|held| held.submitter = Some(row));
    }
    sort!(events(tx, ids).map_err(unreadable("event"))?, subject_id, events);
    sort!(of!(event_text.subject_id as TextCells), subject_id, texts);
    sort!(of!(petition_span.petition_id as SpanRow), petition_id, spans);
    sort!(of!(clock_span.petition_id as ClockRow), petition_id, clocks);
    sort!(of!(assignment.petition_id as AssignmentRow), petition_id, assignments);
    sort!(of!(reply_revision.petition_id as RevisionCells), petition_id, revisions);
    sort!(of!(delivery.petition_id as DeliveryRow), petition_id, deliveries);
    sort!(of!(rating.petition_id as RatingCells), petition_id, ratings);
    sort!(of!(petition_link.from_id as LinkCells), from_id, links);
    of_replies(tx, ids, &mut all)?;
    let names = external_ref::table
        .filter(external_ref::petition_id.eq_any(ids))
        .select((external_ref::petition_id, external_ref::source, external_ref::external_id))
        .load::<(PetitionId, String, String)>(tx)
        .map_err(unreadable("external_ref"))?;
    for (petition, source, external_id) in names {
        all.entry(petition).and_modify(|held| held.externals.push((source, external_id)));
    }
    Ok(ids.iter().filter_map(|id| all.remove(id)).collect())
}

/// Documents and commitments hang on revisions.
fn of_replies(
    tx: &mut AnyConnection,
    ids: &[PetitionId],
    all: &mut HashMap<PetitionId, Held>,
) -> Result<(), Unreadable> {
    let commitments = commitment::table
        .inner_join(reply_revision::table.on(reply_revision::id.eq(commitment::revision_id)))
        .filter(reply_revision::petition_id.eq_any(ids))
        .select((reply_revision::petition_id, CommitmentRow::as_select()))
        .load::<(PetitionId, CommitmentRow)>(tx)
        .map_err(unreadable("commitment"))?;
    for (petition, row) in commitments {
        all.entry(petition).and_modify(|held| held.commitments.push(row));
    }
    let documents = document::table
        .inner_join(reply_revision::table.on(reply_revision::document_id.eq(document::id.nullable())))
        .filter(reply_revision::petition_id.eq_any(ids))
        .select((reply_revision::petition_id, DocumentRow::as_select()))
        .load::<(PetitionId, DocumentRow)>(tx)
        .map_err(unreadable("document"))?;
    for (petition, row) in documents {
        all.entry(petition).and_modify(|held| drop(held.documents.insert(row.id, row)));
    }
    Ok(())
}

impl Held {
    fn of(row: PetitionRow) -> Self {
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
            documents: HashMap::new(),
            commitments: Vec::new(),
            deliveries: Vec::new(),
            ratings: Vec::new(),
            links: Vec::new(),
            externals: Vec::new(),
        }
    }
}

fn unreadable(table: &'static str) -> impl FnOnce(diesel::result::Error) -> Unreadable {
    move |error| Unreadable { table, error: error.into() }
}

/// The columns of [`EventCells`]; JSON as text.
macro_rules! event_cells {
    ($tx:expr) => {{
        let (origin, payload) = match $tx.kind() {
            DatabaseKind::Sqlite => ("event.origin", "event.payload"),
            DatabaseKind::Postgres => ("event.origin::text", "event.payload::text"),
        };
        (
            event::id,
            event::subject_kind,
            event::subject_id,
            event::sequence,
            event::type_,
            event::actor_official_id,
            event::actor_role,
            event::actor_agency_id,
            event::actor_position,
            event::on_behalf_of,
            event::client,
            sql::<Nullable<Text>>(origin),
            event::request_id,
            event::caused_by,
            event::occurred_at,
            event::recorded_at,
            sql::<Text>(payload),
            event::prev_hash,
            event::hash,
            event::position,
        )
    }};
}

fn events(tx: &mut AnyConnection, ids: &[PetitionId]) -> Result<Vec<EventCells>, diesel::result::Error> {
    event::table
        .filter(event::subject_kind.eq(PETITION))
        .filter(event::subject_id.eq_any(ids))
        .order((event::subject_id, event::sequence))
        .select(event_cells!(tx))
        .load(tx)
}

/// The subject of a petition's events, in the column `subject_kind`.
const PETITION: &str = "petition";

/// Where the reading of other subjects stands: kind, subject, sequence.
pub type Place = (String, PetitionId, i32);

/// The events of everything that is not a petition, by subject and sequence, from after a place on.
pub fn other_events(
    tx: &mut AnyConnection,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<EventCells>, StoreError> {
    let mut query = event::table
        .filter(event::subject_kind.ne(PETITION))
        .order((event::subject_kind, event::subject_id, event::sequence))
        .limit(limit)
        .select(event_cells!(tx))
        .into_boxed();
    if let Some((kind, subject, sequence)) = after {
        let same = event::subject_kind.eq(kind.clone());
        let later = event::subject_id
            .gt(*subject)
            .or(event::subject_id.eq(*subject).and(event::sequence.gt(*sequence)));
        query = query.filter(event::subject_kind.gt(kind.clone()).or(same.and(later)));
    }
    Ok(query.load(tx)?)
}

/// The texts of subjects that are not petitions.
pub fn other_texts(tx: &mut AnyConnection, subjects: &[PetitionId]) -> Result<Vec<TextCells>, StoreError> {
    Ok(event_text::table
        .filter(event_text::subject_id.eq_any(subjects))
        .select(TextCells::as_select())
        .load(tx)?)
}

/// The numbered events in the order of the whole log, from after a position on: position and hash.
pub fn positions(tx: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    Ok(event::table
        .filter(event::position.gt(after))
        .order(event::position)
        .limit(limit)
        .select((event::position.assume_not_null(), event::hash))
        .load(tx)?)
}

/// How many events wait for their number.
pub fn unnumbered(tx: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(event::table.filter(event::position.is_null()).count().get_result(tx)?)
}

/// The first event of a petition that does not exist.
pub fn lost_event(tx: &mut AnyConnection) -> Result<Option<(PetitionId, i32)>, StoreError> {
    let known = petition::table.filter(petition::id.eq(event::subject_id));
    Ok(event::table
        .filter(event::subject_kind.eq(PETITION))
        .filter(not(exists(known)))
        .order((event::subject_id, event::sequence))
        .select((event::subject_id, event::sequence))
        .first(tx)
        .optional()?)
}

/// The first text that no event of its subject has.
pub fn lost_text(tx: &mut AnyConnection) -> Result<Option<TextId>, StoreError> {
    let known = event::table
        .filter(event::id.eq(event_text::event_id))
        .filter(event::subject_id.eq(event_text::subject_id));
    Ok(event_text::table
        .filter(not(exists(known)))
        .order(event_text::id)
        .select(event_text::id)
        .first(tx)
        .optional()?)
}

/// The first document that no reply cites.
pub fn lost_document(tx: &mut AnyConnection) -> Result<Option<DocumentId>, StoreError> {
    let cited = reply_revision::table.select(reply_revision::document_id.assume_not_null());
    let cited = cited.filter(reply_revision::document_id.is_not_null());
    Ok(document::table
        .filter(document::id.ne_all(cited))
        .order(document::id)
        .select(document::id)
        .first(tx)
        .optional()?)
}
