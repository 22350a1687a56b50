//! Pages of other origins may call only where the settings name them. No cookie is ever involved: a page must have a
//! token, so credentials are not allowed to any origin.

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
};

use super::edge::Edge;

/// What a page may send beside what browsers send anyway.
const ALLOWED: &str =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent";
/// What a page may read of an answer beside what it may always read.
const EXPOSED: &str =
    "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotent-Replayed";
/// Seconds for which a browser remembers the answer to its preflight.
const REMEMBER: &str = "600";

/// The answer to a browser that asks beforehand, if its page may call this address.
pub(super) fn preflight(request: &ServiceRequest, edge: &Edge) -> Option<HttpResponse> {
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let origin = listed(request.headers(), edge).filter(|_| asks && request.method() == Method::OPTIONS)?;
    let methods = edge.methods.allow(request.path())?;
    let mut reply = HttpResponse::NoContent();
    reply.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
    reply.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods));
    reply.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED));
    reply.insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBER));
    Some(reply.finish())
}

/// The origin of the page that sent a request, if the settings name it.
pub(super) fn listed(headers: &HeaderMap, edge: &Edge) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    edge.http.cors_origins.iter().any(|one| one.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

/// Lets the page read the answer, and keeps caches from giving one page's answer to another.
pub(super) fn allow(headers: &mut HeaderMap, origin: Option<&HeaderValue>, by_origin: bool) {
    if by_origin {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
