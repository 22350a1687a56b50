//! What figures count and measure of each petition by itself.

use std::collections::HashMap;

use diesel::{
    dsl::{case_when, count},
    prelude::*,
    sql_types::{BigInt, Integer},
};

use super::{Counts, Frame, Population, TOGETHER, add, counted, rates, those};
use crate::{
    domain::{
        figures::{Amount, Column},
        id::PetitionId,
        time::Instant,
    },
    store::{
        AnyConnection, DatabaseKind, StoreError,
        conditions::{Condition, Plain},
        schema::{petition, petition_span},
        sql_types::sql::{Id as SqlId, Instant as SqlInstant},
        together::padded,
    },
};

/// Those of these ids; of everybody whoever can count. Acts that say nothing of most petitions are looked for among all
/// of them.
fn only(
    population: &Population,
    columns: &[Column],
    ids: Option<&[PetitionId]>,
    kind: DatabaseKind,
) -> Condition<Plain> {
    if let Some(ids) = ids {
        return Box::new(petition::id.eq_any(padded(ids)));
    }
    let any: Condition<Plain> = Box::new(population.written("TRUE"));
    let Frame::Acts(..) = population.frame else { return any };
    let each = columns.iter().map(|column| population.column(*column, kind));
    each.reduce(|one, other| -> Condition<Plain> { Box::new(one.or(other)) }).unwrap_or(any)
}

/// The petitions of a population that columns can count, in the order of their ids, from after one on.
pub fn petitions(
    tx: &mut AnyConnection,
    population: &Population,
    columns: &[Column],
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let mut query = petition::table
        .inner_join(petition_span::table)
        .select(petition::id)
        .distinct()
        .filter(only(population, columns, None, tx.kind()))
        .order(petition::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(petition::id.gt(after));
    }
    let all = population.conditions();
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    Ok(query.load(tx)?)
}

/// How often columns count each of these petitions, or everyone that they can count, of those in the population.
pub fn counts_of(
    tx: &mut AnyConnection,
    population: &Population,
    columns: &[Column],
    ids: Option<&[PetitionId]>,
) -> Result<HashMap<PetitionId, Vec<i64>>, StoreError> {
    let own = |id: PetitionId| Ok::<_, StoreError>(id);
    let key = || population.written::<SqlId>("petition.id");
    counted!(tx, population, columns, key(), own, only(population, columns, ids, tx.kind()))
}

macro_rules! each {
    ($tx:expr, $population:expr, $column:expr, $ids:expr, $value:expr) => {{
        let query = petition::table
            .inner_join(petition_span::table)
            .select((petition::id, $value))
            .filter(only($population, &[], $ids, $tx.kind()))
            .filter($population.column($column, $tx.kind()))
            .into_boxed();
        let all = $population.conditions();
        all.into_iter().fold(query, |query, condition| query.filter(condition)).load($tx)?
    }};
}

/// A petition, and from when to when something was measured of it.
pub type Lasted = (PetitionId, (Instant, Instant));

/// From when to when an amount is measured of each of these petitions, or all, of those that a column counts.
pub fn amounts_of(
    tx: &mut AnyConnection,
    population: &Population,
    (column, amount): (Column, Amount),
    ids: Option<&[PetitionId]>,
) -> Result<Vec<Lasted>, StoreError> {
    let Some((from, until)) = rates::measured(amount) else { return Ok(Vec::new()) };
    let ends = (population.written::<SqlInstant>(from), population.written::<SqlInstant>(until));
    Ok(each!(tx, population, column, ids, ends))
}

/// How often each of these petitions, or all, was transferred, of those that a column counts.
pub fn hops_of(
    tx: &mut AnyConnection,
    population: &Population,
    column: Column,
    ids: Option<&[PetitionId]>,
) -> Result<Vec<(PetitionId, i64)>, StoreError> {
    Ok(each!(tx, population, column, ids, population.written::<BigInt>(rates::hops())))
}
