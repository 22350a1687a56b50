//! Who calls, by the bearer token; and the rest of what every call carries.

use std::{future::Future, net::IpAddr, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};

use super::{client, edge::RequestId, headers};
use crate::{
    app::{App, Error, World, caller::Caller, idempotency::RequestKey, sessions},
    domain::vocabulary::Language,
    store::AnyConnection,
};

/// What every call carries: the application, who calls, in which language to answer, and the request's id.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) app: web::Data<App>,
    caller: Result<Caller, &'static str>,
    pub(super) language: Language,
    pub(super) request_id: Option<String>,
    /// The client's address, where there is a connection.
    pub(super) address: Option<IpAddr>,
    method: &'static str,
    route: String,
}

impl Call {
    /// Who calls, where nobody need be known; a token that does not hold is refused all the same.
    pub(super) fn anyone(&self) -> Result<Caller, Error> {
        self.caller.clone().map_err(Error::Unauthenticated)
    }

    /// An official, or a citizen who showed his keys.
    pub(super) fn somebody(&self) -> Result<Caller, Error> {
        match self.anyone()? {
            Caller::Anonymous => Err(Error::Unauthenticated("missing_token")),
            known => Ok(known),
        }
    }

    /// An official; a citizen's token opens nothing here.
    pub(super) fn official(&self) -> Result<Caller, Error> {
        match self.somebody()? {
            official @ (Caller::Official(_) | Caller::SignedIn(..)) => Ok(official),
            _ => Err(Error::Unauthenticated("official_required")),
        }
    }

    /// A citizen who signed in; nobody else has petitions of his own.
    pub(super) fn citizen(&self) -> Result<Caller, Error> {
        match self.somebody()? {
            citizen @ Caller::Citizen(..) => Ok(citizen),
            _ => Err(Error::Unauthenticated("account_required")),
        }
    }

    /// Reads, for somebody unknown from a replica that may lag a moment.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    {
        match self.caller {
            Ok(Caller::Anonymous) => self.app.read_public(self.request_id.clone(), read).await,
            _ => self.app.read(self.request_id.clone(), read).await,
        }
    }

    /// The idempotency key of this call with everything that makes two calls one.
    pub(super) fn key(&self, caller: &Caller, key: String, fingerprint: &[u8]) -> RequestKey {
        RequestKey {
            caller: caller.scope(),
            method: self.method,
            route: self.route.clone(),
            key,
            fingerprint: fingerprint.to_vec(),
        }
    }
}

impl FromRequest for Call {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Some(app) = request.app_data::<web::Data<App>>() else {
                return Err(actix_web::error::ErrorInternalServerError("the application is missing"));
            };
            Ok(Self {
                app: app.clone(),
                caller: identify(&request, app).await,
                language: headers::language(request.headers()),
                address: client::address(&request),
                request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
                method: if request.method() == actix_web::http::Method::PUT { "PUT" } else { "POST" },
                route: request.match_pattern().unwrap_or_default(),
            })
        })
    }
}

/// What a request's token proved, so that its signature is checked once.
#[derive(Clone)]
struct Identified(Result<Caller, &'static str>);

/// Who calls, by the bearer token, or why the token does not hold.
pub(super) async fn identify(request: &HttpRequest, app: &App) -> Result<Caller, &'static str> {
    if let Some(Identified(known)) = request.extensions().get() {
        return known.clone();
    }
    let caller = match bearer(request) {
        Ok(None) => Ok(Caller::Anonymous),
        Ok(Some(token)) => sessions::caller(app, token).await.map_err(|error| match error {
            Error::Unauthenticated(reason) => reason,
            _ => "invalid_token",
        }),
        Err(reason) => Err(reason),
    };
    request.extensions_mut().insert(Identified(caller.clone()));
    caller
}

/// The token of an `Authorization: Bearer` field (RFC 6750 §2.1).
fn bearer(request: &HttpRequest) -> Result<Option<&str>, &'static str> {
    let Some(field) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let text = field.to_str().map_err(|_| "invalid_token")?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err("bearer_required"),
    }
}
