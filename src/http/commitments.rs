//! Promises made in replies, when they are due, and whether they were kept.

use actix_web::{
    HttpResponse,
    web::{ServiceConfig, get, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Limit, Query},
    lists::{answer, query::Structures},
    openapi::{DayOrInstant, open_code},
    problem::Problem,
    views::{AgencyRef, PersonView},
};
use crate::{
    app::{
        commitments::{self, Asked, Page, Promise},
        structure::Structure,
        when::When,
    },
    domain::{
        commitments::Keeping,
        id::{AgencyId, PetitionId},
        time::{Day, Instant},
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_commitments))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/commitments").route(get().to(list_commitments)));
}

/// Which promises are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CommitmentsQuery {
    /// Made in replies to this petition.
    #[param(value_type = Option<uuid::Uuid>)]
    petition_id: Option<PetitionId>,
    /// Of petitions with this agency: the lead agency, before an assignment the intake agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// What is below an agency: as it was at the moment looked at, or, with `now`, by its successors of today.
    #[param(value_type = Structures, inline, required = false, example = "then")]
    structure: Option<Structure>,
    /// Due on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    due_from: Option<Day>,
    /// Due before this day.
    #[param(value_type = Option<String>, format = Date)]
    due_to: Option<Day>,
    /// As it stood at this instant, or at the end of this day.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-12-31")]
    as_of: Option<When>,
    /// As it was known at this instant, or at the end of this day: what was recorded later is left out.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-12-31")]
    recorded_by: Option<When>,
    /// Rows on a page, which may hold fewer.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same question.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// A promise, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"petition_id": "01934f6e-0000-7000-8000-000000000003", "petition_code": "KN-7Q4M2K9XA", "round": 1, "revision": 1, "promised_at": "2026-11-23T03:00:00Z", "text": "Thay 120 m cống D400", "due_on": "2027-03-31", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "person": null, "keeping": "to_come", "settled_at": null, "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003"}))]
struct PromiseView {
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    petition_code: String,
    round: i32,
    /// The number of the revision of the reply that made it.
    revision: i32,
    /// When that revision was signed.
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_at: Option<Instant>,
    /// The words of the promise; null once they were erased.
    text: Option<String>,
    /// The last day in time.
    #[schema(value_type = String, format = Date)]
    due_on: Day,
    /// Who is to keep it: the agency that the reply names, else the one that has the petition.
    agency: AgencyRef,
    /// The official whom the reply names.
    person: Option<PersonView>,
    /// Told by the later revisions of the same reply alone: `kept` one said by that day that it is resolved, `kept_late`
    /// one said so later, `replaced` the next one says something else, `broken` the day is over and nothing was said,
    /// `to_come`.
    #[schema(schema_with = open_code::<Keeping>)]
    keeping: Keeping,
    /// When it was kept or replaced.
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Instant>,
    href: String,
}

/// A page of promises, the first due first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "items": [], "next_cursor": null}))]
struct CommitmentList {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 100)]
    items: Vec<PromiseView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl From<Promise> for PromiseView {
    fn from(promise: Promise) -> Self {
        let row = promise.row;
        let (code, name) = promise.agency.map(|agency| (agency.code, agency.name)).unwrap_or_default();
        let person = |(id, (full_name, position))| PersonView { id, full_name, position };
        Self {
            petition_id: row.petition_id,
            petition_code: promise.code,
            round: row.round,
            revision: row.number,
            promised_at: row.approved_at,
            text: promise.text,
            due_on: row.due_on,
            agency: AgencyRef { id: promise.agency_id, code, name },
            person: promise.person.map(person),
            keeping: promise.keeping,
            settled_at: promise.settled_at,
            href: format!("/v1/petitions/{}", row.petition_id),
        }
    }
}

impl From<Page> for CommitmentList {
    fn from(page: Page) -> Self {
        let items = page.items.into_iter().map(PromiseView::from).collect();
        Self { as_of: page.as_of, recorded_by: page.recorded_by, items, next_cursor: page.next_cursor }
    }
}

/// List promises made in replies.
///
/// Of petitions the caller may see, then and now, the first due first: what was promised in a signed reply, until when,
/// by whom, and whether it was kept, as far as a later revision of the reply says so.
#[utoipa::path(get, path = "/v1/commitments", tag = "overdue", security(("bearer" = [])), params(CommitmentsQuery),
    responses((status = 200, description = "A page.", body = CommitmentList)))]
pub(super) async fn list_commitments(
    call: Call,
    query: Query<CommitmentsQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let asked = Asked {
            petition_id: query.petition_id,
            agency_id: query.agency_id,
            subtree: query.subtree,
            structure: query.structure,
            due_from: query.due_from,
            due_to: query.due_to,
            as_of: query.as_of,
            recorded_by: query.recorded_by,
        };
        let (cursor, limit) = (query.cursor.as_deref(), query.limit.rows());
        commitments::list(tx, world, reader, &asked, cursor, limit).map(CommitmentList::from)
    })
    .await
}
