//! Extractors. None of them refuses: each holds a `Result`, because 401, 404 and 403 go before 400, 413 and 415.
//!
//! A handler takes what it needs, asks who is calling first, and then opens the rest with `?`.

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    pin::Pin,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{self, Bytes},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, Unexpected},
};
use serde_json::Value;

pub use bounded::{Short, UpTo};

use super::{
    edge::{Edge, RequestId},
    headers, json,
    strict::{self, UNKNOWN_FIELD},
};
use crate::{
    app::{Error, secrets::sha256},
    domain::{id::Id, refusal::FieldError, vocabulary::Language},
};

/// Longest body in bytes where the application sets no limit.
const BODY_LIMIT: usize = 256 * 1024;
/// How long a body may take to arrive where the application sets no limit.
const BODY_TIME: Duration = Duration::from_secs(30);
const DEFAULT_LIMIT: u16 = 20;
const MAXIMUM_LIMIT: u16 = 100;

/// A JSON body. An empty body reads as `{}`, for actions that need not carry anything.
#[derive(Debug)]
pub struct Form<T>(pub Result<Filled<T>, Error>);

/// A body of another kind than JSON, as text.
#[derive(Debug)]
pub struct Upload(pub Result<Filled<String>, Error>);

/// A body that was read.
#[derive(Debug)]
pub struct Filled<T> {
    /// What the body says.
    pub content: T,
    /// SHA-256 of method, path, media type and body: what an idempotency key stands for.
    pub fingerprint: [u8; 32],
}

/// The query parameters: each known, each given once.
#[derive(Debug)]
pub struct Query<T>(pub Result<T, Error>);

/// The `{id}` of the path; what is no UUID names nothing, and so is `NotFound`.
#[derive(Debug)]
pub struct PathId<K>(pub Result<Id<K>, Error>);

/// The version in `If-Match`.
#[derive(Debug)]
pub struct IfMatch(pub Result<i64, Error>);

/// The `Idempotency-Key`, if there is one.
#[derive(Debug)]
pub struct IdempotencyKey(pub Result<Option<String>, Error>);

/// The language of the answer.
#[derive(Debug, Clone, Copy)]
pub struct Speaks(pub Language);

/// Rows on a page: 1 to 100, 20 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl IdempotencyKey {
    /// The key of an operation that needs one; anonymous callers must send a UUID.
    pub fn required(self, anonymous: bool) -> Result<String, Error> {
        self.optional(anonymous)?.ok_or(Error::IdempotencyKeyMissing)
    }

    /// The key of an operation that may have one; anonymous callers must send a UUID.
    pub fn optional(self, anonymous: bool) -> Result<Option<String>, Error> {
        match self.0? {
            Some(key) if anonymous && !headers::is_uuid(&key) => Err(Error::IdempotencyKeyInvalid),
            key => Ok(key),
        }
    }
}

impl Limit {
    /// So many rows, for whoever does not page himself.
    pub fn of(rows: u16) -> Self {
        Self(rows)
    }

    /// Rows to show.
    pub fn rows(self) -> i64 {
        i64::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            rows if (1..=u64::from(MAXIMUM_LIMIT)).contains(&rows) => {
                u16::try_from(rows).map(Self).map_err(D::Error::custom)
            }
            rows => {
                let allowed = "Cần số từ 1 đến 100. | Needs a number from 1 to 100.";
                Err(D::Error::invalid_value(Unexpected::Unsigned(rows), &allowed))
            }
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            Ok(Self(match payload.await {
                Ok(payload) => fill(&request, payload).await,
                Err(error) => Err(Error::internal(error.to_string())),
            }))
        })
    }
}

/// The media type of iCalendar (RFC 5545 §8.1), the one kind of text that is taken.
const ICALENDAR: &str = "text/calendar";

impl FromRequest for Upload {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            Ok(Self(match payload.await {
                Ok(payload) => upload(&request, payload).await,
                Err(error) => Err(Error::internal(error.to_string())),
            }))
        })
    }
}

async fn upload(request: &HttpRequest, payload: web::Payload) -> Result<Filled<String>, Error> {
    let media_type = request.content_type();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ICALENDAR) {
        return Err(Error::UnsupportedMediaType);
    }
    let (limit, time) = bounds(request);
    let body = read(request, payload, limit, time).await?;
    let content = String::from_utf8(body.to_vec()).map_err(|_| {
        Error::Malformed(vec![FieldError::new(
            "",
            "not_utf8",
            "Tệp phải là UTF-8.",
            "The file must be UTF-8.",
        )])
    })?;
    let head = format!("{}\n{}\n{}\n", request.method(), request.uri(), media_type);
    Ok(Filled { content, fingerprint: sha256(&[head.as_bytes(), &body].concat()) })
}

/// How long a body may be, and how long it may take.
fn bounds(request: &HttpRequest) -> (usize, Duration) {
    let edge = request.app_data::<web::Data<Edge>>();
    edge.map_or((BODY_LIMIT, BODY_TIME), |edge| (edge.body_limit, edge.http.body_time))
}

async fn fill<T: DeserializeOwned>(request: &HttpRequest, payload: web::Payload) -> Result<Filled<T>, Error> {
    let (limit, time) = bounds(request);
    let body = read(request, payload, limit, time).await?;
    let media_type = request.content_type();
    let value = if body.is_empty() {
        Value::Object(serde_json::Map::new())
    } else if is_json(media_type) {
        json::parse(&body).map_err(|error| Error::Malformed(vec![error]))?
    } else {
        return Err(Error::UnsupportedMediaType);
    };
    let content = strict::from_json(value).map_err(|error| Error::Malformed(vec![error]))?;
    let head = format!("{}\n{}\n{media_type}\n", request.method(), request.path());
    Ok(Filled { content, fingerprint: sha256(&[head.as_bytes(), &body].concat()) })
}

async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
    time: Duration,
) -> Result<Bytes, Error> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::UnsupportedMediaType);
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { limit });
    }
    match tokio::time::timeout(time, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(Error::Malformed(vec![FieldError::new(
            "",
            "incomplete",
            "Nội dung gửi đến không đầy đủ.",
            "The body broke off.",
        )])),
        Ok(Err(_)) => Err(Error::TooLarge { limit }),
        Err(_) => Err(Error::TooSlow),
    }
}

/// `application/json`, `text/json` never, `application/…+json` also; parameters do not matter.
fn is_json(media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// The parameters of a query string.
pub(super) fn parameters<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let pairs =
        web::Query::<Vec<(String, String)>>::from_query(query).map_err(|_| Error::Malformed(Vec::new()))?;
    let pairs = pairs.into_inner();
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some((*one).to_owned()),
        _ => None,
    });
    if let Some(name) = twice {
        return Err(Error::BadParameter(FieldError::new(
            name,
            "duplicate_parameter",
            "Tham số này chỉ được có một lần.",
            "This parameter may be given once only.",
        )));
    }
    strict::from_parameters(pairs).map_err(|error| match error.code {
        UNKNOWN_FIELD => Error::UnknownParameter { name: error.pointer },
        _ => Error::BadParameter(error),
    })
}

fn path_id<K>(request: &HttpRequest) -> Result<Id<K>, Error> {
    let text = request.match_info().get("id").filter(|text| headers::is_uuid(text));
    text.and_then(|text| text.parse().ok()).ok_or(Error::NotFound)
}

macro_rules! extractors {
    ($([$($generic:tt)*] $name:ty = $read:expr;)+) => {$(
        impl<$($generic)*> FromRequest for $name {
            type Error = Infallible;
            type Future = Ready<Result<Self, Infallible>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let read: fn(&HttpRequest) -> Self = $read;
                ready(Ok(read(request)))
            }
        }
    )+};
}

extractors! {
    [T: DeserializeOwned] Query<T> = |request| Self(parameters(request.query_string()));
    [K] PathId<K> = |request| Self(path_id(request));
    [] IfMatch = |request| Self(headers::if_match(request.headers()));
    [] IdempotencyKey = |request| Self(headers::idempotency_key(request.headers()));
    [] Speaks = |request| Self(headers::language(request.headers()));
    [] RequestId = |request| request.extensions().get::<Self>().cloned().unwrap_or(Self(String::new()));
}

mod bounded;
#[cfg(test)]
mod tests;
