//! Setting up an installation: agencies, fields, officials, grants, thresholds of reminders, and who changed them.

mod agencies;
mod events;
mod fields;
mod grants;
mod officials;
mod succession;
mod thresholds;

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, post, put, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{actions::Demand, auth::Call, extract::Form};
use crate::app::{
    administration::{Done, Order, accounts::Bare},
    caller::Caller,
};

/// The addresses of administration that are not those of [`super::agencies`] alone.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/agencies")
                .route(get().to(super::agencies::list_agencies))
                .route(post().to(agencies::found_agency)),
        )
        .service(
            resource("/v1/agencies/{id}")
                .route(get().to(super::agencies::read_agency))
                .route(put().to(agencies::replace_agency)),
        )
        .service(resource("/v1/agencies/{id}/dissolution").route(post().to(agencies::dissolve_agency)))
        .service(
            resource("/v1/agencies/{id}/succession")
                .route(get().to(succession::read_succession))
                .route(post().to(succession::close_agency)),
        )
        .service(resource("/v1/agencies/{id}/versions").route(get().to(super::agencies::list_versions)))
        .service(
            resource("/v1/fields").route(get().to(fields::list_fields)).route(post().to(fields::add_field)),
        )
        .service(
            resource("/v1/fields/{code}")
                .route(get().to(fields::read_field))
                .route(put().to(fields::replace_field)),
        )
        .service(
            resource("/v1/officials")
                .route(get().to(super::agencies::list_officials))
                .route(post().to(officials::add_official)),
        )
        .service(
            resource("/v1/officials/{id}")
                .route(get().to(officials::read_official))
                .route(put().to(officials::replace_official)),
        )
        .service(resource("/v1/officials/{id}/disabling").route(post().to(officials::disable_official)))
        .service(resource("/v1/officials/{id}/enabling").route(post().to(officials::enable_official)))
        .service(resource("/v1/officials/{id}/password-reset").route(post().to(officials::reset_password)))
        .service(
            resource("/v1/grants").route(get().to(grants::list_grants)).route(post().to(grants::grant_role)),
        )
        .service(resource("/v1/grants/{id}").route(get().to(grants::read_grant)))
        .service(resource("/v1/grants/{id}/revocation").route(post().to(grants::revoke_grant)))
        .configure(thresholds::routes)
        .service(resource("/v1/events").route(get().to(events::list_changes)));
}

/// What each module says of its operations.
pub(super) fn api() -> utoipa::openapi::OpenApi {
    let mut all = agencies::Api::openapi();
    let others = [
        succession::Api::openapi(),
        fields::Api::openapi(),
        officials::Api::openapi(),
        grants::Api::openapi(),
        thresholds::Api::openapi(),
        events::Api::openapi(),
    ];
    others.into_iter().for_each(|part| all.merge(part));
    all
}

/// Nothing: who, what and which version stand in address and headers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(super) struct EmptyBody {}

impl From<EmptyBody> for Bare {
    fn from(_: EmptyBody) -> Self {
        Self
    }
}

/// Puts an order together; faults of form are carried along.
pub(super) fn order<B: Into<T>, T>(call: &Call, caller: Caller, demand: Demand, body: Form<B>) -> Order<T> {
    let (body, fingerprint) = match body.0 {
        Ok(filled) => (Ok(filled.content.into()), filled.fingerprint.to_vec()),
        Err(error) => (Err(error), Vec::new()),
    };
    let key = demand.key.map(|key| key.map(|key| call.key(&caller, key, &fingerprint)));
    Order { caller, body, seen: demand.seen, key }
}

/// Something that changes by versions.
trait Versioned: Serialize {
    fn version(&self) -> u32;
}

/// The ETag of a version.
pub(super) fn tag(version: u32) -> String {
    format!("\"{version}\"")
}

/// 201 for what was made, 200 for what was changed; what is said of it belongs to the caller alone.
fn answer(view: &impl Versioned, done: Done, location: Option<String>) -> HttpResponse {
    let mut reply = if location.is_some() { HttpResponse::Created() } else { HttpResponse::Ok() };
    if let Some(location) = location {
        reply.insert_header((header::LOCATION, location));
    }
    if done.replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    reply.insert_header((header::ETAG, tag(view.version())));
    reply.insert_header((header::CACHE_CONTROL, "no-store"));
    reply.json(view)
}

/// What an administrator reads of one thing.
fn read(view: &impl Versioned) -> HttpResponse {
    let mut reply = HttpResponse::Ok();
    reply.insert_header((header::ETAG, tag(view.version())));
    reply.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    reply.json(view)
}
