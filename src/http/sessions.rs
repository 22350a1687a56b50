//! Signing in, renewing a session, signing out.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{ServiceConfig, delete, get, post, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Form, Limit, PathId, Query},
    problem::Problem,
};
use crate::{
    app::{
        cursor::{self, Binding},
        public::Page,
        sessions::{self, Session, Who},
    },
    domain::{
        id::{AccountId, OfficialId, SessionId, SessionKey},
        submission::Personal,
        time::Instant,
    },
    store::sessions::SessionRow,
};

const SESSIONS: &str = "/v1/sessions";

#[derive(OpenApi)]
#[openapi(paths(sign_in, refresh_session, list_sessions, sign_out, end_session))]
pub(super) struct Api;

/// The addresses of sessions.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(SESSIONS).route(post().to(sign_in)).route(get().to(list_sessions)))
        .service(resource("/v1/sessions/refresh").route(post().to(refresh_session)))
        .service(resource("/v1/sessions/current").route(delete().to(sign_out)))
        .service(resource("/v1/sessions/{id}").route(delete().to(end_session)));
}

/// Name and password of a local account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "coordinator", "password": "kiennghi-demo"}))]
struct Credentials {
    #[schema(max_length = 100)]
    username: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: Personal,
}

/// The token that renews a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}))]
struct RefreshBody {
    #[schema(value_type = String, format = Password, max_length = 100)]
    refresh_token: Personal,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 600, "refresh_token": "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "refresh_expires_in": 2592000, "official": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Trần Thị Điều Phối", "position": "Chuyên viên"}}))]
pub(super) struct SessionView {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Exchange it once for the next pair; whoever shows it again ends the session.
    refresh_token: String,
    /// Seconds until the session is over, however much it is used.
    refresh_expires_in: i64,
    /// Absent for citizens.
    #[serde(skip_serializing_if = "Option::is_none")]
    official: Option<SignedInOfficial>,
    /// Absent for officials.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<SignedInCitizen>,
}

/// An official.
#[derive(Serialize, ToSchema)]
struct SignedInOfficial {
    #[schema(value_type = uuid::Uuid)]
    id: OfficialId,
    full_name: String,
    position: String,
}

/// A citizen who signed in elsewhere.
#[derive(Serialize, ToSchema)]
struct SignedInCitizen {
    #[schema(value_type = uuid::Uuid)]
    id: AccountId,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        let (official, account) = match session.who {
            Who::Official(row) => {
                let (full_name, position) = (row.full_name, row.position);
                (Some(SignedInOfficial { id: row.id, full_name, position }), None)
            }
            Who::Citizen(id) => (None, Some(SignedInCitizen { id })),
        };
        Self {
            access_token: session.issued.token,
            token_type: "Bearer",
            expires_in: session.issued.expires_in,
            refresh_token: session.refresh_token.reveal().to_owned(),
            refresh_expires_in: session.refresh_expires_in,
            official,
            account,
        }
    }
}

/// Sign in with a local account.
///
/// An unknown name and a wrong password read the same and take the same time.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", security(()), request_body = Credentials,
    responses((status = 201, description = "Signed in.", body = SessionView)))]
async fn sign_in(call: Call, body: Form<Credentials>) -> Result<HttpResponse, Problem> {
    let credentials = body.0?.content;
    let password = credentials.password.reveal().to_owned();
    let session = sessions::sign_in(&call.app, credentials.username, password, call.address).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(SessionView::from(session)))
}

/// Renew a session.
///
/// The refresh token is exchanged for a new pair. Shown again within ten seconds, while its successor has not been
/// used, it gives the same successor; shown again later, it ends the session: somebody has a copy.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "sessions", security(()), request_body = RefreshBody,
    responses((status = 200, description = "The next pair.", body = SessionView)))]
async fn refresh_session(call: Call, body: Form<RefreshBody>) -> Result<HttpResponse, Problem> {
    let token = body.0?.content.refresh_token;
    let session = sessions::refresh(&call.app, call.request_id.clone(), token.reveal()).await?;
    Ok(HttpResponse::Ok().json(SessionView::from(session)))
}

/// Where in the list to go on, and how far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SessionsQuery {
    /// Rows on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// One live session.
#[derive(Serialize, ToSchema)]
struct LiveSession {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When its tokens were last renewed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Instant,
    /// When it is over, however much it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
    /// Whether this call was made in it.
    current: bool,
}

/// A page of live sessions, the latest first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "01934f6e-0000-7000-8000-00000000000a", "created_at": "2026-11-23T07:00:00Z", "last_used_at": "2026-11-23T07:10:00Z", "expires_at": "2026-12-23T07:00:00Z", "current": true}], "next_cursor": null}))]
struct LiveSessions {
    #[schema(max_items = 100)]
    items: Vec<LiveSession>,
    next_cursor: Option<String>,
}

impl LiveSession {
    fn of(row: SessionRow, own: SessionId) -> Self {
        Self {
            current: row.id == own,
            id: row.id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        }
    }
}

/// List one's own live sessions.
///
/// The latest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", security(("bearer" = [])), params(SessionsQuery),
    responses((status = 200, description = "A page.", body = LiveSessions)))]
async fn list_sessions(call: Call, query: Query<SessionsQuery>) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    let read = call.app.read(call.request_id.clone(), move |tx, world| {
        let (own, holder) = sessions::check(tx, world, &caller)?;
        let (query, scope) = (query.0?, caller.scope());
        let binding = Binding { route: SESSIONS, caller: &scope, filters: &() };
        let after = query.cursor.map(|text| cursor::open(&world.secret, &binding, &text)).transpose()?;
        let rows = sessions::list(tx, world, holder, after, query.limit.rows() + 1)?;
        let page = Page::of(rows, query.limit.rows(), |row| row.id);
        let next_cursor = page.next.map(|id| cursor::seal(&world.secret, &binding, &id)).transpose()?;
        let items = page.items.into_iter().map(|row| LiveSession::of(row, own)).collect();
        Ok(LiveSessions { items, next_cursor })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}

/// Sign out.
///
/// The session ends with all its tokens, this one included, at once.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", security(("bearer" = [])),
    responses((status = 204, description = "Signed out.")))]
async fn sign_out(call: Call) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    let write = move |tx: &mut _, world: &_| sessions::end(tx, world, &caller, None);
    call.app.write(call.request_id.clone(), write).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End one of one's own sessions.
///
/// Such as that of a telephone that was lost.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The session.")),
    responses((status = 204, description = "Ended.")))]
async fn end_session(call: Call, id: PathId<SessionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    let id = id.0?;
    let write = move |tx: &mut _, world: &_| sessions::end(tx, world, &caller, Some(id));
    call.app.write(call.request_id.clone(), write).await?;
    Ok(HttpResponse::NoContent().finish())
}
