//! Rights of officials.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Versioned, answer, order, read};
use crate::{
    app::{
        Error,
        administration::{
            events,
            grants::{self, NewGrant, Revocation},
        },
        cursor::{self, Binding},
        history::{self, Subject},
        public::Page,
    },
    domain::{
        id::{AgencyId, GrantId, GrantKey, Id, OfficialId},
        time::Instant,
        vocabulary::{Role, Visibility},
    },
    http::{
        actions::Demand,
        auth::Call,
        extract::{Form, Limit, PathId, Query},
        openapi::{code, open_code},
        problem::{Problem, ProblemDocument},
    },
    store::{AnyConnection, people},
};

#[derive(OpenApi)]
#[openapi(paths(list_grants, read_grant, grant_role, revoke_grant))]
pub(super) struct Api;

const GRANTS: &str = "/v1/grants";

/// A role to be granted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"official_id": "01934f6e-0000-7000-8000-000000000002", "role": "intake", "agency_id": "01934f6e-0000-7000-8000-000000000001", "ceiling": "restricted"}))]
pub(super) struct GrantBody {
    #[schema(value_type = uuid::Uuid)]
    official_id: OfficialId,
    #[schema(schema_with = code::<Role>)]
    role: Role,
    /// The agency over which, with everything below it; absent: the whole installation.
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// The strictest visibility it reaches.
    #[schema(schema_with = code::<Visibility>)]
    ceiling: Visibility,
    /// Absent: from the beginning of today.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<Instant>,
    /// Absent: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_to: Option<Instant>,
}

/// Why a right ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Chuyển công tác"}))]
pub(super) struct RevocationBody {
    #[schema(max_length = 4000)]
    reason: String,
}

/// A right of an official.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "official_id": "01934f6e-0000-7000-8000-000000000002", "role": "intake", "agency_id": "01934f6e-0000-7000-8000-000000000001", "ceiling": "restricted", "valid_from": "2026-11-22T17:00:00Z", "valid_to": null, "version": 1}))]
struct GrantView {
    #[schema(value_type = uuid::Uuid)]
    id: GrantId,
    #[schema(value_type = uuid::Uuid)]
    official_id: OfficialId,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// Null: the whole installation.
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    #[schema(schema_with = open_code::<Visibility>)]
    ceiling: Visibility,
    #[schema(value_type = String, format = DateTime)]
    valid_from: Instant,
    /// The first instant at which it no longer holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_to: Option<Instant>,
    /// For If-Match.
    version: u32,
}

/// A page of rights.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "01934f6e-0000-7000-8000-000000000009", "official_id": "01934f6e-0000-7000-8000-000000000002", "role": "intake", "agency_id": null, "ceiling": "restricted", "valid_from": "2026-11-22T17:00:00Z", "valid_to": null, "version": 1}], "next_cursor": null}))]
struct GrantsView {
    #[schema(max_items = 100)]
    items: Vec<GrantView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// Whose rights.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GrantsQuery {
    /// The official who holds them.
    #[param(value_type = uuid::Uuid)]
    official_id: OfficialId,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same official.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

impl From<GrantBody> for NewGrant {
    fn from(body: GrantBody) -> Self {
        Self {
            official_id: body.official_id,
            role: body.role,
            agency_id: body.agency_id,
            ceiling: body.ceiling,
            valid_from: body.valid_from,
            valid_to: body.valid_to,
        }
    }
}

impl From<RevocationBody> for Revocation {
    fn from(body: RevocationBody) -> Self {
        Self { reason: body.reason.into() }
    }
}

impl GrantView {
    fn of(tx: &mut AnyConnection, row: people::GrantRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            official_id: row.official_id,
            role: row.role,
            agency_id: row.agency_id,
            ceiling: row.ceiling,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: history::version(tx, &Subject::Grant(row.id))?,
        })
    }

    fn by_id(tx: &mut AnyConnection, id: GrantId) -> Result<Self, Error> {
        let row = people::changes::grant(tx, id)?.ok_or(Error::NotFound)?;
        Self::of(tx, row)
    }
}

impl Versioned for GrantView {
    fn version(&self) -> u32 {
        self.version
    }
}

/// List the rights of an official.
///
/// Ended ones too. For administrators and auditors whose rights reach his agency.
#[utoipa::path(get, path = "/v1/grants", tag = "administration", security(("bearer" = [])), params(GrantsQuery),
    responses((status = 200, description = "A page.", body = GrantsView),
        (status = 404, description = "There is no such official within reach.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn list_grants(call: Call, query: Query<GrantsQuery>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        let reader = events::Reader::of(tx, world, &caller)?;
        let query = query.0?;
        reader.require_official(tx, query.official_id)?;
        let (scope, limit) = (caller.scope(), query.limit.rows());
        let binding = Binding { route: GRANTS, caller: &scope, filters: &query.official_id };
        let after = query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = people::changes::grants_of(tx, query.official_id, after, limit + 1)?;
        let page = Page::of(rows, limit, |row| row.id);
        let next = page.next.map(|id| cursor::seal(&world.secret, &binding, &id)).transpose()?;
        let items = page.items.into_iter().map(|row| GrantView::of(tx, row)).collect::<Result<_, _>>()?;
        Ok(GrantsView { items, next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}

/// Read a right.
///
/// For administrators and auditors whose rights reach the official's agency.
#[utoipa::path(get, path = "/v1/grants/{id}", tag = "administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The right.")),
    responses((status = 200, description = "The right.", body = GrantView, headers(("ETag" = String, description = "Its version.")))))]
pub(super) async fn read_grant(call: Call, id: PathId<GrantKey>) -> Result<HttpResponse, Problem> {
    let (caller, id) = (call.official()?, id.0);
    let found = call.read(move |tx, world| {
        let reader = events::Reader::of(tx, world, &caller)?;
        let view = GrantView::by_id(tx, id?)?;
        reader.require_official(tx, view.official_id)?;
        Ok(view)
    });
    Ok(read(&found.await?))
}

/// Grant a role.
///
/// Over what the administrator himself reaches, up to his own ceiling, to an official of an agency within reach; never
/// to himself.
#[utoipa::path(post, path = "/v1/grants", tag = "administration", security(("bearer" = [])), request_body = GrantBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Granted.", body = GrantView,
        headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is.")))))]
pub(super) async fn grant_role(
    call: Call,
    demand: Demand,
    body: Form<GrantBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = grants::grant(tx, world, &order)?;
        Ok((GrantView::by_id(tx, Id::new(done.subject.uuid()))?, done))
    });
    let (view, done) = made.await?;
    Ok(answer(&view, done, Some(format!("/v1/grants/{}", view.id))))
}

/// Revoke a right.
///
/// At once; never one's own. Refused when it would leave an agency without somebody who receives and coordinates.
#[utoipa::path(post, path = "/v1/grants/{id}/revocation", tag = "administration", security(("bearer" = [])), request_body = RevocationBody,
    params(("id" = uuid::Uuid, Path, description = "The right."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Revoked.", body = GrantView, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn revoke_grant(
    call: Call,
    id: PathId<GrantKey>,
    demand: Demand,
    body: Form<RevocationBody>,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = grants::revoke(tx, world, id, &order)?;
        Ok((GrantView::by_id(tx, id)?, done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}
