//! Lists for staff and auditors: their petitions, and what is overdue.

use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    auth::Call,
    extract::{Limit, Query, Short, UpTo},
    openapi::{DayOrInstant, code, one_of, open_code},
    problem::Problem,
    views::{AgencyRef, DeadlineView, PersonView, RuleRef},
};
use crate::{
    app::{
        Error, World,
        lists::{self, Asked, Item, ListSort, OverdueSort, Page, Paging, Reader},
        when::When,
    },
    domain::{
        id::{AgencyId, OfficialId, PetitionId},
        rule::RuleBook,
        time::Instant,
        vocabulary::{Channel, Kind, Provenance, PublicStatus, Stage, State, Timeliness, Visibility},
    },
    store::AnyConnection,
};

#[derive(OpenApi)]
#[openapi(paths(list_petitions, list_overdue))]
pub(super) struct Api;

/// What of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PetitionsQuery {
    /// The petition of this code.
    #[param(value_type = Option<String>, max_length = 20)]
    code: Option<Short<20>>,
    #[param(schema_with = code::<State>)]
    state: Option<State>,
    #[param(schema_with = code::<PublicStatus>)]
    public_status: Option<PublicStatus>,
    #[param(schema_with = code::<Kind>)]
    kind: Option<Kind>,
    #[param(schema_with = code::<Channel>)]
    channel: Option<Channel>,
    /// Code of a field.
    #[param(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    /// With this agency: the lead agency, before an assignment the intake agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// With this responsible person.
    #[param(value_type = Option<uuid::Uuid>)]
    responsible_id: Option<OfficialId>,
    #[param(schema_with = code::<Visibility>)]
    visibility: Option<Visibility>,
    #[param(schema_with = code::<Provenance>)]
    provenance: Option<Provenance>,
    #[param(schema_with = code::<Timeliness>)]
    timeliness: Option<Timeliness>,
    /// Received then or later: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-01-01")]
    received_from: Option<When>,
    /// Received before: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-01")]
    received_to: Option<When>,
    /// `-received_at`: received last first; `received_at`: first first; `due_at`: whose clock runs, the first to
    /// fall due first, then the others.
    #[serde(default)]
    #[param(value_type = ListSorts, inline, required = false, example = "-received_at")]
    sort: ListSort,
    /// Rows on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// From where to go on: `next_cursor` of the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// What of the overdue is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OverdueQuery {
    /// As it stood at this instant, or at the end of this day; in the future, as it will stand if nothing happens.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// With this agency: the lead agency, before an assignment the intake agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// Code of a field.
    #[param(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    #[param(schema_with = code::<Kind>)]
    kind: Option<Kind>,
    #[param(schema_with = code::<Channel>)]
    channel: Option<Channel>,
    /// The clock of this stage in place of the one that speaks for the petition.
    #[param(schema_with = code::<Stage>)]
    clock: Option<Stage>,
    /// At least so many days after the last day in time.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 36500)]
    min_days_overdue: Option<UpTo<36_500>>,
    /// `due_at`: longest overdue first; `-due_at`: last.
    #[serde(default)]
    #[param(value_type = OverdueSorts, inline, required = false, example = "due_at")]
    sort: OverdueSort,
    /// Rows on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// From where to go on: `next_cursor` of the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// [`ListSort`] and [`OverdueSort`] to the document.
enum ListSorts {}
enum OverdueSorts {}

impl PartialSchema for ListSorts {
    fn schema() -> RefOr<Schema> {
        one_of(["-received_at", "received_at", "due_at"])
    }
}
impl PartialSchema for OverdueSorts {
    fn schema() -> RefOr<Schema> {
        one_of(["due_at", "-due_at"])
    }
}
impl ToSchema for ListSorts {}
impl ToSchema for OverdueSorts {}

/// A petition in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "kind": "proposal", "channel": "dialogue_conference", "state": "in_progress", "public_status": "in_progress", "timeliness": "overdue", "title": "Ngõ 45 ngập mỗi khi mưa", "field_code": "urban_infrastructure", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}, "deadline": {"stage": "resolution", "due_at": "2026-11-17T17:00:00Z", "due_on": "2026-11-17", "first_due_at": "2026-11-17T17:00:00Z", "basis": "rule", "provisional": false, "rule": {"code": "dialogue-conference", "legal_basis": "Quy định nội bộ"}}, "overdue_days": 6, "overdue_working_days": 4, "received_at": "2026-10-12T02:00:00Z", "version": 4}))]
pub(super) struct ListedView {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    #[schema(schema_with = open_code::<Channel>)]
    channel: Channel,
    #[schema(schema_with = open_code::<State>)]
    state: State,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    title: String,
    field_code: String,
    agency: AgencyRef,
    responsible_person: Option<PersonView>,
    deadline: Option<DeadlineView>,
    /// Days from the last day in time to the day looked at; null unless it is overdue.
    overdue_days: Option<i64>,
    /// The working days among them.
    overdue_working_days: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    version: i32,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct PetitionList {
    #[schema(max_items = 100)]
    items: Vec<ListedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A page of what is overdue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "items": [], "next_cursor": null}))]
struct OverdueList {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    #[schema(max_items = 100)]
    items: Vec<ListedView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List petitions.
///
/// Those the caller may see, by his roles; for an administrator alone none. Filters narrow each other.
#[utoipa::path(get, path = "/v1/petitions", tag = "petitions", security(("bearer" = [])), params(PetitionsQuery),
    responses((status = 200, description = "A page of the list.", body = PetitionList)))]
pub(super) async fn list_petitions(
    call: Call,
    query: Query<PetitionsQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
        let page = lists::petitions(tx, world, reader, &query.into(), &paging)?;
        let (items, next_cursor, _) = views(page, world.rules());
        Ok(PetitionList { items, next_cursor })
    })
    .await
}

/// List what is overdue.
///
/// Now or as it stood: since when, with which agency and whom, of what the caller may see then and now. By the
/// clock of the resolution where there is one, else of the intake, or by the clock that `clock` names.
#[utoipa::path(get, path = "/v1/overdue", tag = "overdue", security(("bearer" = [])), params(OverdueQuery),
    responses((status = 200, description = "A page of the list.", body = OverdueList)))]
pub(super) async fn list_overdue(call: Call, query: Query<OverdueQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let paging = Paging { sort: query.sort, cursor: query.cursor.clone(), limit: query.limit.rows() };
        let page = lists::overdue(tx, world, reader, &query.into(), &paging)?;
        let (items, next_cursor, as_of) = views(page, world.rules());
        Ok(OverdueList { as_of, items, next_cursor })
    })
    .await
}

/// Answers a reader: who he is comes before what he asks.
pub(super) async fn answer<Q, V>(
    call: &Call,
    query: Query<Q>,
    make: impl FnOnce(&mut AnyConnection, &World, &Reader, Q) -> Result<V, Error> + Send + 'static,
) -> Result<HttpResponse, Problem>
where
    Q: Send + 'static,
    V: Serialize + Send + 'static,
{
    let caller = call.official()?;
    let read = call.app.read(call.request_id.clone(), move |tx, world| {
        let reader = lists::reader(tx, world, &caller)?;
        make(tx, world, &reader, query.0?)
    });
    let view = read.await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(view))
}

fn views(page: Page, rules: &RuleBook) -> (Vec<ListedView>, Option<String>, Instant) {
    let as_of = page.as_of;
    let items = page.items.into_iter().map(|item| ListedView::of(item, rules, as_of)).collect();
    (items, page.next_cursor, as_of)
}

impl ListedView {
    pub(super) fn of(item: Item, rules: &RuleBook, as_of: Instant) -> Self {
        let deadline = deadline(&item, rules, as_of);
        let span = item.row.span;
        let agency = item.agency.map_or_else(Default::default, |agency| (agency.code, agency.name));
        let responsible = span.responsible_id.zip(item.responsible);
        Self {
            id: span.petition_id,
            code: item.row.code,
            kind: span.kind,
            channel: span.channel,
            state: span.state,
            public_status: span.state.public_status(),
            timeliness: item.timeliness,
            title: item.row.title,
            field_code: span.field_code,
            agency: AgencyRef { id: span.agency_id, code: agency.0, name: agency.1 },
            responsible_person: responsible.map(|(id, (full_name, position))| PersonView {
                id,
                full_name,
                position,
            }),
            deadline,
            overdue_days: item.late.map(|late| late.days),
            overdue_working_days: item.late.map(|late| late.working_days),
            received_at: span.received_at,
            version: item.row.version,
        }
    }
}

/// The deadline that counts; while its clock rests there is no end.
fn deadline(item: &Item, rules: &RuleBook, as_of: Instant) -> Option<DeadlineView> {
    let clock = item.clock.as_ref()?;
    let awake = clock.paused_until.is_none_or(|until| until <= as_of);
    let rule = clock.rule_id.as_deref().and_then(|id| rules.get(id));
    Some(DeadlineView {
        stage: clock.stage,
        due_at: clock.due_at.filter(|_| awake),
        due_on: clock.due_on.filter(|_| awake),
        first_due_at: clock.first_due_at.unwrap_or(clock.started_at),
        basis: clock.basis,
        provisional: clock.provisional,
        rule: rule.map(|rule| RuleRef { code: rule.code.clone(), legal_basis: rule.legal_basis.clone() }),
    })
}

impl From<PetitionsQuery> for Asked {
    fn from(query: PetitionsQuery) -> Self {
        Self {
            code: query.code.map(|code| code.0),
            state: query.state,
            public_status: query.public_status,
            kind: query.kind,
            channel: query.channel,
            field_code: query.field_code.map(|code| code.0),
            agency_id: query.agency_id,
            subtree: query.subtree,
            responsible_id: query.responsible_id,
            visibility: query.visibility,
            provenance: query.provenance,
            timeliness: query.timeliness,
            received_from: query.received_from,
            received_to: query.received_to,
            ..Self::default()
        }
    }
}

impl From<OverdueQuery> for Asked {
    fn from(query: OverdueQuery) -> Self {
        Self {
            as_of: query.as_of,
            agency_id: query.agency_id,
            subtree: query.subtree,
            field_code: query.field_code.map(|code| code.0),
            kind: query.kind,
            channel: query.channel,
            clock: query.clock,
            min_days_overdue: query.min_days_overdue.map(|days| days.0),
            ..Self::default()
        }
    }
}
