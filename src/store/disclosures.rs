//! To whom personal data was given: every look at it and every delivery of it, never the data itself.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    AnyConnection, StoreError, conditions,
    question::{Filters, Moment, Question},
    schema::{personal_data_read, petition, petition_span},
};
use crate::domain::{
    access::Person,
    id::{OfficialId, PetitionId, RowId},
    time::Instant,
    vocabulary::Role,
};

/// Personal data given to somebody once.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = personal_data_read, treat_none_as_default_value = false)]
pub struct DisclosureRow {
    pub id: RowId,
    pub petition_id: PetitionId,
    /// Who received it; nothing where a client did.
    pub official_id: Option<OfficialId>,
    /// The client that received it.
    pub client: Option<String>,
    pub role: Role,
    /// Which data: never the data itself.
    pub what: String,
    pub at: Instant,
    pub request_id: Option<String>,
}

/// Which of them are wanted; nothing means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Wanted {
    pub petition: Option<PetitionId>,
    pub official: Option<OfficialId>,
    pub client: Option<String>,
    /// Then or later.
    pub from: Option<Instant>,
    /// Before.
    pub to: Option<Instant>,
}

/// The place of a row in the list, the latest first.
pub type Key = (Instant, RowId);

/// Notes that personal data was given to somebody.
pub fn insert(tx: &mut AnyConnection, row: &DisclosureRow) -> Result<(), StoreError> {
    diesel::insert_into(personal_data_read::table).values(row).execute(tx)?;
    Ok(())
}

/// The latest first, from before a place on.
pub fn page(
    tx: &mut AnyConnection,
    wanted: &Wanted,
    before: Option<Key>,
    limit: i64,
) -> Result<Vec<DisclosureRow>, StoreError> {
    let at = personal_data_read::at;
    let mut query = personal_data_read::table
        .order((at.desc(), personal_data_read::id.desc()))
        .limit(limit)
        .select(DisclosureRow::as_select())
        .into_boxed();
    if let Some(petition) = wanted.petition {
        query = query.filter(personal_data_read::petition_id.eq(petition));
    }
    if let Some(official) = wanted.official {
        query = query.filter(personal_data_read::official_id.eq(official));
    }
    if let Some(client) = &wanted.client {
        query = query.filter(personal_data_read::client.eq(client));
    }
    if let Some(from) = wanted.from {
        query = query.filter(at.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(at.lt(to));
    }
    if let Some((last, id)) = before {
        // The first half bounds the walk through the index.
        query = query.filter(at.le(last)).filter(at.lt(last).or(personal_data_read::id.lt(id)));
    }
    Ok(query.load(tx)?)
}

/// Those of these petitions that a reader may see now and that are not directed against him, each with its code.
pub fn seen(
    tx: &mut AnyConnection,
    reader: &Person,
    now: Instant,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, String>, StoreError> {
    let question = Question { reader: reader.clone(), moment: Moment::Now(now), filters: Filters::default() };
    let against = petition::respondent_official_id.eq(reader.official).assume_not_null();
    let query = petition::table
        .inner_join(petition_span::table)
        .filter(petition::id.eq_any(petitions.to_vec()))
        .filter(petition::respondent_official_id.is_null().or(diesel::dsl::not(against)))
        .select((petition::id, petition::code))
        .into_boxed();
    let all = conditions::of_petition(&question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let rows: Vec<(PetitionId, String)> = query.load(tx)?;
    Ok(rows.into_iter().collect())
}
