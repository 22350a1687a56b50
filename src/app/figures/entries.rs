//! What a report counts and measures of each petition.

use std::collections::{BTreeMap, HashMap};

use super::{Wanted, columns};
use crate::{
    app::{Error, World, lists::Reader},
    domain::{
        event::Event,
        figures::{Amount, Entry, Report},
        id::PetitionId,
    },
    store::{
        AnyConnection,
        figures::{self, Attribution, Basis, Frame, Population},
        lists::{Filters, Question, seen, seen_throughout, standing},
        question::Moment,
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

    /// The moment they show.
    pub fn moment(&self) -> Moment {
        self.population.question.moment
    }

    /// Whether an event can matter to them: it had happened and was recorded by then, in a flow by the end of its window
    /// unless it is asked who has a petition now, or what became of it.
    pub fn takes_in(&self, event: &Event) -> bool {
        let moment = self.moment();
        let at = match self.population.frame {
            Frame::Moves(moves)
                if moves.attribution != Attribution::Current && moves.basis == Basis::Petition =>
            {
                moment.at().min(moves.window.to.plus_micros(-1))
            }
            _ => moment.at(),
        };
        event.occurred_at <= at && moment.recorded_by().is_none_or(|by| event.recorded_at <= by)
    }

    /// The codes of those of these petitions that the reader may see, whatever else is asked: in a flow in each of their
    /// stretches.
    pub fn seen(
        &self,
        tx: &mut AnyConnection,
        ids: &[PetitionId],
    ) -> Result<HashMap<PetitionId, String>, Error> {
        let question = &self.population.question;
        if let Frame::Moves(_) = self.population.frame {
            return Ok(seen_throughout(tx, &question.reader, ids)?);
        }
        let any = Question { filters: Filters::default(), ..question.clone() };
        Ok(seen(tx, &any, ids)?.into_iter().map(|(id, (code, _))| (id, code)).collect())
    }

    /// Those of these petitions that are hidden from the reader: there, and not seen.
    pub fn hidden(
        &self,
        tx: &mut AnyConnection,
        ids: &[PetitionId],
        seen: &HashMap<PetitionId, String>,
    ) -> Result<Vec<PetitionId>, Error> {
        let unseen: Vec<PetitionId> = ids.iter().filter(|id| !seen.contains_key(id)).copied().collect();
        match self.population.frame {
            Frame::Moves(_) => Ok(unseen),
            _ => Ok(standing(tx, self.moment(), &unseen)?),
        }
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
        let mut found: BTreeMap<PetitionId, Entry> = BTreeMap::new();
        for (id, times) in counted {
            let entry = found.entry(id).or_default();
            report.counted().zip(times).for_each(|((figure, _), times)| entry.count(figure, times));
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
