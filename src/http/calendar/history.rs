//! Who changed the calendar, by which notice, and what moved.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{OfficeSession, changes::MovingView};
use crate::{
    app::{
        Error,
        administration::{calendar as use_case, events::Reader},
        cursor::{self, Binding},
        public::Page,
        world,
    },
    domain::{
        id::{AgencyId, EventId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Confidence, DayKind},
    },
    http::{
        auth::Call,
        extract::{Limit, Query},
        openapi::open_code_or_null,
        problem::{Problem, ProblemDocument},
    },
    store::{
        AnyConnection,
        calendar::{self, EntryRow, HoursRow, VersionRow},
        people,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_calendar_changes, read_calendar_change, list_calendar_moves))]
pub(super) struct Api;

const CHANGES: &str = "/v1/calendar-changes";
const MOVES: &str = "/v1/calendar-changes/{version}/moves";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Who ordered a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"official_id": "01934f6e-0000-7000-8000-000000000004", "full_name": "Nguyễn Văn A", "position": "Quản trị viên"}))]
struct OrderedByView {
    #[schema(value_type = uuid::Uuid)]
    official_id: OfficialId,
    full_name: String,
    position: String,
}

/// A change of the calendar.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"version": 2, "source": "Thông báo 9999/VPCP-KGVX", "recorded_at": "2026-12-01T02:00:00Z", "ordered_by": null, "event_id": null, "confirmed_past": false, "petitions_moved": 12, "finished_at": "2026-12-01T02:00:03Z"}))]
pub(super) struct CalendarChangeView {
    /// The version it made; 1 is what the installation began with.
    version: u32,
    source: String,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
    /// Null for what the installation began with.
    ordered_by: Option<OrderedByView>,
    /// The event of the calendar: the events of the petitions that moved name it as their cause.
    #[schema(value_type = Option<uuid::Uuid>)]
    event_id: Option<EventId>,
    /// Whether it was confirmed that deadlines may move into the past.
    confirmed_past: bool,
    /// How many petitions have moved so far.
    petitions_moved: i32,
    /// When all petitions had gone over to it; null: that is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
}

/// A day as a change has it.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedDayView {
    #[schema(value_type = String, format = Date)]
    day: Day,
    /// Null: the day follows its weekday again.
    #[schema(schema_with = open_code_or_null::<DayKind>)]
    kind: Option<DayKind>,
    name: Option<String>,
    #[schema(schema_with = open_code_or_null::<Confidence>)]
    confidence: Option<Confidence>,
    /// Why it was withdrawn.
    reason: Option<String>,
}

/// Office hours as a change has them.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedHoursView {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(value_type = String, format = Date)]
    from: Day,
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    /// Empty: they are withdrawn.
    #[schema(max_items = 100)]
    sessions: Vec<OfficeSession>,
    reason: Option<String>,
}

/// A change of the calendar with everything it says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"change": {"version": 2, "source": "Thông báo 9999/VPCP-KGVX", "recorded_at": "2026-12-01T02:00:00Z", "ordered_by": null, "event_id": null, "confirmed_past": false, "petitions_moved": 12, "finished_at": "2026-12-01T02:00:03Z"}, "days": [], "years": [2027], "office_hours": []}))]
pub(super) struct CalendarChangeDetail {
    change: CalendarChangeView,
    #[schema(max_items = 10000)]
    days: Vec<ChangedDayView>,
    /// Years declared complete.
    #[schema(max_items = 400)]
    years: Vec<i32>,
    #[schema(max_items = 400)]
    office_hours: Vec<ChangedHoursView>,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"version": 1, "source": "seed", "recorded_at": "2026-11-23T00:00:00Z", "ordered_by": null, "event_id": null, "confirmed_past": false, "petitions_moved": 0, "finished_at": "2026-11-23T00:00:00Z"}], "next_cursor": null}))]
struct CalendarChangesView {
    #[schema(max_items = 100)]
    items: Vec<CalendarChangeView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// A page of petitions that a change moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct CalendarMovesView {
    #[schema(max_items = 100)]
    items: Vec<MovingView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl CalendarChangeDetail {
    /// The version it made.
    pub(super) fn version(&self) -> u32 {
        self.change.version
    }
}

fn views(tx: &mut AnyConnection, rows: Vec<VersionRow>) -> Result<Vec<CalendarChangeView>, Error> {
    let officials: Vec<OfficialId> = rows.iter().filter_map(|row| row.official_id).collect();
    let names = people::names(tx, &officials)?;
    let ordered_by = |id: OfficialId| {
        let (full_name, position) = names.get(&id).cloned()?;
        Some(OrderedByView { official_id: id, full_name, position })
    };
    let view = |row: VersionRow| {
        Ok(CalendarChangeView {
            version: row.version.try_into().map_err(Error::internal)?,
            source: row.source,
            recorded_at: row.recorded_at,
            ordered_by: row.official_id.and_then(ordered_by),
            event_id: row.event_id,
            confirmed_past: row.confirmed_past,
            petitions_moved: row.moved,
            finished_at: row.finished_at,
        })
    };
    rows.into_iter().map(view).collect()
}

/// A change by the version it made.
pub(super) fn detail(tx: &mut AnyConnection, version: u32) -> Result<CalendarChangeDetail, Error> {
    let column = i32::try_from(version).map_err(|_| Error::NotFound)?;
    let row = calendar::version(tx, column)?.ok_or(Error::NotFound)?;
    let change = views(tx, vec![row])?.pop().ok_or(Error::NotFound)?;
    let says = calendar::sayings_of(tx, column)?;
    Ok(CalendarChangeDetail {
        change,
        days: says.entries.into_iter().map(day).collect(),
        years: says.coverage.into_iter().map(|row| row.year).collect(),
        office_hours: says.hours.into_iter().map(hours).collect(),
    })
}

fn day(row: EntryRow) -> ChangedDayView {
    let EntryRow { day, kind, name, confidence, reason, .. } = row;
    ChangedDayView { day, kind, name, confidence, reason }
}

fn hours(row: HoursRow) -> ChangedHoursView {
    let sessions = row.sessions.as_deref().and_then(world::sessions).unwrap_or_default();
    ChangedHoursView {
        agency_id: row.agency_id,
        from: row.from_day,
        to: row.to_day,
        sessions: sessions.iter().map(OfficeSession::from).collect(),
        reason: row.reason,
    }
}

/// List calendar changes.
///
/// Who changed the calendar, when and by which notice, the latest first, with how many petitions moved. For
/// administrators and auditors.
#[utoipa::path(get, path = "/v1/calendar-changes", tag = "administration", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "A page.", body = CalendarChangesView)))]
pub(super) async fn list_calendar_changes(
    call: Call,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        Reader::of(tx, world, &caller)?;
        let query = query.0?;
        let (limit, scope) = (query.limit.rows(), caller.scope());
        let binding = Binding { route: CHANGES, caller: &scope, filters: &() };
        let before = query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = calendar::versions_page(tx, before, limit + 1)?;
        let page = Page::of(rows, limit, |row| row.version);
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(CalendarChangesView { items: views(tx, page.items)?, next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}

/// Read a calendar change.
///
/// Everything it says, and whether all petitions have gone over to it. For administrators and auditors.
#[utoipa::path(get, path = "/v1/calendar-changes/{version}", tag = "administration", security(("bearer" = [])),
    params(("version" = u32, Path, description = "The version it made.")),
    responses((status = 200, description = "The change.", body = CalendarChangeDetail),
        (status = 404, description = "There is no such version.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn read_calendar_change(
    call: Call,
    version: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        Reader::of(tx, world, &caller)?;
        detail(tx, version.parse().map_err(|_| Error::NotFound)?)
    });
    Ok(HttpResponse::Ok().json(read.await?))
}

/// List what a calendar change moved.
///
/// The petitions whose deadlines moved, from when to when, by id: those that you may see, and for administrators of the
/// whole installation all that are not restricted. The list grows until the change is finished.
#[utoipa::path(get, path = "/v1/calendar-changes/{version}/moves", tag = "administration", security(("bearer" = [])),
    params(("version" = u32, Path, description = "The version it made."), PageQuery),
    responses((status = 200, description = "A page.", body = CalendarMovesView),
        (status = 404, description = "There is no such version.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn list_calendar_moves(
    call: Call,
    version: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let read = call.read(move |tx, world| {
        Reader::of(tx, world, &caller)?;
        let version: i32 = version.parse().map_err(|_| Error::NotFound)?;
        let query = query.0?;
        let (limit, scope) = (query.limit.rows(), caller.scope());
        let binding = Binding { route: MOVES, caller: &scope, filters: &version };
        let after: Option<PetitionId> =
            query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = use_case::moved(tx, world, &caller, version, after, limit + 1)?;
        let page = Page::of(rows, limit, |moving| moving.id);
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        let items = page.items.into_iter().map(MovingView::from).collect();
        Ok(CalendarMovesView { items, next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}
