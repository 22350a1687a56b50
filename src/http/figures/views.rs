//! Reports as they leave.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{
        Error,
        figures::{FiguresPage, Number, Row, Sheet, Wanted},
    },
    domain::{
        figures::{Column, Figure, Measure, Report},
        rule::RuleBook,
        time::Instant,
        vocabulary::{Code, Language},
    },
    http::{lists::ListedView, overdue::escape, reports::say},
};

/// A figure of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "resolved_late", "definition": "timeliness.resolved_late", "value": 2, "href": "/v1/reports/timeliness/petitions?figure=resolved_late&as_of=2026-11-23T07:00:00Z&agency_id=01934f6e-0000-7000-8000-000000000001&subtree=false"}))]
pub(super) struct FigureView {
    id: &'static str,
    /// The id of its definition.
    definition: String,
    /// A count, or a rate or measure: null where there is nothing to measure.
    #[schema(value_type = Option<f64>)]
    value: NumberView,
    /// The list of exactly what is counted, or of what a rate or measure is taken of.
    href: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum NumberView {
    Count(i64),
    Measured(Option<f64>),
}

/// What a figure is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "timeliness.on_time_rate", "figure": "on_time_rate", "name": "On-time rate", "definition": "Resolved in time out of resolved, by the recorded instant.", "numerator": "resolved_in_time", "denominator": "resolved"}))]
pub(super) struct DefinitionView {
    /// It never changes its meaning: another definition has another id.
    id: String,
    figure: &'static str,
    name: &'static str,
    definition: &'static str,
    /// Of a rate, the figure it counts; else null.
    numerator: Option<&'static str>,
    /// Of a rate or measure, the figure it is taken of; else null.
    denominator: Option<&'static str>,
}

/// How promises were kept in a group; the eight columns after `received` add up to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "received": 20, "resolved_early": 6, "resolved_on_time": 4, "resolved_late": 2, "open_in_time": 3, "open_overdue": 1, "open_paused": 1, "ended_otherwise": 2, "no_deadline": 1, "on_time_rate": 0.8333, "on_time_rate_strict": 0.7692, "on_time_by_issue_date": 0.9167, "closed": false, "figures": []}))]
pub(super) struct TimelinessRow {
    /// The code of the group; of a month `2026-06`, of a quarter `2026-Q2`; `unknown` for agencies without a level.
    key: String,
    name: String,
    received: i64,
    /// Answered on a day before the last one.
    resolved_early: i64,
    resolved_on_time: i64,
    resolved_late: i64,
    open_in_time: i64,
    open_overdue: i64,
    open_paused: i64,
    /// Rejected, forwarded, merged, split, filed, withdrawn or terminated.
    ended_otherwise: i64,
    no_deadline: i64,
    /// The share of the resolved that were resolved in time, 0 to 1; null when nothing was resolved.
    on_time_rate: Option<f64>,
    /// The same where late endings of any kind count as late.
    on_time_rate_strict: Option<f64>,
    /// The same by the date of the reply's document in place of the recorded instant.
    on_time_by_issue_date: Option<f64>,
    /// Whether it is an agency that is no more in the structure counted in.
    closed: bool,
    /// Each of these and what they are made of, with definition and list.
    #[schema(max_items = 100)]
    figures: Vec<FigureView>,
}

/// How promises were kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "definitions": [], "rows": []}))]
pub(super) struct TimelinessReport {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 100)]
    definitions: Vec<DefinitionView>,
    #[schema(max_items = 10000)]
    rows: Vec<TimelinessRow>,
}

/// The figures of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "closed": false, "figures": []}))]
pub(super) struct FiguresRow {
    /// The code of the group.
    key: String,
    name: String,
    /// Whether it is an agency that is no more in the structure counted in.
    closed: bool,
    /// In the order of the definitions.
    #[schema(max_items = 100)]
    figures: Vec<FigureView>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "definitions": [], "rows": []}))]
pub(super) struct FiguresReport {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 100)]
    definitions: Vec<DefinitionView>,
    #[schema(max_items = 10000)]
    rows: Vec<FiguresRow>,
}

/// A page of the list behind a figure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "items": [], "next_cursor": null}))]
pub(in crate::http) struct BehindList {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// As each stood then; in the flow, as it stood in the stretch that the move ended or began.
    #[schema(max_items = 100)]
    items: Vec<ListedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A page of petitions with an anomaly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "kind": "backdated", "name": "Backdated", "definition": "With an act recorded at least so many days after it is said to have happened (3 unless told); registration is looked at by itself.", "at_least": 3, "items": [], "next_cursor": null}))]
pub(super) struct AnomalyList {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// The kind that was asked for.
    kind: String,
    name: &'static str,
    /// What it is.
    definition: &'static str,
    /// The threshold that was applied; null for a kind without one.
    at_least: Option<u32>,
    #[schema(max_items = 100)]
    items: Vec<ListedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

fn definition_id(report: Report, figure: &Figure) -> String {
    format!("{}.{}", report.as_str(), figure.id)
}

fn definitions(report: Report, language: Language) -> Vec<DefinitionView> {
    let view = |figure: &Figure| {
        let (numerator, denominator) = match figure.measure {
            Measure::Count(_) => (None, None),
            Measure::Share { of, among } => (Some(of), Some(among)),
            Measure::Mean { among, .. } | Measure::Median { among, .. } => (None, Some(among)),
        };
        DefinitionView {
            id: definition_id(report, figure),
            figure: figure.id,
            name: figure.name(language),
            definition: figure.definition(language),
            numerator,
            denominator,
        }
    };
    report.figures().iter().map(view).collect()
}

fn figures(report: Report, row: &Row) -> Result<Vec<FigureView>, Error> {
    let rest = parameters(&row.wanted)?;
    let view = |(figure, number): &(&'static Figure, Number)| FigureView {
        id: figure.id,
        definition: definition_id(report, figure),
        value: match *number {
            Number::Count(count) => NumberView::Count(count),
            Number::Measured(measured) => NumberView::Measured(measured),
        },
        href: format!("/v1/reports/{}/petitions?figure={}{rest}", report.as_str(), figure.id),
    };
    Ok(row.figures.iter().map(view).collect())
}

/// The question of a group as further parameters.
fn parameters(wanted: &Wanted) -> Result<String, Error> {
    let value = serde_json::to_value(wanted).map_err(Error::internal)?;
    let given = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let pairs = given.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("&{name}={}", escape(&text))
    });
    Ok(pairs.collect())
}

impl TimelinessReport {
    pub(super) fn of(sheet: Sheet, language: Language) -> Result<Self, Error> {
        let rows = sheet.rows.into_iter().map(|row| TimelinessRow::of(row, language));
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(Self {
            as_of: sheet.as_of,
            recorded_by: sheet.recorded_by,
            definitions: definitions(sheet.report, language),
            rows,
        })
    }
}

impl TimelinessRow {
    fn of(row: Row, language: Language) -> Result<Self, Error> {
        let count = |id| match row.number(id) {
            Some(Number::Count(count)) => count,
            _ => 0,
        };
        let rate = |id| match row.number(id) {
            Some(Number::Measured(rate)) => rate,
            _ => None,
        };
        Ok(Self {
            received: count("received"),
            resolved_early: count("resolved_early"),
            resolved_on_time: count("resolved_on_time"),
            resolved_late: count("resolved_late"),
            open_in_time: count("open_in_time"),
            open_overdue: count("open_overdue"),
            open_paused: count("open_paused"),
            ended_otherwise: count("ended_otherwise"),
            no_deadline: count("no_deadline"),
            on_time_rate: rate("on_time_rate"),
            on_time_rate_strict: rate("on_time_rate_strict"),
            on_time_by_issue_date: rate("on_time_by_issue_date"),
            closed: row.group.closed,
            figures: figures(Report::Timeliness, &row)?,
            key: row.group.key,
            name: say(row.group.name, language),
        })
    }
}

impl FiguresReport {
    pub(super) fn of(sheet: Sheet, language: Language) -> Result<Self, Error> {
        let rows = sheet.rows.into_iter().map(|row| {
            let figures = figures(sheet.report, &row)?;
            Ok(FiguresRow {
                figures,
                closed: row.group.closed,
                key: row.group.key,
                name: say(row.group.name, language),
            })
        });
        let rows = rows.collect::<Result<_, Error>>()?;
        Ok(Self {
            as_of: sheet.as_of,
            recorded_by: sheet.recorded_by,
            definitions: definitions(sheet.report, language),
            rows,
        })
    }
}

impl BehindList {
    pub(super) fn of(page: FiguresPage, rules: &RuleBook) -> Self {
        let (as_of, recorded_by) = (page.as_of, page.recorded_by);
        let items = page.items.into_iter().map(|item| ListedView::of(item, rules, as_of)).collect();
        Self { as_of, recorded_by, items, next_cursor: page.next_cursor }
    }
}

impl AnomalyList {
    pub(super) fn of(
        page: FiguresPage,
        kind: &str,
        at_least: Option<u32>,
        rules: &RuleBook,
        language: Language,
    ) -> Self {
        let figure = Report::Anomalies.figure(kind);
        let own = figure.and_then(|figure| match figure.measure {
            Measure::Count(Column::Anomaly(anomaly)) => anomaly.at_least(),
            _ => None,
        });
        let BehindList { as_of, recorded_by, items, next_cursor } = BehindList::of(page, rules);
        Self {
            as_of,
            recorded_by,
            kind: kind.to_owned(),
            name: figure.map_or("", |figure| figure.name(language)),
            definition: figure.map_or("", |figure| figure.definition(language)),
            at_least: own.map(|own| at_least.unwrap_or(own)),
            items,
            next_cursor,
        }
    }
}
