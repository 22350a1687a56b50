//! The reports: each figure with its definition and the list behind it.

mod queries;
mod views;

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, get, resource},
};
use utoipa::OpenApi;

use self::{
    queries::{BehindQuery, FlowQuery, ReportQuery},
    views::{BehindList, FiguresReport, TimelinessReport},
};
use super::{auth::Call, extract::Query, lists::answer, problem::Problem};
use crate::{
    app::{Error, figures},
    domain::{figures::Report, vocabulary::Code},
};

#[derive(OpenApi)]
#[openapi(paths(report_timeliness, report_flow, list_behind_figure))]
pub(super) struct Api;

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/reports/timeliness").route(get().to(report_timeliness)))
        .service(resource("/v1/reports/flow").route(get().to(report_flow)))
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

/// List what is behind a figure.
///
/// Exactly what a figure counts, or what a rate is taken of: the `href` of each figure leads here. In the flow a
/// petition stands in the list once for each of its moves.
#[utoipa::path(get, path = "/v1/reports/{report}/petitions", tag = "reports", security(("bearer" = [])),
    params(("report" = String, Path, max_length = 20, description = "`timeliness` or `flow`.", example = "timeliness"), BehindQuery),
    responses((status = 200, description = "A page of the list.", body = BehindList)))]
async fn list_behind_figure(
    call: Call,
    path: Path<String>,
    query: Query<BehindQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, move |tx, world, reader, query| {
        let report = Report::parse(&path).ok_or(Error::NotFound)?;
        let (cursor, limit) = (query.cursor.clone(), query.limit.rows());
        let figure = query.figure.0.clone();
        let place = (cursor.as_deref(), limit);
        let page = figures::behind(tx, world, reader, (report, &figure), &query.into(), place)?;
        Ok(BehindList::of(page, world.rules()))
    })
    .await
}
