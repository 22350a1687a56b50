//! Frozen reports: made, read, and compared with what became of them.

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, post, resource},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Form, Limit, PathId, Query, Short},
    figures::{Groups, Levels},
    lists::answer,
    openapi::{DayOrInstant, code},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        figures::{GroupBy, Wanted},
        frozen::{self, Compared, Comparison},
        history::hex,
        lists::{self, LevelAsked},
        when::When,
    },
    domain::{
        id::{AgencyId, OfficialId, PetitionId, RowId, RowKey},
        time::Instant,
        vocabulary::{Channel, Kind},
    },
    store::frozen::FrozenRow,
};

#[derive(OpenApi)]
#[openapi(paths(freeze_report, read_frozen_report, compare_frozen_report))]
pub(super) struct Api;

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/frozen-reports").route(post().to(freeze_report)))
        .service(resource("/v1/frozen-reports/{id}").route(get().to(read_frozen_report)))
        .service(resource("/v1/frozen-reports/{id}/comparison").route(get().to(compare_frozen_report)));
}

/// Which report on timeliness is frozen: as GET /v1/reports/timeliness takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-01-01", "to": "2026-07-01", "as_of": "2026-06-30", "group_by": "agency"}))]
pub(super) struct FreezeBody {
    /// Received then or later: a day or an instant.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    from: Option<When>,
    /// Received before: a day or an instant.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    to: Option<When>,
    /// As it stood at this instant, or at the end of this day.
    #[schema(value_type = Option<DayOrInstant>, inline)]
    as_of: Option<When>,
    #[serde(default)]
    #[schema(value_type = Groups, inline, required = false)]
    group_by: GroupBy,
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    subtree: Option<bool>,
    #[schema(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    #[schema(schema_with = code::<Kind>, required = false)]
    kind: Option<Kind>,
    #[schema(schema_with = code::<Channel>, required = false)]
    channel: Option<Channel>,
    #[schema(value_type = Levels, inline, required = false)]
    level: Option<LevelAsked>,
}

/// A frozen report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "report": "timeliness", "query": {"as_of": "2026-06-30T17:00:00Z", "group_by": "agency"}, "as_of": "2026-06-30T17:00:00Z", "rows": [], "petitions": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "kid": "k1", "signature": "eyJ0eXAiOiJmcm96ZW4tcmVwb3J0K2p3dCJ9.e30.AA", "frozen_at": "2026-07-01T02:00:00Z", "frozen_by": "01934f6e-0000-7000-8000-000000000002"}))]
struct FrozenView {
    #[schema(value_type = uuid::Uuid)]
    id: RowId,
    report: String,
    /// The question, as the report takes it.
    #[schema(value_type = Object)]
    query: Value,
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Each group with its figures as they were; rates as text with six decimals.
    #[schema(value_type = Vec<Object>, max_items = 10000)]
    rows: Value,
    /// How many petitions it counted; the column of each is kept.
    petitions: i32,
    /// SHA-256, in hex, over report, question, rows and the column of each petition.
    sha256: String,
    /// The key of /.well-known/jwks.json that signed.
    kid: String,
    /// A compact JWS (RFC 7515) over the digest, of type `frozen-report+jwt`.
    signature: String,
    #[schema(value_type = String, format = DateTime)]
    frozen_at: Instant,
    #[schema(value_type = uuid::Uuid)]
    frozen_by: OfficialId,
}

/// What a frozen report is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ComparisonQuery {
    /// With this moment; absent: with now. With the report's own `as_of` it shows what later entries changed.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// Rows on a page at most; a page may have fewer, or none, and still a next one.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// From where to go on: `next_cursor` of the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// The event that moved a petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sequence": 9, "type": "reply-approval", "occurred_at": "2026-07-02T02:00:00Z", "recorded_at": "2026-07-02T02:00:00Z"}))]
struct MovedByView {
    sequence: u32,
    r#type: &'static str,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
}

/// A petition that stands in another column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"petition_id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "then": "open_overdue", "now": "resolved_late", "event": {"sequence": 9, "type": "reply-approval", "occurred_at": "2026-07-02T02:00:00Z", "recorded_at": "2026-07-02T02:00:00Z"}}))]
struct ComparedView {
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    code: String,
    /// The column in which it was frozen.
    then: String,
    /// The column in which it stands.
    now: String,
    /// The event, recorded after the freezing, that moved it; null where time alone did.
    event: Option<MovedByView>,
}

/// A page of petitions that stand in another column than they were frozen in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "items": [], "next_cursor": null}))]
struct ComparisonView {
    /// The moment it is compared with.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    #[schema(max_items = 100)]
    items: Vec<ComparedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Freeze the report on timeliness.
///
/// Keeps its figures and in which column each petition stood, signed, with a digest in the log. For auditors and
/// coordinators; 50,000 petitions at most.
#[utoipa::path(post, path = "/v1/frozen-reports", tag = "reports", security(("bearer" = [])), request_body = FreezeBody,
    responses((status = 201, description = "Frozen.", body = FrozenView, headers(("Location" = String, description = "Where it is.")))))]
async fn freeze_report(call: Call, body: Form<FreezeBody>) -> Result<HttpResponse, Problem> {
    let (caller, keys) = (call.official()?, call.app.keys());
    let body = body.0.map(|body| (body.content.group_by, Wanted::from(body.content)));
    let frozen = call.app.write(call.request_id.clone(), move |tx, world| {
        let reader = lists::reader(tx, world, &caller)?;
        let asked = body.as_ref().map(|(by, wanted)| (wanted, *by)).map_err(Error::again);
        frozen::freeze(tx, world, &keys, &reader, asked)
    });
    let view = FrozenView::from(frozen.await?);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/frozen-reports/{}", view.id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(view))
}

/// Read a frozen report.
///
/// For whoever froze it, and for auditors and coordinators of the whole installation without a ceiling.
#[utoipa::path(get, path = "/v1/frozen-reports/{id}", tag = "reports", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The frozen report.")),
    responses((status = 200, description = "As it was frozen.", body = FrozenView)))]
async fn read_frozen_report(call: Call, id: PathId<RowKey>) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(())), move |tx, _, reader, ()| {
        Ok(FrozenView::from(frozen::find(tx, reader, id.0?)?))
    })
    .await
}

/// Compare a frozen report with how its petitions stand.
///
/// Each petition that stands in another column than it was frozen in, with the event, recorded later, that moved it.
#[utoipa::path(get, path = "/v1/frozen-reports/{id}/comparison", tag = "reports", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The frozen report."), ComparisonQuery),
    responses((status = 200, description = "A page of those that moved.", body = ComparisonView)))]
async fn compare_frozen_report(
    call: Call,
    id: PathId<RowKey>,
    query: Query<ComparisonQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(query.0)), move |tx, world, reader, query| {
        let row = frozen::find(tx, reader, id.0?)?;
        let query = query?;
        let place = (query.cursor.as_deref(), query.limit.rows());
        Ok(ComparisonView::from(frozen::compare(tx, world, reader, &row, query.as_of, place)?))
    })
    .await
}

impl From<FreezeBody> for Wanted {
    fn from(body: FreezeBody) -> Self {
        Self {
            from: body.from,
            to: body.to,
            as_of: body.as_of,
            agency_id: body.agency_id,
            subtree: body.subtree,
            field_code: body.field_code.map(|code| code.0),
            kind: body.kind,
            channel: body.channel,
            level: body.level,
            ..Self::default()
        }
    }
}

impl From<FrozenRow> for FrozenView {
    fn from(row: FrozenRow) -> Self {
        Self {
            id: row.id,
            report: row.report,
            query: row.query.0,
            as_of: row.as_of,
            rows: row.rows.0,
            petitions: row.petitions,
            sha256: hex(&row.digest),
            kid: row.kid,
            signature: row.signature,
            frozen_at: row.frozen_at,
            frozen_by: row.frozen_by,
        }
    }
}

impl From<Compared> for ComparedView {
    fn from(one: Compared) -> Self {
        let event = one.event.map(|event| MovedByView {
            sequence: event.sequence,
            r#type: event.name,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
        });
        Self { petition_id: one.petition, code: one.code, then: one.then, now: one.now, event }
    }
}

impl From<Comparison> for ComparisonView {
    fn from(page: Comparison) -> Self {
        let items = page.items.into_iter().map(ComparedView::from).collect();
        Self { as_of: page.as_of, items, next_cursor: page.next_cursor }
    }
}
