//! Problems (RFC 9457): how each failure of `app` reads on the wire.
//!
//! A handler returns `Result<_, Problem>`. The reply made of it is empty and carries the problem; `edge::serve`
//! writes the document, since it alone knows the request's language and id. The cause of an internal fault goes
//! to the log there, once, and has no way to the client.

use std::{fmt, sync::Arc};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    codes::{self, Row},
    edge::Context,
};
use crate::{
    app,
    domain::{
        refusal::{FieldError, Refusal, Words},
        vocabulary::{Code, Language},
    },
};

/// Media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// The registered type of a quota that was exceeded (draft-ietf-httpapi-ratelimit-headers).
const QUOTA_EXCEEDED_TYPE: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
/// Seconds to wait for a twin request or a busy store.
const SOON: u32 = 1;
/// Seconds to wait for something that is down.
const LATER: u32 = 5;

/// A refusal or failure on its way to the client.
#[derive(Clone)]
pub struct Problem {
    row: &'static Row,
    detail: Option<Words>,
    reason: Option<&'static str>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    policy: Option<&'static str>,
    allow: Option<String>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The document of a problem (RFC 9457), `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// URI reference of the kind of problem; dereferences to help for people.
    #[serde(rename = "type")]
    #[schema(example = "/problems/illegal-transition")]
    pub type_uri: String,
    /// What happened, the same for every problem of this type.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 409, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time, for people; programs read `code`.
    pub detail: String,
    /// Path of the request.
    pub instance: String,
    /// Stable code of the type.
    #[schema(example = "illegal-transition")]
    pub code: &'static str,
    /// Stable code of the guard that refused, or of the reason for which the caller is not authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Names this request in our log.
    pub request_id: String,
    /// Every fault found, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// The limits that this request went beyond, by the names of `RateLimit-Policy`.
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1)]
    pub violated_policies: Option<[&'static str; 1]>,
}

/// One thing wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer as a URI fragment (`#/title`), or the name of the parameter or header.
    #[schema(example = "#/title")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "too_long")]
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl Problem {
    fn new(row: &'static Row) -> Self {
        Self {
            row,
            detail: None,
            reason: None,
            errors: Vec::new(),
            retry_after: None,
            policy: None,
            allow: None,
            cause: None,
        }
    }

    /// The bare problem of a status, for failures of the framework.
    pub fn of_status(status: StatusCode) -> Self {
        Self::new(codes::of_status(status))
    }

    /// The address exists, but not with this method.
    pub fn method_not_allowed(allow: impl Into<String>) -> Self {
        Self { allow: Some(allow.into()), ..Self::new(&codes::METHOD_NOT_ALLOWED) }
    }

    /// The stable code of the type.
    pub fn code(&self) -> &'static str {
        self.row.code
    }

    /// The limit that this request went beyond.
    pub(super) fn policy(&self) -> Option<&'static str> {
        self.policy
    }

    /// What went wrong on our side, for the log.
    pub(super) fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }

    fn with_errors(row: &'static Row, errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(row) }
    }

    fn soon(row: &'static Row, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(row) }
    }

    /// The document in the language and with the id of a request.
    pub(super) fn document(&self, context: &Context) -> ProblemDocument {
        let say = |words: &Words| match context.language {
            Language::Vi => words.vi.clone(),
            Language::En => words.en.clone(),
        };
        let errors = self.errors.iter().map(|error| FieldProblem {
            pointer: fragment(&error.pointer),
            code: error.code,
            detail: say(&error.words),
        });
        ProblemDocument {
            type_uri: match self.policy {
                Some(_) => QUOTA_EXCEEDED_TYPE.to_owned(),
                None => format!("{}/problems/{}", context.public_url, self.row.code),
            },
            title: self.row.title(context.language),
            status: self.row.status.as_u16(),
            detail: self.detail.as_ref().map_or_else(|| self.row.help(context.language).to_owned(), say),
            instance: context.path.clone(),
            code: self.row.code,
            reason: self.reason,
            request_id: context.request_id.clone(),
            errors: errors.collect(),
            violated_policies: self.policy.map(|policy| [policy]),
        }
    }

    /// The whole reply, as `edge::serve` sends it.
    pub(super) fn render(&self, context: &Context) -> HttpResponse {
        let mut reply = HttpResponse::build(self.row.status);
        reply.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        reply.insert_header((header::CONTENT_LANGUAGE, context.language_tag()));
        reply.insert_header((header::CACHE_CONTROL, "no-store"));
        if self.row.status == StatusCode::UNAUTHORIZED {
            reply.insert_header((header::WWW_AUTHENTICATE, self.challenge()));
        }
        if let Some(seconds) = self.retry_after {
            reply.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = &self.allow {
            reply.insert_header((header::ALLOW, allow.as_str()));
        }
        reply.json(self.document(context))
    }

    /// RFC 6750 §3: without a token no error is named.
    fn challenge(&self) -> &'static str {
        match self.reason {
            Some("invalid_token" | "expired_token") => r#"Bearer realm="kiennghi", error="invalid_token""#,
            _ => r#"Bearer realm="kiennghi""#,
        }
    }
}

/// A JSON pointer as a URI fragment; other names stay as they are.
fn fragment(pointer: &str) -> String {
    if pointer.is_empty() || pointer.starts_with('/') { format!("#{pointer}") } else { pointer.to_owned() }
}

impl From<app::Error> for Problem {
    fn from(error: app::Error) -> Self {
        use app::Error;
        match error {
            Error::Unauthenticated(reason) => {
                Self { reason: Some(reason), ..Self::new(&codes::UNAUTHENTICATED) }
            }
            Error::InvalidGrant => Self::new(&codes::INVALID_GRANT),
            Error::NotFound => Self::new(&codes::NOT_FOUND),
            Error::Refused(refusal) => refusal.into(),
            Error::Malformed(errors) => Self::with_errors(&codes::MALFORMED, errors),
            Error::TooLarge { limit } => Self {
                detail: Some(Words::new(
                    format!("Nội dung được tối đa {limit} byte."),
                    format!("A body may have at most {limit} bytes."),
                )),
                ..Self::new(&codes::TOO_LARGE)
            },
            Error::TooSlow => Self::new(&codes::TOO_SLOW),
            Error::UnsupportedMediaType => Self::new(&codes::UNSUPPORTED_MEDIA_TYPE),
            Error::PreconditionRequired => Self::new(&codes::PRECONDITION_REQUIRED),
            Error::Stale => Self::new(&codes::PRECONDITION_FAILED),
            Error::IdempotencyKeyMissing => Self::new(&codes::IDEMPOTENCY_KEY_REQUIRED),
            Error::IdempotencyKeyInvalid => Self::new(&codes::IDEMPOTENCY_KEY_INVALID),
            Error::IdempotencyKeyReused => Self::new(&codes::IDEMPOTENCY_KEY_REUSED),
            Error::IdempotencyInProgress => Self::soon(&codes::IDEMPOTENCY_IN_PROGRESS, SOON),
            Error::InvalidCursor => Self::new(&codes::INVALID_CURSOR),
            Error::UnknownParameter { name } => {
                let words = codes::UNKNOWN_PARAMETER.help_words();
                let error = FieldError { pointer: name, code: "unknown_parameter", words };
                Self::with_errors(&codes::UNKNOWN_PARAMETER, vec![error])
            }
            Error::BadParameter(error) => Self::with_errors(&codes::INVALID_PARAMETER, vec![error]),
            Error::TooMany { policy, seconds } => Self {
                policy: Some(policy),
                detail: Some(Words::new(
                    format!("Thử lại sau {seconds} giây."),
                    format!("Try again in {seconds} seconds."),
                )),
                ..Self::soon(&codes::QUOTA_EXCEEDED, seconds)
            },
            Error::Busy => Self::soon(&codes::UNAVAILABLE, SOON),
            Error::Unavailable => Self::soon(&codes::UNAVAILABLE, LATER),
            Error::Internal(cause) => Self { cause: Some(Arc::from(cause)), ..Self::new(&codes::INTERNAL) },
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Forbidden(words) => Self { detail: Some(words), ..Self::new(&codes::FORBIDDEN) },
            Refusal::IllegalMove { action, state } => Self {
                detail: Some(Words::new(
                    format!(
                        "Không thể “{}” khi đơn ở trạng thái “{}”.",
                        action.label(Language::Vi),
                        state.label(Language::Vi)
                    ),
                    format!(
                        "“{}” is not possible while the petition is “{}”.",
                        action.label(Language::En),
                        state.label(Language::En)
                    ),
                )),
                ..Self::new(&codes::ILLEGAL_TRANSITION)
            },
            Refusal::Guard { code, words } => {
                Self { detail: Some(words), reason: Some(code), ..Self::new(&codes::CONFLICT) }
            }
            Refusal::Invalid(errors) => Self::with_errors(&codes::VALIDATION, errors),
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.row.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut reply = HttpResponse::new(self.row.status);
        reply.extensions_mut().insert(self.clone());
        reply
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.code)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({}, {:?})", self.row.code, self.errors)
    }
}
