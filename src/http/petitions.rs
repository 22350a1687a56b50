//! Petitions come in and are read.

mod deadlines;
mod events;
mod holders;
mod past;
mod receipt;
mod submission;

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Form, IdempotencyKey, PathId, Query},
    problem::Problem,
    views::PetitionView,
};
use crate::{
    app::{
        caller::Caller,
        past::look,
        reading,
        submission::{Accepted, Incoming, submit},
    },
    domain::id::PetitionKey,
    store::petitions::SubmitterRow,
};
pub(super) use deadlines::{Explanations, explain_deadlines};
pub(super) use events::list_events;
pub(super) use holders::list_holders;
use past::PastQuery;
use receipt::Receipt;
use submission::SubmissionBody;

#[derive(OpenApi)]
#[openapi(paths(
    submit_petition,
    read_petition,
    events::list_events,
    deadlines::explain_deadlines,
    holders::list_holders,
    read_submitter
))]
pub(super) struct Api;

/// Submit a petition.
///
/// A citizen needs no account: the answer holds the code and the access key to follow it by. An intake officer
/// registers on behalf of somebody, with channel, day of receipt and incoming number. A phone's own
/// `client_reference` makes a retry harmless for ever.
#[utoipa::path(post, path = "/v1/petitions", tag = "petitions", security((), ("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Makes a repeated request have one effect; without a token a UUID.", max_length = 70)),
    request_body = SubmissionBody,
    responses((status = 201, description = "Received.", body = Receipt,
        headers(("Location" = String, description = "Where to follow it."), ("ETag" = String, description = "Its version.")))))]
pub(super) async fn submit_petition(
    call: Call,
    key: IdempotencyKey,
    body: Form<SubmissionBody>,
) -> Result<HttpResponse, Problem> {
    let caller = call.anyone()?;
    let citizen = !matches!(caller, Caller::Official(_) | Caller::SignedIn(..));
    let anonymous = matches!(caller, Caller::Anonymous | Caller::Tracker(_));
    let (submission, fingerprint) = match body.0 {
        Ok(filled) => (Ok(filled.content.into()), filled.fingerprint.to_vec()),
        Err(error) => (Err(error), Vec::new()),
    };
    let key = key.optional(anonymous).map(|key| key.map(|key| call.key(&caller, key, &fingerprint)));
    let incoming = Incoming { caller, submission, key };
    let written = call.app.write(call.request_id.clone(), move |tx, world| {
        let accepted: Accepted = submit(tx, world, &incoming)?;
        Receipt::of(tx, world, accepted, citizen)
    });
    Ok(written.await?.answer())
}

/// Read a petition.
///
/// With what its reader may do now; the ETag is its version, send it back as `If-Match`. With `as_of` or `recorded_by`
/// as it stood then: without actions, without ETag, and absent before its first entry and for whoever might not have
/// seen it then.
#[utoipa::path(get, path = "/v1/petitions/{id}", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), PastQuery),
    responses((status = 200, description = "The petition.", body = PetitionView,
        headers(("ETag" = String, description = "Its version; not of a petition as it stood.")))))]
pub(super) async fn read_petition(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, language) = (id.0?, call.language);
    let view = call.read(move |tx, world| {
        let reading = look(tx, world, &caller, id, query.0.map(Into::into))?.reading;
        Ok(PetitionView::of(&reading, world.rules(), language))
    });
    let view = view.await?;
    let mut reply = HttpResponse::Ok();
    if view.as_of.is_none() {
        reply.insert_header((header::ETAG, view.etag()));
    }
    reply.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    Ok(reply.json(view))
}

/// Who submitted a petition. Each reading of it is logged.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"anonymous": false, "full_name": "Nguyễn Văn A", "phone": "0912345678"}))]
struct SubmitterView {
    anonymous: bool,
    full_name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    id_document_type: Option<String>,
    id_document_number: Option<String>,
    organisation: Option<String>,
    tax_code: Option<String>,
}

/// Read who submitted a petition.
///
/// For those who need it; a denouncer and whoever asked for secrecy only for intake and coordination. Each
/// reading is logged with who, when and in which role.
#[utoipa::path(get, path = "/v1/petitions/{id}/submitter", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition.")),
    responses((status = 200, description = "The submitter.", body = SubmitterView)))]
pub(super) async fn read_submitter(call: Call, id: PathId<PetitionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let written = call
        .app
        .write(call.request_id.clone(), move |tx, world| reading::read_submitter(tx, world, &caller, id));
    let view = SubmitterView::of(written.await?);
    tracing::info!(target: "security", event = "personal data read", "who read what stands under the request id");
    Ok(HttpResponse::Ok().json(view))
}

impl SubmitterView {
    fn of(row: Option<SubmitterRow>) -> Self {
        let Some(row) = row else {
            return Self {
                anonymous: true,
                full_name: None,
                phone: None,
                email: None,
                address: None,
                id_document_type: None,
                id_document_number: None,
                organisation: None,
                tax_code: None,
            };
        };
        Self {
            anonymous: false,
            full_name: row.full_name,
            phone: row.phone,
            email: row.email,
            address: row.address,
            id_document_type: row.id_document_type,
            id_document_number: row.id_document_number,
            organisation: row.organisation,
            tax_code: row.tax_code,
        }
    }
}
