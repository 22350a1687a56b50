//! Who held one petition, and how long.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::past::PastQuery;
use crate::{
    app::explaining::{self, Holding},
    domain::{id::PetitionKey, time::Instant},
    http::{
        auth::Call,
        extract::{PathId, Query},
        problem::Problem,
        views::{AgencyRef, PersonView},
    },
};

/// A stretch in which an open petition lay with one agency and one person.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"round": 1, "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "assigned": true, "person": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}, "from_at": "2026-11-17T08:00:00Z", "to_at": null, "days": 6, "working_days": 4}))]
struct StintView {
    round: u32,
    /// The lead agency; before an assignment and after a decline the intake agency.
    agency: AgencyRef,
    /// Whether it was given to the agency, and not only received there.
    assigned: bool,
    person: Option<PersonView>,
    #[schema(value_type = String, format = DateTime)]
    from_at: Instant,
    /// Null while it still lies there.
    #[schema(value_type = Option<String>, format = DateTime)]
    to_at: Option<Instant>,
    /// From the first day to the last, the first not counted; what still lasts up to the moment looked at.
    days: i64,
    /// The working days among them.
    working_days: i64,
}

/// Who held a petition, the first first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"as_of": null, "recorded_by": null, "hops": 0, "items": []}))]
struct HolderList {
    /// The moment it shows, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// What was recorded later is left out; null where all that is known now counts.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// How often it went from one agency to another within a round.
    hops: usize,
    #[schema(max_items = 10000)]
    items: Vec<StintView>,
}

/// Read who held a petition.
///
/// Each stretch in which it lay open with an agency and a person, how long in days and in working days, and how often it
/// went from one agency to another. With `as_of` or `recorded_by` as it stood then.
#[utoipa::path(get, path = "/v1/petitions/{id}/holders", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), PastQuery),
    responses((status = 200, description = "The stretches.", body = HolderList)))]
pub(in crate::http) async fn list_holders(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let held = call
        .read(move |tx, world| explaining::holding(tx, world, &caller, id, query.0.map(Into::into)))
        .await?;
    let list = HolderList::of(held);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(list))
}

impl HolderList {
    fn of(holding: Holding) -> Self {
        let Holding { past, stints, hops, names: (agencies, people) } = holding;
        let view = |held: explaining::Held| {
            let stint = held.stint;
            let name = agencies.get(&stint.agency).cloned();
            let (code, name) = name.map(|name| (name.code, name.name)).unwrap_or_default();
            let person = |id| {
                let (full_name, position) = people.get(&id).cloned().unwrap_or_default();
                PersonView { id, full_name, position }
            };
            StintView {
                round: stint.round,
                agency: AgencyRef { id: stint.agency, code, name },
                assigned: stint.assigned,
                person: stint.person.map(person),
                from_at: stint.from,
                to_at: stint.to,
                days: held.days.calendar_days,
                working_days: held.days.working_days,
            }
        };
        Self {
            as_of: past.map(|past| past.as_of),
            recorded_by: past.and_then(|past| past.recorded_by),
            hops,
            items: stints.into_iter().map(view).collect(),
        }
    }
}
