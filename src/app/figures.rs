//! The reports: figures by group, each with the question whose list is behind it.

mod amounts;
mod entries;
mod groups;
mod list;
mod wanted;

use std::collections::BTreeMap;

pub use entries::Entries;
pub use groups::{Group, GroupBy};
pub(super) use list::column_id;
pub use list::{FiguresPage, behind};
pub use wanted::{CountBy, Wanted};

use self::groups::Grouped;
use super::{Error, World, lists::Reader};
use crate::{
    domain::{
        figures::{Column, Figure, Measure, Report, mean, median},
        time::Instant,
    },
    store::AnyConnection,
};

/// A report.
#[derive(Debug)]
pub struct Sheet {
    pub report: Report,
    /// The moment it shows.
    pub as_of: Instant,
    /// Until when what was recorded counts; nothing: all of it.
    pub recorded_by: Option<Instant>,
    /// In the order of their keys.
    pub rows: Vec<Row>,
}

/// The figures of a group, in the order of the report.
#[derive(Debug)]
pub struct Row {
    pub group: Group,
    /// The question narrowed to the group, and fixed to the moment.
    pub wanted: Wanted,
    pub figures: Vec<(&'static Figure, Number)>,
}

/// What a figure comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Count(i64),
    /// Nothing where there is nothing to measure.
    Measured(Option<f64>),
}

impl Row {
    /// The figure of an id.
    pub fn number(&self, id: &str) -> Option<Number> {
        self.figures.iter().find(|(figure, _)| figure.id == id).map(|(_, number)| *number)
    }
}

/// The columns that a report counts, in order.
fn columns(report: Report) -> Vec<Column> {
    report.counted().map(|(_, column)| column).collect()
}

/// Makes a report for a reader.
pub fn sheet(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    report: Report,
    wanted: &Wanted,
    by: GroupBy,
) -> Result<Sheet, Error> {
    let wanted = wanted.checked(world, report, by)?;
    let groups = groups::counted(tx, world, reader, report, &wanted, by)?;
    let moment = wanted.population(world, reader, report).question.moment;
    let rows = groups.into_values().map(|grouped| row(report, grouped)).collect();
    Ok(Sheet { report, as_of: moment.at(), recorded_by: moment.recorded_by(), rows })
}

fn row(report: Report, grouped: Grouped) -> Row {
    let counts = report.counted().zip(&grouped.tally.counts);
    let counted: BTreeMap<&str, i64> = counts.map(|((figure, _), count)| (figure, *count)).collect();
    let count = |id: &str| counted.get(id).copied().unwrap_or_default();
    let amounts = &grouped.tally.amounts;
    let figures = report.figures().iter().map(|figure| {
        let number = match figure.measure {
            Measure::Count(_) => Number::Count(count(figure.id)),
            Measure::Share { of, among } => Number::Measured(share(count(of), count(among))),
            Measure::Mean { of, .. } => Number::Measured(amounts.get(&of).and_then(mean)),
            Measure::Median { of, .. } => Number::Measured(amounts.get(&of).and_then(median)),
        };
        (figure, number)
    });
    Row { figures: figures.collect(), group: grouped.group, wanted: grouped.wanted }
}

/// A share of two counts; nothing where the second is zero.
fn share(of: i64, among: i64) -> Option<f64> {
    let exact = |count: i64| u32::try_from(count).map(f64::from).ok();
    exact(among).filter(|among| *among > 0.0).and_then(|among| Some(exact(of)? / among))
}
