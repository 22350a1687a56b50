//! The headers that every reply has, whoever made it: what browsers may do with it, and who may read it.

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};

use super::{cors, edge::Edge};

/// Nothing of an answer is a page: it loads nothing and nobody frames it.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The documentation runs its own scripts, and nothing that is written into a page.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const OWN_ORIGIN_ONLY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const YEAR: &str = "max-age=31536000";

/// What the reply to one request must say.
#[derive(Debug, Clone, Default)]
pub(super) struct Manners {
    /// The origin of a page that may read it.
    origin: Option<HeaderValue>,
    /// Whether any page may read anything: then caches must keep origins apart.
    by_origin: bool,
    /// Whether clients reach us by TLS.
    secure: bool,
    docs: bool,
}

impl Manners {
    pub(super) fn of(request: &ServiceRequest, edge: Option<&Edge>) -> Self {
        Self {
            origin: edge.and_then(|edge| cors::listed(request.headers(), edge)),
            by_origin: edge.is_some_and(|edge| !edge.http.cors_origins.is_empty()),
            secure: edge.is_some_and(|edge| edge.public_url.starts_with("https://")),
            docs: request.path().starts_with("/docs/"),
        }
    }

    /// Sets what the reply does not say by itself. Nothing is cached unless a handler says so.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        let policy = if self.docs { DOCS_POLICY } else { DATA_POLICY };
        let defaults = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONTENT_SECURITY_POLICY, policy),
            (OWN_ORIGIN_ONLY, "same-origin"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept-Language, Authorization"),
        ];
        let secured = self.secure.then_some((header::STRICT_TRANSPORT_SECURITY, YEAR));
        for (name, value) in defaults.into_iter().chain(secured) {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        cors::allow(headers, self.origin.as_ref(), self.by_origin);
    }
}
