//! Officials and their accounts.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{EmptyBody, Versioned, answer, order, read};
use crate::{
    app::{
        Error, World,
        administration::{
            Admin, Done, Order,
            accounts::{self, Bare, OfficialFacts},
        },
        history::{self, Subject},
    },
    domain::{
        id::{AgencyId, Id, OfficialId, OfficialKey},
        submission::Personal,
        time::Instant,
    },
    http::{
        actions::Demand,
        auth::Call,
        extract::{Form, PathId},
        problem::Problem,
        views::AgencyRef,
    },
    store::{AnyConnection, agencies, workload},
};

#[derive(OpenApi)]
#[openapi(paths(
    add_official,
    read_official,
    replace_official,
    disable_official,
    enable_official,
    reset_password
))]
pub(super) struct Api;

/// Who an official is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên", "username": "xu.ly"}))]
pub(super) struct OfficialBody {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(max_length = 300)]
    full_name: String,
    #[schema(max_length = 300)]
    position: String,
    /// To sign in by: small letters, digits and `. _ - @`. Absent for an official who does not sign in.
    #[schema(max_length = 64)]
    username: Option<String>,
    /// Where he gets notifications by mail, if the installation sends any. Absent: none.
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Personal>,
}

/// An official as administrators see him.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000002", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên", "username": "xu.ly", "email": null, "disabled_at": null, "responsible_for": 3, "version": 1, "password": null}))]
struct OfficialDetail {
    #[schema(value_type = uuid::Uuid)]
    id: OfficialId,
    agency: AgencyRef,
    full_name: String,
    position: String,
    username: Option<String>,
    #[schema(value_type = Option<String>)]
    email: Option<Personal>,
    /// Since when he can no longer sign in and his rights rest.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Instant>,
    /// Open petitions he is responsible for: who goes hands them over.
    responsible_for: i64,
    /// For If-Match.
    version: u32,
    /// The fresh password, in the one answer that made it; not even a repeated request shows it again.
    #[schema(value_type = Option<String>)]
    password: Option<Personal>,
}

impl From<OfficialBody> for OfficialFacts {
    fn from(body: OfficialBody) -> Self {
        Self {
            agency_id: body.agency_id,
            full_name: body.full_name,
            position: body.position,
            username: body.username,
            email: body.email,
        }
    }
}

impl OfficialDetail {
    fn of(tx: &mut AnyConnection, id: OfficialId) -> Result<Self, Error> {
        let row = crate::store::people::official(tx, id)?.ok_or(Error::NotFound)?;
        let name = agencies::names(tx, &[row.agency_id])?.remove(&row.agency_id);
        let (code, name) = name.map(|name| (name.code, name.name)).unwrap_or_default();
        Ok(Self {
            id,
            agency: AgencyRef { id: row.agency_id, code, name },
            full_name: row.full_name,
            position: row.position,
            username: row.username,
            email: row.email.map(Personal::new),
            disabled_at: row.disabled_at,
            responsible_for: workload::open_with(tx, id)?,
            version: history::version(tx, &Subject::Official(id))?,
            password: None,
        })
    }

    /// With a password that was just made, unless this repeats an answer.
    fn telling(mut self, password: &Personal, done: Done) -> Self {
        self.password = Some(password.clone()).filter(|_| !done.replayed && self.username.is_some());
        self
    }
}

impl Versioned for OfficialDetail {
    fn version(&self) -> u32 {
        self.version
    }
}

/// Add an official.
///
/// To an agency within the administrator's reach. With a username he can sign in; the password is made here and stands
/// in this answer only.
#[utoipa::path(post, path = "/v1/officials", tag = "administration", security(("bearer" = [])), request_body = OfficialBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Added.", body = OfficialDetail,
        headers(("ETag" = String, description = "His version."), ("Location" = String, description = "Where he is.")))))]
pub(super) async fn add_official(
    call: Call,
    demand: Demand,
    body: Form<OfficialBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let fresh = accounts::fresh_password(&call.app, order.caller.clone()).await?;
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = accounts::add(tx, world, &order, &fresh)?;
        let view = OfficialDetail::of(tx, Id::new(done.subject.uuid()))?;
        Ok((view.telling(&fresh.password, done), done))
    });
    let (view, done) = made.await?;
    Ok(answer(&view, done, Some(format!("/v1/officials/{}", view.id))))
}

/// Read an official.
///
/// For administrators whose rights reach his agency.
#[utoipa::path(get, path = "/v1/officials/{id}", tag = "administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The official.")),
    responses((status = 200, description = "The official.", body = OfficialDetail, headers(("ETag" = String, description = "His version.")))))]
pub(super) async fn read_official(call: Call, id: PathId<OfficialKey>) -> Result<HttpResponse, Problem> {
    let (caller, id) = (call.official()?, id.0);
    let found = call.read(move |tx, world| {
        let admin = Admin::of(tx, world, &caller)?;
        let row = accounts::within_reach(tx, &admin, id?)?;
        OfficialDetail::of(tx, row.id)
    });
    Ok(read(&found.await?))
}

/// Change an official.
///
/// Name, position, username, or the agency he belongs to. His petitions stay with him until they are handed over.
#[utoipa::path(put, path = "/v1/officials/{id}", tag = "administration", security(("bearer" = [])), request_body = OfficialBody,
    params(("id" = uuid::Uuid, Path, description = "The official."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Changed.", body = OfficialDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn replace_official(
    call: Call,
    id: PathId<OfficialKey>,
    demand: Demand,
    body: Form<OfficialBody>,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = accounts::replace(tx, world, id, &order)?;
        Ok((OfficialDetail::of(tx, id)?, done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}

type Act = fn(&mut AnyConnection, &World, OfficialId, &Order<Bare>) -> Result<Done, Error>;

async fn act(
    call: Call,
    id: PathId<OfficialKey>,
    demand: Demand,
    body: Form<EmptyBody>,
    act: Act,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = act(tx, world, id, &order)?;
        Ok((OfficialDetail::of(tx, id)?, done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}

/// Disable an account.
///
/// At once: he can no longer sign in, and his tokens open nothing. The answer says for how many open petitions he is
/// responsible; coordinators hand them over. Refused when it would leave an agency without somebody who receives and
/// coordinates.
#[utoipa::path(post, path = "/v1/officials/{id}/disabling", tag = "administration", security(("bearer" = [])), request_body = EmptyBody,
    params(("id" = uuid::Uuid, Path, description = "The official."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Disabled.", body = OfficialDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn disable_official(
    call: Call,
    id: PathId<OfficialKey>,
    demand: Demand,
    body: Form<EmptyBody>,
) -> Result<HttpResponse, Problem> {
    act(call, id, demand, body, accounts::disable).await
}

/// Enable an account.
///
/// With the password and the rights it had.
#[utoipa::path(post, path = "/v1/officials/{id}/enabling", tag = "administration", security(("bearer" = [])), request_body = EmptyBody,
    params(("id" = uuid::Uuid, Path, description = "The official."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Enabled.", body = OfficialDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn enable_official(
    call: Call,
    id: PathId<OfficialKey>,
    demand: Demand,
    body: Form<EmptyBody>,
) -> Result<HttpResponse, Problem> {
    act(call, id, demand, body, accounts::enable).await
}

/// Reset a password.
///
/// Makes a fresh one, which stands in this answer only. Not for oneself, nor for an account with more rights than the
/// administrator might grant.
#[utoipa::path(post, path = "/v1/officials/{id}/password-reset", tag = "administration", security(("bearer" = [])), request_body = EmptyBody,
    params(("id" = uuid::Uuid, Path, description = "The official."), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Reset.", body = OfficialDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn reset_password(
    call: Call,
    id: PathId<OfficialKey>,
    demand: Demand,
    body: Form<EmptyBody>,
) -> Result<HttpResponse, Problem> {
    let (order, id) = (order(&call, call.official()?, demand, body), id.0?);
    let fresh = accounts::fresh_password(&call.app, order.caller.clone()).await?;
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = accounts::reset_password(tx, world, id, &order, &fresh)?;
        Ok((OfficialDetail::of(tx, id)?.telling(&fresh.password, done), done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}
