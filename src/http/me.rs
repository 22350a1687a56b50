//! The caller himself: who he is, what he may do, his password.

use actix_web::{
    HttpResponse,
    web::{ServiceConfig, get, post, put, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Form, Limit, Query},
    openapi::open_code,
    problem::{Problem, ProblemDocument},
    tracking::{TrackedFaceView, TrackingBody},
    views::AgencyRef,
};
use crate::{
    app::{
        cursor::{self, Binding},
        me::{self, Me},
        sessions,
        tracking::{self, Claimed},
    },
    domain::{
        id::{AccountId, OfficialId},
        submission::Personal,
        time::Instant,
        vocabulary::{Role, Visibility},
    },
};

const MINE: &str = "/v1/me/petitions";

#[derive(OpenApi)]
#[openapi(paths(read_me, change_password, list_mine, claim_petitions))]
pub(super) struct Api;

/// The addresses of what is the caller's own.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/me").route(get().to(read_me)))
        .service(resource(MINE).route(get().to(list_mine)).route(post().to(claim_petitions)))
        .service(resource("/v1/me/password").route(put().to(change_password)));
}

/// A right in force.
#[derive(Serialize, ToSchema)]
struct OwnGrant {
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// The top of the subtree it covers; null: the whole installation.
    agency: Option<AgencyRef>,
    /// The strictest visibility it reaches.
    #[schema(schema_with = open_code::<Visibility>)]
    ceiling: Visibility,
    /// The first instant at which it is no longer in force; null: without end.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_to: Option<Instant>,
}

/// An official as he sees himself.
#[derive(Serialize, ToSchema)]
struct OwnOfficial {
    #[schema(value_type = uuid::Uuid)]
    id: OfficialId,
    full_name: String,
    position: String,
    /// The name to sign in with; null for whoever signs in elsewhere only.
    username: Option<String>,
    agency: AgencyRef,
    #[schema(max_items = 1000)]
    grants: Vec<OwnGrant>,
}

/// A citizen as he sees himself: we know no more of him.
#[derive(Serialize, ToSchema)]
struct OwnAccount {
    #[schema(value_type = uuid::Uuid)]
    id: AccountId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

/// Who calls: an official or a citizen.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"official": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Trần Thị Điều Phối", "position": "Chuyên viên", "username": "coordinator", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99", "name": "Ủy ban nhân dân thành phố"}, "grants": [{"role": "coordinator", "agency": null, "ceiling": "restricted", "valid_to": null}]}}))]
struct MeView {
    #[serde(skip_serializing_if = "Option::is_none")]
    official: Option<OwnOfficial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<OwnAccount>,
}

impl From<Me> for MeView {
    fn from(me: Me) -> Self {
        let agency = |(id, name): me::Named| AgencyRef { id, code: name.code, name: name.name };
        match me {
            Me::Citizen(row) => {
                Self { official: None, account: Some(OwnAccount { id: row.id, created_at: row.created_at }) }
            }
            Me::Official { official, home, grants } => {
                let grant = |grant: me::Grant| OwnGrant {
                    role: grant.role,
                    agency: grant.over.map(agency),
                    ceiling: grant.ceiling,
                    valid_to: grant.valid_to,
                };
                let official = OwnOfficial {
                    id: official.id,
                    full_name: official.full_name,
                    position: official.position,
                    username: official.username,
                    agency: agency(home),
                    grants: grants.into_iter().map(grant).collect(),
                };
                Self { official: Some(official), account: None }
            }
        }
    }
}

/// Read who one is.
///
/// An official with his agency and the rights in force now, or a citizen's account.
#[utoipa::path(get, path = "/v1/me", tag = "me", security(("bearer" = [])),
    responses((status = 200, description = "Who calls.", body = MeView)))]
async fn read_me(call: Call) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    let read = call.app.read(call.request_id.clone(), move |tx, world| me::read(tx, world, &caller));
    Ok(HttpResponse::Ok().json(MeView::from(read.await?)))
}

/// The present password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "mật khẩu đang dùng", "new_password": "ba con mèo đen trên mái"}))]
struct PasswordBody {
    #[schema(value_type = String, format = Password, max_length = 1024)]
    current_password: Personal,
    /// Any characters; long is better than odd.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    new_password: Personal,
}

/// Change one's password.
///
/// Every other session of the official ends; this one goes on.
#[utoipa::path(put, path = "/v1/me/password", tag = "me", security(("bearer" = [])), request_body = PasswordBody,
    responses((status = 204, description = "Changed.")))]
async fn change_password(call: Call, body: Form<PasswordBody>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let body = body.0.map(|body| {
        let PasswordBody { current_password, new_password } = body.content;
        (current_password.reveal().to_owned(), new_password.reveal().to_owned())
    });
    sessions::change_password(&call.app, call.request_id.clone(), caller, body, call.address).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where in the list to go on, and how far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MineQuery {
    /// Rows on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// A page of a citizen's own petitions, the latest submitted first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"code": "KN-7Q4M2K9XA", "kind": "feedback", "title": "Mất nắp hố ga", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "next_step": {"who": "handler", "label": "Cán bộ xử lý", "by": "2026-11-26"}, "received_at": "2026-11-23T07:00:00Z", "timeliness": "on_track", "version": 3, "href": "/v1/tracking/petitions/KN-7Q4M2K9XA"}], "next_cursor": null}))]
struct MineView {
    #[schema(max_items = 100)]
    items: Vec<TrackedFaceView>,
    next_cursor: Option<String>,
}

/// List one's own petitions.
///
/// Those that a citizen submitted signed in, and those he claimed. Read and act on each under
/// `/v1/tracking/petitions/{code}` with the same token.
#[utoipa::path(get, path = "/v1/me/petitions", tag = "me", security(("bearer" = [])), params(MineQuery),
    responses((status = 200, description = "A page.", body = MineView)))]
async fn list_mine(call: Call, query: Query<MineQuery>) -> Result<HttpResponse, Problem> {
    let (caller, language) = (call.citizen()?, call.language);
    let read = call.app.read(call.request_id.clone(), move |tx, world| {
        let (query, scope) = (query.0?, caller.scope());
        let binding = Binding { route: MINE, caller: &scope, filters: &() };
        let after = query.cursor.map(|text| cursor::open(&world.secret, &binding, &text)).transpose()?;
        let page = tracking::mine(tx, world, &caller, after, query.limit.rows())?;
        let next_cursor = page.next.map(|id| cursor::seal(&world.secret, &binding, &id)).transpose()?;
        let items = page.items.into_iter().map(|face| TrackedFaceView::of(face, language)).collect();
        Ok(MineView { items, next_cursor })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}

/// What came of claiming.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"petitions": ["KN-7Q4M2K9XA"], "not_found": []}))]
struct ClaimedView {
    /// Codes of the petitions that are one's own now.
    #[schema(max_items = 20)]
    petitions: Vec<String>,
    /// Codes, as sent, that are unknown or came with another key.
    #[schema(max_items = 20)]
    not_found: Vec<String>,
}

impl From<Claimed> for ClaimedView {
    fn from(claimed: Claimed) -> Self {
        Self { petitions: claimed.petitions, not_found: claimed.not_found }
    }
}

/// Claim petitions by their keys.
///
/// They stay in the citizen's account, whichever telephone he signs in with. Again is harmless. An unknown code and a
/// wrong key read the same; where none fits the answer is 404.
#[utoipa::path(post, path = "/v1/me/petitions", tag = "me", security(("bearer" = [])), request_body = TrackingBody,
    responses((status = 200, description = "Claimed.", body = ClaimedView),
        (status = 404, description = "None of the keys fits.", body = ProblemDocument, content_type = "application/problem+json")))]
async fn claim_petitions(call: Call, body: Form<TrackingBody>) -> Result<HttpResponse, Problem> {
    let caller = call.citizen()?;
    let proofs = body.0?.content.into();
    let claimed = tracking::claim(&call.app, call.request_id.clone(), caller, proofs, call.address).await?;
    Ok(HttpResponse::Ok().json(ClaimedView::from(claimed)))
}
