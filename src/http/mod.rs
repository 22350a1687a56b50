//! The edge: reads requests, calls `app`, writes replies. This page is the map of its addresses.
//!
//! Invariants: extractors never refuse by themselves but hand over a `Result`, because refusals have an order
//! (401, 404, 403, then the form); every 4xx and 5xx leaves through `edge::serve` as a problem (RFC 9457).

mod actions;
mod admin;
mod agencies;
mod auth;
mod bodies;
mod cached;
mod calendar;
mod client;
pub mod codes;
mod commitments;
mod cors;
mod dossier;
pub mod edge;
mod encoding;
pub mod exports;
pub mod extract;
mod figures;
mod frozen;
pub mod headers;
mod health;
pub mod help;
pub mod json;
pub mod limits;
mod lists;
mod manners;
mod me;
pub mod methods;
pub mod metrics;
mod notifications;
mod oidc;
pub mod openapi;
mod overdue;
mod petitions;
mod preview;
pub mod problem;
mod public;
mod reads;
mod reference;
mod reports;
mod rules;
mod samples;
mod sandbox;
pub mod server;
mod sessions;
pub mod strict;
mod tracking;
mod urgings;
mod views;

use actix_web::{
    App,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, ServiceConfig, get, post, resource},
};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use edge::Edge;
pub use problem::Problem;

use crate::{app, config::Settings};

/// Every address of the API.
fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/livez").route(get().to(health::livez)))
        .service(resource("/readyz").route(get().to(health::readyz)))
        .service(resource("/.well-known/jwks.json").route(get().to(health::jwks)))
        .service(resource("/.well-known/attestation-keys.json").route(get().to(health::attestation_keys)))
        .service(resource("/openapi.json").route(get().to(openapi::serve_document)))
        .service(help::explain_problem)
        .configure(oidc::routes)
        .configure(sessions::routes)
        .configure(me::routes)
        .service(
            resource("/v1/petitions")
                .route(get().to(lists::list_petitions))
                .route(post().to(petitions::submit_petition)),
        )
        .service(resource("/v1/petitions/{id}").route(get().to(petitions::read_petition)))
        .service(resource("/v1/petitions/{id}/events").route(get().to(petitions::list_events)))
        .service(resource("/v1/petitions/{id}/deadlines").route(get().to(petitions::explain_deadlines)))
        .service(resource("/v1/petitions/{id}/holders").route(get().to(petitions::list_holders)))
        .service(resource("/v1/petitions/{id}/submitter").route(get().to(petitions::read_submitter)))
        .configure(reads::routes)
        .configure(dossier::routes)
        .configure(samples::routes)
        .service(resource("/v1/sandbox/clock").route(post().to(sandbox::turn_clock)))
        .service(resource("/v1/overdue").route(get().to(lists::list_overdue)))
        .service(resource("/v1/overdue/summary").route(get().to(overdue::summarise_overdue)))
        .configure(lists::routes)
        .configure(figures::routes)
        .configure(frozen::routes)
        .configure(exports::routes)
        .service(resource("/v1/public/statistics").route(get().to(reports::read_public_statistics)))
        .configure(actions::routes)
        .service(resource("/v1/tracking").route(post().to(tracking::open_tracking)))
        .service(resource("/v1/tracking/petitions").route(get().to(tracking::list_tracked)))
        .service(resource("/v1/tracking/petitions/{code}").route(get().to(tracking::read_tracked)))
        .configure(tracking::routes)
        .service(resource("/v1/public/petitions").route(get().to(public::list_public_petitions)))
        .service(resource("/v1/public/petitions/{code}").route(get().to(public::read_public_petition)))
        .service(resource("/v1/public/replies").route(get().to(public::list_public_replies)))
        .service(resource("/v1/reference").route(get().to(reference::read_reference)))
        .service(resource("/v1/lifecycle").route(get().to(reference::read_lifecycle)))
        .configure(admin::routes)
        .configure(calendar::routes)
        .configure(rules::routes)
        .configure(notifications::routes)
        .configure(urgings::routes)
        .configure(commitments::routes)
        .service(resource("/v1/deadlines/preview").route(get().to(preview::preview_deadline)));
}

/// What each module says of its operations.
fn apis() -> Vec<utoipa::openapi::OpenApi> {
    vec![
        health::Api::openapi(),
        sessions::Api::openapi(),
        oidc::Api::openapi(),
        me::Api::openapi(),
        petitions::Api::openapi(),
        actions::Api::openapi(),
        reads::Api::openapi(),
        dossier::Api::openapi(),
        samples::Api::openapi(),
        sandbox::Api::openapi(),
        lists::Api::openapi(),
        overdue::Api::openapi(),
        reports::Api::openapi(),
        figures::Api::openapi(),
        frozen::Api::openapi(),
        exports::Api::openapi(),
        tracking::Api::openapi(),
        public::Api::openapi(),
        reference::Api::openapi(),
        agencies::Api::openapi(),
        admin::api(),
        calendar::api(),
        rules::Api::openapi(),
        preview::Api::openapi(),
        notifications::Api::openapi(),
        urgings::Api::openapi(),
        commitments::Api::openapi(),
    ]
}

/// The service, over an application: what the server runs and the tests call.
pub fn application(
    app: app::App,
    edge: web::Data<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(app))
        .app_data(edge)
        .wrap(from_fn(limits::limit))
        .wrap(from_fn(edge::serve))
        .configure(routes)
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::new(["/openapi.json"]).validator_url("none")))
        .service(web::redirect("/docs", "/docs/"))
        .default_service(web::to(methods::unmatched))
}

/// What the edge knows, from the settings.
pub fn edge(settings: &Settings) -> web::Data<Edge> {
    let document = openapi::document();
    web::Data::new(Edge {
        public_url: settings.public_url.clone().unwrap_or_default(),
        body_limit: settings.body_limit,
        methods: methods::Methods::of(&document),
        document: openapi::file_of(&document).unwrap_or_default(),
        leaving: server::Leaving::default(),
        http: settings.http.clone(),
        proxies: settings.proxies.clone(),
        counts: limits::Counts::default(),
    })
}
