//! How long sessions live and when signing keys change: `[sessions]` of the file.

use clap::Args;
use serde::Deserialize;

use super::{ConfigFault, within};

/// As given by flag, environment or file.
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenSessions {
    /// Days until a session is over, however much it is used [default: 30].
    #[arg(long, global = true, env = "KIENNGHI_SESSION_DAYS", value_name = "DAYS")]
    session_days: Option<u32>,
    /// Days after which the next key signs tokens; 0: only by `kiennghi keys rotate` [default: 90].
    #[arg(long, global = true, env = "KIENNGHI_KEY_DAYS", value_name = "DAYS")]
    key_days: Option<u32>,
}

/// How long sessions live and when signing keys change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessions {
    /// Days until a session is over, however much it is used.
    pub session_days: u32,
    /// Days after which the next key signs tokens; 0: never by itself.
    pub key_days: u32,
}

pub(super) fn resolve(given: &GivenSessions, file: &GivenSessions) -> Result<Sessions, ConfigFault> {
    Ok(Sessions {
        session_days: within("session_days", given.session_days.or(file.session_days), 30, 1..=365)?,
        key_days: within("key_days", given.key_days.or(file.key_days), 90, 0..=3650)?,
    })
}
