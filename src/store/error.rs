//! Why the store could not do what it was asked; nothing here is meant for a client's eyes.

use std::fmt;

use diesel::{
    ConnectionError,
    r2d2::PoolError,
    result::{DatabaseErrorKind, Error},
};

/// A failure of storage; the texts are for the log and the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No such row.
    NotFound,
    /// The row exists already; which one it is the caller knows from what it tried to save.
    Unique,
    /// A row refers to one that does not exist.
    ForeignKey,
    /// Too much work is waiting, or others kept changing the same rows: trying again later helps.
    Busy,
    /// The database cannot be reached at the moment.
    Unavailable(String),
    /// The installation is set up wrongly: only its operator can help.
    Configuration(String),
    /// A fault of ours.
    Internal(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such row"),
            Self::Unique => f.write_str("the row exists already"),
            Self::ForeignKey => f.write_str("a row refers to one that does not exist"),
            Self::Busy => f.write_str("the database is busy"),
            Self::Unavailable(why) => write!(f, "the database cannot be reached: {why}"),
            Self::Configuration(why) => f.write_str(why),
            Self::Internal(why) => write!(f, "the store failed: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UniqueViolation => Self::Unique,
                DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
                    Self::ForeignKey
                }
                DatabaseErrorKind::SerializationFailure => Self::Busy,
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                    Self::Unavailable(chain(&error))
                }
                _ if is_contention(information.message()) => Self::Busy,
                _ => Self::Internal(chain(&error)),
            },
            Error::BrokenTransactionManager => Self::Unavailable(chain(&error)),
            _ => Self::Internal(chain(&error)),
        }
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The error with its causes, which its own text leaves out.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Whether another transaction was in the way; diesel has no kind of its own for these.
fn is_contention(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("database table is locked")
        || message.contains("deadlock detected")
}

/// Whether the whole transaction, run anew, may well succeed.
pub(super) fn is_conflict(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, information) => is_contention(information.message()),
        _ => false,
    }
}
