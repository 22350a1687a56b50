//! Who was urged, and how long the answer took.

use actix_web::{
    HttpResponse,
    web::{ServiceConfig, get, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Limit, Query},
    lists::answer,
    openapi::DayOrInstant,
    problem::Problem,
    views::AgencyRef,
};
use crate::{
    app::{
        urgings::{self, Asked, Page, Urged},
        when::When,
    },
    domain::{
        id::{AgencyId, EventId, OfficialId, PetitionId},
        time::Instant,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_urgings))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/urgings").route(get().to(list_urgings)));
}

/// Which urgings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UrgingsQuery {
    /// Whether a progress note has answered it.
    answered: Option<bool>,
    /// This agency was urged.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// Urged then or later: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-11-01")]
    from: Option<When>,
    /// Urged before: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-12-01")]
    to: Option<When>,
    /// As it stood at this instant, or at the end of this day: an answer that came later does not count.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-11-30")]
    as_of: Option<When>,
    /// As it was known at this instant, or at the end of this day: what was recorded later is left out.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-11-30")]
    recorded_by: Option<When>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same question.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// An urging, and how long its answer took.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000031", "petition_id": "01934f6e-0000-7000-8000-000000000003", "petition_code": "KN-7Q4M2K9XA", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "official_id": null, "urged_at": "2026-11-23T03:00:00Z", "answer_id": "01934f6e-0000-7000-8000-000000000032", "answered_at": "2026-11-25T02:00:00Z", "seconds": 169200, "working_seconds": 21600, "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003/events"}))]
struct UrgingView {
    /// The event of the urging, which a progress note names as `answers`.
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    petition_code: String,
    /// The agency that was urged, or that had the petition of an urged official.
    agency: Option<AgencyRef>,
    /// The official who was urged, where one was named.
    #[schema(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
    #[schema(value_type = String, format = DateTime)]
    urged_at: Instant,
    /// The first note that answered it.
    #[schema(value_type = Option<uuid::Uuid>)]
    answer_id: Option<EventId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Instant>,
    /// Until the answer, or so far.
    seconds: i64,
    /// The working time among them.
    working_seconds: i64,
    /// The history in which both stand.
    href: String,
}

/// A page of urgings, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "items": [], "next_cursor": null}))]
struct UrgingsView {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 100)]
    items: Vec<UrgingView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl From<Urged> for UrgingView {
    fn from(urged: Urged) -> Self {
        let row = urged.row;
        let agency = row.agency_id.zip(urged.agency);
        Self {
            id: row.event_id,
            petition_id: row.petition_id,
            petition_code: urged.code,
            agency: agency.map(|(id, name)| AgencyRef { id, code: name.code, name: name.name }),
            official_id: row.official_id,
            urged_at: row.urged_at,
            answer_id: row.answer_id,
            answered_at: row.answered_at,
            seconds: urged.seconds,
            working_seconds: urged.working_seconds,
            href: format!("/v1/petitions/{}/events", row.petition_id),
        }
    }
}

impl From<Page> for UrgingsView {
    fn from(page: Page) -> Self {
        let items = page.items.into_iter().map(UrgingView::from).collect();
        Self { as_of: page.as_of, recorded_by: page.recorded_by, items, next_cursor: page.next_cursor }
    }
}

/// List urgings and their answers.
///
/// Of petitions the caller may see, the latest first, each with the time to its answer: elapsed, and in working hours.
#[utoipa::path(get, path = "/v1/urgings", tag = "overdue", security(("bearer" = [])), params(UrgingsQuery),
    responses((status = 200, description = "A page.", body = UrgingsView)))]
pub(super) async fn list_urgings(call: Call, query: Query<UrgingsQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let asked = Asked {
            answered: query.answered,
            agency_id: query.agency_id,
            from: query.from,
            to: query.to,
            subtree: query.subtree,
            as_of: query.as_of,
            recorded_by: query.recorded_by,
        };
        let (cursor, limit) = (query.cursor.as_deref(), query.limit.rows());
        urgings::list(tx, world, reader, &asked, cursor, limit).map(UrgingsView::from)
    })
    .await
}
