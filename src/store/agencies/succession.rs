//! Agencies that were closed in favour of others, and the petitions that move with them.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, delete,
    dsl::{count_star, exists, not},
    insert_into, update,
};

use super::AgencyName;
use crate::{
    domain::{
        id::{AgencyId, EventId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Code, Kind, State, Visibility},
    },
    store::{
        AnyConnection, StoreError,
        schema::{
            agency_succession, agency_version, assignment, official, petition, petition_detail, succession,
            succession_move,
        },
        sql_types::sql,
    },
};

/// An agency that was closed, and how far its petitions have moved.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = succession, treat_none_as_default_value = false)]
pub struct SuccessionRow {
    pub agency_id: AgencyId,
    /// The event of the agency that holds the plan.
    pub event_id: EventId,
    /// The first day on which it is no more.
    pub effective_on: Day,
    /// Keeps what was over, and stands above the agency from then on.
    pub heir_id: AgencyId,
    /// With whom its figures are counted today; nothing: it was divided, and what was over counts by itself.
    pub today_id: Option<AgencyId>,
    pub open_petitions: i64,
    pub moved: i64,
    pub begun_at: Instant,
    pub finished_at: Option<Instant>,
    /// When to look once more for petitions that were on their way to it, in the time of the world.
    pub sweep_at: Option<Instant>,
}

/// Open petitions alike in everything that decides where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    pub area: Option<String>,
    pub field: String,
    pub visibility: Visibility,
    /// Whether the agency receives them, and so its successor must watch over them.
    pub intake: bool,
    pub count: i64,
}

/// An open petition of an agency to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: PetitionId,
    pub area: Option<String>,
    pub field: String,
    pub intake: bool,
    pub lead: bool,
}

/// A part that an agency has in a petition.
const SUPPORTING: &str = "supporting";

/// The open petitions in which an agency has a part: that it received, leads or supports. Every member of the index of
/// statistics is named, so that only their rows are read.
macro_rules! open_at {
    ($agency:expr) => {{
        let agency: AgencyId = $agency;
        let supported = assignment::table
            .filter(assignment::petition_id.eq(petition::id))
            .filter(assignment::part.eq(SUPPORTING))
            .filter(assignment::to_at.is_null())
            .filter(assignment::agency_id.eq(agency));
        let leads =
            petition::lead_agency_id.is_not_null().and(petition::lead_agency_id.assume_not_null().eq(agency));
        petition::table
            .filter(petition::classified.eq_any([false, true]))
            .filter(petition::kind.eq_any(Kind::ALL))
            .filter(petition::state.eq_any(State::ALL.iter().copied().filter(|state| state.is_open())))
            .filter(petition::intake_agency_id.eq(agency).or(leads).or(exists(supported)))
    }};
}

/// Notes that an agency is closed; from then on it stands below its heir.
pub fn begin(tx: &mut AnyConnection, row: &SuccessionRow) -> Result<(), StoreError> {
    insert_into(succession::table).values(row).execute(tx)?;
    if let Some(today) = row.today_id {
        update(succession::table.filter(succession::today_id.eq(row.agency_id)))
            .set(succession::today_id.eq(today))
            .execute(tx)?;
    }
    super::changes::move_below(tx, row.agency_id, Some(row.heir_id))
}

/// Puts the open petitions of an agency on the list of those to be moved, but those that stand there; gives how many.
pub fn enlist(tx: &mut AnyConnection, agency: AgencyId) -> Result<usize, StoreError> {
    let listed = succession_move::table
        .filter(succession_move::petition_id.eq(petition::id))
        .filter(succession_move::from_id.eq(agency));
    let fresh =
        open_at!(agency).filter(not(exists(listed))).select((petition::id, agency.into_sql::<sql::Id>()));
    Ok(insert_into(succession_move::table)
        .values(fresh)
        .into_columns((succession_move::petition_id, succession_move::from_id))
        .execute(tx)?)
}

/// The open petitions of an agency, counted by what decides where they go; of these alone, where some are named.
pub fn alike(
    tx: &mut AnyConnection,
    agency: AgencyId,
    named: Option<&[PetitionId]>,
) -> Result<Vec<Alike>, StoreError> {
    let mut query = open_at!(agency)
        .inner_join(petition_detail::table.on(petition_detail::petition_id.eq(petition::id)))
        .group_by((
            petition_detail::area_code,
            petition::field_code,
            petition::visibility,
            petition::intake_agency_id,
        ))
        .select((
            petition_detail::area_code,
            petition::field_code,
            petition::visibility,
            petition::intake_agency_id,
            count_star(),
        ))
        .into_boxed();
    if let Some(named) = named {
        query = query.filter(petition::id.eq_any(named));
    }
    let rows: Vec<(Option<String>, String, Visibility, AgencyId, i64)> = query.load(tx)?;
    let mut counts = HashMap::new();
    for (area, field, visibility, intake, count) in rows {
        *counts.entry((area, field, visibility, intake == agency)).or_default() += count;
    }
    let alike = |((area, field, visibility, intake), count)| Alike { area, field, visibility, intake, count };
    Ok(counts.into_iter().map(alike).collect())
}

/// The columns of a [`Waiting`] at an agency.
macro_rules! waiting {
    ($agency:expr) => {
        open_at!($agency)
            .inner_join(petition_detail::table.on(petition_detail::petition_id.eq(petition::id)))
            .select((
                petition::id,
                petition_detail::area_code,
                petition::field_code,
                petition::intake_agency_id,
                petition::lead_agency_id,
            ))
    };
}

type WaitingCells = (PetitionId, Option<String>, String, AgencyId, Option<AgencyId>);

fn read_waiting(agency: AgencyId, rows: Vec<WaitingCells>) -> Vec<Waiting> {
    let waiting = |(id, area, field, intake, lead): WaitingCells| Waiting {
        id,
        area,
        field,
        intake: intake == agency,
        lead: lead == Some(agency),
    };
    rows.into_iter().map(waiting).collect()
}

/// The open petitions of an agency by id, from after one on.
pub fn waiting(
    tx: &mut AnyConnection,
    agency: AgencyId,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let mut query = waiting!(agency).order(petition::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    Ok(read_waiting(agency, query.load(tx)?))
}

/// Those of these petitions that are open at an agency.
pub fn waiting_among(
    tx: &mut AnyConnection,
    agency: AgencyId,
    ids: &[PetitionId],
) -> Result<Vec<Waiting>, StoreError> {
    Ok(read_waiting(agency, waiting!(agency).filter(petition::id.eq_any(ids)).load(tx)?))
}

/// The denunciations and second complaints that an agency leads: nobody may get one that is against him. By id, from
/// after one on.
pub fn guarded(
    tx: &mut AnyConnection,
    agency: AgencyId,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let second = petition::instance.is_not_null().and(petition::instance.assume_not_null().eq(2));
    let mut query = open_at!(agency)
        .filter(petition::lead_agency_id.is_not_null())
        .filter(petition::kind.eq(Kind::Denunciation).or(petition::kind.eq(Kind::Complaint).and(second)))
        .order(petition::id)
        .limit(limit)
        .select(petition::id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// How an agency was closed, if it was.
pub fn of(tx: &mut AnyConnection, agency: AgencyId) -> Result<Option<SuccessionRow>, StoreError> {
    Ok(succession::table.find(agency).select(SuccessionRow::as_select()).first(tx).optional()?)
}

/// Those of these agencies that were closed.
pub fn closed_among(tx: &mut AnyConnection, agencies: &[AgencyId]) -> Result<Vec<SuccessionRow>, StoreError> {
    Ok(succession::table
        .filter(succession::agency_id.eq_any(agencies))
        .select(SuccessionRow::as_select())
        .load(tx)?)
}

/// The closings with work left at an instant of the world: petitions to move, or a last look due.
pub fn unfinished(tx: &mut AnyConnection, real_now: Instant) -> Result<Vec<SuccessionRow>, StoreError> {
    let due = succession::sweep_at.le(real_now).assume_not_null();
    Ok(succession::table
        .filter(succession::sweep_at.is_not_null())
        .filter(succession::finished_at.is_null().or(due))
        .order(succession::agency_id)
        .select(SuccessionRow::as_select())
        .load(tx)?)
}

/// The petitions still to be moved from an agency, by id, from after one on.
pub fn pending(
    tx: &mut AnyConnection,
    from: AgencyId,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let mut query = succession_move::table
        .filter(succession_move::from_id.eq(from))
        .filter(succession_move::to_id.is_null())
        .order(succession_move::petition_id)
        .limit(limit)
        .select(succession_move::petition_id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(succession_move::petition_id.gt(after));
    }
    Ok(query.load(tx)?)
}

/// Notes that a petition moved; an earlier move that led to the closed agency leads on with it.
pub fn moved(
    tx: &mut AnyConnection,
    petition: PetitionId,
    from: AgencyId,
    to: AgencyId,
) -> Result<(), StoreError> {
    let own = || succession_move::table.filter(succession_move::petition_id.eq(petition));
    update(own().filter(succession_move::to_id.eq(from))).set(succession_move::to_id.eq(to)).execute(tx)?;
    let listed = update(own().filter(succession_move::from_id.eq(from)))
        .set(succession_move::to_id.eq(to))
        .execute(tx)?;
    if listed == 0 {
        insert_into(succession_move::table)
            .values((
                succession_move::petition_id.eq(petition),
                succession_move::from_id.eq(from),
                succession_move::to_id.eq(to),
            ))
            .execute(tx)?;
    }
    Ok(())
}

/// Takes a petition off the list that was over before it could move.
pub fn stay(tx: &mut AnyConnection, petition: PetitionId, from: AgencyId) -> Result<(), StoreError> {
    delete(succession_move::table.find((petition, from)).filter(succession_move::to_id.is_null()))
        .execute(tx)?;
    Ok(())
}

/// Adds to the count of moved petitions.
pub fn count(tx: &mut AnyConnection, agency: AgencyId, moved: i64) -> Result<(), StoreError> {
    update(succession::table.find(agency))
        .set(succession::moved.eq(succession::moved + moved))
        .execute(tx)?;
    Ok(())
}

/// Notes when the last petition moved, and when to look once more; without that, nothing is left to do.
pub fn finish(
    tx: &mut AnyConnection,
    agency: AgencyId,
    at: Instant,
    sweep_at: Option<Instant>,
) -> Result<(), StoreError> {
    update(succession::table.find(agency))
        .set((succession::finished_at.eq(at), succession::sweep_at.eq(sweep_at)))
        .execute(tx)?;
    Ok(())
}

/// An agency at the other end of a succession, under its last name, and since when.
pub type Relative = (AgencyId, AgencyName, Day);

/// From whom an agency took over, and who took over from it; each once, in the order of the days.
pub fn relatives(tx: &mut AnyConnection, id: AgencyId) -> Result<(Vec<Relative>, Vec<Relative>), StoreError> {
    let rows: Vec<(AgencyId, AgencyId, Day)> = agency_succession::table
        .filter(agency_succession::from_id.eq(id).or(agency_succession::to_id.eq(id)))
        .order((agency_succession::effective_on, agency_succession::from_id, agency_succession::to_id))
        .select((agency_succession::from_id, agency_succession::to_id, agency_succession::effective_on))
        .load(tx)?;
    let others: Vec<AgencyId> = rows.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    let names: HashMap<AgencyId, AgencyName> = super::names(tx, &others)?;
    let relative = |other: AgencyId, day| names.get(&other).map(|name| (other, name.clone(), day));
    let before =
        rows.iter().filter(|(_, to, _)| *to == id).filter_map(|(from, _, day)| relative(*from, *day));
    let after = rows.iter().filter(|(from, ..)| *from == id).filter_map(|(_, to, day)| relative(*to, *day));
    Ok((before.collect(), after.collect()))
}

/// The agencies in force directly below one.
pub fn children(tx: &mut AnyConnection, id: AgencyId) -> Result<Vec<AgencyId>, StoreError> {
    Ok(agency_version::table
        .filter(agency_version::parent_id.eq(id))
        .filter(agency_version::valid_to.is_null())
        .order(agency_version::code)
        .select(agency_version::agency_id)
        .load(tx)?)
}

/// The officials of an agency who are not disabled.
pub fn officials(tx: &mut AnyConnection, id: AgencyId) -> Result<Vec<OfficialId>, StoreError> {
    Ok(official::table
        .filter(official::agency_id.eq(id))
        .filter(official::disabled_at.is_null())
        .order(official::id)
        .select(official::id)
        .load(tx)?)
}

/// Every closing, for whoever checks them.
pub fn all(tx: &mut AnyConnection) -> Result<Vec<SuccessionRow>, StoreError> {
    Ok(succession::table.order(succession::agency_id).select(SuccessionRow::as_select()).load(tx)?)
}

/// How many petitions moved from each closed agency (or, pending, wait to), counted by the rows of the list.
pub fn counted(tx: &mut AnyConnection, pending: bool) -> Result<HashMap<AgencyId, i64>, StoreError> {
    let mut query = succession_move::table
        .group_by(succession_move::from_id)
        .select((succession_move::from_id, count_star()))
        .into_boxed();
    query = match pending {
        true => query.filter(succession_move::to_id.is_null()),
        false => query.filter(succession_move::to_id.is_not_null()),
    };
    let rows: Vec<(AgencyId, i64)> = query.load(tx)?;
    Ok(rows.into_iter().collect())
}

/// An open petition that a closed agency still has, if nothing is pending there.
pub fn stray(tx: &mut AnyConnection, agency: AgencyId) -> Result<Option<PetitionId>, StoreError> {
    Ok(open_at!(agency).select(petition::id).order(petition::id).first(tx).optional()?)
}
