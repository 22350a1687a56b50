//! The days that differ from the working week.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    app::{
        Error,
        cursor::{self, Binding},
        public::Page,
    },
    domain::{
        calendar::{Calendar, CalendarDay},
        time::{Day, Instant},
        vocabulary::{Confidence, DayKind},
    },
    http::{
        auth::Call,
        cached,
        extract::{Limit, Query, UpTo},
        openapi::{code, open_code, open_code_or_null},
        problem::{Problem, ProblemDocument},
    },
    store::calendar::{self, EntryRow},
};

#[derive(OpenApi)]
#[openapi(paths(list_calendar_days, read_calendar_day))]
pub(super) struct Api;

const DAYS: &str = "/v1/calendar-days";

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysQuery {
    /// Of this year alone.
    #[param(value_type = Option<u16>, minimum = 0, maximum = 9999)]
    year: Option<UpTo<9_999>>,
    /// Of this kind alone.
    #[param(schema_with = code::<DayKind>, required = false)]
    kind: Option<DayKind>,
    /// The calendar as it was known at this instant; RFC 3339 with offset. Now unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// A day that differs from the working week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-24", "kind": "holiday", "name": "Ngày Văn hóa Việt Nam", "source": "Nghị quyết 28/2026/QH16", "confidence": "secondary", "working": false, "version": 1}))]
struct CalendarDayView {
    #[schema(value_type = String, format = Date)]
    day: Day,
    #[schema(schema_with = open_code::<DayKind>)]
    kind: DayKind,
    name: String,
    /// The decision or notice that says so.
    source: String,
    /// How sure it is.
    #[schema(schema_with = open_code::<Confidence>)]
    confidence: Confidence,
    /// Whether work is done on it.
    working: bool,
    /// The version of the calendar since which it stands so.
    version: u32,
}

/// A page of the calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"version": 1, "recorded_at": null, "years": [2024, 2025, 2026], "items": [{"day": "2026-11-24", "kind": "holiday", "name": "Ngày Văn hóa Việt Nam", "source": "Nghị quyết 28/2026/QH16", "confidence": "secondary", "working": false, "version": 1}], "next_cursor": null}))]
struct CalendarDaysView {
    /// The version of the calendar.
    version: u32,
    /// When it was recorded; null: it was there from the beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// The years of which every such day is known. Beyond them Monday to Friday count, and deadlines are provisional.
    #[schema(max_items = 10000)]
    years: Vec<i16>,
    #[schema(max_items = 100)]
    items: Vec<CalendarDayView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// What a version of the calendar said of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"version": 1, "recorded_at": null, "kind": "holiday", "name": "Ngày Văn hóa Việt Nam", "source": "Nghị quyết 28/2026/QH16", "confidence": "secondary", "reason": null}))]
struct DaySayingView {
    version: u32,
    /// When; null: it was there from the beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// Null: it was withdrawn, and follows its weekday since.
    #[schema(schema_with = open_code_or_null::<DayKind>)]
    kind: Option<DayKind>,
    name: Option<String>,
    source: String,
    #[schema(schema_with = open_code_or_null::<Confidence>)]
    confidence: Option<Confidence>,
    /// Why it was withdrawn.
    reason: Option<String>,
}

/// A day with everything that was ever said of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-24", "working": false, "covered": true, "history": []}))]
struct CalendarDayDetail {
    #[schema(value_type = String, format = Date)]
    day: Day,
    /// Whether work is done on it, as known now.
    working: bool,
    /// Whether the official calendar of its year is known.
    covered: bool,
    /// What was said of it, the first first; empty for a day that always followed its weekday.
    #[schema(max_items = 10000)]
    history: Vec<DaySayingView>,
}

impl CalendarDayView {
    fn of(calendar: &Calendar, day: Day, entry: &CalendarDay) -> Self {
        Self {
            day,
            kind: entry.kind,
            name: entry.name.clone(),
            source: entry.source.clone(),
            confidence: entry.confidence,
            working: calendar.is_working(day),
            version: calendar.entry_since(day),
        }
    }
}

/// List calendar days.
///
/// Holidays, compensatory days, swapped days off and make-up days, by day; every other day follows its weekday.
#[utoipa::path(get, path = "/v1/calendar-days", tag = "reference", security(()), params(DaysQuery),
    responses((status = 200, description = "A page.", body = CalendarDaysView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_calendar_days(
    call: Call,
    query: Query<DaysQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let read = call.read(move |_, world| {
        let limit = query.limit.rows();
        let calendar = query.recorded_by.map_or(world.calendar(), |known| world.calendar().known_by(known));
        let year = query.year.map(|year| year.0);
        let filters = (year, query.kind, query.recorded_by);
        let binding = Binding { route: DAYS, caller: "", filters: &filters };
        let after: Option<Day> =
            query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let wanted = calendar
            .entries()
            .filter(|(day, _)| after.is_none_or(|after| after < *day))
            .filter(|(day, _)| year.is_none_or(|year| u32::try_from(day.date().year()) == Ok(year)))
            .filter(|(_, entry)| query.kind.is_none_or(|kind| entry.kind == kind))
            .take(usize::try_from(limit + 1).unwrap_or(usize::MAX));
        let rows = wanted.map(|(day, entry)| CalendarDayView::of(calendar, day, entry)).collect();
        let page = Page::of(rows, limit, |row: &CalendarDayView| row.day);
        let next = page.next.map(|day| cursor::seal(&world.secret, &binding, &day)).transpose()?;
        Ok(CalendarDaysView {
            version: calendar.version(),
            recorded_at: calendar.recorded_at(),
            years: calendar.years().collect(),
            items: page.items,
            next_cursor: next,
        })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read a calendar day.
///
/// Any day: whether work is done on it, and everything that was ever said of it.
#[utoipa::path(get, path = "/v1/calendar-days/{day}", tag = "reference", security(()),
    params(("day" = String, Path, description = "The day, such as 2026-11-24.", max_length = 10)),
    responses((status = 200, description = "The day.", body = CalendarDayDetail), (status = 304, description = "Unchanged."),
        (status = 404, description = "That is no day.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn read_calendar_day(
    call: Call,
    day: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let day: Day = day.parse().map_err(|_| Error::NotFound)?;
    let read = call.read(move |tx, world| {
        let said = calendar::history_of(tx, day)?.into_iter().map(|row| saying(world.calendar(), row));
        Ok(CalendarDayDetail {
            day,
            working: world.calendar().is_working(day),
            covered: world.calendar().is_covered(day),
            history: said.collect::<Result<_, Error>>()?,
        })
    });
    Ok(cached::public(&request, &read.await?)?)
}

fn saying(calendar: &Calendar, row: EntryRow) -> Result<DaySayingView, Error> {
    let version = row.version.try_into().map_err(Error::internal)?;
    Ok(DaySayingView {
        version,
        recorded_at: calendar.edition(version).recorded_at(),
        kind: row.kind,
        name: row.name,
        source: row.source,
        confidence: row.confidence,
        reason: row.reason,
    })
}
