//! The fields petitions are sorted by.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Versioned, answer, order, tag};
use crate::{
    app::{
        Error,
        administration::fields::{self, FieldFacts, NewField},
        cursor::{self, Binding},
        history::{self, Subject},
        public::Page,
    },
    http::{
        actions::Demand,
        auth::Call,
        cached,
        extract::{Form, Limit, Query},
        problem::Problem,
    },
    store::{
        AnyConnection,
        reference::{self, FieldRow},
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_fields, read_field, add_field, replace_field))]
pub(super) struct Api;

const FIELDS: &str = "/v1/fields";

/// A field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "land", "name_vi": "Đất đai", "name_en": "Land", "active": true}))]
struct FieldView {
    code: String,
    name_vi: String,
    name_en: String,
    /// Whether it can be chosen; one that cannot still names the petitions that are in it.
    active: bool,
}

/// A field with its version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "land", "name_vi": "Đất đai", "name_en": "Land", "active": true, "version": 1}))]
struct FieldDetail {
    code: String,
    name_vi: String,
    name_en: String,
    active: bool,
    /// For If-Match.
    version: u32,
}

/// A page of fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"code": "land", "name_vi": "Đất đai", "name_en": "Land", "active": true}], "next_cursor": null}))]
struct FieldsView {
    #[schema(max_items = 100)]
    items: Vec<FieldView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// How many fields, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FieldsQuery {
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// A field to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "water_supply", "name_vi": "Cấp nước", "name_en": "Water supply"}))]
pub(super) struct FieldBody {
    /// Small letters, digits, underscores.
    #[schema(max_length = 64)]
    code: String,
    #[schema(max_length = 300)]
    name_vi: String,
    #[schema(max_length = 300)]
    name_en: String,
}

/// A field as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name_vi": "Cấp nước sạch", "name_en": "Clean water", "active": true}))]
pub(super) struct FieldChangeBody {
    #[schema(max_length = 300)]
    name_vi: String,
    #[schema(max_length = 300)]
    name_en: String,
    active: bool,
}

impl From<FieldBody> for NewField {
    fn from(body: FieldBody) -> Self {
        let facts = FieldFacts { name_vi: body.name_vi, name_en: body.name_en, active: true };
        Self { code: body.code, facts }
    }
}

impl From<FieldChangeBody> for FieldFacts {
    fn from(body: FieldChangeBody) -> Self {
        Self { name_vi: body.name_vi, name_en: body.name_en, active: body.active }
    }
}

impl From<FieldRow> for FieldView {
    fn from(row: FieldRow) -> Self {
        Self { code: row.code, name_vi: row.name_vi, name_en: row.name_en, active: row.active }
    }
}

impl FieldDetail {
    fn of(tx: &mut AnyConnection, code: &str) -> Result<Self, Error> {
        let row = reference::field(tx, code)?.ok_or(Error::NotFound)?;
        let version = history::version(tx, &Subject::Field(code.to_owned()))?;
        Ok(Self { code: row.code, name_vi: row.name_vi, name_en: row.name_en, active: row.active, version })
    }
}

impl Versioned for FieldDetail {
    fn version(&self) -> u32 {
        self.version
    }
}

/// List fields.
///
/// By code, those that are chosen no more included.
#[utoipa::path(get, path = "/v1/fields", tag = "reference", security(()), params(FieldsQuery),
    responses((status = 200, description = "A page.", body = FieldsView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_fields(
    call: Call,
    query: Query<FieldsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let limit = query.limit.rows();
    let read = call.read(move |tx, world| {
        let binding = Binding { route: FIELDS, caller: "", filters: &() };
        let after: Option<String> =
            query.cursor.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let rows = reference::fields_page(tx, after.as_deref(), limit + 1)?;
        let page = Page::of(rows, limit, |row| row.code.clone());
        let next = page.next.map(|code| cursor::seal(&world.secret, &binding, &code)).transpose()?;
        Ok(FieldsView { items: page.items.into_iter().map(FieldView::from).collect(), next_cursor: next })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read a field.
///
/// With the version that a change of it needs.
#[utoipa::path(get, path = "/v1/fields/{code}", tag = "reference", security(()),
    params(("code" = String, Path, description = "The field.", max_length = 64)),
    responses((status = 200, description = "The field.", body = FieldDetail, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "Unchanged.")))]
pub(super) async fn read_field(
    call: Call,
    code: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let code = code.into_inner();
    let view = call.read(move |tx, _| FieldDetail::of(tx, &code)).await?;
    Ok(cached::versioned(&request, &view, tag(view.version))?)
}

/// Add a field.
///
/// For administrators of the whole installation.
#[utoipa::path(post, path = "/v1/fields", tag = "administration", security(("bearer" = [])), request_body = FieldBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 201, description = "Added.", body = FieldDetail,
        headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is.")))))]
pub(super) async fn add_field(
    call: Call,
    demand: Demand,
    body: Form<FieldBody>,
) -> Result<HttpResponse, Problem> {
    let order = order::<_, NewField>(&call, call.official()?, demand, body);
    let made = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = fields::add(tx, world, &order)?;
        // The same key with other content was refused, so this is the field of the first request too.
        let code = order.body.as_ref().map(|new| new.code.clone()).unwrap_or_default();
        Ok((FieldDetail::of(tx, &code)?, done))
    });
    let (view, done) = made.await?;
    Ok(answer(&view, done, Some(format!("/v1/fields/{}", view.code))))
}

/// Change a field.
///
/// Its names, and whether it can be chosen. For administrators of the whole installation.
#[utoipa::path(put, path = "/v1/fields/{code}", tag = "administration", security(("bearer" = [])), request_body = FieldChangeBody,
    params(("code" = String, Path, description = "The field.", max_length = 64), ("If-Match" = String, Header, description = "The version you saw, such as \"3\".")),
    responses((status = 200, description = "Changed.", body = FieldDetail, headers(("ETag" = String, description = "The new version.")))))]
pub(super) async fn replace_field(
    call: Call,
    code: web::Path<String>,
    demand: Demand,
    body: Form<FieldChangeBody>,
) -> Result<HttpResponse, Problem> {
    let (order, code) = (order(&call, call.official()?, demand, body), code.into_inner());
    let changed = call.app.write(call.request_id.clone(), move |tx, world| {
        let done = fields::replace(tx, world, &code, &order)?;
        Ok((FieldDetail::of(tx, &code)?, done))
    });
    let (view, done) = changed.await?;
    Ok(answer(&view, done, None))
}
