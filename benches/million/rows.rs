//! The rows of a life, in the words of both databases.

use kiennghi::{
    domain::{
        id::Id,
        time::{Day, Instant},
        vocabulary::Code,
    },
    store::{
        events::StoredEvent,
        petitions::{DetailRow, PetitionRow},
        spans::{ClockRow, SpanRow},
    },
};
use uuid::Uuid;

use crate::{Fault, life::Life};

/// A table that is filled, with its columns.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// The tables; a place in this list names one.
#[rustfmt::skip]
pub(crate) const TABLES: [Table; 5] = [
    Table { name: "petition", columns: &[
        "id", "code", "kind", "instance", "channel", "submitter_type", "field_code", "urgency", "complexity",
        "remote_area", "visibility", "provenance", "state", "title", "intake_agency_id", "lead_agency_id",
        "responsible_id", "respondent_official_id", "classified", "round", "version", "sequence", "received_at",
        "received_month", "promised_due_at", "promised_due_on", "public_from", "merged_into", "last_hash",
        "closes_at", "created_at",
    ] },
    Table { name: "petition_detail", columns: &["petition_id", "location_text", "latitude", "longitude", "area_code"] },
    Table { name: "petition_span", columns: &[
        "id", "petition_id", "sequence", "state", "agency_id", "intake_agency_id", "responsible_id", "kind",
        "channel", "field_code", "visibility", "round", "received_at", "received_month", "clock_stage",
        "open_due_at", "due_soon_at", "due_at", "due_on", "paused_until", "met_at", "round1_outcome",
        "round1_met_on", "round1_met_at", "round1_due_at", "round1_due_on", "round1_paused_until", "from_at",
        "to_at", "recorded_from", "recorded_to",
    ] },
    Table { name: "clock_span", columns: &[
        "id", "petition_id", "round", "stage", "rule_id", "basis", "started_at", "open_due_at", "due_at", "due_on",
        "first_due_at", "provisional", "paused_until", "ended_at", "from_at", "to_at", "recorded_from", "recorded_to",
    ] },
    Table { name: "event", columns: &[
        "id", "subject_kind", "subject_id", "sequence", "type", "actor_official_id", "actor_role", "actor_agency_id",
        "actor_position", "occurred_at", "recorded_at", "payload", "prev_hash", "hash", "position",
    ] },
];

/// A value as both databases know it.
pub(crate) enum Cell<'r> {
    Null,
    Id(Uuid),
    Text(&'r str),
    Whole(i64),
    Real(f64),
    Yes(bool),
    At(Instant),
    On(Day),
    Bytes(&'r [u8]),
}

/// Where rows go.
pub(crate) trait Sink {
    /// Takes a row of the table at this place of the list.
    fn put(&mut self, table: usize, row: &[Cell<'_>]) -> Result<(), Fault>;
}

macro_rules! cells {
    ($($of:ty: $value:pat => $cell:expr;)+) => {$(
        impl<'r> From<$of> for Cell<'r> {
            fn from($value: $of) -> Self { $cell }
        }
    )+};
}

cells! {
    &'r str: text => Self::Text(text);
    &'r String: text => Self::Text(text);
    i32: number => Self::Whole(number.into());
    i64: number => Self::Whole(number);
    f64: number => Self::Real(number);
    bool: yes => Self::Yes(yes);
    Instant: at => Self::At(at);
    Day: on => Self::On(on);
    &'r Vec<u8>: bytes => Self::Bytes(bytes);
}

impl<K> From<Id<K>> for Cell<'_> {
    fn from(id: Id<K>) -> Self {
        Self::Id(id.uuid())
    }
}

/// A value that may be absent.
fn or_null<'r>(value: Option<impl Into<Cell<'r>>>) -> Cell<'r> {
    value.map_or(Cell::Null, Into::into)
}

fn code<'r>(code: impl Code) -> Cell<'r> {
    Cell::Text(code.as_str())
}

/// Puts everything that a life left behind; its events get the positions from one on.
pub(crate) fn put(life: &Life<'_>, position: &mut i64, sink: &mut dyn Sink) -> Result<(), Fault> {
    sink.put(0, &petition(&life.row))?;
    sink.put(1, &detail(&life.detail()))?;
    life.spans.iter().try_for_each(|row| sink.put(2, &span(row)))?;
    life.clocks.iter().try_for_each(|row| sink.put(3, &clock(row)))?;
    for (stored, record) in &life.events {
        sink.put(4, &event(stored, record, *position))?;
        *position += 1;
    }
    Ok(())
}

fn petition(row: &PetitionRow) -> [Cell<'_>; 31] {
    [
        row.id.into(),
        (&row.code).into(),
        code(row.kind),
        or_null(row.instance),
        code(row.channel),
        code(row.submitter_type),
        (&row.field_code).into(),
        code(row.urgency),
        code(row.complexity),
        row.remote_area.into(),
        code(row.visibility),
        code(row.provenance),
        code(row.state),
        (&row.title).into(),
        row.intake_agency_id.into(),
        or_null(row.lead_agency_id),
        or_null(row.responsible_id),
        or_null(row.respondent_official_id),
        row.classified.into(),
        row.round.into(),
        row.version.into(),
        row.sequence.into(),
        row.received_at.into(),
        (&row.received_month).into(),
        or_null(row.promised_due_at),
        or_null(row.promised_due_on),
        or_null(row.public_from),
        or_null(row.merged_into),
        (&row.last_hash).into(),
        or_null(row.closes_at),
        row.created_at.into(),
    ]
}

fn detail(row: &DetailRow) -> [Cell<'_>; 5] {
    [
        row.petition_id.into(),
        or_null(row.location_text.as_deref()),
        or_null(row.latitude),
        or_null(row.longitude),
        or_null(row.area_code.as_deref()),
    ]
}

fn span(row: &SpanRow) -> [Cell<'_>; 31] {
    [
        row.id.into(),
        row.petition_id.into(),
        row.sequence.into(),
        code(row.state),
        row.agency_id.into(),
        row.intake_agency_id.into(),
        or_null(row.responsible_id),
        code(row.kind),
        code(row.channel),
        (&row.field_code).into(),
        code(row.visibility),
        row.round.into(),
        row.received_at.into(),
        (&row.received_month).into(),
        row.clock_stage.map_or(Cell::Null, code),
        or_null(row.open_due_at),
        or_null(row.due_soon_at),
        or_null(row.due_at),
        or_null(row.due_on),
        or_null(row.paused_until),
        or_null(row.met_at),
        (&row.round1_outcome).into(),
        or_null(row.round1_met_on),
        or_null(row.round1_met_at),
        or_null(row.round1_due_at),
        or_null(row.round1_due_on),
        or_null(row.round1_paused_until),
        row.from_at.into(),
        or_null(row.to_at),
        row.recorded_from.into(),
        or_null(row.recorded_to),
    ]
}

fn clock(row: &ClockRow) -> [Cell<'_>; 18] {
    [
        row.id.into(),
        row.petition_id.into(),
        row.round.into(),
        code(row.stage),
        or_null(row.rule_id.as_deref()),
        code(row.basis),
        row.started_at.into(),
        or_null(row.open_due_at),
        or_null(row.due_at),
        or_null(row.due_on),
        or_null(row.first_due_at),
        row.provisional.into(),
        or_null(row.paused_until),
        or_null(row.ended_at),
        row.from_at.into(),
        or_null(row.to_at),
        row.recorded_from.into(),
        or_null(row.recorded_to),
    ]
}

fn event<'r>(stored: &'r StoredEvent, record: &'r str, position: i64) -> [Cell<'r>; 15] {
    let event = &stored.event;
    [
        event.id.into(),
        "petition".into(),
        event.petition.into(),
        Cell::Whole(event.sequence.into()),
        event.record.act.name().into(),
        or_null(event.actor.official),
        code(event.actor.role),
        or_null(event.actor.agency),
        or_null(event.actor.position.as_deref()),
        event.occurred_at.into(),
        event.recorded_at.into(),
        record.into(),
        (&stored.prev_hash).into(),
        (&stored.hash).into(),
        position.into(),
    ]
}
