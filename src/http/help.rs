//! The page behind the `type` of each problem.

use actix_web::{HttpResponse, get, http::header, web};

use super::{codes, problem::Problem};
use crate::{app, domain::vocabulary::Language};

/// Explain a problem.
///
/// What its code means, for people, in Vietnamese and English: the page behind the `type` of a problem.
#[utoipa::path(
    get,
    path = "/problems/{code}",
    operation_id = "explain_problem",
    tag = "operator",
    security(()),
    params(("code" = String, Path, description = "Code of a problem, such as illegal-transition", max_length = 64)),
    responses((status = 200, description = "The explanation.", body = String, content_type = "text/html"))
)]
#[get("/problems/{code}")]
pub(super) async fn explain_problem(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = codes::find(&code).ok_or(app::Error::NotFound)?;
    let section = |language, tag: &str| {
        format!(
            "<section lang=\"{tag}\"><h2>{}</h2><p>{}</p></section>",
            row.title(language),
            row.help(language)
        )
    };
    let page = format!(
        "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><title>{code}</title>\
         <h1>{status} <code>{code}</code></h1>{vi}{en}</html>",
        code = row.code,
        status = row.status.as_u16(),
        vi = section(Language::Vi, "vi"),
        en = section(Language::En, "en"),
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .body(page))
}
