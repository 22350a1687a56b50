//! Answers that are the same for everybody: kept for a minute by whoever passes them on, and not sent twice.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderMap},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::app::{Error, secrets::sha256};

/// Bytes of the digest that make the tag: 96 bits.
const TAG: usize = 12;

/// The view with an ETag over its bytes, or 304 when the client has these bytes already.
pub(super) fn public(request: &HttpRequest, view: &impl Serialize) -> Result<HttpResponse, Error> {
    let body = serde_json::to_vec(view).map_err(Error::internal)?;
    let digest = sha256(&body);
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.get(..TAG).unwrap_or_default()));
    Ok(tagged(request, body, tag))
}

/// The view under the tag of its version, which a change of it needs; not kept without asking again.
pub(super) fn versioned(
    request: &HttpRequest,
    view: &impl Serialize,
    tag: String,
) -> Result<HttpResponse, Error> {
    let mut reply = tagged(request, serde_json::to_vec(view).map_err(Error::internal)?, tag);
    reply.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("public, no-cache"));
    Ok(reply)
}

fn tagged(request: &HttpRequest, body: Vec<u8>, tag: String) -> HttpResponse {
    let known = is_known(request.headers(), &tag);
    let mut reply = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    reply.insert_header((header::CACHE_CONTROL, "public, max-age=60"));
    reply.insert_header((header::VARY, "Accept-Language"));
    reply.insert_header((header::ETAG, tag));
    if known { reply.finish() } else { reply.content_type("application/json").body(body) }
}

/// Whether `If-None-Match` names the tag, compared weakly (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}
