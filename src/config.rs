//! Settings and command line: flags > environment > TOML file > defaults, parsed once at the start.
//!
//! Unknown keys of the file are refused, unknown environment variables are ignored. The secret has no flag: a
//! command line is visible to every user of the machine.

use std::{
    ffi::OsString,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, Parser};
use jiff::tz::TimeZone;
use serde::Deserialize;

use command::parse_agency_code;
pub use command::{
    Agency, AgencyAdd, Backup, Command, Import, Keys, KeysRotate, Restore, Serve, User, UserAdd, Verify,
};
use sessions::GivenSessions;
pub use sessions::Sessions;

pub use http::HttpSettings;
pub use limits::{ForwardedField, Network, Proxies};

use crate::app::{
    limits::Limits,
    mail::Server,
    oidc::Provider,
    secrets::{SECRET_MINIMUM, SecretText},
};

mod command;
mod http;
mod limits;
mod mail;
mod oidc;
mod sessions;

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_DATABASE: &str = "sqlite:data/kiennghi.db";
const DEFAULT_ZONE: &str = "Asia/Ho_Chi_Minh";

/// Follows each citizen's petition from submission to public written reply.
#[derive(Parser)]
#[command(name = "kiennghi", version)]
struct Cli {
    /// TOML file with settings.
    #[arg(long, global = true, env = "KIENNGHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Command,
}

/// Settings given by flag or environment; clap lets the flag win.
#[derive(Default, Args)]
struct Given {
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, global = true, env = "KIENNGHI_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// `sqlite:PATH` or `postgres://…` [default: sqlite:data/kiennghi.db].
    #[arg(long, global = true, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// `postgres://…` of a replica that may answer reads.
    #[arg(long, global = true, env = "KIENNGHI_REPLICA_URL", value_name = "URL", hide_env_values = true)]
    replica_url: Option<String>,
    /// IANA name of the zone of civil dates and working hours [default: Asia/Ho_Chi_Minh].
    #[arg(long, global = true, env = "KIENNGHI_ZONE", value_name = "ZONE")]
    zone: Option<String>,
    /// Connections to PostgreSQL, readers of SQLite [default: 16].
    #[arg(long, global = true, env = "KIENNGHI_POOL_SIZE", value_name = "COUNT")]
    pool_size: Option<u32>,
    /// Address under which clients reach the server; makes links absolute.
    #[arg(long, global = true, env = "KIENNGHI_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Life of an access token in minutes [default: 10].
    #[arg(long, global = true, env = "KIENNGHI_TOKEN_MINUTES", value_name = "MINUTES")]
    token_minutes: Option<u32>,
    /// Longest JSON body in bytes [default: 262144].
    #[arg(long, global = true, env = "KIENNGHI_BODY_LIMIT", value_name = "BYTES")]
    body_limit: Option<u32>,
    /// Hours for which an Idempotency-Key is remembered, at least 24 [default: 24].
    #[arg(long, global = true, env = "KIENNGHI_IDEMPOTENCY_HOURS", value_name = "HOURS")]
    idempotency_hours: Option<u32>,
    /// Code of the agency that takes what no other serves.
    #[arg(long, global = true, env = "KIENNGHI_DEFAULT_AGENCY", value_name = "CODE")]
    default_agency: Option<String>,
    /// Folder of exported files, shared where several processes serve [default: exports beside the SQLite file, else ./exports].
    #[arg(long, global = true, env = "KIENNGHI_EXPORTS", value_name = "FOLDER")]
    exports: Option<PathBuf>,
    #[command(flatten)]
    limits: limits::LimitsGiven,
    #[command(flatten)]
    http: http::HttpGiven,
    #[command(flatten)]
    sessions: GivenSessions,
    #[command(flatten)]
    mail: mail::GivenMail,
}

/// The TOML file: the same settings, and the secret.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    listen: Option<SocketAddr>,
    database_url: Option<String>,
    replica_url: Option<String>,
    secret: Option<String>,
    zone: Option<String>,
    pool_size: Option<u32>,
    public_url: Option<String>,
    token_minutes: Option<u32>,
    body_limit: Option<u32>,
    idempotency_hours: Option<u32>,
    default_agency: Option<String>,
    exports: Option<PathBuf>,
    #[serde(default)]
    limits: limits::LimitsGiven,
    #[serde(default)]
    http: http::HttpGiven,
    #[serde(default)]
    sessions: GivenSessions,
    #[serde(default)]
    mail: mail::GivenMail,
    #[serde(default)]
    oidc: Vec<oidc::FileProvider>,
}

/// Where the data is; `Debug` does not show the password in it.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL connection URL.
    Postgres(String),
}

/// Every setting, resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address and port of the API.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database_url: DatabaseUrl,
    /// A replica of the PostgreSQL, which may answer reads.
    pub replica_url: Option<DatabaseUrl>,
    /// `KIENNGHI_SECRET` or the file's `secret`; required with PostgreSQL.
    pub secret: Option<SecretText>,
    /// Zone of civil dates and working hours.
    pub zone: TimeZone,
    /// Connections to PostgreSQL, readers of SQLite.
    pub pool_size: u32,
    /// Address under which clients reach the server, without a trailing slash.
    pub public_url: Option<String>,
    /// Life of an access token in minutes.
    pub token_minutes: u32,
    /// Longest JSON body in bytes.
    pub body_limit: usize,
    /// Hours for which an Idempotency-Key is remembered.
    pub idempotency_hours: u32,
    /// Code of the agency that takes what no other serves.
    pub default_agency: Option<String>,
    /// The folder of exported files.
    pub exports: PathBuf,
    /// How much a client may do.
    pub limits: Limits,
    /// Who may name another address than his own.
    pub proxies: Proxies,
    /// How the server behaves towards its clients.
    pub http: HttpSettings,
    /// How long sessions live and when signing keys change.
    pub sessions: Sessions,
    /// Where people may sign in elsewhere.
    pub providers: Vec<Provider>,
    /// Where mail goes out, if it does.
    pub mail: Option<Server>,
}

/// A setting that cannot be used; the text names it and is for the operator.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigFault(String);

/// Reads command line, environment and file. Prints help and usage errors itself, and then ends the program.
pub fn parse_and_resolve() -> Result<(Command, Settings), ConfigFault> {
    let secret = std::env::var("KIENNGHI_SECRET").ok().filter(|text| !text.is_empty());
    finish(Cli::parse(), secret)
}

/// The same for given arguments (the first is the program's name) and a given `KIENNGHI_SECRET`.
pub fn resolve_from<I, T>(arguments: I, secret: Option<String>) -> Result<(Command, Settings), ConfigFault>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    finish(Cli::try_parse_from(arguments).map_err(|error| ConfigFault(error.to_string()))?, secret)
}

fn finish(cli: Cli, secret: Option<String>) -> Result<(Command, Settings), ConfigFault> {
    let file = cli.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
    let settings = resolve(cli.given, file, secret)?;
    let demo = matches!(&cli.command, Command::Serve(serve) if serve.demo);
    if demo && !settings.listen.ip().is_loopback() {
        return Err(ConfigFault("--demo has known passwords and listens on loopback only".to_owned()));
    }
    Ok((cli.command, settings))
}

fn read_file(path: &Path) -> Result<FileSettings, ConfigFault> {
    let text = std::fs::read_to_string(path).map_err(|error| fault(&path.display(), &error))?;
    // The library's own message quotes the line, and the line may hold the secret.
    toml::from_str(&text).map_err(|error| fault(&path.display(), &error.message()))
}

fn resolve(given: Given, file: FileSettings, secret: Option<String>) -> Result<Settings, ConfigFault> {
    let listen = match given.listen.or(file.listen) {
        Some(listen) => listen,
        None => DEFAULT_LISTEN.parse().map_err(|error| fault(&"listen", &error))?,
    };
    // Read here and not by clap, whose message would repeat the URL and the password in it.
    let database_url = given.database_url.or(file.database_url);
    let database_url = parse_database(database_url.as_deref().unwrap_or(DEFAULT_DATABASE))
        .map_err(|error| fault(&"database_url", &error))?;
    let zone = given.zone.or(file.zone).unwrap_or_else(|| DEFAULT_ZONE.to_owned());
    let default_agency = given.default_agency.or(file.default_agency);
    let (limits, proxies) = given.limits.or(file.limits).resolve()?;
    let body_limit =
        within("body_limit", given.body_limit.or(file.body_limit), 256 * 1024, 1024..=16 * 1024 * 1024)?;
    let public_url = given.public_url.or(file.public_url).map(|url| check_public_url(&url)).transpose()?;
    Ok(Settings {
        listen,
        exports: given.exports.or(file.exports).unwrap_or_else(|| beside(&database_url)),
        replica_url: replica_of(&database_url, given.replica_url.or(file.replica_url))?,
        database_url,
        secret: secret.or(file.secret).map(check_secret).transpose()?,
        zone: TimeZone::get(&zone).map_err(|error| fault(&"zone", &error))?,
        pool_size: within("pool_size", given.pool_size.or(file.pool_size), 16, 1..=256)?,
        mail: mail::resolve(given.mail, file.mail, public_url.as_deref())?,
        public_url,
        token_minutes: within("token_minutes", given.token_minutes.or(file.token_minutes), 10, 1..=1440)?,
        body_limit: usize::try_from(body_limit).map_err(|error| fault(&"body_limit", &error))?,
        idempotency_hours: within(
            "idempotency_hours",
            given.idempotency_hours.or(file.idempotency_hours),
            24,
            24..=720,
        )?,
        default_agency: default_agency
            .map(|code| parse_agency_code(&code))
            .transpose()
            .map_err(|error| fault(&"default_agency", &error))?,
        limits,
        proxies,
        http: given.http.or(file.http).resolve()?,
        providers: oidc::resolve(file.oidc)?,
        sessions: sessions::resolve(&given.sessions, &file.sessions)?,
    })
}

/// Where exported files are, unless the operator says so.
fn beside(database: &DatabaseUrl) -> PathBuf {
    let folder = match database {
        DatabaseUrl::Sqlite(path) => path.parent(),
        DatabaseUrl::Postgres(_) => None,
    };
    folder.unwrap_or(Path::new("")).join("exports")
}

fn replica_of(database: &DatabaseUrl, url: Option<String>) -> Result<Option<DatabaseUrl>, ConfigFault> {
    let Some(url) = url else { return Ok(None) };
    match (database, parse_database(&url)) {
        (DatabaseUrl::Postgres(_), Ok(replica @ DatabaseUrl::Postgres(_))) => Ok(Some(replica)),
        _ => Err(fault(&"replica_url", &"both databases must be postgres://…")),
    }
}

fn within(
    name: &str,
    value: Option<u32>,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigFault> {
    let value = value.unwrap_or(default);
    if range.contains(&value) {
        return Ok(value);
    }
    Err(fault(&name, &format!("must be from {} to {}, not {value}", range.start(), range.end())))
}

fn check_secret(text: String) -> Result<SecretText, ConfigFault> {
    if text.trim().chars().count() < SECRET_MINIMUM {
        return Err(fault(&"secret", &format!("needs at least {SECRET_MINIMUM} characters")));
    }
    Ok(SecretText::new(text))
}

fn check_public_url(url: &str) -> Result<String, ConfigFault> {
    let bare = url.trim_end_matches('/');
    let host = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://"));
    let sound = host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>?#\\@".contains(&b))
    });
    if !sound {
        return Err(fault(&"public_url", &"must be http:// or https:// with a host, without query"));
    }
    Ok(bare.to_owned())
}

fn parse_database(url: &str) -> Result<DatabaseUrl, String> {
    match url.strip_prefix("sqlite:") {
        Some("") => Err("sqlite: needs a path, such as sqlite:data/kiennghi.db".to_owned()),
        Some(path) => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
        None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(DatabaseUrl::Postgres(url.to_owned()))
        }
        None => Err("expected sqlite:PATH or postgres://…".to_owned()),
    }
}

fn fault(name: &dyn fmt::Display, why: &dyn fmt::Display) -> ConfigFault {
    ConfigFault(format!("{name}: {why}"))
}

impl DatabaseUrl {
    /// As the store takes it.
    pub fn to_url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let place = url.rsplit_once('@').map_or("…", |(_, place)| place);
                write!(f, "postgres://…@{}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigFault {}

#[cfg(test)]
mod tests;
