//! What a verification reads: everything that is kept of some petitions, the chains of other subjects, the whole log
//! by its positions, and rows that belong to nothing.
//!
//! Values that a changed byte could make unreadable are read as text, so that the fault can be named.

mod cells;

use std::collections::HashMap;

use diesel::{
    dsl::{exists, not, sql},
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    AnyConnection, DatabaseKind, StoreError,
    calendar::MoveRow,
    fingerprints::FingerprintRow,
    handling::{AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow},
    notifications::NotificationRow,
    petitions::{DetailRow, PetitionRow, SubmitterRow},
    reminders::{EscalationRow, LookRow},
    schema::{
        assignment, calendar_move, clock_span, commitment, delivery, document, escalation, event, event_text,
        external_ref, notification, petition, petition_detail, petition_link, petition_reminder,
        petition_span, rating, reply_fingerprint, reply_revision, submitter, succession, succession_move,
        urging,
    },
    spans::{ClockRow, SpanRow},
    urgings::UrgingRow,
};
use crate::domain::id::{DocumentId, PetitionId, TextId};

pub use cells::{EventCells, Held, LinkCells, MoveCells, RatingCells, RevisionCells, TextCells};

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
        ($table:ident . $key:ident as $row:ty) => {{
            const TABLE: &str = stringify!($table);
            let own = || $table::table.filter($table::$key.eq_any(ids));
            if let Some(condition) = out_of_range(tx, TABLE) {
                let many = own().filter(sql::<Bool>(condition)).count();
                refuse(TABLE, many.get_result(tx))?;
            }
            own().select(<$row>::as_select()).load::<$row>(tx).map_err(unreadable(TABLE))?
        }};
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
    sort!(of!(reply_fingerprint.petition_id as FingerprintRow), petition_id, fingerprints);
    sort!(of!(delivery.petition_id as DeliveryRow), petition_id, deliveries);
    sort!(of!(rating.petition_id as RatingCells), petition_id, ratings);
    sort!(of!(petition_link.from_id as LinkCells), from_id, links);
    sort!(of!(calendar_move.petition_id as MoveRow), petition_id, recalculated);
    sort!(of!(escalation.petition_id as EscalationRow), petition_id, escalations);
    sort!(of!(notification.petition_id as NotificationRow), petition_id, notifications);
    sort!(of!(urging.petition_id as UrgingRow), petition_id, urgings);
    for row in of!(petition_reminder.petition_id as LookRow) {
        all.entry(row.petition_id).and_modify(|held| held.look = Some(row));
    }
    of_replies(tx, ids, &mut all)?;
    let moves = succession_move::table
        .inner_join(succession::table.on(succession::agency_id.eq(succession_move::from_id)))
        .filter(succession_move::petition_id.eq_any(ids))
        .filter(succession_move::to_id.is_not_null())
        .select((
            succession_move::petition_id,
            succession_move::from_id,
            succession_move::to_id.assume_not_null(),
            succession::event_id,
        ))
        .load::<MoveCells>(tx)
        .map_err(unreadable("succession_move"))?;
    sort!(moves, petition_id, moves);
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

/// What no value of a table's columns may be. SQLite keeps any whole number, and reading would cut it off unseen;
/// PostgreSQL knows how wide its columns are.
fn out_of_range(tx: &AnyConnection, table: &str) -> Option<&'static str> {
    /// Of these columns some hold 32 bits, the others yes or no.
    macro_rules! any {
        ($($narrow:literal),*; $($yes_or_no:literal),*) => {
            concat!(
                "(FALSE",
                $(" OR ", $narrow, " NOT BETWEEN -2147483648 AND 2147483647",)*
                $(" OR ", $yes_or_no, " NOT IN (0, 1)",)*
                ")"
            )
        };
    }
    match table {
        _ if tx.kind() == DatabaseKind::Postgres => None,
        "petition" => Some(any!("instance", "round", "version", "sequence"; "remote_area", "classified")),
        "petition_span" => Some(any!("sequence", "round";)),
        "clock_span" => Some(any!("round"; "provisional")),
        "assignment" | "rating" | "escalation" => Some(any!("round";)),
        "calendar_move" => Some(any!("version", "round"; "from_provisional", "to_provisional")),
        "notification" => Some(any!(; "shown")),
        "petition_reminder" => Some(any!("revision";)),
        "reply_revision" => Some(any!("round", "number"; "notice")),
        "document" => Some(any!("issue_year";)),
        "delivery" => Some(any!("round"; "by_system")),
        _ => None,
    }
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
    let own = || {
        document::table
            .inner_join(reply_revision::table.on(reply_revision::document_id.eq(document::id.nullable())))
            .filter(reply_revision::petition_id.eq_any(ids))
    };
    if let Some(condition) = out_of_range(tx, "document") {
        refuse("document", own().filter(sql::<Bool>(condition)).count().get_result(tx))?;
    }
    let documents = own()
        .select((reply_revision::petition_id, DocumentRow::as_select()))
        .load::<(PetitionId, DocumentRow)>(tx)
        .map_err(unreadable("document"))?;
    for (petition, row) in documents {
        all.entry(petition).and_modify(|held| drop(held.documents.insert(row.id, row)));
    }
    Ok(())
}

/// No row may be out of range.
fn refuse(table: &'static str, many: Result<i64, diesel::result::Error>) -> Result<(), Unreadable> {
    match many.map_err(unreadable(table))? {
        0 => Ok(()),
        _ => Err(Unreadable { table, error: StoreError::Internal("a number out of range".to_owned()) }),
    }
}

fn unreadable(table: &'static str) -> impl FnOnce(diesel::result::Error) -> Unreadable {
    move |error| Unreadable { table, error: error.into() }
}

/// The columns of [`EventCells`]; JSON as text.
macro_rules! event_cells {
    ($tx:expr) => {{
        let (sequence, origin, payload) = match $tx.kind() {
            DatabaseKind::Sqlite => ("event.sequence", "event.origin", "event.payload"),
            DatabaseKind::Postgres => ("event.sequence::bigint", "event.origin::text", "event.payload::text"),
        };
        (
            event::id,
            event::subject_kind,
            event::subject_id,
            sql::<BigInt>(sequence),
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
pub type Place = (String, PetitionId, i64);

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
        let sequence = i32::try_from(*sequence).unwrap_or(i32::MAX);
        let same = event::subject_kind.eq(kind.clone());
        let later = event::subject_id
            .gt(*subject)
            .or(event::subject_id.eq(*subject).and(event::sequence.gt(sequence)));
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
