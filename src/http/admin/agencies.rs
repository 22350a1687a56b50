//! Founding, changing and dissolving agencies.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{Versioned, answer, order};
use crate::{
    app::{
        Error,
        administration::{
            Done,
            agencies::{self, AgencyFacts, Dissolution},
        },
    },
    domain::{
        id::{AgencyId, AgencyKey, Id, OfficialId},
        time::Day,
        vocabulary::Level,
    },
    http::{
        actions::Demand,
        agencies::AgencyDetail,
        auth::Call,
        extract::{Form, PathId},
        openapi::code,
        problem::Problem,
    },
    store::AnyConnection,
};

#[derive(OpenApi)]
#[openapi(paths(found_agency, replace_agency, dissolve_agency))]
pub(super) struct Api;

/// An agency to be founded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "H29.1", "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": "01934f6e-0000-7000-8000-000000000000", "serves_area": "99001", "valid_from": "2025-07-01"}))]
pub(super) struct AgencyBody {
    #[schema(max_length = 35)]
    code: String,
    /// The official electronic identifier (QĐ 20/2020/QĐ-TTg), where it has one.
    #[schema(max_length = 35)]
    identifier: Option<String>,
    #[schema(max_length = 300)]
    name: String,
    #[schema(schema_with = code::<Level>)]
    level: Level,
    /// The agency above it; absent at the top.
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    /// The administrative area whose petitions come here.
    #[schema(max_length = 5)]
    serves_area: Option<String>,
    /// Whether petitions come here that name neither agency nor area.
    #[serde(default)]
    is_default: bool,
    /// The day since which it is called so; absent: since ever.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Day>,
}

/// An agency as it is from a day on: all of it, not the changes alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "H29.1", "name": "Ủy ban nhân dân phường Sông Tràm Mới", "level": "commune", "parent_id": "01934f6e-0000-7000-8000-000000000000", "serves_area": "99001", "head_official_id": "01934f6e-0000-7000-8000-000000000002", "valid_from": "2026-11-01"}))]
pub(super) struct AgencyChangeBody {
    #[schema(max_length = 35)]
    code: String,
    #[schema(max_length = 35)]
    identifier: Option<String>,
    #[schema(max_length = 300)]
    name: String,
    #[schema(schema_with = code::<Level>)]
    level: Level,
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    #[schema(max_length = 5)]
    serves_area: Option<String>,
    #[serde(default)]
    is_default: bool,
    /// The head, one of its own officials: kept out of cases against him.
    #[schema(value_type = Option<uuid::Uuid>)]
    head_official_id: Option<OfficialId>,
    /// The day from which it is called so; absent: today.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Day>,
}

/// The end of an agency, and who takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2026-11-01", "successors": ["01934f6e-0000-7000-8000-000000000001"]}))]
pub(super) struct DissolutionBody {
    /// The first day on which it is no more, not after today.
    #[schema(value_type = String, format = Date)]
    valid_to: Day,
    /// The agencies that take over.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 50)]
    successors: Vec<AgencyId>,
}

impl From<AgencyBody> for AgencyFacts {
    fn from(body: AgencyBody) -> Self {
        Self {
            code: body.code,
            identifier: body.identifier,
            name: body.name,
            level: Some(body.level),
            parent_id: body.parent_id,
            serves_area: body.serves_area,
            is_default: body.is_default,
            head_official_id: None,
            valid_from: body.valid_from,
        }
    }
}

impl From<AgencyChangeBody> for AgencyFacts {
    fn from(body: AgencyChangeBody) -> Self {
        Self {
            code: body.code,
            identifier: body.identifier,
            name: body.name,
            level: Some(body.level),
            parent_id: body.parent_id,
            serves_area: body.serves_area,
            is_default: body.is_default,
            head_official_id: body.head_official_id,
            valid_from: body.valid_from,
        }
    }
}

impl From<DissolutionBody> for Dissolution {
    fn from(body: DissolutionBody) -> Self {
        Self { valid_to: body.valid_to, successors: body.successors }
    }
}

impl Versioned for AgencyDetail {
    fn version(&self) -> u32 {
        self.version
    }
}

fn view(tx: &mut AnyConnection, done: Done) -> Result<(AgencyDetail, Done), Error> {
    Ok((AgencyDetail::of(tx, Id::new(done.subject.uuid()))?, done))
}

/// Found an agency.
///
/// For administrators whose rights reach the agency above it; one at the top, or the default one, needs the whole
/// installation.
#[utoipa::path(post, path = "/v1/agencies", tag = "administration", security(("bearer" = [])), request_body = AgencyBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Founded.", body = AgencyDetail,
        headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is.")))))]
pub(super) async fn found_agency(
    call: Call,
    demand: Demand,
    body: Form<AgencyBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = agencies::found(tx, world, &order)?;
        view(tx, done)
    });
    let (view, done) = made.await?;
    Ok(answer(&view, done, Some(format!("/v1/agencies/{}", view.id))))
}

/// Change an agency.
///
/// A new name, code, tier or place begins on a day, and the former version is kept; head, area and default hold at
/// once. Refused as a conflict when it would leave an agency without somebody who receives and coordinates.
#[utoipa::path(put, path = "/v1/agencies/{id}", tag = "administration", security(("bearer" = [])), request_body = AgencyChangeBody,
    params(("id" = uuid::Uuid, Path, description = "The agency."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Changed.", body = AgencyDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn replace_agency(
    call: Call,
    id: PathId<AgencyKey>,
    demand: Demand,
    body: Form<AgencyChangeBody>,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = agencies::replace(tx, world, id, &order)?;
        view(tx, done)
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}

/// Dissolve an agency.
///
/// Refused while open petitions, officials or agencies below are with it, and says how many: closing it in favour of
/// successors (`succession`) moves them in one act. Those above still reach what it left.
#[utoipa::path(post, path = "/v1/agencies/{id}/dissolution", tag = "administration", security(("bearer" = [])), request_body = DissolutionBody,
    params(("id" = uuid::Uuid, Path, description = "The agency."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Dissolved.", body = AgencyDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn dissolve_agency(
    call: Call,
    id: PathId<AgencyKey>,
    demand: Demand,
    body: Form<DissolutionBody>,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = agencies::dissolve(tx, world, id, &order)?;
        view(tx, done)
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}
