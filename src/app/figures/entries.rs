//! What a report counts and measures of each petition.

use std::collections::BTreeMap;

use super::{Wanted, columns};
use crate::{
    app::{Error, World, lists::Reader},
    domain::{
        figures::{Amount, Entry, Measure, Report},
        id::PetitionId,
    },
    store::{
        AnyConnection,
        figures::{self, Population},
        question::Question,
    },
};

/// The entries of petitions in a report, as a reader sees it.
#[derive(Debug)]
pub struct Entries {
    report: Report,
    population: Population,
}

impl Entries {
    /// Those of a question, which the report can answer.
    pub fn of(world: &World, reader: &Reader, report: Report, wanted: &Wanted) -> Result<Self, Error> {
        let wanted = wanted.checked(world, report, wanted.group_by.unwrap_or_default())?;
        Ok(Self { report, population: wanted.population(world, reader, report) })
    }

    /// Who asks, and for which moment.
    pub fn question(&self) -> &Question {
        &self.population.question
    }

    /// The petitions that may have one, in the order of their ids, from after one on.
    pub fn petitions(
        &self,
        tx: &mut AnyConnection,
        after: Option<PetitionId>,
        limit: i64,
    ) -> Result<Vec<PetitionId>, Error> {
        Ok(figures::petitions(tx, &self.population, &columns(self.report), after, limit)?)
    }

    /// The entries of these petitions, or of all, of those that have one.
    pub fn find(
        &self,
        tx: &mut AnyConnection,
        world: &World,
        ids: Option<&[PetitionId]>,
    ) -> Result<BTreeMap<PetitionId, Entry>, Error> {
        let Self { report, population } = self;
        let counted = figures::counts_of(tx, population, &columns(*report), ids)?;
        let counts = report.figures().iter().filter(|figure| matches!(figure.measure, Measure::Count(_)));
        let mut found: BTreeMap<PetitionId, Entry> = BTreeMap::new();
        for (id, times) in counted {
            let entry = found.entry(id).or_default();
            counts.clone().zip(times).for_each(|(figure, times)| entry.count(figure.id, times));
        }
        for (amount, column) in report.measured() {
            let mut measure = |id, value| found.entry(id).or_default().measure(amount, value);
            if amount == Amount::Hops {
                let hops = figures::hops_of(tx, population, column, ids)?;
                hops.into_iter().for_each(|(id, hops)| measure(id, hops));
                continue;
            }
            for (id, (from, until)) in figures::amounts_of(tx, population, (column, amount), ids)? {
                let (from, until) = (from.day(world.zone()), until.day(world.zone()));
                measure(id, world.calendar().working_days_between(from, until));
            }
        }
        found.retain(|_, entry| !entry.numbers().is_empty());
        Ok(found)
    }
}
