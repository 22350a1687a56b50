//! Why a use case did not do what it was asked; `http` gives each variant its status and words.

use crate::{
    domain::refusal::{FieldError, Refusal},
    store::StoreError,
};

/// The cause of a failure on our side: it goes to the log and never to the client.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Every way in which a call can fail. None of them has left anything behind in the database.
#[derive(Debug)]
pub enum Error {
    /// Nobody we know; the reason is a stable code such as `missing_token` or `invalid_credentials`.
    Unauthenticated(&'static str),
    /// A token or code that is to be exchanged is unknown, over, spent or ended: all read alike.
    InvalidGrant,
    /// Not there, or not for this caller: the two read alike.
    NotFound,
    /// The domain says no.
    Refused(Refusal),
    /// The body cannot be read as what the operation expects.
    Malformed(Vec<FieldError>),
    /// The body is longer than so many bytes.
    TooLarge { limit: usize },
    /// The body did not arrive in time.
    TooSlow,
    /// The body is not JSON, or is compressed.
    UnsupportedMediaType,
    /// The operation needs `If-Match`.
    PreconditionRequired,
    /// The petition changed since the caller read it.
    Stale,
    /// The operation needs an `Idempotency-Key`.
    IdempotencyKeyMissing,
    /// The `Idempotency-Key` is not 1–64 visible ASCII characters, or, from an anonymous caller, no UUID.
    IdempotencyKeyInvalid,
    /// The key served another request before.
    IdempotencyKeyReused,
    /// The first request with this key has not ended.
    IdempotencyInProgress,
    /// The cursor is not ours, or belongs to another list, other filters or another caller.
    InvalidCursor,
    /// The operation has no such query parameter.
    UnknownParameter { name: String },
    /// A query parameter or header with a value it cannot have.
    BadParameter(FieldError),
    /// The caller did this too often: there is room again after so many seconds.
    TooMany { policy: &'static str, seconds: u32 },
    /// The store has too much to do; the same request may succeed in a second.
    Busy,
    /// Something we depend on is down.
    Unavailable,
    /// A fault of ours.
    Internal(Cause),
}

impl Error {
    /// A fault of ours, with what is known about it for the log.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// What happened, for the operator at the command line; never for a client.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Refused(Refusal::Invalid(errors)) => {
                let faults = errors.iter().map(|error| format!("{}: {}", error.pointer, error.words.en));
                faults.collect::<Vec<_>>().join("; ")
            }
            Self::Refused(Refusal::Guard { words, .. } | Refusal::Forbidden(words)) => words.en.clone(),
            Self::Internal(cause) => cause.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// The same refusal once more: a fault of form is found before the transaction that reports it, and a
    /// transaction may run several times.
    pub fn again(&self) -> Self {
        match self {
            Self::Malformed(errors) => Self::Malformed(errors.clone()),
            Self::TooLarge { limit } => Self::TooLarge { limit: *limit },
            Self::TooSlow => Self::TooSlow,
            Self::UnsupportedMediaType => Self::UnsupportedMediaType,
            Self::IdempotencyKeyMissing => Self::IdempotencyKeyMissing,
            Self::IdempotencyKeyInvalid => Self::IdempotencyKeyInvalid,
            Self::BadParameter(error) => Self::BadParameter(error.clone()),
            Self::UnknownParameter { name } => Self::UnknownParameter { name: name.clone() },
            other => Self::internal(format!("not a fault of form: {other:?}")),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Error {
    /// A row that exists already is somebody else's, faster: the caller may try again.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::NotFound => Self::NotFound,
            other => Self::internal(other),
        }
    }
}
