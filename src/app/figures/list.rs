//! The list behind a figure: what is counted, one row each.

use serde::{Deserialize, Serialize};

use super::{GroupBy, Wanted};
use crate::{
    app::{
        Error, World,
        cursor::{self, Binding},
        lists::{Item, Reader, with_names},
    },
    domain::{figures::Report, id::RowId, refusal::FieldError, time::Instant, vocabulary::Code},
    store::{AnyConnection, figures},
};

/// A page of the list behind a figure.
#[derive(Debug)]
pub struct FiguresPage {
    /// The moment it shows.
    pub as_of: Instant,
    /// Until when what was recorded counts; nothing: all of it.
    pub recorded_by: Option<Instant>,
    pub items: Vec<Item>,
    pub next_cursor: Option<String>,
}

/// After which row a page ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct End(i64, RowId);

/// There is no such figure.
fn unknown(report: Report) -> Error {
    let ids: Vec<&str> = report.figures().iter().map(|figure| figure.id).collect();
    Error::BadParameter(FieldError::new(
        "figure",
        "unknown_code",
        format!("Báo cáo {} có các chỉ tiêu: {}.", report.as_str(), ids.join(", ")),
        format!("The report {} has the figures {}.", report.as_str(), ids.join(", ")),
    ))
}

/// The id of the count behind a figure: itself, or what a rate, mean or median is taken of.
pub(in crate::app) fn column_id(report: Report, figure: &str) -> Result<&'static str, Error> {
    let figure = report.figure(figure).ok_or_else(|| unknown(report))?;
    Ok(figure.counted())
}

/// The list behind a figure of a report.
pub fn behind(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (report, figure): (Report, &str),
    wanted: &Wanted,
    (cursor, limit): (Option<&str>, i64),
) -> Result<FiguresPage, Error> {
    let found = report.figure(figure).and_then(|figure| report.behind(figure));
    let column = found.ok_or_else(|| unknown(report))?;
    let wanted = wanted.checked(world, report, wanted.group_by.unwrap_or(GroupBy::None))?;
    let population = wanted.population(world, reader, report);
    let filters = (report.as_str(), figure, &wanted);
    let binding =
        Binding { route: "/v1/reports/{report}/petitions", caller: reader.scope(), filters: &filters };
    let after: Option<End> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let after =
        after.map(|End(at, row)| Instant::from_micros(at).map(|at| (at, row)).ok_or(Error::InvalidCursor));
    // One more than is shown tells whether the list goes on.
    let mut rows = figures::page(tx, &population, column, after.transpose()?, limit + 1)?;
    let wanted_rows = usize::try_from(limit).map_err(Error::internal)?;
    let goes_on = rows.len() > wanted_rows;
    rows.truncate(wanted_rows);
    let end = rows.last().filter(|_| goes_on).map(|row| End(row.span.received_at.micros(), row.span.id));
    let next_cursor = end.map(|end| cursor::seal(&world.secret, &binding, &end)).transpose()?;
    let items = with_names(tx, world, &population.question, rows, false)?;
    let moment = population.question.moment;
    Ok(FiguresPage { as_of: moment.at(), recorded_by: moment.recorded_by(), items, next_cursor })
}
