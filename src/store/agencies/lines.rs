//! The tree of agencies through time, as rows: derived from their versions and their heirs.

use std::collections::{BTreeSet, HashMap};

use diesel::{ExpressionMethods, IntoSql, QueryDsl, RunQueryDsl, delete, dsl::auto_type, insert_into};

use crate::{
    domain::{
        id::AgencyId,
        time::Day,
        tree::{self, Line, Place, Stands},
    },
    native,
    store::{
        AnyConnection, BATCH, StoreError,
        schema::{agency_line, agency_version, succession},
        sql_types::sql,
    },
};

/// An agency and everything that stood below it on a day.
#[auto_type]
pub(in crate::store) fn subtree_on(top: AgencyId, day: Day) -> _ {
    agency_line::table
        .filter(agency_line::ancestor_id.eq(top))
        .filter(agency_line::valid_from.le(day))
        .filter(agency_line::valid_to.gt(day))
        .select(agency_line::descendant_id)
}

/// Places a new agency where its parent stands: it has no other place yet.
pub(super) fn begin(
    connection: &mut AnyConnection,
    id: AgencyId,
    parent: Option<AgencyId>,
) -> Result<(), StoreError> {
    insert_into(agency_line::table)
        .values((
            agency_line::ancestor_id.eq(id),
            agency_line::descendant_id.eq(id),
            agency_line::valid_from.eq(tree::EVER),
            agency_line::valid_to.eq(tree::ONWARD),
        ))
        .execute(connection)?;
    let Some(parent) = parent else { return Ok(()) };
    let above = agency_line::table.filter(agency_line::descendant_id.eq(parent)).select((
        agency_line::ancestor_id,
        id.into_sql::<sql::Id>(),
        agency_line::valid_from,
        agency_line::valid_to,
    ));
    insert_into(agency_line::table)
        .values(above)
        .into_columns((
            agency_line::ancestor_id,
            agency_line::descendant_id,
            agency_line::valid_from,
            agency_line::valid_to,
        ))
        .execute(connection)?;
    Ok(())
}

/// Derives the lines of an agency and of whatever ever stood below it once more, after its places changed.
pub(super) fn follow(connection: &mut AnyConnection, id: AgencyId) -> Result<(), StoreError> {
    let below: Vec<AgencyId> = agency_line::table
        .filter(agency_line::ancestor_id.eq(id))
        .select(agency_line::descendant_id)
        .distinct()
        .load(connection)?;
    let stands = stands(connection)?;
    let rows: Vec<_> = below
        .iter()
        .flat_map(|descendant| tree::lines(&stands, *descendant))
        .map(|line| {
            (
                agency_line::ancestor_id.eq(line.ancestor),
                agency_line::descendant_id.eq(line.descendant),
                agency_line::valid_from.eq(line.from),
                agency_line::valid_to.eq(line.to),
            )
        })
        .collect();
    for part in below.chunks(BATCH) {
        delete(agency_line::table.filter(agency_line::descendant_id.eq_any(part))).execute(connection)?;
    }
    for part in rows.chunks(BATCH) {
        native!(connection, c => insert_into(agency_line::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Where every agency stood: as its versions say, and after its end below its heir.
pub fn stands(connection: &mut AnyConnection) -> Result<Stands, StoreError> {
    type Row = (AgencyId, Option<AgencyId>, Option<Day>);
    let versions: Vec<Row> = agency_version::table
        .order((agency_version::agency_id, agency_version::number))
        .select((agency_version::agency_id, agency_version::parent_id, agency_version::valid_from))
        .load(connection)?;
    let heirs: Vec<(AgencyId, AgencyId, Day)> = succession::table
        .select((succession::agency_id, succession::heir_id, succession::effective_on))
        .load(connection)?;
    let mut places: HashMap<AgencyId, Vec<Place>> = HashMap::new();
    for (agency, parent, from) in versions {
        places.entry(agency).or_default().push((from, parent));
    }
    for (agency, heir, from) in heirs {
        places.entry(agency).or_default().push((Some(from), Some(heir)));
    }
    Ok(places.into_iter().map(|(agency, places)| (agency, tree::stands(places))).collect())
}

/// Every line there is, for whoever derives them once more; those of one pair that touch are one.
pub fn all(connection: &mut AnyConnection) -> Result<BTreeSet<Line>, StoreError> {
    let rows: Vec<(AgencyId, AgencyId, Day, Day)> = agency_line::table
        .select((
            agency_line::ancestor_id,
            agency_line::descendant_id,
            agency_line::valid_from,
            agency_line::valid_to,
        ))
        .load(connection)?;
    let lines =
        rows.into_iter().map(|(ancestor, descendant, from, to)| Line { ancestor, descendant, from, to });
    Ok(tree::joined(lines.collect()).into_iter().collect())
}
