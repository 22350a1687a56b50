//! Who changed agencies, fields, officials, grants, rules, the calendar and the thresholds of reminders.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    app::{
        Error,
        administration::events,
        cursor::{self, Binding},
        history::{Subject, hex},
        public::Page,
    },
    domain::{
        id::{AgencyId, EventId, OfficialId},
        refusal::FieldError,
        time::Instant,
        vocabulary::Role,
    },
    http::{
        auth::Call,
        extract::{Limit, Query, Short},
        openapi::open_code,
        problem::{Problem, ProblemDocument},
    },
    store::events::other::OtherEvent,
};

#[derive(OpenApi)]
#[openapi(paths(list_changes))]
pub(super) struct Api;

const EVENTS: &str = "/v1/events";

/// What has a history besides petitions.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SubjectKind {
    Agency,
    Field,
    Official,
    Grant,
    Rule,
    Calendar,
    ReminderThreshold,
}

/// Whose history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// Of which kind it is.
    #[param(inline)]
    subject_kind: SubjectKind,
    /// Its id; of a field or a threshold its code, of the calendar `calendar`.
    #[param(value_type = String, max_length = 64)]
    subject: Short<64>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same subject.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000011", "sequence": 1, "type": "grant", "actor": {"role": "admin", "official_id": "01934f6e-0000-7000-8000-000000000004", "agency_id": "01934f6e-0000-7000-8000-000000000000", "position": "Quản trị viên"}, "recorded_at": "2026-11-23T07:00:00Z", "request_id": "01934f6e", "facts": {"role": "intake"}, "hash": "9f86d081"}))]
struct ChangeView {
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    /// Counts from 1 without a gap: the version the subject had afterwards.
    sequence: u32,
    /// What was done: `creation`, `change`, `dissolution`, `succession`, `disabling`, `enabling`, `password-reset`, `grant`,
    /// `revocation`, `ending`.
    #[serde(rename = "type")]
    name: String,
    actor: ActorView,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
    request_id: Option<String>,
    /// What it was changed to, as far as it was not erased.
    #[schema(value_type = Object)]
    facts: serde_json::Value,
    /// The link of the chain, in hexadecimal.
    hash: String,
}

/// Who did it, in which capacity, with agency and position as they were then; the role `system` at the command line.
#[derive(Debug, Serialize, ToSchema)]
struct ActorView {
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    #[schema(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    position: Option<String>,
}

/// A page of a history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "01934f6e-0000-7000-8000-000000000011", "sequence": 1, "type": "grant", "actor": {"role": "admin", "official_id": "01934f6e-0000-7000-8000-000000000004", "agency_id": "01934f6e-0000-7000-8000-000000000000", "position": "Quản trị viên"}, "recorded_at": "2026-11-23T07:00:00Z", "request_id": "01934f6e", "facts": {"role": "intake"}, "hash": "9f86d081"}], "next_cursor": null}))]
struct ChangesView {
    #[schema(max_items = 100)]
    items: Vec<ChangeView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl From<OtherEvent> for ChangeView {
    fn from(event: OtherEvent) -> Self {
        Self {
            id: event.id,
            sequence: event.sequence,
            name: event.name,
            actor: ActorView {
                role: event.actor.role,
                official_id: event.actor.official,
                agency_id: event.actor.agency,
                position: event.actor.position,
            },
            recorded_at: event.at,
            request_id: event.request_id,
            facts: event.facts,
            hash: hex(&event.hash),
        }
    }
}

fn subject(kind: SubjectKind, text: String) -> Result<Subject, Error> {
    let not_a_uuid =
        || Error::BadParameter(FieldError::new("subject", "not_a_uuid", "Cần một UUID.", "Needs a UUID."));
    Ok(match kind {
        SubjectKind::Field => Subject::Field(text),
        SubjectKind::Rule => Subject::Rule(text),
        SubjectKind::Calendar if text == "calendar" => Subject::Calendar,
        SubjectKind::Calendar => return Err(Error::NotFound),
        SubjectKind::ReminderThreshold => Subject::Threshold(text),
        SubjectKind::Agency => Subject::Agency(text.parse().map_err(|_| not_a_uuid())?),
        SubjectKind::Official => Subject::Official(text.parse().map_err(|_| not_a_uuid())?),
        SubjectKind::Grant => Subject::Grant(text.parse().map_err(|_| not_a_uuid())?),
    })
}

/// Read who changed something.
///
/// The history of an agency, a field, an official, a grant, a deadline rule, the calendar or a threshold of reminders, the
/// first change first. For administrators and auditors whose rights reach it.
#[utoipa::path(get, path = "/v1/events", tag = "administration", security(("bearer" = [])), params(ChangesQuery),
    responses((status = 200, description = "A page.", body = ChangesView),
        (status = 404, description = "There is no such subject within reach.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn list_changes(call: Call, query: Query<ChangesQuery>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        let reader = events::Reader::of(tx, world, &caller)?;
        let query = query.0?;
        let (subject, limit) = (subject(query.subject_kind, query.subject.0)?, query.limit.rows());
        let (scope, filters) = (caller.scope(), (subject.kind(), subject.id()));
        let binding = Binding { route: EVENTS, caller: &scope, filters: &filters };
        let after = query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = events::list(tx, &reader, &subject, after.unwrap_or(0), limit + 1)?;
        let page = Page::of(rows, limit, |event| event.sequence);
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(ChangesView { items: page.items.into_iter().map(ChangeView::from).collect(), next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}
