//! The deadline rules: how long each stage may take, by which law, since when and until when.

mod views;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use self::views::{DeadlineRuleBody, DeadlineRuleView, DeadlineRulesView, RuleEndingBody};

use super::{
    actions::Demand,
    admin::order,
    auth::Call,
    cached,
    extract::{Form, Limit, Query, Short},
    openapi::code,
    problem::{Problem, ProblemDocument},
};
use crate::{
    app::{
        Error,
        administration::{
            Done,
            rules::{self, NewRule},
        },
        cursor::{self, Binding},
        public::Page,
    },
    domain::{
        time::Day,
        vocabulary::{Kind, Stage},
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
struct RulesQuery {
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
async fn list_deadline_rules(
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
        let behind =
            |row: &DeadlineRuleRow| after.as_ref().is_none_or(|(code, id)| (code, id) < (&row.code, &row.id));
        rows.sort_by(|one, other| (&one.code, &one.id).cmp(&(&other.code, &other.id)));
        rows.retain(behind);
        let page = Page::of(rows, limit, |row| (row.code.clone(), row.id.clone()));
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        Ok(DeadlineRulesView {
            items: page.items.into_iter().map(DeadlineRuleView::from).collect(),
            next_cursor: next,
        })
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
async fn read_deadline_rule(
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
async fn add_deadline_rule(
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
async fn end_deadline_rule(
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
