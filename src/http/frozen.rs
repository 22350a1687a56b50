//! Frozen reports: made, listed, read, and compared with what became of them.

mod views;

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, post, resource},
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use self::views::{ComparisonView, FrozenList, FrozenView, KeptList};
use super::{
    actions::Demand,
    admin::order,
    auth::Call,
    extract::{Form, Limit, PathId, Query, Short},
    figures::{Attributions, Bases, Groups, Levels, Structures},
    lists::{answer, query::OwnQuery},
    openapi::{DayOrInstant, code_or_null},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        administration::Order,
        figures::{CountBy, GroupBy, Wanted},
        frozen::{self, Asked, Other, Prepared},
        lists::LevelAsked,
        structure::Structure,
        when::When,
    },
    domain::{
        figures::Report,
        id::{AgencyId, RowKey},
        vocabulary::{Channel, Kind},
    },
    store::figures::{Attribution, Basis},
};

#[derive(OpenApi)]
#[openapi(paths(
    freeze_report,
    list_frozen_reports,
    read_frozen_report,
    list_frozen_petitions,
    compare_frozen_report
))]
pub(super) struct Api;

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    let all = resource("/v1/frozen-reports");
    config
        .service(all.route(get().to(list_frozen_reports)).route(post().to(freeze_report)))
        .service(resource("/v1/frozen-reports/{id}").route(get().to(read_frozen_report)))
        .service(resource("/v1/frozen-reports/{id}/petitions").route(get().to(list_frozen_petitions)))
        .service(resource("/v1/frozen-reports/{id}/comparison").route(get().to(compare_frozen_report)));
}

/// Which report is frozen: its name, and its parameters as GET /v1/reports/{report} takes them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"report": "timeliness", "from": "2026-01-01", "to": "2026-07-01", "as_of": "2026-06-30", "group_by": "agency"}))]
pub(super) struct FreezeBody {
    /// Which report; `timeliness` unless told.
    #[schema(schema_with = code_or_null::<Report>, required = false)]
    report: Option<Report>,
    /// The beginning of the window: a day or an instant.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    from: Option<When>,
    /// The end of the window: a day or an instant. It ends with the moment that is shown at the latest.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    to: Option<When>,
    /// As it stood at this instant, or at the end of this day.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    as_of: Option<When>,
    /// As it was known at this instant, or at the end of this day; now unless told.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    recorded_by: Option<When>,
    #[serde(default)]
    #[schema(value_type = Groups, inline, required = false)]
    group_by: GroupBy,
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    subtree: Option<bool>,
    #[schema(value_type = Option<Structures>, inline)]
    structure: Option<Structure>,
    #[schema(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    #[schema(schema_with = code_or_null::<Kind>, required = false)]
    kind: Option<Kind>,
    #[schema(schema_with = code_or_null::<Channel>, required = false)]
    channel: Option<Channel>,
    #[schema(value_type = Option<Levels>, inline)]
    level: Option<LevelAsked>,
    /// Of the flow alone.
    #[schema(value_type = Option<Bases>, inline)]
    basis: Option<Basis>,
    /// Of the flow alone.
    #[schema(value_type = Option<Attributions>, inline)]
    attribution: Option<Attribution>,
}

/// Which petitions of a frozen report are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeptQuery {
    /// Those that this figure counted; of a rate, mean or median those it was taken of.
    #[param(value_type = Option<String>, max_length = 64, example = "received")]
    figure: Option<Short<64>>,
    /// Rows on a page at most; a page may have fewer, or none, and still a next one.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// From where to go on: `next_cursor` of the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// What a frozen report is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ComparisonQuery {
    /// With this moment; absent: with now. With the report's own `as_of` it shows what later entries changed.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// By what was known at this instant, or at the end of this day.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-31")]
    recorded_by: Option<When>,
    /// Rows on a page at most; a page may have fewer, or none, and still a next one.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// From where to go on: `next_cursor` of the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Freeze a report.
///
/// Keeps its figures and what each petition counted in them, signed, with a digest in the log: the question closed at the
/// moment it shows, by what is known now. For auditors and coordinators; 50,000 petitions at most.
#[utoipa::path(post, path = "/v1/frozen-reports", tag = "reports", security(("bearer" = [])), request_body = FreezeBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Frozen.", body = FrozenView, headers(("Location" = String, description = "Where it is.")))))]
async fn freeze_report(call: Call, demand: Demand, body: Form<FreezeBody>) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let (view, replayed) = frozen(&call, order).await?;
    let mut reply = HttpResponse::Created();
    reply.insert_header((header::LOCATION, format!("/v1/frozen-reports/{}", view.head.id)));
    reply.insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(reply.json(view))
}

/// Makes the report where nobody waits for it, and then keeps it.
async fn frozen(call: &Call, order: Order<Asked>) -> Result<(FrozenView, bool), Error> {
    let caller = order.caller.clone();
    let prepared = call.app.read(call.request_id.clone(), move |tx, world| frozen::prepare(tx, world, order));
    let made = match prepared.await? {
        Prepared::New(made) => made,
        Prepared::Before(row) => return Ok((FrozenView::of(*row)?, true)),
    };
    let kept =
        call.app.write(call.request_id.clone(), move |tx, world| frozen::keep(tx, world, &caller, &made));
    let (row, replayed) = kept.await?;
    Ok((FrozenView::of(row)?, replayed))
}

/// List frozen reports.
///
/// The latest first, without their figures.
#[utoipa::path(get, path = "/v1/frozen-reports", tag = "reports", security(("bearer" = [])), params(OwnQuery),
    responses((status = 200, description = "A page of the list.", body = FrozenList)))]
async fn list_frozen_reports(call: Call, query: Query<OwnQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let place = (query.cursor.as_deref(), query.limit.rows());
        FrozenList::of(frozen::page(tx, world, reader, query.everybody, place)?)
    })
    .await
}

/// Read a frozen report.
///
/// For whoever froze it, and for auditors and coordinators of the whole installation without a ceiling.
#[utoipa::path(get, path = "/v1/frozen-reports/{id}", tag = "reports", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The frozen report.")),
    responses((status = 200, description = "As it was frozen.", body = FrozenView)))]
async fn read_frozen_report(call: Call, id: PathId<RowKey>) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(())), move |tx, _, reader, ()| FrozenView::of(frozen::find(tx, reader, id.0?)?))
        .await
}

/// List the petitions of a frozen report.
///
/// What each counted, as it was frozen; with `figure` the list behind that figure, as it was. What the caller may not see
/// is left out.
#[utoipa::path(get, path = "/v1/frozen-reports/{id}/petitions", tag = "reports", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The frozen report."), KeptQuery),
    responses((status = 200, description = "A page of them.", body = KeptList)))]
async fn list_frozen_petitions(
    call: Call,
    id: PathId<RowKey>,
    query: Query<KeptQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(query.0)), move |tx, world, reader, query| {
        let row = frozen::find(tx, reader, id.0?)?;
        let query = query?;
        let (figure, place) = (query.figure.map(|id| id.0), (query.cursor.as_deref(), query.limit.rows()));
        Ok(KeptList::from(frozen::petitions(tx, world, reader, &row, figure.as_deref(), place)?))
    })
    .await
}

/// Compare a frozen report with the same question asked again.
///
/// Each petition that counts otherwise, now or at `as_of`: which figures changed, and what was recorded of it meanwhile.
/// What is hidden from the caller at a moment of which something is told is left out, and what whoever froze the report
/// could not see.
#[utoipa::path(get, path = "/v1/frozen-reports/{id}/comparison", tag = "reports", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The frozen report."), ComparisonQuery),
    responses((status = 200, description = "A page of those that changed.", body = ComparisonView)))]
async fn compare_frozen_report(
    call: Call,
    id: PathId<RowKey>,
    query: Query<ComparisonQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(query.0)), move |tx, world, reader, query| {
        let row = frozen::find(tx, reader, id.0?)?;
        let query = query?;
        let other = Other { as_of: query.as_of, recorded_by: query.recorded_by };
        let place = (query.cursor.as_deref(), query.limit.rows());
        Ok(ComparisonView::from(frozen::compare(tx, world, reader, &row, other, place)?))
    })
    .await
}

impl From<FreezeBody> for Asked {
    fn from(body: FreezeBody) -> Self {
        let wanted = Wanted {
            from: body.from,
            to: body.to,
            as_of: body.as_of,
            recorded_by: body.recorded_by,
            agency_id: body.agency_id,
            subtree: body.subtree,
            structure: body.structure,
            field_code: body.field_code.map(|code| code.0),
            kind: body.kind,
            channel: body.channel,
            level: body.level,
            count_by: CountBy { basis: body.basis, attribution: body.attribution },
            ..Wanted::default()
        };
        Self { report: body.report.unwrap_or(Report::Timeliness), wanted, by: body.group_by }
    }
}
