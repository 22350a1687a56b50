//! Signing in.

use actix_web::{HttpResponse, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{auth::Call, extract::Form, problem::Problem};
use crate::{
    app::{guessing, people},
    domain::{id::OfficialId, submission::Personal},
};

#[derive(OpenApi)]
#[openapi(paths(sign_in))]
pub(super) struct Api;

/// Name and password of a local account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "coordinator", "password": "kiennghi-demo"}))]
pub(super) struct Credentials {
    #[schema(max_length = 100)]
    username: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: Personal,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 3600, "official": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Trần Thị Điều Phối", "position": "Chuyên viên"}}))]
struct SessionView {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    official: SignedInOfficial,
}

/// An official.
#[derive(Serialize, ToSchema)]
struct SignedInOfficial {
    #[schema(value_type = uuid::Uuid)]
    id: OfficialId,
    full_name: String,
    position: String,
}

/// Sign in with a local account.
///
/// An unknown name and a wrong password read the same and take the same time.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", security(()), request_body = Credentials,
    responses((status = 201, description = "Signed in.", body = SessionView)))]
pub(super) async fn sign_in(call: Call, body: Form<Credentials>) -> Result<HttpResponse, Problem> {
    let credentials = body.0?.content;
    let password = credentials.password.reveal().to_owned();
    let guesses = guessing::of_name(&call.app, &credentials.username, call.address);
    let session = people::sign_in(&call.app, credentials.username, password);
    let session = guessing::guarded(&call.app, guesses, session).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(SessionView {
        access_token: session.issued.token,
        token_type: "Bearer",
        expires_in: session.issued.expires_in,
        official: SignedInOfficial {
            id: session.official,
            full_name: session.full_name,
            position: session.position,
        },
    }))
}
