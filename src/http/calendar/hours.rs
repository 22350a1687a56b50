//! Office hours that are not the general ones.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::OfficeSession;
use crate::{
    app::{
        cursor::{self, Binding},
        public::Page,
    },
    domain::{calendar::Season, id::AgencyId, time::Day},
    http::{
        auth::Call,
        cached,
        extract::{Limit, Query},
        problem::Problem,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_office_hours))]
pub(super) struct Api;

const HOURS: &str = "/v1/office-hours";

/// Whose office hours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HoursQuery {
    /// Of this agency alone; one without hours of its own has those of the nearest above it.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// The office hours of an agency, and of those below it that have none of their own, for a stretch of days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "from": "2027-04-16", "to": "2027-10-16", "sessions": [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}], "source": "Quyết định 12/QĐ-UBND"}))]
struct OfficeHoursView {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// The first day on which they count no more; null: until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    #[schema(max_items = 100)]
    sessions: Vec<OfficeSession>,
    /// The decision or notice that says so.
    source: String,
}

/// A page of office hours.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"agency_id": "01934f6e-0000-7000-8000-000000000001", "from": "2027-04-16", "to": "2027-10-16", "sessions": [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}], "source": "Quyết định 12/QĐ-UBND"}], "next_cursor": null}))]
struct OfficeHoursPage {
    #[schema(max_items = 100)]
    items: Vec<OfficeHoursView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl From<&Season> for OfficeHoursView {
    fn from(season: &Season) -> Self {
        Self {
            agency_id: season.agency,
            from: season.from,
            to: season.to,
            sessions: season.sessions.iter().map(OfficeSession::from).collect(),
            source: season.source.clone(),
        }
    }
}

/// List office hours.
///
/// By agency and first day. Where none are listed, the general ones count: 08:00–12:00 and 13:00–17:00. A clock keeps
/// the office hours of the agency in charge when it began: a transfer changes no clock.
#[utoipa::path(get, path = "/v1/office-hours", tag = "reference", security(()), params(HoursQuery),
    responses((status = 200, description = "A page.", body = OfficeHoursPage), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_office_hours(
    call: Call,
    query: Query<HoursQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let read = call.read(move |_, world| {
        let limit = query.limit.rows();
        let binding = Binding { route: HOURS, caller: "", filters: &query.agency_id };
        let after: Option<(AgencyId, Day)> =
            query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let mut rows: Vec<&Season> = world
            .calendar()
            .seasons()
            .iter()
            .filter(|season| query.agency_id.is_none_or(|agency| agency == season.agency))
            .filter(|season| after.is_none_or(|after| after < (season.agency, season.from)))
            .collect();
        rows.sort_unstable_by_key(|season| (season.agency, season.from));
        rows.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
        let page = Page::of(rows, limit, |season| (season.agency, season.from));
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(OfficeHoursPage {
            items: page.items.into_iter().map(OfficeHoursView::from).collect(),
            next_cursor: next,
        })
    });
    Ok(cached::public(&request, &read.await?)?)
}
