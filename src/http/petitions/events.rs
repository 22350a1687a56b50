//! The history of one petition.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::past::PastQuery;
use crate::{
    app::{Error, history::hex, past::visible_history},
    domain::{
        id::{AgencyId, EventId, OfficialId, PetitionKey},
        time::Instant,
        vocabulary::{Role, State},
    },
    http::{
        auth::Call,
        extract::{PathId, Query},
        openapi::open_code,
        problem::Problem,
    },
    store::events::StoredEvent,
};

/// One entry of a petition's history.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "sequence": 2, "type": "classification", "role": "coordinator", "official_id": "01934f6e-0000-7000-8000-000000000002", "agency_id": "01934f6e-0000-7000-8000-000000000001", "position": "Chuyên viên", "on_behalf_of": null, "occurred_at": "2026-11-13T02:00:00Z", "recorded_at": "2026-11-13T02:00:00Z", "to": "classified", "round": 1, "facts": {}, "hash": "9f2c…"}))]
struct EventView {
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    sequence: u32,
    /// The action, or `registration`, `import`, `import-update`, `survival`, `recalculation`, `succession`.
    #[serde(rename = "type")]
    type_name: &'static str,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// Who acted; null for a citizen and for the system.
    #[schema(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
    /// The agency he belonged to then.
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// The position he held then.
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
    #[schema(schema_with = open_code::<State>)]
    to: State,
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
#[schema(example = json!({"as_of": null, "recorded_by": null, "items": []}))]
struct EventList {
    /// The moment it shows, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// What was recorded later is left out; null where all that is known now counts.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 10000)]
    items: Vec<EventView>,
}

/// Read a petition's history.
///
/// In order; each entry with the two times, who acted in which capacity, and its link of the hash chain. With `as_of`
/// only what had taken effect by then, with `recorded_by` only what was known by then.
#[utoipa::path(get, path = "/v1/petitions/{id}/events", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), PastQuery),
    responses((status = 200, description = "The history.", body = EventList)))]
pub(in crate::http) async fn list_events(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let list = call.read(move |tx, world| {
        let visible = visible_history(tx, world, &caller, id, query.0.map(Into::into))?;
        let hidden: Vec<String> = visible.hidden.iter().map(ToString::to_string).collect();
        let view = |stored| EventView::of(stored, &hidden);
        Ok(EventList {
            as_of: visible.past.map(|past| past.as_of),
            recorded_by: visible.past.and_then(|past| past.recorded_by),
            items: visible.events.into_iter().map(view).collect::<Result<_, Error>>()?,
        })
    });
    let list = list.await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(list))
}

impl EventView {
    fn of(stored: StoredEvent, hidden: &[String]) -> Result<Self, Error> {
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
            official_id: event.actor.official,
            agency_id: event.actor.agency,
            position: event.actor.position,
            on_behalf_of: event.on_behalf_of,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            to: event.record.to,
            round: event.record.round,
            facts: act.get("facts").cloned().unwrap_or_default(),
            hash: hex(&stored.hash),
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
