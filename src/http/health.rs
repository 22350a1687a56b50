//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{Edge, auth::Call, problem::Problem};
use crate::{
    app::{App, Error, attestation::Attesting, watch},
    domain::time::Instant,
};

/// Days before the end of the calendar at which readiness begins to warn.
const HORIZON_WARNING_DAYS: i64 = 60;
/// How long the database may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// Seconds after which background work that does not show, or an event that still waits, is worth a look.
const STALLED: i64 = 60;

#[derive(OpenApi)]
#[openapi(paths(livez, readyz, jwks, attestation_keys))]
pub(super) struct Api;

/// That the process runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    #[schema(example = "ok")]
    status: &'static str,
}

/// That requests can be served.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "now": "2026-11-23T07:00:00Z", "queue": {"events": 0, "oldest_seconds": 0, "writes": 0}, "warnings": []}))]
struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
    /// The time of the domain; in a sandbox it can be turned.
    #[schema(value_type = String, format = DateTime)]
    now: Instant,
    queue: QueueDepth,
    /// What an operator should look at, though requests are served.
    #[schema(max_items = 10)]
    warnings: Vec<OperatorWarning>,
}

/// What waits.
#[derive(Serialize, ToSchema)]
struct QueueDepth {
    /// Events without a place in the whole log.
    events: i64,
    /// How long the first of them has waited.
    oldest_seconds: i64,
    /// Writes on their way to a SQLite file.
    writes: u32,
}

/// Something an operator should look at.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"code": "calendar_ends_soon", "detail": "The calendar of 2027 is not loaded: deadlines there are provisional."}))]
struct OperatorWarning {
    #[schema(example = "calendar_ends_soon")]
    code: &'static str,
    /// For people.
    detail: String,
}

/// Tell whether the process runs.
///
/// Never asks the database.
#[utoipa::path(get, path = "/livez", tag = "operator", security(()),
    responses((status = 200, description = "The process runs.", body = Alive)))]
pub(super) async fn livez() -> web::Json<Alive> {
    web::Json(Alive { status: "ok" })
}

/// Tell whether requests can be served.
///
/// 503 while the database does not answer within a second or its tables are older than the program, and from the moment the server was told to stop. A calendar that ends soon, or background work that stalls, is a warning, never a 503.
#[utoipa::path(get, path = "/readyz", tag = "operator", security(()),
    responses((status = 200, description = "Requests can be served.", body = Readiness)))]
pub(super) async fn readyz(call: Call, edge: web::Data<Edge>) -> Result<HttpResponse, Problem> {
    if edge.leaving.has_begun() {
        return Err(Error::Unavailable.into());
    }
    let asked = tokio::time::timeout(ANSWER_TIME, readiness(&call.app)).await;
    let readiness = asked.map_err(|_| Error::Unavailable)??;
    Ok(HttpResponse::build(StatusCode::OK).json(readiness))
}

async fn readiness(app: &App) -> Result<Readiness, Error> {
    if !app.db().is_up_to_date().await? {
        return Err(Error::Unavailable);
    }
    let waiting = watch::waiting(app).await?;
    let (now, calendar) = app
        .read(None, |_, world| {
            let soon = world.now.day(world.zone()).plus_days(HORIZON_WARNING_DAYS);
            Ok((world.now, (!world.calendar().is_covered(soon)).then(|| soon.date().year())))
        })
        .await?;
    let writes = app.db().load().waiting_writes;
    let queue = QueueDepth { events: waiting.events, oldest_seconds: waiting.oldest_seconds, writes };
    Ok(Readiness { status: "ok", now, queue, warnings: warnings(app, calendar, waiting.oldest_seconds) })
}

/// What to tell the operator, from the year without a calendar and the age of the oldest event that waits.
fn warnings(app: &App, year: Option<i16>, oldest: i64) -> Vec<OperatorWarning> {
    let calendar = year.map(|year| OperatorWarning {
        code: "calendar_ends_soon",
        detail: format!("The calendar of {year} is not loaded: deadlines there are provisional."),
    });
    let stalled = app.seconds_since_beat().filter(|age| *age > STALLED).map(|age| OperatorWarning {
        code: "jobs_stalled",
        detail: format!("No background work has run for {age} seconds."),
    });
    let grows = (oldest > STALLED).then(|| OperatorWarning {
        code: "queue_grows",
        detail: format!("An event has waited {oldest} seconds for its number."),
    });
    calendar.into_iter().chain(stalled).chain(grows).collect()
}

/// Read the public keys of our access tokens.
///
/// A JWK set (RFC 7517), for other services that check our tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "operator", security(()),
    responses((status = 200, description = "The keys.", body = Object, example = json!({"keys": []}))))]
pub(super) async fn jwks(call: Call) -> Result<HttpResponse, Problem> {
    let keys = call.app.keys().jwks()?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(keys))
}

/// Read the keys that signed frozen reports and exports.
///
/// As a JWK set (RFC 7517): `iat` since when a key signs, `exp` since when it does no more, both in
/// seconds, and `revoked` where it may have been known to somebody. Tokens are checked by /.well-known/jwks.json
/// alone.
#[utoipa::path(get, path = "/.well-known/attestation-keys.json", tag = "operator", security(()),
    responses((status = 200, description = "The keys, the newest first.", body = Object, example = json!({"keys": []}))))]
pub(super) async fn attestation_keys(call: Call) -> Result<HttpResponse, Problem> {
    let keys = call.read(|tx, _| Attesting::load(tx)).await?.jwks()?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(keys))
}
