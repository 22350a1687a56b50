//! Changing the calendar: what it would move is told first, then it is done as one act.

use std::sync::Arc;

use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, ToSchema,
    openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type},
};

use super::{
    CalendarAction, DueView, OfficeHoursAction, OfficeSession,
    history::{self, CalendarChangeDetail},
};
use crate::{
    app::{
        Error,
        administration::{
            Order,
            calendar::{self, Impact, Moving, Wanted},
        },
        cursor::{self, Binding},
        public::Page,
        world::World,
    },
    domain::{
        calendar::{Amendment, ChangedDay, ChangedSeason, DayAction, SeasonAction},
        clock::Move,
        id::{AgencyId, PetitionId},
        time::Day,
        vocabulary::{Confidence, DayKind, Stage, State},
    },
    http::{
        actions::Demand,
        admin::order,
        auth::Call,
        extract::{Form, Limit, Query},
        openapi::{code, open_code},
        problem::Problem,
    },
};

#[derive(OpenApi)]
#[openapi(paths(change_calendar))]
pub(super) struct Api;

const CHANGES: &str = "/v1/calendar-changes";

/// Whether it is done, or only told what it would move.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangeQuery {
    /// Does it. Unless told, nothing is changed and the answer says which open petitions would move.
    #[serde(default)]
    #[param(default = false, required = false)]
    pub(super) apply: bool,
    /// Does it even if deadlines move into the past.
    #[serde(default)]
    #[param(default = false, required = false)]
    pub(super) confirm_past: bool,
    /// Petitions on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    pub(super) limit: Limit,
    /// From the page before, of the same change.
    #[param(max_length = 2048)]
    pub(super) cursor: Option<String>,
}

/// A day that is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"day": "2027-01-01", "action": "add", "kind": "holiday", "name": "Tết Dương lịch", "confidence": "seen"}))]
pub(super) struct ChangedDayBody {
    #[schema(value_type = String, format = Date)]
    day: Day,
    #[schema(inline)]
    action: CalendarAction,
    /// Unless it is withdrawn.
    #[schema(schema_with = code::<DayKind>)]
    kind: Option<DayKind>,
    /// Unless it is withdrawn: what the day is called, as the notice has it.
    #[schema(max_length = 300)]
    name: Option<String>,
    /// How sure it is: seen unless told.
    #[schema(schema_with = code::<Confidence>)]
    confidence: Option<Confidence>,
    /// Why it is withdrawn.
    #[schema(max_length = 4000)]
    reason: Option<String>,
}

/// Office hours that are to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "action": "add", "from": "2027-04-16", "to": "2027-10-16", "sessions": [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]}))]
pub(super) struct ChangedHoursBody {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(inline)]
    action: OfficeHoursAction,
    /// The first day on which they count.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// The first day on which they count no more; absent: until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    /// Unless they are withdrawn.
    #[serde(default)]
    #[schema(max_items = 100)]
    sessions: Vec<OfficeSession>,
    /// Why they are withdrawn.
    #[schema(max_length = 4000)]
    reason: Option<String>,
}

/// A change of the calendar: days, years, office hours, and the notice that says so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "Thông báo 9999/VPCP-KGVX", "days": [{"day": "2027-01-01", "action": "add", "kind": "holiday", "name": "Tết Dương lịch"}], "years": [2027]}))]
pub(super) struct CalendarChangeBody {
    /// The decision or notice; nothing is taken without.
    #[serde(default)]
    #[schema(max_length = 300, required = true)]
    source: String,
    #[serde(default)]
    #[schema(max_items = 400)]
    days: Vec<ChangedDayBody>,
    #[serde(default)]
    #[schema(schema_with = years)]
    years: Vec<i16>,
    #[serde(default)]
    #[schema(max_items = 400)]
    office_hours: Vec<ChangedHoursBody>,
}

fn years() -> Schema {
    let year = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1900)).maximum(Some(9998));
    let what = "Years of which every day is known from now on: deadlines in them are provisional no more.";
    ArrayBuilder::new().items(year).max_items(Some(400)).description(Some(what)).into()
}

/// A clock that moves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"round": 1, "stage": "resolution", "from": {"due_at": "2026-12-31T17:00:00Z", "due_on": "2026-12-31", "provisional": false}, "to": {"due_at": "2027-01-04T17:00:00Z", "due_on": "2027-01-04", "provisional": false}}))]
pub(super) struct ClockMoveView {
    round: u32,
    #[schema(schema_with = open_code::<Stage>)]
    stage: Stage,
    /// Where it ended; null while it rests without a known end.
    from: Option<DueView>,
    /// Where it ends now.
    to: Option<DueView>,
}

/// A petition whose clocks move.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000021", "code": "KN-4RT7Q2M9-C", "state": "in_progress", "moves": []}))]
pub(super) struct MovingView {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    #[schema(schema_with = open_code::<State>)]
    state: State,
    #[schema(max_items = 100)]
    moves: Vec<ClockMoveView>,
}

/// What a change would move; nothing was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"applied": false, "version": 2, "petitions": 0, "into_past": 0, "withheld": 0, "items": [], "next_cursor": null}))]
pub(super) struct CalendarImpactView {
    /// False: send it again with `apply=true` to do it.
    applied: bool,
    /// The version it would make.
    version: u32,
    /// How many open petitions would move.
    petitions: usize,
    /// How many of them would be overdue at once: applying then needs `confirm_past=true`.
    into_past: usize,
    /// How many of them are restricted, and not listed.
    withheld: usize,
    #[schema(max_items = 100)]
    items: Vec<MovingView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl From<CalendarChangeBody> for Wanted {
    fn from(body: CalendarChangeBody) -> Self {
        let day = |day: ChangedDayBody| ChangedDay {
            day: day.day,
            action: match day.action {
                CalendarAction::Add => DayAction::Add,
                CalendarAction::Change => DayAction::Change,
                CalendarAction::Withdraw => DayAction::Withdraw,
            },
            kind: day.kind,
            name: day.name,
            confidence: day.confidence,
            reason: day.reason,
        };
        let hours = |hours: ChangedHoursBody| ChangedSeason {
            agency: hours.agency_id,
            depth: None,
            action: match hours.action {
                OfficeHoursAction::Add => SeasonAction::Add,
                OfficeHoursAction::Withdraw => SeasonAction::Withdraw,
            },
            from: hours.from,
            to: hours.to,
            sessions: hours.sessions.iter().map(|session| (session.opens.0, session.closes.0)).collect(),
            reason: hours.reason,
        };
        let amendment = Amendment {
            source: body.source,
            days: body.days.into_iter().map(day).collect(),
            years: body.years,
            seasons: body.office_hours.into_iter().map(hours).collect(),
        };
        Self { amendment, ..Self::default() }
    }
}

impl From<Move> for ClockMoveView {
    fn from(moved: Move) -> Self {
        let Move { round, stage, from, to } = moved;
        Self { round, stage, from: from.map(DueView::from), to: to.map(DueView::from) }
    }
}

impl From<Moving> for MovingView {
    fn from(moving: Moving) -> Self {
        let moves = moving.moves.into_iter().map(ClockMoveView::from).collect();
        Self { id: moving.id, code: moving.code, state: moving.state, moves }
    }
}

impl CalendarImpactView {
    fn of(world: &World, caller: &str, impact: Impact, query: &ChangeQuery) -> Result<Self, Error> {
        let limit = query.limit.rows();
        let binding = Binding { route: CHANGES, caller, filters: &impact.digest };
        let after: Option<PetitionId> =
            query.cursor.as_ref().map(|cursor| cursor::open(&world.secret, &binding, cursor)).transpose()?;
        let mut rows = impact.listed;
        rows.retain(|moving| after.is_none_or(|after| after < moving.id));
        let page = Page::of(rows, limit, |moving| moving.id);
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(Self {
            applied: false,
            version: impact.version,
            petitions: impact.petitions,
            into_past: impact.into_past,
            withheld: impact.withheld,
            items: page.items.into_iter().map(MovingView::from).collect(),
            next_cursor: next,
        })
    }
}

/// Change the calendar.
///
/// Adds, changes and withdraws days, declares years complete, sets office hours: all in one act. Unless `apply` is
/// true nothing is changed, and the answer says which open petitions would move, from when to when. Applied, it makes
/// the next version of the calendar, and each petition that moves gets an event of its own; how far that is says the
/// change under its address. Clocks that are met, stopped or past, first deadlines and promises never move. For
/// administrators of the whole installation.
#[utoipa::path(post, path = "/v1/calendar-changes", tag = "administration", security(("bearer" = [])),
    params(ChangeQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    request_body = CalendarChangeBody,
    responses((status = 200, description = "What it would move.", body = CalendarImpactView),
        (status = 201, description = "Applied: the change as it stands.", body = CalendarChangeDetail, headers(("Location" = String, description = "Where it is.")))))]
pub(super) async fn change_calendar(
    call: Call,
    query: Query<ChangeQuery>,
    demand: Demand,
    body: Form<CalendarChangeBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    carry_out(call, query.0, order).await
}

/// Tells what an order would move, or does it.
pub(super) async fn carry_out(
    call: Call,
    query: Result<ChangeQuery, Error>,
    mut order: Order<Wanted>,
) -> Result<HttpResponse, Problem> {
    let query = query.unwrap_or_else(|error| {
        order.body = Err(error);
        ChangeQuery::default()
    });
    if let Ok(wanted) = &mut order.body {
        wanted.confirm_past = query.confirm_past;
    }
    if !query.apply {
        // What changes nothing needs no remembering.
        order.key = order.key.map(|_| None);
    }
    let (apply, order) = (query.apply, Arc::new(order));
    let asked = Arc::clone(&order);
    let looked = call.app.read(call.request_id.clone(), move |tx, world| {
        let Some(impact) = calendar::impact(tx, world, &asked)? else { return Ok(None) };
        if apply {
            return calendar::check_past(&impact, query.confirm_past).map(|()| None);
        }
        CalendarImpactView::of(world, &asked.caller.scope(), impact, &query).map(Some)
    });
    if let Some(view) = looked.await? {
        return Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view));
    }
    let done = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = calendar::apply(tx, world, &order)?;
        Ok((history::detail(tx, calendar::version_of(done))?, done.replayed))
    });
    let (view, replayed) = done.await?;
    let mut reply = HttpResponse::Created();
    reply.insert_header((header::LOCATION, format!("{CHANGES}/{}", view.version())));
    reply.insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(reply.json(view))
}
