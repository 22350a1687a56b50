//! Petitions come in and are read.

mod receipt;
mod submission;

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Form, IdempotencyKey, PathId},
    openapi::open_code,
    problem::Problem,
    views::{ClockView, PetitionView},
};
use crate::{
    app::{
        Error,
        caller::Caller,
        reading,
        submission::{Accepted, Incoming, submit},
    },
    domain::{
        calendar::StepCode,
        clock::Ledger,
        id::{EventId, PetitionKey},
        time::{Day, Instant},
        vocabulary::{Language, Role},
    },
    store::{events, petitions::SubmitterRow},
};
use receipt::Receipt;
use submission::SubmissionBody;

#[derive(OpenApi)]
#[openapi(paths(submit_petition, read_petition, list_events, explain_deadlines, read_submitter))]
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
/// With what its reader may do now. The ETag is its version; send it back as `If-Match`.
#[utoipa::path(get, path = "/v1/petitions/{id}", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition.")),
    responses((status = 200, description = "The petition.", body = PetitionView,
        headers(("ETag" = String, description = "Its version.")))))]
pub(super) async fn read_petition(call: Call, id: PathId<PetitionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, language) = (id.0?, call.language);
    let view = call
        .app
        .read(call.request_id.clone(), move |tx, world| {
            let reading = reading::read(tx, world, &caller, id, None)?;
            Ok(PetitionView::of(&reading, world.rules(), language))
        })
        .await?;
    let mut reply = HttpResponse::Ok();
    reply
        .insert_header((header::ETAG, view.etag()))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    Ok(reply.json(view))
}

/// One entry of a petition's history.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "sequence": 2, "type": "classification", "role": "coordinator", "position": "Chuyên viên", "on_behalf_of": null, "occurred_at": "2026-11-13T02:00:00Z", "recorded_at": "2026-11-13T02:00:00Z", "to": "classified", "round": 1, "facts": {}, "hash": "9f2c…"}))]
struct EventView {
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    sequence: u32,
    /// The action, or `registration`, `import`, `import-update`, `survival`, `succession`.
    #[serde(rename = "type")]
    type_name: &'static str,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    position: Option<String>,
    on_behalf_of: Option<String>,
    /// The event that led to it: of another petition, or of an agency that was closed.
    #[schema(value_type = Option<uuid::Uuid>)]
    caused_by: Option<EventId>,
    /// When it took effect.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Instant,
    /// When we learnt it.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
    #[schema(schema_with = open_code::<crate::domain::vocabulary::State>)]
    to: crate::domain::vocabulary::State,
    round: u32,
    /// What was carried along; texts by reference and salted digest.
    #[schema(value_type = Object)]
    facts: serde_json::Value,
    /// Hexadecimal; over the hash before it and the canonical bytes of this event.
    hash: String,
    /// Its place in the whole log, once numbered.
    position_in_log: Option<i64>,
}

/// A petition's history.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": []}))]
struct EventList {
    #[schema(max_items = 10000)]
    items: Vec<EventView>,
}

/// Read a petition's history.
///
/// In order; each entry with the two times, who acted in which capacity, and its link of the hash chain.
#[utoipa::path(get, path = "/v1/petitions/{id}/events", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition.")),
    responses((status = 200, description = "The history.", body = EventList)))]
pub(super) async fn list_events(call: Call, id: PathId<PetitionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let items = call
        .app
        .read(call.request_id.clone(), move |tx, world| {
            let visible = reading::visible_history(tx, world, &caller, id)?;
            let hidden: Vec<String> = visible.hidden.iter().map(ToString::to_string).collect();
            let view = |stored| EventView::of(stored, &hidden);
            visible.events.into_iter().map(view).collect::<Result<Vec<_>, Error>>()
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .json(EventList { items }))
}

impl EventView {
    fn of(stored: events::StoredEvent, hidden: &[String]) -> Result<Self, Error> {
        let event = stored.event;
        let mut act = serde_json::to_value(&event.record.act).map_err(Error::internal)?;
        let whole = act.clone();
        leave_out(&mut act, hidden);
        Ok(Self {
            // What leads to a petition that the reader may not see is left out.
            caused_by: event.caused_by.filter(|_| act == whole),
            id: event.id,
            sequence: event.sequence,
            type_name: event.record.act.name(),
            role: event.actor.role,
            position: event.actor.position,
            on_behalf_of: event.on_behalf_of,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            to: event.record.to,
            round: event.record.round,
            facts: act.get("facts").cloned().unwrap_or_default(),
            hash: crate::app::history::hex(&stored.hash),
            position_in_log: stored.position,
        })
    }
}

/// Leaves out every mention of these ids: one alone reads as absent, in a list it is not there.
fn leave_out(value: &mut serde_json::Value, hidden: &[String]) {
    let is_hidden =
        |value: &serde_json::Value| value.as_str().is_some_and(|text| hidden.iter().any(|id| id == text));
    match value {
        serde_json::Value::Array(items) => {
            items.retain(|item| !is_hidden(item));
            items.iter_mut().for_each(|item| leave_out(item, hidden));
        }
        serde_json::Value::Object(members) => {
            members.values_mut().for_each(|member| leave_out(member, hidden))
        }
        other if is_hidden(other) => *other = serde_json::Value::Null,
        _ => {}
    }
}

/// One step of the derivation of a deadline.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"code": "skipped", "day": "2026-11-24", "until": null, "text": "24/11/2026: Ngày Văn hóa Việt Nam"}))]
struct StepView {
    #[schema(value_type = String)]
    code: StepCode,
    #[schema(value_type = String, format = Date)]
    day: Day,
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    text: String,
}

/// A clock with its derivation.
#[derive(Serialize, ToSchema)]
struct ExplainedClock {
    clock: ClockView,
    #[schema(max_items = 1000)]
    explanation: Vec<StepView>,
}

/// How every deadline of a petition came about.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"clocks": []}))]
struct Explanations {
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    #[schema(max_items = 100)]
    clocks: Vec<ExplainedClock>,
}

/// Explain a petition's deadlines.
///
/// For each clock: rule and legal basis, start, every day skipped and why, pauses, extensions, end.
#[utoipa::path(get, path = "/v1/petitions/{id}/deadlines", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition.")),
    responses((status = 200, description = "The derivations.", body = Explanations)))]
pub(super) async fn explain_deadlines(call: Call, id: PathId<PetitionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, language) = (id.0?, call.language);
    let explained = call
        .app
        .read(call.request_id.clone(), move |tx, world| {
            let reading = reading::read(tx, world, &caller, id, None)?;
            let ops = &reading.case.clock_ops;
            let clocks = reading.clocks.iter().map(|clock| {
                let steps = Ledger::explain(ops, world.rules(), world.calendar(), clock.round, clock.stage);
                let explanation = steps.into_iter().map(|step| StepView {
                    code: step.code,
                    day: step.day,
                    until: step.until,
                    text: if language == Language::Vi { step.words.vi } else { step.words.en },
                });
                let clock = ClockView::of(clock, reading.now, world.rules());
                ExplainedClock { clock, explanation: explanation.collect() }
            });
            Ok(Explanations {
                promised_due_at: reading.case.registration.promised_due_at,
                clocks: clocks.collect(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(explained))
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
