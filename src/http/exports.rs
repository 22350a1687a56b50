//! Lists as files: ordered, looked after, fetched.

mod lists;

use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    web::{ServiceConfig, block, get, post, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

pub use self::lists::ListsOfApi;
use super::{
    actions::Demand,
    admin::order,
    auth::Call,
    extract::{Form, PathId, Query, Short},
    lists::{answer, query::OwnQuery},
    openapi::{code, open_code},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        administration::Order,
        exports::{self, Wanted},
        history::hex,
        lists::{self as readers, Reader},
        world::World,
    },
    domain::{
        id::{OfficialId, RowId, RowKey},
        time::Instant,
        vocabulary::{ExportFormat, ExportState},
    },
    store::exports::ExportRow,
};

#[derive(OpenApi)]
#[openapi(paths(order_export, list_exports, read_export, fetch_export), components(schemas(ExportedFile)))]
pub(super) struct Api;

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/exports").route(get().to(list_exports)).route(post().to(order_export)))
        .service(resource("/v1/exports/{id}").route(get().to(read_export)))
        .service(resource("/v1/exports/{id}/file").route(get().to(fetch_export)));
}

/// Which list is written, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"list": "/v1/overdue?agency_id=01934f6e-0000-7000-8000-000000000001&as_of=2026-06-30", "format": "csv", "bom": true}))]
struct ExportBody {
    /// The address of a list, with its parameters, as figures give it in `href`: /v1/petitions, /v1/overdue,
    /// /v1/due-soon, /v1/paused, /v1/without-clock, /v1/forwarded-without-result or /v1/reports/{report}/petitions;
    /// also /v1/overdue/summary (its groups) and /v1/reports/{report} (each group with its figures). `limit` and
    /// `cursor` are left out: all of it is written.
    #[schema(value_type = String, max_length = 4096)]
    list: Short<4096>,
    #[schema(schema_with = code::<ExportFormat>)]
    format: ExportFormat,
    /// Begins a CSV with a byte order mark, by which Excel knows UTF-8.
    #[serde(default)]
    bom: bool,
}

/// Where a file is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"href": "/v1/exports/01934f6e-0000-7000-8000-000000000009/file?token=AQ", "expires_at": "2026-11-23T07:15:00Z"}))]
struct DownloadView {
    /// Opens the file for whoever has it, whole or in parts (`Range`).
    href: String,
    /// Until when it does; this export, read again, gives another.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

/// An export and its manifest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000009", "list": "/v1/overdue?as_of=2026-11-23T07%3A00%3A00Z&recorded_by=2026-11-23T07%3A00%3A00Z", "format": "csv", "bom": false, "state": "succeeded", "ordered_by": "01934f6e-0000-7000-8000-000000000002", "ordered_at": "2026-11-23T07:00:00Z", "as_of": "2026-11-23T07:00:00Z", "recorded_by": "2026-11-23T07:00:00Z", "calendar_version": 1, "rows": 3, "bytes": 1404, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "kid": "k1", "signature": "eyJ0eXAiOiJleHBvcnQtbWFuaWZlc3Qrand0In0.e30.AA", "problem": null, "finished_at": "2026-11-23T07:00:01Z", "expires_at": "2026-11-24T07:00:01Z", "download": {"href": "/v1/exports/01934f6e-0000-7000-8000-000000000009/file?token=AQ", "expires_at": "2026-11-23T07:15:00Z"}}))]
struct ExportView {
    #[schema(value_type = uuid::Uuid)]
    id: RowId,
    /// The address that is written, with the moment it shows: asked for page by page it gives the same rows.
    list: String,
    #[schema(schema_with = open_code::<ExportFormat>)]
    format: ExportFormat,
    bom: bool,
    #[schema(schema_with = open_code::<ExportState>)]
    state: ExportState,
    #[schema(value_type = uuid::Uuid)]
    ordered_by: OfficialId,
    #[schema(value_type = String, format = DateTime)]
    ordered_at: Instant,
    /// The moment the list shows.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// What was recorded later does not count.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// The version of the calendar that days late were counted by.
    calendar_version: Option<i32>,
    /// How many rows were written so far.
    rows: i64,
    bytes: i64,
    /// SHA-256 of the file, in hex.
    sha256: Option<String>,
    /// The key of /.well-known/attestation-keys.json that signed.
    kid: Option<String>,
    /// A compact JWS (RFC 7515) of type `export-manifest+jwt` over id, list, format, moments, calendar, rows, bytes and digest.
    signature: Option<String>,
    /// Why it failed: `rights_lost`, `bad_question`, `too_many_rows` (a sheet has 1,048,575) or `internal`.
    problem: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
    /// When the file is removed: a day after it was written.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// For whoever ordered it, while there is a file and his rights are those it was written by; else null.
    download: Option<DownloadView>,
}

/// A page of exports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct ExportList {
    #[schema(max_items = 100)]
    items: Vec<ExportView>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// What opens a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// As it stands in the link.
    #[param(value_type = String, max_length = 512)]
    token: Short<512>,
}

/// The file: lines of JSON, CSV or a workbook.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes the answer")]
struct ExportedFile(Vec<u8>);

/// Order a list as a file.
///
/// Written by and by, of what the caller may see, as it stands at the moment of the order unless the address names
/// another. NDJSON is exact: the items of the list, one on a line. CSV (RFC 4180, UTF-8) has each member of an item in a
/// column of its own; an apostrophe goes before a text that a spreadsheet would take for a formula, before an apostrophe,
/// and stands for an empty text: taken off again, the text is exact. XLSX has real dates in local time and texts that
/// are never formulas. Three at once for each person.
#[utoipa::path(post, path = "/v1/exports", tag = "audit", security(("bearer" = [])), request_body = ExportBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    responses((status = 202, description = "Ordered: look after it under its address.", body = ExportView, headers(("Location" = String, description = "Where it is.")))))]
async fn order_export(call: Call, demand: Demand, body: Form<ExportBody>) -> Result<HttpResponse, Problem> {
    let order = order(&call, call.official()?, demand, body);
    let (view, replayed) = ordered(&call, order).await?;
    let mut reply = HttpResponse::Accepted();
    reply.insert_header((header::LOCATION, format!("/v1/exports/{}", view.id)));
    reply.insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(reply.json(view))
}

/// Looks at the question where nobody waits for it, and then takes the order.
async fn ordered(call: &Call, order: Order<Wanted>) -> Result<(ExportView, bool), Error> {
    let Order { caller, body, key, .. } = order;
    let asked = caller.clone();
    let looked = call.app.read(call.request_id.clone(), move |tx, world| {
        // Who asks, then the form, then whether there is room, then the question.
        readers::reader(tx, world, &asked)?;
        let (wanted, key) = (body?, key?);
        exports::check_room(tx, world, &asked, key.as_ref())?;
        Ok((exports::question(tx, world, &ListsOfApi, &asked, &wanted)?, key))
    });
    let (question, key) = looked.await?;
    let taken = call.app.write(call.request_id.clone(), move |tx, world| {
        let (row, replayed) = exports::order(tx, world, &caller, (&question, key.as_ref()))?;
        let reader = readers::reader(tx, world, &caller)?;
        Ok((ExportView::of(world, &reader, row)?, replayed))
    });
    taken.await
}

/// List exports.
///
/// The latest first: who had what written when, and what came of it.
#[utoipa::path(get, path = "/v1/exports", tag = "audit", security(("bearer" = [])), params(OwnQuery),
    responses((status = 200, description = "A page of the list.", body = ExportList)))]
async fn list_exports(call: Call, query: Query<OwnQuery>) -> Result<HttpResponse, Problem> {
    answer(&call, query, |tx, world, reader, query| {
        let place = (query.cursor.as_deref(), query.limit.rows());
        let page = exports::page(tx, world, reader, query.everybody, place)?;
        let items = page.items.into_iter().map(|row| ExportView::of(world, reader, row));
        Ok(ExportList { items: items.collect::<Result<_, _>>()?, next_cursor: page.next_cursor })
    })
    .await
}

/// Read an export.
///
/// How far it is; once it has succeeded, its manifest and a link to its file. For whoever ordered it; auditors and
/// coordinators of the whole installation without a ceiling read the manifest alone.
#[utoipa::path(get, path = "/v1/exports/{id}", tag = "audit", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The export.")),
    responses((status = 200, description = "As it stands.", body = ExportView)))]
async fn read_export(call: Call, id: PathId<RowKey>) -> Result<HttpResponse, Problem> {
    answer(&call, Query(Ok(())), move |tx, world, reader, ()| {
        ExportView::of(world, reader, exports::find(tx, reader, id.0?)?)
    })
    .await
}

/// Fetch the file of an export.
///
/// By the link that the export gives, which needs no token of a session, whole or in parts: a download that broke off
/// goes on with `Range`. A link that is over reads as absent; the export, read again, gives another.
#[utoipa::path(get, path = "/v1/exports/{id}/file", tag = "audit", security(()),
    params(("id" = uuid::Uuid, Path, description = "The export."), FileQuery,
        ("Range" = Option<String>, Header, description = "The part that is wanted (RFC 9110 §14.2), such as `bytes=1000-`.", max_length = 100)),
    responses((status = 200, description = "The file.", content((ExportedFile = "application/x-ndjson"), (ExportedFile = "text/csv"),
            (ExportedFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
            headers(("Content-Disposition" = String, description = "The name of the file."))),
        (status = 206, description = "The part.", content((ExportedFile = "application/x-ndjson"), (ExportedFile = "text/csv"),
            (ExportedFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 416, description = "There is no such part.")))]
async fn fetch_export(
    call: Call,
    id: PathId<RowKey>,
    query: Query<FileQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, query) = (id.0?, query.0?);
    let found = call
        .app
        .read(call.request_id.clone(), move |tx, world| exports::opened(tx, world, id, &query.token.0));
    let row = found.await?;
    let path = exports::file(&call.app, &row);
    // It may lie with another process, or be gone with a disk.
    let file =
        block(move || NamedFile::open(path)).await.map_err(Error::internal)?.map_err(|_| Error::NotFound)?;
    Ok(dressed(file, &row, &request))
}

/// A file with its name and type, whole or the part that is wanted.
fn dressed(file: NamedFile, row: &ExportRow, request: &HttpRequest) -> HttpResponse {
    let name = DispositionParam::Filename(format!("kiennghi-{}.{}", row.id, row.format));
    let named = ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![name] };
    let file = file.set_content_type(mime(row.format)).set_content_disposition(named);
    let mut reply = file.into_response(request);
    let store = header::HeaderValue::from_static("private, no-store");
    reply.headers_mut().insert(header::CACHE_CONTROL, store);
    reply
}

/// The media type of a format, as one that no parser refuses.
fn mime(format: ExportFormat) -> mime::Mime {
    let text = match format {
        ExportFormat::Ndjson => "application/x-ndjson",
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    text.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM)
}

impl From<ExportBody> for Wanted {
    fn from(body: ExportBody) -> Self {
        Self { list: body.list.0, format: body.format, bom: body.bom }
    }
}

impl ExportView {
    fn of(world: &World, reader: &Reader, row: ExportRow) -> Result<Self, Error> {
        let download = exports::link(world, reader, &row)?;
        Ok(Self {
            download: download.map(|(href, expires_at)| DownloadView { href, expires_at }),
            id: row.id,
            list: row.list,
            format: row.format,
            bom: row.bom,
            state: row.state,
            ordered_by: row.ordered_by,
            ordered_at: row.ordered_at,
            as_of: row.as_of,
            recorded_by: row.recorded_by,
            calendar_version: row.calendar_version,
            rows: row.rows,
            bytes: row.bytes,
            sha256: row.digest.as_deref().map(hex),
            kid: row.kid,
            signature: row.signature,
            problem: row.problem,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
        })
    }
}
