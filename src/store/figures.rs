//! Figures of the reports, and the lists behind them: both ask by one condition, so that they cannot differ.
//!
//! A population is petitions joined with one stretch each: the one in force at a moment, or, for the flow, every open
//! stretch that reaches into a window. What a column counts of it is said in `columns` and `moves`.

mod anomalies;
mod columns;
mod each;
mod letters;
mod moves;
mod rates;
mod written;

use std::{collections::HashMap, hash::Hash};

use diesel::{
    dsl::{case_when, count, count_star},
    prelude::*,
    sql_types::{BigInt, Integer, Text},
};

use self::written::Written;
pub use self::{
    each::{Lasted, amounts_of, counts_of, hops_of, petitions},
    moves::{Attribution, Basis, Moves},
};
use super::{
    AnyConnection, DatabaseKind, StoreError,
    conditions::{self, Condition, Plain},
    lists::{Face, ListedRow, face, listed},
    question::Question,
    reports::{GroupKey, Grouping},
    schema::{petition, petition_span},
    spans::SpanRow,
    sql_types::sql::{Id as SqlId, Instant as SqlInstant},
};
use crate::domain::{
    figures::{Amount, Column},
    id::{AgencyId, RowId},
    time::Instant,
    vocabulary::{Channel, Code, Kind},
};

/// Of whom figures speak.
#[derive(Debug, Clone)]
pub struct Population {
    /// Its moment is the one that figures show.
    pub question: Question,
    pub frame: Frame,
}

/// A window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant of it.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Petitions as they stood.
    Standing,
    /// What came, went and stayed.
    Moves(Moves),
    /// Letters that were there or came in a window, as they stood.
    Letters(Window),
    /// Petitions with acts that were recorded in a window, by their own thresholds or by this one.
    Acts(Window, Option<u32>),
}

impl Population {
    /// What is known of the stretches: nothing that was recorded later.
    fn known(&self) -> Instant {
        self.question.moment.recorded_by().unwrap_or(Instant::MAX)
    }

    /// A condition or value in SQL, with the instants of this population in its gaps.
    fn written<ST>(&self, text: impl Into<String>) -> Written<ST> {
        let at = self.question.moment.at();
        let Window { from, to } = match self.frame {
            Frame::Standing => Window { from: at, to: at },
            Frame::Moves(Moves { window, .. }) | Frame::Letters(window) | Frame::Acts(window, _) => window,
        };
        Written::new(text, [("at", at), ("known", self.known()), ("from", from), ("to", to)])
    }

    /// Every condition of the population.
    fn conditions(&self) -> Vec<Condition<Plain>> {
        let mut all = match &self.frame {
            Frame::Moves(moves) => moves::conditions(self, moves),
            _ => conditions::of_petition(&self.question),
        };
        if let Frame::Letters(_) = self.frame {
            all.push(Box::new(self.written(letters::reach())));
        }
        all
    }

    /// What a column counts of it.
    fn column(&self, column: Column, kind: DatabaseKind) -> Condition<Plain> {
        let text = match (&self.frame, column) {
            (Frame::Moves(moves), column) => moves::of(column, moves),
            (Frame::Letters(_), column) => letters::of(column),
            (Frame::Acts(_, at_least), Column::Anomaly(anomaly)) => {
                let at_least = at_least.or(anomaly.at_least()).unwrap_or_default();
                anomalies::of(anomaly, at_least, kind)
            }
            (Frame::Standing | Frame::Acts(..), column) => columns::of(column),
        };
        Box::new(self.written(text))
    }

    /// What groups by the agency, of then or of today.
    fn group(&self, grouping: Grouping) -> Written<SqlId> {
        if grouping == Grouping::AgencyToday { self.written(conditions::TODAY) } else { self.agency() }
    }

    /// With which agency something counts.
    fn agency(&self) -> Written<SqlId> {
        let attribution = match &self.frame {
            Frame::Moves(moves) => moves.attribution,
            _ => Attribution::Holder,
        };
        self.written(moves::agency(attribution))
    }
}

/// How many columns one statement counts.
const TOGETHER: usize = 8;
type Counts = (i64, i64, i64, i64, i64, i64, i64, i64);

/// Counts the rows for which a condition holds.
macro_rules! those {
    ($next:expr) => {
        count(case_when($next, 1.into_sql::<Integer>()))
    };
}

macro_rules! counted {
    ($tx:expr, $population:expr, $columns:expr, $key:expr, $wrap:expr $(, $only:expr)?) => {{
        let kind = $tx.kind();
        let mut found: HashMap<_, Vec<i64>> = HashMap::new();
        for part in $columns.chunks(TOGETHER) {
            let mut rest = part.iter();
            let mut next = || -> Condition<Plain> {
                match rest.next() {
                    Some(column) => $population.column(*column, kind),
                    None => Box::new($population.written("FALSE")),
                }
            };
            let counts = (
                those!(next()),
                those!(next()),
                those!(next()),
                those!(next()),
                those!(next()),
                those!(next()),
                those!(next()),
                those!(next()),
            );
            let query = petition::table
                .inner_join(petition_span::table)
                .group_by($population.written::<Integer>("1"))
                .select(($key, counts))
                $(.filter($only))?
                .into_boxed();
            let all = $population.conditions();
            let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
            let rows: Vec<(_, Counts)> = query.load($tx)?;
            for (key, counts) in rows {
                add(&mut found, $wrap(key)?, counts, part.len());
            }
        }
        Ok(found)
    }};
}

use {counted, those};

/// Puts the counts of more columns beside those a group has; every statement finds the same groups.
fn add<K: Eq + Hash>(found: &mut HashMap<K, Vec<i64>>, key: K, counts: Counts, columns: usize) {
    let (a, b, c, d, e, f, g, h) = counts;
    let counts = [a, b, c, d, e, f, g, h].into_iter().take(columns);
    found.entry(key).or_default().extend(counts);
}

/// Counts columns of a population by group, in no order.
pub fn counts(
    tx: &mut AnyConnection,
    population: &Population,
    grouping: Grouping,
    columns: &[Column],
) -> Result<HashMap<GroupKey, Vec<i64>>, StoreError> {
    match grouping {
        agency @ (Grouping::Agency | Grouping::AgencyToday) => {
            counted!(tx, population, columns, population.group(agency), of_agency)
        }
        by => {
            let wrap = |text| named(by, text);
            counted!(tx, population, columns, population.written::<Text>(column_of(by)), wrap)
        }
    }
}

/// What groups by something other than the agency.
fn column_of(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Agency | Grouping::AgencyToday => "petition_span.agency_id",
        Grouping::Field => "petition_span.field_code",
        Grouping::Kind => "petition_span.kind",
        Grouping::Channel => "petition_span.channel",
        Grouping::Month => "petition_span.received_month",
        Grouping::Person => "petition_span.responsible_id",
    }
}

fn of_agency(id: AgencyId) -> Result<GroupKey, StoreError> {
    Ok(GroupKey::Agency(id))
}

/// What such a column holds.
fn named(grouping: Grouping, text: String) -> Result<GroupKey, StoreError> {
    let unknown = || StoreError::Internal(format!("no code of this installation: {text}"));
    Ok(match grouping {
        Grouping::Kind => GroupKey::Kind(Kind::parse(&text).ok_or_else(unknown)?),
        Grouping::Channel => GroupKey::Channel(Channel::parse(&text).ok_or_else(unknown)?),
        Grouping::Month => GroupKey::Month(text),
        Grouping::Field | Grouping::Agency | Grouping::AgencyToday | Grouping::Person => {
            GroupKey::Field(text)
        }
    })
}

/// The place of a row in a list behind a figure.
pub type Place = (Instant, RowId);

/// A page of the list behind a figure, received last first, from after a place on. In the flow a petition stands in it
/// once for each of its moves.
pub fn page(
    tx: &mut AnyConnection,
    population: &Population,
    column: Column,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    let (received, id) = (petition_span::received_at, petition_span::id);
    let mut query = petition::table
        .inner_join(petition_span::table)
        .select((SpanRow::as_select(), face!()))
        .filter(population.column(column, tx.kind()))
        .order((received.desc(), id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, row)) = after {
        query = query.filter(received.le(at).and(received.lt(at).or(id.lt(row))));
    }
    let all = population.conditions();
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let rows: Vec<(SpanRow, Face)> = query.load(tx)?;
    Ok(rows.into_iter().map(|(span, face)| listed(span, face)).collect())
}

/// How long something took for one petition.
#[derive(Debug, Clone)]
pub struct Measured {
    pub key: GroupKey,
    pub place: Place,
    pub from: Instant,
    pub until: Instant,
}

macro_rules! measured {
    ($tx:expr, $population:expr, $of:expr, $page:expr, $key:expr, $wrap:expr) => {{
        let (column, amount) = $of;
        let (after, limit): (Option<Place>, i64) = $page;
        let Some((from, until)) = rates::measured(amount) else { return Ok(Vec::new()) };
        let (received, id) = (petition_span::received_at, petition_span::id);
        let ends = ($population.written::<SqlInstant>(from), $population.written::<SqlInstant>(until));
        let mut query = petition::table
            .inner_join(petition_span::table)
            .select(($key, (received, id), ends))
            .filter($population.column(column, $tx.kind()))
            .order((received.desc(), id.desc()))
            .limit(limit)
            .into_boxed();
        if let Some((at, row)) = after {
            query = query.filter(received.le(at).and(received.lt(at).or(id.lt(row))));
        }
        let all = $population.conditions();
        let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
        let rows: Vec<(_, Place, (Instant, Instant))> = query.load($tx)?;
        let row = |(key, place, (from, until))| Ok(Measured { key: $wrap(key)?, place, from, until });
        rows.into_iter().map(row).collect()
    }};
}

/// A page of how long something took, petition by petition, in the order of [`page`].
pub fn measured(
    tx: &mut AnyConnection,
    population: &Population,
    grouping: Grouping,
    of: (Column, Amount),
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Measured>, StoreError> {
    let page = (after, limit);
    match grouping {
        agency @ (Grouping::Agency | Grouping::AgencyToday) => {
            measured!(tx, population, of, page, population.group(agency), of_agency)
        }
        by => {
            let wrap = |text| named(by, text);
            measured!(tx, population, of, page, population.written::<Text>(column_of(by)), wrap)
        }
    }
}

macro_rules! hops {
    ($tx:expr, $population:expr, $column:expr, $key:expr, $wrap:expr) => {{
        let query = petition::table
            .inner_join(petition_span::table)
            .group_by($population.written::<Integer>("1, 2"))
            .select(($key, $population.written::<BigInt>(rates::hops()), count_star()))
            .filter($population.column($column, $tx.kind()))
            .into_boxed();
        let all = $population.conditions();
        let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
        let rows: Vec<(_, i64, i64)> = query.load($tx)?;
        rows.into_iter().map(|(key, hops, times)| Ok(($wrap(key)?, hops, times))).collect()
    }};
}

/// How many petitions of each group were transferred so often.
pub fn hops(
    tx: &mut AnyConnection,
    population: &Population,
    grouping: Grouping,
    column: Column,
) -> Result<Vec<(GroupKey, i64, i64)>, StoreError> {
    match grouping {
        agency @ (Grouping::Agency | Grouping::AgencyToday) => {
            hops!(tx, population, column, population.group(agency), of_agency)
        }
        by => {
            let wrap = |text| named(by, text);
            hops!(tx, population, column, population.written::<Text>(column_of(by)), wrap)
        }
    }
}

/// When the first and the last petition of a population were received; nothing where there is none.
pub fn received_between(
    tx: &mut AnyConnection,
    population: &Population,
) -> Result<Option<(Instant, Instant)>, StoreError> {
    let received = petition_span::received_at;
    let query = petition::table
        .inner_join(petition_span::table)
        .select((diesel::dsl::min(received), diesel::dsl::max(received)))
        .into_boxed();
    let all = population.conditions();
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    let (first, last): (Option<Instant>, Option<Instant>) = query.first(tx)?;
    Ok(first.zip(last))
}
