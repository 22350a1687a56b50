//! Where reminders and urgings go out by mail: `[mail]` of the file.

use clap::Args;
use serde::Deserialize;

use super::{ConfigFault, fault};
use crate::app::mail::Server;

/// As given by flag, environment or file.
#[derive(Default, Clone, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenMail {
    /// `smtp://…` or `smtps://…` of a mail server; `?tls=required` asks for STARTTLS.
    #[arg(long, global = true, env = "KIENNGHI_SMTP_URL", value_name = "URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// Address that notifications come from.
    #[arg(long, global = true, env = "KIENNGHI_SMTP_FROM", value_name = "ADDRESS")]
    smtp_from: Option<String>,
}

/// The mail server, if one is configured: it needs a sender, and links that lead somewhere.
pub(super) fn resolve(
    given: GivenMail,
    file: GivenMail,
    public_url: Option<&str>,
) -> Result<Option<Server>, ConfigFault> {
    match (given.smtp_url.or(file.smtp_url), given.smtp_from.or(file.smtp_from)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(fault(&"smtp_url", &"is missing where smtp_from is set")),
        (Some(_), None) => Err(fault(&"smtp_from", &"is missing where smtp_url is set")),
        (Some(url), Some(from)) => {
            let links =
                public_url.ok_or_else(|| fault(&"public_url", &"is needed for the links in mails"))?;
            // The reason alone: the URL may hold a password.
            Server::new(&url, &from, links).map(Some).map_err(|reason| fault(&reason.setting, &reason.why))
        }
    }
}
