//! When who is reminded of which clock.

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, get, post, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Versioned, answer, order, read};
use crate::{
    app::{
        Error,
        administration::{
            events::Reader,
            thresholds::{self, Ending},
        },
        cursor::{self, Binding},
        history::{self, Subject},
        public::Page,
    },
    domain::{
        escalation::Threshold,
        time::Day,
        vocabulary::{Anchor, ReminderLevel, Stage, Unit},
    },
    http::{
        actions::Demand,
        auth::Call,
        extract::{Form, Limit, Query},
        openapi::{code, open_code, open_code_or_null},
        problem::Problem,
    },
    store::{
        AnyConnection,
        reminders::{self, ThresholdRow},
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_thresholds, read_threshold, add_threshold, end_threshold))]
pub(super) struct Api;

const THRESHOLDS: &str = "/v1/reminder-thresholds";

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/reminder-thresholds")
                .route(get().to(list_thresholds))
                .route(post().to(add_threshold)),
        )
        .service(resource("/v1/reminder-thresholds/{code}").route(get().to(read_threshold)))
        .service(resource("/v1/reminder-thresholds/{code}/ending").route(post().to(end_threshold)));
}

/// A moment of a clock at which a level is reminded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "resolution-head-2027", "stage": "resolution", "level": "head", "anchor": "before_due", "amount": 1, "unit": "working_days", "legal_basis": "Quy chế tiếp công dân 2027", "effective_from": "2027-01-01"}))]
pub(super) struct ThresholdBody {
    /// Small letters, digits, hyphens, underscores.
    #[schema(max_length = 64)]
    code: String,
    /// `intake`, `resolution` or `forwarding`; absent: each of them.
    #[schema(schema_with = code::<Stage>, required = false)]
    stage: Option<Stage>,
    #[schema(schema_with = code::<ReminderLevel>)]
    level: ReminderLevel,
    #[schema(schema_with = code::<Anchor>)]
    anchor: Anchor,
    /// Percent of the time used (1 to 99), or so many of `unit`.
    #[schema(minimum = 0, maximum = 1000)]
    amount: u32,
    /// Absent for `share_used`.
    #[schema(schema_with = code::<Unit>, required = false)]
    unit: Option<Unit>,
    /// Where it is written.
    #[schema(max_length = 300)]
    legal_basis: String,
    /// For clocks that begin on this day or later; absent: for all.
    #[schema(value_type = Option<String>, format = Date)]
    effective_from: Option<Day>,
    /// Not for clocks that begin on this day or later.
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
}

/// When a threshold ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_to": "2027-01-01"}))]
pub(super) struct EndingBody {
    /// Clocks that begin on this day or later run without it; those that began before keep it.
    #[schema(value_type = String, format = Date)]
    effective_to: Day,
}

/// A moment of a clock at which a level is reminded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "resolution-head", "stage": "resolution", "level": "head", "anchor": "after_due", "amount": 0, "unit": "working_days", "legal_basis": "policy (quy định nội bộ)", "effective_from": null, "effective_to": null, "version": 0}))]
struct ThresholdView {
    code: String,
    /// Null: each stage of the procedure.
    #[schema(schema_with = open_code_or_null::<Stage>)]
    stage: Option<Stage>,
    #[schema(schema_with = open_code::<ReminderLevel>)]
    level: ReminderLevel,
    #[schema(schema_with = open_code::<Anchor>)]
    anchor: Anchor,
    /// Percent of the time used, or so many of `unit`.
    amount: i32,
    #[schema(schema_with = open_code_or_null::<Unit>)]
    unit: Option<Unit>,
    legal_basis: String,
    #[schema(value_type = Option<String>, format = Date)]
    effective_from: Option<Day>,
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
    /// For If-Match.
    version: u32,
}

/// A page of thresholds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct ThresholdsView {
    #[schema(max_items = 100)]
    items: Vec<ThresholdView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// How many thresholds, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ThresholdsQuery {
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

impl From<ThresholdBody> for Threshold {
    fn from(body: ThresholdBody) -> Self {
        Self {
            code: body.code,
            stage: body.stage,
            level: body.level,
            anchor: body.anchor,
            amount: body.amount,
            unit: body.unit,
            legal_basis: body.legal_basis,
            effective_from: body.effective_from,
            effective_to: body.effective_to,
        }
    }
}

impl From<EndingBody> for Ending {
    fn from(body: EndingBody) -> Self {
        Self { effective_to: body.effective_to }
    }
}

impl ThresholdView {
    fn of(tx: &mut AnyConnection, row: ThresholdRow) -> Result<Self, Error> {
        let version = history::version(tx, &Subject::Threshold(row.code.clone()))?;
        Ok(Self {
            code: row.code,
            stage: row.stage,
            level: row.level,
            anchor: row.anchor,
            amount: row.amount,
            unit: row.unit,
            legal_basis: row.legal_basis,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            version,
        })
    }

    fn by_code(tx: &mut AnyConnection, code: &str) -> Result<Self, Error> {
        let row = reminders::threshold(tx, code)?.ok_or(Error::NotFound)?;
        Self::of(tx, row)
    }
}

impl Versioned for ThresholdView {
    fn version(&self) -> u32 {
        self.version
    }
}

/// List the thresholds of reminders.
///
/// By code, ended ones too. For administrators and auditors.
#[utoipa::path(get, path = "/v1/reminder-thresholds", tag = "administration", security(("bearer" = [])), params(ThresholdsQuery),
    responses((status = 200, description = "A page.", body = ThresholdsView)))]
pub(super) async fn list_thresholds(
    call: Call,
    query: Query<ThresholdsQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let found = call.read(move |tx, world| {
        Reader::of(tx, world, &caller)?;
        let (query, scope) = (query.0?, caller.scope());
        let binding = Binding { route: THRESHOLDS, caller: &scope, filters: &() };
        let after: Option<String> =
            query.cursor.map(|text| cursor::open(&world.secret, &binding, &text)).transpose()?;
        let limit = query.limit.rows();
        let rows = reminders::thresholds_page(tx, after.as_deref(), limit + 1)?;
        let page = Page::of(rows, limit, |row| row.code.clone());
        let next = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
        let items = page.items.into_iter().map(|row| ThresholdView::of(tx, row)).collect::<Result<_, _>>()?;
        Ok(ThresholdsView { items, next_cursor: next })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Read a threshold of reminders.
///
/// For administrators and auditors.
#[utoipa::path(get, path = "/v1/reminder-thresholds/{code}", tag = "administration", security(("bearer" = [])),
    params(("code" = String, Path, description = "The threshold.", max_length = 64)),
    responses((status = 200, description = "The threshold.", body = ThresholdView, headers(("ETag" = String, description = "Its version.")))))]
pub(super) async fn read_threshold(call: Call, code: Path<String>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let found = call.read(move |tx, world| {
        Reader::of(tx, world, &caller)?;
        ThresholdView::by_code(tx, &code)
    });
    Ok(read(&found.await?))
}

/// Add a threshold of reminders.
///
/// For administrators of the whole installation. Refused where another one already reminds the same level of the same
/// stage: end that one first. Open petitions are looked at by the new ones at once; a clock runs by the version that was
/// in force when it began.
#[utoipa::path(post, path = "/v1/reminder-thresholds", tag = "administration", security(("bearer" = [])), request_body = ThresholdBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Added.", body = ThresholdView,
        headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is.")))))]
pub(super) async fn add_threshold(
    call: Call,
    demand: Demand,
    body: Form<ThresholdBody>,
) -> Result<HttpResponse, Problem> {
    let code = body.0.as_ref().map(|filled| filled.content.code.clone()).unwrap_or_default();
    let order = order(&call, call.official()?, demand, body);
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = thresholds::add(tx, world, &order)?;
        Ok((ThresholdView::by_code(tx, &code)?, done))
    });
    let (view, done) = made.await?;
    Ok(answer(&view, done, Some(format!("{THRESHOLDS}/{}", view.code))))
}

/// End a threshold of reminders.
///
/// Clocks that began before that day keep it. For administrators of the whole installation.
#[utoipa::path(post, path = "/v1/reminder-thresholds/{code}/ending", tag = "administration", security(("bearer" = [])), request_body = EndingBody,
    params(("code" = String, Path, description = "The threshold.", max_length = 64), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Ended.", body = ThresholdView, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn end_threshold(
    call: Call,
    code: Path<String>,
    demand: Demand,
    body: Form<EndingBody>,
) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = thresholds::end(tx, world, &code, &order)?;
        Ok((ThresholdView::by_code(tx, &code)?, done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}
