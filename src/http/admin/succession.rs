//! Closing an agency in favour of its successors, and how its petitions move.

mod bodies;

use actix_web::HttpResponse;
use bodies::SuccessionBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Versioned, answer, order, read};
use crate::{
    app::{
        Error, World,
        administration::{
            Done, Order,
            closure::{self, Closure, Destination, Placed, Progress, Rehearsal},
            events::Reader,
        },
        caller::Caller,
        cursor::{self, Binding},
        history::{self, Subject},
    },
    domain::{
        id::{AgencyId, AgencyKey, EventId, PetitionId},
        refusal::FieldError,
        time::{Day, Instant},
        vocabulary::Language,
    },
    http::{
        actions::Demand,
        auth::Call,
        extract::{Form, Limit, PathId, Query},
        problem::Problem,
        views::AgencyRef,
    },
    store::{AnyConnection, agencies},
};

#[derive(OpenApi)]
#[openapi(paths(close_agency, read_succession))]
pub(super) struct Api;

const ROUTE: &str = "/v1/agencies/{id}/succession";

/// Whether it is only tried, and which page of the petitions is wanted then.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SuccessionQuery {
    /// Tells what would happen and what stands in the way, and changes nothing.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
    /// Petitions on a page of a dry run.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, with the same body.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// How many petitions go to a successor.
#[derive(Debug, Serialize, ToSchema)]
struct DestinationView {
    agency: AgencyRef,
    /// Open petitions when the agency was closed.
    petitions: i64,
}

/// Something that stands in the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "#/successors/0/agency_id", "code": "lacks_intake", "detail": "Chưa có ai giữ vai trò «Cán bộ tiếp nhận» tại đây."}))]
struct BlockerView {
    pointer: String,
    code: &'static str,
    detail: String,
}

/// A petition of a dry run, and where it would go; what it is about stays with those who may read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"petition_id": "01934f6e-0000-7000-8000-000000000003", "to": "01934f6e-0000-7000-8000-000000000001", "by": "area", "intake": true, "lead": false}))]
struct PlacedView {
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    /// The successor.
    #[schema(value_type = uuid::Uuid)]
    to: AgencyId,
    /// What decided: `petition`, `area`, `field` or `default`.
    by: &'static str,
    /// Whether the agency received it.
    intake: bool,
    /// Whether the agency leads it.
    lead: bool,
}

/// A closure: what it does, or did, and how far the petitions have moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "dry_run": false, "event_id": "01934f6e-0000-7000-8000-000000000011", "effective_on": "2025-07-01", "successors": [], "open_petitions": 12, "moved": 12, "children": 3, "officials": 5, "grants": 7, "begun_at": "2025-07-01T01:00:00Z", "finished_at": "2025-07-01T01:00:01Z", "blockers": [], "items": [], "next_cursor": null, "version": 4}))]
pub(super) struct SuccessionView {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    dry_run: bool,
    /// The event of the agency, which those of the petitions name as their cause; null of a dry run.
    #[schema(value_type = Option<uuid::Uuid>)]
    event_id: Option<EventId>,
    #[schema(value_type = String, format = Date)]
    effective_on: Day,
    #[schema(max_items = 50)]
    successors: Vec<DestinationView>,
    /// How many were open when it was closed.
    open_petitions: i64,
    /// How many of them, and of those opened again since, have moved.
    moved: i64,
    /// Agencies below that got a new place.
    children: usize,
    officials: usize,
    /// Rights over the agency that ended.
    grants: usize,
    #[schema(value_type = Option<String>, format = DateTime)]
    begun_at: Option<Instant>,
    /// When the last of them had moved; null while they move.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
    /// Of a dry run: everything that stands in the way.
    #[schema(max_items = 10000)]
    blockers: Vec<BlockerView>,
    /// Of a dry run: the open petitions.
    #[schema(max_items = 100)]
    items: Vec<PlacedView>,
    /// Continues them; null on the last page.
    next_cursor: Option<String>,
    /// The version of the agency.
    version: u32,
}

/// What is asked besides the order itself.
struct Asked {
    language: Language,
    scope: String,
    /// What the body says, in short: a cursor of a dry run continues the same one only.
    body: Vec<u8>,
    dry_run: bool,
    limit: i64,
    cursor: Option<String>,
}

impl Asked {
    fn new(
        call: &Call,
        caller: &Caller,
        body: &Form<SuccessionBody>,
        query: &Query<SuccessionQuery>,
    ) -> Self {
        let query = query.0.as_ref().ok();
        Self {
            language: call.language,
            scope: caller.scope(),
            body: body.0.as_ref().map(|filled| filled.fingerprint.to_vec()).unwrap_or_default(),
            dry_run: query.is_some_and(|query| query.dry_run),
            limit: query.map(|query| query.limit).unwrap_or_default().rows(),
            cursor: query.and_then(|query| query.cursor.clone()),
        }
    }

    fn run(
        &self,
        tx: &mut AnyConnection,
        world: &World,
        id: AgencyId,
        order: &Order<Closure>,
    ) -> Result<(SuccessionView, Done), Error> {
        if !self.dry_run {
            let done = closure::close(tx, world, id, order)?;
            let progress = closure::done(tx, id)?;
            return Ok((SuccessionView::of(tx, progress)?, done));
        }
        let filters = (id, &self.body);
        let binding = Binding { route: ROUTE, caller: &self.scope, filters: &filters };
        let cursor = self.cursor.as_deref();
        let after = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
        let rehearsal = closure::rehearse(tx, world, id, order, after, self.limit)?;
        let next = rehearsal.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        let view = SuccessionView::rehearsed(tx, id, rehearsal, next, self.language)?;
        let done = Done { subject: Subject::Agency(id).id(), version: view.version, replayed: false };
        Ok((view, done))
    }
}

impl Versioned for SuccessionView {
    fn version(&self) -> u32 {
        self.version
    }
}

impl SuccessionView {
    fn of(tx: &mut AnyConnection, progress: Progress) -> Result<Self, Error> {
        let Progress { row, told } = progress;
        Ok(Self {
            agency_id: row.agency_id,
            dry_run: false,
            event_id: Some(row.event_id),
            effective_on: row.effective_on,
            successors: destinations(tx, told.destinations)?,
            open_petitions: row.open_petitions,
            moved: row.moved,
            children: told.children,
            officials: told.officials,
            grants: told.grants,
            begun_at: Some(row.begun_at),
            finished_at: row.finished_at,
            blockers: Vec::new(),
            items: Vec::new(),
            next_cursor: None,
            version: history::version(tx, &Subject::Agency(row.agency_id))?,
        })
    }

    fn rehearsed(
        tx: &mut AnyConnection,
        id: AgencyId,
        rehearsal: Rehearsal,
        next_cursor: Option<String>,
        language: Language,
    ) -> Result<Self, Error> {
        let Rehearsal { plan, outcome, items, .. } = rehearsal;
        Ok(Self {
            agency_id: id,
            dry_run: true,
            event_id: None,
            effective_on: plan.effective_on,
            successors: destinations(tx, outcome.destinations)?,
            open_petitions: outcome.open_petitions,
            moved: 0,
            children: outcome.children,
            officials: outcome.officials,
            grants: outcome.grants,
            begun_at: None,
            finished_at: None,
            blockers: outcome.blockers.into_iter().map(|fault| BlockerView::of(fault, language)).collect(),
            items: items.into_iter().map(PlacedView::from).collect(),
            next_cursor,
            version: history::version(tx, &Subject::Agency(id))?,
        })
    }
}

impl BlockerView {
    fn of(fault: FieldError, language: Language) -> Self {
        let detail = match language {
            Language::Vi => fault.words.vi,
            Language::En => fault.words.en,
        };
        Self { pointer: format!("#{}", fault.pointer), code: fault.code, detail }
    }
}

impl From<Placed> for PlacedView {
    fn from(placed: Placed) -> Self {
        Self {
            petition_id: placed.petition,
            to: placed.to,
            by: placed.by.as_str(),
            intake: placed.intake,
            lead: placed.lead,
        }
    }
}

fn destinations(tx: &mut AnyConnection, all: Vec<Destination>) -> Result<Vec<DestinationView>, Error> {
    let ids: Vec<AgencyId> = all.iter().map(|one| one.agency_id).collect();
    let names = agencies::names(tx, &ids)?;
    let view = |one: Destination| {
        let name = names.get(&one.agency_id)?.clone();
        let agency = AgencyRef { id: one.agency_id, code: name.code, name: name.name };
        Some(DestinationView { agency, petitions: one.petitions })
    };
    Ok(all.into_iter().filter_map(view).collect())
}

/// Close an agency in favour of its successors.
///
/// One act for everything of it: from this moment it takes no petition, and who names its code gets a successor; the
/// agencies below, the officials and the rights over it get their places at once; the open petitions move in the
/// background, each with an event of its own that names this act as its cause. States, clocks, deadlines and promises
/// stay as they are. With `dry_run=true` nothing is changed: the answer says what would go where and what stands in
/// the way. For administrators whose rights reach the agency and its successors.
#[utoipa::path(post, path = "/v1/agencies/{id}/succession", tag = "administration", security(("bearer" = [])), request_body = SuccessionBody,
    params(("id" = uuid::Uuid, Path, description = "The agency."), SuccessionQuery, ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Closed, or tried.", body = SuccessionView, headers(("ETag" = String, description = "The version of the agency.")))))]
pub(super) async fn close_agency(
    call: Call,
    id: PathId<AgencyKey>,
    query: Query<SuccessionQuery>,
    demand: Demand,
    body: Form<SuccessionBody>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (asked, id) = (Asked::new(&call, &caller, &body, &query), id.0?);
    let mut order: Order<Closure> = order(&call, caller, demand, body);
    match query.0 {
        Err(fault) => order.body = Err(fault),
        Ok(query) if query.dry_run => order.key = Ok(None),
        Ok(_) => {}
    }
    let closed = call.app.write(call.request_id.clone(), move |tx, world| asked.run(tx, world, id, &order));
    let (view, done) = closed.await?;
    Ok(answer(&view, done, None))
}

/// Read how an agency was closed.
///
/// And how far its petitions have moved. For administrators and auditors whose rights reach it or whoever keeps what it
/// left.
#[utoipa::path(get, path = "/v1/agencies/{id}/succession", tag = "administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The agency.")),
    responses((status = 200, description = "The closure.", body = SuccessionView, headers(("ETag" = String, description = "The version of the agency.")))))]
pub(super) async fn read_succession(call: Call, id: PathId<AgencyKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let view = call.read(move |tx, world| {
        let reader = Reader::of(tx, world, &caller)?;
        let progress = closure::progress(tx, &reader, id)?;
        SuccessionView::of(tx, progress)
    });
    Ok(read(&view.await?))
}
