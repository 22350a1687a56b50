//! The agencies of this installation, and for staff the officials of each.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    admin,
    auth::Call,
    cached,
    extract::{Limit, PathId, Query, Short},
    openapi::code,
    problem::Problem,
    views::AgencyRef,
};
use crate::{
    app::{
        Error,
        administration::Admin,
        caller,
        cursor::{self, Binding},
        history::{self, Subject},
        public::Page,
    },
    domain::{
        administration::beyond_reach,
        id::{AgencyId, AgencyKey, OfficialId},
        time::Day,
        vocabulary::Level,
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyRow, Wanted, succession::Relative},
        people,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_agencies, read_agency, list_versions, list_officials))]
pub(super) struct Api;

const AGENCIES: &str = "/v1/agencies";
const OFFICIALS: &str = "/v1/officials";

/// An agency under its present name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "identifier": null, "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": "01934f6e-0000-7000-8000-000000000000", "serves_area": "99001"}))]
struct AgencyView {
    #[schema(value_type = uuid::Uuid)]
    id: AgencyId,
    code: String,
    /// The official electronic identifier (QĐ 20/2020/QĐ-TTg), where it has one.
    identifier: Option<String>,
    name: String,
    #[schema(value_type = Option<String>)]
    level: Option<Level>,
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    /// The administrative area whose petitions come here.
    serves_area: Option<String>,
}

/// An agency under its present name, or, dissolved, under its last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "identifier": null, "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": "01934f6e-0000-7000-8000-000000000000", "serves_area": "99001", "is_default": false, "head_official_id": "01934f6e-0000-7000-8000-000000000002", "valid_from": "2025-07-01", "valid_to": null, "successors": [], "version": 2}))]
pub(super) struct AgencyDetail {
    #[schema(value_type = uuid::Uuid)]
    pub(super) id: AgencyId,
    code: String,
    identifier: Option<String>,
    name: String,
    #[schema(value_type = Option<String>)]
    level: Option<Level>,
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    serves_area: Option<String>,
    /// Whether petitions come here that name neither agency nor area.
    is_default: bool,
    #[schema(value_type = Option<uuid::Uuid>)]
    head_official_id: Option<OfficialId>,
    /// The day since which it is called so; null: since ever.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Day>,
    /// The first day on which it is no more; null while it is.
    #[schema(value_type = Option<String>, format = Date)]
    valid_to: Option<Day>,
    /// The agencies that took over.
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 50)]
    successors: Vec<AgencyId>,
    /// For If-Match.
    pub(super) version: u32,
}

/// What an agency was called for a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "H99.1", "identifier": null, "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": "01934f6e-0000-7000-8000-000000000000", "valid_from": "2025-07-01", "valid_to": null}))]
struct AgencyVersionView {
    code: String,
    identifier: Option<String>,
    name: String,
    #[schema(value_type = Option<String>)]
    level: Option<Level>,
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Day>,
    /// The first day on which it was called so no more.
    #[schema(value_type = Option<String>, format = Date)]
    valid_to: Option<Day>,
}

/// An agency that was closed in favour of another, or took over from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.D", "name": "Ủy ban nhân dân huyện Sông Tràm", "effective_on": "2025-07-01"}))]
struct RelativeView {
    #[schema(value_type = uuid::Uuid)]
    id: AgencyId,
    /// The last it had.
    code: String,
    name: String,
    /// The first day on which the closed one was no more.
    #[schema(value_type = String, format = Date)]
    effective_on: Day,
}

/// Everything an agency was called, the first name first; from whom it took over, and who took over from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"code": "H99.1", "identifier": null, "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": null, "valid_from": "2025-07-01", "valid_to": null}], "predecessors": [{"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.D", "name": "Ủy ban nhân dân huyện Sông Tràm", "effective_on": "2025-07-01"}], "successors": []}))]
struct AgencyVersionsView {
    #[schema(max_items = 1000)]
    items: Vec<AgencyVersionView>,
    #[schema(max_items = 1000)]
    predecessors: Vec<RelativeView>,
    #[schema(max_items = 50)]
    successors: Vec<RelativeView>,
}

impl From<Relative> for RelativeView {
    fn from((id, name, effective_on): Relative) -> Self {
        Self { id, code: name.code, name: name.name, effective_on }
    }
}

/// A page of agencies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "identifier": null, "name": "Ủy ban nhân dân phường Sông Tràm", "level": "commune", "parent_id": null, "serves_area": "99001"}], "next_cursor": null}))]
struct AgenciesView {
    #[schema(max_items = 100)]
    items: Vec<AgencyView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// An official who can be named as responsible.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}}))]
struct OfficialView {
    #[schema(value_type = uuid::Uuid)]
    id: OfficialId,
    full_name: String,
    position: String,
    agency: AgencyRef,
}

/// A page of officials.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}}], "next_cursor": null}))]
struct OfficialsView {
    #[schema(max_items = 100)]
    items: Vec<OfficialView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// Which agencies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AgenciesQuery {
    /// Only those directly below this one.
    #[param(value_type = Option<uuid::Uuid>)]
    parent_id: Option<AgencyId>,
    /// Only of this tier.
    #[param(schema_with = code::<Level>, required = false)]
    level: Option<Level>,
    /// Only the one whose whole code this is.
    #[param(value_type = Option<String>, max_length = 35)]
    code: Option<Short<35>>,
    /// Those there were on this day, as they were called and where they stood; absent: those there are. What an agency
    /// serves is told as it is now.
    #[param(value_type = Option<String>, format = Date)]
    as_of: Option<Day>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Whose officials.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfficialsQuery {
    /// The agency they belong to.
    #[param(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    /// Those whose accounts are disabled, instead of the others; for administrators.
    #[serde(default)]
    #[param(required = false, default = false)]
    disabled: bool,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same agency.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

impl From<AgencyRow> for AgencyView {
    fn from(row: AgencyRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            identifier: row.identifier,
            name: row.name,
            level: row.level,
            parent_id: row.parent_id,
            serves_area: row.serves_area,
        }
    }
}

impl AgencyDetail {
    pub(super) fn of(tx: &mut AnyConnection, id: AgencyId) -> Result<Self, Error> {
        let row = agencies::last(tx, id)?.ok_or(Error::NotFound)?;
        Ok(Self {
            id,
            code: row.code,
            identifier: row.identifier,
            name: row.name,
            level: row.level,
            parent_id: row.parent_id,
            serves_area: row.serves_area,
            is_default: row.is_default,
            head_official_id: row.head_official_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            successors: agencies::changes::successors(tx, id)?,
            version: history::version(tx, &Subject::Agency(id))?,
        })
    }
}

impl From<AgencyRow> for AgencyVersionView {
    fn from(row: AgencyRow) -> Self {
        Self {
            code: row.code,
            identifier: row.identifier,
            name: row.name,
            level: row.level,
            parent_id: row.parent_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

/// List agencies.
///
/// By code, under their present names, or as they were on a day.
#[utoipa::path(get, path = "/v1/agencies", tag = "reference", security(()), params(AgenciesQuery),
    responses((status = 200, description = "A page.", body = AgenciesView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_agencies(
    call: Call,
    query: Query<AgenciesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let (limit, from) = (query.limit.rows(), query.cursor);
    let wanted = Wanted {
        parent_id: query.parent_id,
        level: query.level,
        code: query.code.map(|code| code.0),
        as_of: query.as_of,
    };
    let read = call.read(move |tx, world| {
        let binding = Binding { route: AGENCIES, caller: "", filters: &wanted };
        let after: Option<String> =
            from.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = agencies::page(tx, &wanted, after.as_deref(), limit + 1)?;
        let page = Page::of(rows, limit, |row| row.code.clone());
        let next = page.next.map(|code| cursor::seal(&world.secret, &binding, &code)).transpose()?;
        Ok(AgenciesView { items: page.items.into_iter().map(AgencyView::from).collect(), next_cursor: next })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read an agency.
///
/// Under its present name, or, dissolved, under its last; with the version that a change of it needs.
#[utoipa::path(get, path = "/v1/agencies/{id}", tag = "reference", security(()),
    params(("id" = uuid::Uuid, Path, description = "The agency.")),
    responses((status = 200, description = "The agency.", body = AgencyDetail, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "Unchanged.")))]
pub(super) async fn read_agency(
    call: Call,
    id: PathId<AgencyKey>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id.0?;
    let view = call.read(move |tx, _| AgencyDetail::of(tx, id)).await?;
    Ok(cached::versioned(&request, &view, admin::tag(view.version))?)
}

/// List the names of an agency.
///
/// Everything it was called, and where it stood, the first version first; from whom it took over, and who took over from
/// it.
#[utoipa::path(get, path = "/v1/agencies/{id}/versions", tag = "reference", security(()),
    params(("id" = uuid::Uuid, Path, description = "The agency.")),
    responses((status = 200, description = "Its names.", body = AgencyVersionsView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_versions(
    call: Call,
    id: PathId<AgencyKey>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id.0?;
    let read = call.read(move |tx, _| {
        let items: Vec<_> = agencies::history(tx, id)?.into_iter().map(AgencyVersionView::from).collect();
        if items.is_empty() {
            return Err(Error::NotFound);
        }
        let (predecessors, successors) = agencies::succession::relatives(tx, id)?;
        let [predecessors, successors] =
            [predecessors, successors].map(|all| all.into_iter().map(RelativeView::from).collect());
        Ok(AgencyVersionsView { items, predecessors, successors })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// List the officials of an agency.
///
/// For choosing who is responsible; staff only. Accounts that were closed are left out, so a page may be short.
#[utoipa::path(get, path = "/v1/officials", tag = "reference", security(("bearer" = [])), params(OfficialsQuery),
    responses((status = 200, description = "A page.", body = OfficialsView)))]
pub(super) async fn list_officials(
    call: Call,
    query: Query<OfficialsQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        caller::person(tx, world, &caller)?;
        let query = query.0?;
        let (agency, limit, disabled) = (query.agency_id, query.limit.rows(), query.disabled);
        if disabled && !Admin::of(tx, world, &caller)?.reaches(tx, agency)? {
            return Err(beyond_reach().into());
        }
        let scope = caller.scope();
        let binding = Binding { route: OFFICIALS, caller: &scope, filters: &(agency, disabled) };
        let after = query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = people::officials_of(tx, agency, after, limit + 1)?;
        let page = Page::of(rows, limit, |row| row.id);
        let next = page.next.map(|id| cursor::seal(&world.secret, &binding, &id)).transpose()?;
        let names = agencies::names(tx, &[agency])?;
        let chosen = page.items.into_iter().filter(|row| row.disabled_at.is_some() == disabled);
        let items = chosen.filter_map(|row| {
            let name = names.get(&agency)?.clone();
            let agency = AgencyRef { id: agency, code: name.code, name: name.name };
            Some(OfficialView { id: row.id, full_name: row.full_name, position: row.position, agency })
        });
        Ok(OfficialsView { items: items.collect(), next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}
