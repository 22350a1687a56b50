//! Who read personal data: for auditors.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Limit, PathId, Query},
    openapi::open_code,
    problem::Problem,
};
use crate::{
    app::{cursor, reading},
    domain::{
        id::{OfficialId, PetitionKey, RowId},
        time::Instant,
        vocabulary::Role,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_reads))]
pub(super) struct Api;

/// Where in the log to go on, and how far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadsQuery {
    /// Rows on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// One look at personal data.
#[derive(Serialize, ToSchema)]
struct ReadView {
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    #[schema(value_type = uuid::Uuid)]
    official_id: OfficialId,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// What was read: `submitter`.
    what: String,
    request_id: Option<String>,
}

/// A page of the log, the latest first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"at": "2026-11-23T07:00:00Z", "official_id": "01934f6e-0000-7000-8000-000000000002", "role": "intake", "what": "submitter", "request_id": null}], "next_cursor": null}))]
struct ReadList {
    #[schema(max_items = 100)]
    items: Vec<ReadView>,
    next_cursor: Option<String>,
}

/// Read who read personal data.
///
/// Every look at the submitter of a petition, the latest first. For auditors.
#[utoipa::path(get, path = "/v1/petitions/{id}/personal-data-reads", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), ReadsQuery),
    responses((status = 200, description = "The log.", body = ReadList)))]
pub(super) async fn list_reads(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<ReadsQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, query) = (id.0?, query.0);
    let list = call.app.read(call.request_id.clone(), move |tx, world| {
        reading::check_reads(tx, world, &caller, id)?;
        let query = query?;
        let (route, scope) = ("/v1/petitions/{id}/personal-data-reads", caller.scope());
        let binding = cursor::Binding { route, caller: &scope, filters: &id };
        let after =
            query.cursor.as_deref().map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
        let after: Option<(Instant, RowId)> = after;
        let rows = reading::reads(tx, id, after, query.limit.rows())?;
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == query.limit.rows());
        let last = rows.last().filter(|_| full).map(|row| (row.at, row.id));
        let next_cursor = last.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        let items = rows.into_iter().map(|row| ReadView {
            at: row.at,
            official_id: row.official_id,
            role: row.role,
            what: row.what,
            request_id: row.request_id,
        });
        Ok(ReadList { items: items.collect(), next_cursor })
    });
    Ok(HttpResponse::Ok().json(list.await?))
}
