//! What is measured of petitions one by one: how often each value occurs in each group.
//!
//! Working days need the calendar, so the instants come here, page by page: what is kept is a count for each length.

use std::collections::{BTreeMap, HashMap};

use crate::{
    app::{Error, World},
    domain::figures::{Amount, Histogram, Report},
    store::{
        AnyConnection,
        figures::{self, Population},
        reports::{GroupKey, Grouping},
    },
};

/// How many petitions are read at once.
const PAGE: i64 = 5_000;

/// The histograms of a group.
pub(super) type Amounts = BTreeMap<Amount, Histogram>;

/// Measures everything that a report measures, by group.
pub(super) fn load(
    tx: &mut AnyConnection,
    world: &World,
    report: Report,
    population: &Population,
    grouping: Grouping,
) -> Result<HashMap<GroupKey, Amounts>, Error> {
    let mut found: HashMap<GroupKey, Amounts> = HashMap::new();
    let mut add = |key: GroupKey, amount: Amount, value: i64, times: i64| {
        *found.entry(key).or_default().entry(amount).or_default().entry(value).or_default() += times;
    };
    for (amount, column) in report.measured() {
        if amount == Amount::Hops {
            for (key, hops, times) in figures::hops(tx, population, grouping, column)? {
                add(key, amount, hops, times);
            }
            continue;
        }
        let mut after = None;
        loop {
            let page = figures::measured(tx, population, grouping, (column, amount), after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            for row in page {
                let (from, until) = (row.from.day(world.zone()), row.until.day(world.zone()));
                add(row.key, amount, world.calendar().working_days_between(from, until), 1);
            }
        }
    }
    Ok(found)
}
