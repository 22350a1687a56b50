//! Lists for staff and auditors: their petitions, what is overdue, and what else has no answer yet.

pub(super) mod query;
mod views;

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, resource},
};
use serde::Serialize;
use utoipa::OpenApi;

use super::{auth::Call, extract::Query, problem::Problem};
use crate::{
    app::{
        Error, World,
        lists::{self, Page, Paging, Reader, Unending},
    },
    store::AnyConnection,
};
use query::{DueSoonQuery, OverdueQuery, PetitionsQuery, UnendingQuery};
pub(super) use views::ListedView;
use views::{
    ClocklessList, ForwardedList, ForwardedView, OverdueList, PausedList, PausedView, PetitionList,
    TracedView,
};

#[derive(OpenApi)]
#[openapi(paths(
    list_petitions,
    list_overdue,
    list_due_soon,
    list_paused,
    list_without_clock,
    list_forwarded
))]
pub(super) struct Api;

/// The lists beside that of the overdue.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/due-soon").route(get().to(list_due_soon)))
        .service(resource("/v1/paused").route(get().to(list_paused)))
        .service(resource("/v1/without-clock").route(get().to(list_without_clock)))
        .service(resource("/v1/forwarded-without-result").route(get().to(list_forwarded)));
}

/// List petitions.
///
/// Those the caller may see, by his roles, now or as they stood and were known; for an administrator alone none.
/// Filters narrow each other. Of the past the caller sees what he may see then and now.
#[utoipa::path(get, path = "/v1/petitions", tag = "petitions", security(("bearer" = [])), params(PetitionsQuery),
    responses((status = 200, description = "A page of the list.", body = PetitionList)))]
pub(super) async fn list_petitions(
    call: Call,
    query: Query<PetitionsQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, petitions).await
}

pub(super) fn petitions(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: PetitionsQuery,
) -> Result<PetitionList, Error> {
    let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
    let page = lists::petitions(tx, world, reader, &query.into(), &paging)?;
    Ok(PetitionList::of(page, |item, at| ListedView::of(item, world.rules(), at)))
}

/// List what is overdue.
///
/// Now or as it stood: since when, with which agency and whom, of what the caller may see then and now. By the
/// clock of the resolution where there is one, else of the intake, or by the clock that `clock` names; against the
/// end that counts, or against one that never moved (`basis`).
#[utoipa::path(get, path = "/v1/overdue", tag = "overdue", security(("bearer" = [])), params(OverdueQuery),
    responses((status = 200, description = "A page of the list.", body = OverdueList)))]
pub(super) async fn list_overdue(call: Call, query: Query<OverdueQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, overdue).await
}

pub(super) fn overdue(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: OverdueQuery,
) -> Result<OverdueList, Error> {
    let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
    let page = lists::overdue(tx, world, reader, &query.into(), &paging)?;
    Ok(OverdueList::of(page, |item, at| TracedView::of(item, world.rules(), at)))
}

/// List what is due soon.
///
/// In time still, but in the last part of its time (a fifth, unless the rule says otherwise): by the clock that speaks
/// for the petition.
#[utoipa::path(get, path = "/v1/due-soon", tag = "overdue", security(("bearer" = [])), params(DueSoonQuery),
    responses((status = 200, description = "A page of the list.", body = OverdueList)))]
pub(super) async fn list_due_soon(call: Call, query: Query<DueSoonQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, due_soon).await
}

pub(super) fn due_soon(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: DueSoonQuery,
) -> Result<OverdueList, Error> {
    let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
    let page = lists::due_soon(tx, world, reader, &query.into(), &paging)?;
    Ok(OverdueList::of(page, |item, at| TracedView::of(item, world.rules(), at)))
}

/// List what rests.
///
/// Petitions whose clock is paused: on which ground, since when, and how late each would be had the pause not begun.
#[utoipa::path(get, path = "/v1/paused", tag = "overdue", security(("bearer" = [])), params(UnendingQuery),
    responses((status = 200, description = "A page of the list.", body = PausedList)))]
pub(super) async fn list_paused(call: Call, query: Query<UnendingQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, paused).await
}

pub(super) fn paused(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: UnendingQuery,
) -> Result<PausedList, Error> {
    let page = unending(tx, world, reader, query, Unending::Paused)?;
    let mut rests = lists::rests(tx, world, &page)?;
    Ok(PausedList::of(page, |item, at| {
        let rest = rests.remove(&item.row.span.petition_id);
        PausedView::of(TracedView::of(item, world.rules(), at), rest)
    }))
}

/// List what runs by no clock.
///
/// Open petitions for which no deadline was ever set: nothing of theirs can be overdue.
#[utoipa::path(get, path = "/v1/without-clock", tag = "overdue", security(("bearer" = [])), params(UnendingQuery),
    responses((status = 200, description = "A page of the list.", body = ClocklessList)))]
pub(super) async fn list_without_clock(
    call: Call,
    query: Query<UnendingQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, without_clock).await
}

pub(super) fn without_clock(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: UnendingQuery,
) -> Result<ClocklessList, Error> {
    let page = unending(tx, world, reader, query, Unending::WithoutClock)?;
    Ok(ClocklessList::of(page, |item, at| TracedView::of(item, world.rules(), at)))
}

/// List what was passed on and never came back.
///
/// Petitions forwarded to a body outside, of which no result was recorded since: to whom, and how long ago.
#[utoipa::path(get, path = "/v1/forwarded-without-result", tag = "overdue", security(("bearer" = [])), params(UnendingQuery),
    responses((status = 200, description = "A page of the list.", body = ForwardedList)))]
pub(super) async fn list_forwarded(call: Call, query: Query<UnendingQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, forwarded).await
}

pub(super) fn forwarded(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: UnendingQuery,
) -> Result<ForwardedList, Error> {
    let page = unending(tx, world, reader, query, Unending::ForwardedWithoutResult)?;
    let mut passed = lists::passed(tx, world, &page)?;
    Ok(ForwardedList::of(page, |item, at| {
        let passed = passed.remove(&item.row.span.petition_id);
        ForwardedView::of(TracedView::of(item, world.rules(), at), passed)
    }))
}

fn unending(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    query: UnendingQuery,
    which: Unending,
) -> Result<Page, Error> {
    let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
    lists::unending(tx, world, reader, (which, &query.into()), &paging)
}

/// Answers a reader: who he is comes before what he asks.
pub(super) async fn answer<Q, V>(
    call: &Call,
    query: Query<Q>,
    make: impl FnOnce(&mut AnyConnection, &World, &Reader, Q) -> Result<V, Error> + Send + 'static,
) -> Result<HttpResponse, Problem>
where
    Q: Send + 'static,
    V: Serialize + Send + 'static,
{
    let caller = call.official()?;
    let read = call.app.read(call.request_id.clone(), move |tx, world| {
        let reader = lists::reader(tx, world, &caller)?;
        make(tx, world, &reader, query.0?)
    });
    let view = read.await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(view))
}
