//! A citizen follows his own petitions by code and access key, and does what is his to do.

mod views;

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, ServiceConfig, post, resource},
};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::{
    actions::{Demand, demanded},
    auth::Call,
    bodies::{RatingBody, ReconsiderationRequestBody, SupplementBody, WithdrawalBody},
    extract::Form,
    problem::{Problem, ProblemDocument},
};
use crate::{
    app::{
        actions::Request,
        tracking::{self, Proof},
    },
    domain::{id::Id, vocabulary::Action},
};
pub(super) use views::TrackedFaceView;
use views::{TrackedListView, TrackedView, TrackingToken};

/// A code with the key that was given out for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "access_key": "8F3KD-22MQX-7PZ0T-W4RVC-A"}))]
struct ProofBody {
    /// As printed; case, spaces and hyphens do not matter.
    #[schema(min_length = 1, max_length = 64)]
    code: String,
    /// As printed; a key that the phone made, exactly as it was digested.
    #[schema(min_length = 1, max_length = 200)]
    access_key: String,
}

/// The petitions to follow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"code": "KN-7Q4M2K9XA", "access_key": "8F3KD-22MQX-7PZ0T-W4RVC-A"}]}))]
pub(super) struct TrackingBody {
    #[schema(min_items = 1, max_items = 20)]
    items: Vec<ProofBody>,
}

impl From<TrackingBody> for Vec<Proof> {
    fn from(body: TrackingBody) -> Self {
        body.items.into_iter().map(Proof::from).collect()
    }
}

impl From<ProofBody> for Proof {
    fn from(body: ProofBody) -> Self {
        Self { code: body.code, access_key: body.access_key }
    }
}

/// Show the keys of petitions.
///
/// One token for all petitions whose keys fit. An unknown code and a wrong key read the same; where none fits the
/// answer is 404.
#[utoipa::path(post, path = "/v1/tracking", tag = "tracking", security(()), request_body = TrackingBody,
    responses((status = 200, description = "The token.", body = TrackingToken),
        (status = 404, description = "None of the keys fits.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn open_tracking(call: Call, body: Form<TrackingBody>) -> Result<HttpResponse, Problem> {
    let proofs = body.0?.content.into();
    let opened = tracking::open(&call.app, call.request_id.clone(), proofs, call.address).await?;
    Ok(HttpResponse::Ok().json(TrackingToken::from(opened)))
}

/// List the petitions that the token opens.
///
/// The latest received first, all on one page.
#[utoipa::path(get, path = "/v1/tracking/petitions", tag = "tracking", security(("bearer" = [])),
    responses((status = 200, description = "The petitions.", body = TrackedListView)))]
pub(super) async fn list_tracked(call: Call) -> Result<HttpResponse, Problem> {
    let (caller, language) = (call.somebody()?, call.language);
    let read =
        call.app.read(call.request_id.clone(), move |tx, world| tracking::list(tx, world, &caller)).await?;
    let items = read.into_iter().map(|face| TrackedFaceView::of(face, language)).collect();
    Ok(HttpResponse::Ok().json(TrackedListView { items }))
}

/// Read one's own petition.
///
/// How it stands, who moves next and by when, what happened, the answer, and what the author may do. The first look at
/// a signed answer is recorded as its delivery; the version stays. The ETag is the version; send it back as `If-Match`.
#[utoipa::path(get, path = "/v1/tracking/petitions/{code}", tag = "tracking", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the petition.", max_length = 64)),
    responses((status = 200, description = "The petition.", body = TrackedView, headers(("ETag" = String, description = "Its version.")))))]
pub(super) async fn read_tracked(call: Call, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    let read = tracking::view(&call.app, call.request_id.clone(), caller, code.into_inner()).await?;
    Ok(answer(TrackedView::of(read, call.language), false))
}

/// The petition with its version.
fn answer(view: TrackedView, replayed: bool) -> HttpResponse {
    let mut reply = HttpResponse::Ok();
    reply.insert_header((header::ETAG, view.etag()));
    reply.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    reply.json(view)
}

/// Does what the author asks for and answers with the petition as it then is.
async fn act<B: Into<Request>>(
    call: Call,
    code: web::Path<String>,
    action: Action,
    demand: Demand,
    body: Form<B>,
) -> Result<HttpResponse, Problem> {
    let caller = call.somebody()?;
    // The code names the petition; it is looked up in the transaction.
    let mut demanded = demanded(&call, caller, Id::new(Uuid::nil()), action, demand, body);
    let code = code.into_inner();
    let (done, tracked) = call
        .app
        .write(call.request_id.clone(), move |tx, world| tracking::act(tx, world, &code, &mut demanded))
        .await?;
    Ok(answer(TrackedView::of(tracked, call.language), done.is_replayed()))
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $handler:ident: $action:ident $path:literal $body:ty, $header:literal $why:literal;)+) => {
        #[derive(OpenApi)]
        #[openapi(paths(open_tracking, list_tracked, read_tracked, $($handler),+))]
        pub(super) struct Api;

        /// The addresses of what an author may do.
        pub(super) fn routes(config: &mut ServiceConfig) {
            config$(.service(resource($path).route(post().to($handler))))+;
        }

        $($(#[doc = $doc])+
        #[utoipa::path(post, path = $path, tag = "tracking", security(("bearer" = [])),
            params(
                ("code" = String, Path, description = "Code of the petition.", max_length = 64),
                ($header = String, Header, description = $why, max_length = 70),
            ),
            request_body = $body,
            responses((status = 200, description = "Done: the petition as it is now.", body = TrackedView,
                headers(("ETag" = String, description = "The new version.")))))]
        async fn $handler(call: Call, code: web::Path<String>, demand: Demand, body: Form<$body>) -> Result<HttpResponse, Problem> {
            act(call, code, Action::$action, demand, body).await
        })+
    };
}

actions! {
    /// Supply what was missing.
    ///
    /// The clock goes on. It may always arrive: no version is needed.
    supply: Supplement "/v1/tracking/petitions/{code}/supplement" SupplementBody, "Idempotency-Key" "Makes a repeated request have one effect.";
    /// Withdraw one's own petition.
    ///
    /// A complaint or denunciation goes on after a recorded request; a group's, until all have withdrawn.
    withdraw_own: Withdrawal "/v1/tracking/petitions/{code}/withdrawal" WithdrawalBody, "If-Match" "The version you saw, such as \"3\".";
    /// Ask for reconsideration.
    ///
    /// Of an answer, a refusal, a merge or a forwarding; somebody who took no part in it decides.
    ask_reconsideration: ReconsiderationRequest "/v1/tracking/petitions/{code}/reconsideration-request" ReconsiderationRequestBody, "If-Match" "The version you saw, such as \"3\".";
    /// Rate the answer.
    ///
    /// Once for each answer.
    rate_answer: Rating "/v1/tracking/petitions/{code}/rating" RatingBody, "Idempotency-Key" "Makes a repeated request have one effect.";
}
