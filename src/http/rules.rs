//! The deadline rules: how long each stage may take, by which law, since when and until when.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    actions::Demand,
    admin::order,
    auth::Call,
    cached,
    extract::{Form, Limit, Query, Short},
    openapi::{code, open_code},
    problem::{Problem, ProblemDocument},
};
use crate::{
    app::{
        Error,
        administration::{
            Done,
            rules::{self, Ending, NewRule},
        },
        cursor::{self, Binding},
        public::Page,
    },
    domain::{
        rule::Rule,
        time::{Day, Instant},
        vocabulary::{
            Channel, Complexity, Confidence, Kind, OnSupplement, Stage, StartEvent, SubmitterType, Unit, Urgency,
        },
    },
    store::{
        AnyConnection,
        reference::{self, DeadlineRuleRow},
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_deadline_rules, read_deadline_rule, add_deadline_rule, end_deadline_rule))]
pub(super) struct Api;

const RULES: &str = "/v1/deadline-rules";

/// The addresses of the rules.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/v1/deadline-rules")
                .route(web::get().to(list_deadline_rules))
                .route(web::post().to(add_deadline_rule)),
        )
        .service(web::resource("/v1/deadline-rules/{id}").route(web::get().to(read_deadline_rule)))
        .service(web::resource("/v1/deadline-rules/{id}/ending").route(web::post().to(end_deadline_rule)));
}

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RulesQuery {
    /// Of this stage alone.
    #[param(schema_with = code::<Stage>, required = false)]
    stage: Option<Stage>,
    /// That name this kind.
    #[param(schema_with = code::<Kind>, required = false)]
    kind: Option<Kind>,
    /// All versions of one rule.
    #[param(value_type = Option<String>, max_length = 64)]
    code: Option<Short<64>>,
    /// In force on this day.
    #[param(value_type = Option<String>, format = Date)]
    in_force_on: Option<Day>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// A version of a rule. A selector that is null fits every petition; of those that fit, the one with most selectors wins.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "complaint-1", "code": "complaint-1", "stage": "resolution", "kind": "complaint", "instance": 1, "channel": null, "submitter_type": null, "field_code": null, "urgency": null, "complexity": null, "remote_area": null, "start_event": "acceptance", "amount": 30, "unit": "calendar_days", "ceiling": 45, "on_supplement": "pause", "due_soon_percent": 20, "legal_basis": "Luật Khiếu nại 02/2011/QH13 điều 28", "confidence": "seen", "effective_from": null, "effective_to": null, "source": null, "recorded_at": null, "ending_recorded_at": null}))]
struct DeadlineRuleView {
    /// Names this version for ever.
    id: String,
    /// The name shared by all versions.
    code: String,
    #[schema(schema_with = open_code::<Stage>)]
    stage: Stage,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Option<Kind>,
    instance: Option<i32>,
    #[schema(schema_with = open_code::<Channel>)]
    channel: Option<Channel>,
    #[schema(schema_with = open_code::<SubmitterType>)]
    submitter_type: Option<SubmitterType>,
    field_code: Option<String>,
    #[schema(schema_with = open_code::<Urgency>)]
    urgency: Option<Urgency>,
    #[schema(schema_with = open_code::<Complexity>)]
    complexity: Option<Complexity>,
    remote_area: Option<bool>,
    /// What it counts from.
    #[schema(schema_with = open_code::<StartEvent>)]
    start_event: StartEvent,
    /// How many of `unit`.
    amount: i32,
    #[schema(schema_with = open_code::<Unit>)]
    unit: Unit,
    /// The most that an extension can set the amount to; null: no extension.
    ceiling: Option<i32>,
    #[schema(schema_with = open_code::<OnSupplement>)]
    on_supplement: OnSupplement,
    /// The last share of the time in which it is due soon, in percent.
    due_soon_percent: i32,
    legal_basis: String,
    #[schema(schema_with = open_code::<Confidence>)]
    confidence: Confidence,
    /// First day in force; null: since ever.
    #[schema(value_type = Option<String>, format = Date)]
    effective_from: Option<Day>,
    /// First day no longer in force; null: until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
    /// The decision that says so; null for what the installation began with.
    source: Option<String>,
    /// When we learnt of it; null: it was there from the beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// When we learnt that it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    ending_recorded_at: Option<Instant>,
}

/// A page of rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct DeadlineRulesView {
    #[schema(max_items = 100)]
    items: Vec<DeadlineRuleView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// A version of a rule to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "complaint-1-2027", "code": "complaint-1", "stage": "resolution", "kind": "complaint", "instance": 1, "start_event": "acceptance", "amount": 25, "unit": "calendar_days", "ceiling": 40, "legal_basis": "Luật sửa đổi, điều 28", "effective_from": "2027-07-01", "replaces": "complaint-1", "source": "Luật sửa đổi (bản công bố)"}))]
pub(super) struct DeadlineRuleBody {
    /// Names this version for ever: small letters, digits, hyphens.
    #[schema(max_length = 64)]
    id: String,
    /// The name shared by all versions.
    #[schema(max_length = 64)]
    code: String,
    #[schema(schema_with = code::<Stage>)]
    stage: Stage,
    #[schema(schema_with = code::<Kind>)]
    kind: Option<Kind>,
    /// Of a complaint: 1 or 2.
    instance: Option<u8>,
    #[schema(schema_with = code::<Channel>)]
    channel: Option<Channel>,
    #[schema(schema_with = code::<SubmitterType>)]
    submitter_type: Option<SubmitterType>,
    #[schema(max_length = 64)]
    field_code: Option<String>,
    #[schema(schema_with = code::<Urgency>)]
    urgency: Option<Urgency>,
    #[schema(schema_with = code::<Complexity>)]
    complexity: Option<Complexity>,
    remote_area: Option<bool>,
    #[schema(schema_with = code::<StartEvent>)]
    start_event: StartEvent,
    /// How many of `unit`.
    #[schema(minimum = 1, maximum = 10000)]
    amount: u32,
    #[schema(schema_with = code::<Unit>)]
    unit: Unit,
    /// The most that an extension can set the amount to; absent: no extension.
    #[schema(minimum = 1, maximum = 10000)]
    ceiling: Option<u32>,
    /// What a supplement does: pause unless told.
    #[schema(schema_with = code::<OnSupplement>)]
    on_supplement: Option<OnSupplement>,
    /// 20 unless told.
    #[schema(minimum = 1, maximum = 100)]
    due_soon_percent: Option<u8>,
    #[schema(max_length = 300)]
    legal_basis: String,
    /// How sure it is: seen unless told.
    #[schema(schema_with = code::<Confidence>)]
    confidence: Option<Confidence>,
    /// First day in force.
    #[schema(value_type = String, format = Date)]
    effective_from: Day,
    /// First day no longer in force.
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
    /// The version that ends where this one begins.
    #[schema(max_length = 64)]
    replaces: Option<String>,
    /// The decision that says so; nothing is taken without.
    #[serde(default)]
    #[schema(max_length = 300, required = true)]
    source: String,
}

/// The end of a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_to": "2027-07-01", "source": "Luật sửa đổi (bản công bố)"}))]
pub(super) struct RuleEndingBody {
    /// First day no longer in force.
    #[schema(value_type = String, format = Date)]
    effective_to: Day,
    /// The decision that says so; nothing is taken without.
    #[serde(default)]
    #[schema(max_length = 300, required = true)]
    source: String,
}

impl From<DeadlineRuleBody> for NewRule {
    fn from(body: DeadlineRuleBody) -> Self {
        let rule = Rule {
            id: body.id,
            code: body.code,
            stage: body.stage,
            kind: body.kind,
            instance: body.instance,
            channel: body.channel,
            submitter_type: body.submitter_type,
            field_code: body.field_code,
            urgency: body.urgency,
            complexity: body.complexity,
            remote_area: body.remote_area,
            start_event: body.start_event,
            amount: body.amount,
            unit: body.unit,
            ceiling: body.ceiling,
            on_supplement: body.on_supplement.unwrap_or(OnSupplement::Pause),
            due_soon_percent: body.due_soon_percent.unwrap_or(20),
            legal_basis: body.legal_basis,
            confidence: body.confidence.unwrap_or(Confidence::Seen),
            effective_from: Some(body.effective_from),
            effective_to: body.effective_to,
        };
        Self { rule, source: body.source, replaces: body.replaces }
    }
}

impl From<RuleEndingBody> for Ending {
    fn from(body: RuleEndingBody) -> Self {
        Self { effective_to: body.effective_to, source: body.source }
    }
}

impl From<DeadlineRuleRow> for DeadlineRuleView {
    fn from(row: DeadlineRuleRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            stage: row.stage,
            kind: row.kind,
            instance: row.instance,
            channel: row.channel,
            submitter_type: row.submitter_type,
            field_code: row.field_code,
            urgency: row.urgency,
            complexity: row.complexity,
            remote_area: row.remote_area,
            start_event: row.start_event,
            amount: row.amount,
            unit: row.unit,
            ceiling: row.ceiling,
            on_supplement: row.on_supplement,
            due_soon_percent: row.due_soon_percent,
            legal_basis: row.legal_basis,
            confidence: row.confidence,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            source: row.source,
            recorded_at: row.recorded_at,
            ending_recorded_at: row.ending_recorded_at,
        }
    }
}

fn is_in_force(row: &DeadlineRuleRow, on: Day) -> bool {
    row.effective_from.is_none_or(|from| from <= on) && row.effective_to.is_none_or(|to| on < to)
}

fn view(tx: &mut AnyConnection, id: &str) -> Result<DeadlineRuleView, Error> {
    Ok(reference::deadline_rule(tx, id)?.ok_or(Error::NotFound)?.into())
}

/// List deadline rules.
///
/// Every version there ever was, by code and id, with legal basis, dates, and when we learnt of it.
#[utoipa::path(get, path = "/v1/deadline-rules", tag = "reference", security(()), params(RulesQuery),
    responses((status = 200, description = "A page.", body = DeadlineRulesView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_deadline_rules(
    call: Call,
    query: Query<RulesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let read = call.read(move |tx, world| {
        let (limit, code) = (query.limit.rows(), query.code.map(|code| code.0));
        let filters = (query.stage, query.kind, &code, query.in_force_on);
        let binding = Binding { route: RULES, caller: "", filters: &filters };
        let after: Option<(String, String)> =
            query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        // All of them are few, and in the order of the list.
        let mut rows = reference::deadline_rules(tx)?;
        rows.retain(|row| {
            query.stage.is_none_or(|stage| row.stage == stage)
                && query.kind.is_none_or(|kind| row.kind == Some(kind))
                && code.as_ref().is_none_or(|code| row.code == *code)
                && query.in_force_on.is_none_or(|on| is_in_force(row, on))
        });
        let behind = |row: &DeadlineRuleRow| after.as_ref().is_none_or(|(code, id)| (code, id) < (&row.code, &row.id));
        rows.sort_by(|one, other| (&one.code, &one.id).cmp(&(&other.code, &other.id)));
        rows.retain(behind);
        let page = Page::of(rows, limit, |row| (row.code.clone(), row.id.clone()));
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(DeadlineRulesView { items: page.items.into_iter().map(DeadlineRuleView::from).collect(), next_cursor: next })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read a deadline rule.
///
/// One version of it; who added or ended it is told by GET /v1/events.
#[utoipa::path(get, path = "/v1/deadline-rules/{id}", tag = "reference", security(()),
    params(("id" = String, Path, description = "The version.", max_length = 64)),
    responses((status = 200, description = "The rule.", body = DeadlineRuleView), (status = 304, description = "Unchanged."),
        (status = 404, description = "There is no such version.", body = ProblemDocument, content_type = "application/problem+json")))]
pub(super) async fn read_deadline_rule(
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = call.read(move |tx, _| view(tx, &id)).await?;
    Ok(cached::public(&request, &read)?)
}

/// Add a deadline rule.
///
/// A new version, or a new rule; none is ever edited. Petitions keep the version they count by, unless they are
/// classified anew. Refused where it and another rule would both apply and neither is closer. For administrators of the
/// whole installation.
#[utoipa::path(post, path = "/v1/deadline-rules", tag = "administration", security(("bearer" = [])), request_body = DeadlineRuleBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Added.", body = DeadlineRuleView, headers(("Location" = String, description = "Where it is.")))))]
pub(super) async fn add_deadline_rule(
    call: Call,
    demand: Demand,
    body: Form<DeadlineRuleBody>,
) -> Result<HttpResponse, Problem> {
    let order = order::<_, NewRule>(&call, call.official()?, demand, body);
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = rules::add(tx, world, &order)?;
        let id = order.body.as_ref().map(|new| new.rule.id.clone()).unwrap_or_default();
        Ok((view(tx, &id)?, done))
    });
    let (view, done) = made.await?;
    let location = Some(format!("{RULES}/{}", view.id));
    Ok(answer(&view, done, location))
}

/// End a deadline rule.
///
/// Says from which day on a version is no longer in force; nothing else of it ever changes. For administrators of the
/// whole installation.
#[utoipa::path(post, path = "/v1/deadline-rules/{id}/ending", tag = "administration", security(("bearer" = [])), request_body = RuleEndingBody,
    params(("id" = String, Path, description = "The version.", max_length = 64),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 200, description = "Ended.", body = DeadlineRuleView)))]
pub(super) async fn end_deadline_rule(
    call: Call,
    id: web::Path<String>,
    demand: Demand,
    body: Form<RuleEndingBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let ended = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = rules::end(tx, world, &id, &order)?;
        Ok((view(tx, &id)?, done))
    });
    let (view, done) = ended.await?;
    Ok(answer(&view, done, None))
}

fn answer(view: &DeadlineRuleView, done: Done, location: Option<String>) -> HttpResponse {
    let mut reply = if location.is_some() { HttpResponse::Created() } else { HttpResponse::Ok() };
    if let Some(location) = location {
        reply.insert_header((header::LOCATION, location));
    }
    if done.replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    reply.insert_header((header::CACHE_CONTROL, "no-store"));
    reply.json(view)
}
