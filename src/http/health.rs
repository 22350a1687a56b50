//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{Edge, auth::Call, problem::Problem};
use crate::{app::Error, domain::time::Instant};

/// Days before the end of the calendar at which readiness begins to warn.
const HORIZON_WARNING_DAYS: i64 = 90;

#[derive(OpenApi)]
#[openapi(paths(livez, readyz, jwks))]
pub(super) struct Api;

/// That the process runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    #[schema(example = "ok")]
    status: &'static str,
}

/// That requests can be served.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "now": "2026-11-23T07:00:00Z", "warnings": []}))]
struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
    /// The time of the domain; in a sandbox it can be turned.
    #[schema(value_type = String, format = DateTime)]
    now: Instant,
    /// What an operator should look at, though requests are served.
    #[schema(max_items = 10)]
    warnings: Vec<String>,
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
/// 503 while the database does not answer, and from the moment the server was told to stop. A calendar that ends soon is a warning, never a 503.
#[utoipa::path(get, path = "/readyz", tag = "operator", security(()),
    responses((status = 200, description = "Requests can be served.", body = Readiness)))]
pub(super) async fn readyz(call: Call, edge: web::Data<Edge>) -> Result<HttpResponse, Problem> {
    if edge.leaving.has_begun() {
        return Err(Error::Unavailable.into());
    }
    call.app.db().ping().await.map_err(Error::from)?;
    let readiness = call
        .app
        .read(None, |_, world| {
            let soon = world.now.day(world.zone()).plus_days(HORIZON_WARNING_DAYS);
            let covered = world.calendar().is_covered(soon);
            let warning = format!(
                "the calendar of {} is not loaded; deadlines there are provisional",
                soon.date().year()
            );
            let warnings = if covered { Vec::new() } else { vec![warning] };
            Ok(Readiness { status: "ok", now: world.now, warnings })
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::OK).json(readiness))
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
