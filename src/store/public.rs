//! What everybody may read: public petitions, and published replies to the others.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError,
    schema::{clock_span, document, event_text, petition, petition_detail, petition_span, reply_revision},
    spans::{ClockRow, SpanRow},
    together::{Stable, padded},
};
use crate::domain::{
    id::{AgencyId, OfficialId, PetitionId, RevisionId},
    time::{Day, Instant},
    vocabulary::{Kind, Stage, State},
};

/// Where the text of a publication stands in its event.
const PUBLIC_TEXT: &str = "/facts/public_text";

/// The lists' own sort values: an instant and the id of the last row shown.
pub type After<K> = (Instant, crate::domain::id::Id<K>);

/// Which public petitions are wanted; what is absent fits everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub kind: Option<Kind>,
    pub field_code: Option<String>,
    /// The lead agency, before an assignment the intake agency.
    pub agency_id: Option<AgencyId>,
    /// One of these.
    pub states: Option<Vec<State>>,
    /// The administrative area the petition is about.
    pub area_code: Option<String>,
}

/// What lists show of a petition, beside its present stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub id: PetitionId,
    pub code: String,
    pub version: i32,
    pub promised_due_at: Option<Instant>,
    pub promised_due_on: Option<Day>,
    pub public_from: Option<Instant>,
    pub merged_into: Option<PetitionId>,
    pub responsible_id: Option<OfficialId>,
    /// As its author wrote it.
    pub title: String,
    pub public_title: Option<String>,
    pub public_summary: Option<String>,
    pub span: SpanRow,
}

/// A published reply to a petition that is not public itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedReply {
    pub revision: RevisionId,
    pub published_at: Instant,
    /// The reviewed text for everybody; nothing once it was erased.
    pub text: Option<String>,
    /// The agency whose document it is; without a document the lead agency.
    pub agency_id: AgencyId,
    /// The date of the document; without one the instant of approval says when.
    pub issued_on: Option<Day>,
    pub approved_at: Option<Instant>,
}

type Columns = (
    PetitionId,
    String,
    i32,
    (Option<Instant>, Option<Day>),
    Option<Instant>,
    Option<PetitionId>,
    Option<OfficialId>,
    String,
    (Option<String>, Option<String>),
    SpanRow,
);

/// Petitions with their details and their present stretch, in the order of [`Columns`].
macro_rules! faces {
    () => {
        petition::table
            .inner_join(petition_detail::table.on(petition_detail::petition_id.eq(petition::id)))
            .inner_join(petition_span::table.on(petition_span::petition_id.eq(petition::id)))
            .filter(petition_span::to_at.is_null())
            .select((
                petition::id,
                petition::code,
                petition::version,
                (petition::promised_due_at, petition::promised_due_on),
                petition::public_from,
                petition::merged_into,
                petition::responsible_id,
                petition::title,
                (petition_detail::public_title, petition_detail::public_summary),
                SpanRow::as_select(),
            ))
    };
}

fn face(columns: Columns) -> Face {
    let (id, code, version, promised, public_from, merged_into, responsible_id, title, words, span) = columns;
    Face {
        id,
        code,
        version,
        promised_due_at: promised.0,
        promised_due_on: promised.1,
        public_from,
        merged_into,
        responsible_id,
        title,
        public_title: words.0,
        public_summary: words.1,
        span,
    }
}

/// Public petitions, the latest published first, from after a row on.
pub fn petitions(
    tx: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<After<crate::domain::id::PetitionKey>>,
    limit: i64,
) -> Result<Vec<Face>, StoreError> {
    let mut query = faces!()
        .filter(petition::public_from.is_not_null())
        .order((petition::public_from.desc(), petition::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, id)) = after {
        let tied = petition::public_from.eq(at).and(petition::id.lt(id));
        query = query.filter(petition::public_from.lt(at).or(tied).assume_not_null());
    }
    if let Some(kind) = wanted.kind {
        query = query.filter(petition::kind.eq(kind));
    }
    if let Some(field) = &wanted.field_code {
        query = query.filter(petition::field_code.eq(field.clone()));
    }
    if let Some(agency) = wanted.agency_id {
        query = query.filter(petition_span::agency_id.eq(agency));
    }
    if let Some(states) = &wanted.states {
        query = query.filter(petition::state.eq_any(states.clone()));
    }
    if let Some(area) = &wanted.area_code {
        query = query.filter(petition_detail::area_code.eq(area.clone()).assume_not_null());
    }
    Ok(query.load::<Columns>(tx)?.into_iter().map(face).collect())
}

/// These petitions, in no order, whether public or not.
pub fn faces_of(tx: &mut AnyConnection, ids: &[PetitionId]) -> Result<Vec<Face>, StoreError> {
    let found = faces!().filter(petition::id.eq_any(padded(ids)));
    Ok(Stable(found).load::<Columns>(tx)?.into_iter().map(face).collect())
}

/// The present stretches of the clocks of these petitions, by petition, round and stage.
pub fn present_clocks(
    tx: &mut AnyConnection,
    ids: &[PetitionId],
) -> Result<HashMap<(PetitionId, i32, Stage), ClockRow>, StoreError> {
    let present = clock_span::table
        .filter(clock_span::petition_id.eq_any(padded(ids)))
        .filter(clock_span::to_at.is_null())
        .select(ClockRow::as_select());
    let rows: Vec<ClockRow> = Stable(present).load(tx)?;
    Ok(rows.into_iter().map(|row| ((row.petition_id, row.round, row.stage), row)).collect())
}

/// Published replies to petitions that are not public, the latest first, from after a row on.
pub fn replies(
    tx: &mut AnyConnection,
    after: Option<After<crate::domain::id::RevisionKey>>,
    limit: i64,
) -> Result<Vec<PublishedReply>, StoreError> {
    type Row = (
        (RevisionId, Option<Instant>, Option<String>),
        (Option<AgencyId>, Option<AgencyId>, AgencyId),
        (Option<Day>, Option<Instant>),
    );
    // The text and the mark of its revision carry the instant of one event.
    let text = event_text::subject_id
        .eq(reply_revision::petition_id)
        .and(event_text::slot.eq(PUBLIC_TEXT))
        .and(event_text::created_at.nullable().eq(reply_revision::published_at));
    let mut query = reply_revision::table
        .inner_join(petition::table.on(petition::id.eq(reply_revision::petition_id)))
        .inner_join(event_text::table.on(text.assume_not_null()))
        .left_join(document::table.on(document::id.nullable().eq(reply_revision::document_id)))
        .filter(reply_revision::published_at.is_not_null())
        .filter(reply_revision::taken_down_at.is_null())
        .filter(petition::public_from.is_null())
        .order((reply_revision::published_at.desc(), reply_revision::id.desc()))
        .limit(limit)
        .select((
            (reply_revision::id, reply_revision::published_at, event_text::body),
            (document::agency_id.nullable(), petition::lead_agency_id, petition::intake_agency_id),
            (document::issued_on.nullable(), reply_revision::approved_at),
        ))
        .into_boxed();
    if let Some((at, id)) = after {
        let tied = reply_revision::published_at.eq(at).and(reply_revision::id.lt(id));
        query = query.filter(reply_revision::published_at.lt(at).or(tied).assume_not_null());
    }
    let rows: Vec<Row> = query.load(tx)?;
    let shown = rows.into_iter().filter_map(|((revision, published_at, text), agencies, dates)| {
        let (of_document, lead, intake) = agencies;
        Some(PublishedReply {
            revision,
            published_at: published_at?,
            text,
            agency_id: of_document.or(lead).unwrap_or(intake),
            issued_on: dates.0,
            approved_at: dates.1,
        })
    });
    Ok(shown.collect())
}
