//! The clock one can turn, in a sandbox and only there.

use actix_web::HttpResponse;
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{auth::Call, extract::Form, problem::Problem};
use crate::{
    app::{App, Error, caller, clock::NotTurned, installation, routine},
    domain::{
        refusal::{Refusal, Words},
        time::Instant,
        vocabulary::Role,
    },
};

#[derive(OpenApi)]
#[openapi(paths(turn_clock))]
pub(super) struct Api;

/// Where to turn the clock: forward by a duration, or to an instant; one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"advance": "P1DT12H"}))]
pub(super) struct TurnBody {
    /// ISO 8601 duration; a day is 24 hours.
    #[schema(max_length = 64)]
    advance: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    set: Option<Instant>,
}

/// The time of the sandbox.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"now": "2026-11-25T02:00:00Z"}))]
struct SandboxTime {
    #[schema(value_type = String, format = DateTime)]
    now: Instant,
}

/// Turn the sandbox clock forward.
///
/// For administrators, on a sandbox only. The answer comes after the jobs that fell due have run.
#[utoipa::path(post, path = "/v1/sandbox/clock", tag = "sandbox", security(("bearer" = [])), request_body = TurnBody,
    responses((status = 200, description = "The clock was turned.", body = SandboxTime)))]
pub(super) async fn turn_clock(call: Call, body: Form<TurnBody>) -> Result<HttpResponse, Problem> {
    let official = call.official()?;
    let person = call.app.read(None, move |tx, world| caller::person(tx, world, &official)).await?;
    if !person.rights.iter().any(|right| right.role == Role::Admin) {
        return Err(Refusal::Forbidden(Words::new(
            "Việc này thuộc về quản trị.",
            "This is for administrators.",
        ))
        .into());
    }
    let body = body.0?.content;
    let app = App::clone(&call.app);
    let turned = tokio::task::spawn_blocking(move || turn(&app, &body)).await.map_err(Error::internal)?;
    Ok(HttpResponse::Ok().json(SandboxTime { now: turned? }))
}

fn turn(app: &App, body: &TurnBody) -> Result<Instant, Error> {
    let turned = match (&body.advance, body.set) {
        (Some(advance), None) => app.clock().advance(micros(advance)?),
        (None, Some(set)) => app.clock().set(set),
        _ => return Err(one_of_two().into()),
    };
    let now = turned.map_err(|why| Error::Refused(not_turned(why)))?;
    installation::reserve_clock(app)?;
    routine::run_due(app)?;
    Ok(now)
}

fn micros(duration: &str) -> Result<i64, Refusal> {
    let span: Option<Span> = duration.parse().ok();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    length.and_then(|length| i64::try_from(length.as_micros()).ok()).ok_or_else(|| {
        Refusal::field(
            "/advance",
            "not_a_duration",
            "Cần khoảng thời gian ISO 8601, ví dụ PT36H.",
            "Needs an ISO 8601 duration, such as PT36H.",
        )
    })
}

fn one_of_two() -> Refusal {
    Refusal::field(
        "/advance",
        "one_of",
        "Nêu advance hoặc set, một trong hai.",
        "Give advance or set, one of the two.",
    )
}

fn not_turned(why: NotTurned) -> Refusal {
    match why {
        NotTurned::Real => Refusal::guard(
            "not_a_sandbox",
            "Chỉ hệ thống thử nghiệm mới chỉnh được đồng hồ.",
            "Only a sandbox has a clock to turn.",
        ),
        NotTurned::Backwards => {
            Refusal::field("/set", "backwards", "Đồng hồ không quay ngược.", "The clock never goes back.")
        }
    }
}
