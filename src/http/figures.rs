//! The reports: each figure with its definition and the list behind it.

mod queries;
mod views;

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, get, resource},
};
use utoipa::OpenApi;

pub(super) use self::queries::{Attributions, Bases, BehindQuery, Groups, Levels, Structures};
use self::{
    queries::{AnomaliesQuery, FlowQuery, ReportQuery},
    views::{AnomalyList, BehindList, FiguresReport, TimelinessReport},
};
use super::{
    auth::Call,
    extract::{Query, parameters},
    lists::answer,
    problem::Problem,
};
use crate::{
    app::{
        Error, World,
        figures::{self, Sheet},
        lists::Reader,
    },
    domain::{figures::Report, vocabulary::Code},
    store::AnyConnection,
};

#[derive(OpenApi)]
#[openapi(paths(
    report_timeliness,
    report_flow,
    report_rates,
    report_xld01,
    report_anomalies,
    list_behind_figure,
    list_anomalies
))]
pub(super) struct Api;

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/reports/timeliness").route(get().to(report_timeliness)))
        .service(resource("/v1/reports/flow").route(get().to(report_flow)))
        .service(resource("/v1/reports/rates").route(get().to(report_rates)))
        .service(resource("/v1/reports/xld01").route(get().to(report_xld01)))
        .service(resource("/v1/reports/anomalies").route(get().to(report_anomalies)))
        .service(resource("/v1/anomalies").route(get().to(list_anomalies)))
        .service(resource("/v1/reports/{report}/petitions").route(get().to(list_behind_figure)));
}

/// Report how promises were kept.
///
/// For the petitions received in [`from`, `to`) that the caller may see, as they stood at `as_of`: by their first
/// round alone, by the first that fits of answered, ended otherwise, without a clock, paused, overdue, in time.
#[utoipa::path(get, path = "/v1/reports/timeliness", tag = "reports", security(("bearer" = [])), params(ReportQuery),
    responses((status = 200, description = "Every group.", body = TimelinessReport)))]
async fn report_timeliness(call: Call, query: Query<ReportQuery>) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let by = query.group_by;
        let sheet = figures::sheet(tx, world, reader, Report::Timeliness, &query.into(), by)?;
        TimelinessReport::of(sheet, language)
    })
    .await
}

/// Report what was there, came, went and stayed.
///
/// For every group `opening + received + moved_in − answered − ended − moved_out = closing`; where windows adjoin, the
/// closing of one is the opening of the next. Figures count moves: what is answered twice is counted twice.
#[utoipa::path(get, path = "/v1/reports/flow", tag = "reports", security(("bearer" = [])), params(FlowQuery),
    responses((status = 200, description = "Every group.", body = FiguresReport)))]
async fn report_flow(call: Call, query: Query<FlowQuery>) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let by = query.group_by.into();
        let sheet = figures::sheet(tx, world, reader, Report::Flow, &query.into(), by)?;
        FiguresReport::of(sheet, language)
    })
    .await
}

/// Report what was done on the way, how long it took and what came of it.
///
/// Extensions, suspensions, transfers, returned drafts, reopenings and requests for them, satisfaction with its response
/// rate, publication and delivery, second instance, and times in working days, for the petitions received in [`from`,
/// `to`), as they stood at `as_of`.
#[utoipa::path(get, path = "/v1/reports/rates", tag = "reports", security(("bearer" = [])), params(ReportQuery),
    responses((status = 200, description = "Every group.", body = FiguresReport)))]
async fn report_rates(call: Call, query: Query<ReportQuery>) -> Result<HttpResponse, Problem> {
    report(call, query, Report::Rates).await
}

/// Report by form 01/XLD of the inspectorate.
///
/// Letters carried over into the window or received in it, as they stood at its end, by signers, kind, earlier handling
/// and result.
#[utoipa::path(get, path = "/v1/reports/xld01", tag = "reports", security(("bearer" = [])), params(ReportQuery),
    responses((status = 200, description = "Every group.", body = FiguresReport)))]
async fn report_xld01(call: Call, query: Query<ReportQuery>) -> Result<HttpResponse, Problem> {
    report(call, query, Report::Xld01).await
}

/// Count what may have been done to make figures look better.
///
/// Petitions with acts recorded in [`from`, `to`) that ask for an explanation, by each anomaly and its own threshold.
#[utoipa::path(get, path = "/v1/reports/anomalies", tag = "reports", security(("bearer" = [])), params(ReportQuery),
    responses((status = 200, description = "Every group.", body = FiguresReport)))]
async fn report_anomalies(call: Call, query: Query<ReportQuery>) -> Result<HttpResponse, Problem> {
    report(call, query, Report::Anomalies).await
}

async fn report(call: Call, query: Query<ReportQuery>, report: Report) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let by = query.group_by;
        let sheet = figures::sheet(tx, world, reader, report, &query.into(), by)?;
        FiguresReport::of(sheet, language)
    })
    .await
}

/// A report by its parameters, as they stand in an address.
pub(super) fn sheet(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (report, query): (Report, &str),
) -> Result<Sheet, Error> {
    if report == Report::Flow {
        let query: FlowQuery = parameters(query)?;
        let by = query.group_by.into();
        return figures::sheet(tx, world, reader, report, &query.into(), by);
    }
    let query: ReportQuery = parameters(query)?;
    let by = query.group_by;
    figures::sheet(tx, world, reader, report, &query.into(), by)
}

/// List what may have been done to make figures look better.
///
/// The petitions with one kind of anomaly, whose acts were recorded in [`from`, `to`): a question to the agency, not a
/// verdict. What each kind is, GET /v1/reports/anomalies defines.
#[utoipa::path(get, path = "/v1/anomalies", tag = "reports", security(("bearer" = [])), params(AnomaliesQuery),
    responses((status = 200, description = "A page of the list.", body = AnomalyList)))]
async fn list_anomalies(call: Call, query: Query<AnomaliesQuery>) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let (cursor, limit) = (query.cursor.clone(), query.limit.rows());
        let (kind, at_least) = (query.kind.0.clone(), query.at_least.map(|least| least.0));
        let of = (Report::Anomalies, kind.as_str());
        let page = figures::behind(tx, world, reader, of, &query.into(), (cursor.as_deref(), limit))?;
        Ok(AnomalyList::of(page, &kind, at_least, world.rules(), language))
    })
    .await
}

/// List what is behind a figure.
///
/// Exactly what a figure counts, or what a rate is taken of: the `href` of each figure leads here. In the flow a
/// petition stands in the list once for each of its moves.
#[utoipa::path(get, path = "/v1/reports/{report}/petitions", tag = "reports", security(("bearer" = [])),
    params(("report" = String, Path, max_length = 20, description = "`timeliness`, `flow`, `rates`, `xld01` or `anomalies`.", example = "timeliness"), BehindQuery),
    responses((status = 200, description = "A page of the list.", body = BehindList)))]
async fn list_behind_figure(
    call: Call,
    path: Path<String>,
    query: Query<BehindQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, move |tx, world, reader, query| {
        let report = Report::parse(&path).ok_or(Error::NotFound)?;
        behind(tx, world, reader, (report, query))
    })
    .await
}

pub(super) fn behind(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (report, query): (Report, BehindQuery),
) -> Result<BehindList, Error> {
    let (cursor, limit) = (query.cursor.clone(), query.limit.rows());
    let figure = query.figure.0.clone();
    let place = (cursor.as_deref(), limit);
    let page = figures::behind(tx, world, reader, (report, &figure), &query.into(), place)?;
    Ok(BehindList::of(page, world.rules()))
}
