//! Signing in elsewhere.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{ServiceConfig, get, post, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{auth::Call, extract::Form, problem::Problem, sessions::SessionView};
use crate::{
    app::{
        oidc::{self, Audience, Begun, Shown, Wanted},
        secrets::SecretText,
    },
    domain::{submission::Personal, time::Instant, vocabulary::Language},
};

#[derive(OpenApi)]
#[openapi(paths(list_providers, begin_outside, finish_outside, link_identity))]
pub(super) struct Api;

/// The addresses of signing in elsewhere.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/sessions/oidc").route(post().to(finish_outside)))
        .service(resource("/v1/sessions/oidc/providers").route(get().to(list_providers)))
        .service(resource("/v1/sessions/oidc/authorizations").route(post().to(begin_outside)))
        .service(resource("/v1/me/outside-identities").route(post().to(link_identity)));
}

/// Somewhere to sign in.
#[derive(Serialize, ToSchema)]
struct ProviderView {
    name: String,
    /// What to call it, in the language of the request.
    label: String,
    /// Whom it is for: `officials` or `citizens`.
    who: &'static str,
}

/// Where one may sign in elsewhere.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"name": "vneid", "label": "VNeID", "who": "citizens"}]}))]
struct ProvidersView {
    #[schema(max_items = 100)]
    items: Vec<ProviderView>,
}

/// List where one may sign in elsewhere.
///
/// In the order of the settings; empty where there is nothing but local accounts.
#[utoipa::path(get, path = "/v1/sessions/oidc/providers", tag = "sessions", security(()),
    responses((status = 200, description = "The providers.", body = ProvidersView)))]
async fn list_providers(call: Call) -> HttpResponse {
    let view = |provider: &oidc::Provider| ProviderView {
        name: provider.name.clone(),
        label: match call.language {
            Language::Vi => provider.label.vi.clone(),
            Language::En => provider.label.en.clone(),
        },
        who: match provider.who {
            Audience::Officials => "officials",
            Audience::Citizens => "citizens",
        },
    };
    HttpResponse::Ok().json(ProvidersView { items: call.app.providers().list().map(view).collect() })
}

/// What an app asks for before it sends somebody to a provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"provider": "vneid", "redirect_uri": "https://app.example.vn/back", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}))]
struct AuthorizationBody {
    #[schema(max_length = 50)]
    provider: String,
    /// One of those in the settings, exactly.
    #[schema(max_length = 2048)]
    redirect_uri: String,
    /// SHA-256 of the verifier that the app keeps, in base64url without padding (RFC 7636, S256).
    #[schema(min_length = 43, max_length = 43)]
    code_challenge: String,
}

/// Where to send somebody.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"authorization_url": "https://id.example.vn/authorize?response_type=code&state=…", "state": "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "expires_at": "2026-11-23T07:10:00Z"}))]
struct AuthorizationView {
    authorization_url: String,
    /// Comes back with him; send it with the code, once.
    state: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

impl From<Begun> for AuthorizationView {
    fn from(begun: Begun) -> Self {
        Self {
            authorization_url: begun.authorization_url,
            state: begun.state.reveal().to_owned(),
            expires_at: begun.expires_at,
        }
    }
}

/// Begin to sign in elsewhere.
///
/// Open the address in the system's browser, never in a view inside the app. With an official's token it begins the
/// linking of an identity to him instead.
#[utoipa::path(post, path = "/v1/sessions/oidc/authorizations", tag = "sessions", security((), ("bearer" = [])),
    request_body = AuthorizationBody,
    responses((status = 201, description = "Where to send him.", body = AuthorizationView)))]
async fn begin_outside(call: Call, body: Form<AuthorizationBody>) -> Result<HttpResponse, Problem> {
    let caller = call.anyone()?;
    let AuthorizationBody { provider, redirect_uri, code_challenge } = body.0?.content;
    let wanted = Wanted { provider, redirect_uri, code_challenge };
    let begun = oidc::begin(&call.app, caller, wanted).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(AuthorizationView::from(begun)))
}

/// What came back with him, and the verifier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "code": "SplxlOBeZQQYbYS6WxSbIA", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}))]
struct CodeBody {
    #[schema(value_type = String, format = Password, max_length = 100)]
    state: Personal,
    #[schema(value_type = String, format = Password, max_length = 2048)]
    code: Personal,
    #[schema(value_type = String, format = Password, min_length = 43, max_length = 128)]
    code_verifier: Personal,
}

impl From<CodeBody> for Shown {
    fn from(body: CodeBody) -> Self {
        let text = |text: &Personal| SecretText::new(text.reveal());
        Self { state: text(&body.state), code: text(&body.code), code_verifier: text(&body.code_verifier) }
    }
}

/// Finish signing in elsewhere.
///
/// A state is used once, whatever comes of it. An official must have linked the identity, or an administrator for
/// him; a citizen gets an account on the first sign-in.
#[utoipa::path(post, path = "/v1/sessions/oidc", tag = "sessions", security(()), request_body = CodeBody,
    responses((status = 201, description = "Signed in.", body = SessionView),
        (status = 403, description = "No official is linked to this identity.", body = super::problem::ProblemDocument, content_type = "application/problem+json")))]
async fn finish_outside(call: Call, body: Form<CodeBody>) -> Result<HttpResponse, Problem> {
    let session = oidc::finish(&call.app, body.0?.content.into()).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(SessionView::from(session)))
}

/// Link an outside identity to oneself.
///
/// From then on the official may sign in with it. The state must come from an authorization that was begun with the
/// same official's token.
#[utoipa::path(post, path = "/v1/me/outside-identities", tag = "me", security(("bearer" = [])), request_body = CodeBody,
    responses((status = 204, description = "Linked.")))]
async fn link_identity(call: Call, body: Form<CodeBody>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    oidc::link(&call.app, caller, body.0.map(|body| body.content.into())).await?;
    Ok(HttpResponse::NoContent().finish())
}
