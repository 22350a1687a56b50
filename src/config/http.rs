//! Settings of the HTTP server: how long it waits, how much it takes, who may call from a browser.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use serde::Deserialize;

use super::{ConfigFault, fault, within};

/// As given: by flag, environment, or the table `[http]` of the file.
#[derive(Default, Clone, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HttpGiven {
    /// Seconds for the head of a request to arrive [default: 10].
    #[arg(long, global = true, env = "KIENNGHI_HEADER_SECONDS", value_name = "SECONDS")]
    header_seconds: Option<u32>,
    /// Seconds for a body to arrive [default: 30].
    #[arg(long, global = true, env = "KIENNGHI_BODY_SECONDS", value_name = "SECONDS")]
    body_seconds: Option<u32>,
    /// Seconds for a whole request, after which it is answered 503 [default: 60].
    #[arg(long, global = true, env = "KIENNGHI_REQUEST_SECONDS", value_name = "SECONDS")]
    request_seconds: Option<u32>,
    /// Seconds for which an idle connection is kept [default: 75].
    #[arg(long, global = true, env = "KIENNGHI_KEEP_ALIVE_SECONDS", value_name = "SECONDS")]
    keep_alive_seconds: Option<u32>,
    /// Seconds for requests under way to end when the server was told to stop [default: 30].
    #[arg(long, global = true, env = "KIENNGHI_DRAIN_SECONDS", value_name = "SECONDS")]
    drain_seconds: Option<u32>,
    /// Most connections at once [default: 10000].
    #[arg(long, global = true, env = "KIENNGHI_MAX_CONNECTIONS", value_name = "COUNT")]
    max_connections: Option<u32>,
    /// Web pages of which origins may call, such as https://app.example.vn [default: none].
    #[arg(long, global = true, env = "KIENNGHI_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origins: Vec<String>,
    /// Second address and port, for /metrics and /livez; keep it from the public [default: none].
    #[arg(long, global = true, env = "KIENNGHI_METRICS_LISTEN", value_name = "ADDR:PORT")]
    metrics_listen: Option<SocketAddr>,
}

/// How the server behaves towards its clients.
#[derive(Debug, Clone, Default)]
pub struct HttpSettings {
    /// For the head of a request to arrive.
    pub header_time: Duration,
    /// For a body to arrive.
    pub body_time: Duration,
    /// For a whole request.
    pub request_time: Duration,
    /// For which an idle connection is kept.
    pub keep_alive: Duration,
    /// For requests under way to end, in seconds.
    pub drain_seconds: u64,
    /// Most connections at once.
    pub max_connections: usize,
    /// Origins whose pages may call.
    pub cors_origins: Vec<String>,
    /// Where metrics are served, if at all.
    pub metrics_listen: Option<SocketAddr>,
}

impl HttpGiven {
    /// Each setting of this, or else of the other.
    pub(super) fn or(self, file: Self) -> Self {
        let origins = if self.cors_origins.is_empty() { file.cors_origins } else { self.cors_origins };
        Self {
            header_seconds: self.header_seconds.or(file.header_seconds),
            body_seconds: self.body_seconds.or(file.body_seconds),
            request_seconds: self.request_seconds.or(file.request_seconds),
            keep_alive_seconds: self.keep_alive_seconds.or(file.keep_alive_seconds),
            drain_seconds: self.drain_seconds.or(file.drain_seconds),
            max_connections: self.max_connections.or(file.max_connections),
            cors_origins: origins,
            metrics_listen: self.metrics_listen.or(file.metrics_listen),
        }
    }

    pub(super) fn resolve(self) -> Result<HttpSettings, ConfigFault> {
        let seconds = |name: &str, value, default, most| within(name, value, default, 1..=most);
        let time = |name: &str, value, default, most| {
            Ok(Duration::from_secs(seconds(name, value, default, most)?.into()))
        };
        let connections = within("http.max_connections", self.max_connections, 10_000, 16..=1_000_000)?;
        let origins = self
            .cors_origins
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(check_origin)
            .collect::<Result<_, _>>()?;
        Ok(HttpSettings {
            header_time: time("http.header_seconds", self.header_seconds, 10, 300)?,
            body_time: time("http.body_seconds", self.body_seconds, 30, 600)?,
            request_time: time("http.request_seconds", self.request_seconds, 60, 3600)?,
            keep_alive: time("http.keep_alive_seconds", self.keep_alive_seconds, 75, 3600)?,
            drain_seconds: seconds("http.drain_seconds", self.drain_seconds, 30, 3600)?.into(),
            max_connections: usize::try_from(connections)
                .map_err(|error| fault(&"http.max_connections", &error))?,
            cors_origins: origins,
            metrics_listen: self.metrics_listen,
        })
    }
}

/// An origin as browsers send it: scheme, host, port unless it is the usual one; nothing after it.
fn check_origin(text: String) -> Result<String, ConfigFault> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sound = host.is_some_and(|host| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        !host.is_empty() && host.bytes().all(allowed)
    });
    if sound {
        return Ok(text);
    }
    let why =
        format!("“{text}” is no origin such as https://app.example.vn (each by its name, no path, no *)");
    Err(fault(&"cors_origins", &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_named_one_by_one() {
        for good in ["https://app.example.vn", "http://localhost:3000", "http://[::1]:3000"] {
            assert!(check_origin(good.to_owned()).is_ok(), "{good}");
        }
        for bad in
            ["*", "null", "https://", "https://*.example.vn", "https://a.vn/", "https://A.vn", "app.vn"]
        {
            assert!(check_origin(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
