//! What the server does by itself when a clock nears its end or has passed it.

use serde::{Deserialize, Serialize};

use crate::domain::{
    id::OfficialId,
    time::{Day, Instant},
    vocabulary::{Recipient, ReminderLevel, Stage},
};

/// A reminder that was due: whom it reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The code of the threshold that was reached.
    pub threshold: String,
    pub level: ReminderLevel,
    /// The clock, in the round of the event.
    pub stage: Stage,
    /// Its end as it stood then.
    pub due_at: Instant,
    pub due_on: Day,
    /// Nobody: the reminder was heard by no one.
    pub told: Vec<Told>,
    /// Whether whoever it was meant for could not be told, so that it went further up.
    pub passed_on: bool,
}

/// Somebody who was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub official_id: OfficialId,
    /// The position at that time.
    pub position: String,
    #[serde(rename = "as")]
    pub found_as: Recipient,
}
